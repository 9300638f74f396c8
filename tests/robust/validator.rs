//! What every trace in memory has to be, checked from outside, through its public face only.
//!
//! Nothing here comes from the model's own code: the rules are those of the scheduler and of the
//! model's contract. It runs over every fixture, over the corpus, and in the fuzz targets.

use std::collections::HashMap;

use overstay::base::{Goroutine, Interval, ProcId, StackId, StrId, Time};
use overstay::model::{Life, Span, Trace};
use overstay::parse::event::GoState;

/// No more complaints about one trace than this.
const ENOUGH: usize = 20;

/// How much can be asked of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rigor {
    /// A runtime wrote it.
    Sound,
    /// Bytes may have changed. Neither the reference nor the model then finds out if two threads
    /// claim one P, or if a goroutine of the old format is unblocked while in a system call.
    Damaged,
}

/// What is wrong with `trace`; empty if nothing is.
pub(crate) fn complaints_about(trace: &Trace, rigor: Rigor) -> Vec<String> {
    let is_old_format = trace.info().minor < 22;
    let knows_states = rigor == Rigor::Sound || !is_old_format;
    let mut check = Check { trace, is_old_format, knows_states, said: Vec::new() };
    check.tables();
    for goroutine in trace.goroutines() {
        check.life(goroutine);
        if check.said.len() >= ENOUGH {
            return check.said;
        }
    }
    check.wakes_by_chunk();
    if rigor == Rigor::Sound {
        check.one_goroutine_per_proc();
    }
    super::sides::check(&mut check);
    check.said
}

/// A trace under examination.
pub(crate) struct Check<'t> {
    pub(crate) trace: &'t Trace,
    is_old_format: bool,
    /// Whether states may be expected to follow one another as they should.
    knows_states: bool,
    said: Vec<String>,
}

/// Which states may follow one another, where nothing was lost in between.
///
/// The old format's C threads first appear as created, and only then as in a system call; what
/// existed when tracing began may be told to wait after it was told to exist.
fn may_follow(before: GoState, after: GoState, is_old_format: bool) -> bool {
    use GoState::{Runnable, Running, Syscall, Waiting};
    matches!(
        (before, after),
        (Runnable, Running)
            | (Running, Runnable | Waiting | Syscall)
            | (Waiting, Runnable)
            | (Syscall, Running | Runnable)
    ) || is_old_format && matches!((before, after), (Runnable, Waiting | Syscall))
}

