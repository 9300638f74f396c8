//! From what is selected to the next of its kind: rows, late exits, events, wakes.

use super::act::say;
use super::app::Panels;
use super::command::Command;
use super::compare;
use super::ctx::Ctx;
use super::explain::goroutine_of;
use super::late::LatePanel;
use super::look::from_first;
use super::sheet::Sheet;
use super::slot::Slot;
use super::state::{Selected, View, What};
use super::table::Rows;
use crate::analysis::{DiffGroup, Hearing};
use crate::base::{Goroutine, Time};
use crate::model::Span;

/// Why there is nothing to step through.
const NO_LANE: &str = "Select a lane first: a click, or N for the worst late exit";

/// The lane, or in a table the row, above or below the selected one.
pub(super) fn row(ctx: &Ctx<'_>, panels: &Panels, step: i64) {
    // The table comes first, until a lane is chosen below it.
    if let (View::Compare, None, Some(diff)) = (ctx.state.view, ctx.state.selected, ctx.diff) {
        compared(ctx, &panels.compare.groups(ctx, diff), step);
        return;
    }
    let next = match ctx.state.view {
        View::Late => next_listed(ctx, &panels.late, step),
        View::Cancel => next_hearing(ctx, step),
        View::Timeline | View::Compare => next_lane(ctx, step),
    };
    if let Some(next) = next {
        ctx.send(Command::Jump(next));
    } else if ctx.state.selected.is_none() {
        late(ctx, step);
    }
}

/// The row of a comparison above or below the selected one: the first if none is.
fn compared(ctx: &Ctx<'_>, groups: &[&DiffGroup], step: i64) {
    let at = groups.iter().position(|group| compare::is_selected(ctx, group));
    let next = match at.and_then(|at| i64::try_from(at).ok()) {
        Some(at) => usize::try_from(at + step).ok(),
        None => Some(0),
    };
    if let Some(group) = next.and_then(|next| groups.get(next)) {
        ctx.send(Command::Compared(group.kind, group.key.clone()));
    }
}

/// The next lane; whoever goes through overstays sees that lane's worst, if it has one.
fn next_lane(ctx: &Ctx<'_>, step: i64) -> Option<Selected> {
    let (slot, sheet, goroutine) = selected_goroutine(ctx)?;
    let next = sheet.rows.as_ref()?.rows.neighbor(goroutine, step)?;
    let by_overstays = matches!(ctx.state.selected?.what, What::Hearing(_));
    let rows = sheet.document.analysis().by_goroutine.of(next);
    let counts = |row: &&u32| sheet.hearing(**row).is_some_and(Hearing::was_to_leave);
    let worst = rows.iter().find(counts).filter(|_| by_overstays);
    Some(Selected { slot, what: worst.map_or(What::Goroutine(next), |&row| What::Hearing(row)) })
}

/// The lanes of the cancel view stand for hearings.
fn next_hearing(ctx: &Ctx<'_>, step: i64) -> Option<Selected> {
    let (slot, sheet, goroutine) = selected_goroutine(ctx)?;
    let cancel = match ctx.state.selected?.what {
        What::Hearing(row) => Some(sheet.hearing(row)?.cancel),
        _ => None,
    };
    let rows = sheet.cancel_rows.as_ref()?;
    let (goroutine, cancel) = rows.neighbor_hearing(goroutine, cancel, step)?;
    let analysis = sheet.document.analysis();
    let of = analysis.by_goroutine.of(goroutine).iter();
    let row = of.copied().find(|&row| sheet.hearing(row).is_some_and(|it| it.cancel == cancel))?;
    Some(Selected { slot, what: What::Hearing(row) })
}

/// The table's order is its own.
fn next_listed(ctx: &Ctx<'_>, table: &LatePanel, step: i64) -> Option<Selected> {
    let (slot, sheet) = ctx.focus()?;
    let analysis = sheet.document.analysis();
    let rows = table.rows(ctx, sheet);
    let at = i64::try_from(listed_at(ctx, slot, sheet, rows)?).ok()?;
    let next = usize::try_from(at + step).ok()?;
    Some(Selected { slot, what: rows.get(next)?.what(analysis)? })
}

/// Which of the rows of a trace's table is about what is selected, if one is.
fn listed_at(ctx: &Ctx<'_>, slot: Slot, sheet: &Sheet, rows: Rows<'_>) -> Option<usize> {
    let selected = ctx.state.selected.filter(|selected| selected.slot == slot)?;
    rows.position(sheet.document.analysis(), selected.what)
}

