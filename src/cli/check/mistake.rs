//! What can be wrong with a budget's text, each with where it stands.

use crate::base::ParseDurationError;
use crate::cli::args::nearest;

/// Why a budget cannot be read. Each text is one line, without the file's name.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub(super) enum BudgetError {
    /// It is no TOML.
    #[error("{message}{}", .line.map(|line| format!(" (line {line})")).unwrap_or_default())]
    Toml {
        /// What the reader of TOML says.
        message: String,
        /// The line, counted from 1, if it is known.
        line: Option<usize>,
    },
    /// A key that means nothing.
    #[error("unknown key `{key}` in {place}; the nearest known one is `{like}`")]
    UnknownKey {
        /// The key as it was written.
        key: String,
        /// What it stands in.
        place: String,
        /// What was meant, perhaps.
        like: String,
    },
    /// Something else where a table is to be.
    #[error("`{key}` is not a table; write it as [{key}]")]
    NoTable {
        /// The table's name.
        key: String,
    },
    /// A limit that belongs to a profile stands beside the profiles.
    #[error("[profile] has no limits of its own; `{key}` goes under [profile.NAME]")]
    LimitOfAllProfiles {
        /// The limit's name.
        key: String,
    },
    /// There is no such profile.
    #[error("there is no profile `{name}`; {}", match .like {
        Some(like) => format!("the nearest is `{like}`"),
        None => "it has none".to_owned(),
    })]
    NoProfile {
        /// The profile that was asked for.
        name: String,
        /// The one that was meant, perhaps; none if there are no profiles.
        like: Option<String>,
    },
    /// A limit on time that is none.
    #[error("[{section}] {key}: {source}")]
    BadDuration {
        /// The table that it stands in.
        section: String,
        /// The limit's name.
        key: &'static str,
        /// What is wrong with it.
        source: ParseDurationError,
    },
    /// A value of the wrong kind.
    #[error("[{section}] {key}: {value} is not {wanted}")]
    WrongKind {
        /// The table that it stands in.
        section: String,
        /// The limit's name.
        key: &'static str,
        /// The value as it was written.
        value: String,
        /// What it is to be.
        wanted: &'static str,
    },
    /// The exceptions are no list.
    #[error("`allow` is not a list; write each entry as [[allow]]")]
    NoList,
    /// An exception that is none.
    #[error("[[allow]] number {number}{what}")]
    BadException {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        what: ExceptionError,
    },
}

/// What is wrong with one exception: the end of a sentence that says which one it is.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ExceptionError {
    /// It is something else.
    #[error(" is not a table")]
    NoTable,
    /// A text that has nothing in it.
    #[error(": {key} is empty")]
    Empty {
        /// Its key.
        key: &'static str,
    },
    /// Something else where a text is to be.
    #[error(": {key}: {value} is not a string")]
    NoText {
        /// Its key.
        key: &'static str,
        /// The value as it was written.
        value: String,
    },
    /// A key that has to be there.
    #[error(": `{key}` is missing")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// There is no such rule.
    #[error(": there is no rule `{rule}`; the nearest is `{like}`")]
    NoRule {
        /// The rule as it was written.
        rule: String,
        /// The one that was meant, perhaps.
        like: &'static str,
    },
}

impl BudgetError {
    /// A key that means nothing, and what was meant by it, perhaps.
    pub(super) fn unknown(key: &str, place: impl Into<String>, known: &[&str]) -> Self {
        let like = nearest(key, known).map_or("", |(name, _)| name);
        Self::UnknownKey { key: key.to_owned(), place: place.into(), like: like.to_owned() }
    }

    /// A profile that is not there.
    pub(super) fn no_profile(name: &str, known: &[&str]) -> Self {
        let like = nearest(name, known).map(|(name, _)| name.to_owned());
        Self::NoProfile { name: name.to_owned(), like }
    }
}
