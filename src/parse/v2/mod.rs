//! The format of Go 1.22 and later: generations of batches, one stream per thread.
//!
//! The way of a trace: [`batch`] splits the file into generations, [`read`] reads one
//! generation's tables, [`stream`] decodes each thread's events, [`merge`] puts them into one
//! order by the scheduler's rules in [`order`]. Generations are self-contained, so each can be
//! decoded and ordered on its own thread; [`parallel`] does that, and [`join`] puts them together.

mod batch;
mod fault;
mod frontier;
mod ids;
mod join;
mod measure;
mod merge;
mod order;
mod parallel;
mod prefix;
mod read;
mod resync;
mod samples;
mod spares;
mod stream;
mod turns;
mod warnings;
mod watch;

pub(super) use measure::{decode, scan};
pub(super) use parallel::parse_pieces;
pub(super) use prefix::whole_generations;

use batch::{FIRST_WITH_MARK, Generation, Scanned, Scanner};
use fault::Fault;
use merge::{Outlet, merge};
use order::{Carry, Order};
use read::{Fallback, Loaded, load, load_rest};
use warnings::Warnings;
use watch::Watch;

use super::Parsed;
use super::error::ParseError;
use super::sink::Sink;
use super::tables::Tables;
use crate::base::{Cancelled, Progress, Time, Warning};

/// Reads a v2 trace, header included, and hands its events to `sink` in order.
///
/// A trace that breaks gives what came before and a warning; whole generations behind the
/// break are read too.
///
/// # Errors
/// If `progress` was cancelled, or not one event could be read.
pub(super) fn parse<S: Sink>(
    file: &[u8],
    minor: u32,
    sink: &mut S,
    progress: &Progress,
) -> Result<Parsed, ParseError> {
    progress.set_total(file.len() as u64);
    let mut scanner = Scanner::new(file, minor);
    let mut serial = Serial::new(minor, sink, Watch::new(progress));
    let mut gaps = Warnings::default();
    while let Some(scanned) = scanner.next() {
        match scanned {
            Scanned::Generation(generation) => {
                if let Some(gap) = generation.gap() {
                    gaps.push(gap);
                    serial.outlet.sink.lost(serial.outlet.last);
                }
                serial.generation(&generation)?;
            }
            Scanned::Broken { fault, rest } => serial.broken_frame(fault, &rest)?,
        }
    }
    if serial.warnings.is_empty() {
        serial.outlet.close(&Tables::empty(0));
    }
    Ok(with_gaps(serial.finish()?, gaps))
}

/// [`parse`], but only the first `at_most` events of the first generation, or a few more, as if the
/// trace had ended there. Nothing behind that generation is looked at.
///
/// # Errors
/// As [`parse`].
pub(super) fn parse_first<S: Sink>(
    file: &[u8],
    minor: u32,
    at_most: u64,
    sink: &mut S,
    progress: &Progress,
) -> Result<Parsed, ParseError> {
    let mut serial = Serial::new(minor, sink, Watch::new(progress));
    serial.outlet.at_most = at_most;
    match Scanner::new(file, minor).next() {
        Some(Scanned::Generation(generation)) => serial.generation(&generation)?,
        Some(Scanned::Broken { fault, rest }) => serial.broken_frame(fault, &rest)?,
        None => {}
    }
    serial.finish()
}

/// Says of generations that are not there. What is there is whole, as Go's reader sees it, and
/// ends with a Sync.
fn with_gaps(mut parsed: Parsed, gaps: Warnings) -> Parsed {
    parsed.has_gaps = !gaps.is_empty();
    parsed.warnings.extend(gaps.into_vec());
    parsed
}

/// What is carried from one generation to the next.
#[derive(Debug, Default)]
struct Between {
    carry: Carry,
    /// The number of the generation whose statuses come from nowhere; none before the first
    /// and after a break.
    initial: Option<u64>,
    fallback: Fallback,
}

struct Serial<'s, S> {
    minor: u32,
    outlet: Outlet<'s, S>,
    state: Between,
    parsed: Parsed,
    warnings: Warnings,
    watch: Watch<'s>,
}

impl<'s, S: Sink> Serial<'s, S> {
    fn new(minor: u32, sink: &'s mut S, watch: Watch<'s>) -> Self {
        Self {
            minor,
            outlet: Outlet::new(sink, Time(0), 0),
            state: Between::default(),
            parsed: Parsed { minor, ..Parsed::default() },
            warnings: Warnings::default(),
            watch,
        }
    }

