//! The next event of every thread, as a heap by time.
//!
//! Equal times are common, and which of them comes first is decided by the exact steps of
//! the heap. They are those of Go 1.26 `internal/trace/batchcursor.go`, so that the order is
//! the reference's: sift up while the parent is strictly later; after an event is taken sift
//! up, else down; going down prefers self, left, right; to remove, lift to the root by swaps,
//! swap root and last, shrink, sift down.

/// One thread's place in the heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head {
    /// The time of its next event, in nanoseconds.
    pub(super) time: i64,
    /// The row of its stream.
    pub(super) stream: u32,
}

/// A binary min-heap whose layout is part of its meaning.
#[derive(Default, Debug)]
pub(super) struct Frontier(Vec<Head>);

impl Frontier {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<Head> {
        self.0.get(at).copied()
    }

    /// Up to when the entry at the root stays there, if its time grows.
    #[inline]
    pub(super) fn second_time(&self) -> i64 {
        self.time(1).min(self.time(2))
    }

    pub(super) fn insert(&mut self, head: Head) {
        self.0.push(head);
        self.sift_up(self.0.len() - 1);
    }

    /// Sets the time of the entry at `at` and restores the heap.
    #[inline]
    pub(super) fn update(&mut self, at: usize, time: i64) {
        if let Some(head) = self.0.get_mut(at) {
            head.time = time;
        }
        // As a rule a thread has several events to give before another's turn.
        if at == 0
            && let [_, left, right, ..] = *self.0
            && time <= left.time
            && time <= right.time
        {
            return;
        }
        if self.sift_up(at) == at {
            self.sift_down(at);
        }
    }

    pub(super) fn remove(&mut self, at: usize) {
        let mut at = at;
        while at > 0 {
            let parent = (at - 1) / 2;
            self.0.swap(parent, at);
            at = parent;
        }
        if !self.0.is_empty() {
            self.0.swap_remove(0);
            self.sift_down(0);
        }
    }

    /// Sorts the entries by time; a sorted heap is still a heap. Stable, as in the reference
    /// dumps.
    pub(super) fn sort(&mut self) {
        self.0.sort_by_key(|head| head.time);
    }

    #[inline]
    fn time(&self, at: usize) -> i64 {
        self.0.get(at).map_or(i64::MAX, |head| head.time)
    }

    fn sift_up(&mut self, mut at: usize) -> usize {
        while at > 0 && self.time((at - 1) / 2) > self.time(at) {
            self.0.swap((at - 1) / 2, at);
            at = (at - 1) / 2;
        }
        at
    }

    /// Moves the entry at `at` down, past whichever child is the earlier one.
    fn sift_down(&mut self, mut at: usize) {
        let Some(&head) = self.0.get(at) else {
            return;
        };
        let heads = self.0.as_mut_slice();
        loop {
            let left = 2 * at + 1;
            let (child, earlier) = match heads.get(left..) {
                Some(&[one, other, ..]) if other.time < one.time => (left + 1, other),
                Some(&[one, ..]) => (left, one),
                _ => break,
            };
            if earlier.time >= head.time {
                break;
            }
            if let Some(place) = heads.get_mut(at) {
                *place = earlier;
            }
            at = child;
        }
        if let Some(place) = heads.get_mut(at) {
            *place = head;
        }
    }
}
