//! What findings say and whom they accuse: traces made by hand, after programs that misled.

use super::super::{Document, Evidence, Finding, Rule, Rules, Severity};
use super::found;
use super::made::{CANCEL, DEADLINE, MS, Made, US};

/// The only finding of a rule.
pub(super) fn only(document: &Document, rule: Rule) -> &Finding {
    let findings = found(document, rule);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    findings[0]
}

/// Requests, one every 10 ms, that each leave a goroutine behind which waits for ever.
fn leaks(reason: &str, stack: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    for n in 0..40 {
        let (at, request, left) = (i64::from(n) * 10 * MS + MS, 100 + n, 200 + n);
        made.go(at, 1, "main.main:3", request, "main.handle").runs(at + US, request);
        made.go(at + 2 * US, request, "main.fetch:16 < main.handle:9", left, "main.fetch.func1");
        made.runs(at + 3 * US, left).waits(at + 4 * US, left, reason, stack);
        made.ends(at + 5 * US, request);
    }
    made.document(600 * MS)
}

#[test]
fn what_leaks_is_told_by_what_it_waits_for() {
    let line = |finding: &Finding| finding.site.map(|site| site.line);
    let document = leaks("chan send", "main.fetch.func1:17");
    let finding = only(&document, Rule::StillAlive);
    let (says, fix) = (&finding.message, &finding.fix);
    assert!(says.contains("they wait to send on a channel in main.fetch.func1"), "{says}");
    assert!(!says.contains("cancel"), "{says}");
    assert!(fix.contains("a buffer of one"), "{fix}");
    assert_eq!(line(finding), Some(17), "where it is stuck, and not where it was started");

    let document = leaks("chan receive", "main.fetch.func1:17");
    let finding = only(&document, Rule::StillAlive);
    assert!(finding.fix.starts_with("Close the channel"), "{}", finding.fix);
    assert_eq!(line(finding), Some(17));

    let document = leaks("select", "main.fetch.func1:17");
    let finding = only(&document, Rule::StillAlive);
    assert!(finding.message.ends_with("nobody cancels their context"), "{}", finding.message);
    assert_eq!(line(finding), Some(16), "where the cancel function was lost");
}

/// Requests of a client, one every 10 ms, whose connections' readers are left in a wait.
fn asks(reason: &str, stack: &str) -> Document {
    let get = "net/http.(*Client).Get < main.fetch:31 < main.main";
    let mut made = Made::new();
    made.running(1, "main.main");
    for n in 0..40 {
        let (at, dials, reads) = (i64::from(n) * 10 * MS + MS, 100 + n, 200 + n);
        let queue = format!("net/http.(*Transport).queueForDial:5 < {get}");
        made.go(at, 1, &queue, dials, "net/http.(*Transport).dialConnFor").runs(at + US, dials);
        let dial = "net/http.(*Transport).dialConn:7 < net/http.(*Transport).dialConnFor:3";
        made.go(at + 2 * US, dials, dial, reads, "net/http.(*persistConn).readLoop");
        made.ends(at + 3 * US, dials).runs(at + 4 * US, reads);
        made.waits(at + 5 * US, reads, reason, stack);
    }
    made.document(600 * MS)
}

#[test]
fn answers_that_are_not_closed_pile_up_where_they_were_asked_for() {
    let document = asks("select", "net/http.(*persistConn).readLoop:9");
    let finding = only(&document, Rule::PileUp);
    assert_eq!((finding.count, finding.site.map(|site| site.line)), (40, Some(31)));
    assert_eq!(document.trace().string(finding.function), "main.fetch");
    assert!(finding.fix.contains("resp.Body.Close()"), "{}", finding.fix);
    // Connections that are idle wait for the network.
    let idle = "internal/poll.(*FD).Read < net/http.(*persistConn).readLoop:4";
    assert!(asks("network", idle).analysis().findings().is_empty());
}

/// The main goroutine starts one after the other; none of them ends.
fn starts(reason: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "main.main");
    for of in 2..42 {
        let at = i64::from(of) * 10 * MS;
        made.go(at, 1, "main.main:7", of, "main.watch").runs(at + US, of);
        made.waits(at + 2 * US, of, reason, "main.watch:20");
    }
    made.document(500 * MS)
}

