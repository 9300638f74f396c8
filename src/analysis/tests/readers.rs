//! Clients that go away while nobody listens: traces made by hand.

use super::super::{Cause, Document, Evidence};
use super::made::{MS, Made, US};

const SERVE: &str = "net/http.(*conn).serve";
const READER: &str = "net/http.(*connReader).backgroundRead";
const READS: &str = "net.(*conn).Read < net/http.(*connReader).backgroundRead";
const STARTS: &str = "net/http.(*connReader).startBackgroundRead < net/http.(*conn).serve";
const SLEEPS: &str = "time.Sleep < main.pay:10 < net/http.(*conn).serve";
const ABORTS: &str = "net/http.(*connReader).abortPendingRead < net/http.(*conn).serve";
const CLOSES: &str = "net.(*conn).Close < net/http.(*Server).Close < main.stop:9";
const CANCELS: &str = "context.(*cancelCtx).cancel < context.WithCancel.func1 < \
                       net/http.(*connReader).handleReadError < \
                       net/http.(*connReader).backgroundRead";

/// When the read ends.
const GONE: i64 = 20 * MS;

/// A connection's goroutine, 2, with its background reader, 3.
fn connection() -> Made {
    let mut made = Made::new();
    made.running(1, "main.stop");
    made.go(US, 1, "net/http.(*Server).Serve", 2, SERVE).runs(2 * US, 2);
    made.go(3 * US, 2, STARTS, 3, READER).runs(4 * US, 3).waits(5 * US, 3, "network", READS);
    made
}

/// The handler sleeps, and returns at some moment.
fn sleeping(made: &mut Made, (by, stack): (u32, &str), until: i64) -> Document {
    made.waits(10 * US, 2, "sleep", SLEEPS);
    if by == 2 {
        made.wakes(GONE - 2 * US, 0, "", 2).runs(GONE - US, 2);
    }
    made.wakes(GONE, by, stack, 3).runs(GONE + US, 3).ends(GONE + 2 * US, 3);
    if by != 2 {
        made.wakes(until - 2 * US, 0, "", 2).runs(until - US, 2);
    }
    made.ends(until, 2).document(200 * MS)
}

/// Who is deaf, how that is known, and the overstay.
type Deaf = (u64, Evidence, i64);

/// Causes of the cancels, and who is deaf to each.
fn told(document: &Document) -> Vec<(Cause, Vec<Deaf>)> {
    let (trace, analysis) = (document.trace(), document.analysis());
    let deaf_to = |cancel| {
        let rows = analysis.deaf(cancel).iter();
        rows.map(|row| (trace.go_id(row.goroutine).0, row.evidence, row.overstay_ns)).collect()
    };
    analysis.cancels().iter().map(|cancel| (cancel.cause, deaf_to(cancel))).collect()
}

#[test]
fn a_client_that_goes_away_unheard_is_a_cancel_to_which_the_handler_is_deaf() {
    let document = sleeping(&mut connection(), (0, ""), 120 * MS);
    let deaf = (2, Evidence::Task, 120 * MS - GONE - 2 * US);
    assert_eq!(told(&document), [(Cause::ClientGone, vec![deaf])]);
    let cancel = &document.analysis().cancels()[0];
    assert_eq!((cancel.site, cancel.depth), (None, 0));
    let acting = document.acting(&document.analysis().deaf(cancel)[0], cancel.stack);
    assert_eq!(document.trace().string(acting), "main.pay");
}

#[test]
fn a_server_that_closes_its_connections_is_shut_down() {
    let document = sleeping(&mut connection(), (1, CLOSES), 120 * MS);
    let causes: Vec<_> =
        told(&document).into_iter().map(|(cause, deaf)| (cause, deaf.len())).collect();
    assert_eq!(causes, [(Cause::ServerShutdown, 1)]);
}

#[test]
fn a_read_that_the_handlers_return_ends_is_no_cancel() {
    assert_eq!(told(&sleeping(&mut connection(), (2, ABORTS), 120 * MS)), []);
}

#[test]
fn a_client_that_leaves_with_its_answer_cancels_nothing() {
    assert_eq!(told(&sleeping(&mut connection(), (0, ""), GONE + 500 * US)), []);
}

#[test]
fn a_byte_of_the_next_request_is_no_client_gone() {
    let mut made = connection();
    made.waits(10 * US, 2, "sleep", SLEEPS);
    made.wakes(GONE, 0, "", 3).runs(GONE + US, 3).ends(GONE + 2 * US, 3);
    made.wakes(40 * MS, 0, "", 2).runs(40 * MS + US, 2);
    made.go(40 * MS + 2 * US, 2, STARTS, 4, READER).runs(40 * MS + 3 * US, 4);
    made.waits(40 * MS + 4 * US, 4, "network", READS);
    made.waits(40 * MS + 5 * US, 2, "sleep", SLEEPS);
    assert_eq!(told(&made.document(200 * MS)), []);
}

#[test]
fn a_handler_that_waits_for_those_who_heard_is_not_deaf() {
    let mut made = connection();
    made.go(6 * US, 2, "main.pay:8 < net/http.(*conn).serve", 5, "main.listen").runs(7 * US, 5);
    made.waits(8 * US, 5, "chan receive", "main.listen:30");
    let wait = "sync.(*WaitGroup).Wait < main.pay:12 < net/http.(*conn).serve";
    made.waits(10 * US, 2, "sync", wait);
    made.wakes(GONE, 0, "", 3).runs(GONE + US, 3).wakes(GONE + 2 * US, 3, CANCELS, 5);
    made.ends(GONE + 3 * US, 3).runs(GONE + 4 * US, 5);
    made.waits(GONE + 5 * US, 5, "sleep", "time.Sleep < main.listen:32");
    let end = 120 * MS;
    made.wakes(end, 0, "", 5).runs(end + US, 5);
    made.wakes(end + 2 * US, 5, "sync.(*WaitGroup).Done < main.listen:33", 2);
    made.ends(end + 3 * US, 5).runs(end + 4 * US, 2).ends(end + 5 * US, 2);
    let document = made.document(200 * MS);
    assert_eq!(told(&document), [(Cause::ClientGone, vec![])], "one cancel, which one heard");
    let analysis = document.analysis();
    let cancel = &analysis.cancels()[0];
    assert_eq!(cancel.at.ns(), GONE + 2 * US, "when it woke somebody");
    assert_eq!(analysis.heard(cancel).len(), 1);
    assert!(cancel.site.is_some() && document.comparable_site(cancel).is_none());
}
