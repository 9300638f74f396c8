//! Many that work for each other: off queues, behind a router, for several callers.

use overstay::parse::spec::wire;

use super::{CANCEL, CONN, DEADLINE, MS, SERVE, Shape, TIMER, US};

/// One waits to the end for a group in which every other goroutine took from one that heard a cancel
/// of its own, as it ranged over a channel, and now is about its last job.
pub(crate) fn hung_queues(size: u64) -> Vec<u8> {
    const TAKES: &str = "runtime.chanrecv2 < main.work:40";
    let (n, mut shape) = (size / 170, Shape::new());
    shape.go(1, "main.main:3", 2, "main.serve");
    let of = |n: u64| (10 + 2 * n, 11 + 2 * n);
    for at in 0..n {
        let (fills, works) = of(at);
        let place = format!("main.serve:{}", 1_000 + at % 300);
        shape.go(2, &place, fills, "main.fill").after(1);
        shape.go(2, "main.serve:12", works, "main.work").after(1);
    }
    shape.waits(2, "sync", "sync.(*WaitGroup).Wait < main.serve:40");
    for at in 0..n {
        let (fills, works) = of(at);
        for _ in 0..3 {
            shape.waits(works, "chan receive", TAKES).after(US);
            shape.wakes(fills, "runtime.chansend1 < main.fill:20", works).after(1);
        }
        shape.waits(works, "sleep", "time.Sleep < main.work:50").after(1);
        shape.waits(fills, "select", "main.fill:30").after(1);
    }
    for at in 0..n {
        let place = format!("{CANCEL} < main.main:{}", 5_000 + at % 64);
        shape.after(US).wakes(1, &place, of(at).0).ends(of(at).0);
    }
    shape.after(100 * MS).finish()
}

/// Callers that start a load each and wait for it beside their deadline, while as many wait in the same
/// place that started none.
pub(crate) fn shared_loads(size: u64) -> Vec<u8> {
    const WAITS: &str = "main.get:20 < main.lookup:5";
    let (n, mut shape) = (size / 160, Shape::new());
    let of = |n: u64| (10 + 3 * n, 11 + 3 * n, 12 + 3 * n);
    for at in 0..n {
        let (asks, joins, loads) = of(at);
        shape.go(1, "main.main:3", asks, "main.lookup").after(1);
        shape.go(1, "main.main:3", joins, "main.lookup").after(1);
        shape.go(asks, "main.get:12 < main.lookup:5", loads, "main.load").after(1);
        shape.waits(asks, "select", WAITS).after(1).waits(joins, "select", WAITS).after(1);
        shape.waits(loads, "select", "main.origin:30 < main.load:7").after(1);
    }
    shape.after(20 * MS);
    for at in 0..n {
        let (asks, joins, _) = of(at);
        shape.after(US).passes(20 + 3 * n + 2 * at, asks).ends(asks);
        shape.after(US).passes(21 + 3 * n + 2 * at, joins).ends(joins);
    }
    shape.after(50 * MS);
    for at in 0..n {
        shape.after(1).wakes(0, "", of(at).2).ends(of(at).2);
    }
    shape.after(100 * MS).finish()
}

/// One connection, whose requests go by one router to a handler of their own each, in which they wait
/// for as many helpers as there are.
pub(crate) fn many_routes(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 170, Shape::new());
    shape.go(1, "main.main:20", 3, SERVE).go(3, SERVE, 10, CONN);
    shape.waits(3, "network", &format!("net.(*netFD).accept < {SERVE}"));
    for at in 0..n {
        let handler = format!("main.(*app).page{at}:{}", 10 + at);
        let way = format!("{handler} < main.(*app).ServeHTTP:8 < net/http.serverHandler.ServeHTTP");
        shape.waits(10, "select", &format!("{way} < {CONN}"));
        shape.after(US).wakes(0, "", 10).after(US);
        shape.waits(10, "network", &format!("net/http.(*connReader).Read < {CONN}"));
        shape.after(US).wakes(0, "", 10).after(US);
    }
    shape.ends(10).after(100 * MS).finish()
}

/// More and more workers, each given something to do again and again, until the trace ends.
pub(crate) fn all_in_use(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 150, Shape::new());
    for of in 10..10 + n {
        shape.go(1, "main.main:3", of, "main.work").after(US);
        shape.waits(of, "select", "main.work:20").after(MS / 8);
    }
    for _ in 0..4 {
        for of in 10..10 + n {
            shape.wakes(1, "runtime.chansend1 < main.main:9", of).after(1);
            shape.waits(of, "select", "main.work:20").after(1);
        }
    }
    shape.after(MS).finish()
}

