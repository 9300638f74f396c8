//! The bytes of an input, in memory or mapped.

use std::fs::File;
use std::io;
use std::ops::Deref;

use memmap2::Mmap;

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
