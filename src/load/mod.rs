//! Inputs: files, standard input, compressed or not, and traces fetched from running programs.
//! The only place that reads files of traces, and the only one that speaks to a network.
//!
//! This room may not know egui.

mod address;
mod bytes;
mod decompress;
mod error;
mod fetch;
mod saving;
mod start;
mod zstd;

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use self::address::Address;
pub use self::bytes::Bytes;
pub use self::decompress::Compression;
use self::decompress::{DecompressError, decompress};
pub use self::error::{LoadError, reason};
pub use self::fetch::{FetchError, Recording, fetch};
pub use self::saving::{Form, Opened, Place, SaveError, Saving, Writing};
pub use self::start::{Start, read_start};
use crate::base::{Cancelled, Progress, Warning};
use crate::parse::sniff;

/// A file that was changed less than this ago is perhaps still being written.
const SETTLED_AFTER: Duration = Duration::from_secs(5);
/// How much is read between two looks at the wish to stop, in bytes.
const PIECE_BYTES: u64 = 1 << 20;

/// What there is to parse.
#[derive(Debug)]
pub struct Input {
    /// The file, none for standard input.
    pub path: Option<PathBuf>,
    /// The input as messages call it.
    pub name: String,
    /// Its bytes, decompressed.
    pub bytes: Bytes,
    /// How it was compressed.
    pub compression: Option<Compression>,
    /// What is missing; offsets are into `bytes`.
    pub warnings: Vec<Warning>,
}

/// Reads a file, or standard input if `path` is `-`.
///
/// A regular file that nobody seems to be writing to is mapped, all else is read. Data that
/// begins as gzip or zstd does is decompressed; if it is damaged or cut, what comes before is
/// the input, with a warning. From a pipe, only as much is read of what is no trace as is
/// needed to tell so. `progress` is only asked whether to stop.
///
/// # Errors
/// [`LoadError`]; in particular an input without bytes is an error.
pub fn read_input(path: &Path, progress: &Progress) -> Result<Input, LoadError> {
    if path.as_os_str() == "-" {
        let name = "standard input".to_owned();
        let bytes = read_stream(io::stdin().lock(), progress);
        let bytes = bytes.map_err(|err| err.of_input(&name))?.into();
        return unpack(None, name, bytes, progress);
    }
    let name = path.display().to_string();
    let bytes = read_file(path, progress).map_err(|err| err.of_input(&name))?;
    unpack(Some(path.to_owned()), name, bytes, progress)
}

/// Why reading ended, before it is known of what.
enum ReadError {
    Io(io::Error),
    Cancelled(Cancelled),
}

impl ReadError {
    fn of_input(self, name: &str) -> LoadError {
        match self {
            Self::Io(err) => LoadError::of_io(name, err),
            Self::Cancelled(err) => LoadError::Cancelled(err),
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(err: io::Error) -> Self {
        Self::Io(err)
    }
}

#[expect(clippy::disallowed_methods, reason = "traces are opened here and nowhere else")]
fn read_file(path: &Path, progress: &Progress) -> Result<Bytes, ReadError> {
    // Opening a directory works on some systems and is a matter of permission on others.
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
    }
    let file = File::open(path)?;
    // Some special files call themselves regular and of length 0.
    if !metadata.is_file() || metadata.len() == 0 {
        return read_stream(file, progress).map(Bytes::from);
    }
    if is_settled(&metadata)
        && let Ok(bytes) = Bytes::map(&file)
    {
        return Ok(bytes);
    }
    let mut bytes = Vec::new();
    read_on(file, &mut bytes, progress)?;
    Ok(bytes.into())
}

/// Whether nobody seems to be writing to a file. One from the future may have been written by
/// another machine just now.
fn is_settled(metadata: &Metadata) -> bool {
    let changed = metadata.modified().ok();
    let age = changed.and_then(|changed| SystemTime::now().duration_since(changed).ok());
    age.is_some_and(|age| age >= SETTLED_AFTER)
}

/// Reads what may have no end: all of it only if it begins as something that can be used.
fn read_stream(mut source: impl Read, progress: &Progress) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    source.by_ref().take(sniff::SNIFF_BYTES as u64).read_to_end(&mut bytes)?;
    if sniff::begins_like_a_trace(&bytes) || Compression::of(&bytes).is_some() {
        read_on(source, &mut bytes, progress)?;
    }
    Ok(bytes)
}

fn read_on(
    mut source: impl Read,
    bytes: &mut Vec<u8>,
    progress: &Progress,
) -> Result<(), ReadError> {
    loop {
        progress.check().map_err(ReadError::Cancelled)?;
        if source.by_ref().take(PIECE_BYTES).read_to_end(bytes)? == 0 {
            return Ok(());
        }
    }
}

/// Decompresses the bytes, if they are compressed.
fn unpack(
    path: Option<PathBuf>,
    name: String,
    bytes: Bytes,
    progress: &Progress,
) -> Result<Input, LoadError> {
    let Some(compression) = Compression::of(&bytes) else {
        if bytes.is_empty() {
            return Err(LoadError::Empty { name });
        }
        return Ok(Input { path, name, bytes, compression: None, warnings: Vec::new() });
    };
    let unpacked = match decompress(compression, &bytes, progress) {
        Ok(unpacked) => unpacked,
        Err(DecompressError::TooLarge { limit }) => {
            return Err(LoadError::TooLarge { name, limit });
        }
        Err(DecompressError::Cancelled(err)) => return Err(LoadError::Cancelled(err)),
    };
    let warnings = match unpacked.damage {
        Some(source) if unpacked.bytes.is_empty() => {
            return Err(LoadError::Damaged { name, compression, source });
        }
        Some(err) => {
            let at = unpacked.bytes.len() as u64;
            vec![Warning::of_damage(at, None, damage_text(compression, &err))]
        }
        None if unpacked.bytes.is_empty() => return Err(LoadError::Empty { name }),
        None => Vec::new(),
    };
    let bytes = unpacked.bytes.into();
    Ok(Input { path, name, bytes, compression: Some(compression), warnings })
}

fn damage_text(compression: Compression, err: &io::Error) -> String {
    match err.kind() {
        io::ErrorKind::UnexpectedEof => format!("the {compression} data is cut off here"),
        _ => format!("the {compression} data is damaged from here on: {err}"),
    }
}

#[cfg(test)]
mod tests;
