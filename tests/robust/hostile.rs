//! Files of half a megabyte, or a few, that are made to be slow: each asks for work that grows with the
//! square of its size if it is done the obvious way, and then takes many seconds.

use overstay::analysis::{Document, Rules};
use overstay::base::Progress;
use overstay::model::build_on;
use overstay::parse::spec::wire;

use super::memory::{bounded, measured};
use super::shapes;
use super::wire::{File, event, push, running, strings};

/// A way to be slow.
struct Case {
    name: &'static str,
    /// Makes a file of about so many bytes.
    make: fn(u64) -> Vec<u8>,
    /// Whether somebody hears a cancel in it.
    is_heard: bool,
    /// How many times half a megabyte show that it is slow.
    times: u64,
}

impl Case {
    /// As large as [`Case::times`] says.
    const fn slow(self, times: u64) -> Self {
        Self { times, ..self }
    }
}

const fn case(name: &'static str, make: fn(u64) -> Vec<u8>) -> Case {
    Case { name, make, is_heard: false, times: 1 }
}

const fn heard(name: &'static str, make: fn(u64) -> Vec<u8>) -> Case {
    Case { name, make, is_heard: true, times: 1 }
}

const CASES: [Case; 46] = [
    case("many alive, then many small generations", alive_then_small_generations),
    case("many alive, then many generations that are missing", alive_then_gaps),
    case("far ids in many small generations", far_ids_in_small_generations),
    case("many threads that cannot go on", blocked_threads),
    case("many stops of the world at once", stops_at_once),
    case("many tasks that end and begin again", tasks_again),
    case("many ranges on one goroutine", ranges_on_one),
    case("many threads with one P", holders_of_one),
    case("many broken generations", broken_generations),
    case("batch headers everywhere", headers_everywhere),
    case("many small strings", small_strings),
    case("many stacks of small frames", small_stacks),
    case("many goroutines", many_goroutines),
    case("many threads", many_threads),
    case("many empty batches", empty_batches),
    case("many Ps in the old format", old_procs),
    case("many PCs that one hash takes for the same", pcs_of_one_hash),
    case("many goroutines whose ids one hash takes for the same", ids_of_one_hash),
    case("many idle Ps, then many broken generations", idle_procs_then_gaps),
    case("many generations of one empty batch", empty_generations),
    heard("who heard a cancel, then many broken generations", hearers_then_gaps),
    heard("one goroutine that hears many cancels", hears_again_and_again),
    heard("one that hears many cancels nobody knows where", hears_from_nowhere),
    heard("many that cancel each other in turn", cancels_in_turn),
    heard("one task of many that hear deadlines of their own", shapes::deadlines_in_one_task),
    heard("a group of many that hang, and many that hear", shapes::hung_group),
    heard("one that hears a cancel before each child that it waits for", shapes::joins_one_by_one)
        .slow(4),
    heard("one that hears a cancel before each sleep", shapes::sleeps_between).slow(4),
    heard("many shutdowns that give up, and many streams", shapes::shutdowns_and_streams),
    heard("one without stacks that hears cancels by turns", shapes::hears_without_stacks),
    heard("some that hear all of each other", shapes::all_hear_each_other),
    heard("one that is late in many places", shapes::late_everywhere).slow(8),
    case("contexts whose watchers have names of their own", shapes::watchers_of_many_names),
    heard("one deadline above many kinds", shapes::cut_short_of_many_kinds),
    heard(
        "a group of many of which each second one has a limit of its own",
        shapes::limits_of_one_each,
    ),
    heard("a group of many about their last job, whose queues' fillers heard", shapes::hung_queues),
    heard("many that ask for a thing, and as many that wait for it as well", shapes::shared_loads),
    heard("many whose own listeners hear their deadlines", shapes::own_listeners),
    heard("many that each wait for one of their own with one limit", shapes::fans_of_one_each),
    heard("a deadline with a callback for each of many that wait", shapes::callbacks_for_each),
    heard("many that hear, each the last of a group", shapes::last_of_a_group_each),
    heard("many that send to one that leaves", shapes::stranded),
    heard("many that a canceller's children started", shapes::accepted),
    case("a GC that is helped in many lines", shapes::helps_everywhere),
    case("a router of many handlers", shapes::many_routes),
    case("many workers that are all given something to do", shapes::all_in_use),
];

