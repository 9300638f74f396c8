//! Work on many rows at once, on as many threads as are worth starting. Results are in the order of the rows.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::base::{beside, n_cores};
use crate::model::{Chunk, Trace};

/// A thread costs as much as scanning some ten thousand spans: it pays for ten times as many.
const SPANS_PER_THREAD: usize = 100_000;

/// How many rows a thread takes at a time.
pub(crate) const ROWS_AT_A_TIME: usize = 4_096;

/// How many shares there are for each thread, so that none waits long for another.
const SHARES: usize = 16;

/// How many threads the analysis may use. What it says does not depend on that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threads(pub(crate) usize);

impl Threads {
    /// As many as the machine has cores.
    pub(crate) fn all() -> Self {
        Self(n_cores())
    }

    /// Runs `scan` over all chunks of the span columns, and puts together what it finds.
    pub(crate) fn over_chunks<T: Send>(
        self,
        trace: &Trace,
        scan: impl Fn(&Chunk) -> Vec<T> + Sync,
    ) -> Vec<T> {
        concat(self.of_chunks(trace, |(): &mut (), _, chunk| scan(chunk)))
    }

    /// Runs `scan` over all chunks of the span columns, with the number of each, and gives what
    /// it found in each. Buffers go from one chunk to the next that a thread takes.
    pub(crate) fn of_chunks<S: Default, T: Send>(
        self,
        trace: &Trace,
        scan: impl Fn(&mut S, usize, &Chunk) -> T + Sync,
    ) -> Vec<T> {
        let chunks = trace.chunks();
        let n_spans: usize = chunks.iter().map(Chunk::n_spans).sum();
        self.in_order(chunks.len(), n_spans / SPANS_PER_THREAD, |buffers, at| {
            scan(buffers, at, &chunks[at])
        })
    }

    /// Runs `work` over ranges of `n` rows, and puts together what it gives.
    pub(crate) fn over_rows<T: Send>(
        self,
        n: usize,
        work: impl Fn(Range<usize>) -> Vec<T> + Sync,
    ) -> Vec<T> {
        concat(self.of_rows(n, work))
    }

    /// Runs `work` over a few ranges that `n` rows are cut into, and puts together what it gives:
    /// for work that costs something for each range.
    pub(crate) fn over_shares<T: Send>(
        self,
        n: usize,
        work: impl Fn(Range<usize>) -> Vec<T> + Sync,
    ) -> Vec<T> {
        let each = n.div_ceil(self.0 * SHARES).max(ROWS_AT_A_TIME);
        let pieces = n.div_ceil(each);
        let rows = |at| at * each..n.min((at + 1) * each);
        concat(self.in_order(pieces, pieces, |(): &mut (), at| work(rows(at))))
    }

    /// Runs `work` over ranges of `n` rows, and gives what it made of each.
    pub(crate) fn of_rows<T: Send>(
        self,
        n: usize,
        work: impl Fn(Range<usize>) -> T + Sync,
    ) -> Vec<T> {
        let pieces = n.div_ceil(ROWS_AT_A_TIME);
        let rows = |at| at * ROWS_AT_A_TIME..n.min((at + 1) * ROWS_AT_A_TIME);
        self.in_order(pieces, pieces, |(): &mut (), at| work(rows(at)))
    }

    /// Runs each of some different pieces of work, and gives what each made.
    pub(crate) fn of_all<T: Send>(self, work: &[&(dyn Fn() -> T + Sync)]) -> Vec<T> {
        self.in_order(work.len(), work.len(), |(): &mut (), at| work[at]())
    }

    /// Runs two pieces of work, beside each other if there are threads for both.
    pub(crate) fn both<A: Send, B: Send>(
        self,
        one: impl FnOnce() -> A,
        other: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        if self.0 < 2 { (one(), other()) } else { beside(one, other) }
    }

