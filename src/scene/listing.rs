//! Which rows there are and in which order: filter, group, sort.
//!
//! Runs off the UI thread and may cost n log n in goroutines; nothing here runs per frame.

use rustc_hash::FxHashMap;

use crate::analysis::{Document, Hearing, Outcome};
use crate::base::{Goroutine, Interval, Time, beside, narrow};
use crate::model::Trace;

use super::density::{self, Density};
use super::filter::Filter;
use super::hearings::{ByEnd, cancelled_at, late_ns};
use super::index::Source;
use super::minis::Lives;
use super::options::{Grouping, Others, RowOptions, Sort};
use super::rows::{Body, Row, Rows, Section, SectionKey};
use super::stretch::reaches;

/// Groups with more lanes than this come collapsed, but for the worst.
const COLLAPSE_ABOVE: usize = 64;

/// How much of a cancel view's longest overstay lies before time zero: one part in so many.
const BEFORE_CANCEL: i64 = 8;

/// And how much after the end, where the overstay is written.
const AFTER_END: i64 = 5;

impl Rows {
    /// Lists, filters, groups and sorts. Costs n log n in goroutines: call it off the UI thread.
    #[must_use]
    pub fn build(source: Source<'_>, options: &RowOptions) -> Self {
        let trace = source.document.trace();
        let mut rows = Self { metrics: options.metrics, ..Self::default() };
        let worst = worst_of_goroutines(source, options.within);
        if options.others != Others::Without {
            let any_late = worst.iter().any(|&worst_ns| worst_ns > options.budget_ns);
            add_special(&mut rows, source, options, any_late);
        }
        let filter = Filter::new(trace, &options.filter);
        let keep = |&g: &Goroutine| {
            filter.keeps(trace, g)
                && (!options.late_only || worst[g.index()] > options.budget_ns)
                && options.within.is_none_or(|stretch| reaches(trace.lifetime(g), stretch))
        };
        let mut lanes: Vec<Lane> = trace
            .goroutines()
            .filter(keep)
            .map(|g| Lane { goroutine: g, key: sort_key(source, &worst, options.sort, g) })
            .collect();
        sort(&mut lanes);
        let mut groups = group(source.document, &lanes, &worst, options);
        let n_groups = groups.len();
        groups.retain(|group| !options.hidden.contains(&group.key));
        rows.n_hidden += n_groups - groups.len();
        add_groups(&mut rows, source, groups, options);
        let sections = Sections::new(&rows, trace.n_goroutines());
        (rows.ends, rows.lives) = beside(|| sections.late_ends(source), || sections.lives(trace));
        if options.within.is_some()
            || !filter.is_empty()
            || options.late_only
            || options.grouping != Grouping::Function
        {
            add_densities(&mut rows, trace);
        }
        for section in &mut rows.sections {
            section.collapsed = options.collapses(section);
        }
        if options.regions {
            add_region_depths(&mut rows, source);
        }
        rows.finish(trace.n_goroutines());
        rows
    }

    /// Rows of a cancel view: a lane for each goroutine that one of `cancels` (rows of
    /// [`crate::analysis::Analysis::cancels`]) reached, time zero at its cancel, sorted by exit,
    /// the latest at the top. Its viewport's bounds are [`Rows::cancel_bounds`]. Of the options,
    /// filter, stretch, budget and heights count, and whether only late ones are shown.
    #[must_use]
    pub fn cancel_view(source: Source<'_>, cancels: &[u32], options: &RowOptions) -> Self {
        let trace = source.document.trace();
        let analysis = source.document.analysis();
        let mut rows = Self { metrics: options.metrics, ..Self::default() };
        let filter = Filter::new(trace, &options.filter);
        let keep = |hearing: &&Hearing| {
            (!options.late_only || late_ns(hearing) > options.budget_ns)
                && is_within(source, hearing, options.within)
                && filter.keeps(trace, hearing.goroutine)
        };
        let mut lanes = Vec::new();
        for &row in cancels {
            let Some(cancel) = analysis.cancels().get(row as usize) else { continue };
            let reached = analysis.heard(cancel).iter().chain(analysis.deaf(cancel));
            for hearing in reached.filter(keep) {
                // Who was not meant to end says nothing about exits and goes below the others.
                let key = (hearing.outcome == Outcome::LivesOn, -hearing.overstay_ns);
                lanes.push((key, hearing.goroutine, row, late_ns(hearing)));
            }
        }
        lanes.sort_unstable();
        let late = lanes.iter().filter(|lane| lane.3 > options.budget_ns).count();
        let longest = lanes.first().map_or(0, |lane| -lane.0.1).max(1_000);
        let (before, after) = (longest / BEFORE_CANCEL, longest / AFTER_END);
        rows.bounds = Some(Interval::new(Time(-before), Time(longest + after)));
        rows.sections.push(Section {
            key: SectionKey::Cancel(cancels.first().copied().unwrap_or(0)),
            count: narrow(lanes.len()),
            late: narrow(late),
            stuck: 0,
            worst_stuck: None,
            worst_ns: lanes.iter().map(|lane| lane.3).max().unwrap_or(0),
            comes_collapsed: false,
            collapsed: false,
        });
        rows.bodies.push(Body::Lanes(0..lanes.len()));
        rows.order = lanes.iter().map(|lane| lane.1).collect();
        rows.anchors = lanes.iter().map(|lane| (lane.2, cancelled_at(analysis, lane.2))).collect();
        rows.ends.push(ByEnd::default());
        rows.densities.push(Some(Density::default()));
        rows.finish(trace.n_goroutines());
        rows
    }
}

