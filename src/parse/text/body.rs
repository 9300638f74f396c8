//! The dump's fields that depend on the kind of event.

use super::fields::{Fnv, push_escaped, push_i64, push_quoted, push_u64};
use crate::base::{ProcId, TaskId};
use crate::parse::event::{Body, Event, GoRef, RangeKind, RangeMoment, StrRef};
use crate::parse::spec;
use crate::parse::tables::Tables;

/// The experiments by the byte that names them (Go 1.26 `internal/trace/tracev2/events.go`).
const EXPERIMENTS: [(u8, &str); 1] = [(1, "AllocFree")];
/// The experiment that all experimental event types belong to.
const EVENTS_EXPERIMENT: &str = EXPERIMENTS[0].1;

/// The dump's name for a kind of event.
pub(super) fn kind_name(body: &Body) -> &'static str {
    match body {
        Body::Sync { .. } => "Sync",
        Body::Metric { .. } => "Metric",
        Body::Label(_) => "Label",
        Body::StackSample => "StackSample",
        Body::Range { moment: RangeMoment::Begin, .. } => "RangeBegin",
        Body::Range { moment: RangeMoment::Active, .. } => "RangeActive",
        Body::Range { moment: RangeMoment::End { .. }, .. } => "RangeEnd",
        Body::TaskBegin { .. } => "TaskBegin",
        Body::TaskEnd { .. } => "TaskEnd",
        Body::RegionBegin { .. } => "RegionBegin",
        Body::RegionEnd { .. } => "RegionEnd",
        Body::Log { .. } => "Log",
        Body::Goroutine { .. } | Body::Proc { .. } => "StateTransition",
        Body::Experimental { .. } => "Experimental",
    }
}

/// Adds the fields from the ninth on, each with its tab before it.
pub(super) fn push_body(out: &mut Vec<u8>, tables: &Tables<'_>, event: &Event) {
    match event.body {
        Body::Sync { number, last } => {
            push_number(out, u64::from(number));
            push_sync(out, (!last).then_some(tables));
        }
        Body::Metric { kind, value } => {
            push_text(out, kind.name().as_bytes());
            push_number(out, value);
        }
        Body::Label(label) => {
            push_string(out, tables, label);
            push_goroutine(out, event.goroutine);
        }
        Body::StackSample => {}
        Body::Range { kind, moment } => push_range(out, tables, kind, moment),
        Body::TaskBegin { id, parent, kind } | Body::TaskEnd { id, parent, kind } => {
            push_task(out, id);
            push_task(out, parent);
            push_string(out, tables, kind);
        }
        Body::RegionBegin { task, kind } | Body::RegionEnd { task, kind } => {
            push_task(out, task);
            push_string(out, tables, kind);
        }
        Body::Log { task, category, message } => {
            push_task(out, task);
            push_string(out, tables, category);
            push_string(out, tables, message);
        }
        Body::Goroutine { of, from, to, reason, .. } => {
            push_goroutine(out, of);
            push_states(out, from.name(), to.name());
            push_string(out, tables, reason);
        }
        Body::Proc { of, from, to } => {
            push_proc(out, of);
            push_states(out, from.name(), to.name());
            push_text(out, b"");
        }
        Body::Experimental { wire_type, args } => push_experimental(out, wire_type, args),
    }
}

