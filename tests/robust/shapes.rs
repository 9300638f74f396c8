//! Traces of half a megabyte in which many goroutines hear many cancels, each in a shape that some
//! rule of the analysis could take very long for.

mod work;

use std::collections::BTreeMap;

use overstay::parse::spec::wire;

use super::wire::{File, event, push};
pub(super) use work::{
    accepted, all_in_use, callbacks_for_each, fans_of_one_each, helps_everywhere, hung_queues,
    last_of_a_group_each, many_routes, own_listeners, shared_loads, stranded,
};

/// Ticks of the clock in a microsecond and a millisecond: it has 15,625,000 in a second.
const US: u64 = 16;
const MS: u64 = 15_625;

/// Where `context` cancels, and where the timer of a deadline does.
const CANCEL: &str = "context.(*cancelCtx).cancel < context.WithCancel.func1";
const DEADLINE: &str = "context.(*cancelCtx).cancel < context.(*timerCtx).cancel < \
                        context.WithDeadlineCause.func2";
const TIMER: &str = "context.WithDeadlineCause.func2";

/// The functions of `net/http` that serve.
const SERVE: &str = "net/http.(*Server).Serve";
const CONN: &str = "net/http.(*conn).serve";

/// A trace of one thread, event by event. Goroutine 1 runs from the beginning on.
struct Shape {
    file: File,
    now: u64,
    /// The current batch, and when it and its last event are.
    data: Vec<u8>,
    began: u64,
    last: u64,
    strings: BTreeMap<String, u64>,
    stacks: BTreeMap<String, u64>,
    frames: Vec<u8>,
    /// How often each goroutine was started or let go on.
    turns: BTreeMap<u64, u64>,
    running: Option<u64>,
}

impl Shape {
    fn new() -> Self {
        let mut shape = Self {
            file: File::new(),
            now: 2_000,
            data: Vec::new(),
            began: 2_000,
            last: 2_000,
            strings: BTreeMap::new(),
            stacks: BTreeMap::new(),
            frames: vec![wire::STACKS],
            turns: BTreeMap::new(),
            running: Some(1),
        };
        shape.event(wire::PROC_STATUS, &[0, 1]);
        shape.event(wire::GO_STATUS, &[1, 1, 2]);
        shape
    }

    fn string(&mut self, text: &str) -> u64 {
        let next = self.strings.len() as u64 + 1;
        if text.is_empty() { 0 } else { *self.strings.entry(text.to_owned()).or_insert(next) }
    }

    /// A stack of functions, innermost first: `a.B < main.main:12`; the line is 1 if not given.
    fn stack(&mut self, text: &str) -> u64 {
        if text.is_empty() {
            return 0;
        }
        if let Some(&id) = self.stacks.get(text) {
            return id;
        }
        let id = self.stacks.len() as u64 + 1;
        let calls: Vec<&str> = text.split(" < ").collect();
        let mut data = Vec::new();
        event(&mut data, wire::STACK, &[id, calls.len() as u64]);
        for (at, call) in (1..).zip(calls) {
            let (function, line) = call.rsplit_once(':').unwrap_or((call, "1"));
            let file = if function.starts_with("main.") { "/src/main.go" } else { "lib.go" };
            let (function, file) = (self.string(function), self.string(file));
            let line = line.parse().expect("a line's number");
            for number in [id * 16 + at, function, file, line] {
                push(&mut data, number);
            }
        }
        if self.frames.len() + data.len() > 60_000 {
            let frames = std::mem::replace(&mut self.frames, vec![wire::STACKS]);
            self.file.batch(u64::MAX, &frames);
        }
        self.frames.extend(data);
        self.stacks.insert(text.to_owned(), id);
        id
    }

    fn event(&mut self, kind: u8, numbers: &[u64]) {
        if self.data.len() > 60_000 {
            self.close();
        }
        if self.data.is_empty() {
            (self.began, self.last) = (self.now, self.now);
        }
        let mut all = vec![self.now - self.last];
        all.extend_from_slice(numbers);
        event(&mut self.data, kind, &all);
        self.last = self.now;
    }

    fn close(&mut self) {
        let data = std::mem::take(&mut self.data);
        self.file.batch_at(self.began, 1, &data);
    }