/// Whether an overstay reaches into a stretch; all do if there is none.
fn is_within(source: Source<'_>, hearing: &Hearing, stretch: Option<Interval>) -> bool {
    stretch.is_none_or(|stretch| reaches(source.document.window(hearing), stretch))
}

/// A goroutine and what it is sorted by, ascending.
struct Lane {
    goroutine: Goroutine,
    key: i64,
}

/// The worst overstay that counts of every goroutine, or for how long it is stuck; 0 for most.
fn worst_of_goroutines(source: Source<'_>, within: Option<Interval>) -> Vec<i64> {
    let analysis = source.document.analysis();
    let mut worst = vec![0; source.document.trace().n_goroutines() as usize];
    let is_in = |of: Interval| within.is_none_or(|stretch| reaches(of, stretch));
    for stuck in analysis.all_stuck().iter().filter(|stuck| is_in(stuck.interval)) {
        worst[stuck.goroutine.index()] = stuck.interval.ns();
    }
    for hearing in analysis.hearings().iter().filter(|it| is_within(source, it, within)) {
        if let Some(worst) = worst.get_mut(hearing.goroutine.index()) {
            *worst = late_ns(hearing).max(*worst);
        }
    }
    worst
}

fn sort_key(source: Source<'_>, worst: &[i64], sort: Sort, goroutine: Goroutine) -> i64 {
    let trace = source.document.trace();
    match sort {
        Sort::Lateness => -worst[goroutine.index()],
        Sort::Start => trace.lifetime(goroutine).start.ns(),
        Sort::Id => i64::try_from(trace.life(goroutine).id.0).unwrap_or(i64::MAX),
        Sort::Running => {
            -source.index.levels.running_ns.get(goroutine.index()).copied().unwrap_or(0)
        }
        Sort::Lifetime => -trace.lifetime(goroutine).ns(),
    }
}

/// Goroutines of one section in order.
struct Group {
    key: SectionKey,
    lanes: Vec<Goroutine>,
    worst_ns: i64,
    /// The worst of those that a cancel tells of; 0 if none is late.
    worst_late_ns: i64,
    late: u32,
    stuck: u32,
    worst_stuck: Option<(i64, Goroutine)>,
}

impl Group {
    fn new(key: SectionKey) -> Self {
        let (late, stuck, worst_stuck) = (0, 0, None);
        Self { key, lanes: Vec::new(), worst_ns: 0, worst_late_ns: 0, late, stuck, worst_stuck }
    }

    /// How loud it is: who is late after a cancel counts before who is stuck.
    fn loudness(&self) -> (i64, i64) {
        (self.worst_late_ns, self.worst_stuck.map_or(0, |(ns, _)| ns))
    }
}