/// How many bytes of memory each byte of a file may ask for, over what a small file takes.
const TIMES_ITS_SIZE: usize = 64;

#[test]
fn no_file_takes_time_that_grows_with_the_square_of_its_size() {
    let said = CASES.iter().filter_map(|Case { name, make, times, .. }| {
        let bytes = make(500_000 * times);
        let done = bounded(bytes.len(), || examine(&bytes));
        done.err().map(|err| format!("{name}: {err}"))
    });
    let said: Vec<String> = said.collect();
    assert!(said.is_empty(), "{said:#?}");
}

#[test]
fn no_file_takes_many_times_its_size() {
    let said = CASES.iter().filter_map(|Case { name, make, .. }| {
        let cost = |size| {
            let bytes = make(size);
            let build = || drop(build_on(&bytes, 1, &Progress::default()));
            let ((), cost) = measured(build).unwrap_or_else(|panic| panic!("{name}: {panic}"));
            (bytes.len(), cost.peak)
        };
        let ((small, of_small), (large, of_large)) = (cost(250_000), cost(1_000_000));
        let times = of_large.saturating_sub(of_small) / (large - small).max(1);
        (times > TIMES_ITS_SIZE).then(|| format!("{name}: {times} bytes for each byte"))
    });
    let said: Vec<String> = said.collect();
    assert!(said.is_empty(), "{said:#?}");
}

/// Threads share the work of the analysis, so that its memory is not measured; but nearly all of what
/// is kept of it are rows.
#[test]
fn no_analysis_has_many_times_the_rows_that_its_file_has_bytes() {
    for Case { name, make, .. } in CASES.iter().filter(|case| case.is_heard) {
        let bytes = make(500_000);
        let trace = build_on(&bytes, 1, &Progress::default()).expect("a trace");
        let document = Document::new(trace, Rules::default());
        let findings = document.analysis().findings().iter();
        let n_named: usize = findings.map(|it| it.goroutines.len() + it.cancels.len()).sum();
        let n_bytes = size_of_val(document.analysis().hearings()) + 4 * n_named;
        let times = n_bytes / bytes.len();
        assert!(times <= TIMES_ITS_SIZE, "{name}: {times} bytes for each byte");
    }
}

/// For looking at: what a megabyte or more of each takes.
#[test]
fn the_cost_of_larger_files_is_told() {
    let Some(size) =
        std::env::var("OVERSTAY_HOSTILE").ok().and_then(|text| text.parse::<u64>().ok())
    else {
        return;
    };
    for Case { name, make, times: larger, .. } in CASES {
        let bytes = make(size * larger);
        let (built, cost) = measured(|| build_on(&bytes, 1, &Progress::default()).map(drop))
            .unwrap_or_else(|panic| panic!("{name}: {panic}"));
        let (_, whole) =
            measured(|| examine(&bytes)).unwrap_or_else(|panic| panic!("{name}: {panic}"));
        #[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
        let times = cost.peak as f64 / bytes.len() as f64;
        eprintln!(
            "{name}: {} KB read in {:?}, {times:.1} times its size, {:?} with its analysis; {built:?}{}",
            bytes.len() / 1000,
            cost.time,
            whole.time,
            found(&bytes)
        );
    }
}

