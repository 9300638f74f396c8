//! A trace for Perfetto's viewer and trace processor, in its own protobuf.
//!
//! Cancels and what is the runtime's come first, then a group for each start function with a
//! track for each of its goroutines, and below that the goroutine's overstays. Times are the
//! trace's own. Each track is written from its begin to its end, so that little is kept in
//! memory; Perfetto sorts by time itself, and keeps the order of what happens at once.

mod pen;
mod proto;

use std::io::{self, Write};

use rustc_hash::FxHashMap;

use super::lanes::{Step, lanes, walk};
use crate::analysis::{Cancel, Document, Hearing, Outcome};
use crate::base::{Goroutine, Interval, StackId, StrId};
use crate::cli::ink::place as line_text;
use crate::cli::json::go_id;
use crate::model::{MetricPoint, Span};
use crate::parse::event::GoState;
use pen::{Arg, Pen, Track};
use proto::{BYTES, COUNT, EventKind};

/// Writes the trace.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let mut writer = Writer { document, pen: Pen::new(out), sites: FxHashMap::default() };
    writer.cancels()?;
    writer.runtime()?;
    writer.goroutines()
}

struct Writer<'a> {
    document: &'a Document,
    pen: Pen<'a>,
    /// The lines of code of stacks, in words.
    sites: FxHashMap<StackId, String>,
}

