//! What every input is put through.

#[path = "../../robust/same.rs"]
mod same;
#[path = "../../robust/sides.rs"]
mod sides;
#[path = "../../robust/validator.rs"]
mod validator;

use overstay::base::Progress;
use overstay::model::{Trace, build_first, build_on};
use overstay::parse::error::ParseError;
use overstay::parse::parse;
use overstay::parse::text::TextSink;
use validator::Rigor;

/// Reads `bytes` in every way there is; nothing may panic, what opens has to be a trace, and the
/// same one on any number of threads.
pub(crate) fn check(bytes: &[u8]) {
    let alone = build_on(bytes, 1, &Progress::default());
    if let Ok(alone) = &alone {
        let complaints = validator::complaints_about(alone, Rigor::Damaged);
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
    // Threads cost more than all the rest, so that not every input gets them.
    match bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) % 16 {
        0 => check_threads(bytes, &alone),
        1 => {
            let mut sink = TextSink::new(std::io::sink());
            let _ = parse(bytes, &mut sink, &Progress::default());
        }
        2 => {
            let first = build_first(bytes, bytes.len() / 20, &Progress::default());
            if let Ok(first) = first {
                let complaints = validator::complaints_about(&first, Rigor::Damaged);
                assert!(complaints.is_empty(), "{complaints:#?}");
            }
        }
        _ => {}
    }
}

fn check_threads(bytes: &[u8], alone: &Result<Trace, ParseError>) {
    let several = build_on(bytes, 3, &Progress::default());
    match (alone, &several) {
        (Ok(alone), Ok(several)) => {
            let differences = same::differences(alone, several);
            assert!(differences.is_empty(), "{differences:?} differ");
        }
        (Err(alone), Err(several)) => assert_eq!(alone, several),
        _ => panic!("{:?}, but {:?}", alone.as_ref().err(), several.err()),
    }
}
