//! The rules of the runtime's special ranges: stop-the-world, GC mark, sweep, mark assist.

use super::{Answer, GcState, Made, RangeType, RawEvent, Step, Stop, name};
use crate::base::GoId;
use crate::base::ProcId;
use crate::parse::event::{Body, GoRef, RangeKind, RangeMoment, StackRef};
use crate::parse::spec::wire;

const END: RangeMoment = RangeMoment::End { swept: 0, reclaimed: 0 };

/// No goroutine or P is in more ranges at once; the runtime needs two.
const MAX_OPEN: usize = 64;

impl Made<'_, '_, '_> {
    pub(super) fn range(&mut self, event: &RawEvent) -> Answer {
        match event.wire_type {
            wire::STW_BEGIN => self.stw_begin(event.args()),
            wire::STW_END => self.stw_end(),
            wire::GC_BEGIN => self.gc(event.wire_type, event.args()),
            wire::GC_ACTIVE | wire::GC_END => {
                let [seq] = event.args();
                self.gc(event.wire_type, [seq, 0])
            }
            wire::GC_SWEEP_ACTIVE => self.sweep_active(event.args()),
            wire::GC_SWEEP_BEGIN => self.sweep_begin(event.args()),
            wire::GC_SWEEP_END => self.sweep_end(event.args()),
            wire::GC_MARK_ASSIST_ACTIVE => self.assist_active(event.args()),
            wire::GC_MARK_ASSIST_BEGIN => self.assist_begin(event.args()),
            wire::GC_MARK_ASSIST_END => self.assist_end(),
            other => Err(Stop::broken(format!("{} is no range", name(other)))),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "as every answer to an event")]
    fn emit_range(&mut self, stack: StackRef, kind: RangeKind, moment: RangeMoment) -> Answer {
        self.emit(stack, Body::Range { kind, moment });
        Ok(Step::Advanced)
    }

    fn stw_begin(&mut self, [reason, stack]: [u64; 2]) -> Answer {
        self.needs_user_code()?;
        let by = self.context.goroutine;
        let range = RangeType { begin: wire::STW_BEGIN, reason };
        begin(self.order.go_ranges.entry(by.slot).or_default(), range)?;
        let reason = self.string(reason)?;
        let stack = self.stack(stack)?;
        self.emit_range(stack, RangeKind::StopTheWorld { reason, by }, RangeMoment::Begin)
    }

    fn stw_end(&mut self) -> Answer {
        self.needs_user_code()?;
        let by = self.context.goroutine;
        let range = self.end_on_goroutine(by, wire::STW_BEGIN)?;
        // Go's reader looks the begin's id up in the current generation's table, whatever it
        // means there.
        let reason = self.string(range.reason)?;
        self.emit_range(StackRef(0), RangeKind::StopTheWorld { reason, by }, END)
    }

    fn gc(&mut self, wire_type: u8, [seq, stack]: [u64; 2]) -> Answer {
        let first = match wire_type {
            wire::GC_ACTIVE => self.order.is_initial,
            _ => wire_type == wire::GC_BEGIN && self.order.gc == GcState::Undetermined,
        };
        self.order.assume_gc(wire_type, seq);
        if first {
            if wire_type == wire::GC_ACTIVE && self.order.gc != GcState::Undetermined {
                return Err(Stop::broken("a GC said to be active after another GC event"));
            }
        } else {
            if Some(seq) != self.order.gc_seq.checked_add(1) {
                return Ok(Step::NotYet);
            }
            let was_running = wire_type != wire::GC_BEGIN;
            if (self.order.gc == GcState::Running) != was_running {
                return Err(Stop::broken(format!("{} at the wrong moment", name(wire_type))));
            }
            self.needs_user_code()?;
        }
        self.order.gc_seq = seq;
        self.order.gc =
            if wire_type == wire::GC_END { GcState::NotRunning } else { GcState::Running };
        let (moment, stack) = match wire_type {
            wire::GC_BEGIN => (RangeMoment::Begin, self.stack(stack)?),
            wire::GC_ACTIVE => (RangeMoment::Active, StackRef(0)),
            _ => (END, StackRef(0)),
        };
        self.emit_range(stack, RangeKind::GcMark, moment)
    }

    fn sweep_begin(&mut self, [stack]: [u64; 1]) -> Answer {
        self.needs_proc()?;
        let of = self.context.proc;
        let range = RangeType { begin: wire::GC_SWEEP_BEGIN, reason: 0 };
        begin(self.order.proc_ranges.entry(of.slot).or_default(), range)?;
        let stack = self.stack(stack)?;
        self.emit_range(stack, RangeKind::GcSweep(of.id), RangeMoment::Begin)
    }

    fn sweep_active(&mut self, [id]: [u64; 1]) -> Answer {
        let Some(slot) = self.order.proc_slot(id) else {
            return Err(Stop::broken(format!("a sweep on P {id}, which has not been heard of")));
        };
        let range = RangeType { begin: wire::GC_SWEEP_BEGIN, reason: 0 };
        let open = self.order.proc_ranges.entry(slot).or_default();
        active(open, range, self.order.is_initial, self.order.assumed.is_some())?;
        self.order.assume_sweep(slot);
        self.emit_range(StackRef(0), RangeKind::GcSweep(ProcId(id)), RangeMoment::Active)
    }

    fn sweep_end(&mut self, [swept, reclaimed]: [u64; 2]) -> Answer {
        self.needs_proc()?;
        let of = self.context.proc;
        let alone = self.order.assumed.is_some();
        let open = self.order.proc_ranges.entry(of.slot).or_default();
        end(open, wire::GC_SWEEP_BEGIN, alone)?;
        let moment = RangeMoment::End { swept, reclaimed };
        self.emit_range(StackRef(0), RangeKind::GcSweep(of.id), moment)
    }

    fn assist_begin(&mut self, [stack]: [u64; 1]) -> Answer {
        self.needs_user_code()?;
        let of = self.context.goroutine;
        let range = RangeType { begin: wire::GC_MARK_ASSIST_BEGIN, reason: 0 };
        begin(self.order.go_ranges.entry(of.slot).or_default(), range)?;
        let stack = self.stack(stack)?;
        self.emit_range(stack, RangeKind::GcMarkAssist(of), RangeMoment::Begin)
    }

    /// Names a goroutine that need not be the running one.
    fn assist_active(&mut self, [id]: [u64; 1]) -> Answer {
        let slot = self.order.go_slot(id).filter(|&slot| {
            let cell = self.order.goroutines.get(slot as usize);
            cell.is_some_and(|cell| cell.state != crate::parse::event::GoState::NotExist)
        });
        let Some(slot) = slot else {
            if self.order.assumed.is_some() {
                return Err(Stop::NEEDS_CARRY);
            }
            return Err(Stop::broken(format!("a mark assist of goroutine {id}, not heard of")));
        };
        let of = GoRef { id: GoId(id), slot };
        let range = RangeType { begin: wire::GC_MARK_ASSIST_BEGIN, reason: 0 };
        let open = self.order.go_ranges.entry(slot).or_default();
        active(open, range, self.order.is_initial, self.order.assumed.is_some())?;
        self.order.assume_assist(slot);
        self.emit_range(StackRef(0), RangeKind::GcMarkAssist(of), RangeMoment::Active)
    }

    fn assist_end(&mut self) -> Answer {
        self.needs_user_code()?;
        let of = self.context.goroutine;
        self.end_on_goroutine(of, wire::GC_MARK_ASSIST_BEGIN)?;
        self.emit_range(StackRef(0), RangeKind::GcMarkAssist(of), END)
    }

    fn end_on_goroutine(&mut self, of: GoRef, begin: u8) -> Result<RangeType, Stop> {
        let alone = self.order.assumed.is_some();
        let open = self.order.go_ranges.entry(of.slot).or_default();
        let range = end(open, begin, alone)?;
        if open.is_empty() {
            self.order.go_ranges.remove(&of.slot);
        }
        Ok(range)
    }
}

