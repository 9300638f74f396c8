//! Blocks of text that several threads make, written in order.

use std::io::{self, Write};
use std::iter::repeat_n;
use std::ops::Range;
use std::slice;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::text::Text;

/// How much text is handed over at once, in bytes.
pub(super) const PART_BYTES: usize = 1 << 17;
/// How many parts of one block may wait for their turn.
const PARTS_AHEAD: usize = 4;
/// How many blocks may wait for their turn, for each thread: more than [`BYTES_AHEAD`] lets, as a
/// rule.
const BLOCKS_AHEAD: usize = 32;
/// How much text of all blocks may wait before another one is begun, in bytes for each thread: while
/// one makes a block that takes long, all others go on. What a block comes to has no bound.
const BYTES_AHEAD: usize = 1 << 20;

/// Writes what `make` makes of each block, in order. Whichever thread is free takes the next
/// block: one of a cancel with long windows takes a hundred times as long as another.
pub(super) fn in_turn<M>(
    out: &mut dyn Write,
    blocks: &[Range<usize>],
    n_threads: usize,
    make: &(impl Fn() -> M + Sync),
) -> io::Result<()>
where
    M: FnMut(&mut Outlet<'_>, Range<usize>) -> io::Result<()>,
{
    let (taken, in_order) = sync_channel(n_threads * BLOCKS_AHEAD);
    let left = Mutex::new(blocks.iter());
    let store = Store::new(n_threads * BYTES_AHEAD);
    thread::scope(|scope| {
        for taken in repeat_n(taken, n_threads) {
            let (left, store) = (&left, &store);
            scope.spawn(move || {
                let mut make = make();
                while let Some((block, done)) = take(left, &taken, store) {
                    let mut outlet = Outlet { text: store.fresh(), done, store };
                    let made = make(&mut outlet, block.clone());
                    if outlet.end(made).is_err() {
                        return;
                    }
                }
            });
        }
        // A thread that ends early has panicked; the scope hands that on.
        let written = in_order.iter().try_for_each(|parts| store.write(out, &parts));
        // After an error nobody is to wait or to begin any more.
        drop(in_order);
        store.close();
        written
    })
}

type Parts = Receiver<io::Result<Text>>;
type Done = SyncSender<io::Result<Text>>;

/// The next block to make, and where its text goes: once there is room, for which all that want a
/// block wait here, so that the writer hears of them in order. The blocks before it are complete
/// or being made, so that it gets to write them, and there will be room.
fn take<'a>(
    left: &Mutex<slice::Iter<'a, Range<usize>>>,
    taken: &SyncSender<Parts>,
    store: &Store,
) -> Option<(&'a Range<usize>, Done)> {
    let mut left = lock(left);
    store.wait_for_room();
    let block = left.next()?;
    let (done, parts) = sync_channel(PARTS_AHEAD);
    taken.send(parts).ok()?;
    Some((block, done))
}

/// Nobody panics while a queue or a store is held; where one does, nothing was left half done.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Texts on their way, and those that were written.
struct Store {
    texts: Mutex<Texts>,
    has_room: Condvar,
    /// How much may wait before nobody begins another block, in bytes.
    bytes_ahead: usize,
}

#[derive(Default)]
struct Texts {
    /// How much was handed over and is not written yet, in bytes.
    bytes_waiting: usize,
    /// To be filled again, since fresh memory costs more than filling it.
    spare: Vec<Text>,
    is_closed: bool,
}

impl Store {
    fn new(bytes_ahead: usize) -> Self {
        Self { texts: Mutex::default(), has_room: Condvar::new(), bytes_ahead }
    }

    fn wait_for_room(&self) {
        let is_full =
            |texts: &mut Texts| texts.bytes_waiting > self.bytes_ahead && !texts.is_closed;
        let room = self.has_room.wait_while(lock(&self.texts), is_full);
        drop(room.unwrap_or_else(PoisonError::into_inner));
    }

    fn fresh(&self) -> Text {
        lock(&self.texts).spare.pop().unwrap_or_default()
    }

    /// Writes a block.
    fn write(&self, out: &mut dyn Write, parts: &Parts) -> io::Result<()> {
        for text in parts {
            let mut text = text?;
            out.write_all(text.as_bytes())?;
            let mut texts = lock(&self.texts);
            texts.bytes_waiting -= text.len();
            // One that had to be far longer than others would keep its room for nothing.
            if text.len() <= 2 * PART_BYTES {
                text.clear();
                texts.spare.push(text);
            }
            self.has_room.notify_one();
        }
        Ok(())
    }

    fn close(&self) {
        lock(&self.texts).is_closed = true;
        self.has_room.notify_all();
    }
}

/// Where a thread puts the text of a block. What one element comes to has no bound, so it is
/// handed over part by part.
pub(super) struct Outlet<'a> {
    text: Text,
    done: Done,
    store: &'a Store,
}

impl Outlet<'_> {
    /// The text that has not been handed over yet: more goes to its end.
    pub(super) fn text(&mut self) -> &mut Text {
        &mut self.text
    }

    /// Hands the text over if it has grown long.
    ///
    /// # Errors
    /// If nobody takes it any more.
    pub(super) fn relieve(&mut self) -> io::Result<()> {
        if self.text.len() < PART_BYTES {
            return Ok(());
        }
        let text = std::mem::replace(&mut self.text, self.store.fresh());
        self.hand_over(text)
    }

    /// Hands over the rest of the block, or why there is none.
    fn end(mut self, made: io::Result<()>) -> io::Result<()> {
        match made {
            Ok(()) => {
                let text = std::mem::take(&mut self.text);
                self.hand_over(text)
            }
            // If nobody takes it, writing has failed already.
            Err(err) => self.done.send(Err(err)).map_err(|_| io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn hand_over(&self, text: Text) -> io::Result<()> {
        lock(&self.store.texts).bytes_waiting += text.len();
        self.done.send(Ok(text)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    /// An output that takes its time, and notes how much has been made by then.
    struct Slow<'a> {
        made: &'a AtomicUsize,
        written: usize,
        most_ahead: usize,
    }

    impl Write for Slow<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            thread::sleep(Duration::from_millis(2));
            let ahead = self.made.load(Ordering::Relaxed) - self.written;
            self.most_ahead = self.most_ahead.max(ahead);
            self.written += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn little_text_waits_however_long_a_row_is() {
        const ROW: usize = 1 << 19;
        const N_THREADS: usize = 3;
        let made = AtomicUsize::new(0);
        let mut slow = Slow { made: &made, written: 0, most_ahead: 0 };
        let blocks: Vec<_> = (0..60).map(|at| at..at + 1).collect();
        let row = "x".repeat(ROW);
        let make = || {
            |out: &mut Outlet<'_>, _| {
                out.text().push(&row);
                made.fetch_add(ROW, Ordering::Relaxed);
                out.relieve()
            }
        };
        in_turn(&mut slow, &blocks, N_THREADS, &make).expect("written");
        assert_eq!(slow.written, blocks.len() * ROW);
        let most = N_THREADS * BYTES_AHEAD + (N_THREADS + 2) * ROW;
        assert!(slow.most_ahead <= most, "{} bytes, at most {most}", slow.most_ahead);
    }
}