/// To the row so many below the selected one in the table, above it if less than 0: at most to the
/// last or the first.
pub(super) fn listed(ctx: &Ctx<'_>, table: &LatePanel, step: i64) {
    let Some((slot, sheet)) = ctx.focus() else { return };
    let rows = table.rows(ctx, sheet);
    let Some(last) = rows.len().checked_sub(1) else { return };
    let at = listed_at(ctx, slot, sheet, rows).and_then(|at| i64::try_from(at).ok()).unwrap_or(-1);
    let next = usize::try_from(at.saturating_add(step).max(0)).unwrap_or(last).min(last);
    if let Some(what) = rows.get(next).and_then(|row| row.what(sheet.document.analysis())) {
        ctx.send(Command::Jump(Selected { slot, what }));
    }
}

/// The next of the late exits, and of those who are stuck, after the selected one, worst first, of
/// two traces in both; around at the ends.
pub(super) fn late(ctx: &Ctx<'_>, step: i64) {
    let budget_ns = ctx.state.prefs.budget_ns;
    let sides: Vec<Side<'_>> = ctx
        .sheets
        .iter()
        .filter_map(|(slot, sheet)| Some((slot, sheet.as_ref()?)))
        .flat_map(|(slot, sheet)| {
            let pool = sheet.pool(ctx.state);
            let (late, stuck) = (pool.late(budget_ns), pool.stuck_over(budget_ns));
            [(late, false), (stuck, true)].map(|(rows, stuck)| Side { slot, sheet, stuck, rows })
        })
        .collect();
    let now = ctx.state.selected.and_then(|selected| {
        let at = |side: &Side<'_>| {
            let is_it = |&row: &u32| side.selected(row) == Some(selected);
            side.rank(side.rows.iter().position(is_it)?)
        };
        sides.iter().filter(|side| side.slot == selected.slot).find_map(at)
    });
    let next = if step > 0 {
        let after = sides.iter().filter_map(|side| side.after(now)).min();
        after.or_else(|| sides.iter().filter_map(|side| side.after(None)).min())
    } else {
        let before = sides.iter().filter_map(|side| side.before(now)).max();
        before.or_else(|| sides.iter().filter_map(|side| side.before(None)).max())
    };
    let row = |rank: Rank| {
        let side = sides.iter().find(|side| side.order() == rank.1)?;
        side.selected(*side.rows.get(rank.2)?)
    };
    match next.and_then(row) {
        Some(next) => ctx.send(Command::Jump(next)),
        None => {
            let budget = ctx.clock().text(budget_ns);
            say(ctx, format!("Nobody left later than {budget} after a cancel"));
        }
    }
}

/// To the one of a trace that has been stuck for longest.
pub(super) fn stuck(ctx: &Ctx<'_>, sheet: &Sheet) {
    let worst = sheet.document.analysis().stuck_over(ctx.state.prefs.budget_ns).next();
    let slot =
        ctx.sheets.iter().find(|(_, of)| of.as_ref().is_some_and(|of| of.serial == sheet.serial));
    if let (Some(worst), Some((slot, _))) = (worst, slot) {
        ctx.send(Command::Jump(Selected { slot, what: What::Goroutine(worst.goroutine) }));
    }
}

/// What the late exits of both traces are in order by: the worst first, and of equals those of
/// the trace before. The overstay as a negative number, the list, the place in it.
type Rank = (i64, u8, usize);

/// The late exits of one trace, or those who are stuck, the worst first.
struct Side<'a> {
    slot: Slot,
    sheet: &'a Sheet,
    /// Whether the rows are those of who is stuck, not of hearings.
    stuck: bool,
    rows: &'a [u32],
}

impl Side<'_> {
    /// Which of the lists it is.
    fn order(&self) -> u8 {
        self.slot as u8 * 2 + u8::from(self.stuck)
    }

    /// How late the one of a row is, as a negative number.
    fn overstay(&self, row: u32) -> i64 {
        let ns = if self.stuck {
            let stuck = self.sheet.document.analysis().all_stuck().get(row as usize);
            stuck.map(|stuck| stuck.interval.ns())
        } else {
            self.sheet.hearing(row).map(|hearing| hearing.overstay_ns)
        };
        -ns.unwrap_or(0)
    }

    /// What is selected for a row.
    fn selected(&self, row: u32) -> Option<Selected> {
        let what = if self.stuck {
            let stuck = self.sheet.document.analysis().all_stuck().get(row as usize)?;
            What::Goroutine(stuck.goroutine)
        } else {
            What::Hearing(row)
        };
        Some(Selected { slot: self.slot, what })
    }

    fn rank(&self, at: usize) -> Option<Rank> {
        Some((self.overstay(*self.rows.get(at)?), self.order(), at))
    }

    /// How many come before a rank. Costs a binary search.
    fn n_before(&self, rank: Rank) -> usize {
        let (overstay, order, place) = rank;
        if order == self.order() {
            return place;
        }
        let is_before = |&row: &u32| (self.overstay(row), self.order()) < (overstay, order);
        self.rows.partition_point(is_before)
    }

    /// The first after a rank; the first of all if there is none.
    fn after(&self, rank: Option<Rank>) -> Option<Rank> {
        let Some(rank) = rank else { return self.rank(0) };
        let own = usize::from(rank.1 == self.order());
        self.rank(self.n_before(rank) + own)
    }

    /// The last before a rank; the last of all if there is none.
    fn before(&self, rank: Option<Rank>) -> Option<Rank> {
        let n = rank.map_or(self.rows.len(), |rank| self.n_before(rank));
        self.rank(n.checked_sub(1)?)
    }
}