    /// Time goes by.
    fn after(&mut self, ticks: u64) -> &mut Self {
        self.now += ticks;
        self
    }

    fn turn(&mut self, of: u64) -> u64 {
        let turns = self.turns.entry(of).or_default();
        *turns += 1;
        *turns
    }

    /// Nobody runs.
    fn idle(&mut self) {
        if self.running.take().is_some() {
            self.event(wire::GO_STOP, &[0, 0]);
        }
    }

    fn runs(&mut self, of: u64) -> &mut Self {
        if self.running != Some(of) {
            self.idle();
            let turn = self.turn(of);
            self.event(wire::GO_START, &[of, turn]);
            self.running = Some(of);
        }
        self
    }

    /// One acts, or nobody does if it is 0.
    fn acts(&mut self, by: u64) {
        if by == 0 {
            self.idle();
        } else {
            self.runs(by);
        }
    }

    fn go(&mut self, by: u64, stack: &str, of: u64, start: &str) -> &mut Self {
        self.acts(by);
        let (start, stack) = (self.stack(start), self.stack(stack));
        self.event(wire::GO_CREATE, &[of, start, stack]);
        self
    }

    fn waits(&mut self, of: u64, reason: &str, stack: &str) -> &mut Self {
        self.runs(of);
        let (reason, stack) = (self.string(reason), self.stack(stack));
        self.event(wire::GO_BLOCK, &[reason, stack]);
        self.running = None;
        self
    }

    fn wakes(&mut self, by: u64, stack: &str, of: u64) -> &mut Self {
        self.acts(by);
        let (turn, stack) = (self.turn(of), self.stack(stack));
        self.event(wire::GO_UNBLOCK, &[of, turn, stack]);
        self
    }

    fn ends(&mut self, of: u64) -> &mut Self {
        self.runs(of);
        self.event(wire::GO_DESTROY, &[]);
        self.running = None;
        self
    }

    /// A deadline passes, and wakes one.
    fn passes(&mut self, timer: u64, wakes: u64) -> &mut Self {
        self.go(0, "", timer, TIMER).wakes(timer, DEADLINE, wakes).ends(timer)
    }

    /// It begins a region of a task, or ends it.
    fn region(&mut self, of: u64, task: u64, begins: bool) -> &mut Self {
        self.runs(of);
        let name = self.string("work");
        let kind = if begins { wire::USER_REGION_BEGIN } else { wire::USER_REGION_END };
        self.event(kind, &[task, name, 0]);
        self
    }

    fn finish(&mut self) -> Vec<u8> {
        // The last event tells how long all those lived who are left.
        self.runs(1).event(wire::HEAP_ALLOC, &[5]);
        self.close();
        let mut file = self.file.clone();
        file.batch(u64::MAX, &self.frames);
        let mut texts: Vec<(&String, u64)> =
            self.strings.iter().map(|(text, id)| (text, *id)).collect();
        texts.sort_by_key(|(_, id)| *id);
        let texts = texts.into_iter();
        file.texts(texts.map(|(text, id)| (id, text.as_str())));
        file.finish()
    }
}

/// Goroutines of one task, every other of which hears a deadline of its own; the others hear none.
pub(super) fn deadlines_in_one_task(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 110, Shape::new());
    for of in 2..2 + 2 * n {
        shape.go(1, "main.main:3", of, "main.work");
    }
    for of in 2..2 + 2 * n {
        let wait = if of % 2 == 0 { "main.work:30" } else { "main.work:20" };
        shape.region(of, 7, true).after(1).waits(of, "chan receive", wait);
    }
    shape.after(20 * MS);
    for of in (0..n).map(|n| 3 + 2 * n) {
        shape.after(US).passes(of + 4 * n, of).region(of, 7, false).ends(of);
    }
    shape.after(50 * MS).finish()
}

