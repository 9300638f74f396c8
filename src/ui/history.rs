//! Back and forward: through what was selected, and through what was looked at.

use super::slot::Pair;
use super::state::{Hidden, Selected, View};
use crate::scene::{Link, Viewport};

/// How many steps are kept.
const MAX_STEPS: usize = 200;

/// A line of steps with a place in it.
#[derive(Clone, Debug)]
struct Line<T> {
    past: Vec<T>,
    future: Vec<T>,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { past: Vec::new(), future: Vec::new() }
    }
}

impl<T> Line<T> {
    fn push(&mut self, left: T) {
        self.past.push(left);
        self.future.clear();
        if self.past.len() > MAX_STEPS {
            self.past.remove(0);
        }
    }

    fn back(&mut self, now: T) -> Result<T, T> {
        match self.past.pop() {
            Some(place) => {
                self.future.push(now);
                Ok(place)
            }
            None => Err(now),
        }
    }

    fn forward(&mut self, now: T) -> Result<T, T> {
        match self.future.pop() {
            Some(place) => {
                self.past.push(now);
                Ok(place)
            }
            None => Err(now),
        }
    }
}

/// What was selected before and after; nothing, which shows the findings, is a step like any
/// other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail(Line<Option<Selected>>);

impl Trail {
    /// Something else is being selected.
    pub(crate) fn leave(&mut self, left: Option<Selected>) {
        if self.0.past.last() != Some(&left) {
            self.0.push(left);
        }
    }

    /// What was selected before `now`.
    ///
    /// # Errors
    /// With `now` itself if nothing was.
    pub(crate) fn back(
        &mut self,
        now: Option<Selected>,
    ) -> Result<Option<Selected>, Option<Selected>> {
        self.0.back(now)
    }

    /// What was selected after `now`, until [`Trail::back`].
    ///
    /// # Errors
    /// With `now` itself if nothing was.
    pub(crate) fn forward(
        &mut self,
        now: Option<Selected>,
    ) -> Result<Option<Selected>, Option<Selected>> {
        self.0.forward(now)
    }

    /// What was selected is now known by other rows.
    pub(crate) fn rename(&mut self, renamed: impl Fn(Selected) -> Selected) {
        for selected in self.0.past.iter_mut().chain(&mut self.0.future) {
            *selected = selected.map(&renamed);
        }
    }

    /// Whether there is something to go back to.
    pub(crate) fn can_back(&self) -> bool {
        !self.0.past.is_empty()
    }

    /// Whether there is something to go forward to.
    pub(crate) fn can_forward(&self) -> bool {
        !self.0.future.is_empty()
    }
}

/// One look at the trace.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Place {
    /// What the middle showed.
    pub(crate) view: View,
    /// How the two traces' clocks went together.
    pub(crate) link: Option<Link>,
    /// The timeline's stretch of time.
    pub(crate) viewport: Option<Viewport>,
    /// The cancel view's.
    pub(crate) cancel_viewport: Option<Viewport>,
    /// How far the timelines were scrolled.
    pub(crate) scroll: Pair<f64>,
    /// How far the cancel view was.
    pub(crate) cancel_scroll: f64,
    /// Beyond what overstays were late, in nanoseconds.
    pub(crate) budget_ns: i64,
    /// Which sections were left out.
    pub(crate) hidden: Pair<Hidden>,
}

/// What was looked at before and after. Moves of one gesture are one step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    line: Line<Place>,
    gesture: Option<u64>,
}

impl Places {
    /// A move is about to happen, as part of a gesture (a drag, a turn of the wheel) or, without
    /// one, as a step of its own.
    pub(crate) fn leave(&mut self, left: Place, gesture: Option<u64>) {
        if gesture.is_none() || self.gesture != gesture {
            self.gesture = gesture;
            self.line.push(left);
        }
    }

    /// The look before `now`.
    pub(crate) fn back(&mut self, now: Place) -> Option<Place> {
        self.gesture = None;
        self.line.back(now).ok()
    }

    /// The look after `now`, until [`Places::back`].
    pub(crate) fn forward(&mut self, now: Place) -> Option<Place> {
        self.gesture = None;
        self.line.forward(now).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::slot::Slot;
    use super::super::state::What;
    use super::*;
    use crate::base::Goroutine;

    fn goroutine(row: u32) -> Selected {
        Selected { slot: Slot::Before, what: What::Goroutine(Goroutine(row)) }
    }

    #[test]
    fn back_and_forward_return_to_where_one_was() {
        let mut trail = Trail::default();
        let [one, two, three] = [1, 2, 3].map(|row| Some(goroutine(row)));
        for left in [None, one, two] {
            trail.leave(left);
        }
        assert_eq!(trail.back(three), Ok(two));
        assert_eq!(trail.back(two), Ok(one));
        assert_eq!(trail.back(one), Ok(None), "the findings are the first");
        assert_eq!(trail.back(None), Err(None));
        assert_eq!(trail.forward(None), Ok(one));
        assert_eq!(trail.forward(one), Ok(two));
        trail.leave(two);
        assert!(!trail.can_forward());
    }

    #[test]
    fn one_gesture_is_one_step() {
        let place = |scroll| Place {
            view: View::Timeline,
            link: None,
            viewport: None,
            cancel_viewport: None,
            scroll: Pair::default(),
            cancel_scroll: scroll,
            budget_ns: 0,
            hidden: Pair::default(),
        };
        let mut places = Places::default();
        for (scroll, gesture) in [(0.0, 1), (1.0, 1), (2.0, 1), (3.0, 2), (4.0, 2)] {
            places.leave(place(scroll), Some(gesture));
        }
        assert_eq!(places.back(place(5.0)), Some(place(3.0)));
        assert_eq!(places.back(place(3.0)), Some(place(0.0)));
        assert_eq!(places.back(place(0.0)), None);
        assert_eq!(places.forward(place(0.0)), Some(place(3.0)));
        places.leave(place(6.0), None);
        places.leave(place(7.0), None);
        assert_eq!(places.back(place(8.0)), Some(place(7.0)));
        assert_eq!(places.back(place(7.0)), Some(place(6.0)));
    }
}
