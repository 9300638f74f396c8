//! Where overstays were spent, as a profile for `go tool pprof`.
//!
//! Counted is who was told to stop and not meant to live on: those of the report's quantiles. A
//! sample has all the time that was spent in one state, for one reason, on one stack.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;

use crate::analysis::{Cause, Document, Doing, SplitPart};
use crate::base::{Clock, StackId, StrId, WireMap};
use crate::model::{Frame, Trace};

/// Writes the profile, gzipped as profiles are.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let mut out = GzEncoder::new(out, Compression::default());
    out.write_all(&profile(document).encode_to_vec())?;
    out.finish().map(|_| ())
}

/// What all the time of one sample has in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    function: StrId,
    cause: Cause,
    state: Doing,
    reason: StrId,
    stack: StackId,
}

/// How many hearings spent how long there.
type Spent = WireMap<Key, (i64, i64)>;

fn spent(document: &Document) -> Spent {
    let analysis = document.analysis();
    let ledgers = document.ledgers();
    let mut accountant = document.accountant(&ledgers);
    let mut spent = Spent::default();
    for hearing in analysis.hearings() {
        if !hearing.was_to_leave() {
            continue;
        }
        let cause = analysis.cancel_of(hearing).cause;
        for SplitPart { state, reason, stack, ns, .. } in accountant.account(hearing).parts() {
            let key = Key { function: hearing.function, cause, state, reason, stack };
            let (n, total) = spent.entry(key).or_default();
            *n += 1;
            *total = total.saturating_add(ns);
        }
    }
    spent
}

/// The whole profile.
fn profile(document: &Document) -> Profile {
    let trace = document.trace();
    let mut all: Vec<_> = spent(document).into_iter().collect();
    all.sort_unstable_by_key(|(key, (_, ns))| (std::cmp::Reverse(*ns), *key));
    let mut tables = Tables::new(trace);
    let samples = all.iter().map(|(key, (n, ns))| tables.sample(key, [*n, *ns])).collect();
    let unit = match trace.clock() {
        Clock::Nanoseconds => "nanoseconds",
        Clock::Ticks => "ticks",
    };
    let hearings = tables.value_type("hearings", "count");
    let overstay = tables.value_type("overstay", unit);
    let began = trace.world().clocks().first().map(|clock| {
        let since = clock.trace - trace.interval().start;
        i64::try_from(clock.unix_ns.saturating_sub(i128::from(since))).unwrap_or(0)
    });
    Profile {
        sample_type: vec![hearings, overstay],
        sample: samples,
        location: tables.locations,
        function: tables.functions,
        time_nanos: began.unwrap_or(0),
        duration_nanos: trace.interval().ns(),
        default_sample_type: overstay.kind,
        string_table: tables.strings,
    }
}

/// The profile's tables, filled as they are needed.
struct Tables<'a> {
    trace: &'a Trace,
    strings: Vec<String>,
    string_rows: WireMap<String, i64>,
    functions: Vec<Function>,
    function_rows: WireMap<(StrId, StrId), u64>,
    made_up: WireMap<String, u64>,
    locations: Vec<Location>,
    location_rows: WireMap<Frame, u64>,
}

impl<'a> Tables<'a> {
    fn new(trace: &'a Trace) -> Self {
        let mut tables = Self {
            trace,
            strings: Vec::new(),
            string_rows: WireMap::default(),
            functions: Vec::new(),
            function_rows: WireMap::default(),
            made_up: WireMap::default(),
            locations: Vec::new(),
            location_rows: WireMap::default(),
        };
        // The format wants the empty string first.
        tables.string("");
        tables
    }

    fn string(&mut self, text: &str) -> i64 {
        if let Some(&row) = self.string_rows.get(text) {
            return row;
        }
        let row = i64::try_from(self.strings.len()).unwrap_or(0);
        self.strings.push(text.to_owned());
        self.string_rows.insert(text.to_owned(), row);
        row
    }

    fn value_type(&mut self, kind: &str, unit: &str) -> ValueType {
        ValueType { kind: self.string(kind), unit: self.string(unit) }
    }

    fn sample(&mut self, key: &Key, value: [i64; 2]) -> Sample {
        let trace = self.trace;
        let mut stack: Vec<u64> =
            trace.frames(key.stack).map(|frame| self.location(frame)).collect();
        if stack.is_empty() {
            // A profile's tools leave out what has no stack: name at least what it was doing,
            // and in which goroutine.
            stack.push(self.made_up(doing(key.state)));
            let start = Frame { function: key.function, ..Frame::default() };
            if key.function != StrId::EMPTY {
                stack.push(self.location(start));
            }
        }
        let labels = [
            ("cause", key.cause.name()),
            ("state", key.state.name()),
            ("reason", trace.string(key.reason)),
            ("function", trace.string(key.function)),
        ];
        let labels = labels.iter().filter(|(_, text)| !text.is_empty());
        let label = labels
            .map(|(key, text)| Label { key: self.string(key), text: self.string(text) })
            .collect();
        Sample { location_id: stack, value: value.to_vec(), label }
    }

    fn location(&mut self, frame: Frame) -> u64 {
        if let Some(&id) = self.location_rows.get(&frame) {
            return id;
        }
        let name = (frame.function, frame.file);
        let function_id = match self.function_rows.get(&name) {
            Some(&id) => id,
            None => {
                let trace = self.trace;
                let id = self.function(trace.string(name.0), trace.string(name.1));
                self.function_rows.insert(name, id);
                id
            }
        };
        let id = self.place(function_id, frame.line);
        self.location_rows.insert(frame, id);
        id
    }

    /// A place that is no function of the program's.
    fn made_up(&mut self, name: &str) -> u64 {
        if let Some(&id) = self.made_up.get(name) {
            return id;
        }
        let function_id = self.function(name, "");
        let id = self.place(function_id, 0);
        self.made_up.insert(name.to_owned(), id);
        id
    }

    fn function(&mut self, name: &str, file: &str) -> u64 {
        let id = self.functions.len() as u64 + 1;
        let (name, filename) = (self.string(name), self.string(file));
        self.functions.push(Function { id, name, system_name: name, filename });
        id
    }

    fn place(&mut self, function_id: u64, line: u32) -> u64 {
        let id = self.locations.len() as u64 + 1;
        let line = Line { function_id, line: i64::from(line) };
        self.locations.push(Location { id, line: vec![line] });
        id
    }
}

/// What stands for the innermost frame where no stack is known.
fn doing(state: Doing) -> &'static str {
    match state {
        Doing::Waiting => "overstay: blocked",
        Doing::Runnable => "overstay: waiting for a processor",
        Doing::Running => "overstay: running",
        Doing::Syscall => "overstay: in a system call",
        Doing::GcAssist => "overstay: helping the GC",
        Doing::Unborn => "overstay: not started yet",
        Doing::Unknown => "overstay: not known",
    }
}

/// A profile, as pprof's `profile.proto` has it; what is never filled is left out.
#[derive(Clone, PartialEq, Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
    #[prost(int64, tag = "9")]
    time_nanos: i64,
    #[prost(int64, tag = "10")]
    duration_nanos: i64,
    /// A row of the strings: the name of a sample type.
    #[prost(int64, tag = "14")]
    default_sample_type: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    /// The innermost first.
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    /// One for each sample type.
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
    #[prost(message, repeated, tag = "3")]
    label: Vec<Label>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Label {
    #[prost(int64, tag = "1")]
    key: i64,
    #[prost(int64, tag = "2")]
    text: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}

#[cfg(test)]
mod tests;
