//! How long each stage of reading a trace takes: `cargo bench`.
//!
//! Reads the trace that `OVERSTAY_BENCH_TRACE` names, else the largest of the examples. Each
//! stage does what it needs of the stages before it, so that differences are what a stage costs.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};

use overstay::analysis::{Document, Rules};
use overstay::base::Progress;
use overstay::model::{Trace, build_on};
use overstay::parse::event::Event;
use overstay::parse::sink::Sink;
use overstay::parse::tables::Tables;
use overstay::parse::{measure, parse};
use overstay::scene::{Index, RowOptions, Rows, Source};

fn main() {
    divan::main();
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads its trace")]
static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let path = std::env::var_os("OVERSTAY_BENCH_TRACE").map_or_else(largest_example, PathBuf::from);
    std::fs::read(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
});

fn largest_example() -> PathBuf {
    let mut traces = Vec::new();
    find(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/traces")), &mut traces);
    traces.into_iter().max().expect("an example trace").1
}

/// All traces below a folder, with their sizes.
fn find(folder: &Path, traces: &mut Vec<(u64, PathBuf)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, traces);
        } else if path.extension().is_some_and(|extension| extension == "trace") {
            traces.push((entry.metadata().map_or(0, |data| data.len()), path));
        }
    }
}

fn bench<T>(bencher: Bencher<'_, '_>, stage: impl Fn(&[u8]) -> T + Sync) {
    bencher.counter(BytesCount::new(FILE.len())).bench(|| stage(black_box(&FILE)));
}

fn model(file: &[u8], threads: usize) -> Trace {
    build_on(file, threads, &Progress::default()).expect("a sound trace")
}

/// The batch headers.
#[divan::bench]
fn s1_headers(bencher: Bencher<'_, '_>) {
    bench(bencher, measure::scan);
}

/// The yardstick: every byte of the file taken for varints, byte by byte, and added up.
#[divan::bench]
fn s2_varints(bencher: Bencher<'_, '_>) {
    bench(bencher, |file| {
        let (mut sum, mut value, mut shift) = (0_u64, 0_u64, 0_u32);
        for &byte in file {
            value |= u64::from(byte & 0x7f) << (shift & 63);
            shift += 7;
            if byte < 0x80 {
                sum = sum.wrapping_add(value);
                (value, shift) = (0, 0);
            }
        }
        sum
    });
}

/// The tables, and the events thread by thread.
#[divan::bench]
fn s3_decode(bencher: Bencher<'_, '_>) {
    bench(bencher, measure::decode);
}

/// The events in the scheduler's order, handed to nobody.
#[divan::bench]
fn s4_order(bencher: Bencher<'_, '_>) {
    struct Nobody(i64);
    impl Sink for Nobody {
        fn begin_generation(&mut self, _: &Tables<'_>) {}

        fn event(&mut self, _: &Tables<'_>, event: &Event) {
            self.0 ^= event.time.ns();
        }
    }
    bench(bencher, |file| {
        let mut nobody = Nobody(0);
        parse(file, &mut nobody, &Progress::default()).map(|_| nobody.0).ok()
    });
}

/// The columns, on one core and on several.
#[divan::bench(args = [1, 2, 4])]
fn s5_model(bencher: Bencher<'_, '_>, threads: usize) {
    bench(bencher, |file| model(file, threads));
}

/// What the analysis adds.
#[divan::bench]
fn s6_analysis(bencher: Bencher<'_, '_>) {
    bencher
        .counter(BytesCount::new(FILE.len()))
        .with_inputs(|| model(&FILE, 2))
        .bench_values(|trace| Document::new(trace, Rules::default()));
}

fn document() -> Document {
    Document::new(model(&FILE, 2), Rules::default())
}

/// The levels of detail, which the window needs besides.
#[divan::bench]
fn s7_levels(bencher: Bencher<'_, '_>) {
    let document = document();
    let levels = || Index::build(&document, &Progress::default()).expect("nobody cancels");
    bencher.counter(BytesCount::new(FILE.len())).bench(levels);
}

/// The rows of the timeline, by lateness.
#[divan::bench]
fn s8_rows(bencher: Bencher<'_, '_>) {
    let document = document();
    let index = Index::quick(&document);
    let source = Source { document: &document, index: &index };
    let rows = || Rows::build(source, &RowOptions::default());
    bencher.counter(BytesCount::new(FILE.len())).bench(rows);
}

/// Both beside each other, as the window makes them while something is on screen.
#[divan::bench]
fn s9_levels_and_rows(bencher: Bencher<'_, '_>) {
    let document = document();
    let (options, progress) = (RowOptions::default(), Progress::default());
    let both = || Index::build_with_rows(&document, &options, &progress).expect("nobody cancels");
    bencher.counter(BytesCount::new(FILE.len())).bench(both);
}