/// How many of each thing are found in a file: that a shape reaches the rule that it is for.
fn found(bytes: &[u8]) -> String {
    let Ok(trace) = build_on(bytes, 1, &Progress::default()) else { return String::new() };
    let document = Document::new(trace, Rules::default());
    let analysis = document.analysis();
    let summary = analysis.summary();
    let rules: Vec<&str> = analysis.findings().iter().take(4).map(|it| it.rule.name()).collect();
    format!(
        "; {} cancels, {} heard, {} deaf; {} findings: {}",
        summary.cancels,
        summary.heard,
        summary.deaf,
        analysis.findings().len(),
        rules.join(" ")
    )
}

/// Reads a file, finds what there is to find in it, and explains each hearing.
fn examine(bytes: &[u8]) -> usize {
    let Ok(trace) = build_on(bytes, 1, &Progress::default()) else { return 0 };
    let document = Document::new(trace, Rules::default());
    let _ = document.excused();
    let ledgers = document.ledgers();
    let mut accountant = document.accountant(&ledgers);
    let hearings = document.analysis().hearings();
    hearings.iter().map(|hearing| accountant.account(hearing).parts().count()).sum()
}

#[test]
fn what_is_made_to_be_heard_is_heard() {
    for Case { name, make, .. } in CASES.iter().filter(|case| case.is_heard) {
        let bytes = make(20_000);
        let trace = build_on(&bytes, 1, &Progress::default()).expect("a trace");
        assert!(!trace.warnings().is_empty() || trace.info().complete, "{name}");
        assert!(examine(&bytes) > 0, "{name}: {:?}", trace.warnings());
    }
}

fn create(data: &mut Vec<u8>, id: u64) {
    event(data, wire::GO_CREATE, &[1, id, 0, 0]);
}

fn alive_then_small_generations(size: u64) -> Vec<u8> {
    let mut file = File::new();
    file.batch(1, &running());
    file.batches(1, &[], 2..size / 14, create);
    while (file.bytes.len() as u64) < size {
        file.next_generation();
        // Only whoever knows the generations before knows that thread 1 has a P.
        let mut data = Vec::new();
        event(&mut data, wire::HEAP_ALLOC, &[1, 5]);
        file.batch(1, &data);
    }
    file.finish()
}

fn alive_then_gaps(size: u64) -> Vec<u8> {
    let mut file = File::new();
    file.batch(1, &running());
    // The first gap ends them all; what holds them may stay as large as it was. That shows in seconds
    // from 16 MB on, so that `what_is_gone_behind_a_gap_takes_no_room` holds it.
    file.batches(1, &[], 2..size / 14, create);
    while (file.bytes.len() as u64) < size {
        file.next_generation_but_one();
        file.batch(1, &running());
    }
    file.finish()
}

fn far_ids_in_small_generations(size: u64) -> Vec<u8> {
    let mut file = File::new();
    while (file.bytes.len() as u64) < size {
        let mut data = Vec::new();
        for id in [4096, 4_000_000] {
            event(&mut data, wire::GO_STATUS, &[1, id, u64::MAX, 4]);
            event(&mut data, wire::PROC_STATUS, &[1, id, 2]);
        }
        file.batch(4096, &data);
        file.batch(4_000_000, &data[..0]);
        file.next_generation();
    }
    file.finish()
}

fn blocked_threads(size: u64) -> Vec<u8> {
    let mut file = File::new();
    let n_threads = size / 2 / 12;
    for thread in 2..2 + n_threads {
        let mut data = Vec::new();
        event(&mut data, wire::GO_START, &[0, 77, 1]);
        file.batch(thread, &data);
    }
    file.batch(1, &running());
    file.batches(1, &[], 0..size / 2 / 3, |data, _| event(data, wire::HEAP_ALLOC, &[1, 5]));
    file.finish()
}