impl Writer<'_> {
    /// Cancels, from each of which flows go to those who heard it.
    fn cancels(&mut self) -> io::Result<()> {
        let analysis = self.document.analysis();
        let trace = self.document.trace();
        let track = self.pen.track("cancels", None)?;
        for cancel in analysis.cancels() {
            let site = cancel.site.map(|site| line_text(trace, site)).unwrap_or_default();
            let int = |n: usize| Arg::Int(i64::try_from(n).unwrap_or(i64::MAX));
            let mut args = vec![
                ("cancel", Arg::Int(i64::from(cancel.id))),
                ("site", Arg::Text(&site)),
                ("detail", Arg::Text(cancel.detail)),
                ("heard", int(cancel.n_heard())),
                ("deaf", int(cancel.n_deaf())),
                ("depth", Arg::Int(i64::from(cancel.depth))),
            ];
            args.extend(cancel.by.map(|by| ("by goroutine", Arg::Int(go_id(trace, by)))));
            let name = cancel.cause.name();
            let mut event = self.pen.named(track, EventKind::Instant, name, &args);
            event.flows =
                analysis.heard(cancel).iter().map(|hearing| flow(cancel, hearing)).collect();
            self.pen.event(cancel.at, event)?;
        }
        Ok(())
    }

    /// Processors, GC, stop-the-world, and the numbers over time.
    fn runtime(&mut self) -> io::Result<()> {
        let trace = self.document.trace();
        let world = trace.world();
        let group = self.pen.track("Go runtime", None)?;
        self.slices("GC", group, world.gc().to_vec(), |gc| *gc, |_| ("GC mark".to_owned(), None))?;
        self.slices(
            "stop-the-world",
            group,
            world.stop_the_world().to_vec(),
            |stop| stop.interval,
            |stop| {
                let by = stop.by.map(|by| ("by goroutine", go_id(trace, by)));
                (trace.string(stop.reason).to_owned(), by)
            },
        )?;
        for (proc, spans) in world.procs() {
            let held_by = |thread: crate::base::ThreadId| thread.0.cast_signed();
            self.slices(
                &format!("P {proc}"),
                group,
                spans.clone(),
                |span| span.interval,
                |span| (format!("thread {}", span.thread), Some(("thread", held_by(span.thread)))),
            )?;
        }
        self.numbers("heap", group, BYTES, world.heap())?;
        self.numbers("heap goal", group, BYTES, world.heap_goal())?;
        self.numbers("GOMAXPROCS", group, COUNT, world.gomaxprocs())
    }

    /// Things with a length, each with its name and an argument.
    fn slices<T>(
        &mut self,
        name: &str,
        group: Track,
        items: Vec<T>,
        interval: impl Fn(&T) -> Interval,
        told: impl Fn(&T) -> (String, Option<(&'static str, i64)>),
    ) -> io::Result<()> {
        for lane in lanes(items, &interval) {
            let track = self.pen.track(name, Some(group))?;
            let pen = &mut self.pen;
            walk(&lane, &interval, |step| match step {
                Step::Begin(at, item) => {
                    let (name, arg) = told(item);
                    let args: Vec<_> =
                        arg.iter().map(|(name, value)| (*name, Arg::Int(*value))).collect();
                    let event = pen.named(track, EventKind::Begin, &name, &args);
                    pen.event(at, event)
                }
                Step::End(at) => pen.end(at, track),
            })?;
        }
        Ok(())
    }

    fn numbers(
        &mut self,
        name: &str,
        group: Track,
        unit: i32,
        points: &[MetricPoint],
    ) -> io::Result<()> {
        if points.is_empty() {
            return Ok(());
        }
        let track = self.pen.counter(name, Some(group), unit)?;
        points.iter().try_for_each(|point| self.pen.count(point.at, track, point.value))
    }

    /// All goroutines, by start function.
    fn goroutines(&mut self) -> io::Result<()> {
        let trace = self.document.trace();
        let mut groups: FxHashMap<StrId, Track> = FxHashMap::default();
        for goroutine in trace.goroutines() {
            let life = trace.life(goroutine);
            let group = match groups.get(&life.name) {
                Some(&group) => group,
                None => {
                    let name = trace.string(life.name);
                    let name = if name.is_empty() { "(unknown function)" } else { name };
                    let group = self.pen.track(name, None)?;
                    groups.insert(life.name, group);
                    group
                }
            };
            let name = format!("goroutine {}", life.id);
            let track = self.pen.track(&name, Some(group))?;
            for span in trace.spans(goroutine) {
                self.span(track, &span)?;
            }
            self.overstays(track, goroutine)?;
        }
        Ok(())
    }

    fn span(&mut self, track: Track, span: &Span) -> io::Result<()> {
        let Self { document, pen, sites } = self;
        let trace = document.trace();
        let reason = trace.string(span.reason);
        let state = state_name(span.state);
        let site = sites.entry(span.stack).or_insert_with(|| {
            document.site(span.stack).map(|site| line_text(trace, site)).unwrap_or_default()
        });
        // A wake's stack is the waker's.
        let place = if span.woken { "woken in" } else { "site" };
        let mut args = vec![
            ("state", Arg::Text(state)),
            ("reason", Arg::Text(reason)),
            (place, Arg::Text(site)),
        ];
        args.extend(span.waker.map(|waker| ("woken by", Arg::Int(go_id(trace, waker)))));
        let name = if reason.is_empty() { state } else { reason };
        let event = pen.named(track, EventKind::Begin, name, &args);
        pen.event(span.start, event)?;
        pen.end(span.end, track)
    }

    /// The fuses of a goroutine: from each cancel to its end. Where it was not meant to end there
    /// is only a mark where it heard.
    fn overstays(&mut self, parent: Track, goroutine: Goroutine) -> io::Result<()> {
        let all = self.document.analysis().overstays_of(goroutine);
        let (mut marks, fuses): (Vec<&Hearing>, Vec<&Hearing>) =
            all.partition(|hearing| hearing.outcome == Outcome::LivesOn);
        for lane in lanes(fuses, |hearing| self.document.window(hearing)) {
            let track = self.pen.track("overstay", Some(parent))?;
            let document = self.document;
            walk(
                &lane,
                |hearing| document.window(hearing),
                |step| match step {
                    Step::Begin(at, hearing) => {
                        let event = self.hearing(track, EventKind::Begin, hearing);
                        self.pen.event(at, event)
                    }
                    Step::End(at) => self.pen.end(at, track),
                },
            )?;
        }
        if marks.is_empty() {
            return Ok(());
        }
        let track = self.pen.track("lives on", Some(parent))?;
        marks.sort_by_key(|hearing| (hearing.heard_at, hearing.cancel));
        for hearing in marks {
            let event = self.hearing(track, EventKind::Instant, hearing);
            self.pen.event(hearing.heard_at, event)?;
        }
        Ok(())
    }

    fn hearing(&mut self, track: Track, kind: EventKind, hearing: &Hearing) -> proto::TrackEvent {
        let cancel = self.document.analysis().cancel_of(hearing);
        let args = [
            ("cancel", Arg::Int(i64::from(hearing.cancel))),
            ("cause", Arg::Text(cancel.cause.name())),
            ("outcome", Arg::Text(hearing.outcome.name())),
            ("overstay_ns", Arg::Int(hearing.overstay_ns)),
            ("evidence", Arg::Text(hearing.evidence.name())),
            ("heard_in", Arg::Text(if hearing.deaf { "" } else { hearing.heard_in.name() })),
        ];
        let name = if hearing.deaf { "deaf" } else { cancel.cause.name() };
        let mut event = self.pen.named(track, kind, name, &args);
        if !hearing.deaf {
            event.ending_flows.push(flow(cancel, hearing));
        }
        event
    }
}

/// The number of the flow from a cancel to one who heard it.
fn flow(cancel: &Cancel, hearing: &Hearing) -> u64 {
    // No number is 0, which would be none.
    ((u64::from(cancel.id) << 32) | u64::from(hearing.goroutine.0)).wrapping_add(1)
}

fn state_name(state: GoState) -> &'static str {
    match state {
        GoState::Running => "running",
        GoState::Runnable => "runnable",
        GoState::Waiting => "waiting",
        GoState::Syscall => "syscall",
        GoState::Undetermined | GoState::NotExist => "unknown",
    }
}

#[cfg(test)]
mod tests;