/// Many that each start a listener to a deadline of their own, and do not leave when that hears it: as many
/// of each `go` statement as are held against each other, with limits that are all different.
pub(crate) fn own_listeners(size: u64) -> Vec<u8> {
    const OF_ONE: u64 = 256;
    let (n, mut shape) = (size / 150, Shape::new());
    let of = |n: u64| (10 + 2 * n, 11 + 2 * n);
    for at in 0..n {
        let (works, listens) = of(at);
        shape.go(1, &format!("main.main:{}", 100 + at / OF_ONE), works, "main.work").after(1);
        shape.go(works, "main.work:12", listens, "main.work.func1").after(1);
        shape.waits(listens, "chan receive", "runtime.chanrecv1 < main.work.func1:13").after(1);
        shape.waits(works, "sleep", "time.Sleep < main.work:20").after(1);
    }
    shape.waits(1, "sync", "sync.(*WaitGroup).Wait < main.main:40").after(20 * MS);
    for at in 0..n {
        let listens = of(at).1;
        shape.after(US * (1 + at * 37 % 11)).passes(20 + 2 * n + at, listens).ends(listens);
    }
    shape.after(50 * MS);
    for at in 0..n {
        shape.after(1).wakes(0, "", of(at).0).ends(of(at).0);
    }
    shape.after(100 * MS).finish()
}

/// Many that each wait for a goroutine of their own, which all have one limit, whose deadline nobody hears.
pub(crate) fn fans_of_one_each(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 60, Shape::new());
    let of = |n: u64| (10 + 2 * n, 11 + 2 * n);
    for at in 0..n {
        let (asks, fetches) = of(at);
        shape.go(1, "main.main:5", asks, "main.ask");
        shape.go(asks, "main.ask:12", fetches, "main.fetch");
        shape.waits(fetches, "sleep", "time.Sleep < main.fetch:20");
        shape.waits(asks, "sync", "sync.(*WaitGroup).Wait < main.ask:15");
    }
    let timer = 20 + 2 * n;
    shape.after(100 * MS).go(0, "", timer, TIMER).ends(timer).after(100 * MS);
    for at in 0..n {
        let (asks, fetches) = of(at);
        shape.after(1).wakes(0, "", fetches);
        shape.wakes(fetches, "sync.(*WaitGroup).Done < main.fetch:22", asks);
        shape.ends(fetches).ends(asks);
    }
    shape.after(100 * MS).finish()
}

/// One deadline with a callback for each of many that wait, in a task of their own, for what it closes.
pub(crate) fn callbacks_for_each(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 90, Shape::new());
    let of = |n: u64| (10 + 2 * n, 11 + 2 * n);
    for at in 0..n {
        shape.go(1, "main.main:5", of(at).0, "main.work");
        shape.waits(of(at).0, "select", "main.work:12");
    }
    shape.waits(1, "sync", "sync.(*WaitGroup).Wait < main.main:9");
    let timer = 20 + 2 * n;
    shape.after(100 * MS).go(0, "", timer, TIMER);
    let creates = format!("context.(*afterFuncCtx).cancel < {DEADLINE}");
    for at in 0..n {
        shape.go(timer, &creates, of(at).1, "main.main.func1");
    }
    shape.ends(timer);
    for at in 0..n {
        let (works, closes) = of(at);
        shape.wakes(closes, "main.main.func1:7", works).ends(closes);
    }
    shape.after(50 * MS);
    for at in 0..n {
        shape.after(1).ends(of(at).0);
    }
    shape.after(100 * MS).finish()
}

