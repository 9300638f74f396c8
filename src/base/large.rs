//! Vectors that are large for a while.

use std::hint::black_box;
use std::mem::take;
use std::ops::{Deref, DerefMut};

/// A vector that can be large and is freed long before the program ends; its memory then goes back
/// to the system at once.
///
/// glibc maps large blocks apart from others and unmaps them when they are freed. But the first of a
/// size that is freed is a sign to it that such blocks are short-lived: from then on it maps none
/// that is smaller, and keeps twice so much of what is freed. With tables of a few megabytes
/// that came to a tenth of what the report on a small trace takes. A block that shrinks before
/// it is freed gives no such sign (glibc 2.36, `malloc/malloc.c`: `mremap_chunk`, `__libc_free`).
#[derive(Debug)]
pub struct Large<T>(Vec<T>);

impl<T> Default for Large<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for Large<T> {
    type Target = Vec<T>;

    #[inline]
    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Large<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> Drop for Large<T> {
    fn drop(&mut self) {
        let mut items = take(&mut self.0);
        items.truncate(1);
        items.shrink_to(1);
        // Without this the compiler sees that nobody looks at it any more, and does not shrink it.
        black_box(&items);
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn what_is_in_it_is_freed_once() {
        for n in [0, 1, 2, 100_000] {
            let thing = Rc::new(());
            let mut large = Large::default();
            large.extend((0..2 * n).map(|_| Rc::clone(&thing)));
            assert_eq!(Rc::strong_count(&thing), 2 * n + 1);
            drop(large);
            assert_eq!(Rc::strong_count(&thing), 1);
        }
    }
}
