use std::io::Read;

use flate2::read::GzDecoder;

use super::super::tests::{documents, late_exits};
use super::*;

fn decoded(document: &Document) -> Profile {
    let mut out = Vec::new();
    write(&mut out, document).expect("a Vec takes all");
    let mut bytes = Vec::new();
    GzDecoder::new(&out[..]).read_to_end(&mut bytes).expect("gzip");
    Profile::decode(&bytes[..]).expect("a profile")
}

#[test]
fn a_profile_has_all_time_of_the_overstays_and_its_numbers_resolve() {
    for (path, document) in documents() {
        let profile = decoded(&document);
        let counted = |hearing: &&crate::analysis::Hearing| hearing.was_to_leave();
        let hearings = document.analysis().hearings().iter().filter(counted);
        let overstay: i64 = hearings.map(|hearing| hearing.overstay_ns).sum();
        let total: i64 = profile.sample.iter().map(|sample| sample.value[1]).sum();
        assert_eq!(total, overstay, "{path}");

        assert_eq!(profile.string_table[0], "", "{path}");
        let n_strings = i64::try_from(profile.string_table.len()).expect("few");
        let (n_places, n_functions) =
            (profile.location.len() as u64, profile.function.len() as u64);
        for sample in &profile.sample {
            assert!(sample.value[0] > 0 && sample.value[1] > 0, "{path}: {sample:?}");
            assert!(!sample.location_id.is_empty(), "{path}: nothing to show");
            assert!(sample.location_id.iter().all(|id| (1..=n_places).contains(id)), "{path}");
            let named = |label: &Label| label.key.max(label.text) < n_strings && label.text > 0;
            assert!(sample.label.iter().all(named), "{path}: {sample:?}");
        }
        for (at, place) in (1..).zip(&profile.location) {
            assert_eq!(place.id, at, "{path}");
            assert!((1..=n_functions).contains(&place.line[0].function_id), "{path}");
        }
        for (at, function) in (1..).zip(&profile.function) {
            assert_eq!(function.id, at, "{path}");
            assert!(function.name.max(function.filename) < n_strings, "{path}");
        }
    }
}

#[test]
fn stacks_are_innermost_first() {
    let profile = decoded(&late_exits());
    let text = |row: i64| profile.string_table[usize::try_from(row).expect("a row")].as_str();
    let name = |id: &u64| {
        let place = &profile.location[usize::try_from(*id - 1).expect("a row")];
        let function = usize::try_from(place.line[0].function_id - 1).expect("a row");
        text(profile.function[function].name)
    };
    assert_eq!(text(profile.default_sample_type), "overstay");
    let sample = &profile.sample[0];
    let stack: Vec<&str> = sample.location_id.iter().map(name).collect();
    assert_eq!(
        (stack[0], *stack.last().expect("a stack")),
        ("runtime.chanrecv2", "main.storeWorker")
    );
    let labels: Vec<_> = sample.label.iter().map(|one| (text(one.key), text(one.text))).collect();
    assert!(labels.contains(&("cause", "deadline")), "{labels:?}");
    assert!(labels.contains(&("function", "main.storeWorker")), "{labels:?}");
}