#[test]
fn goroutines_that_never_end_are_still_alive_though_their_creator_is() {
    let document = starts("chan receive");
    let finding = only(&document, Rule::StillAlive);
    assert_eq!((finding.count, finding.site.map(|site| site.line)), (40, Some(20)));
    assert!(finding.message.contains("none has ever ended"), "{}", finding.message);
    for idle in ["select", "network"] {
        let document = starts(idle);
        let rules: Vec<_> = document.analysis().findings().iter().map(|it| it.rule).collect();
        assert_eq!(rules, [Rule::PileUp], "they may serve somebody, in {idle}");
    }
}

/// Whether a deadline counts as cut short that reaches one so many levels below; a library's group
/// may have started it.
fn is_cut_short(of_group: bool, levels: usize) -> bool {
    let go = "golang.org/x/sync/errgroup.(*Group).Go.func1";
    let (start, called_by) =
        if of_group { (go, format!(" < {go}")) } else { ("main.member", String::new()) };
    let wait = format!("main.member:20{called_by}");
    let wakes = format!("{}{DEADLINE}", "context.(*cancelCtx).cancel < ".repeat(levels));
    let mut made = Made::new();
    made.running(1, "runtime.main").go(US, 1, "main.main:7", 2, start).runs(2 * US, 2);
    made.waits(3 * US, 2, "select", &wait).timer(MS, 3).wakes(2 * MS, 3, &wakes, 2);
    made.ends(2 * MS + US, 3).runs(2 * MS + 2 * US, 2).ends(2 * MS + 3 * US, 2);
    let document = made.document(3 * MS);
    document.analysis().findings().iter().any(|it| it.rule == Rule::DeadlineCutShort)
}

#[test]
fn a_groups_context_is_no_deadline_of_its_members() {
    let cut = |of_group| [0, 1, 2].map(|levels| is_cut_short(of_group, levels));
    assert_eq!(cut(false), [false, true, true]);
    assert_eq!(cut(true), [false, false, true]);
}

/// A goroutine that waits for its context with this stack, hears, and then stays in another wait
/// for 60 ms.
fn stays(heard: &str, reason: &str, stack: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
    made.waits(12 * US, 2, "select", heard);
    made.wakes(10 * MS, 1, &format!("{CANCEL} < main.main:5"), 2).runs(10 * MS + US, 2);
    made.waits(10 * MS + 2 * US, 2, reason, stack);
    made.wakes(70 * MS, 1, "main.main:9", 2).runs(70 * MS + US, 2).ends(70 * MS + 2 * US, 2);
    made.document(80 * MS)
}

#[test]
fn a_select_by_reflection_is_ones_own() {
    let heard = "reflect.rselect < reflect.Select:9 < main.worker:20";
    let document = stays(heard, "sleep", "time.Sleep < main.worker:23");
    assert_eq!(only(&document, Rule::LateExit).count, 1);
}

#[test]
fn a_pipe_is_no_network() {
    let pipe = "internal/poll.(*FD).Read < os.(*File).Read < main.worker:23";
    let document = stays("main.worker:20", "network", pipe);
    let finding = only(&document, Rule::LateExit);
    assert!(finding.message.contains("for a file or pipe"), "{}", finding.message);
    assert!(finding.fix.starts_with("Close the file or pipe"), "{}", finding.fix);
    let connection = "internal/poll.(*FD).Read < net.(*conn).Read < main.worker:23";
    let document = stays("main.worker:20", "network", connection);
    assert!(only(&document, Rule::LateExit).message.contains("for the network"));
}

