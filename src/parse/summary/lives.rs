//! How long goroutines and Ps were in which state.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Write};

use super::quoted;
use crate::base::Time;
use crate::parse::event::{Body, Event, GoState, ProcState};
use crate::parse::tables::Tables;

/// One life of a goroutine's id.
#[derive(Debug)]
struct Life {
    id: i64,
    /// Which life of the id, from 0.
    number: usize,
    created: Option<Time>,
    first: Time,
    ended: Option<Time>,
    state: GoState,
    reason: Vec<u8>,
    since: Time,
    /// Nanoseconds by state.
    sums: [i64; 6],
    parent: i64,
    name: Vec<u8>,
    n_transitions: u64,
}

/// All of them.
#[derive(Default, Debug)]
pub(super) struct Lives {
    all: Vec<Life>,
    /// The current life of an id, and how many it has had.
    current: HashMap<i64, (Option<usize>, usize)>,
    /// By state and reason.
    states: BTreeMap<(&'static str, Vec<u8>), i64>,
    transitions: BTreeMap<(&'static str, &'static str, Vec<u8>), u64>,
    procs: BTreeMap<u64, (ProcState, Time)>,
    proc_states: BTreeMap<&'static str, i64>,
}

impl Lives {
    /// Follows a goroutine's transition. A state without a past holds since the last Sync.
    pub(super) fn goroutine(&mut self, tables: &Tables<'_>, event: &Event, last_sync: Time) {
        let Body::Goroutine { of, from, to, reason, stack } = event.body else { return };
        let (id, reason) = (of.id.0.cast_signed(), tables.string(reason));
        let key = (from.name(), to.name(), reason.to_vec());
        *self.transitions.entry(key).or_default() += 1;

        let (current, n_lives) = self.current.entry(id).or_default();
        let row = match *current {
            Some(row) if from != GoState::NotExist => {
                if let Some(life) = self.all.get_mut(row).filter(|_| from != to) {
                    life.close(event.time, &mut self.states);
                    (life.state, life.reason) = (to, reason.to_vec());
                }
                row
            }
            earlier => {
                if let Some(life) = earlier.and_then(|row| self.all.get_mut(row)) {
                    life.close(event.time, &mut self.states);
                }
                let is_birth = from == GoState::NotExist;
                let actor = event.goroutine.id.0.cast_signed();
                self.all.push(Life {
                    id,
                    number: *n_lives,
                    created: is_birth.then_some(event.time),
                    first: event.time,
                    ended: None,
                    state: to,
                    reason: reason.to_vec(),
                    since: if from == GoState::Undetermined { last_sync } else { event.time },
                    sums: [0; 6],
                    parent: if is_birth { actor } else { -1 },
                    name: Vec::new(),
                    n_transitions: 0,
                });
                *n_lives += 1;
                self.all.len() - 1
            }
        };
        let is_end = to == GoState::NotExist;
        *current = (!is_end).then_some(row);
        let Some(life) = self.all.get_mut(row) else { return };
        life.n_transitions += 1;
        if is_end {
            life.ended = Some(event.time);
        }
        if life.name.is_empty()
            && let Some(outermost) = tables.stack_of(stack).last()
        {
            life.name = tables.string(outermost.function).to_vec();
        }
    }

    /// Follows a P's transition.
    pub(super) fn proc(&mut self, event: &Event, last_sync: Time) {
        let Body::Proc { of, from, to } = event.body else { return };
        match self.procs.get_mut(&of.0) {
            None => {
                let is_first = from == ProcState::Undetermined;
                let since = if is_first { last_sync } else { event.time };
                self.procs.insert(of.0, (to, since));
            }
            Some((state, since)) if from != to => {
                add(&mut self.proc_states, state.name(), event.time - *since);
                (*state, *since) = (to, event.time);
            }
            Some(_) => {}
        }
    }

    /// Closes what is open at the time of the last event.
    pub(super) fn close(&mut self, last: Time) {
        for (current, _) in self.current.values() {
            if let Some(life) = current.and_then(|row| self.all.get_mut(row)) {
                life.close(last, &mut self.states);
            }
        }
        for (state, since) in self.procs.values() {
            add(&mut self.proc_states, state.name(), last - *since);
        }
    }

    /// How many goroutines and Ps there are.
    pub(super) fn write_numbers(&self, out: &mut dyn Write) -> io::Result<()> {
        let ids: HashSet<_> = self.all.iter().map(|life| life.id).collect();
        writeln!(out, "goroutines\t{}\t{}", ids.len(), self.all.len())?;
        writeln!(out, "procs\t{}", self.procs.len())
    }

    /// Times by state, and transitions.
    pub(super) fn write_states(&self, out: &mut dyn Write) -> io::Result<()> {
        for ((state, reason), ns) in &self.states {
            writeln!(out, "gostate\t{state}\t{}\t{ns}", quoted(reason))?;
        }
        for ((from, to, reason), count) in &self.transitions {
            writeln!(out, "gotrans\t{from}\t{to}\t{}\t{count}", quoted(reason))?;
        }
        for (state, ns) in &self.proc_states {
            writeln!(out, "procstate\t{state}\t{ns}")?;
        }
        Ok(())
    }

    /// One line for each goroutine.
    pub(super) fn write_goroutines(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.all.sort_by_key(|life| (life.id, life.number));
        for life in &self.all {
            let time = |time: Option<Time>| time.map_or("-".to_owned(), |at| at.ns().to_string());
            let ns = |state: GoState| life.sums.get(state as usize).copied().unwrap_or_default();
            writeln!(
                out,
                "g\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                life.id,
                life.number,
                time(life.created),
                life.first.ns(),
                time(life.ended),
                life.n_transitions,
                ns(GoState::Running),
                ns(GoState::Runnable),
                ns(GoState::Syscall),
                ns(GoState::Waiting),
                life.parent,
                quoted(&life.name)
            )?;
        }
        Ok(())
    }
}

impl Life {
    /// Adds the time since the last change to the state's.
    fn close(&mut self, at: Time, states: &mut BTreeMap<(&'static str, Vec<u8>), i64>) {
        let ns = at - self.since;
        if let Some(sum) = self.sums.get_mut(self.state as usize) {
            *sum = sum.saturating_add(ns);
        }
        add(states, (self.state.name(), self.reason.clone()), ns);
        self.since = at;
    }
}

fn add<K: Ord>(sums: &mut BTreeMap<K, i64>, key: K, ns: i64) {
    let sum = sums.entry(key).or_default();
    *sum = sum.saturating_add(ns);
}
