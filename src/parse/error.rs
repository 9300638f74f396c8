//! Why a trace, or the rest of it, cannot be read.

/// A file that is not a trace that Overstay reads, or where a trace breaks.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The file is something else.
    #[error("not a Go execution trace{}", .looks_like.map(|what| format!(": this is {what}")).unwrap_or_default())]
    NotATrace {
        /// What it seems to be instead, with its article.
        looks_like: Option<&'static str>,
    },
    /// The header names a format that cannot be read.
    #[error(
        "the trace format go 1.{minor} is not supported; Overstay reads the formats of Go 1.11 to 1.27"
    )]
    UnsupportedVersion {
        /// The minor version in the header.
        minor: u32,
    },
    /// The trace breaks a rule of its format.
    #[error("{what} (at byte {offset}{})", .generation.map(|g| format!(", generation {g}")).unwrap_or_default())]
    Broken {
        /// Where, in bytes from the trace's start.
        offset: u64,
        /// In which generation, if the format has them and one had begun.
        generation: Option<u64>,
        /// What was found and what was expected.
        what: String,
    },
    /// Whoever asked for the work has asked for it to stop.
    #[error(transparent)]
    Cancelled(#[from] crate::base::Cancelled),
}

impl ParseError {
    /// The byte at which the trace breaks.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Broken { offset, .. } => Some(*offset),
            _ => None,
        }
    }
}
