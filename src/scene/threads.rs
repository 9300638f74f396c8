//! Lanes of threads: which P each held when. The model has it by P; this is the same by thread.

use rustc_hash::FxHashMap;

use crate::base::{Interval, ProcId, ThreadId};
use crate::model::{ProcSpan, World};

/// Where the stretches of each thread are among those of the Ps. Eight bytes a stretch.
#[derive(Clone, Debug, Default)]
pub(super) struct Threads {
    /// The threads that held a P, by number, each with its stretches in order of time.
    rows: Vec<(ThreadId, Vec<Held>)>,
}

/// A row of the model's Ps, and one of its stretches.
type Held = (u32, u32);

fn stretch(world: &World, (proc, at): Held) -> Option<(ProcId, ProcSpan)> {
    let (id, spans) = world.procs().get(proc as usize)?;
    Some((*id, *spans.get(at as usize)?))
}

impl Threads {
    /// Sorts the stretches by thread. Costs n log n in their number.
    pub(super) fn new(world: &World) -> Self {
        let mut places: FxHashMap<ThreadId, usize> = FxHashMap::default();
        let mut rows: Vec<(ThreadId, Vec<Held>)> = Vec::new();
        for (proc, (_, spans)) in (0..).zip(world.procs()) {
            for (at, span) in (0..).zip(spans) {
                let place = *places.entry(span.thread).or_insert_with(|| {
                    rows.push((span.thread, Vec::new()));
                    rows.len() - 1
                });
                if let Some((_, held)) = rows.get_mut(place) {
                    held.push((proc, at));
                }
            }
        }
        rows.retain(|(thread, _)| thread.some().is_some());
        rows.sort_unstable_by_key(|(thread, _)| *thread);
        let start = |&held: &Held| stretch(world, held).map(|(_, span)| span.interval.start);
        for (_, held) in &mut rows {
            held.sort_unstable_by_key(start);
            held.shrink_to_fit();
        }
        Self { rows }
    }

    /// The threads, by number: each is a lane.
    pub(super) fn ids(&self) -> impl ExactSizeIterator<Item = ThreadId> + '_ {
        self.rows.iter().map(|(thread, _)| *thread)
    }

    /// How many stretches a lane has.
    pub(super) fn n_held(&self, lane: u32) -> usize {
        self.rows.get(lane as usize).map_or(0, |(_, held)| held.len())
    }

    /// One of a lane's stretches, and the P that was held. A thread that is seen to take a P
    /// while it had another has let go of that one.
    pub(super) fn held(&self, world: &World, lane: u32, at: usize) -> (Interval, ProcId) {
        let nothing = (Interval::default(), ProcId::NONE);
        let Some((_, held)) = self.rows.get(lane as usize) else { return nothing };
        let get = |at: usize| stretch(world, *held.get(at)?);
        let Some((proc, span)) = get(at) else { return nothing };
        let next = get(at + 1).map(|(_, next)| next.interval.start);
        let Interval { start, end } = span.interval;
        (Interval::new(start, next.map_or(end, |next| end.min(next).max(start))), proc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;

    fn held(thread: u64, start: i64, end: i64) -> ProcSpan {
        ProcSpan { interval: Interval::new(Time(start), Time(end)), thread: ThreadId(thread) }
    }

    #[test]
    fn each_thread_has_its_stretches_in_order_of_time() {
        let procs = vec![
            (ProcId(0), vec![held(7, 0, 10), held(8, 10, 20), held(7, 30, 40)]),
            (ProcId(1), vec![held(7, 10, 35), held(9, 50, 60), held(u64::MAX, 60, 70)]),
        ];
        let world = World { procs, ..World::default() };
        let threads = Threads::new(&world);
        assert_eq!(threads.ids().collect::<Vec<_>>(), [7, 8, 9].map(ThreadId));
        let lane = |lane: u32| -> Vec<(i64, i64, u64)> {
            let each = |at| threads.held(&world, lane, at);
            let flat = |(i, p): (Interval, ProcId)| (i.start.ns(), i.end.ns(), p.0);
            (0..threads.n_held(lane)).map(each).map(flat).collect()
        };
        // Where two overlap the later one counts, so that a lane can be searched.
        assert_eq!(lane(0), [(0, 10, 0), (10, 30, 1), (30, 40, 0)]);
        assert_eq!(lane(1), [(10, 20, 0)]);
        assert_eq!(lane(2), [(50, 60, 1)]);
        assert_eq!(threads.n_held(3), 0);
    }
}
