//! What every input is put through.

#[path = "../../robust/same.rs"]
mod same;
#[path = "../../robust/sides.rs"]
mod sides;
#[path = "../../robust/validator.rs"]
mod validator;

use overstay::base::Progress;
use overstay::model::build_on;
use overstay::parse::parse;
use overstay::parse::text::TextSink;
use validator::Rigor;

/// Reads `bytes` in every way there is; nothing may panic, what opens has to be a trace, and the
/// same one on any number of threads.
pub(crate) fn check(bytes: &[u8]) {
    let alone = build_on(bytes, 1, &Progress::default());
    let several = build_on(bytes, 3, &Progress::default());
    match (&alone, &several) {
        (Ok(alone), Ok(several)) => {
            let complaints = validator::complaints_about(alone, Rigor::Damaged);
            assert!(complaints.is_empty(), "{complaints:#?}");
            let differences = same::differences(alone, several);
            assert!(differences.is_empty(), "{differences:?} differ");
        }
        (Err(alone), Err(several)) => assert_eq!(alone, several),
        _ => panic!("{:?}, but {:?}", alone.err(), several.err()),
    }
    let mut sink = TextSink::new(std::io::sink());
    let _ = parse(bytes, &mut sink, &Progress::default());
}
