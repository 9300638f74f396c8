//! Work off the UI thread: named threads, tickets against stale results, progress and cancel.
//!
//! A lane is a line of work in which only the newest request counts. One job of a lane runs at a
//! time and at most one waits; a newer one takes its place. What a job answers is dropped if a
//! newer one was asked for meanwhile, or if it was cancelled.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use super::answer::Answer;
use super::slot::Slot;
use crate::base::Progress;

/// A line of work in which only the newest request counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Lane {
    /// Reading, parsing and analyzing a file.
    Open(Slot),
    /// Analyzing an open trace by another budget.
    Judge(Slot),
    /// Building a trace's levels of detail.
    Index(Slot),
    /// Sorting and grouping the lanes of a trace.
    Rows(Slot),
    /// The rows of the cancel view of a trace.
    CancelRows(Slot),
    /// Comparing the two traces.
    Compare,
    /// What a goroutine did in a window, and who held it up.
    Explain,
    /// The sentences of the late exits in view.
    Sentences(Slot),
    /// Sorting and filtering the late exits of a trace.
    Table(Slot),
    /// What happened in a stretch of time of a trace.
    Stretch(Slot),
    /// Finding goroutines by words.
    Find,
    /// The file dialog.
    Dialog,
    /// Writing a report or a picture.
    Save,
}

impl Lane {
    /// The thread's name, at most 15 bytes (Linux cuts the rest).
    fn thread_name(self) -> &'static str {
        match self {
            Self::Open(_) => "open-trace",
            Self::Judge(_) => "judge",
            Self::Index(_) => "index",
            Self::Rows(_) => "rows",
            Self::CancelRows(_) => "cancel-rows",
            Self::Compare => "compare",
            Self::Explain => "explain",
            Self::Sentences(_) => "sentences",
            Self::Table(_) => "table",
            Self::Stretch(_) => "stretch",
            Self::Find => "find",
            Self::Dialog => "file-dialog",
            Self::Save => "save",
        }
    }
}

/// What a job does; it polls the progress for a wish to stop.
type Work = Box<dyn FnOnce(&Progress) -> Answer + Send>;

/// One job that runs.
struct Running {
    ticket: u64,
    progress: Progress,
    since: Instant,
    title: String,
    waiting: Option<(String, Work)>,
}

/// What a panel may show of a running job.
#[derive(Clone, Debug)]
pub(crate) struct JobView {
    /// What it does, for people: `Opening big.trace`.
    pub(crate) title: String,
    /// How far it has come.
    pub(crate) progress: Progress,
    /// When it began.
    pub(crate) since: Instant,
}

struct Message {
    lane: Lane,
    ticket: u64,
    answer: Answer,
}

/// How many answers can wait for the UI thread. Each lane has at most one, so nobody blocks.
const CAPACITY: usize = 64;

/// All work off the UI thread.
pub(crate) struct Jobs {
    sender: SyncSender<Message>,
    receiver: Receiver<Message>,
    lanes: HashMap<Lane, Running>,
    next_ticket: u64,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.lanes.keys()).finish()
    }
}

