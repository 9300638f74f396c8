//! Time by state: of goroutines, whose ids can be used again, and of Ps.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::names::Names;
use crate::base::{GoId, ProcId, Time, WireMap};
use crate::parse::event::{Body, Event, GoState, ProcState};
use crate::parse::tables::Tables;
use crate::parse::text::quoted;

/// One life of a goroutine id.
#[derive(Debug)]
struct Instance {
    id: GoId,
    number: u32,
    created: Option<Time>,
    first: Time,
    ended: Option<Time>,
    transitions: u64,
    state: GoState,
    reason: u32,
    /// When the state began.
    since: Time,
    spent: BTreeMap<GoState, i64>,
    parent: GoId,
    /// The start function, "" until a stack tells.
    name: u32,
}

/// All goroutines, and the time they spent in each state.
#[derive(Default, Debug)]
pub(super) struct Goroutines {
    instances: Vec<Instance>,
    /// The instance that an id means now.
    current: WireMap<GoId, usize>,
    /// How often an id was used.
    used: WireMap<GoId, u32>,
    spent: WireMap<(GoState, u32), i64>,
    transitions: WireMap<(GoState, GoState, u32), u64>,
}

impl Goroutines {
    /// Counts a change of a goroutine's state.
    pub(super) fn event(
        &mut self,
        names: &mut Names,
        tables: &Tables<'_>,
        event: &Event,
        last_sync: Time,
    ) {
        let Body::Goroutine { of, from, to, reason, stack } = event.body else { return };
        let reason = names.row(tables.string(reason));
        *self.transitions.entry((from, to, reason)).or_default() += 1;
        let at = match self.current.get(&of.id).copied() {
            Some(at) if from != GoState::NotExist => {
                if from != to {
                    self.spend(at, event.time);
                    self.instances[at].state = to;
                    self.instances[at].reason = reason;
                }
                at
            }
            old => {
                if let Some(old) = old {
                    self.spend(old, event.time);
                }
                self.begin(names, event, reason, last_sync)
            }
        };
        let instance = &mut self.instances[at];
        instance.transitions += 1;
        if names.text(instance.name).is_empty()
            && let Some(frame) = tables.stack_of(stack).last()
        {
            instance.name = names.row(tables.string(frame.function));
        }
        if to == GoState::NotExist {
            instance.ended = Some(event.time);
            self.current.remove(&of.id);
        }
    }

    /// Begins a new instance and makes it the current one of its id.
    fn begin(&mut self, names: &mut Names, event: &Event, reason: u32, last_sync: Time) -> usize {
        let Body::Goroutine { of, from, to, .. } = event.body else { return 0 };
        let used = self.used.entry(of.id).or_default();
        let is_born = from == GoState::NotExist;
        // What is first told of at a generation's start has been so since the start.
        let since = if from == GoState::Undetermined { last_sync } else { event.time };
        self.instances.push(Instance {
            id: of.id,
            number: *used,
            created: is_born.then_some(event.time),
            first: event.time,
            ended: None,
            transitions: 0,
            state: to,
            reason,
            since,
            spent: BTreeMap::new(),
            parent: if is_born { event.goroutine.id } else { GoId::NONE },
            name: names.row(b""),
        });
        *used += 1;
        let at = self.instances.len() - 1;
        self.current.insert(of.id, at);
        at
    }

    /// Adds the time that an instance has been in its state.
    fn spend(&mut self, at: usize, until: Time) {
        let instance = &mut self.instances[at];
        let ns = until - instance.since;
        *instance.spent.entry(instance.state).or_default() += ns;
        *self.spent.entry((instance.state, instance.reason)).or_default() += ns;
        instance.since = until;
    }

    /// Closes all that is open at the trace's end.
    pub(super) fn close(&mut self, end: Time) {
        for at in std::mem::take(&mut self.current).into_values() {
            self.spend(at, end);
        }
    }

    /// How many ids and how many instances there are.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.used.len(), self.instances.len())
    }

    /// Writes the time by state and the changes of state.
    pub(super) fn write_states(&self, out: &mut dyn Write, names: &Names) -> io::Result<()> {
        let mut spent: Vec<_> = self.spent.iter().collect();
        spent.sort_by_key(|((state, reason), _)| (state.name(), names.text(*reason)));
        for ((state, reason), ns) in spent {
            let reason = quoted(names.text(*reason));
            writeln!(out, "gostate\t{}\t{reason}\t{ns}", state.name())?;
        }
        let mut transitions: Vec<_> = self.transitions.iter().collect();
        transitions.sort_by_key(|((from, to, why), _)| (from.name(), to.name(), names.text(*why)));
        for ((from, to, reason), n) in transitions {
            let reason = quoted(names.text(*reason));
            writeln!(out, "gotrans\t{}\t{}\t{reason}\t{n}", from.name(), to.name())?;
        }
        Ok(())
    }

    /// Writes a line for each instance.
    pub(super) fn write(&self, out: &mut dyn Write, names: &Names) -> io::Result<()> {
        let mut instances: Vec<&Instance> = self.instances.iter().collect();
        instances.sort_by_key(|instance| (instance.id.0.cast_signed(), instance.number));
        let optional =
            |time: Option<Time>| time.map_or("-".to_owned(), |time| time.ns().to_string());
        for instance in instances {
            let spent = |state| instance.spent.get(&state).copied().unwrap_or(0);
            writeln!(
                out,
                "g\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                instance.id,
                instance.number,
                optional(instance.created),
                instance.first.ns(),
                optional(instance.ended),
                instance.transitions,
                spent(GoState::Running),
                spent(GoState::Runnable),
                spent(GoState::Syscall),
                spent(GoState::Waiting),
                instance.parent,
                quoted(names.text(instance.name)),
            )?;
        }
        Ok(())
    }
}

/// All Ps, and the time they spent in each state.
#[derive(Default, Debug)]
pub(super) struct Procs {
    states: WireMap<ProcId, (ProcState, Time)>,
    spent: BTreeMap<&'static str, i64>,
}

impl Procs {
    /// Counts a change of a P's state.
    pub(super) fn event(
        &mut self,
        of: ProcId,
        from: ProcState,
        to: ProcState,
        at: Time,
        last_sync: Time,
    ) {
        let since = if from == ProcState::Undetermined { last_sync } else { at };
        match self.states.get_mut(&of) {
            None => {
                self.states.insert(of, (to, since));
            }
            Some(now) if from != to => {
                *self.spent.entry(now.0.name()).or_default() += at - now.1;
                *now = (to, at);
            }
            Some(_) => {}
        }
    }

    /// Closes all that is open at the trace's end.
    pub(super) fn close(&mut self, end: Time) {
        for (state, since) in self.states.values() {
            *self.spent.entry(state.name()).or_default() += end - *since;
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// Writes the time by state.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for (state, ns) in &self.spent {
            writeln!(out, "procstate\t{state}\t{ns}")?;
        }
        Ok(())
    }
}
