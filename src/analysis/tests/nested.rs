//! Deadlines that a parent's cuts short: traces made by hand.

use super::super::{Document, Finding, Rule};
use super::made::{MS, Made, US};

/// The timer's stack when it wakes one whose context is so many below.
fn passes(depth: usize) -> String {
    let levels = vec!["context.(*cancelCtx).cancel"; depth].join(" < ");
    format!("{levels} < context.(*timerCtx).cancel < context.WithDeadlineCause.func2")
}

/// Two goroutines hear a deadline, in contexts so many below it, while they wait in a stack.
fn hear(start: &str, waits: &str, depth: usize) -> Document {
    let mut made = Made::new();
    made.running(1, "main.main");
    for of in [2, 3] {
        let at = i64::from(of) * 10 * US;
        made.go(at, 1, "main.main:40", of, start).runs(at + US, of);
        made.waits(at + 2 * US, of, "select", waits);
    }
    made.timer(100 * MS, 9);
    for of in [2, 3] {
        let at = 100 * MS + i64::from(of) * US;
        made.wakes(at, 9, &passes(depth), of).runs(at + 10 * US, of).ends(at + 20 * US, of);
    }
    made.ends(100 * MS + 50 * US, 9);
    made.document(200 * MS)
}

fn cut_short(document: &Document) -> Option<&Finding> {
    document.analysis().findings().iter().find(|it| it.rule == Rule::DeadlineCutShort)
}

#[test]
fn in_a_librarys_call_the_librarys_own_contexts_are_not_counted() {
    let http = "runtime.selectgo < net/http.(*persistConn).roundTrip < \
                net/http.(*Transport).roundTrip < net/http.(*Client).Do < main.profile:30 < main.ask";
    let sql = "runtime.selectgo < main.(*conn).ExecContext:9 < database/sql.ctxDriverExec < \
               database/sql.(*DB).ExecContext < main.update:20 < main.ask";
    let other = "runtime.selectgo < net.(*Dialer).DialContext < main.dial:20 < main.ask";
    for (stack, depth, n) in [(http, 3, 2), (http, 2, 0), (sql, 2, 2), (sql, 1, 0), (other, 5, 0)] {
        let document = hear("main.ask", stack, depth);
        let found = cut_short(&document).map_or(0, |finding| finding.count);
        assert_eq!(found, n, "{depth} deep in {stack}");
    }
}

/// A goroutine runs a command, which hears a deadline one level below that.
fn runs_a_command(start: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "main.main");
    made.go(10 * US, 1, "main.main:40", 2, start).runs(11 * US, 2);
    let command = "os/exec.(*Cmd).Start < os/exec.(*Cmd).Run < main.compile:15 < main.build";
    made.go(12 * US, 2, command, 3, "os/exec.(*Cmd).Start.func2").runs(13 * US, 3);
    let watch = "runtime.selectgo < os/exec.(*Cmd).watchCtx < os/exec.(*Cmd).Start.func2";
    made.waits(14 * US, 3, "select", watch);
    made.waits(15 * US, 2, "chan receive", "os/exec.(*Cmd).Wait < main.compile:15 < main.build");
    made.timer(100 * MS, 9).wakes(100 * MS + US, 9, &passes(2), 3);
    made.runs(100 * MS + 2 * US, 3).wakes(100 * MS + 3 * US, 3, "os/exec.(*Cmd).Start.func2", 2);
    made.ends(100 * MS + 4 * US, 3).runs(100 * MS + 5 * US, 2).ends(100 * MS + 6 * US, 2);
    made.ends(100 * MS + 7 * US, 9);
    made.document(200 * MS)
}

#[test]
fn a_commands_goroutine_waits_for_the_one_that_runs_it() {
    let document = runs_a_command("main.build");
    let found = cut_short(&document).expect("it is cut short");
    let ids: Vec<_> = found.goroutines.iter().map(|&of| document.trace().life(of).id.0).collect();
    assert_eq!(ids, [2]);
    assert_eq!(document.trace().string(found.function), "main.build");
    assert_eq!(found.site.map(|site| site.line), Some(15));
    let in_group = runs_a_command("golang.org/x/sync/errgroup.(*Group).Go.func1");
    assert!(cut_short(&in_group).is_none(), "a group has a context of its own");
}
