//! How files of a trace are named to those who show code.

use std::fmt::Write as _;
use std::path::{Path, PathBuf, absolute};

/// What the working directory's files are called, looked up once for all findings.
pub(super) struct Package {
    folder: PathBuf,
    /// Where it is, as it was called and as it really is.
    roots: Option<[PathBuf; 2]>,
    /// The name of its folder.
    name: Option<String>,
    /// Its module's path.
    module: Option<String>,
}

impl Package {
    /// That of the working directory.
    pub(super) fn here() -> Self {
        Self::of(Path::new("."))
    }

    fn of(folder: &Path) -> Self {
        let real = folder.canonicalize().ok();
        let name = real.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
        Self {
            folder: folder.to_owned(),
            name: name.map(str::to_owned),
            roots: absolute(folder).ok().zip(real).map(<[PathBuf; 2]>::from),
            module: module(folder),
        }
    }

    /// A trace's file name as the package would call it: traces have full paths, or with -trimpath
    /// the module's path first. A file that is not the package's keeps its name.
    pub(super) fn file(&self, file: &str) -> String {
        let path = file.replace('\\', "/");
        self.below(&path).or_else(|| self.alike(&path)).unwrap_or(path)
    }

    /// What a file that is there is called from the folder; none if it is not there.
    fn below(&self, path: &str) -> Option<String> {
        let file = absolute(path).ok().filter(|file| file.is_file())?;
        let real = file.canonicalize().ok()?;
        let inside = |(root, file): (&PathBuf, &PathBuf)| {
            Some(file.strip_prefix(root).ok()?.to_str()?.to_owned())
        };
        let inside = self.roots.as_ref()?.iter().zip([&file, &real]).find_map(inside);
        // If it is somewhere else, no file here is the same.
        Some(inside.map_or_else(|| path.to_owned(), |inside| inside.replace('\\', "/")))
    }

    /// The file in the folder that a file of another machine, or of a module, most likely is. The
    /// name alone is not enough, since there is a `main.go` nearly everywhere.
    fn alike(&self, path: &str) -> Option<String> {
        let parts = path.match_indices('/').map(|(at, _)| (&path[..at], &path[at + 1..]));
        let found = parts.into_iter().find(|(before, rest)| {
            let may_be = rest.contains('/') || self.is_named(before);
            may_be && Path::new(rest).is_relative() && self.folder.join(rest).is_file()
        });
        found.map(|(_, rest)| rest.to_owned())
    }

    /// Whether the folder is the one that a trace calls so: by its own name, or its module's.
    fn is_named(&self, name: &str) -> bool {
        let last = name.rsplit('/').next().filter(|last| !last.is_empty());
        last.is_some() && (self.name.as_deref() == last || self.module.as_deref() == Some(name))
    }
}

/// The module that a folder has.
#[expect(clippy::disallowed_methods, reason = "go.mod is no trace")]
fn module(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("go.mod")).ok()?;
    let line = text.lines().find_map(|line| line.trim().strip_prefix("module "))?;
    Some(line.split_whitespace().next()?.trim_matches('"').to_owned())
}

/// A path as a URI reference: relative as it is, else of the scheme `file`.
pub(super) fn uri(path: &str) -> String {
    let has_drive = path.get(1..3) == Some(":/");
    let mut uri = match path.starts_with('/') {
        true => "file://".to_owned(),
        false if has_drive => "file:///".to_owned(),
        false => String::new(),
    };
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/+@".contains(&byte) || has_drive && byte == b':' {
            uri.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_in_the_package_if_they_are_there() {
        // Tests run in the package's folder.
        let package = Package::here();
        assert_eq!(package.file("/somewhere/else/src/main.rs"), "src/main.rs");
        assert_eq!(package.file("example.com/tool/src/main.rs"), "src/main.rs");
        assert_eq!(package.file("example.com/tool/gone.go"), "example.com/tool/gone.go");
        let here = absolute("src/lib.rs").expect("a path");
        assert_eq!(package.file(here.to_str().expect("a name")), "src/lib.rs");
    }

    #[test]
    fn a_file_elsewhere_is_not_taken_for_one_of_the_same_name() {
        let (here, there) = (folder_with("main.go"), folder_with("main.go"));
        let there = there.path().join("main.go").display().to_string();
        assert_eq!(Package::of(here.path()).below(&there).as_deref(), Some(there.as_str()));
        // Nor is one that is gone.
        assert_eq!(Package::of(here.path()).alike("/somewhere/else/main.go"), None);
        let own = here.path().file_name().and_then(|own| own.to_str()).expect("a name");
        assert_eq!(
            Package::of(here.path()).alike(&format!("/build/{own}/main.go")).as_deref(),
            Some("main.go")
        );
        assert_eq!(Package::of(here.path()).alike("example.com/tool/main.go"), None);
        write(&here, "go.mod", "module example.com/tool // the tool\n\ngo 1.26\n");
        assert_eq!(
            Package::of(here.path()).alike("example.com/tool/main.go").as_deref(),
            Some("main.go")
        );
    }

    #[test]
    fn a_uri_has_no_characters_that_mean_something() {
        assert_eq!(uri("src/main.go"), "src/main.go");
        assert_eq!(uri("my dir/a#b?100%.go"), "my%20dir/a%23b%3F100%25.go");
        assert_eq!(uri("/home/jörg/main.go"), "file:///home/j%C3%B6rg/main.go");
        assert_eq!(uri("C:/go/main.go"), "file:///C:/go/main.go");
        assert_eq!(uri("a:b.go"), "a%3Ab.go");
    }

    fn folder_with(file: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write(&folder, file, "");
        folder
    }

    #[expect(clippy::disallowed_methods, reason = "tests make the files that they need")]
    fn write(folder: &tempfile::TempDir, file: &str, text: &str) {
        std::fs::write(folder.path().join(file), text).expect("a writable folder");
    }
}
