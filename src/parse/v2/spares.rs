//! What those that are done leave to those that come later.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Spares of all threads, no more than there are users to come.
pub(super) struct Spares<T>(Mutex<Pool<T>>);

struct Pool<T> {
    spares: Vec<T>,
    /// How many have not taken one.
    n_to_come: usize,
}

impl<T: Default> Spares<T> {
    pub(super) fn new(n_to_come: usize) -> Self {
        Self(Mutex::new(Pool { spares: Vec::new(), n_to_come }))
    }

    /// For one that begins: a spare, or a new one.
    pub(super) fn take(&self) -> T {
        let mut pool = self.lock();
        pool.n_to_come = pool.n_to_come.saturating_sub(1);
        pool.spares.pop().unwrap_or_default()
    }

    /// Of one that is done.
    pub(super) fn put(&self, spare: T) {
        let mut pool = self.lock();
        if pool.spares.len() < pool.n_to_come {
            pool.spares.push(spare);
        }
    }

    /// Nobody panics while these are held.
    fn lock(&self) -> MutexGuard<'_, Pool<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_is_to_come() {
        let spares = Spares::<u32>::new(4);
        assert_eq!([spares.take(), spares.take()], [0, 0], "nothing was left yet");
        spares.put(1);
        assert_eq!(spares.take(), 1);
        spares.put(2);
        spares.put(3);
        assert_eq!(spares.take(), 2, "one was to come, so 3 was not kept");
        spares.put(4);
        assert_eq!(spares.take(), 0, "none was to come");
    }
}
