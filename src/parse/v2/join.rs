//! Pieces joined in order, and read again where they do not fit.

use super::batch::Generation;
use super::fault::Fault;
use super::merge::Outlet;
use super::order::Cells;
use super::parallel::{Alone, Noted};
use super::spares::Spares;
use super::warnings::Warnings;
use super::watch::Watch;
use super::{Between, Serial};
use crate::base::Time;
use crate::parse::Parsed;
use crate::parse::error::ParseError;
use crate::parse::pieces::{Piece, Shift, Whole};
use crate::parse::tables::Tables;

/// What a generation that was joined leaves to one that is read later: fresh memory costs more than
/// what is done in it.
pub(super) struct Spare<P: Piece> {
    pub(super) left: P::Left,
    pub(super) cells: Cells,
}

impl<P: Piece> Default for Spare<P> {
    fn default() -> Self {
        Self { left: P::Left::default(), cells: Cells::default() }
    }
}

/// Joins pieces in order, reading again what did not fit.
pub(super) struct Joiner<'j, P: Piece> {
    n_bytes: usize,
    minor: u32,
    pub(super) watch: Watch<'j>,
    spares: &'j Spares<Spare<P>>,
    state: Between,
    last: Time,
    syncs: u32,
    parsed: Parsed,
    warnings: Warnings,
}

impl<'j, P: Piece> Joiner<'j, P> {
    pub(super) fn new(
        n_bytes: usize,
        minor: u32,
        watch: Watch<'j>,
        spares: &'j Spares<Spare<P>>,
    ) -> Self {
        let parsed = Parsed { minor, ..Parsed::default() };
        let state = Between::default();
        let warnings = Warnings::default();
        Self { n_bytes, minor, watch, spares, state, last: Time(0), syncs: 0, parsed, warnings }
    }

    /// Hands on a generation, in these steps:
    /// 1. What was read of it on its own fits if its order's assumptions hold of the carry, and
    ///    not too many of its first times would have to move behind the generation before
    ///    ([`Joiner::fitting`]). If so, they are moved, and it is handed on.
    /// 2. Else it is read again with the carry. If it does not break, or there was no carry, so
    ///    that it was read on its own, that is handed on.
    /// 3. If it breaks, it is read once more on its own, from the time, the number of Syncs and
    ///    the clock's frequency before step 2: it may make sense, and only what is before it be
    ///    missing.
    /// 4. Of these two the one with more events is handed on. If that is the second, what lies
    ///    between it and the generation before is not known, which a seam says. If it is the first,
    ///    all is put back as that left it: the time, the Syncs, the carry, which it lost, and the
    ///    warnings.
    pub(super) fn generation(
        &mut self,
        generation: &Generation<'_>,
        alone: Option<Alone<'_, P>>,
        join: &mut impl FnMut(P, &Tables<'_>) -> P::Left,
    ) -> Result<(), ParseError> {
        self.watch.progress.check()?;
        if let Some((alone, shift)) = alone.and_then(|alone| self.fitting(alone)) {
            self.hand_on(generation, alone, shift.as_ref(), join);
            return Ok(());
        }
        let (before, syncs, fallback) = (self.last, self.syncs, self.state.fallback);
        let is_first = self.state.initial.is_none();
        let with_carry = self.serially(|serial| serial.generation(generation))?;
        let is_lost = self.state.initial.is_none();
        if is_first || !is_lost {
            self.take(with_carry, join);
            return Ok(());
        }
        let after = (self.last, self.syncs, std::mem::take(&mut self.state));
        (self.last, self.syncs, self.state.fallback) = (before, syncs, fallback);
        let mark = self.warnings.mark();
        let on_its_own = self.serially(|serial| serial.generation(generation))?;
        if on_its_own.events > with_carry.events {
            seam(before, join);
            self.take(on_its_own, join);
        } else {
            (self.last, self.syncs, self.state) = after;
            self.warnings.back_to(mark);
            self.take(with_carry, join);
        }
        Ok(())
    }

    /// A generation that was read on its own, joined to the carry, and how its times move.
    fn fitting<'a>(&mut self, mut alone: Alone<'a, P>) -> Option<(Alone<'a, P>, Option<Shift>)> {
        let Noted { times, events, .. } = &alone.noted;
        self.state.initial?;
        let shift = Shift::after(self.last, times, *events == times.len() as u64).ok()?;
        self.state.carry.join(&mut alone.order).ok()?;
        Some((alone, shift))
    }