fn stops_at_once(size: u64) -> Vec<u8> {
    let mut file = File::new();
    strings(&mut file, 1);
    file.batch(1, &running());
    // Each goroutine in turn runs, stops the world and blocks; the last does so again and again.
    let n = size / 2 / 22;
    file.batches(1, &[], 2..2 + n, |data, id| {
        create(data, id);
        event(data, wire::GO_BLOCK, &[1, 0, 0]);
        event(data, wire::GO_START, &[1, id, 1]);
        event(data, wire::STW_BEGIN, &[1, 1, 0]);
    });
    file.batches(1, &[], 0..size / 2 / 6, |data, _| {
        event(data, wire::STW_END, &[1]);
        event(data, wire::STW_BEGIN, &[1, 1, 0]);
    });
    file.finish()
}

fn tasks_again(size: u64) -> Vec<u8> {
    let mut file = File::new();
    let n = size / 22;
    file.batch(1, &running());
    file.batches(1, &[], 1..n, |data, id| event(data, wire::USER_TASK_BEGIN, &[1, id, 0, 0, 0]));
    file.next_generation();
    file.batch(1, &running());
    file.batches(1, &[], 1..n, |data, id| event(data, wire::USER_TASK_END, &[1, id, 0]));
    file.batches(1, &[], 1..n, |data, id| event(data, wire::USER_TASK_BEGIN, &[1, id, 0, 0, 0]));
    file.finish()
}

fn ranges_on_one(size: u64) -> Vec<u8> {
    let mut file = File::new();
    let n = size / 18;
    strings(&mut file, n);
    file.batch(1, &running());
    file.batches(1, &[], 1..n, |data, id| event(data, wire::STW_BEGIN, &[1, id, 0]));
    file.finish()
}

fn holders_of_one(size: u64) -> Vec<u8> {
    let mut file = File::new();
    let mut data = Vec::new();
    event(&mut data, wire::PROC_STATUS, &[1, 0, 3]);
    let n = size / 2 / 12;
    for thread in 2..2 + n {
        file.batch(thread, &data);
    }
    file.batches(1, &[], 0..size / 2 / 4, |data, _| event(data, wire::PROC_STATUS, &[9, 0, 4]));
    file.finish()
}

fn broken_generations(size: u64) -> Vec<u8> {
    let mut file = File::new();
    file.batch(1, &running());
    file.batches(1, &[], 2..size / 28, create);
    while (file.bytes.len() as u64) < size {
        file.next_generation();
        let mut data = running();
        event(&mut data, wire::GO_DESTROY_SYSCALL, &[1]);
        file.batch(1, &data);
    }
    file.finish()
}

fn headers_everywhere(size: u64) -> Vec<u8> {
    let mut file = File::new();
    // Each byte looks like the start of a batch; the rows break in the fourth.
    while (file.bytes.len() as u64) < size {
        file.bytes.extend_from_slice(&[1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 7]);
    }
    file.finish()
}

fn small_strings(size: u64) -> Vec<u8> {
    let mut file = File::new();
    strings(&mut file, size / 11);
    file.finish()
}

fn small_stacks(size: u64) -> Vec<u8> {
    let mut file = File::new();
    let mut dice = super::mutate::Dice(1);
    file.batches(u64::MAX, &[wire::STACKS], 1..size / (128 * 4 + 5), |data, id| {
        event(data, wire::STACK, &[id, 128]);
        for _ in 0..128 {
            event(data, 0, &[]);
            data.pop();
            push(data, dice.any() % 128);
            data.extend_from_slice(&[0, 0, 1]);
        }
    });
    file.finish()
}

fn many_goroutines(size: u64) -> Vec<u8> {
    let mut file = File::new();
    file.batch(1, &running());
    file.batches(1, &[], 2..size / 8, create);
    file.finish()
}

fn many_threads(size: u64) -> Vec<u8> {
    let mut file = File::new();
    let mut data = Vec::new();
    event(&mut data, wire::GO_STATUS, &[1, 1, u64::MAX, 4]);
    for thread in 2..size / 18 {
        file.batch(thread, &data);
    }
    file.finish()
}

fn empty_batches(size: u64) -> Vec<u8> {
    let mut file = File::new();
    while (file.bytes.len() as u64) < size {
        file.batch(1, &[]);
    }
    file.finish()
}

