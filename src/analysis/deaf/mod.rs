//! The goroutines that should have heard a cancel and did not.
//!
//! That is always inferred, so each grade has strict rules (docs/late-exits.md states them, and
//! what they cost). Common to all: the goroutine lived when the context was cancelled and
//! overstays it by more than the limit; it heard neither this cancel nor, in its own code, any
//! other but a later deadline of its own; it is not the canceller, the main goroutine or a library's own; and it is never seen
//! to wait where others are known to listen to a context, since one that waits there has a
//! context of its own that was not cancelled.

mod answers;
mod asked;
mod clock;
mod crowd;
mod family;
mod found;
mod group;
mod held;
mod inquiry;
mod limited;
mod listened;
mod often;
mod private;
mod queue;
mod request;
mod rounds;
mod shared;
mod sleeps;
mod stranded;
mod tasks;
mod told;
mod waits;
mod way;

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Time, narrow};
use crate::model::Trace;

use super::code::book::Book;
use super::code::ground::Ground;
use super::code::names::Origin;
use super::heard::AllHeard;
use super::index::{Register, Spanning};
use super::types::{Cancel, Hearing};

use crowd::Crowds;
use found::{Found, Question, Row};
use inquiry::Inquiry;
use limited::Limited;
use stranded::Stranded;
use tasks::ByTask;

pub(crate) use clock::round_ns;
pub(crate) use sleeps::deadlines_slept_across;
pub(crate) use tasks::LongWork;

/// How many spans of a goroutine to look at for a wait where others listen.
const MAX_SPANS: usize = 4_096;

/// The goroutines that may be deaf to some cancel, as far as that can be told before the cancels are
/// known.
pub(crate) struct Suspects {
    pub(crate) stayers: Spanning,
    pub(crate) long_work: LongWork,
}

/// The goroutines that should have heard the cancels and did not.
#[derive(Default)]
pub(crate) struct Deaf {
    /// By cancel and then by goroutine.
    pub(crate) rows: Vec<Hearing>,
    /// The goroutines for which nobody waited, so that no grade fits, but which slept when a context was
    /// cancelled that they seem to work under, each with that cancel, in order of cancel.
    pub(crate) asleep: Vec<(Goroutine, u32)>,
}

impl Deaf {
    /// Appends them to the table of hearings.
    pub(crate) fn add_to(self, heard: &mut AllHeard) {
        let AllHeard { cancels, hearings, .. } = heard;
        let mut start = hearings.len();
        for same in self.rows.chunk_by(|a, b| a.cancel == b.cancel) {
            let end = start + same.len();
            if let Some(first) = same.first() {
                cancels[first.cancel as usize].deaf = narrow(start)..narrow(end);
            }
            start = end;
        }
        hearings.extend(self.rows);
        heard.asleep = self.asleep;
    }
}

/// The deaf of each cancel.
pub(crate) fn find(ground: Ground<'_>, heard: &AllHeard, suspects: Suspects) -> Deaf {
    let Ground { trace, book, rules, threads } = ground;
    let AllHeard { cancels, hearings, logged, by_goroutine, listening, .. } = heard;
    let Suspects { stayers, mut long_work } = suspects;
    let mut inquiry = Inquiry {
        trace,
        book,
        rules,
        register: Register { cancels, hearings, by_goroutine },
        stayers,
        unheard: Spanning::default(),
        children: OnceLock::new(),
        helped: OnceLock::new(),
        timeout_handler: trace.strings().find(request::TIMEOUT_HANDLER),
        listening,
        alive: OnceLock::new(),
        often: OnceLock::new(),
        queues: OnceLock::new(),
        threads,
    };
    // A goroutine that is never deaf is left out once, and not looked at again for each cancel.
    inquiry.unheard = inquiry.stayers.only(trace, |goroutine| !inquiry.cannot_be_deaf(goroutine));
    long_work.retain(|goroutine| !inquiry.cannot_be_deaf(goroutine));
    long_work.see(trace, threads);
    let limited = Limited::new(&inquiry);
    let stranded = Stranded::new(&inquiry);
    let task = |cancel: &Cancel| {
        let logged = logged.get(&cancel.id).filter(|logged| logged.whole_task);
        logged.map(|logged| logged.task)
    };
    let by_task = ByTask::new(&inquiry, &mut long_work, task);
    let found = of_each(&inquiry, &Grades { by_task, limited, stranded });
    let rows = found.iter().flat_map(|of| &of.rows);
    let asked = rows.filter_map(|(row, question)| {
        let Question { asked, by } = (*question)?;
        Some((asked, (by, inquiry.register.cancel_of(row).at)))
    });
    let asked: FxHashMap<Goroutine, (Goroutine, Time)> = asked.collect();
    let mut serving = asked::serve_several(&inquiry, &asked);
    serving.extend(shared::work_for_several(&inquiry, asked.keys().copied()));
    serving.extend(answers::answer_nobody(&inquiry, asked.keys().copied()));
    let is_deaf = |(_, question): &(Hearing, Option<Question>)| {
        question.is_none_or(|question| !serving.contains(&question.asked))
    };
    let mut deaf = Deaf::default();
    for OfCancel { rows, asleep, .. } in found {
        deaf.rows.extend(rows.into_iter().filter(is_deaf).map(|(row, _)| row));
        deaf.asleep.extend(asleep);
    }
    deaf
}

