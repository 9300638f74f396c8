//! Where a command's output goes: standard output, or a file that is written whole or not at all.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// How much is gathered before it is written.
const BUFFER_BYTES: usize = 1 << 16;
/// How many links are followed from one name, as on Linux.
const LINKS_FOLLOWED: usize = 40;

/// Names of more bytes than this are not repeated in that of the file that becomes them, which
/// must be of 255 at most.
const LONGEST_NAME_SHOWN: usize = 200;

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

/// As [`write_to`], for commands whose status says more than their output: that nobody reads this
/// any more (`overstay check … | head`) changes nothing.
///
/// # Errors
/// If writing fails for another reason.
pub(super) fn write_or_let_go(
    output: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> Result<(), io::Error>,
) -> Result<(), Failure> {
    match write_to(output, write) {
        Err(failure) if failure.is_quiet() => Ok(()),
        told => told,
    }
}

/// Whether people look at standard output, and with colors.
pub(super) fn stdout_has_color(output: Option<&Path>) -> bool {
    output.is_none()
        && !matches!(anstream::AutoStream::choice(&io::stdout()), anstream::ColorChoice::Never)
}

/// Makes sure that what is read, a trace or a budget, is not written over.
///
/// # Errors
/// If the output is one of the inputs.
pub(super) fn spare<P: AsRef<Path>>(inputs: &[P], output: Option<&Path>) -> Result<(), Failure> {
    match output {
        Some(output) if is_one_of(inputs, output) => {
            Err(Failure::of_file(output, "it is what is read; name another file"))
        }
        _ => Ok(()),
    }
}

/// Whether a file is one of those that are read, whatever it is called. Devices can be read and
/// written.
pub(super) fn is_one_of(inputs: &[impl AsRef<Path>], output: &Path) -> bool {
    let Ok(place) = fs::canonicalize(output) else { return false };
    let is_it = |input: &Path| fs::canonicalize(input).is_ok_and(|input| input == place);
    place.is_file() && inputs.iter().map(AsRef::as_ref).any(|input: &Path| is_it(input))
}

/// Writes a file that is none of those that were read.
///
/// # Errors
/// If it is one of them, or cannot be written.
pub fn write_sparing<T>(
    inputs: &[impl AsRef<Path>],
    output: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, io::Error>,
) -> Result<T, Failure> {
    spare(inputs, Some(output))?;
    write_to(Some(output), write)
}

/// Makes sure that a file could be written now, without writing it: better to fail before long
/// work than after. Nothing is left behind.
///
/// # Errors
/// If it could not.
pub(super) fn try_place(path: &Path) -> Result<(), io::Error> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        // To open a pipe would tell its reader something.
        Ok(meta) if !meta.is_file() => Ok(()),
        _ => {
            let target = behind_links(path)?;
            Partial::beside(&target).create(&target).map(drop)
        }
    }
}

/// Writes what must not be lost to a new file in the folder for temporary ones, and gives its name.
///
/// # Errors
/// If that cannot be written either.
pub(super) fn write_aside(ending: &str, bytes: &[u8]) -> Result<PathBuf, io::Error> {
    let name = format!("overstay-{}.{ending}", std::process::id());
    let path = std::env::temp_dir().join(name);
    fill(create_new(&path, None)?, |out| out.write_all(bytes))?;
    Ok(path)
}

/// Makes a file that is not there yet: not even as a link, which anybody may have put into a
/// shared folder. Nobody may open it whom `permissions` keep out.
fn create_new(path: &Path, permissions: Option<&fs::Permissions>) -> Result<fs::File, io::Error> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if let Some(permissions) = permissions {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(permissions.mode());
    }
    #[cfg(not(unix))]
    let _ = permissions;
    #[expect(clippy::disallowed_methods, reason = "this is the one place that writes files")]
    options.open(path)
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
    let target = behind_links(path)?;
    let partial = Partial::beside(&target);
    let done = fill(partial.create(&target)?, write)?;
    fs::rename(&partial.0, &target)?;
    Ok(done)
}

/// The file that a name stands for, whether it is there or not: a link stays a link.
fn behind_links(path: &Path) -> Result<PathBuf, io::Error> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_FOLLOWED {
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_symlink() => path = path.with_file_name(fs::read_link(&path)?),
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
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
        let number = std::process::id();
        let mut name = OsString::from(".");
        match path.file_name() {
            Some(of) if of.len() <= LONGEST_NAME_SHOWN => name.push(of),
            _ => name.push("overstay"),
        }
        name.push(format!(".{number}.partial"));
        Self(path.with_file_name(name))
    }

    /// Makes the file, open to no more people than the one that it is to replace.
    fn create(&self, target: &Path) -> Result<fs::File, io::Error> {
        let permissions = fs::metadata(target).ok().map(|old| old.permissions());
        // What a program with the same number once left there.
        let _ = fs::remove_file(&self.0);
        let file = create_new(&self.0, permissions.as_ref())?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        Ok(file)
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

    #[cfg(unix)]
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test looks at what was written")]
    fn a_link_stays_a_link_and_a_secret_stays_secret() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        fs::create_dir(at("real")).expect("a folder");
        fs::write(at("real/r.json"), "old").expect("a writable folder");
        fs::set_permissions(at("real/r.json"), fs::Permissions::from_mode(0o600)).expect("ours");
        symlink("real/r.json", at("r.json")).expect("a link");
        symlink("r.json", at("link.json")).expect("a link");
        symlink("real/new.json", at("new.json")).expect("a link to nothing");
        for (name, target) in [("link.json", "real/r.json"), ("new.json", "real/new.json")] {
            write_to(Some(&at(name)), |out| out.write_all(b"new")).expect("written");
            assert!(fs::symlink_metadata(at(name)).expect("there").is_symlink(), "{name}");
            assert_eq!(fs::read_to_string(at(target)).expect("there"), "new");
        }
        assert_eq!(mode(&at("real/r.json")), 0o600);
        let left: Vec<_> = fs::read_dir(at("real")).expect("a folder").collect();
        assert_eq!(left.len(), 2, "nothing is left beside them: {left:?}");

        symlink("round.json", at("round.json")).expect("a link");
        let round =
            write_to(Some(&at("round.json")), |out| out.write_all(b"x")).expect_err("endless");
        assert!(round.to_string().contains("symbolic links"), "{round}");
    }

    #[test]
    fn a_trace_is_not_written_over() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (trace, other) = (folder.path().join("a.trace"), folder.path().join("b"));
        write_to(Some(&trace), |out| out.write_all(b"x")).expect("written");
        let round = folder.path().join("./a.trace");
        let failure = spare(&[&other, &trace], Some(&round)).expect_err("it is the same file");
        assert!(failure.to_string().contains("name another file"), "{failure}");
        for output in [None, Some(other.as_path()), Some(Path::new("/dev/null"))] {
            spare(&[&trace], output).expect("it is another");
        }
    }

    #[test]
    fn a_missing_folder_is_said_with_the_name_of_the_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("not/there.json");
        let failure = write_to(Some(&path), |out| out.write_all(b"x")).expect_err("no folder");
        assert!(failure.to_string().contains("there.json: cannot write: no such"), "{failure}");
    }
}