fn old_procs(size: u64) -> Vec<u8> {
    let mut bytes = b"go 1.21 trace\0\0\0".to_vec();
    let n = (size / 16).min(59_000);
    for proc in 0..n {
        event(&mut bytes, 0x41, &[proc, 1]);
        // A goroutine that is never ready starts.
        event(&mut bytes, 0x80 | 14, &[1, 7, 1]);
    }
    event(&mut bytes, 0x41, &[n, 1]);
    while (bytes.len() as u64) < size {
        event(&mut bytes, 0x40 | 33, &[1, 5]);
    }
    event(&mut bytes, 0x02, &[1_000_000_000]);
    bytes
}

/// Numbers that `rustc_hash` 2, which starts from nothing that is drawn anew, puts in one place:
/// it multiplies by a constant, whose inverse this is.
fn alike(n: u64) -> u64 {
    const MULTIPLIER: u64 = 0xf135_7aea_2e62_a9c5;
    // Newton's iteration doubles the bits that are right; an odd number is its own inverse mod 8.
    let inverse = (0..5)
        .fold(MULTIPLIER, |x, _| x.wrapping_mul(2_u64.wrapping_sub(MULTIPLIER.wrapping_mul(x))));
    n.wrapping_mul(inverse)
}

fn pcs_of_one_hash(size: u64) -> Vec<u8> {
    let mut file = File::new();
    file.batches(u64::MAX, &[wire::STACKS], 1..size / (128 * 13), |data, id| {
        event(data, wire::STACK, &[id, 128]);
        for frame in 0..128 {
            push(data, alike(id * 128 + frame));
            data.extend_from_slice(&[0, 0, 1]);
        }
    });
    file.batch(1, &running());
    file.finish()
}

fn ids_of_one_hash(size: u64) -> Vec<u8> {
    let mut file = File::new();
    file.batch(1, &running());
    file.batches(1, &[], 2..size / 14, |data, id| create(data, alike(id)));
    file.finish()
}

fn idle_procs_then_gaps(size: u64) -> Vec<u8> {
    let mut file = File::new();
    file.batch(1, &running());
    file.batches(1, &[], 1..size / 14, |data, id| event(data, wire::PROC_STATUS, &[1, id, 2]));
    while (file.bytes.len() as u64) < size {
        file.next_generation();
        // The P that is held starts once more, which breaks the generation.
        let mut data = running();
        event(&mut data, wire::PROC_START, &[1, 0, 1]);
        file.batch(1, &data);
    }
    file.finish()
}

fn empty_generations(size: u64) -> Vec<u8> {
    let mut bytes = b"go 1.22 trace\0\0\0".to_vec();
    let mut sync = Vec::new();
    event(&mut sync, wire::FREQUENCY, &[15_625_000]);
    let mut generation = 1;
    for data in [&sync[..], &running()[..]] {
        event(&mut bytes, wire::EVENT_BATCH, &[generation, 1, 1, data.len() as u64]);
        bytes.extend_from_slice(data);
    }
    while (bytes.len() as u64) < size {
        generation += 1;
        event(&mut bytes, wire::EVENT_BATCH, &[generation, 1, 1, 0]);
    }
    bytes
}

/// The stack of a cancel, and where goroutines wait for one, by number.
const CANCEL: u64 = 1;
const DONE: u64 = 2;
/// Why they wait.
const SELECT: u64 = 6;