    /// Runs `work` over stretches of rows, each with the number of its first.
    pub(crate) fn each_stretch<T: Send>(
        self,
        rows: &mut [T],
        work: impl Fn(usize, &mut [T]) + Sync,
    ) {
        let n = rows.len().div_ceil(ROWS_AT_A_TIME);
        let stretches = rows.chunks_mut(ROWS_AT_A_TIME).enumerate();
        self.each(n, stretches, |(at, rows)| work(at * ROWS_AT_A_TIME, rows));
    }

    /// Runs `work` on each of `n` items.
    pub(crate) fn each<T: Send>(
        self,
        n: usize,
        items: impl Iterator<Item = T> + Send,
        work: impl Fn(T) + Sync,
    ) {
        let items = Mutex::new(items);
        // Nobody panics while it is held.
        let take = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || {
            while let Some(item) = take() {
                work(item);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.useful(n) {
                scope.spawn(work);
            }
            work();
        });
    }

    /// Sorts rows; which of two that are equal comes first is open.
    pub(crate) fn sort<T: Ord + Send>(self, rows: &mut [T]) {
        let n = self.useful(rows.len() / ROWS_AT_A_TIME);
        self.each(n, rows.chunks_mut(rows.len().div_ceil(n).max(1)), <[T]>::sort_unstable);
        // What is left is to merge stretches, which the stable sort looks for.
        if n > 1 {
            rows.sort();
        }
    }

    fn useful(self, pieces: usize) -> usize {
        self.0.min(pieces).max(1)
    }

    /// Does `n` pieces of work, on at most `useful` threads.
    fn in_order<S: Default, T: Send>(
        self,
        n: usize,
        useful: usize,
        work: impl Fn(&mut S, usize) -> T + Sync,
    ) -> Vec<T> {
        let n_threads = self.useful(useful.min(n));
        let next = AtomicUsize::new(0);
        let take = || {
            let mut done = Vec::new();
            let mut buffers = S::default();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= n {
                    return done;
                }
                done.push((at, work(&mut buffers, at)));
            }
        };
        let mut pieces: Vec<(usize, T)> = std::thread::scope(|scope| {
            let workers: Vec<_> = (1..n_threads).map(|_| scope.spawn(take)).collect();
            let mut done = take();
            for worker in workers {
                match worker.join() {
                    Ok(more) => done.extend(more),
                    // What went wrong on a thread goes wrong here, too.
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            done
        });
        pieces.sort_unstable_by_key(|(at, _)| *at);
        pieces.into_iter().map(|(_, piece)| piece).collect()
    }
}

fn concat<T>(pieces: Vec<Vec<T>>) -> Vec<T> {
    let mut all = Vec::with_capacity(pieces.iter().map(Vec::len).sum());
    for piece in pieces {
        all.extend(piece);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_rows() {
        for n in [0, 1, 5_000, 50_000] {
            let rows = Threads(3).over_rows(n, |range| range.filter(|row| row % 3 == 0).collect());
            assert!(rows.iter().copied().eq((0..n).step_by(3)), "{n}");
        }
    }

    #[test]
    fn rows_are_sorted_on_any_number_of_threads() {
        for n in [0, 1, 5_000, 50_000] {
            let mixed: Vec<u64> = (0..n).map(|at| at * 7_919 % 10_007).collect();
            let mut expected = mixed.clone();
            expected.sort_unstable();
            for threads in 1..5 {
                let mut rows = mixed.clone();
                Threads(threads).sort(&mut rows);
                assert_eq!(rows, expected, "{n} on {threads}");
            }
        }
    }

    #[test]
    fn every_row_is_reached_once_and_by_its_number() {
        for n in [0, 1, 5_000, 50_000] {
            let mut rows = vec![0; n];
            Threads(3).each_stretch(&mut rows, |first, rows| {
                for (at, row) in (first..).zip(rows) {
                    *row += at;
                }
            });
            assert!(rows.into_iter().eq(0..n), "{n}");
        }
    }
}
