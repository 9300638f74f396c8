//! An open trace, with what has been worked out about it so far.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use super::charts::Overstays;
use super::command::Origin;
use super::explain::{Explanation, Held};
use super::jobs::Jobs;
use super::open::Opened;
use super::state::Selected;
use super::stretch::Measured;
use super::stuck::ByRule;
use super::table::{Pool, Query, Row};
use crate::analysis::{Cancel, CancelSite, Cause, Document, Hearing, Rules};
use crate::base::{Interval, Time, Warning};
use crate::model::{Trace, Wakers};
use crate::scene::{Index, Others, RowOptions, Rows, Source};

/// Rows and what they were built by.
#[derive(Debug)]
pub(crate) struct Built {
    /// By what.
    pub(crate) options: RowOptions,
    /// The rows.
    pub(crate) rows: Rows,
    /// The functions of their groups, in order.
    pub(crate) functions: Arc<[String]>,
}

impl Built {
    /// Rows of a trace.
    pub(crate) fn new(trace: &Trace, options: RowOptions, rows: Rows) -> Self {
        Self { functions: rows.functions(trace), options, rows }
    }
}

/// What the rows of the cancel view are built by: the cancel whose site it is, if one, and of the
/// options those that count there.
pub(crate) type CancelKey = (Option<u32>, RowOptions);

/// An open trace.
#[derive(Debug)]
pub(crate) struct Sheet {
    /// A number that no other open trace of this session has.
    pub(crate) serial: u64,
    /// The number that it had when it was opened: judged by another budget, or read again, it is
    /// still the trace that somebody has scrolled through.
    pub(crate) opening: u64,
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// The trace and what the analysis says.
    pub(crate) document: Arc<Document>,
    /// What is wrong with the file, besides what the trace itself says.
    pub(crate) file_warnings: Vec<Warning>,
    /// Whether it is only the beginning of the file, to be looked at until all has been read.
    pub(crate) is_preview: bool,
    /// Its levels of detail, at first only the quick ones.
    pub(crate) index: Arc<Index>,
    /// Whether those are all.
    pub(crate) indexed: bool,
    /// The rows of the timeline.
    pub(crate) rows: Option<Built>,
    /// What the rows were last asked for by.
    pub(crate) rows_asked: Option<RowOptions>,
    /// The rows of the cancel view.
    pub(crate) cancel_rows: Option<Rows>,
    /// What those were last asked for by.
    pub(crate) cancel_rows_asked: Option<CancelKey>,
    /// Where the cancels are made, the worst first, once the cancel view has been shown.
    pub(crate) cancel_sites: Option<Vec<CancelSite>>,
    /// What they were by another budget, to be looked at until then.
    pub(crate) old_cancel_sites: Vec<CancelSite>,
    /// How many cancels the cancel view shows.
    pub(crate) n_cancels_shown: usize,
    /// What held up late exits, and what holds up who is stuck.
    pub(crate) held: HashMap<Row, Held>,
    /// What was worked out about what is selected.
    pub(crate) explanation: Option<(Selected, Explanation)>,
    /// What was last asked about.
    pub(crate) explanation_asked: Option<Selected>,
    /// What was worked out about the stretch that was measured out.
    pub(crate) measured: Option<Arc<Measured>>,
    /// Which stretch was last asked about.
    pub(crate) measured_asked: Option<Interval>,
    /// What is known of the stretch beside which all else is left out.
    pub(crate) within: Option<Arc<Measured>>,
    /// The wakes by waker, once something has been selected.
    pub(crate) wakers: Arc<OnceLock<Wakers>>,
    /// What the plots of overstays show, once they are shown.
    overstays: OnceCell<Overstays>,
    /// The causes of its cancels.
    causes: OnceCell<Vec<Cause>>,
    /// Who is stuck, by the rule that tells of them.
    stuck_by_rule: OnceCell<ByRule>,
    /// How many late exits there are before the first whose cancel has a site or a context's name.
    n_without_site: OnceCell<usize>,
    /// The hearings that are late only because no processor was free, or because of the GC, which
    /// excuses them.
    pub(crate) excused: Arc<FxHashSet<u32>>,
    /// What it was last asked to be judged by.
    pub(crate) judged_asked: Rules,
    /// The late exits and who is stuck, sorted and filtered.
    pub(crate) table: Option<(Query, Vec<Row>)>,
    /// What the table was last asked for by.
    pub(crate) table_asked: Option<Query>,
}

