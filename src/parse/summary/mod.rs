//! Counts, sums and hashes over a trace's events, in the form of the conformance corpus.
//!
//! It is made from the events alone, without the model, so that the two check each other.
//! Lines are a key and its values, separated by tabs; see [`SummarySink::write`].

mod counts;
mod lives;

use std::io::{self, Write};

use self::counts::Counts;
use self::lives::Lives;
use super::event::{Body, Event, StackRef};
use super::sink::Sink;
use super::tables::Tables;
use super::text::TextSink;
use super::text::fields::{Fnv, push_quoted, push_u64};
use crate::base::Time;

/// The version of the summary's form.
const FORM: u64 = 1;

/// Sums up the events that it gets.
#[derive(Debug)]
pub struct SummarySink {
    dump: TextSink<Fnv>,
    frames: Frames,
    span: Option<(Time, Time)>,
    last_sync: Time,
    counts: Counts,
    lives: Lives,
}

impl Default for SummarySink {
    fn default() -> Self {
        Self {
            dump: TextSink::new(Fnv::default()),
            frames: Frames::default(),
            span: None,
            last_sync: Time::default(),
            counts: Counts::default(),
            lives: Lives::default(),
        }
    }
}

impl Sink for SummarySink {
    fn begin_generation(&mut self, tables: &Tables<'_>) {
        self.dump.begin_generation(tables);
    }

    fn event(&mut self, tables: &Tables<'_>, event: &Event) {
        self.dump.event(tables, event);
        self.frames.add(tables, event.stack);
        self.span.get_or_insert((event.time, event.time)).1 = event.time;
        match event.body {
            Body::Sync { .. } => self.last_sync = event.time,
            Body::Goroutine { stack, .. } => {
                self.frames.add(tables, stack);
                self.lives.goroutine(tables, event, self.last_sync);
            }
            Body::Proc { .. } => self.lives.proc(event, self.last_sync),
            _ => {}
        }
        self.counts.add(tables, event);
    }
}

impl SummarySink {
    /// How many events there have been.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.dump.count()
    }

    /// Writes the summary of a trace of format version `minor`, which ended with `error` if at
    /// all with one.
    ///
    /// # Errors
    /// If `out` does not take it.
    pub fn write(mut self, out: &mut dyn Write, minor: u32, error: Option<&str>) -> io::Result<()> {
        let (dump, n_events) = self.dump.finish()?;
        let (first, last) = self.span.unwrap_or_default();
        let verdict = if error.is_some() { "error" } else { "ok" };
        writeln!(out, "format\t{FORM}\nversion\t{minor}\nverdict\t{verdict}")?;
        if let Some(error) = error {
            writeln!(out, "error\t{}", quoted(error.as_bytes()))?;
        }
        writeln!(
            out,
            "events\t{n_events}\nfirst_time\t{first}\nlast_time\t{last}",
            first = first.ns(),
            last = last.ns()
        )?;
        writeln!(out, "dump_fnv1a64\t{:016x}", dump.value())?;
        writeln!(out, "frames\t{}", self.frames.count)?;
        writeln!(out, "frames_fnv1a64\t{:016x}", self.frames.hash.value())?;
        self.lives.close(last);
        self.counts.close(last);
        self.counts.write_kinds(out)?;
        self.lives.write_numbers(out)?;
        self.counts.write_threads(out)?;
        self.lives.write_states(out)?;
        self.counts.write_names(out)?;
        self.lives.write_goroutines(out)
    }
}

/// The frames of all events' stacks, one after another.
#[derive(Default, Debug)]
struct Frames {
    count: u64,
    hash: Fnv,
    text: Vec<u8>,
}

impl Frames {
    fn add(&mut self, tables: &Tables<'_>, stack: StackRef) {
        for frame in tables.stack_of(stack) {
            self.text.clear();
            push_u64(&mut self.text, frame.pc);
            for text in [tables.string(frame.function), tables.string(frame.file)] {
                self.text.push(0);
                self.text.extend_from_slice(text);
            }
            self.text.push(0);
            push_u64(&mut self.text, frame.line);
            self.text.push(b'\n');
            self.hash.add(&self.text);
            self.count += 1;
        }
    }
}

/// Text as the dump quotes it, which is UTF-8.
fn quoted(text: &[u8]) -> String {
    let mut out = Vec::new();
    push_quoted(&mut out, text);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests;
