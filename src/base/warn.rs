//! What went wrong without stopping the work, in a form that every surface can show.

use std::fmt;

/// One thing that a reader of the trace should know: damage, loss, something skipped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// Where in the (decompressed) trace, in bytes from its start.
    pub offset: u64,
    /// In which generation, if it is about one.
    pub generation: Option<u64>,
    /// What happened and what is missing because of it; lower case, no final dot.
    pub message: String,
    /// Whether something is damaged, missing or skipped; else it is only good to know.
    pub is_damage: bool,
}

impl Warning {
    /// Something that is damaged, missing or skipped.
    #[must_use]
    pub fn of_damage(offset: u64, generation: Option<u64>, message: String) -> Self {
        Self { offset, generation, message, is_damage: true }
    }

    /// The first that tells of damage: the reason why a trace is not whole.
    #[must_use]
    pub fn first_damage(warnings: &[Self]) -> Option<&Self> {
        warnings.iter().find(|warning| warning.is_damage)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {}", self.message, self.offset)?;
        if let Some(generation) = self.generation {
            write!(f, ", generation {generation}")?;
        }
        f.write_str(")")
    }
}
