//! An object with long lists, a line for each field and for each element of a list: half the
//! size of indented JSON, and still fit to be read and compared line by line.

use std::io::{self, Write};
use std::ops::Range;

use serde::Serialize;

use super::turns::{Outlet, in_turn};
use crate::base::n_cores;

/// What a block of a list's elements weighs that one thread makes.
const BLOCK_WEIGHT: usize = 256;

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
        for (at, item) in items.iter().enumerate() {
            self.out.write_all(between(at))?;
            serde_json::to_writer(&mut self.out, &row(item))?;
        }
        self.out.write_all(b"]")
    }

    /// Writes a list whose elements take work to make, on all processors, out of `pieces`, each
    /// an element or a piece of one. `weigh` tells how much work a piece is, compared with others;
    /// each thread makes its own `pen`, which writes a piece and what stands [`between`] elements.
    pub(super) fn heavy_list<'t, T: Sync, P>(
        &mut self,
        name: &str,
        pieces: &'t [T],
        weigh: impl Fn(&T) -> usize,
        pen: impl Fn() -> P + Sync,
    ) -> io::Result<()>
    where
        P: FnMut(&mut Outlet<'_>, &'t T) -> io::Result<()>,
    {
        let blocks = blocks(pieces, weigh);
        let n_threads = n_cores().min(blocks.len());
        self.name(name)?;
        self.out.write_all(b"[")?;
        let make = || {
            let mut pen = pen();
            move |out: &mut Outlet<'_>, mut range: Range<usize>| {
                range.try_for_each(|at| {
                    pen(out, &pieces[at])?;
                    out.relieve()
                })
            }
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

/// What stands before an element of a list.
pub(super) fn between(at: usize) -> &'static [u8] {
    if at == 0 { b"\n" } else { b",\n" }
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

#[cfg(test)]
mod tests {
    use super::super::turns::PART_BYTES;
    use super::*;

    /// A pen for anything that is JSON, with its place in the list.
    fn pen<T: Serialize>() -> impl FnMut(&mut Outlet<'_>, &(usize, T)) -> io::Result<()> {
        |out, (at, item)| {
            out.text().push_bytes(between(*at));
            Ok(serde_json::to_writer(out.text(), item)?)
        }
    }

    fn placed<T>(items: impl IntoIterator<Item = T>) -> Vec<(usize, T)> {
        items.into_iter().enumerate().collect()
    }

    fn heavy(n: u32) -> String {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out).expect("written");
        let items = placed((0..n).map(|item| item * 2));
        object.heavy_list("all", &items, |_| 100, pen).expect("written");
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

    #[test]
    fn an_element_of_any_size_is_handed_over_in_pieces() {
        let items = placed((0..6).map(|at| "x".repeat(at * PART_BYTES)));
        let mut out = Vec::new();
        let mut object = Object::open(&mut out).expect("written");
        object.heavy_list("all", &items, |_| BLOCK_WEIGHT, pen).expect("written");
        object.close().expect("written");
        let read: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        let texts = read["all"].as_array().expect("a list").iter().map(|text| text.as_str());
        assert!(texts.eq(items.iter().map(|(_, item)| Some(item.as_str()))));
    }

    #[test]
    fn what_one_element_has_written_so_far_can_be_handed_over() {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out).expect("written");
        let digits = || {
            |out: &mut Outlet<'_>, n: &usize| {
                out.text().push("\n");
                (0..*n).try_for_each(|at| {
                    out.text().push_int(b"", i64::try_from(at % 10).expect("a digit"));
                    out.relieve()
                })
            }
        };
        object.heavy_list("all", &[3 * PART_BYTES, 2], |_| BLOCK_WEIGHT, digits).expect("written");
        object.close().expect("written");
        let text = String::from_utf8(out).expect("text");
        let digits = "0123456789".repeat(3 * PART_BYTES / 10 + 1);
        assert!(text == format!("{{\n\"all\":[\n{}\n01]}}\n", &digits[..3 * PART_BYTES]));
    }

    /// What cannot be written as JSON.
    struct Broken;

    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("broken"))
        }
    }

    #[test]
    fn an_element_that_cannot_be_made_is_an_error() {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out).expect("written");
        let made = object.heavy_list("all", &[(0, Broken), (1, Broken)], |_| BLOCK_WEIGHT, pen);
        assert_eq!(made.expect_err("no element").to_string(), "broken");
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
        let items = placed(0..10_000);
        let mut full = Full(1000);
        let mut object = Object::open(&mut full).expect("written");
        let err = object.heavy_list("all", &items, |_| 100, pen).expect_err("it is full");
        assert_eq!(err.kind(), io::ErrorKind::StorageFull);
    }
}
