//! The first pass: everything that can stand anywhere in the file, and where the batches are.

use std::ops::Range;

use super::cursor::{Cursor, Damage, Item, Raw};
use super::dictionary::Dictionary;
use super::notes::Notes;
use super::stream::File;
use super::wire::Kind;
use crate::base::{Cancelled, Progress, WireMap, WireSet};
use crate::parse::event::StrRef;

/// How often, in bytes, to see whether the work is still wanted.
const BYTES_PER_CHECK: usize = 1 << 16;

/// More Ps than this are not believed.
const MAX_PROCS: usize = 60_000;

/// A row of [`Index::procs`].
pub(super) type ProcRow = u16;

/// A P's events between two batch headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    /// Whose.
    pub(super) proc: ProcRow,
    /// The first byte after the header.
    pub(super) start: usize,
    /// The first byte that is not the batch's.
    pub(super) end: usize,
    /// The time from which the first event counts, in ticks.
    pub(super) ticks: i64,
}

/// A CPU sample's place and its time, in ticks, which is not that of its neighbors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Where it is.
    pub(super) at: usize,
    /// When the signal came.
    pub(super) ticks: i64,
}

/// What the first pass found.
#[derive(Debug)]
pub(super) struct Index<'a> {
    /// Strings and stacks.
    pub(super) dictionary: Dictionary<'a>,
    /// The file's numbers of the Ps, -1 for no P.
    pub(super) procs: Vec<i32>,
    /// In file order.
    pub(super) batches: Vec<Batch>,
    /// In the order of their times.
    pub(super) samples: Vec<Sample>,
    /// The places of the user logs, ascending, with their messages.
    pub(super) messages: Vec<(usize, StrRef)>,
    /// Goroutines that run timers.
    pub(super) timer_goroutines: WireSet<u64>,
    /// The clock, if the file tells it.
    pub(super) ticks_per_second: Option<i64>,
    /// How many events there are to order.
    pub(super) n_events: usize,
    /// Where the file first breaks the format; later events are not used.
    pub(super) damage: Option<Damage>,
    proc_rows: WireMap<i32, ProcRow>,
}

impl<'a> Index<'a> {
    /// Goes once through a trace, from the end of its header at `start`, and passes over what is
    /// `left_out`, from the first batch in it on.
    ///
    /// After the first damage only strings, stacks and the clock are read on, as far as that
    /// is possible: they come last in the file, and the events before need them.
    ///
    /// # Errors
    /// [`Cancelled`] if `progress` says so.
    pub(super) fn read(
        &File { bytes, minor }: &File<'a>,
        start: usize,
        mut left_out: Option<Range<usize>>,
        notes: &mut Notes,
        progress: &Progress,
    ) -> Result<Self, Cancelled> {
        let mut index = Self {
            dictionary: Dictionary::for_trace(bytes.len()),
            procs: Vec::new(),
            batches: Vec::new(),
            samples: Vec::new(),
            messages: Vec::new(),
            timer_goroutines: WireSet::default(),
            ticks_per_second: None,
            n_events: 0,
            damage: None,
            proc_rows: WireMap::default(),
        };
        let mut cursor = Cursor::new(bytes, start, minor);
        let mut reported = 0;
        loop {
            let passed = cursor.at().saturating_sub(reported);
            if passed >= BYTES_PER_CHECK {
                progress.check()?;
                progress.advance(passed as u64);
                reported = cursor.at();
            }
            // Of most events nothing is needed yet.
            if index.damage.is_none() && !index.batches.is_empty() {
                let until = reported + BYTES_PER_CHECK;
                while cursor.at() < until && cursor.skip_plain() {
                    index.n_events += 1;
                }
            }
            let next = cursor.next();
            if let Ok(Some((at, Item::Batch { .. }))) = next
                && let Some(passed) = left_out.take_if(|left_out| left_out.contains(&at))
            {
                index.close_batch(at);
                cursor = Cursor::new(bytes, passed.end, minor);
                continue;
            }
            let taken = next.and_then(|next| match next {
                Some((at, item)) => index.add(at, item, cursor.at(), notes).map(|()| true),
                None => Ok(false),
            });
            match taken {
                Ok(true) => {}
                Ok(false) => break,
                Err(damage) => {
                    let resume = damage.resume;
                    index.close_batch(damage.at);
                    index.damage.get_or_insert(damage);
                    let Some(resume) = resume else { break };
                    cursor = Cursor::new(bytes, resume, minor);
                }
            }
        }
        index.close_batch(bytes.len());
        progress.advance(bytes.len().saturating_sub(reported) as u64);
        // The runtime writes samples when it gets round to it.
        index.samples.sort_by_key(|sample| sample.ticks);
        Ok(index)
    }

    /// Whether the file, as far as it was read, does not tell all that it should.
    pub(super) fn is_partial(&self) -> bool {
        self.damage.is_some() || self.ticks_per_second.is_none()
    }

    /// Takes in one item, which ends before `end`.
    fn add(
        &mut self,
        at: usize,
        item: Item<'a>,
        end: usize,
        notes: &mut Notes,
    ) -> Result<(), Damage> {
        match item {
            Item::String { id, text } => self.dictionary.add_string(at, id, text, notes),
            Item::Stack { id, frames } => self.dictionary.add_stack(id, frames),
            Item::TimerGoroutine(id) => {
                self.timer_goroutines.insert(id);
            }
            Item::Frequency(frequency) => match i64::try_from(frequency) {
                Ok(frequency) if frequency > 0 => {
                    if self.ticks_per_second.replace(frequency).is_some() {
                        notes.add(at, "the clock's frequency is told again; the last one counts");
                    }
                }
                _ => notes.add(at, "the clock's frequency makes no sense and is ignored"),
            },
            Item::Batch { .. } | Item::Event(_) if self.damage.is_some() => {}
            Item::Batch { proc, ticks } => {
                self.close_batch(at);
                let proc = self.proc_row(at, proc)?;
                self.batches.push(Batch { proc, start: end, end: usize::MAX, ticks });
            }
            Item::Event(_) if self.batches.is_empty() => {
                notes.add(at, "an event stands before the first batch and is ignored");
            }
            Item::Event(raw) => self.add_event(at, &raw),
        }
        Ok(())
    }

    fn add_event(&mut self, at: usize, raw: &Raw<'a>) {
        self.n_events += 1;
        match raw.kind {
            Kind::CpuSample => {
                let [ticks, ..] = raw.args;
                self.samples.push(Sample { at, ticks: ticks.cast_signed() });
            }
            Kind::UserLog => {
                let message = self.dictionary.add_message(raw.text);
                self.messages.push((at, message));
            }
            _ => {}
        }
    }

    fn proc_row(&mut self, at: usize, proc: i32) -> Result<ProcRow, Damage> {
        if let Some(&row) = self.proc_rows.get(&proc) {
            return Ok(row);
        }
        let n_procs = self.procs.len();
        let row = ProcRow::try_from(n_procs).ok().filter(|_| n_procs < MAX_PROCS);
        let what = || format!("the trace has more than {MAX_PROCS} Ps");
        let row = row.ok_or_else(|| Damage { at, what: what(), resume: None })?;
        self.procs.push(proc);
        self.proc_rows.insert(proc, row);
        Ok(row)
    }

    /// Ends the open batch, if there is one, before byte `end`.
    fn close_batch(&mut self, end: usize) {
        if let Some(batch) = self.batches.last_mut() {
            batch.end = batch.end.min(end);
        }
    }
}