#[test]
fn what_one_cancel_takes_to_come_to_thousands_is_not_the_processors() {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    let all = 2..1_002;
    for of in all.clone() {
        let at = i64::from(of) * 10 * US;
        made.go(at, 1, "main.main:3", of, "main.listen").runs(at + US, of);
        made.waits(at + 2 * US, of, "chan receive", "main.listen:20");
    }
    let stack = format!("{CANCEL} < main.main:5");
    for (n, of) in (0..).zip(all.rev()) {
        let at = 20 * MS + n * 20 * US;
        made.wakes(at, 1, &stack, of).runs(at + US, of).ends(at + 2 * US, of);
    }
    let document = made.document(80 * MS);
    let finding = only(&document, Rule::LateScheduling);
    assert!(finding.message.contains("before the cancel came to the last"), "{}", finding.message);
    assert!(finding.fix.starts_with("Let fewer goroutines wait"), "{}", finding.fix);
}

#[test]
fn a_callback_that_cancels_what_is_cancelled_is_no_cancel() {
    for (wakes, n_cancels) in [(false, 1), (true, 2)] {
        let mut made = Made::new();
        made.running(1, "runtime.main");
        made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
        made.waits(12 * US, 2, "chan receive", "main.worker:20");
        let callback = format!("context.(*afterFuncCtx).cancel < {DEADLINE}");
        made.timer(10 * MS, 90).go(10 * MS + 2 * US, 90, &callback, 4, "context.WithCancel.func1");
        made.ends(10 * MS + 3 * US, 90).runs(10 * MS + 4 * US, 4);
        if wakes {
            made.wakes(
                10 * MS + 5 * US,
                4,
                "context.(*cancelCtx).cancel < context.WithCancel.func1",
                2,
            );
        }
        made.ends(10 * MS + 6 * US, 4);
        let document = made.document(80 * MS);
        assert_eq!(document.analysis().cancels().len(), n_cancels, "{wakes}");
    }
}

/// A goroutine asks three others, of which two listen to its deadline, and takes their answers one
/// after the other with this statement for the last.
fn gathers(last: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 2, "main.page").runs(2 * US, 2);
    for (id, start) in [(11, "main.price"), (12, "main.price"), (13, "main.rating")] {
        let at = i64::from(id) * 10 * US;
        made.go(at, 2, "main.page:10", id, start).runs(at + US, id);
        let (reason, stack) = if id == 13 {
            ("sleep", "time.Sleep < main.rating:40")
        } else {
            ("select", "main.price:30")
        };
        made.waits(at + 2 * US, id, reason, stack);
    }
    let gather = "main.page:20";
    made.waits(MS, 2, "chan receive", gather);
    made.passes(10 * MS, 90, &[12, 11]);
    for (at, id, next) in [(11 * MS, 12, gather), (12 * MS, 11, last)] {
        made.runs(at, id).wakes(at + US, id, "main.price:32", 2).ends(at + 2 * US, id);
        made.runs(at + 3 * US, 2).waits(at + 4 * US, 2, "chan receive", next);
    }
    made.wakes(60 * MS, 0, "", 13).runs(60 * MS + US, 13);
    made.wakes(60 * MS + 2 * US, 13, "main.rating:42", 2).ends(60 * MS + 3 * US, 13);
    made.runs(60 * MS + 4 * US, 2).ends(60 * MS + 5 * US, 2);
    made.document(80 * MS)
}

/// Exactly one goroutine is deaf, and the finding is about the function that it ran.
fn assert_deaf(document: &Document, who: (u64, Evidence), function: &str) {
    assert_eq!(deaf(document), [who]);
    let finding = only(document, Rule::Deaf);
    assert_eq!(document.trace().string(finding.function), function);
}

fn deaf(document: &Document) -> Vec<(u64, Evidence)> {
    let rows = document.analysis().hearings().iter().filter(|row| row.deaf);
    rows.map(|row| (document.trace().go_id(row.goroutine).0, row.evidence)).collect()
}

#[test]
fn who_answers_last_of_those_that_are_asked_together_is_deaf() {
    let document = gathers("main.page:20");
    assert_eq!(deaf(&document), [(13, Evidence::WaitedOn)]);
    let finding = only(&document, Rule::LongSleep);
    assert!(finding.message.contains("that it seems to work under"), "{}", finding.message);
    let finding = only(&document, Rule::Deaf);
    assert!(finding.message.contains("was not woken by its cancel"), "{}", finding.message);
    assert_eq!(deaf(&gathers("main.page:25")), [(13, Evidence::WaitedOn)], "on whichever line");
    let elsewhere = gathers("main.next:5 < main.page:25");
    assert_eq!(deaf(&elsewhere), [], "what it waits for there is something else");
}

