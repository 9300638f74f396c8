//! The model's sums against the summary that is made from the events alone.
//!
//! The summary's form is that of the corpus's README. A summary comes from the corpus where it
//! is beside the package, and otherwise from `overstay dump --summary`, which the conformance
//! tests compare with the reference; either way it has never seen the model.

use std::collections::{BTreeMap, HashMap};

use overstay::base::{GoId, Goroutine};
use overstay::model::{Edge, Trace};
use overstay::parse::event::GoState;

/// A line's fields behind its key.
type Line<'s> = Vec<&'s str>;

/// Compares; says what differs, at most a few things.
///
/// # Errors
/// What differs.
pub(crate) fn compare(trace: &Trace, summary: &str) -> Result<(), String> {
    let mut lines: HashMap<&str, Vec<Line<'_>>> = HashMap::new();
    for line in summary.lines() {
        let mut fields = line.split('\t');
        let key = fields.next().unwrap_or_default();
        lines.entry(key).or_default().push(fields.collect());
    }
    let of = |key: &str| lines.get(key).cloned().unwrap_or_default();
    let mut said = Vec::new();
    said.extend(states(trace, &of("gostate")));
    said.extend(lives(trace, &of("g")));
    said.extend(ranges(trace, &of("range")));
    said.extend(notes(trace, &of("task"), &of("region"), &of("log")));
    said.extend(metrics(trace, &of("metric")));
    said.extend(procs(trace, &of("procstate"), &of("procs")));
    said.extend(heap(trace, &of("experimental")));
    let (n_ids, n_lives) = counts(trace);
    let told = of("goroutines").first().map(|line| line.join(" ")).unwrap_or_default();
    if told != format!("{n_ids} {n_lives}") {
        said.push(format!("goroutines {told}, in the model {n_ids} {n_lives}"));
    }
    if said.is_empty() {
        Ok(())
    } else {
        said.truncate(6);
        Err(said.join("; "))
    }
}

fn counts(trace: &Trace) -> (usize, u32) {
    let mut ids: Vec<GoId> = trace.goroutines().map(|goroutine| trace.life(goroutine).id).collect();
    ids.sort_unstable();
    ids.dedup();
    (ids.len(), trace.n_goroutines())
}

/// Text as the summary quotes it. Texts that are not UTF-8 are not in these columns.
fn quoted(text: &str) -> String {
    overstay::parse::text::quoted(text.as_bytes())
}