/// Groups the sorted lanes. The groups are in the order of their first lanes, but for sorting by
/// lateness, where the number of lanes counts after the worst.
fn group(document: &Document, lanes: &[Lane], worst: &[i64], options: &RowOptions) -> Vec<Group> {
    let trace = document.trace();
    let mut groups: Vec<Group> = Vec::new();
    let mut rows: FxHashMap<SectionKey, usize> = FxHashMap::default();
    // Those next to each other are often of one group.
    let mut last = None;
    for lane in lanes {
        let key = match options.grouping {
            Grouping::Function => SectionKey::Function(document.kind(lane.goroutine)),
            Grouping::Creator => SectionKey::CreatedBy(trace.life(lane.goroutine).parent),
            Grouping::Flat => SectionKey::All,
        };
        let row = match last {
            Some((last, row)) if last == key => row,
            _ => *rows.entry(key).or_insert_with(|| {
                groups.push(Group::new(key));
                groups.len() - 1
            }),
        };
        last = Some((key, row));
        let group = &mut groups[row];
        let worst_ns = worst[lane.goroutine.index()];
        group.lanes.push(lane.goroutine);
        group.worst_ns = group.worst_ns.max(worst_ns);
        let is_late = worst_ns > options.budget_ns;
        group.late += u32::from(is_late);
        if let Some(stuck) = document.analysis().stuck(lane.goroutine).filter(|_| is_late) {
            let longest = (stuck.interval.ns(), lane.goroutine);
            group.stuck += 1;
            group.worst_stuck = group.worst_stuck.max(Some(longest));
        } else if is_late {
            group.worst_late_ns = group.worst_late_ns.max(worst_ns);
        }
    }
    if options.sort == Sort::Lateness {
        let text = |group: &Group| match group.key {
            SectionKey::Function(name) => trace.string(name).to_owned(),
            _ => String::new(),
        };
        groups.sort_by_cached_key(|group| {
            (-group.worst_ns, std::cmp::Reverse(group.lanes.len()), text(group))
        });
    }
    if let Some(like) = &options.like {
        sort_like(trace, like, &mut groups);
    }
    groups
}

/// Puts groups in the order of another trace's functions, what that does not have below them.
fn sort_like(trace: &Trace, like: &[String], groups: &mut [Group]) {
    let places: FxHashMap<&str, usize> =
        like.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    groups.sort_by_key(|group| match group.key {
        SectionKey::Function(name) => places.get(trace.string(name)).copied().unwrap_or(usize::MAX),
        _ => usize::MAX,
    });
}

fn add_groups(rows: &mut Rows, source: Source<'_>, groups: Vec<Group>, options: &RowOptions) {
    let n_late: u32 = groups.iter().map(|group| group.late).sum();
    // Of several that are as loud, the one that is shown first.
    let loudest = groups.iter().rev().filter(|group| group.late > 0).max_by_key(|it| it.loudness());
    let loudest = loudest.map(|group| group.key);
    for group in groups {
        let start = rows.order.len();
        rows.order.extend_from_slice(&group.lanes);
        let runtime = is_runtime(source.document.trace(), group.key);
        let healthy = n_late > 0 && group.worst_ns <= options.budget_ns;
        // What somebody opens a trace for is not to be one strip, however many lanes it has.
        let is_wanted = group.key == SectionKey::All
            || Some(group.key) == loudest
            || (options.late_only && !healthy);
        // Where some are late, what is not late starts out of the way, and so does the runtime's
        // own.
        let large = group.lanes.len() > COLLAPSE_ABOVE;
        let comes_collapsed = !is_wanted && (large || runtime || healthy);
        rows.sections.push(Section {
            key: group.key,
            count: narrow(group.lanes.len()),
            late: group.late,
            stuck: group.stuck,
            worst_stuck: group.worst_stuck.map(|(_, of)| of),
            worst_ns: group.worst_ns,
            comes_collapsed,
            collapsed: comes_collapsed,
        });
        rows.bodies.push(Body::Lanes(start..rows.order.len()));
    }
}

/// Whether a group is the runtime's own goroutines.
fn is_runtime(trace: &Trace, key: SectionKey) -> bool {
    let SectionKey::Function(name) = key else { return false };
    let name = trace.string(name);
    name.starts_with("runtime.") && name != "runtime.main"
}

