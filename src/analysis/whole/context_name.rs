//! What the program itself calls its contexts, if it logs that.

use super::super::cancels::logged::{Says, Verb, kind, says};
use super::super::types::{Cancel, Hearing};
use super::super::words::Evidence;
use super::document::Document;

/// What a program calls a context that it cancelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContextName<'a> {
    /// Its name.
    pub name: &'a str,
    /// The name of the context that it was made of, "" if that is not told.
    pub parent: &'a str,
}

impl ContextName<'_> {
    /// The name without the number by which contexts of one name are told apart: `query` of
    /// `query#7`.
    #[must_use]
    pub fn kind(&self) -> &str {
        kind(self.name)
    }
}

impl Document {
    /// What the program calls the context that was cancelled; none unless it logged the cancel
    /// with a name.
    #[must_use]
    pub fn context_of(&self, cancel: &Cancel) -> Option<ContextName<'_>> {
        let logged = self.analysis.logged(cancel)?;
        let Says { name, parent, .. } = says(self.trace.string(logged.message))?;
        (!name.is_empty()).then_some(ContextName { name, parent })
    }

    /// What the program calls the context of which a goroutine logged that it is cancelled: that
    /// of the cancel, or one below it. None unless that is how its hearing is known.
    #[must_use]
    pub fn heard_as(&self, hearing: &Hearing) -> Option<&str> {
        if hearing.evidence != Evidence::Logged {
            return None;
        }
        let category = self.trace.strings().find(&self.rules.log_category)?;
        let logs = self.trace.notes().logs();
        let first = logs.partition_point(|log| log.at < hearing.heard_at);
        let at_once = logs.get(first..)?.iter().take_while(|log| log.at == hearing.heard_at);
        let mut own = at_once.filter(|log| log.goroutine == Some(hearing.goroutine));
        let log = own.find(|log| log.category == category)?;
        let heard = says(self.trace.string(log.message)).filter(|says| says.verb == Verb::Heard)?;
        (!heard.name.is_empty()).then_some(heard.name)
    }
}
