//! An allocator that counts what each thread holds, and what a piece of work may cost.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Counts the bytes that each thread allocates and frees.
struct Counting;

thread_local! {
    /// Bytes held; frees of what another thread allocated count against the thread that frees.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(bytes: isize) {
    // A thread that is being torn down has no counter any more; nothing is measured then.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

fn size(layout: Layout) -> isize {
    isize::try_from(layout.size()).unwrap_or(isize::MAX)
}

#[expect(unsafe_code, reason = "only an allocator can count; it hands everything to the system's")]
// SAFETY: every call goes to the system's allocator with the arguments it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(size(layout));
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(size(layout));
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-size(layout));
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new: usize) -> *mut u8 {
        // While it copies, the old and the new one may both be there.
        count(isize::try_from(new).unwrap_or(isize::MAX));
        count(-size(layout));
        unsafe { System.realloc(at, layout, new) }
    }
}

/// What a piece of work cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// The most bytes that it held at once.
    pub(crate) peak: usize,
    /// How long it took.
    pub(crate) time: Duration,
}

/// No trace takes longer than this, of those that are small.
pub(crate) const MOST_TIME: Duration = Duration::from_secs(1);

/// The most memory that a file of `len` bytes may take.
pub(crate) fn most_memory(len: usize) -> usize {
    (64 << 20) + 16 * len
}

/// Runs `work` on this thread and measures it; the text of its panic if it does.
///
/// # Errors
/// The panic's message.
pub(crate) fn measured<T>(work: impl FnOnce() -> T) -> Result<(T, Cost), String> {
    let before = HELD.get();
    PEAK.set(before);
    let start = Instant::now();
    let done = catch_unwind(AssertUnwindSafe(work));
    let time = start.elapsed();
    let peak = usize::try_from(PEAK.get() - before).unwrap_or(0);
    match done {
        Ok(done) => Ok((done, Cost { peak, time })),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            Err(text
                .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
                .unwrap_or_default())
        }
    }
}

/// The same; also complains about a cost that is beyond the bounds for `len` bytes.
///
/// # Errors
/// What is wrong.
pub(crate) fn bounded<T>(len: usize, mut work: impl FnMut() -> T) -> Result<(T, Cost), String> {
    let (mut done, mut cost) = measured(&mut work).map_err(|panic| format!("panicked: {panic}"))?;
    // A busy machine is no hang: what took too long gets more tries.
    for _ in 0..4 {
        if cost.time <= MOST_TIME {
            break;
        }
        let again = measured(&mut work).map_err(|panic| format!("panicked: {panic}"))?;
        cost.time = cost.time.min(again.1.time);
        done = again.0;
    }
    if cost.time > MOST_TIME {
        return Err(format!("took {:?} for {len} bytes", cost.time));
    }
    if cost.peak > most_memory(len) {
        return Err(format!("held {} MiB for {len} bytes", cost.peak >> 20));
    }
    Ok((done, cost))
}
