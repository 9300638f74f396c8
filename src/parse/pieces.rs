//! Reading a trace piece by piece: each generation into a sink of its own, several at a time.
//!
//! Times have to increase strictly over the whole trace, but a piece that is read on its own
//! does not know the time at which the piece before it ends. It is read as if it were the
//! first, and a [`Shift`] then moves its first few events, if any.

use std::ops::Range;

use crate::base::{Progress, Time};

use super::error::ParseError;
use super::event::{Event, Transition};
use super::sink::Sink;
use super::tables::Tables;
use super::{FIRST_WITH_GENERATIONS, Parsed, dispatch, v1, v2};

/// A sink for one generation's events.
pub trait Piece: Sink + Send {
    /// Buffers that a thread hands from one piece to the next. Taking them leaves their default.
    type Scratch: Default + Send;

    /// Buffers that a piece needs until it is joined, for one that is read later.
    type Left: Default + Send;

    /// Buffers for the first piece that a thread takes of a file of `n_bytes` bytes.
    fn scratch(n_bytes: usize) -> Self::Scratch;

    /// An empty piece.
    fn new(scratch: Self::Scratch, left: Self::Left) -> Self;

    /// All events of the piece are in; called on the thread that read them. Gives the buffers
    /// back.
    fn finish(&mut self) -> Self::Scratch;

    /// Moves the times of the first events. Called after [`Piece::finish`], at most once.
    fn shift(&mut self, shift: &Shift);
}

/// How the first events of a piece move in time: event `i` to at least `floor + i`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shift {
    /// The times of the events that move, strictly increasing.
    old: Vec<Time>,
    /// Where the first of them moves to.
    floor: Time,
}

impl Shift {
    /// The shift that puts events at `times` behind `last`; none if none has to move. Fails
    /// (with `Err`) if all of `times` would move and there may be more.
    pub(super) fn after(last: Time, times: &[Time], are_all: bool) -> Result<Option<Self>, ()> {
        let floor = last + 1;
        let moves = (0..).zip(times).take_while(|&(i, &time)| time < floor + i).count();
        if moves == 0 {
            return Ok(None);
        }
        if moves == times.len() && !are_all {
            return Err(());
        }
        Ok(Some(Self { old: times.get(..moves).unwrap_or_default().to_vec(), floor }))
    }

    /// The first old time that does not move.
    #[must_use]
    pub fn end(&self) -> Time {
        self.old.last().map_or(Time::MIN, |&last| last + 1)
    }

    /// The new time of an event at `time`.
    #[must_use]
    pub fn apply(&self, time: Time) -> Time {
        match self.old.binary_search(&time) {
            Ok(at) => self.floor + i64::try_from(at).unwrap_or(i64::MAX),
            Err(_) => time,
        }
    }
}

