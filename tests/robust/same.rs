//! Whether two traces in memory hold the same, table by table and span by span.

use overstay::model::Trace;

/// The parts in which two traces differ; empty if they are the same.
pub(crate) fn differences(a: &Trace, b: &Trace) -> Vec<&'static str> {
    let (world_a, world_b) = (a.world(), b.world());
    let (notes_a, notes_b) = (a.notes(), b.notes());
    let lives = |trace: &Trace| -> Vec<_> { trace.goroutines().map(|g| trace.life(g)).collect() };
    let chunks = |trace: &Trace| -> Vec<_> {
        let starts = |chunk: &overstay::model::Chunk| {
            (0..chunk.n_spans()).map(|at| chunk.start(at)).collect::<Vec<_>>()
        };
        trace
            .chunks()
            .iter()
            .map(|chunk| {
                (
                    chunk.members().to_vec(),
                    chunk.kinds().to_vec(),
                    chunk.kind_rows().to_vec(),
                    starts(chunk),
                )
            })
            .collect()
    };
    let parts = [
        ("info", a.info() == b.info()),
        ("interval", a.interval() == b.interval()),
        ("warnings", a.warnings() == b.warnings()),
        ("strings", a.strings().iter().eq(b.strings().iter())),
        ("stacks", a.stacks().iter().eq(b.stacks().iter())),
        ("lives", lives(a) == lives(b)),
        (
            "lifetimes",
            a.goroutines().map(|g| a.lifetime(g)).eq(b.goroutines().map(|g| b.lifetime(g))),
        ),
        (
            "spans",
            a.n_goroutines() == b.n_goroutines()
                && a.goroutines().all(|g| a.spans(g).eq(b.spans(g))),
        ),
        ("chunks", chunks(a) == chunks(b)),
        ("procs", world_a.procs() == world_b.procs()),
        ("threads", world_a.threads() == world_b.threads()),
        ("gc", world_a.gc() == world_b.gc()),
        ("stop the world", world_a.stop_the_world() == world_b.stop_the_world()),
        ("assists", world_a.assists() == world_b.assists()),
        ("sweeps", world_a.sweeps() == world_b.sweeps()),
        ("gomaxprocs", world_a.gomaxprocs() == world_b.gomaxprocs()),
        ("heap", world_a.heap() == world_b.heap()),
        ("heap goal", world_a.heap_goal() == world_b.heap_goal()),
        ("samples", world_a.samples() == world_b.samples()),
        ("clocks", world_a.clocks() == world_b.clocks()),
        ("gaps", world_a.gaps() == world_b.gaps()),
        ("labels", world_a.labels() == world_b.labels()),
        ("allocations", world_a.allocations() == world_b.allocations()),
        ("tasks", notes_a.tasks() == notes_b.tasks()),
        ("regions", notes_a.regions() == notes_b.regions()),
        ("logs", notes_a.logs() == notes_b.logs()),
    ];
    parts.into_iter().filter(|(_, same)| !same).map(|(part, _)| part).collect()
}