impl Check<'_> {
    /// Complains unless something holds.
    pub(crate) fn that(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds && self.said.len() < ENOUGH {
            self.said.push(otherwise());
        }
    }

    /// A string id leads somewhere.
    pub(crate) fn string(&mut self, id: StrId, of: &str) {
        let known = self.trace.strings().len();
        self.that(id.index() < known, || format!("{of}: string {id:?} of {known}"));
    }

    /// A stack id leads somewhere.
    pub(crate) fn stack(&mut self, id: StackId, of: &str) {
        let known = self.trace.stacks().len();
        self.that(id.index() < known, || format!("{of}: stack {id:?} of {known}"));
    }

    /// A moment lies within the trace.
    pub(crate) fn moment(&mut self, at: Time, of: &str) {
        let whole = self.trace.interval();
        let inside = whole.start <= at && at <= whole.end;
        self.that(inside, || format!("{of}: {at:?} lies outside {whole:?}"));
    }

    /// Something has to be there at a moment.
    pub(crate) fn lives_at(&mut self, goroutine: Goroutine, at: Time, of: &str) {
        let n_goroutines = self.trace.n_goroutines();
        if goroutine.0 >= n_goroutines {
            return self.that(false, || format!("{of}: {goroutine:?} of {n_goroutines}"));
        }
        let life = self.trace.lifetime(goroutine);
        let lives = life.start <= at && at <= life.end;
        self.that(lives, || format!("{of}: {goroutine:?} lives in {life:?}, not at {at:?}"));
    }

    /// Whether nothing is known of a stretch, or of its edge.
    fn is_lost(&self, at: Time) -> bool {
        let gaps = self.trace.world().gaps();
        let after = gaps.partition_point(|gap| gap.start <= at);
        after.checked_sub(1).is_some_and(|last| at <= gaps[last].end)
    }

    /// Whether a goroutine was first named by a change of its state: where the trace is damaged,
    /// its status may be missing.
    fn is_adopted(&self, before: GoState) -> bool {
        !self.trace.info().complete && before == GoState::Undetermined
    }

    /// Strings are told apart, stacks lead outwards to rows before them.
    fn tables(&mut self) {
        let trace = self.trace;
        let whole = trace.interval();
        self.that(whole.start <= whole.end, || {
            format!("the trace ends before it begins: {whole:?}")
        });
        self.that(trace.string(StrId::EMPTY).is_empty(), || "string 0 has text".to_owned());
        let mut seen: HashMap<&str, StrId> = HashMap::new();
        for (id, text) in trace.strings().iter() {
            let twice = seen.insert(text, id);
            self.that(twice.is_none(), || {
                format!("strings {twice:?} and {id:?} are both {text:?}")
            });
            let found = trace.strings().find(text);
            self.that(found == Some(id), || format!("{text:?} is {id:?}, but found as {found:?}"));
        }
        for (row, caller, frame) in trace.stacks().iter() {
            self.that(caller < row, || format!("stack {row:?} is called from {caller:?}"));
            self.string(frame.function, "a frame's function");
            self.string(frame.file, "a frame's file");
        }
        for gap in trace.world().gaps() {
            self.moment(gap.start, "a gap's start");
            self.moment(gap.end, "a gap's end");
            self.that(gap.start <= gap.end, || format!("a gap ends before it begins: {gap:?}"));
        }
    }

    fn life(&mut self, goroutine: Goroutine) {
        let life = self.trace.life(goroutine);
        let of = format!("{goroutine:?} (id {})", life.id);
        self.string(life.name, &of);
        self.stack(life.creation_stack, &of);
        self.stack(life.first_stack, &of);
        self.moment(life.first, &of);
        match life.born.time() {
            Some(born) => {
                self.that(born == life.first, || {
                    format!("{of}: born {born:?}, first {:?}", life.first)
                });
                if let Some(parent) = life.parent {
                    self.lives_at(parent, born, &format!("the parent of {of}"));
                    self.that(parent != goroutine, || format!("{of} is its own parent"));
                }
            }
            None => {
                let unborn = life.parent.is_none() && life.creation_stack == StackId::EMPTY;
                self.that(unborn, || format!("{of} has a parent, but no birth"));
            }
        }
        if let Some(ended) = life.ended.time() {
            self.moment(ended, &of);
            self.that(life.first < ended, || {
                format!("{of}: ends at {ended:?}, before {:?}", life.first)
            });
        }
        self.spans(goroutine, &life, &of);
    }

    /// The spans tile the life, and each is one that the scheduler allows after the one before.
    fn spans(&mut self, goroutine: Goroutine, life: &Life, of: &str) {
        let lifetime = self.trace.lifetime(goroutine);
        let mut before: Option<Span> = None;
        for span in self.trace.spans(goroutine) {
            match before {
                None => {
                    self.that(span.start == life.first, || {
                        format!("{of}: the first span begins at {:?}", span.start)
                    });
                    self.first_state(&span, life, of);
                }
                Some(before) => {
                    self.that(before.end == span.start, || {
                        format!("{of}: a hole from {:?} to {:?}", before.end, span.start)
                    });
                    self.that(before.start < span.start, || {
                        format!("{of}: two spans begin at {:?}", span.start)
                    });
                    let legal = may_follow(before.state, span.state, self.is_old_format)
                        || !self.knows_states
                        || self.is_adopted(before.state)
                        || self.is_lost(span.start);
                    self.that(legal, || {
                        format!(
                            "{of}: {:?} after {:?} at {:?}",
                            span.state, before.state, span.start
                        )
                    });
                    self.wake(before.state, &span, of);
                }
            }
            self.string(span.reason, of);
            self.stack(span.stack, of);
            before = Some(span);
        }
        let Some(last) = before else {
            return self.that(lifetime.start == lifetime.end, || format!("{of} has no span"));
        };
        self.that(last.end == lifetime.end, || {
            format!("{of}: the last span ends at {:?}, the life at {:?}", last.end, lifetime.end)
        });
        if life.ended.time().is_some() && self.knows_states {
            let legal = matches!(last.state, GoState::Running | GoState::Syscall);
            self.that(legal, || format!("{of} ends while {:?}", last.state));
        }
    }

    fn first_state(&mut self, span: &Span, life: &Life, of: &str) {
        self.that(!span.woken && span.waker.is_none(), || format!("{of}: woken at its first"));
        self.that(span.state == life.first_state, || {
            format!("{of}: first {:?}, and {:?}", span.state, life.first_state)
        });
        self.that(span.state != GoState::NotExist, || format!("{of} begins by not existing"));
        if life.born.time().is_some() {
            let legal =
                matches!(span.state, GoState::Runnable | GoState::Waiting | GoState::Syscall);
            self.that(legal, || format!("{of} is born {:?}", span.state));
        }
    }

    /// A woken span follows a waiting one, and whoever woke it was there.
    fn wake(&mut self, before: GoState, span: &Span, of: &str) {
        if !self.knows_states || self.is_adopted(before) || self.is_lost(span.start) && !span.woken
        {
            return;
        }
        let woken = before == GoState::Waiting && span.state == GoState::Runnable;
        self.that(span.woken == woken, || {
            format!("{of}: woken {} after {before:?} at {:?}", span.woken, span.start)
        });
        let runs = span.state == GoState::Running;
        self.that(runs || span.proc == ProcId::NONE, || format!("{of}: {:?} on a P", span.state));
        if let Some(waker) = span.waker {
            self.that(span.woken, || format!("{of}: a waker without a wake at {:?}", span.start));
            self.lives_at(waker, span.start, &format!("the waker of {of}"));
        }
    }

    /// The chunks tell the same wakes as the goroutines' spans.
    fn wakes_by_chunk(&mut self) {
        let trace = self.trace;
        let mut by_chunk = Vec::new();
        for chunk in trace.chunks() {
            by_chunk
                .extend(chunk.wakes().map(|wake| (wake.wakee, wake.at, wake.waker, wake.stack)));
        }
        let mut by_life = Vec::new();
        for goroutine in trace.goroutines() {
            let woken = trace.spans(goroutine).filter(|span| span.woken);
            by_life.extend(woken.map(|span| (goroutine, span.start, span.waker, span.stack)));
        }
        by_chunk.sort_unstable_by_key(|(wakee, at, ..)| (*wakee, *at));
        let (n_chunk, n_life) = (by_chunk.len(), by_life.len());
        self.that(by_chunk == by_life, || {
            format!("{n_chunk} wakes in the chunks, {n_life} in the lives, or other ones")
        });
        let n_spans: usize = trace.chunks().iter().map(overstay::model::Chunk::n_spans).sum();
        let in_runs: usize = trace
            .goroutines()
            .flat_map(|goroutine| trace.runs(goroutine))
            .map(|run| run.range().len())
            .sum();
        self.that(n_spans == in_runs, || {
            format!("{n_spans} spans in the chunks, {in_runs} in the runs")
        });
    }

    /// Never do two goroutines run on one P.
    fn one_goroutine_per_proc(&mut self) {
        let trace = self.trace;
        let mut by_proc: HashMap<ProcId, Vec<(Interval, Goroutine)>> = HashMap::new();
        for goroutine in trace.goroutines() {
            for span in trace.spans(goroutine) {
                if span.state == GoState::Running && span.proc != ProcId::NONE {
                    by_proc.entry(span.proc).or_default().push((span.interval(), goroutine));
                }
            }
        }
        for (proc, mut runs) in by_proc {
            runs.sort_unstable_by_key(|(interval, _)| interval.start);
            for pair in runs.windows(2) {
                let [(a, first), (b, second)] = pair else { continue };
                self.that(a.end <= b.start, || {
                    format!("P {proc} runs {first:?} in {a:?} and {second:?} in {b:?}")
                });
            }
        }
    }
}
