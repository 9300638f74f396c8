//! An object with long lists, a line for each field and for each element of a list: half the
//! size of indented JSON, and still fit to be read and compared line by line.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use serde::Serialize;

/// What a block of a list's elements weighs that is made in one go. A block is some hundred
/// kilobytes of text; of those, each thread holds [`BLOCKS_AHEAD`].
const BLOCK_WEIGHT: usize = 256;
/// How many blocks a thread may be ahead of what is written.
const BLOCKS_AHEAD: usize = 4;

/// An object that is being written.
pub(super) struct Object<'a> {
    out: &'a mut dyn Write,
    first: bool,
}

impl<'a> Object<'a> {
    /// Begins one.
    pub(super) fn open(out: &'a mut dyn Write) -> io::Result<Self> {
        out.write_all(b"{")?;
        Ok(Self { out, first: true })
    }

    /// Writes a field on one line.
    pub(super) fn field(
        &mut self,
        name: &str,
        value: &(impl Serialize + ?Sized),
    ) -> io::Result<()> {
        self.name(name)?;
        Ok(serde_json::to_writer(&mut self.out, value)?)
    }

    /// Writes a list, each element on a line of its own.
    pub(super) fn list<'t, T, R: Serialize>(
        &mut self,
        name: &str,
        items: &'t [T],
        row: impl Fn(&'t T) -> R,
    ) -> io::Result<()> {
        self.name(name)?;
        self.out.write_all(b"[")?;
        let mut text = Vec::new();
        for (at, item) in items.iter().enumerate() {
            text.clear();
            write_element(&mut text, at, &row(item))?;
            self.out.write_all(&text)?;
        }
        self.out.write_all(b"]")
    }

    /// Writes a list whose elements take work to make, on all processors. `weigh` tells how
    /// much work an element is, compared with others.
    pub(super) fn heavy_list<'t, T: Sync, R: Serialize>(
        &mut self,
        name: &str,
        items: &'t [T],
        weigh: impl Fn(&T) -> usize,
        row: impl Fn(&'t T) -> R + Sync,
    ) -> io::Result<()> {
        let blocks = blocks(items, weigh);
        let n_threads = thread::available_parallelism().map_or(1, usize::from).min(blocks.len());
        if n_threads < 2 {
            return self.list(name, items, row);
        }
        self.name(name)?;
        self.out.write_all(b"[")?;
        let make = |text: &mut Vec<u8>, range: Range<usize>| {
            range.into_iter().try_for_each(|at| write_element(text, at, &row(&items[at])))
        };
        in_turn(self.out, &blocks, n_threads, &make)?;
        self.out.write_all(b"]")
    }

    /// Ends the object.
    pub(super) fn close(self) -> io::Result<()> {
        self.out.write_all(b"}\n")
    }

    fn name(&mut self, name: &str) -> io::Result<()> {
        self.out.write_all(if self.first { b"\n" } else { b",\n" })?;
        self.first = false;
        write!(self.out, "\"{name}\":")
    }
}

fn write_element(text: &mut Vec<u8>, at: usize, row: &impl Serialize) -> io::Result<()> {
    text.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
    Ok(serde_json::to_writer(text, row)?)
}

/// Cuts a list into ranges of about the same weight.
fn blocks<T>(items: &[T], weigh: impl Fn(&T) -> usize) -> Vec<Range<usize>> {
    let (mut blocks, mut start, mut weight) = (Vec::new(), 0, 0);
    for (at, item) in items.iter().enumerate() {
        weight += weigh(item);
        if weight >= BLOCK_WEIGHT {
            blocks.push(start..at + 1);
            (start, weight) = (at + 1, 0);
        }
    }
    if start < items.len() {
        blocks.push(start..items.len());
    }
    blocks
}

type Text = io::Result<Vec<u8>>;

/// Writes what `make` makes of each block, in order: thread 0 makes the blocks 0, n, 2 n ….
fn in_turn(
    out: &mut dyn Write,
    blocks: &[Range<usize>],
    n_threads: usize,
    make: &(impl Fn(&mut Vec<u8>, Range<usize>) -> io::Result<()> + Sync),
) -> io::Result<()> {
    thread::scope(|scope| {
        let mut workers: Vec<Worker> = Vec::new();
        for first in 0..n_threads {
            let (done, texts) = sync_channel(BLOCKS_AHEAD);
            let (spent, spare) = sync_channel(BLOCKS_AHEAD);
            workers.push(Worker { texts, spent });
            let blocks = blocks.iter().skip(first).step_by(n_threads);
            scope.spawn(move || send_all(&done, &spare, blocks, make));
        }
        for at in 0..blocks.len() {
            let worker = &workers[at % n_threads];
            // A thread that ends early has panicked; the scope hands that on.
            let Ok(text) = worker.texts.recv() else { break };
            let text = text?;
            out.write_all(&text)?;
            // One that nobody needs any more is let go of here.
            let _ = worker.spent.try_send(text);
        }
        Ok(())
    })
}

/// A thread that makes blocks, as the one that writes them sees it.
struct Worker {
    texts: Receiver<Text>,
    /// Texts that were written go back, since fresh memory costs more than filling it.
    spent: SyncSender<Vec<u8>>,
}

fn send_all<'a>(
    done: &SyncSender<Text>,
    spare: &Receiver<Vec<u8>>,
    blocks: impl Iterator<Item = &'a Range<usize>>,
    make: impl Fn(&mut Vec<u8>, Range<usize>) -> io::Result<()>,
) {
    for block in blocks {
        let mut text = spare.try_recv().unwrap_or_default();
        text.clear();
        let made = make(&mut text, block.clone());
        if done.send(made.map(|()| text)).is_err() {
            // Nobody takes them any more: writing has failed.
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heavy(n: u32) -> String {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out).expect("written");
        let items: Vec<u32> = (0..n).collect();
        object.heavy_list("all", &items, |_| 100, |item| item * 2).expect("written");
        object.close().expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn what_is_made_on_several_threads_is_in_order() {
        for n in [0, 1, 2, 3, 1000] {
            let lines: Vec<String> = (0..n).map(|item| format!("\n{}", item * 2)).collect();
            assert_eq!(heavy(n), format!("{{\n\"all\":[{}]}}\n", lines.join(",")), "{n}");
        }
    }

    #[test]
    fn blocks_cover_a_list() {
        let weights = [1, 300, 5, 5, 250, 1, 1000, 3];
        let blocks = blocks(&weights, |weight| *weight);
        assert_eq!(blocks, [0..2, 2..5, 5..7, 7..8]);
    }

    /// A file on a disk that is full.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_failure_to_write_ends_the_work() {
        let items: Vec<u32> = (0..10_000).collect();
        let mut full = Full(1000);
        let mut object = Object::open(&mut full).expect("written");
        let err = object.heavy_list("all", &items, |_| 100, |item| *item).expect_err("it is full");
        assert_eq!(err.kind(), io::ErrorKind::StorageFull);
    }
}
