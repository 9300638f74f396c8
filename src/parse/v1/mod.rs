//! The format of Go 1.11 to 1.21.
//!
//! A file is a row of batches, each of one P. Strings, stacks and the clock's frequency can
//! stand in any of them, so the whole file is gone through before the first event can be told:
//!
//! 1. [`index`] finds the batches, and reads strings, stacks, CPU samples and the frequency.
//! 2. [`order`] merges the Ps' events by what they need of their goroutines, then by time.
//! 3. [`retime`] moves exits from system calls to their own times.
//! 4. [`convert`] checks the order, turns ticks into nanoseconds and old events into new ones.
//!
//! Where Go's reader gives up without a single event, this one tells those up to the damage.

mod clock;
mod convert;
mod cursor;
mod dictionary;
mod ids;
mod index;
mod lives;
mod names;
mod notes;
mod order;
mod others;
mod outlet;
mod part;
mod retime;
mod rule;
mod stream;
mod wire;

use self::clock::Clock;
use self::convert::Converter;
use self::index::Index;
use self::names::Names;
use self::notes::Notes;
use self::order::{Ordered, Stop};
use self::outlet::Outlet;
use self::part::{Ends, Part};
use self::retime::Retimed;
use self::stream::File;
use super::error::ParseError;
use super::sink::Sink;
use super::{CHECK_EVERY, HEADER_BYTES};
use crate::base::{Progress, Warning, count_text};

/// The versions that Go wrote: by Go 1.11 to 1.18, by 1.19 and 1.20, by 1.21.
const VERSIONS: [u32; 3] = [11, 19, 21];
/// One before and one after the events.
const N_SYNCS: u64 = 2;

/// What became of a trace in the old format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct V1Outcome {
    /// How many events the sink got, the two Syncs included.
    pub(super) events: u64,
    /// What is odd or missing, in file order within each kind.
    pub(super) warnings: Vec<Warning>,
    /// Whether the sink got all that the trace was meant to hold, the clock's frequency included.
    pub(super) complete: bool,
    /// Whether events refer to stacks that the file does not have.
    pub(super) has_gaps: bool,
    /// Whether times are in ticks instead of nanoseconds.
    pub(super) in_ticks: bool,
}

/// Reads a whole trace, its 16-byte header included, of version `minor`: 11, 19 or 21.
///
/// The sink gets the events that Go's own reader would give, in the same order. From a damaged
/// trace it gets those before the damage, or before the first that contradicts the others.
/// If the trace does not tell its clock's frequency, as one that was cut does not, times are in
/// ticks instead of nanoseconds: their order is right, their lengths are not.
///
/// # Errors
/// [`ParseError::UnsupportedVersion`] for other versions, [`ParseError::Broken`] if there is
/// nothing to tell, [`ParseError::Cancelled`] if `progress` says so.
pub(super) fn parse<S: Sink>(
    bytes: &[u8],
    minor: u32,
    sink: &mut S,
    progress: &Progress,
) -> Result<V1Outcome, ParseError> {
    parse_part(bytes, minor, &Part::ALL, sink, progress)
}

/// [`parse`], but only up to the first `at_most` events as they stand in the file, as if the
/// trace had ended there. Of a long file only the two ends are read, if that gives as many.
///
/// # Errors
/// As [`parse`].
pub(super) fn parse_first<S: Sink>(
    bytes: &[u8],
    minor: u32,
    at_most: usize,
    sink: &mut S,
    progress: &Progress,
) -> Result<V1Outcome, ParseError> {
    let part = Part::first(at_most, bytes, minor, Ends::QUICK);
    parse_part(bytes, minor, &part, sink, progress)
}