/// A file whose first generation knows these two stacks.
fn with_cancels() -> File {
    let mut file = File::new();
    let mut data = vec![wire::STRINGS];
    let functions = ["context.(*cancelCtx).cancel", "context.WithCancel.func1", "main.stop"];
    let texts = functions.into_iter().chain(["main.work", "main.go", "select"]);
    for (id, text) in (1..).zip(texts) {
        event(&mut data, wire::STRING, &[id, text.len() as u64]);
        data.extend_from_slice(text.as_bytes());
    }
    file.batch(u64::MAX, &data);
    let mut data = vec![wire::STACKS];
    event(&mut data, wire::STACK, &[CANCEL, 3]);
    for function in 1..=3 {
        for number in [100 + function, function, 5, 10] {
            push(&mut data, number);
        }
    }
    event(&mut data, wire::STACK, &[DONE, 1]);
    for number in [200, 4, 5, 40] {
        push(&mut data, number);
    }
    file.batch(u64::MAX, &data);
    file
}

/// Makes goroutines that wait where a cancel reaches them; goroutine 1 goes on.
fn waiters(data: &mut Vec<u8>, ids: std::ops::Range<u64>) {
    for id in ids.clone() {
        create(data, id);
    }
    event(data, wire::GO_BLOCK, &[1, SELECT, DONE]);
    for id in ids {
        event(data, wire::GO_START, &[1, id, 1]);
        event(data, wire::GO_BLOCK, &[1, SELECT, DONE]);
    }
    event(data, wire::GO_UNBLOCK, &[1, 1, 1, 0]);
    event(data, wire::GO_START, &[1, 1, 2]);
}

fn hearers_then_gaps(size: u64) -> Vec<u8> {
    let mut file = with_cancels();
    let mut data = running();
    waiters(&mut data, 10..14);
    for id in 10..14 {
        event(&mut data, wire::GO_UNBLOCK, &[1, id, 2, CANCEL]);
    }
    file.batch(1, &data);
    while (file.bytes.len() as u64) < size {
        file.next_generation();
        let mut data = running();
        for id in 10..14 {
            event(&mut data, wire::GO_STATUS, &[1, id, u64::MAX, 1]);
        }
        event(&mut data, wire::GO_DESTROY_SYSCALL, &[1]);
        file.batch(1, &data);
    }
    file.finish()
}

fn hears_again_and_again(size: u64) -> Vec<u8> {
    hears_often(size, DONE)
}

fn hears_from_nowhere(size: u64) -> Vec<u8> {
    hears_often(size, 0)
}

/// A file in which one goroutine hears cancels in this stack and waits there again.
fn hears_often(size: u64, waits_in: u64) -> Vec<u8> {
    let mut file = with_cancels();
    let mut data = running();
    waiters(&mut data, 10..11);
    file.batch(1, &data);
    file.batches(1, &[], 0..size / 24, |data, n| {
        event(data, wire::GO_UNBLOCK, &[1, 10, 2 + 2 * n, CANCEL]);
        event(data, wire::GO_BLOCK, &[1, SELECT, DONE]);
        event(data, wire::GO_START, &[1, 10, 3 + 2 * n]);
        event(data, wire::GO_UNBLOCK, &[1, 1, 3 + 2 * n, 0]);
        event(data, wire::GO_BLOCK, &[1, SELECT, waits_in]);
        event(data, wire::GO_START, &[1, 1, 4 + 2 * n]);
    });
    file.finish()
}

fn cancels_in_turn(size: u64) -> Vec<u8> {
    let mut file = with_cancels();
    let mut data = running();
    waiters(&mut data, 10..11);
    file.batch(1, &data);
    // Each goroutine that hears one cancels the next, and waits again to the end.
    file.batches(1, &[], 0..size / 48, |data, n| {
        let id = 11 + n;
        create(data, id);
        event(data, wire::GO_BLOCK, &[1, SELECT, DONE]);
        event(data, wire::GO_START, &[1, id, 1]);
        event(data, wire::GO_UNBLOCK, &[1, 1, 3 + 2 * n, CANCEL]);
        event(data, wire::GO_BLOCK, &[1, SELECT, DONE]);
        event(data, wire::GO_START, &[1, 1, 4 + 2 * n]);
        event(data, wire::GO_UNBLOCK, &[1, id, 2, CANCEL]);
    });
    file.finish()
}