#[test]
fn children_of_whoever_cancels_are_no_family_of_a_callback() {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 2, "main.boss").runs(2 * US, 2);
    // A client of its own, which has nothing to do with the context.
    made.go(3 * US, 2, "main.boss:10", 5, "main.client").runs(4 * US, 5);
    made.waits(5 * US, 5, "sleep", "time.Sleep < main.client:40");
    let callback = format!("context.(*afterFuncCtx).cancel < {CANCEL} < main.boss:12");
    made.go(10 * MS, 2, &callback, 6, "main.boss.func2");
    made.waits(10 * MS + US, 2, "chan receive", "main.boss:14");
    made.runs(10 * MS + 2 * US, 6).ends(10 * MS + 3 * US, 6);
    made.wakes(60 * MS, 0, "", 5).runs(60 * MS + US, 5);
    made.wakes(60 * MS + 2 * US, 5, "main.client:42", 2).ends(60 * MS + 3 * US, 5);
    made.runs(60 * MS + 4 * US, 2).ends(60 * MS + 5 * US, 2);
    assert_eq!(deaf(&made.document(80 * MS)), []);
}

#[test]
fn a_handler_whose_time_is_up_is_deaf_if_it_works_on() {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    let serve = "net/http.(*timeoutHandler).ServeHTTP";
    let below = "net/http.serverHandler.ServeHTTP < net/http.(*conn).serve";
    made.go(US, 1, "net/http.(*Server).Serve", 2, "net/http.(*conn).serve").runs(2 * US, 2);
    let go = format!("{serve}:7 < {below}");
    made.go(3 * US, 2, &go, 5, "net/http.(*timeoutHandler).ServeHTTP.func1").runs(4 * US, 5);
    let sleeps = "time.Sleep < main.report:18 < net/http.HandlerFunc.ServeHTTP < \
                  net/http.(*timeoutHandler).ServeHTTP.func1";
    made.waits(5 * US, 5, "sleep", sleeps);
    made.waits(6 * US, 2, "select", &format!("{serve}:9 < {below}"));
    made.passes(10 * MS, 90, &[2]).runs(10 * MS + 4 * US, 2).ends(10 * MS + 5 * US, 2);
    made.wakes(60 * MS, 0, "", 5).runs(60 * MS + US, 5).ends(60 * MS + 2 * US, 5);
    let document = made.document(80 * MS);
    assert_deaf(&document, (5, Evidence::Task), "main.report");
}

#[test]
fn what_a_wait_group_started_is_judged_as_if_go_had() {
    let go = "sync.(*WaitGroup).Go < main.serve:10";
    let below = "sync.(*WaitGroup).Go.func1";
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 2, "main.serve").runs(2 * US, 2);
    for (id, reason, stack) in [
        (11, "select", format!("main.listen:30 < {below}")),
        (12, "sleep", format!("time.Sleep < main.work:40 < {below}")),
    ] {
        let at = i64::from(id) * 10 * US;
        made.go(at, 2, go, id, below).runs(at + US, id).waits(at + 2 * US, id, reason, &stack);
    }
    made.waits(MS, 2, "sync", "sync.(*WaitGroup).Wait < main.serve:20");
    made.passes(10 * MS, 90, &[11]).runs(10 * MS + 4 * US, 11).ends(10 * MS + 5 * US, 11);
    made.wakes(60 * MS, 0, "", 12).runs(60 * MS + US, 12);
    let done = format!("sync.(*WaitGroup).Done < {below}");
    made.wakes(60 * MS + 2 * US, 12, &done, 2).ends(60 * MS + 3 * US, 12);
    made.runs(60 * MS + 4 * US, 2).ends(60 * MS + 5 * US, 2);
    let document = made.document(80 * MS);
    assert_deaf(&document, (12, Evidence::WaitedOn), "main.work");
}

