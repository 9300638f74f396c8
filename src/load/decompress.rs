//! Inputs that are compressed are told by their first bytes, whatever their names.

use std::fmt;
use std::io::{self, Read};

use byteorder::{BigEndian, ByteOrder};
use flate2::bufread::MultiGzDecoder;

use super::zstd;
use crate::base::{Cancelled, Progress};

/// RFC 1952, section 2.3.1.
const GZIP_MAGIC: u16 = 0x1f8b;
/// What may always be decompressed, in bytes.
const LIMIT_BYTES: u64 = 1 << 30;
/// What may be decompressed besides, in multiples of the compressed size. Traces shrink to a
/// fifth or so, a bomb to a thousandth.
const LIMIT_RATIO: u64 = 32;
/// How much is decompressed between two looks at the limit and at the wish to stop, in bytes.
const PIECE_BYTES: usize = 256 << 10;

/// How an input is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compression {
    /// One or several gzip members.
    Gzip,
    /// One or several zstd frames.
    Zstd,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

impl Compression {
    /// How bytes are compressed, judged by how they begin.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.get(..2).map(BigEndian::read_u16) == Some(GZIP_MAGIC) {
            Some(Self::Gzip)
        } else if zstd::begins_frame(bytes) {
            Some(Self::Zstd)
        } else {
            None
        }
    }
}

/// What came out of a decompressor.
#[derive(Debug)]
pub(super) struct Decompressed {
    /// The bytes up to the end or the damage.
    pub(super) bytes: Vec<u8>,
    /// The damage.
    pub(super) damage: Option<io::Error>,
}

/// Why there is nothing to use.
#[derive(Debug)]
pub(super) enum DecompressError {
    /// There would be more than this many bytes.
    TooLarge { limit: u64 },
    /// Nobody wants it any more.
    Cancelled(Cancelled),
}

/// Decompresses all there is; damage ends it early.
pub(super) fn decompress(
    compression: Compression,
    packed: &[u8],
    progress: &Progress,
) -> Result<Decompressed, DecompressError> {
    let limit = LIMIT_BYTES.max(packed.len() as u64 * LIMIT_RATIO);
    match compression {
        Compression::Gzip => drain(MultiGzDecoder::new(packed), limit, progress),
        Compression::Zstd => drain(zstd::Frames::new(packed), limit, progress),
    }
}

/// The first `least` bytes or a few more of what begins as `packed` does; fewer if that does not
/// hold so many.
pub(super) fn begin(compression: Compression, packed: &[u8], least: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What is cut off or damaged is not this function's business.
    let _ = match compression {
        Compression::Gzip => MultiGzDecoder::new(packed).take(least as u64).read_to_end(&mut bytes),
        Compression::Zstd => zstd::Frames::new(packed).take(least as u64).read_to_end(&mut bytes),
    };
    bytes
}

/// Reads all that a decompressor gives, up to a limit.
pub(super) fn drain(
    mut source: impl Read,
    limit: u64,
    progress: &Progress,
) -> Result<Decompressed, DecompressError> {
    let mut bytes = Vec::new();
    loop {
        progress.check().map_err(DecompressError::Cancelled)?;
        match source.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut bytes) {
            Ok(0) => return Ok(Decompressed { bytes, damage: None }),
            Ok(_) if bytes.len() as u64 > limit => return Err(DecompressError::TooLarge { limit }),
            Ok(_) => {}
            Err(err) => return Ok(Decompressed { bytes, damage: Some(err) }),
        }
    }
}
