//! Reading Go's function names and file names: whose code is a frame?

/// Whose code a function is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) enum Origin {
    /// The standard library's.
    #[default]
    Std,
    /// Another module's, by the version in its file's path.
    Dependency,
    /// The program's own.
    User,
}

/// The first elements of the standard library's package paths, in order.
const STD: &[&str] = &[
    "archive",
    "arena",
    "bufio",
    "builtin",
    "bytes",
    "cmp",
    "compress",
    "container",
    "context",
    "crypto",
    "database",
    "debug",
    "embed",
    "encoding",
    "errors",
    "expvar",
    "flag",
    "fmt",
    "go",
    "hash",
    "html",
    "image",
    "index",
    "internal",
    "io",
    "iter",
    "log",
    "maps",
    "math",
    "mime",
    "net",
    "os",
    "path",
    "plugin",
    "reflect",
    "regexp",
    "runtime",
    "simd",
    "slices",
    "sort",
    "strconv",
    "strings",
    "structs",
    "sync",
    "syscall",
    "testing",
    "text",
    "time",
    "type",
    "unicode",
    "unique",
    "unsafe",
    "uuid",
    "vendor",
    "weak",
];

/// The package that logs cancels: assets/overstayctx.
const LOGGING_PACKAGE: &str = "overstayctx";

/// The module whose groups and locks the tables of `patterns` know: never the program's own,
/// wherever it lies (a `replace`, Bazel, GOPATH).
const SYNC_MODULE: &str = "golang.org/x/sync/";

/// The package path of a function: `net/http` of `net/http.(*conn).serve`.
pub(crate) fn package_of(function: &str) -> &str {
    // Receivers and type arguments can hold paths of their own.
    let name = function.split(['(', '[']).next().unwrap_or(function);
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    let dot = name[last..].find('.').map_or(name.len(), |dot| last + dot);
    &function[..dot]
}

/// The folder that the standard library was built from, if a function of the runtime tells:
/// `/usr/local/go/src/` by `/usr/local/go/src/runtime/chan.go`. Paths are cut with -trimpath.
pub(crate) fn root_by<'a>(function: &str, file: &'a str) -> Option<&'a str> {
    let (folder, _) = file.rsplit_once('/')?;
    let root = folder.strip_suffix("runtime")?;
    (package_of(function) == "runtime" && is_absolute(root)).then_some(root)
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || path.contains(':')
}

/// Whose code a function is, by its name, the file it is in, and the library's `root`.
pub(crate) fn origin_of(function: &str, file: &str, root: &str) -> Origin {
    let package = package_of(function);
    // Functions without a package are the assembly's and the linker's.
    if package.is_empty() || package == function {
        return Origin::Std;
    }
    let first = package.split('/').next().unwrap_or(package);
    if package.rsplit('/').next() == Some(LOGGING_PACKAGE) {
        // Copied into the program, but never the code that somebody looks for.
        Origin::Dependency
    } else if file.ends_with("_test.go") {
        // Tests of the standard library are user code as far as the library is concerned.
        Origin::User
    } else if STD.binary_search(&first).is_ok() && !is_elsewhere(file, root) {
        Origin::Std
    } else if package.starts_with(SYNC_MODULE) || file.contains("/vendor/") || is_versioned(file) {
        Origin::Dependency
    } else {
        Origin::User
    }
}

/// Whether a file lies outside the library's folder: a program's package may be called
/// `container/queue`, too.
fn is_elsewhere(file: &str, root: &str) -> bool {
    !root.is_empty() && is_absolute(file) && !file.starts_with(root)
}

/// Whether a path is below a module version's folder, as in the module cache and with -trimpath:
/// `golang.org/x/sync@v0.3.0/errgroup/errgroup.go`.
fn is_versioned(file: &str) -> bool {
    file.match_indices("@v").any(|(at, _)| {
        let rest = &file[at + 2..];
        rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains('/')
    })
}

