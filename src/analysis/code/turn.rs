//! How one place in the code lies to another: whether who went from here to there came back.

use std::iter::successors;

use crate::base::StackId;
use crate::model::Stacks;

/// The way from one place to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// Up to an earlier line of a function that both are in: round a loop.
    Back,
    /// It is the same place, by the same way of calls.
    Same,
    /// Further down, or to where nothing is known of.
    On,
}

/// Tells the way from the stack of one place to that of another.
pub(crate) fn turn(stacks: &Stacks, from: StackId, to: StackId) -> Turn {
    let (from, to) = (path(stacks, from), path(stacks, to));
    let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let (from, to) = match (from.get(shared), to.get(shared)) {
        (None, None) => return Turn::Same,
        (Some(&from), Some(&to)) => (stacks.top(from), stacks.top(to)),
        // One line that both calls and waits.
        _ => return Turn::On,
    };
    match (from, to) {
        (Some(from), Some(to)) if from.function == to.function && to.line < from.line => Turn::Back,
        _ => Turn::On,
    }
}

/// A stack and its callers, the outermost first.
pub(crate) fn path(stacks: &Stacks, stack: StackId) -> Vec<StackId> {
    let caller = |&stack: &StackId| Some(stacks.caller(stack));
    let mut path: Vec<_> =
        successors(Some(stack), caller).take_while(|&stack| stack != StackId::EMPTY).collect();
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::StrId;
    use crate::model::Frame;

    fn stack(stacks: &mut Stacks, calls: &[(u32, u32)]) -> StackId {
        calls.iter().fold(StackId::EMPTY, |caller, &(function, line)| {
            let frame = Frame { function: StrId(function), file: StrId(1), line };
            stacks.intern(caller, frame)
        })
    }

    #[test]
    fn the_outermost_line_in_which_they_differ_decides() {
        let mut stacks = Stacks::default();
        let heard = stack(&mut stacks, &[(1, 20), (2, 30)]);
        for (to, way) in [
            (&[(1, 20), (2, 30)][..], Turn::Same),
            (&[(1, 20), (2, 29)], Turn::Back),
            (&[(1, 18)], Turn::Back),
            (&[(1, 19), (3, 99)], Turn::Back),
            (&[(1, 20), (2, 31)], Turn::On),
            (&[(1, 21), (2, 30)], Turn::On),
            (&[(1, 20)], Turn::On),
            (&[(1, 20), (3, 1)], Turn::On),
            (&[(4, 1)], Turn::On),
            (&[], Turn::On),
        ] {
            let to = stack(&mut stacks, to);
            assert_eq!(turn(&stacks, heard, to), way);
        }
    }
}
