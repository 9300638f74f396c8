//! The canonical dump: one line of text per ordered event, fields separated by tabs.
//!
//! ```text
//! #tracedump  1
//! #version    NN
//! index  time  kind  M  P  G  stack  transition's stack  fields by kind…
//! #ok  COUNT   or   #error  COUNT  "MESSAGE"
//! ```
//!
//! The same form comes from Go's own reader, so that the two can be compared line by line.

mod body;
mod fields;

use std::io::{self, Write};
use std::ops::Range;

pub use self::fields::{Fnv, quoted};

use self::fields::{push_escaped, push_i64, push_quoted, push_u64};
use super::event::{Body, Event, StackRef};
use super::sink::Sink;
use super::tables::Tables;

/// The version of the dump's form.
const FORM: u64 = 1;
/// Lines are handed on in pieces of about this many bytes.
const FLUSH_AT: usize = 64 << 10;
/// The stack texts of one generation that are remembered, in bytes; beyond that they are made anew.
const STACK_CACHE_BYTES: usize = 32 << 20;

/// Writes the dump's first two lines; `minor` is the version in the trace's header, 0 if it has none.
///
/// # Errors
/// If `out` does not take them.
pub fn write_head(out: &mut impl Write, minor: u32) -> io::Result<()> {
    write!(out, "#tracedump\t{FORM}\n#version\t{minor}\n")
}

/// Writes the dump's last line: how many events there were, and the error that ended them, if one did.
///
/// # Errors
/// If `out` does not take it.
pub fn write_tail(out: &mut impl Write, count: u64, error: Option<&str>) -> io::Result<()> {
    let Some(message) = error else {
        return writeln!(out, "#ok\t{count}");
    };
    let mut line = Vec::new();
    push_quoted(&mut line, message.as_bytes());
    write!(out, "#error\t{count}\t")?;
    out.write_all(&line)?;
    out.write_all(b"\n")
}

/// Writes each event as a line of the canonical dump.
///
/// Writing fails late: the first error of `W` ends all further writing and is given by
/// [`TextSink::finish`], since a [`Sink`] cannot refuse an event.
#[derive(Debug)]
pub struct TextSink<W: Write> {
    out: W,
    buffer: Vec<u8>,
    count: u64,
    error: Option<io::Error>,
    stacks: StackTexts,
}

impl<W: Write> TextSink<W> {
    /// A sink that writes to `out`, in pieces; no buffering is needed around it.
    pub fn new(out: W) -> Self {
        Self {
            out,
            buffer: Vec::with_capacity(FLUSH_AT + (FLUSH_AT >> 2)),
            count: 0,
            error: None,
            stacks: StackTexts::default(),
        }
    }

    /// How many events have been written.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Writes what is left and returns the writer with the number of events.
    ///
    /// # Errors
    /// The first error in writing, whenever it happened.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        self.flush();
        if self.error.is_none() {
            self.error = self.out.flush().err();
        }
        match self.error {
            Some(err) => Err(err),
            None => Ok((self.out, self.count)),
        }
    }

    fn flush(&mut self) {
        if self.error.is_none()
            && let Err(err) = self.out.write_all(&self.buffer)
        {
            self.error = Some(err);
        }
        self.buffer.clear();
    }
}

impl<W: Write> Sink for TextSink<W> {
    fn begin_generation(&mut self, tables: &Tables<'_>) {
        self.stacks.forget(tables.n_stacks());
    }

    fn event(&mut self, tables: &Tables<'_>, event: &Event) {
        let out = &mut self.buffer;
        push_u64(out, self.count);
        out.push(b'\t');
        push_i64(out, event.time.ns());
        out.push(b'\t');
        out.extend_from_slice(body::kind_name(&event.body).as_bytes());
        for id in [event.thread.0, event.proc.0, event.goroutine.id.0] {
            out.push(b'\t');
            push_i64(out, id.cast_signed());
        }
        out.push(b'\t');
        self.stacks.push(out, tables, event.stack);
        out.push(b'\t');
        match event.body {
            Body::Goroutine { stack, .. } => self.stacks.push(out, tables, stack),
            _ => out.push(b'-'),
        }
        body::push_body(out, tables, event);
        out.push(b'\n');
        self.count += 1;
        if out.len() >= FLUSH_AT {
            self.flush();
        }
    }
}

/// The text of each stack of the generation, made when first asked for: most stacks come again
/// and again.
#[derive(Default, Debug)]
struct StackTexts {
    text: Vec<u8>,
    at: Vec<Range<usize>>,
}

impl StackTexts {
    fn forget(&mut self, n_stacks: usize) {
        self.text.clear();
        self.at.clear();
        self.at.resize(n_stacks, 0..0);
    }

    /// Adds the stack as `function:line` joined by `;`, `-` if it has no frames.
    fn push(&mut self, out: &mut Vec<u8>, tables: &Tables<'_>, row: StackRef) {
        if let Some(cached) = self.at.get(row.0 as usize).filter(|range| !range.is_empty()) {
            out.extend_from_slice(self.text.get(cached.clone()).unwrap_or_default());
            return;
        }
        let start = out.len();
        for frame in tables.stack_of(row) {
            if out.len() > start {
                out.push(b';');
            }
            push_escaped(out, tables.string(frame.function), Some(b';'));
            out.push(b':');
            push_u64(out, frame.line);
        }
        if out.len() == start {
            out.push(b'-');
        }
        let made = out.get(start..).unwrap_or_default();
        if self.text.len() + made.len() <= STACK_CACHE_BYTES
            && let Some(at) = self.at.get_mut(row.0 as usize)
        {
            *at = self.text.len()..self.text.len() + made.len();
            self.text.extend_from_slice(made);
        }
    }
}

#[cfg(test)]
mod tests;
