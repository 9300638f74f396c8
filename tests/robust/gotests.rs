//! The Go project's own cases, where there is a Go toolchain: each with the outcome that Go's
//! reader is tested for.

use std::path::PathBuf;
use std::process::Command;

use overstay::base::Progress;
use overstay::model::build_on;

use super::assemble::{assemble, parts};
use super::validator::{Rigor, complaints_about};
use crate::support::{files_below, skipped, text_of};

fn goroot() -> Option<PathBuf> {
    if let Some(set) = std::env::var_os("GOROOT") {
        return Some(set.into());
    }
    let said = Command::new("go").args(["env", "GOROOT"]).output().ok()?;
    let text = String::from_utf8(said.stdout).ok()?;
    Some(text.trim().into()).filter(|path: &PathBuf| path.is_dir())
}

fn check(case: &str) -> Result<(), String> {
    let (expected, text) = parts(case)?;
    let bytes = assemble(text)?;
    let built = build_on(&bytes, 2, &Progress::default());
    let complete = built.as_ref().is_ok_and(|trace| trace.info().complete);
    let why = match &built {
        Ok(trace) => trace.warnings().first().map(ToString::to_string),
        Err(err) => Some(err.to_string()),
    };
    match (expected.trim_start().starts_with("SUCCESS"), complete) {
        (true, false) => return Err(format!("is sound, but: {}", why.unwrap_or_default())),
        (false, true) => return Err("is broken, but was read to its end".to_owned()),
        _ => {}
    }
    let rigor = if complete { Rigor::Sound } else { Rigor::Damaged };
    match built.map(|trace| complaints_about(&trace, rigor)) {
        Ok(complaints) if !complaints.is_empty() => Err(complaints[0].clone()),
        _ => Ok(()),
    }
}

#[test]
fn gos_own_cases_end_as_go_expects() {
    let Some(root) = goroot() else {
        return skipped("there is no Go toolchain, so Go's own cases are not run");
    };
    let mut cases = files_below(&root.join("src/internal/trace/testdata/tests"));
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "test"));
    if cases.is_empty() {
        return skipped(&format!("{} holds no trace cases (before Go 1.22?)", root.display()));
    }
    let said: Vec<String> = cases
        .iter()
        .filter_map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            check(&text_of(path)).err().map(|err| format!("{name}: {err}"))
        })
        .collect();
    assert!(said.is_empty(), "{} of {} cases: {said:#?}", said.len(), cases.len());
    eprintln!("{} of Go's own cases", cases.len());
}