fn states(trace: &Trace, told: &[Line<'_>]) -> Vec<String> {
    let mut spent: BTreeMap<(String, String), i64> = BTreeMap::new();
    for goroutine in trace.goroutines() {
        for span in trace.spans(goroutine) {
            let key = (span.state.name().to_owned(), quoted(trace.string(span.reason)));
            *spent.entry(key).or_default() += span.ns();
        }
    }
    let told: BTreeMap<(String, String), i64> = told
        .iter()
        .filter_map(|line| match line[..] {
            [state, reason, ns] => Some(((state.to_owned(), reason.to_owned()), ns.parse().ok()?)),
            _ => None,
        })
        .collect();
    let told: BTreeMap<_, _> = told.into_iter().filter(|(_, ns)| *ns != 0).collect();
    spent.retain(|_, ns| *ns != 0);
    if told == spent {
        Vec::new()
    } else {
        vec![format!("gostate {told:?}, in the model {spent:?}")]
    }
}

fn time(edge: Edge) -> String {
    edge.time().map_or_else(|| "-".to_owned(), |time| time.ns().to_string())
}

/// A goroutine as the summary's `g` line has it, without the number of its transitions.
fn line_of(trace: &Trace, goroutine: Goroutine) -> Vec<String> {
    let life = trace.life(goroutine);
    let mut spent = [0_i64; 4];
    for span in trace.spans(goroutine) {
        let place = match span.state {
            GoState::Running => 0,
            GoState::Runnable => 1,
            GoState::Syscall => 2,
            GoState::Waiting => 3,
            _ => continue,
        };
        spent[place] += span.ns();
    }
    let parent = life.parent.map_or(GoId::NONE, |parent| trace.life(parent).id);
    let mut line = vec![life.id.to_string(), time(life.born), time(life.ended)];
    line.extend(spent.map(|ns| ns.to_string()));
    line.extend([parent.to_string(), quoted(trace.string(life.name))]);
    line
}

fn lives(trace: &Trace, told: &[Line<'_>]) -> Vec<String> {
    let told: Vec<Vec<String>> = told
        .iter()
        .filter_map(|line| match line[..] {
            [
                id,
                _instance,
                born,
                _first,
                ended,
                _transitions,
                running,
                runnable,
                syscall,
                waiting,
                parent,
                name,
            ] => Some(
                [id, born, ended, running, runnable, syscall, waiting, parent, name]
                    .map(str::to_owned)
                    .to_vec(),
            ),
            _ => None,
        })
        .collect();
    let mut ours: Vec<Vec<String>> =
        trace.goroutines().map(|goroutine| line_of(trace, goroutine)).collect();
    let mut theirs = told;
    // The summary shows bytes that are not UTF-8, the model replaces them.
    let is_plain = |line: &Vec<String>| {
        !line.last().is_some_and(|name| name.contains("\\x") || name.contains('\u{fffd}'))
    };
    theirs.retain(is_plain);
    ours.retain(is_plain);
    ours.sort();
    theirs.sort();
    let only_theirs = theirs.iter().filter(|line| ours.binary_search(line).is_err());
    let only_ours = ours.iter().filter(|line| theirs.binary_search(line).is_err());
    let show = |line: &Vec<String>| line.join(" ");
    let missing = only_theirs.take(2).map(|line| format!("no life {}", show(line)));
    missing.chain(only_ours.take(2).map(|line| format!("a life {}", show(line)))).collect()
}

/// A range that is said to go on began earlier, for the summary at the moment when that is said,
/// in the model at the trace's start. So times can be equal only where nothing was said so.
fn ranges(trace: &Trace, told: &[Line<'_>]) -> Vec<String> {
    let world = trace.world();
    let compare = |sum: i64, prefix: &str| {
        let of = told.iter().filter(|line| line[0].starts_with(prefix));
        let (mut ns, mut goes_on) = (0_i64, false);
        for line in of {
            goes_on |= line[3] != "0";
            ns += line[5].parse::<i64>().unwrap_or(0);
        }
        let fine = if goes_on { ns <= sum } else { ns == sum };
        (!fine).then(|| format!("{prefix} {ns} ns, in the model {sum}"))
    };
    [
        compare(world.gc().iter().map(|gc| gc.ns()).sum(), "\"GC concurrent mark"),
        compare(
            world.sweeps().iter().map(|sweep| sweep.interval.ns()).sum(),
            "\"GC incremental sweep",
        ),
        compare(
            world.assists().iter().map(|assist| assist.interval.ns()).sum(),
            "\"GC mark assist",
        ),
        compare(
            world.stop_the_world().iter().map(|stop| stop.interval.ns()).sum(),
            "\"stop-the-world",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn notes(
    trace: &Trace,
    tasks: &[Line<'_>],
    regions: &[Line<'_>],
    logs: &[Line<'_>],
) -> Vec<String> {
    let column = |lines: &[Line<'_>], at: usize| -> usize {
        lines.iter().filter_map(|line| line.get(at)?.parse::<usize>().ok()).sum()
    };
    let notes = trace.notes();
    let seen = |edge: Edge| edge.time().is_some();
    let n = |what: &str, told: usize, ours: usize| {
        (told != ours).then(|| format!("{what} {told}, in the model {ours}"))
    };
    [
        n(
            "task begins",
            column(tasks, 1),
            notes.tasks().iter().filter(|task| seen(task.began)).count(),
        ),
        n(
            "task ends",
            column(tasks, 2),
            notes.tasks().iter().filter(|task| seen(task.ended)).count(),
        ),
        n(
            "region begins",
            column(regions, 1),
            notes.regions().iter().filter(|region| seen(region.began)).count(),
        ),
        n(
            "region ends",
            column(regions, 2),
            notes.regions().iter().filter(|region| seen(region.ended)).count(),
        ),
        n("logs", column(logs, 1), notes.logs().len()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn heap(trace: &Trace, told: &[Line<'_>]) -> Vec<String> {
    let heap = trace.world().allocations();
    let kinds =
        [("Span", heap.spans()), ("HeapObject", heap.objects()), ("GoroutineStack", heap.stacks())];
    let mut said = Vec::new();
    for (kind, totals) in kinds {
        for (suffix, tally) in
            [("", totals.existed), ("Alloc", totals.allocated), ("Free", totals.freed)]
        {
            let name = format!("\"AllocFree/{kind}{suffix}\"");
            let line = told.iter().find(|line| line[0] == name);
            let n_told = line.and_then(|line| line[1].parse().ok()).unwrap_or(0);
            if tally.count != n_told {
                said.push(format!("{name} {n_told}, in the model {}", tally.count));
            }
        }
    }
    let by_type: u64 = heap.types().iter().map(|of_type| of_type.totals.allocated.bytes).sum();
    if by_type != heap.objects().allocated.bytes {
        said.push(format!("{by_type} bytes by type, {:?} in all", heap.objects().allocated));
    }
    said
}

fn metrics(trace: &Trace, told: &[Line<'_>]) -> Vec<String> {
    let world = trace.world();
    let metrics = [
        ("\"/sched/gomaxprocs:threads\"", world.gomaxprocs()),
        ("\"/memory/classes/heap/objects:bytes\"", world.heap()),
        ("\"/gc/heap/goal:bytes\"", world.heap_goal()),
    ];
    let mut said = Vec::new();
    for (name, points) in metrics {
        let told = told
            .iter()
            .find(|line| line[0] == name)
            .map(|line| line[1..].join(" "))
            .unwrap_or_default();
        let values = || points.iter().map(|point| point.value);
        let ours = match (values().min(), values().max(), values().next_back()) {
            (Some(min), Some(max), Some(last)) => format!("{} {min} {max} {last}", points.len()),
            _ => String::new(),
        };
        if told != ours {
            said.push(format!("{name} {told}, in the model {ours}"));
        }
    }
    said
}

fn procs(trace: &Trace, states: &[Line<'_>], count: &[Line<'_>]) -> Vec<String> {
    let held: i64 = trace
        .world()
        .procs()
        .iter()
        .flat_map(|(_, spans)| spans)
        .map(|span| span.interval.ns())
        .sum();
    let running = states.iter().find(|line| line[0] == "Running");
    let told = running.and_then(|line| line[1].parse().ok()).unwrap_or(0);
    let n_told = count.first().and_then(|line| line[0].parse().ok()).unwrap_or(0);
    let n_procs = trace.world().procs().len();
    let mut said = Vec::new();
    if held != told {
        said.push(format!("Ps run for {told} ns, in the model {held}"));
    }
    if n_procs != n_told {
        said.push(format!("{n_told} Ps, in the model {n_procs}"));
    }
    said
}
