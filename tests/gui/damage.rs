//! Traces of which a part is missing.

use super::*;

#[test]
#[expect(clippy::disallowed_methods, reason = "tests make the files that they look at")]
fn a_damaged_trace_opens_in_part_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.trace");
    let whole = std::fs::read(file("traces/sleep-in-handler/before.trace")).expect("the trace");
    std::fs::write(&path, &whole[..whole.len() * 6 / 10]).expect("the cut trace");
    let mut harness = window();
    harness.input_mut().dropped_files = vec![Arc::new(Dropped(path)) as _];
    wait(&mut harness);
    assert_eq!(harness.state().n_open(), 1);
    let messages = harness.state().messages();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].contains("cut.trace"), "{messages:?}");
    assert!(messages[0].contains("at byte"), "{messages:?}");
    assert!(says(&harness, "Warning: "));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests make the files that they look at")]
fn a_picture_of_a_damaged_trace_says_so() {
    let whole = std::fs::read(file("traces/late-exit/before.trace")).expect("a trace");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.trace");
    std::fs::write(&path, &whole[..whole.len() * 6 / 10]).expect("a file");
    let drawing =
        picture(std::slice::from_ref(&path), [400, 300], Settings::default()).expect("a picture");
    let [damage] = drawing.damage.as_slice() else { panic!("{:?}", drawing.damage) };
    assert_eq!((&damage.path, damage.complete), (&path, false));
    assert!(!damage.warnings.is_empty());
}
