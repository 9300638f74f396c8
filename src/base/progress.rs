//! How far long work has come, and the wish to stop it; shared between threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The work was cancelled by whoever asked for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// A handle on long work. Clones share one state, so that a worker reports what a window shows.
#[derive(Clone, Default, Debug)]
pub struct Progress(Arc<State>);

#[derive(Default, Debug)]
struct State {
    done: AtomicU64,
    total: AtomicU64,
    cancelled: Arc<AtomicBool>,
}

impl Progress {
    /// A handle on work that stops with this, and whose way is not told.
    #[must_use]
    pub fn untold(&self) -> Self {
        let cancelled = Arc::clone(&self.0.cancelled);
        Self(Arc::new(State { cancelled, ..State::default() }))
    }

    /// Sets what counts as finished, in any unit (bytes as a rule).
    pub fn set_total(&self, total: u64) {
        self.0.total.store(total, Ordering::Relaxed);
    }

    /// Reports that `more` units are done.
    pub fn advance(&self, more: u64) {
        self.0.done.fetch_add(more, Ordering::Relaxed);
    }

    /// How many units are done.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.0.done.load(Ordering::Relaxed)
    }

    /// The share done, 0 to 1.
    #[must_use]
    pub fn fraction(&self) -> f32 {
        let total = self.0.total.load(Ordering::Relaxed);
        if total == 0 {
            return 0.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "only shown")]
        let share = self.done() as f32 / total as f32;
        share.min(1.0)
    }

    /// Asks the work to stop at its next check.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the work has been asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    /// Fails once the work has been asked to stop; long loops call it now and then.
    ///
    /// # Errors
    /// [`Cancelled`] after [`Progress::cancel`].
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}
