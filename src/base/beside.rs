//! Two pieces of work at once.

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
    #[should_panic(expected = "of the other")]
    fn a_panic_is_handed_on() {
        beside(|| 1, || panic!("of the other"));
    }
}
