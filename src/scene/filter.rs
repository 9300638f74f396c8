//! Which goroutines a user's words are about.

use crate::base::{Goroutine, StackId};
use crate::model::Trace;

/// Words made ready to be looked for. A word fits a goroutine by its id, as `g123`, or by part of
/// a function's name: the one it started with, or any that it was seen in. So the function that a
/// library's goroutine runs is found by its own name, and so is the one that held it up.
///
/// Costs a pass over names and stacks; asking costs at most a goroutine's spans.
#[derive(Debug)]
pub struct Filter {
    words: Vec<Word>,
}

/// A word, in lower case, and what it fits.
#[derive(Debug)]
struct Word {
    text: String,
    fits: Fits,
}

#[derive(Debug)]
enum Fits {
    Id(u64),
    Functions {
        /// By the function's name, as a flag per string.
        names: Vec<bool>,
        /// Whether one of those is on a stack, as a flag per stack; empty if on none.
        stacks: Vec<bool>,
    },
}

impl Filter {
    /// A filter by words that are set apart by spaces; all of them must fit.
    #[must_use]
    pub fn new(trace: &Trace, words: &str) -> Self {
        let word = |word: &str| {
            let text = word.to_lowercase();
            let id = text.strip_prefix('g').and_then(|digits| digits.parse().ok());
            let fits = id.map_or_else(|| functions_with(trace, &text), Fits::Id);
            Word { text, fits }
        };
        Self { words: words.split_whitespace().map(word).collect() }
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether all words fit a goroutine.
    #[must_use]
    pub fn keeps(&self, trace: &Trace, goroutine: Goroutine) -> bool {
        self.keeps_or(trace, goroutine, |_| false)
    }

    /// Whether each word fits a goroutine, or something else about it, which is asked with the
    /// word in lower case.
    #[must_use]
    pub fn keeps_or(
        &self,
        trace: &Trace,
        goroutine: Goroutine,
        also: impl Fn(&str) -> bool,
    ) -> bool {
        self.words.iter().all(|word| also(&word.text) || word.fits.goroutine(trace, goroutine))
    }
}

impl Fits {
    fn goroutine(&self, trace: &Trace, goroutine: Goroutine) -> bool {
        let life = trace.life(goroutine);
        match self {
            Self::Id(id) => life.id.0 == *id,
            Self::Functions { names, stacks } => {
                let on_stack = |stack: StackId| stacks.get(stack.index()).copied().unwrap_or(false);
                names.get(life.name.index()).copied().unwrap_or(false)
                    || !stacks.is_empty()
                        && trace
                            .spans(goroutine)
                            .any(|span| span.has_own_stack() && on_stack(span.stack))
            }
        }
    }
}

/// The functions with `word` in their names, and the stacks that one of them is on.
fn functions_with(trace: &Trace, word: &str) -> Fits {
    let names: Vec<bool> =
        trace.strings().iter().map(|(_, text)| text.to_lowercase().contains(word)).collect();
    let mut stacks = vec![false; trace.stacks().len()];
    // Callers come first.
    for (stack, caller, frame) in trace.stacks().iter() {
        let has = names.get(frame.function.index()).copied().unwrap_or(false)
            || stacks.get(caller.index()).copied().unwrap_or(false);
        if let Some(stack) = stacks.get_mut(stack.index()) {
            *stack = has;
        }
    }
    if !stacks.contains(&true) {
        stacks.clear();
    }
    Fits::Functions { names, stacks }
}