    fn generation(&mut self, generation: &Generation<'_>) -> Result<(), ParseError> {
        match load(generation, self.minor) {
            Ok(loaded) => {
                self.watch.loaded(generation);
                self.order(generation, loaded)
            }
            Err(fault) => self.broken_tables(fault, generation),
        }
    }

    /// Tables that cannot be read as they should: a Sync says so, as in Go's reader, and what
    /// events there are follow, with the names that can be read.
    fn broken_tables(
        &mut self,
        fault: Fault,
        generation: &Generation<'_>,
    ) -> Result<(), ParseError> {
        self.warn(fault, generation.number)?;
        self.outlet.close(&Tables::empty(generation.number));
        if !generation.has_events() {
            self.lose();
            return Ok(());
        }
        let (loaded, guess) = load_rest(generation, self.minor, self.state.fallback);
        if let Some(guess) = guess {
            self.warn(guess, generation.number)?;
        }
        self.order(generation, loaded)
    }

    /// A generation in which batches are damaged or missing. What is missing is not known, so
    /// that nothing can be said of the states behind it.
    fn broken_frame(&mut self, fault: Fault, rest: &Generation<'_>) -> Result<(), ParseError> {
        // Before format 26 Go's reader takes the batches before the damage for all there are.
        let before = rest.before_damage().filter(|_| self.minor < FIRST_WITH_MARK);
        let alone = before.and_then(|before| Some((load(&before, self.minor).ok()?, before)));
        match alone {
            Some((mut loaded, before)) => {
                loaded.lenient = true;
                self.order(&before, loaded)?;
                self.warn(fault, rest.number)?;
                self.outlet.close(&Tables::empty(rest.number));
            }
            None => self.broken_tables(fault, rest)?,
        }
        self.lose();
        Ok(())
    }

    /// From here on nothing is known, until a generation says it anew.
    fn lose(&mut self) {
        self.outlet.sink.lost(self.outlet.last);
        self.state = Between { fallback: self.state.fallback, ..Between::default() };
    }

    fn order(
        &mut self,
        generation: &Generation<'_>,
        mut loaded: Loaded<'_>,
    ) -> Result<(), ParseError> {
        let number = generation.number;
        let is_initial = *self.state.initial.get_or_insert(number) == number;
        self.state.fallback.frequency = Some(loaded.frequency);
        let mut order = {
            let carry = std::mem::take(&mut self.state.carry);
            Order::with_carry(carry, number, is_initial, loaded.lenient)
        };
        let outcome = merge(&mut loaded, &mut order, &mut self.outlet, &self.watch);
        self.watch.progress.advance(generation.end.saturating_sub(generation.offset));
        match outcome {
            Ok(left_out) => {
                self.parsed.generations += 1;
                if left_out > 0 {
                    let what = format!(
                        "{left_out} threads wait for events that were cut off, and are left out"
                    );
                    self.warn(Fault::broken(generation.end, what), number)?;
                }
                // An order with a carry assumes nothing, so nothing can be wrong.
                let _ = self.state.carry.join(&mut order);
                Ok(())
            }
            Err(fault) => {
                self.warn(fault, number)?;
                self.lose();
                Ok(())
            }
        }
    }

    fn warn(&mut self, fault: Fault, generation: u64) -> Result<(), ParseError> {
        let (offset, message) = match fault {
            Fault::Broken { offset, what } => (offset, what),
            Fault::NeedsCarry => (0, "a generation depends on one that is not there".to_owned()),
            Fault::Cancelled => return Err(Cancelled.into()),
        };
        let generation = (generation != 0).then_some(generation);
        self.warnings.push(Warning::of_damage(offset, generation, message));
        Ok(())
    }

    fn finish(mut self) -> Result<Parsed, ParseError> {
        self.parsed.events = self.outlet.events;
        self.parsed.complete = self.warnings.is_empty();
        self.parsed.warnings = self.warnings.into_vec();
        or_error(self.parsed, u64::from(self.outlet.syncs))
    }
}

/// The outcome, unless the trace broke before its first event.
fn or_error(parsed: Parsed, syncs: u64) -> Result<Parsed, ParseError> {
    match parsed.warnings.first() {
        Some(warning) if parsed.events <= syncs => Err(ParseError::Broken {
            offset: warning.offset,
            generation: warning.generation,
            what: warning.message.clone(),
        }),
        _ => Ok(parsed),
    }
}