/// The clock snapshot and the experimental batches, or dashes where there are none.
fn push_sync(out: &mut Vec<u8>, tables: Option<&Tables<'_>>) {
    if let Some(clock) = tables.and_then(|tables| tables.clock) {
        // A hostile snapshot may have more than a second's nanoseconds; they carry, as in Go.
        let wall_ns = clock.wall_ns.cast_signed();
        let carry = wall_ns.div_euclid(1_000_000_000);
        out.push(b'\t');
        push_i64(out, clock.trace.ns());
        push_number(out, clock.mono);
        out.push(b'\t');
        push_i64(out, clock.wall_s.cast_signed().wrapping_add(carry));
        out.push(b'\t');
        push_i64(out, wall_ns.rem_euclid(1_000_000_000));
    } else {
        out.extend_from_slice(b"\t-\t-\t-\t-");
    }
    out.push(b'\t');
    let before = out.len();
    for (experiment, name) in EXPERIMENTS {
        let batches = tables.map_or(&[][..], |tables| &tables.experimental);
        let batches = batches.iter().filter(|batch| batch.experiment == experiment);
        let (mut n_batches, mut n_bytes, mut hash) = (0, 0, Fnv::default());
        for batch in batches {
            let mut thread = Vec::with_capacity(24);
            push_i64(&mut thread, batch.thread.0.cast_signed());
            thread.push(b'\n');
            hash.add(&thread);
            hash.add(batch.data);
            n_batches += 1;
            n_bytes += batch.data.len() as u64;
        }
        if n_batches > 0 {
            if out.len() > before {
                out.push(b',');
            }
            let text = format!("{name}:{n_batches}:{n_bytes}:{:016x}", hash.value());
            out.extend_from_slice(text.as_bytes());
        }
    }
    if out.len() == before {
        out.push(b'-');
    }
}

fn push_range(out: &mut Vec<u8>, tables: &Tables<'_>, kind: RangeKind, moment: RangeMoment) {
    match kind {
        RangeKind::StopTheWorld { reason, by } => {
            out.extend_from_slice(b"\t\"stop-the-world (");
            push_escaped(out, tables.string(reason), Some(b'"'));
            out.extend_from_slice(b")\"");
            push_goroutine(out, by);
        }
        RangeKind::GcMark => out.extend_from_slice(b"\t\"GC concurrent mark phase\"\tNone\t-1"),
        RangeKind::GcSweep(proc) => {
            push_text(out, b"GC incremental sweep");
            push_proc(out, proc);
        }
        RangeKind::GcMarkAssist(by) => {
            push_text(out, b"GC mark assist");
            push_goroutine(out, by);
        }
    }
    if let (RangeKind::GcSweep(_), RangeMoment::End { swept, reclaimed }) = (kind, moment) {
        out.extend_from_slice(b"\tbytes swept=");
        push_u64(out, swept);
        out.extend_from_slice(b"\tbytes reclaimed=");
        push_u64(out, reclaimed);
    }
}

fn push_experimental(out: &mut Vec<u8>, wire_type: u8, args: [u64; 3]) {
    let Some(spec) = spec::spec(wire_type) else { return };
    for text in [spec.name, EVENTS_EXPERIMENT] {
        out.push(b'\t');
        out.extend_from_slice(text.as_bytes());
    }
    for (name, value) in spec.args.iter().zip(args) {
        out.push(b'\t');
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        push_u64(out, value);
    }
}

fn push_number(out: &mut Vec<u8>, number: u64) {
    out.push(b'\t');
    push_u64(out, number);
}

fn push_task(out: &mut Vec<u8>, task: TaskId) {
    out.push(b'\t');
    push_i64(out, task.0.cast_signed());
}

fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'\t');
    push_quoted(out, text);
}

fn push_string(out: &mut Vec<u8>, tables: &Tables<'_>, row: StrRef) {
    push_text(out, tables.string(row));
}

fn push_goroutine(out: &mut Vec<u8>, goroutine: GoRef) {
    out.extend_from_slice(b"\tGoroutine\t");
    push_i64(out, goroutine.id.0.cast_signed());
}

fn push_proc(out: &mut Vec<u8>, proc: ProcId) {
    out.extend_from_slice(b"\tProc\t");
    push_i64(out, proc.0.cast_signed());
}

fn push_states(out: &mut Vec<u8>, from: &str, to: &str) {
    for state in [from, to] {
        out.push(b'\t');
        out.extend_from_slice(state.as_bytes());
    }
}