    /// Hands on a generation that fits.
    fn hand_on(
        &mut self,
        generation: &Generation<'_>,
        alone: Alone<'_, P>,
        shift: Option<&Shift>,
        join: &mut impl FnMut(P, &Tables<'_>) -> P::Left,
    ) {
        let Noted { mut piece, events, .. } = alone.noted;
        self.last = alone.last;
        if let Some(shift) = shift {
            self.last = shift.apply(self.last);
            piece.shift(shift);
        }
        self.state.fallback.frequency = Some(alone.loaded.frequency);
        self.parsed.events += events;
        self.parsed.generations += 1;
        self.syncs += 1;
        self.watch.progress.advance(generation.end.saturating_sub(generation.offset));
        let left = join(piece, &alone.loaded.tables);
        self.spares.put(Spare { left, cells: alone.order.into_cells() });
    }

    /// Generations are missing here.
    pub(super) fn gap(&mut self, join: &mut impl FnMut(P, &Tables<'_>) -> P::Left) {
        seam(self.last, join);
    }

    /// Hands on what is left of a generation whose frame is damaged.
    pub(super) fn broken(
        &mut self,
        fault: &Fault,
        rest: &Generation<'_>,
        join: &mut impl FnMut(P, &Tables<'_>) -> P::Left,
    ) -> Result<(), ParseError> {
        let done = self.serially(|serial| serial.broken_frame(fault.clone(), rest))?;
        self.take(done, join);
        Ok(())
    }

    /// Lets `read` read a generation with the carry, into one piece.
    fn serially(
        &mut self,
        read: impl FnOnce(&mut Serial<'_, Whole<P>>) -> Result<(), ParseError>,
    ) -> Result<Done<P>, ParseError> {
        let mut whole = Whole::new(P::new(P::scratch(self.n_bytes), self.spares.take().left));
        let outlet = Outlet::new(&mut whole, self.last, self.syncs);
        let mut serial = Serial {
            minor: self.minor,
            outlet,
            state: std::mem::take(&mut self.state),
            parsed: Parsed::default(),
            warnings: std::mem::take(&mut self.warnings),
            watch: self.watch,
        };
        read(&mut serial)?;
        self.last = serial.outlet.last;
        self.syncs = serial.outlet.syncs;
        self.state = std::mem::take(&mut serial.state);
        self.warnings = serial.warnings;
        let (events, generations) = (serial.outlet.events, serial.parsed.generations);
        let _ = whole.piece.finish();
        Ok(Done { whole, events, generations })
    }

    fn take(&mut self, done: Done<P>, join: &mut impl FnMut(P, &Tables<'_>) -> P::Left) {
        self.parsed.events += done.events;
        self.parsed.generations += done.generations;
        let left = join(done.whole.piece, &done.whole.tables);
        self.spares.put(Spare { left, cells: Cells::default() });
    }

    pub(super) fn finish(
        mut self,
        join: &mut impl FnMut(P, &Tables<'_>) -> P::Left,
    ) -> Result<Parsed, ParseError> {
        self.parsed.complete = self.warnings.is_empty();
        if self.parsed.complete {
            let done = self.serially(|serial| {
                serial.outlet.close(&Tables::empty(0));
                Ok(())
            })?;
            self.take(done, join);
        }
        self.parsed.warnings = self.warnings.into_vec();
        super::or_error(self.parsed, u64::from(self.syncs))
    }
}

/// Hands on a piece that says no more than that nothing is known from `at` on.
fn seam<P: Piece>(at: Time, join: &mut impl FnMut(P, &Tables<'_>) -> P::Left) {
    let mut seam: Whole<P> = Whole::new(P::new(P::Scratch::default(), P::Left::default()));
    seam.piece.lost(at);
    let _ = seam.piece.finish();
    let _ = join(seam.piece, &seam.tables);
}

/// A generation that was read with the carry.
struct Done<P> {
    whole: Whole<P>,
    events: u64,
    generations: u32,
}
