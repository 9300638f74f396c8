//! What held a goroutine, in words.

use rustc_hash::FxHashMap;

use super::json::go_id;
use crate::analysis::{Link, SplitPart, phrase};
use crate::model::Trace;

/// How many phrases are kept at once.
const KEPT: usize = 1 << 15;

/// What goroutines did, in words that are put together once: for many hearings.
pub(super) struct Phrases<'a> {
    trace: &'a Trace,
    made: FxHashMap<SplitPart, [String; 2]>,
}

impl<'a> Phrases<'a> {
    pub(super) fn new(trace: &'a Trace) -> Self {
        Self { trace, made: FxHashMap::default() }
    }

    /// Adds what held a goroutine: the largest part of its overstay, and whom it waited for.
    pub(super) fn push_held(
        &mut self,
        text: &mut String,
        own: Option<&SplitPart>,
        other: Option<&Link>,
    ) {
        if let Some(part) = own {
            self.push(text, part);
        }
        if let Some(link) = other {
            text.push_str(", ");
            self.push_other(text, link);
        }
    }

    /// Adds who held a goroutine up, and by what.
    pub(super) fn push_other(&mut self, text: &mut String, other: &Link) {
        text.push_str("held up by goroutine ");
        text.push_str(itoa::Buffer::new().format(go_id(self.trace, other.goroutine)));
        text.push_str(": ");
        self.push(text, &other.did);
    }

    fn push(&mut self, text: &mut String, part: &SplitPart) {
        if self.made.len() >= KEPT {
            self.made.clear();
        }
        let trace = self.trace;
        let [before, after] = self.made.entry(part.sort()).or_insert_with(|| phrase(trace, part));
        text.push_str(before);
        text.push_str(trace.clock().short(part.ns).as_str());
        text.push_str(after);
    }
}