pub(super) fn event(ctx: &Ctx<'_>, forward: bool) {
    let Some((slot, sheet, goroutine, span)) = current_span(ctx) else {
        say(ctx, NO_LANE);
        return;
    };
    let on_span = matches!(ctx.state.selected.map(|it| it.what), Some(What::Span(..)));
    let at = match (on_span, forward) {
        (false, _) => span.start,
        (true, true) => span.end,
        (true, false) => span.start - 1,
    };
    match sheet.trace().span_at(goroutine, at) {
        Some(next) => select_span(ctx, slot, goroutine, next.start),
        None if forward => say(ctx, "Nothing more is known of it"),
        None => say(ctx, "Nothing before is known of it"),
    }
}

/// To the goroutine that ended the current wait, at that moment.
pub(super) fn to_waker(ctx: &Ctx<'_>) {
    let Some((slot, sheet, goroutine, span)) = current_span(ctx) else {
        say(ctx, NO_LANE);
        return;
    };
    let woken = if span.woken {
        Some(span)
    } else {
        sheet.trace().span_at(goroutine, span.end).filter(|next| next.woken)
    };
    match woken.map(|span| (span.waker, span.start)) {
        Some((Some(waker), at)) => select_span(ctx, slot, waker, at),
        Some((None, _)) => say(ctx, "The runtime woke it: a timer or the network"),
        None => say(ctx, "Nobody woke it here"),
    }
}

/// To the goroutine that the selected one woke at this moment, or else to the first that it
/// woke from this span on.
pub(super) fn to_woken(ctx: &Ctx<'_>) {
    let Some((slot, sheet, goroutine, span)) = current_span(ctx) else {
        say(ctx, NO_LANE);
        return;
    };
    let Some(wakers) = sheet.wakers.get() else {
        say(ctx, "Who woke whom is still being worked out");
        return;
    };
    let woke = wakers.of(sheet.trace(), goroutine);
    let first_from = |time| woke.get(woke.first_from(time));
    // Where one came from along a wake is where one goes back to.
    let same = match ctx.state.selected.map(|selected| selected.what) {
        Some(What::Span(_, at)) => first_from(at).filter(|wake| wake.at == at),
        _ => None,
    };
    match same.or_else(|| first_from(span.start)) {
        Some(wake) => select_span(ctx, slot, wake.wakee, wake.at),
        None => say(ctx, "It woke nobody from here on"),
    }
}

fn selected_goroutine<'a>(ctx: &Ctx<'a>) -> Option<(Slot, &'a Sheet, Goroutine)> {
    let selected = ctx.state.selected?;
    let sheet = ctx.sheet(selected.slot)?;
    Some((selected.slot, sheet, goroutine_of(sheet, selected)?))
}

/// The span that the selection is at: the selected one, or the one at the left of the screen.
fn current_span<'a>(ctx: &Ctx<'a>) -> Option<(Slot, &'a Sheet, Goroutine, Span)> {
    let (slot, sheet, goroutine) = selected_goroutine(ctx)?;
    let trace = sheet.trace();
    let at = match ctx.state.selected?.what {
        What::Span(_, at) => at,
        What::Hearing(row) => sheet.hearing(row)?.heard_at,
        _ => {
            let left = from_first(ctx, slot, ctx.state.viewport?.visible().start);
            left.max(trace.life(goroutine).first)
        }
    };
    Some((slot, sheet, goroutine, trace.span_at(goroutine, at)?))
}

fn select_span(ctx: &Ctx<'_>, slot: Slot, goroutine: Goroutine, at: Time) {
    ctx.send(Command::Jump(Selected { slot, what: What::Span(goroutine, at) }));
}