fn parse_part<S: Sink>(
    bytes: &[u8],
    minor: u32,
    part: &Part,
    sink: &mut S,
    progress: &Progress,
) -> Result<V1Outcome, ParseError> {
    if !VERSIONS.contains(&minor) {
        return Err(ParseError::UnsupportedVersion { minor });
    }
    // Three passes over the file.
    progress.set_total(3 * bytes.len() as u64);
    let mut notes = Notes::default();
    let file = File { bytes, minor };
    let left_out = part.left_out.clone();
    let mut index = Index::read(&file, HEADER_BYTES, left_out, &mut notes, progress)?;
    let ordered = order::order(&file, &index, part.at_most, progress)?;
    let is_enough = ordered.records.len() >= part.at_most && !index.is_partial();
    if part.left_out.is_some() && !is_enough {
        return parse_part(bytes, minor, &part.and_the_middle(), sink, progress);
    }
    let Ordered { records, goroutines, mut stop } = ordered;
    if records.is_empty() {
        no_events(&index, stop.as_ref(), bytes.len())?;
    }
    let records = Retimed::new(records, goroutines.len(), &file, &mut notes);
    let names = Names::add_to(&mut index.dictionary.tables, minor);
    let first_ticks = records.iter().next().map_or(0, |record| record.ticks);
    let clock = Clock::new(first_ticks, index.ticks_per_second);

    let mut outlet = Outlet::new(sink, &index.dictionary.tables);
    if records.len() > 0 {
        outlet.begin();
    }
    let mut converter = Converter::new(&file, &index, &goroutines, &names, clock, outlet);
    let per_check = bytes_per_check(bytes.len(), records.len());
    for (n_done, record) in records.iter().enumerate() {
        if n_done.is_multiple_of(CHECK_EVERY) {
            progress.check()?;
            progress.advance(per_check);
        }
        if let Err(earlier) = converter.convert(record, &mut notes) {
            stop = Some(earlier);
            break;
        }
    }
    let is_lost = index.damage.is_some() || stop.is_some();
    // Of the two ends of a file the stacks in between are not known, and not missing.
    let n_without_stack = if index.is_partial() { 0 } else { converter.n_without_stack() };
    let events = converter.end(is_lost);
    if is_lost && events <= N_SYNCS {
        no_events(&index, stop.as_ref(), bytes.len())?;
    }
    Ok(V1Outcome {
        events,
        complete: !is_lost && index.ticks_per_second.is_some(),
        has_gaps: n_without_stack > 0,
        in_ticks: index.ticks_per_second.is_none(),
        warnings: warnings(&index, stop, n_without_stack, notes, bytes.len()),
    })
}

/// How far to report between two checks, if the work is spread evenly over the events.
fn bytes_per_check(n_bytes: usize, n_events: usize) -> u64 {
    (n_bytes as u64).saturating_mul(CHECK_EVERY as u64) / n_events.max(1) as u64
}

/// A trace without events is sound if it tells at least its clock.
fn no_events(index: &Index<'_>, stop: Option<&Stop>, n_bytes: usize) -> Result<(), ParseError> {
    let damage = index.damage.as_ref().map(|damage| (damage.at, &damage.what));
    let why = damage.or(stop.map(|stop| (stop.at, &stop.what)));
    let (at, what) = match why {
        Some((at, what)) => (at, what.clone()),
        None if index.ticks_per_second.is_some() => return Ok(()),
        None => (n_bytes, "the trace ends before its first event".to_owned()),
    };
    Err(ParseError::Broken { offset: at as u64, generation: None, what })
}

fn warnings(
    index: &Index<'_>,
    stop: Option<Stop>,
    n_without_stack: u64,
    notes: Notes,
    n_bytes: usize,
) -> Vec<Warning> {
    let warning = |at: usize, message| Warning::of_damage(at as u64, None, message);
    let mut warnings = Vec::new();
    if let Some(damage) = &index.damage {
        let message = format!("{}; no event from here on is shown", damage.what);
        warnings.push(warning(damage.at, message));
    }
    if let Some(stop) = stop {
        let message = format!("{}; no later event is shown", stop.what);
        warnings.push(warning(stop.at, message));
    }
    if index.ticks_per_second.is_none() {
        let message = "the frequency of the clock is missing; times are in its ticks, not in \
                       nanoseconds, and only their order can be trusted";
        warnings.push(warning(n_bytes, message.to_owned()));
    }
    // Most runtimes write the stacks at the end, so that this is all that a cut can take away.
    if n_without_stack > 0 && index.damage.is_none() {
        let events = count_text(n_without_stack, "event");
        let message =
            format!("the stacks of {events} are missing: the file may have been cut off here");
        warnings.push(warning(n_bytes, message));
    }
    warnings.extend(notes.into_warnings());
    warnings
}

#[cfg(test)]
mod tests;
