//! The rooms of ARCHITECTURE.md and the doors between them, held against the source.

use std::path::Path;

use crate::support::{root, rust_files, shown, text_of};

/// Each room and the rooms that it may name. Everything else is a wall.
const ROOMS: [(&str, &[&str]); 8] = [
    ("base", &[]),
    ("parse", &["base"]),
    ("model", &["base", "parse"]),
    ("analysis", &["base", "parse", "model"]),
    ("scene", &["base", "parse", "model", "analysis"]),
    ("load", &["base", "parse", "model", "analysis"]),
    ("cli", &["base", "parse", "model", "analysis", "load"]),
    ("ui", &["base", "parse", "model", "analysis", "scene", "load"]),
];

/// The parts of the analysis, from left to right: each may name those before it only.
const PARTS: [&str; 8] = ["code", "cancels", "heard", "deaf", "split", "findings", "whole", "diff"];

/// What each room may not name besides other rooms, and why.
const FOREIGN: [(&str, &[&str], &str); 4] = [
    ("egui::", &["ui"], "only `ui` knows pixels on a screen"),
    ("eframe::", &["ui"], "only `ui` opens windows"),
    (
        "std::fs",
        &["load", "cli", "ui"],
        "`load` is the only reader of traces; budgets, sources and settings are read where they are used",
    ),
    (
        "Instant::now",
        &["ui", "load", "cli"],
        "an analysis of a trace does not depend on when it runs",
    ),
];

/// The code of a line: without its comment, which may name any room.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or(line)
}

/// The names that code has right behind the crate's root, and in which line each is, from 1.
fn named_rooms(code: &str) -> Vec<(usize, &str)> {
    let behind = code.match_indices("crate::").map(|(at, found)| at + found.len());
    let starts = behind.flat_map(|at| match code[at..].strip_prefix('{') {
        Some(list) => in_list(list).into_iter().map(|inside| at + 1 + inside).collect(),
        None => vec![at],
    });
    let named = starts.map(|at| {
        let name = code[at..].trim_start();
        let at = code.len() - name.len();
        let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
        (code[..at].matches('\n').count() + 1, &name[..end])
    });
    named.filter(|(_, name)| !name.is_empty()).collect()
}

/// Where each name of a list begins, up to the brace that ends the list; lists in it are not
/// looked into.
fn in_list(list: &str) -> Vec<usize> {
    let (mut starts, mut depth) = (vec![0], 0_usize);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts.push(at + 1),
            _ => {}
        }
    }
    starts
}

/// How many modules deep a file lies: `src/model/mod.rs` and `src/model.rs` are 1.
fn depth(path: &Path) -> usize {
    let inside = path.strip_prefix(root().join("src")).expect("below src");
    let parts = inside.components().count();
    if inside.file_name().is_some_and(|name| name == "mod.rs") { parts - 1 } else { parts }
}

fn room_of(path: &Path) -> Option<String> {
    let inside = path.strip_prefix(root().join("src")).expect("below src");
    let first = inside.components().next()?.as_os_str().to_string_lossy().into_owned();
    let name = first.strip_suffix(".rs").unwrap_or(&first).to_owned();
    (name != "main" && name != "lib").then_some(name)
}

#[test]
fn rooms_name_only_what_the_table_allows() {
    let mut faults = Vec::new();
    for path in rust_files("src") {
        let Some(room) = room_of(&path) else { continue };
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("{}: `{room}` is no room of the table", shown(&path)));
            continue;
        };
        let name = shown(&path);
        let mut in_tests = name.contains("/tests/") || name.ends_with("/tests.rs");
        let mut escape = "super::".repeat(depth(&path));
        let text = text_of(&path);
        let lines: Vec<&str> = text.lines().map(code).collect();
        for (number, named) in named_rooms(&lines.join("\n")) {
            let is_room = ROOMS.iter().any(|(name, _)| *name == named);
            if is_room && named != room && !allowed.contains(&named) {
                faults.push(format!("{name}:{number}: `{room}` may not name `{named}`"));
            }
        }
        for (line, number) in lines.into_iter().zip(1..) {
            let place = format!("{name}:{number}");
            if line.starts_with("mod tests {") {
                in_tests = true;
                escape.push_str("super::");
            }
            if line.contains(&escape) {
                faults.push(format!("{place}: name other rooms by `crate::`, not by `{escape}`"));
            }
            for (name, rooms, why) in FOREIGN {
                if line.contains(name) && !in_tests && !rooms.contains(&room.as_str()) {
                    faults.push(format!("{place}: `{room}` may not name `{name}`: {why}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The lines of a file that name one of some parts of the analysis.
fn faults_of(path: &Path, owner: &str, walls: &[&str], faults: &mut Vec<String>) {
    for (line, number) in text_of(path).lines().map(code).zip(1..) {
        let names = |part: &&&str| {
            line.contains(&format!("super::{part}::")) || line.contains(&format!("super::{part};"))
        };
        if let Some(part) = walls.iter().find(names) {
            let place = shown(path);
            faults.push(format!("{place}:{number}: `{owner}` may not name `{part}`"));
        }
    }
}

#[test]
fn parts_of_the_analysis_name_only_those_to_their_left() {
    let mut faults = Vec::new();
    for (at, part) in PARTS.iter().enumerate() {
        let files = rust_files(&format!("src/analysis/{part}"));
        assert!(!files.is_empty(), "there is no part `{part}`");
        for path in files {
            faults_of(&path, part, &PARTS[at + 1..], &mut faults);
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn what_the_parts_of_the_analysis_share_names_none_of_them() {
    let mut faults = Vec::new();
    let shared = rust_files("src/analysis").into_iter().filter(|path| depth(path) == 2);
    for path in shared.filter(|path| !path.ends_with("mod.rs")) {
        faults_of(&path, "analysis", &PARTS, &mut faults);
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn only_the_program_itself_names_both_the_window_and_the_command_line() {
    let main = root().join("src/main.rs");
    let lines = text_of(&main).lines().count();
    assert!(lines <= 60, "{}: {lines} lines; it only chooses what to run", shown(&main));
}

#[test]
fn names_are_found_in_lists_too() {
    let named = |code| named_rooms(code).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(named("use crate::model::Trace;"), ["model"]);
    assert_eq!(named("use crate::{base, parse::event};"), ["base", "parse"]);
    assert_eq!(named("pub(in crate::parse) fn f(x: crate::base::Time)"), ["parse", "base"]);
    assert_eq!(named("let x = 1;"), [""; 0]);
    let lines = "x\nuse crate::{\n    base::{Time, time::Interval},\n    scene::{\n        Fold,\n    },\n    ui,\n};\nlet model = 1;";
    assert_eq!(named_rooms(lines), [(3, "base"), (4, "scene"), (7, "ui")]);
}