/// Reads a trace into pieces, on up to `threads` threads, and hands them to
/// `join` in order of time, which leaves their buffers. What `join` gets is the same for any number
/// of threads.
///
/// `done` is told, from several threads, which bytes of the file are not needed for now: they are
/// seldom looked at again.
///
/// The old format has no generations, and comes as one piece.
///
/// # Errors
/// As [`parse`](super::parse).
pub fn parse_pieces<P: Piece>(
    file: &[u8],
    threads: usize,
    join: impl FnMut(P, &Tables<'_>) -> P::Left,
    done: &(impl Fn(Range<usize>) + Sync),
    progress: &Progress,
) -> Result<Parsed, ParseError> {
    match dispatch(file)? {
        minor @ FIRST_WITH_GENERATIONS.. => {
            let parsed = v2::parse_pieces(file, minor, threads, join, done, progress)?;
            Ok(super::with_version_warning(parsed))
        }
        minor => {
            let parsed = one_piece(file, minor, usize::MAX, join, progress)?;
            done(0..file.len());
            Ok(parsed)
        }
    }
}

/// Reads the first `at_most` events of a trace, or a few more, as one piece and as if the trace had
/// ended there.
///
/// That takes no longer than those events do, besides a quick pass over what may name them: over
/// the first generation, beyond which nothing is read. In the old format, whose names and clock are
/// at its end, it is over the whole file, or over the two ends of a long one.
///
/// # Errors
/// As [`parse`](super::parse).
pub fn parse_first<P: Piece>(
    file: &[u8],
    at_most: usize,
    join: impl FnMut(P, &Tables<'_>) -> P::Left,
    progress: &Progress,
) -> Result<Parsed, ParseError> {
    one_piece(file, dispatch(file)?, at_most, join, progress)
}

fn one_piece<P: Piece>(
    file: &[u8],
    minor: u32,
    at_most: usize,
    mut join: impl FnMut(P, &Tables<'_>) -> P::Left,
    progress: &Progress,
) -> Result<Parsed, ParseError> {
    let mut whole = Whole::new(P::new(P::scratch(file.len()), P::Left::default()));
    let parsed = if minor >= FIRST_WITH_GENERATIONS {
        let parsed = v2::parse_first(file, minor, at_most as u64, &mut whole, progress)?;
        super::with_version_warning(parsed)
    } else {
        super::of_v1(minor, v1::parse_first(file, minor, at_most, &mut whole, progress)?)
    };
    let _ = whole.piece.finish();
    let _ = join(whole.piece, &whole.tables);
    Ok(parsed)
}

/// A piece with the tables that its events refer to, kept beyond the reading.
pub(super) struct Whole<P> {
    pub(super) piece: P,
    pub(super) tables: Tables<'static>,
}

impl<P> Whole<P> {
    pub(super) fn new(piece: P) -> Self {
        Self { piece, tables: Tables::empty(0) }
    }
}

impl<P: Piece> Sink for Whole<P> {
    fn begin_generation(&mut self, tables: &Tables<'_>) {
        self.tables = tables.to_owned_tables();
        self.piece.begin_generation(tables);
    }

    fn event(&mut self, tables: &Tables<'_>, event: &Event) {
        self.piece.event(tables, event);
    }

    fn transition(&mut self, tables: &Tables<'_>, transition: &Transition) {
        self.piece.transition(tables, transition);
    }

    fn lost(&mut self, at: Time) {
        self.piece.lost(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::text::TextSink;

    /// A piece that is the dump of its events.
    struct Lines(TextSink<Vec<u8>>);

    impl Sink for Lines {
        fn begin_generation(&mut self, tables: &Tables<'_>) {
            self.0.begin_generation(tables);
        }

        fn event(&mut self, tables: &Tables<'_>, event: &Event) {
            self.0.event(tables, event);
        }
    }

    impl Piece for Lines {
        type Scratch = ();
        type Left = ();

        fn scratch(_: usize) {}

        fn new((): (), (): ()) -> Self {
            Self(TextSink::new(Vec::new()))
        }

        fn finish(&mut self) {}

        fn shift(&mut self, _: &Shift) {}
    }

    fn first_lines(file: &[u8], at_most: usize) -> Vec<String> {
        let mut bytes = Vec::new();
        let join = |lines: Lines, _: &Tables<'_>| bytes = lines.0.finish().expect("a Vec").0;
        let parsed = parse_first(file, at_most, join, &Progress::default());
        let parsed = parsed.expect("a sound trace");
        assert!(parsed.complete && parsed.warnings.is_empty(), "{parsed:?}");
        let text = String::from_utf8(bytes).expect("the dump is UTF-8");
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_first_events_are_those_that_all_begin_with() {
        let file = include_bytes!("../../traces/polling-sleep/before.trace");
        let mut sink = TextSink::new(Vec::new());
        let parsed = crate::parse::parse(file, &mut sink, &Progress::default());
        assert!(parsed.expect("a sound trace").generations > 2);
        let text = String::from_utf8(sink.finish().expect("a Vec").0).expect("UTF-8");
        let all: Vec<&str> = text.lines().collect();
        let generation = first_lines(file, usize::MAX);
        assert!(all.starts_with(&generation.iter().map(String::as_str).collect::<Vec<_>>()));
        assert!(generation.len() < all.len(), "nothing beyond the first generation");
        for at_most in [0, 1, 10, generation.len() / 2] {
            let first = first_lines(file, at_most);
            assert!(generation.starts_with(&first));
            let lines_per_event = 40;
            assert!((at_most..=lines_per_event * (at_most + 2)).contains(&first.len()));
        }
    }

    #[test]
    fn a_shift_moves_only_what_would_not_increase() {
        let times = [10, 11, 15, 20].map(Time);
        assert_eq!(Shift::after(Time(9), &times, false), Ok(None));
        let Ok(Some(shift)) = Shift::after(Time(13), &times, false) else {
            panic!("three events move");
        };
        let moved = times.map(|time| shift.apply(time).0);
        assert_eq!(moved, [14, 15, 16, 20]);
        assert_eq!(shift.end(), Time(16));
        assert_eq!(Shift::after(Time(30), &times, false), Err(()));
        assert!(matches!(Shift::after(Time(30), &times, true), Ok(Some(_))));
    }
}