#[test]
fn a_condition_gets_its_own_advice() {
    let wait = "sync.(*Cond).Wait < main.worker:23";
    let document = stays("main.worker:20", "sync.(*Cond).Wait", wait);
    let finding = only(&document, Rule::LateExit);
    assert!(finding.fix.contains("cond.Broadcast"), "{}", finding.fix);
}

/// Tasks of which so many in a hundred take 60 ms, and the others one.
fn requests(slow: u32) -> Document {
    let mut made = Made::new();
    made.running(1, "main.main");
    for of in 0..200 {
        let (at, id) = (i64::from(of) * 100 * MS, 2 + of);
        let took = if of % 100 < slow { 60 * MS } else { MS };
        made.task(at, id.into(), "pay", true).task(at + took, id.into(), "pay", false);
    }
    made.document(20_100 * MS)
}

#[test]
fn a_p99_of_many_times_the_median_is_a_late_request() {
    let document = requests(5);
    let finding = only(&document, Rule::LateRequest);
    assert!(finding.message.contains("against a median of 1 ms"), "{}", finding.message);
    assert!(requests(0).analysis().findings().is_empty());
}

#[test]
fn the_limit_of_one_call_is_told_apart_where_the_call_was_left() {
    let call = "main.ask:20 < main.worker:9";
    for (held, severity) in [
        ("time.Sleep < main.store:40 < main.worker:10", Severity::Medium),
        ("time.Sleep < main.ask:22 < main.worker:9", Severity::High),
    ] {
        let mut made = Made::new();
        made.running(1, "runtime.main");
        made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
        made.waits(12 * US, 2, "select", call).passes(10 * MS, 90, &[2]);
        made.runs(10 * MS + 5 * US, 2).waits(10 * MS + 6 * US, 2, "sleep", held);
        made.wakes(70 * MS, 0, "", 2).runs(70 * MS + US, 2).ends(70 * MS + 2 * US, 2);
        let document = made.document(80 * MS);
        let finding = only(&document, Rule::LateExit);
        assert_eq!(finding.severity, severity, "{}", finding.message);
        let says = finding.message.contains("which may have been that of main.ask only");
        assert_eq!(says, severity == Severity::Medium, "{}", finding.message);
    }
}

#[test]
fn a_handlers_deadline_is_cut_short_as_well() {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "net/http.(*Server).Serve", 2, "net/http.(*conn).serve").runs(2 * US, 2);
    made.waits(3 * US, 2, "select", "main.pay:20 < net/http.(*conn).serve");
    let wakes = format!("context.(*cancelCtx).cancel < {DEADLINE}");
    made.timer(MS, 3).wakes(2 * MS, 3, &wakes, 2).ends(2 * MS + US, 3);
    made.runs(2 * MS + 2 * US, 2).ends(2 * MS + 3 * US, 2);
    let document = made.document(3 * MS);
    let finding = only(&document, Rule::DeadlineCutShort);
    assert_eq!(document.trace().string(finding.function), "main.pay");
}

/// Load: 40 goroutines of a second each, started one every 20 ms by one that waits for their group,
/// or that does something else meanwhile.
fn load(waits: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    for n in 0..40 {
        let (at, of) = (i64::from(n) * 20 * MS + MS, 10 + n);
        made.go(at, 1, "main.main:3", of, "main.client").runs(at + US, of);
        made.waits(at + 2 * US, of, "network", "net.(*conn).Read < main.client:5");
    }
    made.waits(900 * MS, 1, "sync", waits);
    for n in 0..40 {
        let (at, of) = (1_001 * MS + i64::from(n) * 20 * MS, 10 + n);
        made.wakes(at, 0, "", of).runs(at + US, of);
        if n == 39 {
            made.wakes(at + 2 * US, of, "main.client:9", 1);
        }
        made.ends(at + 3 * US, of);
    }
    made.runs(1_900 * MS, 1);
    made.document(2_000 * MS)
}

#[test]
fn who_makes_load_and_waits_for_it_piles_nothing_up() {
    let document = load("sync.(*WaitGroup).Wait < main.main:7");
    assert_eq!(found(&document, Rule::PileUp), Vec::<&Finding>::new());
    let finding = load("sync.(*Mutex).Lock < main.main:7");
    assert_eq!(only(&finding, Rule::PileUp).count, 40, "they only happened to end");
}