impl Sheet {
    /// A trace that has just been opened.
    pub(crate) fn new(serial: u64, origin: Origin, opened: Opened) -> Self {
        let Opened { document, excused, warnings: file_warnings, index, indexed, rows, is_preview } =
            opened;
        let judged_asked = document.rules().clone();
        Self {
            serial,
            opening: serial,
            origin,
            document,
            file_warnings,
            is_preview,
            index,
            indexed,
            rows_asked: Some(rows.options.clone()),
            rows: Some(rows),
            cancel_rows: None,
            cancel_rows_asked: None,
            cancel_sites: None,
            old_cancel_sites: Vec::new(),
            n_cancels_shown: 0,
            held: HashMap::new(),
            explanation: None,
            explanation_asked: None,
            measured: None,
            measured_asked: None,
            within: None,
            wakers: Arc::default(),
            overstays: OnceCell::new(),
            causes: OnceCell::new(),
            stuck_by_rule: OnceCell::new(),
            n_without_site: OnceCell::new(),
            excused,
            judged_asked,
            table: None,
            table_asked: None,
        }
    }

    /// Takes all levels of detail: rows are to be made anew with them.
    pub(crate) fn put_index(&mut self, index: Arc<Index>) {
        Jobs::discard(std::mem::replace(&mut self.index, index));
        self.indexed = true;
        self.rows_asked = None;
        self.cancel_rows_asked = None;
    }

    /// What the plots of all overstays show.
    pub(crate) fn all_overstays(&self) -> &Overstays {
        let analysis = self.document.analysis();
        self.overstays.get_or_init(|| Overstays::new(analysis, Pool::all(analysis)))
    }

    /// The causes of its cancels, each once, in their order. Looked up once.
    pub(crate) fn causes(&self) -> &[Cause] {
        self.causes.get_or_init(|| {
            let cancels = self.document.analysis().cancels();
            let mut causes = Cause::ALL.to_vec();
            causes.retain(|cause| cancels.iter().any(|cancel| cancel.cause == *cause));
            causes
        })
    }

    /// Who is stuck, by the rule that tells of them.
    pub(crate) fn stuck_by_rule(&self) -> &ByRule {
        self.stuck_by_rule.get_or_init(|| ByRule::new(self.document.analysis()))
    }

    /// Whether it is known of any of the `n` latest exits where its cancel was made, or of which
    /// context. Looked up once.
    pub(crate) fn has_sites(&self, n: usize) -> bool {
        let before = self.n_without_site.get_or_init(|| {
            let analysis = self.document.analysis();
            let has = |&row: &u32| {
                let hearing = &analysis.hearings()[row as usize];
                let cancel = analysis.cancel_of(hearing);
                cancel.site.is_some() || self.document.context_of(cancel).is_some()
            };
            analysis.worst_first.iter().position(has).unwrap_or(usize::MAX)
        });
        *before < n
    }

    /// Where the cancels are made, as far as that has been looked for.
    pub(crate) fn sites(&self) -> &[CancelSite] {
        self.cancel_sites.as_ref().unwrap_or(&self.old_cancel_sites)
    }

    /// Whether the file was read to its end, with nothing lost on the way.
    pub(crate) fn is_whole(&self) -> bool {
        self.trace().info().complete && self.file_warnings.is_empty()
    }

    /// A duration of this trace in words.
    pub(crate) fn duration(&self, duration: i64) -> String {
        self.trace().clock().text(duration)
    }

    /// Folds sections or changes heights at once, if that is all that differs from the rows
    /// there are; says whether it was.
    pub(crate) fn refold(&mut self, wanted: &RowOptions) -> bool {
        let Some(built) = &mut self.rows else { return false };
        if self.rows_asked.as_ref() != Some(&built.options) {
            // Others are being built.
            return false;
        }
        let old = &built.options;
        let has_others = |options: &RowOptions| options.others != Others::Without;
        let alike = RowOptions {
            folds: Arc::clone(&old.folds),
            others: old.others,
            metrics: old.metrics,
            ..wanted.clone()
        };
        if *old != alike || has_others(old) != has_others(wanted) {
            return false;
        }
        built.rows.set_collapsed(|section| wanted.collapses(section));
        if wanted.metrics != old.metrics {
            built.rows.set_metrics(wanted.metrics);
        }
        built.options = wanted.clone();
        self.rows_asked = Some(wanted.clone());
        true
    }

    /// The trace.
    pub(crate) fn trace(&self) -> &Trace {
        self.document.trace()
    }

    /// From the first event to the last.
    pub(crate) fn interval(&self) -> Interval {
        self.trace().interval()
    }

    /// The trace as the scene reads it.
    pub(crate) fn source(&self) -> Source<'_> {
        Source { document: &self.document, index: &self.index }
    }

    /// A cancel by its row, if there is one.
    pub(crate) fn cancel(&self, row: u32) -> Option<&Cancel> {
        self.document.analysis().cancels().get(row as usize)
    }

    /// A hearing by its row, if there is one.
    pub(crate) fn hearing(&self, row: u32) -> Option<&Hearing> {
        self.document.analysis().hearings().get(row as usize)
    }

    /// Nanoseconds from the trace's start to a moment.
    pub(crate) fn since_start(&self, time: Time) -> i64 {
        time.since(self.interval().start)
    }

    /// Its file, if it is one.
    pub(crate) fn path(&self) -> Option<&PathBuf> {
        match &self.origin {
            Origin::File(path) => Some(path),
            Origin::Example(_) => None,
        }
    }
}
