//! Large vectors that are done with.

/// Frees a vector so that its memory goes back to the system at once.
///
/// glibc maps large blocks apart from others, and unmaps them when they are freed. But it takes
/// the first one that is freed for a sign that blocks of its size are short-lived: from then on it
/// maps none that is smaller, and keeps twice that much of what is freed. At a few megabytes,
/// that is a tenth of what a small trace takes. A block that shrinks before it is freed gives
/// no such sign (glibc 2.36, `malloc/malloc.c`, `mremap_chunk` and `__libc_free`).
pub fn give_up<T>(mut large: Vec<T>) {
    large.truncate(1);
    large.shrink_to(1);
    std::hint::black_box(&large);
}
