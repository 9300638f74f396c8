//! Two pieces of work at once, and how many at most.

/// How many threads can run at once: the machine's cores, as far as this program may use them.
#[must_use]
pub fn n_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs two pieces of work beside each other, one of them on a thread of its own.
///
/// # Panics
/// If either does.
pub fn beside<A, B: Send>(one: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        let one = one();
        (one, other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_done() {
        let (mut one, mut other) = (1, 2);
        assert_eq!(beside(|| one += 1, || other += 1), ((), ()));
        assert_eq!((one, other), (2, 3));
    }

    #[test]
    fn a_panic_is_handed_on() {
        let both = || beside(|| 1, || -> i32 { panic!("of the other") });
        let panic = std::panic::catch_unwind(both).expect_err("a panic");
        assert_eq!(panic.downcast_ref(), Some(&"of the other"));
    }
}
