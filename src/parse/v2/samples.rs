//! A generation's CPU samples, handed on among its events in order of time.

use super::frontier::Head;
use super::merge::Outlet;
use super::order::Order;
use super::read::{Loaded, Sample};
use crate::parse::event::{Body, Event, GoRef};
use crate::parse::sink::Sink;

/// The CPU samples that have not been handed on.
pub(super) struct Samples {
    rest: std::vec::IntoIter<Sample>,
    /// When the next one was taken; the end of time if there is none.
    pub(super) due: i64,
}

impl Samples {
    pub(super) fn new(samples: Vec<Sample>) -> Self {
        let mut samples = Self { rest: samples.into_iter(), due: i64::MAX };
        samples.look();
        samples
    }

    fn look(&mut self) {
        self.due = self.rest.as_slice().first().map_or(i64::MAX, |sample| sample.time.0);
    }

    /// Hands on the samples that are earlier than `root`, the earliest event; all without one.
    #[cold]
    pub(super) fn put_before<S: Sink>(
        &mut self,
        root: Option<Head>,
        loaded: &Loaded<'_>,
        order: &Order,
        outlet: &mut Outlet<'_, S>,
    ) {
        while let Some(sample) = self.rest.as_slice().first()
            && root.is_none_or(|head| sample.time.0 < head.time)
        {
            outlet.put_other(loaded, &mut sample_event(order, sample));
            self.rest.next();
        }
        self.look();
    }
}

fn sample_event(order: &Order, sample: &Sample) -> Event {
    let goroutine = match sample.goroutine {
        0 => GoRef::NONE,
        id => order.goroutine_of(id),
    };
    Event {
        time: sample.time,
        thread: sample.thread,
        proc: sample.proc,
        goroutine,
        stack: sample.stack,
        body: Body::StackSample,
    }
}