/// Many that hear one deadline, each the last of a group for which another one waits.
pub(crate) fn last_of_a_group_each(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 110, Shape::new());
    let of = |n: u64| (10 + 3 * n, 11 + 3 * n, 12 + 3 * n);
    for at in 0..n {
        let (asks, hears, deaf) = of(at);
        shape.go(1, "main.main:5", asks, "main.ask");
        shape.go(asks, "main.ask:12", hears, "main.fetch");
        shape.go(asks, "main.ask:12", deaf, "main.fetch");
        shape.waits(hears, "chan receive", "main.fetch:20");
        shape.waits(deaf, "sleep", "time.Sleep < main.fetch:30");
        shape.waits(asks, "sync", "sync.(*WaitGroup).Wait < main.ask:15");
    }
    let timer = 20 + 3 * n;
    shape.after(100 * MS).go(0, "", timer, TIMER);
    for at in (0..n).rev() {
        shape.wakes(timer, DEADLINE, of(at).1);
    }
    shape.ends(timer).after(50 * MS);
    for at in 0..n {
        let (asks, hears, deaf) = of(at);
        shape.after(1).wakes(0, "", deaf).ends(deaf);
        shape.wakes(hears, "sync.(*WaitGroup).Done < main.fetch:22", asks);
        shape.ends(hears).ends(asks);
    }
    shape.after(100 * MS).finish()
}

/// Many that send to one that hears a deadline and leaves, or to their neighbors that do.
pub(crate) fn stranded(size: u64) -> Vec<u8> {
    const SENDS: &str = "runtime.chansend1 < main.stage:6";
    const TAKES: &str = "runtime.chanrecv2 < main.stage:5";
    let (n, mut shape) = (size / 110, Shape::new());
    let (taker, timer) = (10, 11);
    let stage = |at: u64| 12 + at;
    shape.go(1, "main.main:4", taker, "main.consume");
    for at in (0..n).step_by(2) {
        // One sends to its neighbor, which sends to the one that leaves.
        let (one, other) = (stage(at), stage(at + 1));
        shape.go(1, "main.main:5", one, "main.stage");
        shape.go(1, "main.main:5", other, "main.stage");
        shape.waits(other, "chan send", SENDS).after(1).wakes(one, TAKES, other);
        shape.waits(other, "chan send", SENDS);
        shape.waits(one, "chan send", SENDS).after(1).wakes(taker, TAKES, one);
        shape.waits(one, "chan send", SENDS);
    }
    shape.waits(taker, "select", "runtime.selectgo < main.consume:12");
    shape.after(100 * MS).go(0, "", timer, TIMER).wakes(timer, DEADLINE, taker);
    shape.ends(timer).ends(taker);
    shape.after(300 * MS).finish()
}

/// One cancels for many, each of which a child of its own had started with another one that works on, and
/// waits for all of these; a goroutine of its own waits for them, too.
pub(crate) fn accepted(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 130, Shape::new());
    let (waits, of) = (8, |n: u64| (10 + 3 * n, 11 + 3 * n, 12 + 3 * n));
    for at in 0..n {
        let (accepts, hears, works) = of(at);
        shape.go(1, "main.main:5", accepts, "main.accept");
        shape.go(accepts, "main.accept:12", hears, "main.ping");
        shape.go(accepts, "main.accept:13", works, "main.serve");
        shape.waits(hears, "select", "main.ping:20");
        shape.waits(works, "sleep", "time.Sleep < main.serve:30").ends(accepts);
    }
    shape.go(1, "main.main:8", waits, "main.main.func1");
    shape.waits(waits, "sync", "sync.(*WaitGroup).Wait < main.main.func1:8").after(100 * MS);
    for at in (0..n).rev() {
        shape.wakes(1, &format!("{CANCEL} < main.main:9"), of(at).1);
    }
    shape.waits(1, "chan receive", "runtime.chanrecv1 < main.main:10").after(50 * MS);
    for at in 0..n {
        let (_, hears, works) = of(at);
        shape.ends(hears).after(1).wakes(0, "", works);
        if at + 1 == n {
            shape.wakes(works, "sync.(*WaitGroup).Done < main.serve:31", waits);
            shape.wakes(waits, "main.main.func1:8", 1).ends(waits);
        }
        shape.ends(works);
    }
    shape.after(100 * MS).finish()
}

/// A GC that goroutines help in very many lines.
pub(crate) fn helps_everywhere(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 40, Shape::new());
    for cycle in 0..4 {
        shape.event(wire::GC_BEGIN, &[2 * cycle + 1, 0]);
        for at in 0..n / 4 {
            let line = shape.stack(&format!("main.work:{}", cycle * n + at + 1));
            shape.event(wire::GC_MARK_ASSIST_BEGIN, &[line]);
            shape.after(1).event(wire::GC_MARK_ASSIST_END, &[]);
        }
        shape.after(MS).event(wire::GC_END, &[2 * cycle + 2]);
    }
    shape.after(MS).finish()
}
