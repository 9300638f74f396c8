//! Why an input cannot be read. Each text is one line that begins with the input's name.

use std::io;

use super::decompress::Compression;

/// Why an input cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is no such file.
    #[error("{name}: no such file")]
    NotFound {
        /// The input as it was given.
        name: String,
    },
    /// A directory was given.
    #[error("{name}: this is a directory")]
    Directory {
        /// The input as it was given.
        name: String,
    },
    /// The file may not be read.
    #[error("{name}: permission denied")]
    PermissionDenied {
        /// The input as it was given.
        name: String,
    },
    /// There are no bytes.
    #[error("{name}: the file is empty")]
    Empty {
        /// The input as it was given.
        name: String,
    },
    /// Reading failed otherwise.
    #[error("{name}: cannot read: {}", reason(source))]
    Read {
        /// The input as it was given.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// Compressed data of which nothing can be made.
    #[error("{name}: the {compression} data is damaged from the start: {source}")]
    Damaged {
        /// The input as it was given.
        name: String,
        /// How it is compressed.
        compression: Compression,
        /// What the decompressor says.
        source: io::Error,
    },
    /// Compressed data that is suspiciously large.
    #[error(
        "{name}: decompresses to more than {} MiB; if that is meant to be, decompress it first",
        .limit >> 20
    )]
    TooLarge {
        /// The input as it was given.
        name: String,
        /// The limit that it is over, in bytes.
        limit: u64,
    },
    /// Whoever asked for the input has asked to stop.
    #[error(transparent)]
    Cancelled(#[from] crate::base::Cancelled),
}

/// An error of the system as it goes into a sentence, without its number: `no such file or
/// directory`.
#[must_use]
pub fn reason(err: &io::Error) -> String {
    let text = err.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

impl LoadError {
    /// The error for what the system says about an input.
    pub(super) fn of_io(name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { name },
            io::ErrorKind::PermissionDenied => Self::PermissionDenied { name },
            io::ErrorKind::IsADirectory => Self::Directory { name },
            _ => Self::Read { name, source },
        }
    }
}