fn begin(open: &mut Vec<RangeType>, range: RangeType) -> Result<(), Stop> {
    if open.contains(&range) {
        return Err(Stop::broken(format!("{} within itself", name(range.begin))));
    }
    if open.len() >= MAX_OPEN {
        return Err(Stop::broken(format!("more than {MAX_OPEN} ranges open at once")));
    }
    open.push(range);
    Ok(())
}

/// A range said to go on: new in the first generation, known in the others.
fn active(
    open: &mut Vec<RangeType>,
    range: RangeType,
    is_initial: bool,
    is_alone: bool,
) -> Result<(), Stop> {
    let known = open.contains(&range);
    if is_initial || is_alone {
        if known {
            return Err(Stop::broken(format!("{} said to go on twice", name(range.begin))));
        }
        open.push(range);
    } else if !known {
        return Err(Stop::broken(format!("{} goes on, but never began", name(range.begin))));
    }
    Ok(())
}

/// Ends the first open range of its type.
fn end(open: &mut Vec<RangeType>, begin: u8, is_alone: bool) -> Result<RangeType, Stop> {
    match open.iter().position(|range| range.begin == begin) {
        Some(at) => Ok(open.swap_remove(at)),
        None if is_alone => Err(Stop::NEEDS_CARRY),
        None => Err(Stop::broken(format!("{} ends, but never began", name(begin)))),
    }
}
