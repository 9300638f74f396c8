//! Why contexts are cancelled, where a library does it.

use super::super::{Cause, Document, Hearing};
use super::made::{CANCEL, MS, Made, US};

/// A worker waits for its context, which another goroutine cancels on this stack; nobody started that
/// one if it is a timer's.
fn cancelled(start: &str, is_timers: bool, stack: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
    made.waits(12 * US, 2, "select", "main.worker:20");
    let (by, at) = if is_timers { (0, "") } else { (1, "main.main:4") };
    made.go(10 * MS, by, at, 3, start).runs(10 * MS + US, 3);
    made.wakes(10 * MS + 2 * US, 3, stack, 2).ends(10 * MS + 3 * US, 3);
    made.runs(10 * MS + 4 * US, 2).ends(10 * MS + 5 * US, 2);
    made.document(20 * MS)
}

fn cause(start: &str, is_timers: bool, stack: &str) -> Cause {
    let document = cancelled(start, is_timers, stack);
    let cancels = document.analysis().cancels();
    assert_eq!(cancels.len(), 1, "{stack}");
    cancels[0].cause
}

#[test]
fn a_stream_that_a_timer_closes_had_a_deadline() {
    let server = "google.golang.org/grpc/internal/transport.(*http2Server)";
    let timer = format!("{server}.operateHeaders.func4");
    let closes = format!("{CANCEL} < {server}.operateHeaders.func5 < {server}.closeStream");
    assert_eq!(cause(&timer, true, &format!("{closes} < {timer}")), Cause::Deadline);
    let resets = format!("{closes} < {server}.handleRSTStream < main.serve");
    assert_eq!(cause("main.serve", false, &resets), Cause::ClientGone);
    let writes = format!("{closes} < {server}.writeStatus < main.serve");
    assert_eq!(cause("main.serve", false, &writes), Cause::HandlerDone);
}

#[test]
fn who_is_asked_to_stop_by_a_library_cancels_for_its_reason() {
    let run = "github.com/oklog/run.(*Group).Run < main.serve";
    let interrupt = format!("{CANCEL} < main.serve.func2:9 < {run}");
    assert_eq!(cause("main.serve", false, &interrupt), Cause::Errgroup);
    let deeper = format!("{CANCEL} < main.(*pool).stop:7 < main.serve.func2:9 < {run}");
    assert_eq!(cause("main.serve", false, &deeper), Cause::Errgroup);
    let hook = "go.uber.org/fx/internal/lifecycle.(*Lifecycle).runStopHook";
    let hook = format!("{CANCEL} < main.New.func2 < {hook} < go.uber.org/fx.withTimeout.func1");
    let start = "go.uber.org/fx.withTimeout.func1";
    assert_eq!(cause(start, false, &hook), Cause::ServerShutdown);
    // A member of a group that cancels does so for itself.
    let go = "golang.org/x/sync/errgroup.(*Group).Go.func1";
    assert_eq!(cause(go, false, &format!("{CANCEL} < main.serve.func2 < {go}")), Cause::Explicit);
}

#[test]
fn a_callback_cancels_for_the_reason_for_which_it_was_called() {
    let callback = |by: &str| {
        let mut made = Made::new();
        made.running(1, "runtime.main");
        made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
        made.waits(12 * US, 2, "select", "main.worker:20");
        let stack = format!("context.(*afterFuncCtx).cancel < {CANCEL} < {by} < main.main:4");
        made.go(10 * MS, 1, &stack, 3, "context.WithCancel.func1").runs(10 * MS + US, 3);
        made.wakes(10 * MS + 2 * US, 3, CANCEL, 2).ends(10 * MS + 3 * US, 3);
        made.runs(10 * MS + 4 * US, 2).ends(10 * MS + 5 * US, 2);
        let document = made.document(20 * MS);
        let is_worker = |row: &&Hearing| document.trace().go_id(row.goroutine).0 == 2;
        let heard = document.analysis().hearings().iter().find(is_worker).expect("it heard");
        document.analysis().cancel_of(heard).cause
    };
    let stream = "github.com/quic-go/quic-go.(*SendStream)";
    assert_eq!(callback(&format!("{stream}.handleStopSendingFrame")), Cause::ClientGone);
    assert_eq!(callback("main.stop"), Cause::Parent);
}