#[test]
fn the_main_goroutine_may_pace_the_program_unless_somebody_set_a_limit() {
    let sleeping = |rules: Rules| {
        let mut made = Made::new();
        made.running(1, "runtime.main").go(MS, 1, "main.main:3", 2, "main.work").runs(2 * MS, 2);
        for (of, line) in [(1, 5), (2, 22)] {
            let stack = format!("time.Sleep < main.pace:{line}");
            made.waits(i64::from(of) * 4 * MS, of, "sleep", &stack);
        }
        made.document_by(1_500 * MS, rules)
    };
    let whom = |document: &Document| -> Vec<Option<u32>> {
        let sleeps = found(document, Rule::LongSleep);
        sleeps.iter().map(|finding| finding.site.map(|site| site.line)).collect()
    };
    assert_eq!(whom(&sleeping(Rules::default())), [Some(22)]);
    let by_limit = sleeping(Rules { main_sleeps: true, ..Rules::default() });
    assert_eq!(whom(&by_limit).len(), 2);
}

/// Forty contexts below a parent of the program's own type, one after another, each of which has a
/// watcher and is cancelled or not.
fn watched(cancelled: bool) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    let watcher = "context.(*cancelCtx).propagateCancel.func2";
    let makes = "context.(*cancelCtx).propagateCancel < context.WithCancel < main.lookup:29";
    for n in 0..40 {
        let (id, at) = (10 + n, i64::from(n + 1) * MS);
        made.go(at, 1, makes, id, watcher).runs(at + US, id);
        made.waits(at + 2 * US, id, "select", watcher);
        if cancelled {
            made.wakes(at + 3 * US, 1, &format!("{CANCEL} < main.lookup:33"), id);
            made.runs(at + 4 * US, id).ends(at + 5 * US, id);
        }
    }
    made.document(50 * MS)
}

#[test]
fn contexts_that_nobody_cancels_show_by_their_watchers() {
    let document = watched(false);
    let finding = only(&document, Rule::StillAlive);
    assert_eq!((finding.count, finding.site.map(|site| site.line)), (40, Some(29)));
    assert!(finding.message.starts_with("40 contexts made in main.lookup"), "{}", finding.message);
    assert!(watched(true).analysis().findings().is_empty());
}

/// Thirty requests, each of which starts one that listens to a context with a limit of 200 ms, and
/// leaves at once. Each of these leaves at its deadline, or when it is done, 4 ms later.
fn left_to_their_limits(listens: bool) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    for n in 0..30 {
        let (request, tail, timer) = (10 + n, 100 + n, 200 + n);
        let at = i64::from(n + 1) * 210 * MS;
        made.go(at, 1, "main.main:3", request, "main.serve").runs(at + US, request);
        made.go(at + 2 * US, request, "main.serve:34", tail, "main.tail").runs(at + 3 * US, tail);
        made.waits(at + 4 * US, tail, "select", "main.tail:40").ends(at + 5 * US, request);
        if listens {
            made.passes(at + 200 * MS, timer, &[tail]);
        } else {
            made.wakes(at + 204 * MS, 0, "", tail);
        }
        let at = at + if listens { 200 * MS + 10 * US } else { 204 * MS + US };
        made.runs(at, tail).ends(at + US, tail);
    }
    made.document(7_000 * MS)
}

#[test]
fn who_is_ended_by_the_time_limit_alone_should_have_been_cancelled() {
    let rules = |document: &Document| {
        let findings = document.analysis().findings();
        findings.iter().map(|it| (it.rule, it.severity, it.count)).collect::<Vec<_>>()
    };
    let document = left_to_their_limits(true);
    assert_eq!(rules(&document), [(Rule::Orphan, Severity::Medium, 30)]);
    let finding = only(&document, Rule::Orphan);
    assert!(finding.message.ends_with(", until their deadlines passed"), "{}", finding.message);
    assert_eq!(rules(&left_to_their_limits(false)), [(Rule::Orphan, Severity::Low, 30)]);
}
