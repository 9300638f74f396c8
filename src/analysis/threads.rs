//! Work on many rows at once, on as many threads as pay. Results are in the order of the rows.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::model::{Chunk, Trace};

/// A thread costs as much as scanning some ten thousand spans.
const SPANS_PER_THREAD: usize = 100_000;

/// How many rows a thread takes at a time.
const ROWS_AT_A_TIME: usize = 4_096;

/// Runs `scan` over all chunks of the span columns.
pub(crate) fn over_chunks<T: Send>(
    trace: &Trace,
    scan: impl Fn(&Chunk) -> Vec<T> + Sync,
) -> Vec<T> {
    let chunks = trace.chunks();
    let n_spans: usize = chunks.iter().map(Chunk::n_spans).sum();
    in_order(chunks.len(), n_spans / SPANS_PER_THREAD, |at| scan(&chunks[at]))
}

/// Runs `work` over ranges of `n` rows.
pub(crate) fn over_rows<T: Send>(n: usize, work: impl Fn(Range<usize>) -> Vec<T> + Sync) -> Vec<T> {
    let pieces = n.div_ceil(ROWS_AT_A_TIME);
    in_order(pieces, pieces, |at| work(at * ROWS_AT_A_TIME..n.min((at + 1) * ROWS_AT_A_TIME)))
}

/// Does `n` pieces of work, on at most `useful` threads.
fn in_order<T: Send>(n: usize, useful: usize, work: impl Fn(usize) -> Vec<T> + Sync) -> Vec<T> {
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    let n_threads = available.min(useful).min(n).max(1);
    if n_threads == 1 {
        return (0..n).flat_map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= n {
                return done;
            }
            done.push((at, work(at)));
        }
    };
    let mut pieces: Vec<(usize, Vec<T>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_threads).map(|_| scope.spawn(take)).collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, _>| match worker.join() {
            Ok(done) => done,
            // What went wrong on a thread goes wrong here, too.
            Err(panic) => std::panic::resume_unwind(panic),
        };
        workers.into_iter().flat_map(join).collect()
    });
    pieces.sort_unstable_by_key(|(at, _)| *at);
    let mut all = Vec::with_capacity(pieces.iter().map(|(_, piece)| piece.len()).sum());
    for (_, piece) in pieces {
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
            let rows = over_rows(n, |range| range.filter(|row| row % 3 == 0).collect());
            assert!(rows.iter().copied().eq((0..n).step_by(3)), "{n}");
        }
    }
}
