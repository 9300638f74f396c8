//! Why goroutines wait, as the runtime words it (Go 1.26, `traceBlockReasonStrings` in
//! runtime/traceruntime.go); traces of Go before 1.22 are read into the same words.

/// In `time.Sleep`.
pub(crate) const SLEEP: &str = "sleep";
/// In a `select` of several cases.
pub(crate) const SELECT: &str = "select";
/// To receive from a channel.
pub(crate) const RECEIVE: &str = "chan receive";
/// To send on a channel.
pub(crate) const SEND: &str = "chan send";
/// For a connection, a file or a pipe.
pub(crate) const NETWORK: &str = "network";
/// For a mutex, a `sync.WaitGroup` and their like.
pub(crate) const LOCK: &str = "sync";
/// For a `sync.Cond`.
pub(crate) const COND: &str = "sync.(*Cond).Wait";
/// For the goroutines of a `testing/synctest` bubble.
pub(crate) const SYNCTEST: &str = "synctest";
/// On a nil channel, or in a `select` without a case.
pub(crate) const FOREVER: &str = "forever";
/// The collector scans its stack.
pub(crate) const PREEMPTED: &str = "preempted";
/// A goroutine of the runtime has nothing to do.
pub(crate) const SYSTEM: &str = "system goroutine wait";
/// To pay for its allocations.
pub(crate) const GC_ASSIST: &str = "GC mark assist wait for work";
/// It has called the collector.
pub(crate) const GC_ENDS: &str = "wait until GC ends";

/// Whether a wait is for the collector, or its own.
pub(crate) fn is_gc(reason: &str) -> bool {
    reason.starts_with("GC ") || reason == GC_ENDS
}

/// Whether somebody waits on a plain channel.
pub(crate) fn is_channel(reason: &str) -> bool {
    matches!(reason, SEND | RECEIVE)
}

/// Whether a wait is for something to do, which others bring: a job, a message, a request.
pub(crate) fn is_for_work(reason: &str) -> bool {
    matches!(reason, RECEIVE | SELECT | NETWORK | COND)
}

/// Whether a wait lasts until there is something to do, or is nobody's: that it takes longer is nothing
/// worse.
pub(crate) fn is_idle(reason: &str) -> bool {
    is_for_work(reason) || matches!(reason, FOREVER | PREEMPTED | SYSTEM | "")
}