/// One waits to the end for a group in which every other goroutine heard a cancel of its own.
pub(super) fn hung_group(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 85, Shape::new());
    shape.go(1, "main.main:3", 2, "main.serve");
    let of = |n: u64| (10 + 2 * n, 11 + 2 * n);
    for at in 0..n {
        let (listens, works) = of(at);
        let place = format!("main.serve:{}", 1_000 + at % 300);
        shape.go(2, &place, listens, "main.listen").after(1);
        shape.go(2, "main.serve:12", works, "main.listen").after(1);
    }
    shape.waits(2, "sync", "sync.(*WaitGroup).Wait < main.serve:40");
    for at in 0..n {
        let (listens, works) = of(at);
        shape.waits(listens, "chan receive", "main.listen:30").after(1);
        shape.waits(works, "chan receive", "main.listen:40").after(1);
    }
    for at in 0..n {
        let place = format!("{CANCEL} < main.main:{}", 5_000 + at % 64);
        shape.after(US).wakes(1, &place, of(at).0).ends(of(at).0);
    }
    shape.after(100 * MS).finish()
}

/// One hears a cancel and waits for its next child, again and again.
pub(super) fn joins_one_by_one(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 70, Shape::new());
    shape.go(1, "main.main:3", 2, "main.serve");
    for of in 11..11 + n {
        shape.go(2, "main.serve:12", of, "main.work");
    }
    shape.waits(2, "select", "main.serve:20");
    for of in 11..11 + n {
        shape.waits(of, "sleep", "time.Sleep < main.work:40");
    }
    for of in 11..11 + n {
        shape.after(MS).wakes(1, &format!("{CANCEL} < main.main:5000"), 2);
        shape.after(US).waits(2, "sync", "sync.(*WaitGroup).Wait < main.serve:30");
        shape.after(12 * MS).wakes(0, "", of).after(US);
        shape.wakes(of, "sync.(*WaitGroup).Done < main.work:50", 2).ends(of);
        shape.after(US).waits(2, "select", "main.serve:20");
    }
    shape.after(100 * MS).finish()
}

/// One hears a cancel and sleeps, again and again.
pub(super) fn sleeps_between(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 40, Shape::new());
    shape.go(1, "main.main:3", 2, "main.serve").waits(2, "select", "main.serve:20");
    for _ in 0..n {
        shape.after(MS).wakes(1, &format!("{CANCEL} < main.main:5000"), 2);
        shape.after(US).waits(2, "sleep", "time.Sleep < main.serve:30");
        shape.after(12 * MS).wakes(0, "", 2).after(US).waits(2, "select", "main.serve:20");
    }
    shape.after(100 * MS).finish()
}

/// One shuts a server down again and again, and gives up each time, while its streams run on.
pub(super) fn shutdowns_and_streams(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 60, Shape::new());
    shape.go(1, "main.main:20", 3, SERVE);
    for of in 10..10 + n {
        shape.go(3, SERVE, of, CONN);
    }
    shape.waits(3, "network", &format!("net.(*netFD).accept < {SERVE}"));
    for of in 10..10 + n {
        shape.waits(of, "select", &format!("main.events:10 < {CONN}"));
    }
    for at in 0..n {
        shape.after(US).waits(1, "select", "net/http.(*Server).Shutdown < main.main:30");
        shape.after(US).passes(10 + n + at, 1);
    }
    shape.after(100 * MS).finish()
}

/// One whose stacks nobody knows hears an explicit cancel and a deadline by turns.
pub(super) fn hears_without_stacks(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 55, Shape::new());
    shape.go(1, "main.main:3", 2, "main.serve").waits(2, "select", "");
    for at in 0..n {
        shape.after(MS).wakes(1, &format!("{CANCEL} < main.main:5000"), 2);
        shape.after(US).waits(2, "select", "").after(5 * MS);
        shape.passes(10 + at, 2).after(US);
        if at + 1 < n {
            shape.waits(2, "select", "");
        }
    }
    shape.ends(2).after(100 * MS).finish()
}

/// Some cancel in turn, and each hears all the others' cancels, as many others do.
pub(super) fn all_hear_each_other(size: u64) -> Vec<u8> {
    const CANCELLERS: u64 = 66;
    // As many hear each cancel as there are cancels.
    let n = (size / 17).isqrt();
    let mut shape = Shape::new();
    let all = 2..2 + CANCELLERS + n;
    for of in all.clone() {
        shape.go(1, "main.main:3", of, "main.serve").waits(of, "select", "main.serve:20");
    }
    for at in 0..n {
        let by = 2 + at % CANCELLERS;
        shape.after(US).wakes(1, "main.main:77", by).after(US);
        for of in all.clone().filter(|&of| of != by) {
            shape.after(1).wakes(by, &format!("{CANCEL} < main.serve:5000"), of);
        }
        shape.waits(by, "select", "main.serve:21");
        for of in all.clone().filter(|&of| of != by) {
            shape.after(1).waits(of, "select", "main.serve:20");
        }
    }
    shape.after(100 * MS).finish()
}

