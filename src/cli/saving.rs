//! The forms of the command line, for the window to save: the same writers, told once.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::args::ExportForm;
use super::export;
use super::output::{is_one_of, write_sparing};
use super::told::Told;
use super::{comparison, html, json, markdown, text};
use crate::analysis::diff;
use crate::load::{Form, Opened, SaveError, Saving, Writing};

/// All that can be saved, and how a file is written.
pub static SAVING: Saving = Saving { forms: &FORMS, place };

static FORMS: [Form; 12] = [
    of_one("Report as HTML", "html", |out, of| html::write_report(out, &Told::new(one(of)?))),
    of_one("Report as Markdown", "md", |out, of| markdown::write_report(out, &Told::new(one(of)?))),
    of_one("Report as text", "txt", |out, of| text::write(out, false, &Told::new(one(of)?))),
    of_one("Report as JSON", "json", |out, of| json::write_report(out, one(of)?)),
    of_one("Table of hearings as CSV", "csv", |out, of| {
        export::write(ExportForm::Csv, out, &one(of)?.document)
    }),
    of_one("Table of hearings as Parquet", "parquet", |out, of| {
        export::write(ExportForm::Parquet, out, &one(of)?.document)
    }),
    of_one("Trace for Perfetto", "perfetto-trace", |out, of| {
        export::write(ExportForm::Perfetto, out, &one(of)?.document)
    }),
    of_one("Overstays for pprof", "pb.gz", |out, of| {
        export::write(ExportForm::Pprof, out, &one(of)?.document)
    }),
    of_two("Comparison as HTML", "html", |out, of| {
        let [before, after] = two(of)?;
        html::write_diff(out, before, after, &diff(&before.document, &after.document))
    }),
    of_two("Comparison as Markdown", "md", |out, of| {
        let [before, after] = two(of)?;
        markdown::write_diff(out, before, after, &diff(&before.document, &after.document))
    }),
    of_two("Comparison as text", "txt", |out, of| {
        let [before, after] = two(of)?;
        let diff = diff(&before.document, &after.document);
        comparison::write(out, false, before, after, &diff)
    }),
    of_two("Comparison as JSON", "json", |out, of| {
        let [before, after] = two(of)?;
        json::write_diff(out, before, after, &diff(&before.document, &after.document))
    }),
];

/// What writes a form.
type Writes = fn(&mut dyn Write, &[Opened]) -> io::Result<()>;

const fn of_one(title: &'static str, extension: &'static str, write: Writes) -> Form {
    Form { title, extension, n_traces: 1, write }
}

const fn of_two(title: &'static str, extension: &'static str, write: Writes) -> Form {
    Form { title, extension, n_traces: 2, write }
}

fn one(of: &[Opened]) -> io::Result<&Opened> {
    of.first().ok_or_else(nothing_open)
}

fn two(of: &[Opened]) -> io::Result<[&Opened; 2]> {
    match of {
        [before, after, ..] => Ok([before, after]),
        _ => Err(nothing_open()),
    }
}

fn nothing_open() -> io::Error {
    io::Error::other("the trace is no longer open")
}

fn place(
    inputs: &[PathBuf],
    output: &Path,
    replace: bool,
    write: &mut Writing<'_>,
) -> Result<(), SaveError> {
    // What was read is not replaced whatever is asked: that is said below.
    if !replace && std::fs::symlink_metadata(output).is_ok() && !is_one_of(inputs, output) {
        return Err(SaveError::Exists);
    }
    write_sparing(inputs, output, |out| write(out))
        .map_err(|failure| SaveError::Failed(failure.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test looks at what was written")]
    fn a_file_is_replaced_only_if_that_was_asked_for_and_a_trace_never() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        let (trace, output) = (at("a.trace"), at("a.html"));
        std::fs::write(&trace, "trace").expect("a writable folder");
        let inputs = [trace.clone()];
        let save = |to: &Path, replace, text: &str| {
            place(&inputs, to, replace, &mut |out| out.write_all(text.as_bytes()))
        };
        save(&output, false, "one").expect("it is not there yet");
        assert_eq!(save(&output, false, "two"), Err(SaveError::Exists));
        save(&output, true, "three").expect("it may be replaced");
        assert_eq!(std::fs::read_to_string(&output).expect("there"), "three");
        for replace in [false, true] {
            let Err(SaveError::Failed(why)) = save(&trace, replace, "four") else {
                panic!("a trace that is open is not written over");
            };
            assert!(why.contains("name another file"), "{why}");
        }
        assert_eq!(std::fs::read_to_string(&trace).expect("there"), "trace");
    }
}