/// The deaf of each cancel that has any. Cancels with waits for crowds are looked at after all others.
fn of_each(inquiry: &Inquiry<'_>, grades: &Grades) -> Vec<OfCancel> {
    let Register { cancels, .. } = inquiry.register;
    let mut found = inquiry.threads.over_rows(cancels.len(), |rows| {
        let found = cancels[rows].iter().filter_map(|cancel| {
            let mut crowds = Crowds::default();
            let found = find_deaf(inquiry, cancel, grades, &mut crowds);
            if crowds.any_put_off {
                return Some(OfCancel { put_off: Some(cancel.id), ..OfCancel::default() });
            }
            let any = !found.rows.is_empty() || !found.asleep.is_empty();
            any.then(|| OfCancel::new(inquiry, cancel, found))
        });
        found.collect()
    });
    let mut crowds = Crowds::due();
    for of in &mut found {
        if let Some(id) = of.put_off {
            let cancel = inquiry.register.cancel(id);
            let found = find_deaf(inquiry, cancel, grades, &mut crowds);
            *of = OfCancel::new(inquiry, cancel, found);
        }
    }
    found
}

/// What is looked up once for all cancels, by the grades that need that.
struct Grades {
    by_task: ByTask,
    limited: Limited,
    stranded: Stranded,
}

/// What was found of one cancel.
#[derive(Default)]
struct OfCancel {
    rows: Vec<(Hearing, Option<Question>)>,
    asleep: Vec<(Goroutine, u32)>,
    /// The cancel's number, if it was put off.
    put_off: Option<u32>,
}

impl OfCancel {
    fn new(inquiry: &Inquiry<'_>, cancel: &Cancel, mut found: Found) -> Self {
        found.rows.sort_by_key(|row| row.goroutine);
        let row = |row: &Row| {
            let by_clock = cancel.is_unheard_deadline() || found.by_clock.contains(&row.goroutine);
            (Hearing { by_clock, ..inquiry.hearing(cancel, row) }, row.question)
        };
        let asleep = found.asleep.iter().filter(|of| !found.seen.contains(of));
        Self {
            rows: found.rows.iter().map(row).collect(),
            asleep: asleep.map(|&of| (of, cancel.id)).collect(),
            put_off: None,
        }
    }
}

/// The deaf of one cancel, by the first grade that fits each.
fn find_deaf(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    grades: &Grades,
    crowds: &mut Crowds,
) -> Found {
    let mut found = Found::default();
    request::find(inquiry, cancel, &mut found);
    family::find(inquiry, cancel, crowds, &mut found);
    tasks::find(inquiry, cancel, &grades.by_task, &mut found);
    limited::find(inquiry, cancel, &grades.limited, &mut found);
    stranded::find(inquiry, cancel, &grades.stranded, &mut found);
    if inquiry.rules.sibling {
        family::find_siblings(inquiry, cancel, &mut found);
    }
    found
}

/// Goroutines of the program's own that live longer than the limit, by their creator.
pub(crate) fn stayers(ground: Ground<'_>) -> Spanning {
    let Ground { trace, book, rules, .. } = ground;
    let columns = &trace.goroutines;
    let (born, ended, names) = (&columns.born, &columns.ended, &columns.names);
    let rows = trace.goroutines().zip(born.iter().zip(ended).zip(names));
    let stayers = rows.filter_map(|(goroutine, ((born, ended), &name))| {
        let end = ended.time().unwrap_or_else(|| trace.last_known(goroutine));
        let stays = born.time().is_some_and(|born| end - born > rules.late_over_ns);
        let parent = columns.parent(goroutine).filter(|_| stays)?;
        let is_own = book.function(name).origin != Origin::Std || is_given(trace, book, goroutine);
        is_own.then_some((parent, goroutine))
    });
    Spanning::new(trace, stayers.collect())
}

/// Whether a library's function started a goroutine for code of the program's: `sync.(*WaitGroup).Go`.
fn is_given(trace: &Trace, book: &Book, goroutine: Goroutine) -> bool {
    book.function(book.kind(trace, goroutine)).origin != Origin::Std
}
