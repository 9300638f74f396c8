//! What no compiler checks: lengths, words, colors, traces of this or that machine.

use std::path::{Path, PathBuf};

use crate::support::{bytes_of, files_below, root, rust_files, shown, text_of};

/// No source file is longer than this.
const MAX_LINES: usize = 600;

/// What is unfinished, switched off, or left over from debugging.
const LEFTOVERS: [&str; 9] = [
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
    concat!("#[ig", "nore"),
    concat!("#[should_", "panic"),
    concat!("<<<<", "<<<"),
];

/// British spellings that slip in; the code, the window and the documents are American.
const BRITISH: [&str; 14] = [
    concat!("col", "our"),
    concat!("behavi", "our"),
    concat!("neighb", "our"),
    concat!("cent", "re "),
    concat!("analy", "se"),
    concat!("initiali", "se"),
    concat!("seriali", "se"),
    concat!("optimi", "se"),
    concat!("recogni", "se"),
    concat!("normali", "se"),
    concat!("synchroni", "se"),
    concat!("summari", "se"),
    concat!("licen", "ce"),
    concat!("gre", "y "),
];

/// Folders that exist on one machine only.
const MACHINE: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/fa", "rm/"), concat!("/tm", "p/")];

/// Words that the rules above must let pass.
const EXCEPTIONS: [&str; 3] = [
    // Where X servers listen, on every machine.
    concat!("/tm", "p/.X11-unix"),
    // The plural is the same in American English.
    concat!("analy", "ses"),
    // The name of a license.
    concat!("Ubuntu Font Licen", "ce"),
];

fn text_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in ["src", "tests", "docs", "traces", "assets", ".ci"] {
        files.extend(files_below(&root().join(folder)));
    }
    let entries = std::fs::read_dir(root()).expect("the package's folder");
    files
        .extend(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()));
    let is_text = |path: &PathBuf| {
        let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        // In a work tree of its own `.git` is a file, and none of the package's.
        path.file_name().is_some_and(|name| {
            ![".git", "Cargo.lock", "go.sum"].iter().any(|other| name == *other)
        }) && matches!(
            extension.as_deref(),
            None | Some("rs" | "md" | "toml" | "go" | "sh" | "txt" | "snap" | "tsv" | "mod")
        )
    };
    files.retain(is_text);
    files
}

/// Every line of every file in which a rule finds a fault.
fn faults(files: &[PathBuf], rule: impl Fn(&Path, &str) -> Option<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for path in files {
        for (number, line) in text_of(path).lines().enumerate() {
            if let Some(fault) = rule(path, line) {
                faults.push(format!("{}:{}: {fault}", shown(path), number + 1));
            }
        }
    }
    faults
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The first of the words that the line holds outside the exceptions.
fn found<'a>(line: &str, words: &[&'a str]) -> Option<&'a str> {
    let mut line = line.to_lowercase();
    for exception in EXCEPTIONS {
        line = line.replace(&exception.to_lowercase(), "");
    }
    words.iter().copied().find(|word| line.contains(&word.to_lowercase()))
}

#[test]
fn files_are_short() {
    let mut files = rust_files("src");
    files.extend(rust_files("tests"));
    let long: Vec<String> = files
        .iter()
        .map(|path| (path, text_of(path).lines().count()))
        .filter(|(_, n_lines)| *n_lines > MAX_LINES)
        .map(|(path, n_lines)| format!("{}: {n_lines} lines, at most {MAX_LINES}", shown(path)))
        .collect();
    assert_none(&long);
}

#[test]
fn nothing_is_left_over() {
    assert_none(&faults(&text_files(), |_, line| {
        // Letter case counts here: the words are ordinary ones in small letters.
        let word = LEFTOVERS.iter().find(|word| line.contains(**word))?;
        Some(format!("`{word}` is not for a finished program"))
    }));
}

#[test]
fn spelling_is_american() {
    assert_none(&faults(&text_files(), |path, line| {
        let is_license = path.file_name()?.to_string_lossy().starts_with("LICENSE");
        let word = found(line, &BRITISH).filter(|_| !is_license)?;
        Some(format!("`{word}` is British"))
    }));
}

#[test]
fn no_file_names_a_place_on_one_machine() {
    assert_none(&faults(&text_files(), |_, line| {
        let word = found(line, &MACHINE)?;
        Some(format!("`{word}` is a folder of one machine"))
    }));
}

#[test]
fn no_trace_names_a_place_on_one_machine() {
    let mut traces = files_below(&root().join("traces"));
    traces.extend(files_below(&root().join("tests/fixtures")));
    traces.retain(|path| path.extension().is_some_and(|extension| extension == "trace"));
    let mut faults = Vec::new();
    for path in traces {
        let bytes = bytes_of(&path);
        for word in MACHINE {
            if bytes.windows(word.len()).any(|window| window == word.as_bytes()) {
                faults.push(format!("{}: `{word}`: record it with -trimpath", shown(&path)));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn colors_are_named_in_the_theme_only() {
    let inside = [
        "Color32::from_",
        "Color32::WHITE",
        "Color32::BLACK",
        "Color32::RED",
        "hex_color!",
        "Rgba::from_",
    ];
    let others: Vec<PathBuf> = rust_files("src")
        .into_iter()
        .filter(|path| !shown(path).starts_with("src/ui/theme"))
        // The rasterizer makes pixels out of colors that it is given.
        .filter(|path| !shown(path).starts_with("src/ui/render/"))
        .collect();
    assert_none(&faults(&others, |_, line| {
        let word = inside.iter().find(|word| line.contains(**word))?;
        Some(format!("`{word}` belongs in ui::theme"))
    }));
}

#[test]
fn every_document_has_one_sentence_per_line() {
    let documents: Vec<PathBuf> = text_files()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    assert_none(&faults(&documents, |_, line| {
        let is_prose = !line.starts_with(['|', ' ', '#', '>']);
        // What stands between backticks is code, which has points of its own.
        let parts = line.split('`').enumerate();
        let line: String =
            parts.map(|(at, part)| if at % 2 == 0 { part } else { "code" }).collect();
        let two = line.match_indices(". ").find(|(at, _)| {
            let before = line[..*at].rsplit(' ').next().unwrap_or_default();
            let after = line[at + 2..].chars().next();
            before.len() > 3 && after.is_some_and(char::is_uppercase)
        });
        two.filter(|_| is_prose).map(|_| "more than one sentence on a line".to_owned())
    }));
}

#[test]
fn tests_named_in_documents_exist() {
    let mut sources = String::new();
    for folder in ["src", "tests"] {
        for path in rust_files(folder) {
            sources.push_str(&text_of(&path));
        }
    }
    let text = text_of(&root().join("ARCHITECTURE.md"));
    let names: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.matches('_').count() > 1 && !name.contains(['.', '/', ' ']))
        .collect();
    assert!(names.len() > 10, "{names:?}");
    let missing: Vec<String> = names
        .into_iter()
        .filter(|name| !sources.contains(&format!("fn {name}()")))
        .map(|name| format!("ARCHITECTURE.md: there is no test `{name}`"))
        .collect();
    assert_none(&missing);
}
