//! The bytes of an input, in memory or mapped.

use std::fs::File;
use std::io;
use std::ops::{Deref, Range};

use memmap2::Mmap;
#[cfg(unix)]
use memmap2::UncheckedAdvice;

/// The bytes of an input; they stay the same as long as it lives.
#[derive(Debug)]
pub struct Bytes(Kind);

#[derive(Debug)]
enum Kind {
    Owned(Vec<u8>),
    Mapped(Mmap),
}

impl Bytes {
    /// Maps a file that nobody is writing to.
    ///
    /// If someone does write to it all the same, the bytes change under the reader, which the
    /// parser bears, since it checks each access on its own. If someone shortens it, reading
    /// beyond the new end ends the program (SIGBUS on Unix). That is why
    /// [`read_input`](super::read_input) reads files that were changed just now instead.
    #[expect(unsafe_code, reason = "the only way to map a file; the caller has made sure")]
    pub(super) fn map(file: &File) -> io::Result<Self> {
        // SAFETY: the file was not changed for a while, so nobody seems to be writing to it.
        // No operating system can promise more than that.
        unsafe { Mmap::map(file) }.map(|map| Self(Kind::Mapped(map)))
    }

    /// Gives the memory of bytes that will not be looked at soon back to the system. They can
    /// still be read, and are then fetched from the file again. Owned bytes stay.
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "the only way to give back pages of a mapped file")]
    pub fn give_back(&self, range: Range<usize>) {
        if let Kind::Mapped(map) = &self.0
            && range.start < range.end
            && range.end <= map.len()
        {
            // SAFETY: the map is never written to, so its pages hold what the file holds, and
            // reading them again gives the same bytes (but for what `map` says of changed files).
            let advised = unsafe {
                map.unchecked_advise_range(UncheckedAdvice::DontNeed, range.start, range.len())
            };
            // Without it the pages stay until the map goes.
            let _ = advised;
        }
    }

    /// Nothing, where the system has no such thing.
    #[cfg(not(unix))]
    pub fn give_back(&self, _range: Range<usize>) {}

    /// Whether the bytes are those of a file on disk, and take no memory of their own.
    #[must_use]
    pub fn is_mapped(&self) -> bool {
        matches!(self.0, Kind::Mapped(_))
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Kind::Owned(bytes))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Kind::Owned(bytes) => bytes,
            Kind::Mapped(map) => map,
        }
    }
}
