//! The traces that each form of export is tried on.

use std::path::Path;

use crate::analysis::tests::traces_below;
use crate::analysis::{Document, Rules};
use crate::base::Progress;
use crate::model::build;

/// The examples and the fixtures, damaged ones too, as far as they can be read.
pub(super) fn documents() -> impl Iterator<Item = (String, Document)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["traces", "tests/fixtures/recorded", "tests/fixtures/derived/1.25.5"] {
        traces_below(&root.join(folder), &mut paths);
    }
    assert!(paths.len() > 100, "the package has traces");
    paths.sort();
    paths.into_iter().filter_map(|path| {
        #[expect(clippy::disallowed_methods, reason = "a test reads its traces")]
        let bytes = std::fs::read(&path).expect("readable");
        let trace = build(&bytes, &Progress::default()).ok()?;
        Some((path.display().to_string(), Document::new(trace, Rules::default())))
    })
}

/// The first of the examples: goroutines that leave late.
pub(super) fn late_exits() -> Document {
    let bytes = include_bytes!("../../../traces/late-exit/before.trace");
    let trace = build(bytes, &Progress::default()).expect("a sound trace");
    Document::new(trace, Rules::default())
}
