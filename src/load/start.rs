//! The beginning of a large file, to show something of it before all has been read.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::decompress::{Compression, begin};

/// The beginning of a file, decompressed.
#[derive(Debug)]
pub struct Start {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether the file goes on behind them.
    pub goes_on: bool,
    /// Whether the file is compressed.
    pub is_packed: bool,
}

/// Reads at least `least` bytes of the beginning of a file that is longer than `above`, and
/// decompresses them. None if the file is shorter, cannot be read, or is no regular file, which
/// might be read only once.
///
/// A compressed file counts with what its bytes may grow to.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "traces are opened in this room and nowhere else")]
pub fn read_start(path: &Path, above: u64, least: usize) -> Option<Start> {
    let metadata = std::fs::metadata(path).ok()?;
    if path.as_os_str() == "-" || !metadata.is_file() {
        return None;
    }
    let mut packed = Vec::new();
    let mut file = File::open(path).ok()?;
    file.by_ref().take(MAGIC_BYTES).read_to_end(&mut packed).ok()?;
    let compression = Compression::of(&packed);
    let growth = if compression.is_some() { USUAL_RATIO } else { 1 };
    if metadata.len().saturating_mul(growth) <= above {
        return None;
    }
    file.by_ref().take(least as u64).read_to_end(&mut packed).ok()?;
    let goes_on = (packed.len() as u64) < metadata.len();
    let Some(compression) = compression else {
        return Some(Start { bytes: packed, goes_on, is_packed: false });
    };
    let bytes = begin(compression, &packed, least);
    Some(Start { goes_on: goes_on || bytes.len() >= least, bytes, is_packed: true })
}

/// What tells how a file is compressed.
const MAGIC_BYTES: u64 = 16;
/// How many bytes of a trace a compressed one becomes, as a rule.
const USUAL_RATIO: u64 = 4;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Bytes that are not too easy to compress.
    fn noise(n: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0] & 0x3f
        };
        (0..n).map(|_| next()).collect()
    }

    #[test]
    fn only_the_beginning_of_a_long_file_is_read() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let bytes = noise(100_000);
        file.write_all(&bytes).expect("the bytes");
        let start = read_start(file.path(), 50_000, 10_000).expect("it is long");
        assert!((10_000..20_000).contains(&start.bytes.len()));
        assert!(bytes.starts_with(&start.bytes) && start.goes_on);
        let all = read_start(file.path(), 50_000, 1 << 20).expect("it is long");
        assert!(all.bytes == bytes && !all.goes_on);
        assert!(read_start(file.path(), 100_000, 10_000).is_none(), "it is not that long");
    }

    #[test]
    fn a_compressed_file_is_unpacked_as_far_as_needed() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let bytes = noise(400_000);
        let mut packer = flate2::write::GzEncoder::new(&mut file, flate2::Compression::fast());
        packer.write_all(&bytes).expect("the bytes");
        packer.finish().expect("the end");
        let start = read_start(file.path(), 100_000, 20_000).expect("it is long");
        assert!((20_000..40_000).contains(&start.bytes.len()), "{}", start.bytes.len());
        assert!(bytes.starts_with(&start.bytes) && start.goes_on);
        let all = read_start(file.path(), 100_000, 1 << 20).expect("it is long");
        assert!(all.bytes == bytes && !all.goes_on);
    }

    #[test]
    fn what_is_no_file_has_no_start() {
        assert!(read_start(Path::new("-"), 0, 10).is_none());
        assert!(read_start(Path::new("."), 0, 10).is_none());
        assert!(read_start(Path::new("no-such.trace"), 0, 10).is_none());
    }
}
