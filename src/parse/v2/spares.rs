//! Room that generations leave to those that are read after them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::order::Cells;
use crate::parse::pieces::Piece;

/// What a generation that was joined leaves to one that is read later: fresh memory costs more than
/// what is done in it.
pub(super) struct Spare<P: Piece> {
    pub(super) left: P::Left,
    pub(super) cells: Cells,
}

/// Spares of all threads, no more than there are generations to come.
pub(super) struct Spares<P: Piece>(Mutex<Pool<P>>);

struct Pool<P: Piece> {
    spares: Vec<Spare<P>>,
    /// How many generations nobody has begun to read.
    n_to_come: usize,
}

impl<P: Piece> Spares<P> {
    pub(super) fn new(n_to_come: usize) -> Self {
        Self(Mutex::new(Pool { spares: Vec::new(), n_to_come }))
    }

    /// For a generation that is begun.
    pub(super) fn take(&self) -> Spare<P> {
        let mut pool = self.lock();
        pool.n_to_come = pool.n_to_come.saturating_sub(1);
        let spare = pool.spares.pop();
        spare.unwrap_or_else(|| Spare { left: P::Left::default(), cells: Cells::default() })
    }

    pub(super) fn put(&self, spare: Spare<P>) {
        let mut pool = self.lock();
        if pool.spares.len() < pool.n_to_come {
            pool.spares.push(spare);
        }
    }

    /// Nobody panics while these are held.
    fn lock(&self) -> MutexGuard<'_, Pool<P>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::event::Event;
    use crate::parse::pieces::Shift;
    use crate::parse::sink::Sink;
    use crate::parse::tables::Tables;

    struct Numbered;

    impl Sink for Numbered {
        fn begin_generation(&mut self, _: &Tables<'_>) {}

        fn event(&mut self, _: &Tables<'_>, _: &Event) {}
    }

    impl Piece for Numbered {
        type Scratch = ();
        type Left = u32;

        fn scratch(_: usize) {}

        fn new((): (), _: u32) -> Self {
            Self
        }

        fn finish(&mut self) {}

        fn shift(&mut self, _: &Shift) {}
    }

    #[test]
    fn no_more_is_kept_than_is_to_come() {
        let spares = Spares::<Numbered>::new(4);
        let put = |left| spares.put(Spare { left, cells: Cells::default() });
        assert_eq!([spares.take().left, spares.take().left], [0, 0], "nothing was left yet");
        put(1);
        assert_eq!(spares.take().left, 1);
        put(2);
        put(3);
        assert_eq!(spares.take().left, 2, "one was to come, so 3 was not kept");
        put(4);
        assert_eq!(spares.take().left, 0, "none was to come");
    }
}