/// The last element of a path, as people write it beside a line number.
pub(crate) fn base_name(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_end_before_the_first_dot_of_the_last_element() {
        for (function, package) in [
            ("main.main", "main"),
            ("net/http.(*conn).serve", "net/http"),
            ("golang.org/x/sync/errgroup.(*Group).Go.func1.1", "golang.org/x/sync/errgroup"),
            // Its own dots are none that end it, but nothing tells.
            ("gopkg.in/tomb.v2.(*Tomb).run", "gopkg.in/tomb"),
            ("slices.SortFunc[go.shape.[]example.com/a.B]", "slices"),
            ("main.(*Pool[example.com/a/b.C]).run", "main"),
            ("example.com/m.Run[...].func1", "example.com/m"),
            ("memeqbody", "memeqbody"),
            ("", ""),
        ] {
            assert_eq!(package_of(function), package, "{function}");
        }
    }

    #[test]
    fn frames_belong_to_the_library_a_dependency_or_the_program() {
        let goroot = "/usr/local/go/src/net/http/server.go";
        for (function, file, origin) in [
            ("net/http.(*conn).serve", goroot, Origin::Std),
            ("net/http.(*conn).serve", "net/http/server.go", Origin::Std),
            ("net/http_test.TestServer", "/go/src/net/http/serve_test.go", Origin::User),
            ("net/http.TestServer", "net/http/serve_internal_test.go", Origin::User),
            ("main.main", "/home/me/x/main.go", Origin::User),
            (
                "overstay.example/traces/deaf/before.main",
                "overstay.example/traces/m.go",
                Origin::User,
            ),
            (
                "golang.org/x/sync/errgroup.(*Group).Wait",
                "/go/pkg/mod/golang.org/x/sync@v0.3.0/errgroup/errgroup.go",
                Origin::Dependency,
            ),
            (
                "golang.org/x/sync/errgroup.(*Group).Wait",
                "golang.org/x/sync@v0.3.0/errgroup/errgroup.go",
                Origin::Dependency,
            ),
            ("example.com/lib.Do", "/src/app/vendor/example.com/lib/do.go", Origin::Dependency),
            ("example.com/app.Do", "/home/me@v/app/do.go", Origin::User),
            (
                "vendor/golang.org/x/net/http2/hpack.Do",
                "vendor/golang.org/x/net/http2/hpack.go",
                Origin::Std,
            ),
            (
                "golang.org/x/sync/errgroup.(*Group).Wait",
                "/src/app/third_party/sync/errgroup/errgroup.go",
                Origin::Dependency,
            ),
            ("net._C2func_getaddrinfo", "_cgo_gotypes.go", Origin::Std),
            ("memeqbody", "", Origin::Std),
            (
                "shop/internal/overstayctx.WithCancel.func1",
                "/src/shop/overstayctx.go",
                Origin::Dependency,
            ),
            ("shop/overstayctx.logCancel", "/src/shop/overstayctx.go", Origin::Dependency),
        ] {
            for root in ["", "/usr/local/go/src/"] {
                assert_eq!(origin_of(function, file, root), origin, "{function} in {file}");
            }
        }
    }

    #[test]
    fn the_librarys_folder_tells_its_packages_from_the_programs() {
        let root = root_by("runtime.chanrecv1", "/usr/local/go/src/runtime/chan.go");
        assert_eq!(root, Some("/usr/local/go/src/"));
        assert_eq!(root_by("runtime.chanrecv1", "runtime/chan.go"), None);
        assert_eq!(root_by("main.main", "/x/runtime/main.go"), None);
        let origin = |file| origin_of("container/queue.(*Queue).Run", file, root.unwrap_or(""));
        assert_eq!(origin("/home/me/container/queue/queue.go"), Origin::User);
        assert_eq!(origin("/usr/local/go/src/container/queue/queue.go"), Origin::Std);
        assert_eq!(origin("container/queue/queue.go"), Origin::Std);
    }

    #[test]
    fn the_list_of_std_is_sorted() {
        assert!(STD.is_sorted());
    }
}
