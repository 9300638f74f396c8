//! The model of every fixture, and of the whole corpus where it is beside the package: valid,
//! the same for any number of threads, and with the sums that the events have.

use overstay::base::{Progress, Warning};
use overstay::cli::write_summary;
use overstay::model::{Trace, build_on};
use overstay::parse::error::ParseError;

use super::same::differences;
use super::totals::compare;
use super::validator::{Rigor, complaints_about};
use crate::support::corpus::{Known, assert_no_complaints, complaints, fixtures, whole};
use crate::support::{bytes_of, text_of};

fn built(bytes: &[u8], threads: usize) -> Result<Trace, ParseError> {
    build_on(bytes, threads, &Progress::default())
}

fn is_valid(known: &Known) -> Result<(), String> {
    let Ok(trace) = built(&bytes_of(&known.file), 1) else { return Ok(()) };
    let rigor = if known.is_binding() { Rigor::Sound } else { Rigor::Damaged };
    match complaints_about(&trace, rigor).first_chunk() {
        None => Ok(()),
        Some([first]) => Err(first.clone()),
    }
}

fn is_same_on_all_threads(known: &Known) -> Result<(), String> {
    let bytes = bytes_of(&known.file);
    let alone = built(&bytes, 1);
    for threads in [2, 3] {
        let several = built(&bytes, threads);
        let differences = match (&alone, &several) {
            (Ok(alone), Ok(several)) => differences(alone, several),
            (Err(alone), Err(several)) if alone == several => Vec::new(),
            _ => vec!["the outcome"],
        };
        if !differences.is_empty() {
            return Err(format!("other {} on {threads} threads", differences.join(", ")));
        }
    }
    Ok(())
}

/// The corpus's own summary, which Go's reader made, or else one of the events.
fn summary_of(known: &Known, bytes: &[u8]) -> String {
    let beside = known.file.with_extension("summary.txt");
    if beside.exists() {
        return text_of(&beside);
    }
    let mut text = Vec::new();
    let _ = write_summary(bytes, &mut text).expect("memory takes it");
    String::from_utf8(text).expect("a summary is UTF-8")
}

fn has_the_events_sums(known: &Known) -> Result<(), String> {
    if !known.is_binding() {
        return Ok(());
    }
    let bytes = bytes_of(&known.file);
    // That it can be built is what the conformance tests ask for.
    let Ok(trace) = built(&bytes, 1) else { return Ok(()) };
    // Go's reader bridges generations that are not there; the model says that it does not know.
    let is_gap = |warning: &Warning| warning.message.starts_with("generation");
    if !trace.warnings().is_empty() && trace.warnings().iter().all(is_gap) {
        return Ok(());
    }
    compare(&trace, &summary_of(known, &bytes))
}

#[test]
fn fixtures_are_valid() {
    assert_no_complaints(&complaints(&fixtures(), is_valid));
}

#[test]
fn fixtures_are_the_same_on_all_threads() {
    assert_no_complaints(&complaints(&fixtures(), is_same_on_all_threads));
}

#[test]
fn fixtures_have_the_sums_of_their_events() {
    assert_no_complaints(&complaints(&fixtures(), has_the_events_sums));
}

#[test]
fn the_whole_corpus_is_valid_and_the_same_and_has_its_sums() {
    let Some(corpus) = whole() else { return };
    assert_no_complaints(&complaints(&corpus, |known| {
        is_valid(known)?;
        is_same_on_all_threads(known)?;
        has_the_events_sums(known)
    }));
}
