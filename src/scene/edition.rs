//! Which state something is in, as a number.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that is new with each change of what bears it, in the whole process: where it is the
/// same, so is all else. What was never finished has none, and is not the same as anything.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Edition(u64);

impl Edition {
    /// One that there has not been.
    pub(super) fn new() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl PartialEq for Edition {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 && self.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_and_the_same_is_the_same() {
        let edition = Edition::new();
        assert_eq!(edition, edition);
        assert_ne!(edition, Edition::new());
        assert_ne!(Edition::default(), Edition::default());
    }
}