impl Jobs {
    /// `wake` is called from worker threads whenever an answer waits.
    pub(crate) fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        let (sender, receiver) = sync_channel(CAPACITY);
        Self { sender, receiver, lanes: HashMap::new(), next_ticket: 0, wake: Arc::new(wake) }
    }

    /// Runs `work` in its lane, after what runs there now, whose answer is dropped.
    pub(crate) fn start(
        &mut self,
        lane: Lane,
        title: impl Into<String>,
        work: impl FnOnce(&Progress) -> Answer + Send + 'static,
    ) {
        let title = title.into();
        if let Some(running) = self.lanes.get_mut(&lane) {
            running.progress.cancel();
            running.waiting = Some((title, Box::new(work)));
        } else {
            self.spawn(lane, title, Box::new(work));
        }
    }

    fn spawn(&mut self, lane: Lane, title: String, work: Work) {
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        let progress = Progress::default();
        let (sender, wake) = (self.sender.clone(), Arc::clone(&self.wake));
        let for_worker = progress.clone();
        let what = title.clone();
        let body = move || {
            let answer = catch_unwind(AssertUnwindSafe(|| work(&for_worker)));
            let mut answer = answer.unwrap_or(Answer::Crashed { what });
            if for_worker.is_cancelled() {
                // Nobody takes it: freeing it is this thread's work too.
                answer = Answer::Nothing;
            }
            // It fails only when the window is gone, and then nobody wants the answer.
            let _ = sender.send(Message { lane, ticket, answer });
            wake();
        };
        let spawned = thread::Builder::new().name(lane.thread_name().to_owned()).spawn(body);
        if spawned.is_err() {
            let answer = Answer::Crashed { what: title.clone() };
            let _ = self.sender.try_send(Message { lane, ticket, answer });
        }
        let since = Instant::now();
        self.lanes.insert(lane, Running { ticket, progress, since, title, waiting: None });
    }

    /// Drops something large on a thread of its own: freeing a long trace takes a while.
    pub(crate) fn discard(large: impl Send + 'static) {
        let spawned = thread::Builder::new().name("discard".to_owned()).spawn(move || drop(large));
        // Without a thread it was dropped here, and there is nothing else to be done.
        drop(spawned);
    }

    /// Asks the lane's job to stop, and forgets its answer and what waits behind it.
    pub(crate) fn cancel(&mut self, lane: Lane) {
        if let Some(running) = self.lanes.get_mut(&lane) {
            running.progress.cancel();
            running.waiting = None;
        }
    }

    /// The answers that have come in since the last call and that still count.
    pub(crate) fn drain(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        while let Ok(Message { lane, ticket, answer }) = self.receiver.try_recv() {
            let current = self.lanes.get(&lane).is_some_and(|running| running.ticket == ticket);
            if !current {
                continue;
            }
            let Some(done) = self.lanes.remove(&lane) else { continue };
            if !done.progress.is_cancelled() {
                answers.push(answer);
            }
            if let Some((title, work)) = done.waiting {
                self.spawn(lane, title, work);
            }
        }
        answers
    }

    /// Whether a job of the lane runs that has not been cancelled, or one waits.
    pub(crate) fn is_busy(&self, lane: Lane) -> bool {
        self.lanes
            .get(&lane)
            .is_some_and(|job| !job.progress.is_cancelled() || job.waiting.is_some())
    }

    /// Whether anything runs but a dialog, which waits for a person.
    pub(crate) fn any_busy(&self) -> bool {
        self.lanes.keys().any(|&lane| lane != Lane::Dialog && self.is_busy(lane))
    }

    /// The lane's job, to show how far it is.
    pub(crate) fn view(&self, lane: Lane) -> Option<JobView> {
        let running = self.lanes.get(&lane).filter(|job| !job.progress.is_cancelled())?;
        Some(JobView {
            title: running.title.clone(),
            progress: running.progress.clone(),
            since: running.since,
        })
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        for running in self.lanes.values() {
            running.progress.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::palette::Search;
    use crate::ui::slot::Pair;
    use std::time::Duration;

    fn drain_within(jobs: &mut Jobs, n: usize) -> Vec<Answer> {
        let mut answers = Vec::new();
        let begun = Instant::now();
        while answers.len() < n && begun.elapsed() < Duration::from_secs(5) {
            answers.extend(jobs.drain());
            thread::sleep(Duration::from_millis(1));
        }
        answers
    }

    fn found(words: &str) -> Answer {
        let search = Search { words: words.to_owned(), serials: Pair::default() };
        Answer::Found { search, hits: Vec::new() }
    }

    fn words(answer: &Answer) -> &str {
        match answer {
            Answer::Found { search, .. } => &search.words,
            _ => "another answer",
        }
    }

    #[test]
    fn only_the_newest_answer_of_a_lane_counts() {
        let mut jobs = Jobs::new(|| {});
        let (release, gate) = sync_channel::<()>(0);
        jobs.start(Lane::Find, "first", move |_| {
            let _ = gate.recv();
            found("first")
        });
        jobs.start(Lane::Find, "second", |_| found("second"));
        jobs.start(Lane::Find, "third", |_| found("third"));
        assert!(jobs.is_busy(Lane::Find));
        release.send(()).expect("the first job waits");
        let answers = drain_within(&mut jobs, 1);
        assert_eq!(answers.iter().map(words).collect::<Vec<_>>(), ["third"]);
        assert!(!jobs.any_busy());
    }

    #[test]
    fn a_cancelled_job_says_nothing() {
        let mut jobs = Jobs::new(|| {});
        let (report, stopped) = sync_channel::<bool>(1);
        jobs.start(Lane::Find, "long", move |progress| {
            while !progress.is_cancelled() {
                thread::sleep(Duration::from_millis(1));
            }
            let _ = report.send(true);
            found("never")
        });
        jobs.cancel(Lane::Find);
        assert!(!jobs.is_busy(Lane::Find));
        assert_eq!(stopped.recv_timeout(Duration::from_secs(5)), Ok(true));
        thread::sleep(Duration::from_millis(20));
        assert!(jobs.drain().is_empty());
    }

    #[test]
    fn a_panic_becomes_an_answer() {
        let mut jobs = Jobs::new(|| {});
        jobs.start(Lane::Find, "Finding", |_| panic!("on purpose"));
        let answers = drain_within(&mut jobs, 1);
        assert!(matches!(&answers[..], [Answer::Crashed { what }] if what == "Finding"));
    }
}
