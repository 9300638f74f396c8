//! Where ordered events go.

use super::event::{Event, Transition};
use super::tables::Tables;
use crate::base::Time;

/// Receives the ordered events of a trace, one by one. The parser is compiled anew for each
/// sink, so that no event is ever stored or dispatched dynamically on its way into columns.
pub trait Sink {
    /// A generation's tables are ready; the events that follow refer to them, and goroutine
    /// slots count anew. The old format, which has no generations, calls this once.
    fn begin_generation(&mut self, tables: &Tables<'_>);

    /// The next event. `tables` are those of its generation.
    fn event(&mut self, tables: &Tables<'_>, event: &Event);

    /// The same for an event that is a goroutine's transition, as most are: a sink that takes these
    /// as they are saves the way through an [`Event`].
    #[inline]
    fn transition(&mut self, tables: &Tables<'_>, transition: &Transition) {
        self.event(tables, &transition.event());
    }

    /// The trace broke at `at`: what anything did from then until the next generation begins
    /// is not known, and the next generation's statuses come from nowhere.
    fn lost(&mut self, at: Time) {
        let _ = at;
    }
}
