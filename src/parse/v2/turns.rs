//! Whose turn it is: jobs are taken in order, and only so far ahead of what is done with them.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Jobs from 0 on, for several threads. Their results are wanted in order and wait until then, so
/// that a thread that would run too far ahead waits instead.
///
/// Nobody waits for good: the job that is wanted, and some behind it, can always be taken, and
/// whoever stops taking jobs lets all others go ([`Turns::nobody_waits_after`]).
pub(super) struct Turns {
    n_jobs: usize,
    /// How far behind the job that is wanted others may be taken.
    ahead: usize,
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    /// The next job to be taken.
    next: usize,
    wanted: usize,
    is_over: bool,
}

impl Turns {
    pub(super) fn new(n_jobs: usize, ahead: usize) -> Self {
        let state = Mutex::new(State { next: 0, wanted: 0, is_over: false });
        Self { n_jobs, ahead, state, moved: Condvar::new() }
    }

    /// The next job, once it is not too far ahead; none if there are no more or nobody wants them.
    pub(super) fn next(&self) -> Option<usize> {
        let is_too_far = |state: &mut State| {
            let is_far = state.next > state.wanted + self.ahead;
            is_far && state.next < self.n_jobs && !state.is_over
        };
        let state = self.moved.wait_while(self.lock(), is_too_far);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.is_over { None } else { self.take(&mut state) }
    }

    /// The next job, if it is at most this one; does not wait.
    pub(super) fn next_up_to(&self, last: usize) -> Option<usize> {
        let mut state = self.lock();
        if state.next <= last { self.take(&mut state) } else { None }
    }

    fn take(&self, state: &mut State) -> Option<usize> {
        let at = state.next;
        state.next += 1;
        (at < self.n_jobs).then_some(at)
    }

    /// The results of all jobs before this one have been joined.
    pub(super) fn want(&self, at: usize) {
        self.lock().wanted = at;
        self.moved.notify_all();
    }

    /// When that is dropped, for whatever reason, nobody waits any more.
    pub(super) fn nobody_waits_after(&self) -> Last<'_> {
        Last(self)
    }

    /// Nobody panics while it is held.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the waiting when it is dropped.
pub(super) struct Last<'t>(&'t Turns);

impl Drop for Last<'_> {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::thread;
    use std::time::Duration;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn nobody_runs_further_ahead_than_is_allowed() {
        let turns = Turns::new(100, 3);
        let (send, taken) = sync_channel(100);
        thread::scope(|scope| {
            for _ in 0..2 {
                let (send, turns) = (send.clone(), &turns);
                scope.spawn(move || {
                    while let Some(at) = turns.next() {
                        send.send(at).expect("the test listens");
                    }
                });
            }
            drop(send);
            for wanted in 0..50 {
                turns.want(wanted);
                let n_new = if wanted == 0 { 4 } else { 1 };
                for _ in 0..n_new {
                    let at = taken.recv_timeout(LONG).expect("it can be taken");
                    assert!(at <= wanted + 3, "{at} for {wanted}");
                }
            }
            // None was taken that the loop has not seen, and the joining thread may take none.
            assert!(taken.try_recv().is_err());
            assert_eq!(turns.next_up_to(52), None);
            turns.want(50);
            assert_eq!(taken.recv_timeout(LONG), Ok(53));
            drop(turns.nobody_waits_after());
        });
        assert!(taken.recv().is_err(), "both have stopped, and took nothing on the way out");
    }

    #[test]
    fn all_jobs_are_taken_once_whoever_takes_them() {
        let turns = Turns::new(20, 2);
        thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let _last = turns.nobody_waits_after();
                std::iter::from_fn(|| turns.next()).collect::<Vec<_>>()
            });
            let mut own = Vec::new();
            for wanted in 0..20 {
                turns.want(wanted);
                own.extend(std::iter::from_fn(|| turns.next_up_to(wanted)));
            }
            own.extend(worker.join().expect("no panic"));
            own.sort_unstable();
            assert_eq!(own, (0..20).collect::<Vec<_>>());
        });
    }
}
