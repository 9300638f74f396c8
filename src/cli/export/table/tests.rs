use super::super::tests::{documents, late_exits};
use super::*;

fn csv_of(document: &Document) -> String {
    let mut out = Vec::new();
    write_csv(&mut out, document).expect("a Vec takes all");
    String::from_utf8(out).expect("text")
}

#[test]
fn cells_are_of_their_columns_kind_and_states_add_up() {
    let column = |name: &str| COLUMNS.iter().position(|(it, _)| *it == name).expect(name);
    let overstay = column("overstay_ns");
    let states = column("running_ns")..=column("unknown_ns");
    let mut n_rows = 0;
    for (path, document) in documents() {
        each_row(&document, |row| {
            for (cell, (name, kind)) in row.iter().zip(COLUMNS) {
                let found = match cell {
                    Cell::Null => continue,
                    Cell::Int(_) => Int,
                    Cell::Bool(_) => Bool,
                    Cell::Text(_) => Text,
                };
                assert_eq!(found, kind, "{path}: {name}");
            }
            let int = |cell: &Cell<'_>| if let Cell::Int(value) = cell { *value } else { 0 };
            let sum: i64 = row[states.clone()].iter().map(int).sum();
            assert_eq!(Cell::Int(sum), row[overstay], "{path}");
            n_rows += 1;
            Ok(())
        })
        .expect("no row is refused");
    }
    assert!(n_rows > 500, "{n_rows}");
}

#[test]
fn there_is_a_row_for_each_hearing() {
    let document = late_exits();
    let text = csv_of(&document);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().expect("names").len(), N);
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), document.analysis().hearings().len());
    assert!(text.contains("slept 125 ms in main.readRow"), "{text}");
}

#[test]
fn a_trace_without_cancels_has_the_names_only() {
    let text = csv_of(&Document::default());
    assert!(text.starts_with("cancel,cancel_at_ns,cause,") && text.lines().count() == 1, "{text}");
}