/// The lanes that are not goroutines', as far as the trace has something for them. Where some are
/// late, those are to be seen first: plots and the collector's lanes are a slim row each.
fn add_special(rows: &mut Rows, source: Source<'_>, options: &RowOptions, any_late: bool) {
    let world = source.document.trace().world();
    let mut add = |key, lanes: Vec<Row>, comes_collapsed| {
        if lanes.is_empty() {
            return;
        }
        if options.hidden.contains(&key) {
            rows.n_hidden += 1;
            return;
        }
        rows.sections.push(Section {
            key,
            count: narrow(lanes.len()),
            late: 0,
            stuck: 0,
            worst_stuck: None,
            worst_ns: 0,
            comes_collapsed,
            collapsed: comes_collapsed,
        });
        rows.bodies.push(Body::Fixed(lanes));
    };
    let mut plots = Vec::new();
    plots.extend((!world.heap().is_empty()).then_some(Row::HeapPlot));
    plots.push(Row::GoroutinesPlot);
    add(SectionKey::Metrics, plots, any_late);
    let mut runtime = Vec::new();
    runtime.extend((!world.gc().is_empty()).then_some(Row::Gc));
    runtime.extend((!world.stop_the_world().is_empty()).then_some(Row::StopTheWorld));
    add(SectionKey::Runtime, runtime, any_late);
    let numbered = |n: usize, row: fn(u32) -> Row| (0..narrow(n)).map(row).collect::<Vec<_>>();
    add(SectionKey::Procs, numbered(world.procs().len(), Row::Proc), true);
    let threads = source.index.tracks.threads.ids().len();
    add(SectionKey::Threads, numbered(threads, Row::Thread), true);
    add(SectionKey::Tasks, numbered(source.index.tracks.tasks.len(), Row::Tasks), true);
}

/// Which section each goroutine is in.
struct Sections {
    n: usize,
    /// By goroutine, [`NOWHERE`] if it is in none.
    of: Vec<u32>,
}

impl Sections {
    fn new(rows: &Rows, n_goroutines: u32) -> Self {
        let mut of = vec![NOWHERE; n_goroutines as usize];
        for (number, body) in rows.bodies.iter().enumerate() {
            let Body::Lanes(lanes) = body else { continue };
            for goroutine in &rows.order[lanes.clone()] {
                of[goroutine.index()] = narrow(number);
            }
        }
        Self { n: rows.bodies.len(), of }
    }

    fn of(&self, goroutine: Goroutine) -> Option<usize> {
        let section = self.of.get(goroutine.index()).filter(|&&section| section != NOWHERE)?;
        Some(*section as usize)
    }

    /// Late ends by section, each in order of time.
    fn late_ends(&self, source: Source<'_>) -> Vec<ByEnd> {
        let ends = &source.index.ends;
        ends.parts(source.document.analysis(), self.n, |goroutine| self.of(goroutine))
    }

    /// Who lives when, by section.
    fn lives(&self, trace: &Trace) -> Vec<Lives> {
        let mut of_section = vec![Vec::new(); self.n];
        for goroutine in trace.goroutines() {
            let section = self.of(goroutine).and_then(|section| of_section.get_mut(section));
            if let Some(group) = section {
                group.push(goroutine);
            }
        }
        of_section.into_iter().map(|group| Lives::new(trace, &group)).collect()
    }
}

/// Sorts lanes by their keys, which leaves those with one key in order: each half on its own, and
/// then the two together, of which sorting makes nothing but a merge.
fn sort(lanes: &mut [Lane]) {
    let (one, other) = lanes.split_at_mut(lanes.len() / 2);
    let key = |lane: &Lane| lane.key;
    beside(|| one.sort_by_key(key), || other.sort_by_key(key));
    lanes.sort_by_key(key);
}

/// How many goroutines of each section are alive, where the index has no histogram by state.
fn add_densities(rows: &mut Rows, trace: &Trace) {
    let zero = trace.interval().start;
    let density = |body: &Body| {
        let Body::Lanes(lanes) = body else { return None };
        // As many bins as a group with 32 spans per goroutine would get.
        let mut builder =
            density::Builder::new(trace.interval().ns(), lanes.len() * 32, rows.bodies.len());
        for &goroutine in &rows.order[lanes.clone()] {
            let life = trace.lifetime(goroutine);
            let layer = density::layer(super::class::StateClass::Unknown);
            builder.add(life.start.since(zero), life.end.since(zero), layer);
        }
        Some(builder.finish())
    };
    rows.densities = rows.bodies.iter().map(density).collect();
}

/// Makes room for regions under the lanes that have any.
fn add_region_depths(rows: &mut Rows, source: Source<'_>) {
    let regions = source.document.trace().notes().regions();
    let tracks = &source.index.tracks;
    let mut sum = 0;
    rows.depths = std::iter::once(0)
        .chain(rows.order.iter().map(|&goroutine| {
            // A runaway recursion of regions must not push all other lanes out of sight.
            sum += tracks.region_depth(regions, goroutine).min(MAX_DEPTH);
            sum
        }))
        .collect();
}

/// The most depths of regions that are drawn under a lane.
const MAX_DEPTH: u32 = 8;

/// In no section.
const NOWHERE: u32 = u32::MAX;
