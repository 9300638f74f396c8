//! What the tests share: where things are, and how the program is run.

use std::fs;
use std::path::{Path, PathBuf};

/// The package's own folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder of the package, by name; empty if there is no such folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The Rust files below a folder of the package.
pub(crate) fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut files = files_below(&root().join(folder));
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files
}

/// A path as the package's own files name each other: relative, with `/`.
pub(crate) fn shown(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap_or(path);
    relative.display().to_string().replace('\\', "/")
}

/// The bytes of a file of the package.
#[expect(clippy::disallowed_methods, reason = "tests read the files that they look at")]
pub(crate) fn bytes_of(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|err| panic!("{}: {err}", shown(path)))
}

/// The text of a file of the package.
pub(crate) fn text_of(path: &Path) -> String {
    String::from_utf8(bytes_of(path)).unwrap_or_else(|err| panic!("{}: {err}", shown(path)))
}
