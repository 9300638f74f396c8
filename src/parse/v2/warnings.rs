//! What a damaged trace is warned of: a file may break at each of its bytes.

use crate::base::Warning;

/// How many warnings are kept. Nobody reads more, and each takes more memory than the damage.
const KEPT: usize = 1_000;

/// The first warnings, and how many there were.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    kept: Vec<Warning>,
    left: u64,
    /// Where the last one points to.
    last: u64,
}

/// How many there were at some time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    n_kept: usize,
    left: u64,
    last: u64,
}

impl Warnings {
    pub(super) fn push(&mut self, warning: Warning) {
        self.last = warning.offset;
        if self.kept.len() < KEPT {
            self.kept.push(warning);
        } else {
            self.left += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { n_kept: self.kept.len(), left: self.left, last: self.last }
    }

    /// Forgets all that have come since then.
    pub(super) fn back_to(&mut self, Mark { n_kept, left, last }: Mark) {
        self.kept.truncate(n_kept);
        (self.left, self.last) = (left, last);
    }

    /// Those that were kept, in the order in which they came, and one for those that were not.
    pub(super) fn into_vec(mut self) -> Vec<Warning> {
        if self.left > 0 {
            let message =
                format!("{} more such warnings are not shown; the last is of this byte", self.left);
            self.kept.push(Warning::of_damage(self.last, None, message));
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_counted_and_can_be_taken_back() {
        let at = |offset| Warning::of_damage(offset, None, "broken".to_owned());
        let mut warnings = Warnings::default();
        assert!(warnings.is_empty());
        (0..2_500).for_each(|offset| warnings.push(at(offset)));
        let mark = warnings.mark();
        warnings.push(at(9_999));
        assert_ne!(warnings.mark(), mark);
        warnings.back_to(mark);
        let told = warnings.into_vec();
        assert_eq!(told.len(), KEPT + 1);
        assert_eq!(told[KEPT].offset, 2_499);
        assert!(told[KEPT].message.starts_with("1500 more"), "{}", told[KEPT].message);

        let mut few = Warnings::default();
        few.push(at(1));
        let mark = few.mark();
        few.push(at(2));
        few.back_to(mark);
        assert_eq!(few.into_vec(), [at(1)]);
    }
}
