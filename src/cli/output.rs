//! Where a command's output goes: standard output, or a file that is written whole or not at all.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// How much is gathered before it is written.
const BUFFER_BYTES: usize = 1 << 16;

/// Writes what `write` makes to the file, or to standard output if there is none.
///
/// A file appears under its name only once it is complete; until then it has a name beside it,
/// so that an error or an interruption leaves the old one as it was.
///
/// # Errors
/// If writing fails, or if `write` does.
pub fn write_to<T>(
    output: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> Result<T, io::Error>,
) -> Result<T, Failure> {
    match output {
        None => {
            let mut out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock());
            let done = write(&mut out).and_then(|done| out.flush().map(|()| done));
            done.map_err(|err| Failure::of_output("standard output", &err))
        }
        Some(path) => write_whole(path, write)
            .map_err(|err| Failure::of_output(path.display().to_string(), &err)),
    }
}

/// Whether people look at standard output, and with colors.
pub(super) fn stdout_has_color(output: Option<&Path>) -> bool {
    output.is_none()
        && !matches!(anstream::AutoStream::choice(&io::stdout()), anstream::ColorChoice::Never)
}

fn write_whole<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, io::Error>,
) -> Result<T, io::Error> {
    // A device such as /dev/null or a pipe cannot be replaced, only written to.
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that writes files")]
        let file = fs::OpenOptions::new().write(true).open(path)?;
        return fill(file, write);
    }
    let partial = Partial::beside(path);
    #[expect(clippy::disallowed_methods, reason = "this is the one place that writes files")]
    let file = fs::File::create(&partial.0)?;
    let done = fill(file, write)?;
    fs::rename(&partial.0, path)?;
    Ok(done)
}

fn fill<T>(
    file: fs::File,
    write: impl FnOnce(&mut dyn Write) -> Result<T, io::Error>,
) -> Result<T, io::Error> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
    let done = write(&mut out)?;
    out.flush()?;
    Ok(done)
}

/// A file that is removed again unless it was renamed.
struct Partial(PathBuf);

impl Partial {
    fn beside(path: &Path) -> Self {
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.partial", std::process::id()));
        Self(path.with_file_name(name))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone already when all went well.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test looks at what was written")]
    fn a_file_is_written_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("report.json");
        write_to(Some(&path), |out| out.write_all(b"old")).expect("written");
        let failed = write_to(Some(&path), |out| {
            out.write_all(b"half of the new")?;
            Err::<(), _>(io::Error::other("the trace broke"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_to_string(&path).expect("there"), "old");
        write_to(Some(&path), |out| out.write_all(b"new")).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("there"), "new");
        let left: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
        assert_eq!(left.len(), 1, "nothing is left beside it: {left:?}");
    }

    #[test]
    fn a_missing_folder_is_said_with_the_name_of_the_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("not/there.json");
        let failure = write_to(Some(&path), |out| out.write_all(b"x")).expect_err("no folder");
        assert!(failure.to_string().contains("there.json: cannot write: no such"), "{failure}");
    }
}