/// A connection is late in one handler after the other, and another goroutine for want of a processor.
pub(super) fn late_everywhere(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 160, Shape::new());
    let gone = format!("{CANCEL} < net/http.(*connReader).handleReadError < main.main:5000");
    shape.go(1, SERVE, 2, CONN);
    for at in 0..n {
        shape.waits(2, "select", &format!("main.h{at}:10 < {CONN}"));
        shape.after(MS).wakes(1, &gone, 2).after(MS);
        shape.waits(2, "sleep", &format!("time.Sleep < main.h{at}:20 < {CONN}"));
        shape.after(30 * MS).wakes(0, "", 2).after(MS);
        shape.waits(2, "network", &format!("net.(*conn).Read < {CONN}"));
        shape.after(MS).wakes(0, "", 2).after(MS);
    }
    shape.go(1, "main.main:3", 3, "main.w").waits(3, "select", "main.w:1").after(MS);
    shape.wakes(1, &format!("{CANCEL} < main.main:6000"), 3).after(30 * MS).ends(3);
    shape.after(100 * MS).finish()
}

/// Contexts that nobody cancels, whose watchers each have a name of their own.
pub(super) fn watchers_of_many_names(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 110, Shape::new());
    for at in 0..n {
        let watcher = format!("context.propagateCancel.func{at}");
        shape.go(1, "context.WithCancel < main.lookup:29", 10 + at, &watcher);
        shape.after(MS).waits(10 + at, "select", &watcher);
    }
    shape.after(100 * MS).finish()
}

/// One deadline ends goroutines that each are of a kind of their own, a level below its context.
pub(super) fn cut_short_of_many_kinds(size: u64) -> Vec<u8> {
    let (n, mut shape) = (size / 110, Shape::new());
    for at in 0..n {
        let kind = format!("main.w{at}");
        shape.go(1, "main.main:3", 10 + at, &kind).waits(10 + at, "select", &kind);
    }
    let below = format!("context.(*cancelCtx).cancel < {DEADLINE}");
    shape.after(20 * MS).go(0, "", 2, TIMER);
    for at in (0..n).rev() {
        shape.after(1).wakes(2, &below, 10 + at);
    }
    shape.ends(2);
    for at in 0..n {
        shape.after(1).ends(10 + at);
    }
    shape.after(100 * MS).finish()
}

/// One waits for a group in which every other goroutine alone heard a deadline, each of a `go` statement
/// of its own, while the others look after work; the last of these ends the wait.
pub(super) fn limits_of_one_each(size: u64) -> Vec<u8> {
    // Each cancel is held against as many as the bounds allow, which is dear.
    let (n, mut shape) = (size / 400, Shape::new());
    shape.go(1, "main.main:3", 2, "main.serve");
    let of = |n: u64| (10 + 2 * n, 11 + 2 * n);
    for at in 0..n {
        let (listens, works) = of(at);
        shape.go(2, &format!("main.serve:{}", 1_000 + at), listens, "main.listen").after(1);
        shape.go(2, "main.serve:12", works, "main.listen").after(1);
    }
    shape.waits(2, "sync", "sync.(*WaitGroup).Wait < main.serve:40");
    for at in 0..n {
        let (listens, works) = of(at);
        shape.waits(listens, "select", "main.listen:30").after(1);
        shape.waits(works, "chan receive", "main.listen:40").after(1);
    }
    for at in 0..n {
        shape.after(US).passes(20 + 2 * n + at, of(at).0).ends(of(at).0);
    }
    shape.after(50 * MS);
    for at in 0..n {
        let works = of(at).1;
        shape.after(1).wakes(1, "main.main:9", works);
        if at + 1 == n {
            shape.wakes(works, "sync.(*WaitGroup).Done < main.listen:50", 2);
        }
        shape.ends(works);
    }
    shape.after(100 * MS).finish()
}
