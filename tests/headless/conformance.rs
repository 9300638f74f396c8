//! Event for event and time for time what Go's own reader yields.
//!
//! The summary holds hashes of all event lines and of all frames, so that one comparison covers
//! the parser, the canonical dump and the summary itself.

use overstay::cli::write_summary;
use overstay::parse::text::Fnv;

use crate::support::bytes_of;
use crate::support::corpus::{Known, assert_no_complaints, complaints, fixtures, whole};

fn summary(known: &Known) -> String {
    let mut text = Vec::new();
    // What cannot be read has a summary too; that it says so is checked by its text.
    let _ = write_summary(&bytes_of(&known.file), &mut text).expect("memory takes it");
    String::from_utf8(text).expect("a summary is UTF-8")
}

fn field<'a>(summary: &'a str, key: &str) -> &'a str {
    let line = summary.lines().find(|line| line.split('\t').next() == Some(key));
    line.and_then(|line| line.split('\t').nth(1)).unwrap_or_default()
}

fn same_as_reference(known: &Known) -> Result<(), String> {
    let summary = summary(known);
    if !known.is_binding() {
        // No crash is all that is asked of these; damage is looked at in `damage`.
        return Ok(());
    }
    let (verdict, events) = (field(&summary, "verdict"), field(&summary, "events"));
    if verdict != "ok" {
        return Err(format!("{verdict}: {}", field(&summary, "error")));
    }
    if events != known.events.to_string() {
        return Err(format!("{events} events, the reference has {}", known.events));
    }
    if field(&summary, "dump_fnv1a64") != format!("{:016x}", known.dump) {
        return Err("other events than the reference".to_owned());
    }
    let mut hash = Fnv::default();
    hash.add(summary.as_bytes());
    match known.summary {
        Some(expected) if expected != hash.value() => Err("another summary".to_owned()),
        _ => Ok(()),
    }
}

#[test]
fn fixtures_read_as_the_reference_reads_them() {
    assert_no_complaints(&complaints(&fixtures(), same_as_reference));
}

#[test]
fn the_whole_corpus_reads_as_the_reference_reads_it() {
    if let Some(corpus) = whole() {
        assert_no_complaints(&complaints(&corpus, same_as_reference));
    }
}
