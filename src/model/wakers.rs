//! Wakes by waker: whom a goroutine woke, in order of time.
//!
//! The columns hold a wake with the one who was woken. This index holds for each waker the
//! numbers of those spans, counting through all chunks: four bytes per wake. It is no part of
//! the trace, since only those who look around in it need it.

use crate::base::{Cancelled, Goroutine, Progress, Time, narrow};

use super::chunk::Chunk;
use super::spans::Wake;
use super::{Kind, Trace};

/// The wakes of a trace by waker.
#[derive(Debug, Default)]
pub struct Wakers {
    /// Where each waker's wakes begin in `rows`, and the end.
    starts: Vec<usize>,
    /// Numbers of woken spans, counted through all chunks.
    rows: Vec<u32>,
    /// The number of each chunk's first span.
    bases: Vec<u32>,
}

impl Wakers {
    /// Sorts a trace's wakes by waker. Costs as much as the trace has spans.
    ///
    /// # Errors
    /// [`Cancelled`] if `progress` is cancelled meanwhile.
    pub fn new(trace: &Trace, progress: &Progress) -> Result<Self, Cancelled> {
        let mut starts = vec![0; trace.n_goroutines() as usize + 1];
        for chunk in trace.chunks() {
            progress.check()?;
            for_each_woken(chunk, |_, waker| {
                if let Some(count) = starts.get_mut(waker.index() + 1) {
                    *count += 1;
                }
            });
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut index = Self { rows: vec![0; sum], bases: Vec::new(), starts };
        let mut next = index.starts.clone();
        let mut base = 0_u32;
        let mut touched = Vec::new();
        for chunk in trace.chunks() {
            progress.check()?;
            touched.clear();
            for_each_woken(chunk, |at, waker| {
                let Some(place) = next.get_mut(waker.index()) else { return };
                if let Some(row) = index.rows.get_mut(*place) {
                    *row = base.saturating_add(narrow(at));
                }
                touched.push(waker);
                *place += 1;
            });
            index.sort_touched(chunk, base, &mut touched, &next);
            index.bases.push(base);
            base = base.saturating_add(narrow(chunk.n_spans()));
        }
        Ok(index)
    }

    /// Puts what one chunk has added for each waker in order of time; it lies in the order of
    /// those who were woken.
    fn sort_touched(
        &mut self,
        chunk: &Chunk,
        base: u32,
        touched: &mut [Goroutine],
        next: &[usize],
    ) {
        touched.sort_unstable();
        for same in touched.chunk_by(|a, b| a == b) {
            let Some(&end) = same.first().and_then(|waker| next.get(waker.index())) else {
                continue;
            };
            if let Some(rows) = self.rows.get_mut(end - same.len()..end) {
                rows.sort_unstable_by_key(|&row| (chunk.start((row - base) as usize), row));
            }
        }
    }

    /// A goroutine's wakes of others.
    #[must_use]
    pub fn of<'a>(&'a self, trace: &'a Trace, waker: Goroutine) -> Woken<'a> {
        let at = waker.index();
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        let rows = bounds.and_then(|(&start, &end)| self.rows.get(start..end)).unwrap_or(&[]);
        Woken { trace, bases: &self.bases, waker, rows }
    }

    /// What the index takes in memory, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.starts) + size_of_val(&*self.rows) + size_of_val(&*self.bases)
    }
}

/// Whom one goroutine woke, in order of time.
#[derive(Clone, Copy, Debug)]
pub struct Woken<'a> {
    trace: &'a Trace,
    bases: &'a [u32],
    waker: Goroutine,
    rows: &'a [u32],
}

impl Woken<'_> {
    /// How often it woke somebody.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it woke nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One of the wakes; costs a binary search or two.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Wake> {
        let (chunk, span) = self.place(*self.rows.get(at)?)?;
        let member = chunk.run_starts.partition_point(|&start| start as usize <= span);
        Some(Wake {
            at: chunk.start(span),
            waker: Some(self.waker),
            wakee: *chunk.members.get(member.checked_sub(1)?)?,
            stack: chunk.stack_at(chunk.words_at(span)),
        })
    }

    /// The number of the first wake at or after a moment; their number if there is none.
    #[must_use]
    pub fn first_from(&self, time: Time) -> usize {
        let start = |&row: &u32| self.place(row).map_or(Time::MAX, |(chunk, at)| chunk.start(at));
        self.rows.partition_point(|row| start(row) < time)
    }

    /// The chunk of a span that is counted through all chunks, and its number there.
    fn place(&self, row: u32) -> Option<(&Chunk, usize)> {
        let chunk = self.bases.partition_point(|&base| base <= row).checked_sub(1)?;
        let base = *self.bases.get(chunk)?;
        Some((self.trace.chunks.get(chunk)?, (row - base) as usize))
    }
}

/// Calls `each` with every span of a chunk that somebody in particular made runnable, by its
/// number there, and with that goroutine.
fn for_each_woken(chunk: &Chunk, mut each: impl FnMut(usize, Goroutine)) {
    let kinds: Vec<(u8, bool)> = chunk.kinds.iter().map(width_and_woken).collect();
    let mut word = 0;
    for (at, kind) in chunk.kind_rows().iter().enumerate() {
        let Some(&(width, woken)) = kinds.get(usize::from(kind)) else { continue };
        if woken && let Some(waker) = chunk.waker_at(word) {
            each(at, waker);
        }
        word += usize::from(width);
    }
}

fn width_and_woken(kind: &Kind) -> (u8, bool) {
    (kind.words, kind.woken)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACES: [&[u8]; 2] = [
        include_bytes!("../../traces/late-exit/before.trace"),
        include_bytes!("../../traces/healthy-server/healthy-server.trace"),
    ];

    #[test]
    fn every_wake_is_found_with_its_waker_in_order_of_time() {
        for file in TRACES {
            let trace = crate::model::build(file, &Progress::default()).expect("a trace");
            let index = Wakers::new(&trace, &Progress::default()).expect("nobody cancels");
            let mut n_found = 0;
            for waker in trace.goroutines() {
                let mut told: Vec<Wake> = trace
                    .chunks()
                    .iter()
                    .flat_map(Chunk::wakes)
                    .filter(|wake| wake.waker == Some(waker))
                    .collect();
                told.sort_by_key(|wake| wake.at);
                let woken = index.of(&trace, waker);
                assert_eq!(woken.len(), told.len());
                for (at, wake) in told.iter().enumerate() {
                    assert_eq!(woken.get(at).as_ref(), Some(wake));
                    assert!((at.saturating_sub(1)..=at).contains(&woken.first_from(wake.at)));
                }
                assert_eq!(woken.get(told.len()), None);
                assert_eq!(woken.first_from(Time::MIN), 0);
                assert_eq!(woken.first_from(Time::MAX), told.len());
                n_found += told.len();
            }
            assert!(n_found > 10, "{n_found} wakes");
        }
    }

    #[test]
    fn sorting_can_be_stopped() {
        let trace = crate::model::build(TRACES[0], &Progress::default()).expect("a trace");
        let progress = Progress::default();
        progress.cancel();
        assert!(Wakers::new(&trace, &progress).is_err());
    }
}
