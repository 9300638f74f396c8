//! Whether a window can be opened here, and a sentence on what is missing if not.
//!
//! The windowing libraries are loaded while the program runs, so a machine without them runs the
//! rest. They are looked for only to explain a failure: a search of the file system can miss
//! what the loader would find, so it never forbids the attempt.

use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::app::{App, Settings};
use super::state::Prefs;

/// The window's size at first, in points.
const SIZE: [f32; 2] = [1440.0, 900.0];
/// The smallest size that it can be given.
const LEAST_SIZE: [f32; 2] = [760.0, 480.0];

/// Why the window did not open. The text says what to do about it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StartError {
    /// Neither Wayland nor X11 answers.
    #[error("no display: {why}")]
    NoDisplay {
        /// What was tried.
        why: String,
    },
    /// A library of the desktop is not installed.
    #[error(
        "the window needs {library}, which is not installed; on Debian and Ubuntu: apt install {package}"
    )]
    MissingLibrary {
        /// The file that the loader looks for.
        library: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// Anything else, in the windowing library's words.
    #[error("the window did not open: {why}")]
    Window {
        /// What it said.
        why: String,
    },
}

/// Which of the two display protocols to speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Display {
    /// Whatever the windowing library chooses.
    Any,
    /// X11, although Wayland is named: it is not there.
    X11,
}

/// Opens the window on one trace, two to compare, or none, and returns when it is closed.
///
/// # Errors
/// If no window can be opened here; the text says what is missing, on one line.
pub fn run(traces: &[PathBuf], settings: Settings) -> Result<(), StartError> {
    let display = find_display()?;
    let started = Arc::new(AtomicBool::new(false));
    let result = silently(&started, || open_window(traces, settings, display, &started));
    match result {
        Ok(Ok(())) => Ok(()),
        // Once it was open, what happens after is no failure to open it.
        Ok(Err(err)) if !started.load(Ordering::Relaxed) => Err(explain(&err.to_string(), display)),
        Ok(Err(err)) => Err(StartError::Window { why: err.to_string() }),
        Err(why) => Err(explain(&why, display)),
    }
}

fn open_window(
    traces: &[PathBuf],
    settings: Settings,
    display: Display,
    started: &Arc<AtomicBool>,
) -> eframe::Result {
    let viewport = egui::ViewportBuilder::default()
        .with_title("Overstay")
        .with_app_id("overstay")
        .with_inner_size(SIZE)
        .with_min_inner_size(LEAST_SIZE)
        .with_drag_and_drop(true)
        .with_icon(super::icon::icon());
    let options = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Glow,
        event_loop_builder: event_loop(display),
        ..eframe::NativeOptions::default()
    };
    let (traces, started) = (traces.to_vec(), Arc::clone(started));
    eframe::run_native(
        "overstay",
        options,
        Box::new(move |creation| {
            started.store(true, Ordering::Relaxed);
            let saved = creation
                .storage
                .and_then(|storage| eframe::get_value::<Prefs>(storage, super::PREFS_KEY));
            let prefs = saved.unwrap_or_default();
            Ok(Box::new(App::with_prefs(&creation.egui_ctx, &traces, settings, prefs)))
        }),
    )
}

/// Runs `work`; a panic before the window is open is returned as its message instead of being
/// printed, since the windowing library panics where a library of the desktop is missing.
fn silently<T>(started: &Arc<AtomicBool>, work: impl FnOnce() -> T) -> Result<T, String> {
    let usual: Arc<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync> = panic::take_hook().into();
    let (open, loud) = (Arc::clone(started), Arc::clone(&usual));
    panic::set_hook(Box::new(move |info| {
        if open.load(Ordering::Relaxed) {
            loud(info);
        }
    }));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(Box::new(move |info| usual(info)));
    result.map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        text.unwrap_or("the windowing library failed").to_owned()
    })
}

#[cfg(target_os = "linux")]
pub(crate) use linux::{event_loop, explain, find_display};

/// Elsewhere the event loop is the usual one.
#[cfg(not(target_os = "linux"))]
pub(crate) fn event_loop(_display: Display) -> Option<eframe::EventLoopBuilderHook> {
    None
}

/// Elsewhere there is always a display.
#[cfg(not(target_os = "linux"))]
pub(crate) fn find_display() -> Result<Display, StartError> {
    Ok(Display::Any)
}

/// The reason for a failure to open the window.
#[cfg(not(target_os = "linux"))]
pub(crate) fn explain(why: &str, _display: Display) -> StartError {
    StartError::Window { why: why.to_owned() }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::env;
    use std::ffi::OsString;
    use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr as UnixAddr, UnixStream};
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use super::{Display, StartError};

    /// What either protocol needs, and the Debian package that has it.
    const COMMON: [(&str, &str); 1] = [("libxkbcommon.so.0", "libxkbcommon0")];
    const X11: [(&str, &str); 5] = [
        ("libX11.so.6", "libx11-6"),
        ("libX11-xcb.so.1", "libx11-xcb1"),
        ("libXcursor.so.1", "libxcursor1"),
        ("libXi.so.6", "libxi6"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    ];
    const WAYLAND: [(&str, &str); 3] = [
        ("libwayland-client.so.0", "libwayland-client0"),
        ("libwayland-egl.so.1", "libwayland-egl1"),
        ("libEGL.so.1", "libegl1"),
    ];
    const DRIVERS: (&str, &str) = ("an OpenGL driver", "libgl1-mesa-dri");

    /// Makes the event loop speak X11 if it would choose a Wayland that is not there.
    pub(crate) fn event_loop(display: Display) -> Option<eframe::EventLoopBuilderHook> {
        use winit::platform::x11::EventLoopBuilderExtX11 as _;
        (display == Display::X11).then(|| -> eframe::EventLoopBuilderHook {
            Box::new(|builder| {
                builder.with_x11();
            })
        })
    }

    /// Finds a display that answers. Wayland goes first; if it is named but not there, X11.
    pub(crate) fn find_display() -> Result<Display, StartError> {
        let wayland = named("WAYLAND_DISPLAY");
        let wayland_socket = named("WAYLAND_SOCKET");
        let x11 = named("DISPLAY").map(|name| name.to_string_lossy().into_owned());
        if wayland_socket.is_some() || wayland.as_deref().is_some_and(wayland_answers) {
            return Ok(Display::Any);
        }
        match (&x11, &wayland) {
            (Some(name), _) if x11_answers(name) => {
                Ok(if wayland.is_some() { Display::X11 } else { Display::Any })
            }
            (None, None) => Err(StartError::NoDisplay {
                why: "neither WAYLAND_DISPLAY nor DISPLAY is set".to_owned(),
            }),
            (Some(name), _) => {
                Err(StartError::NoDisplay { why: format!("nothing answers on DISPLAY={name}") })
            }
            (None, Some(name)) => Err(StartError::NoDisplay {
                why: format!("nothing answers on WAYLAND_DISPLAY={}", name.to_string_lossy()),
            }),
        }
    }

    fn named(variable: &str) -> Option<OsString> {
        env::var_os(variable).filter(|value| !value.is_empty())
    }

    fn wayland_answers(name: &std::ffi::OsStr) -> bool {
        let runtime = named("XDG_RUNTIME_DIR").map(PathBuf::from);
        // An absolute name stands for itself; `join` keeps it.
        let path = runtime.unwrap_or_default().join(name);
        UnixStream::connect(path).is_ok()
    }

    /// Whether an X server answers on `[host]:number[.screen]`.
    fn x11_answers(name: &str) -> bool {
        let Some((host, number)) = name.rsplit_once(':') else { return false };
        let number = number.split('.').next().unwrap_or_default();
        let Ok(number) = number.parse::<u16>() else { return false };
        let path = format!("/tmp/.X11-unix/X{number}");
        let local = host.is_empty() || host == "unix" || host.starts_with('/');
        if local {
            let hidden = UnixAddr::from_abstract_name(&path);
            return UnixStream::connect(&path).is_ok()
                || hidden.is_ok_and(|address| UnixStream::connect_addr(&address).is_ok());
        }
        let port = 6000_u16.saturating_add(number);
        let addresses = (host, port).to_socket_addrs().into_iter().flatten();
        let limit = Duration::from_secs(2);
        addresses.take(4).any(|at: SocketAddr| TcpStream::connect_timeout(&at, limit).is_ok())
    }

    /// The reason for a failure to open the window: a library that is not installed, if one is
    /// missing, else what the windowing library said.
    pub(crate) fn explain(why: &str, display: Display) -> StartError {
        let on_wayland = display == Display::Any
            && (named("WAYLAND_DISPLAY").is_some() || named("WAYLAND_SOCKET").is_some());
        let places = Places::find();
        let needed = COMMON.iter().chain(if on_wayland { &WAYLAND[..] } else { &X11[..] });
        for &(library, package) in needed {
            if !places.have(library) {
                return StartError::MissingLibrary { library, package };
            }
        }
        if !on_wayland && !places.have("libGL.so.1") && !places.have("libEGL.so.1") {
            return StartError::MissingLibrary { library: "libGL.so.1", package: "libgl1" };
        }
        if !Path::new("/usr/share/X11/xkb").exists() {
            return StartError::MissingLibrary {
                library: "the keyboard data",
                package: "xkb-data",
            };
        }
        if let Some((library, package)) = blamed(why) {
            return StartError::MissingLibrary { library, package };
        }
        let lower = why.to_lowercase();
        let about_gl = ["glutin", "glx", "egl", "opengl", "fbconfig"];
        if about_gl.iter().any(|word| lower.contains(word)) && !places.have_drivers() {
            return StartError::MissingLibrary { library: DRIVERS.0, package: DRIVERS.1 };
        }
        StartError::Window { why: without_place(why) }
    }

    /// The library that a failure names: one that is there and cannot be loaded helps no more
    /// than one that is not.
    fn blamed(why: &str) -> Option<(&'static str, &'static str)> {
        let mut all = COMMON.iter().chain(&X11).chain(&WAYLAND).copied();
        // It is named without the number of its version.
        all.find(|(library, _)| {
            let unnumbered = library.rsplit_once('.').map_or(*library, |(name, _)| name);
            why.split_whitespace().any(|word| word == unnumbered)
        })
    }

    /// The windowing library's words without the line of its own source that it begins with.
    fn without_place(why: &str) -> String {
        let cut = why.split_once("os error at ").and_then(|(before, rest)| {
            let (_, what) = rest.split_once(": ")?;
            Some(format!("{before}{what}"))
        });
        cut.unwrap_or_else(|| why.to_owned())
    }

    /// Where the loader would look for libraries.
    struct Places {
        folders: Vec<PathBuf>,
        cache: Vec<u8>,
    }

    impl Places {
        fn find() -> Self {
            let mut folders: Vec<PathBuf> = named("LD_LIBRARY_PATH")
                .map(|paths| env::split_paths(&paths).collect())
                .unwrap_or_default();
            for base in ["/lib", "/usr/lib", "/usr/local/lib"] {
                folders.push(PathBuf::from(format!("{base}64")));
                folders.push(PathBuf::from(format!("{base}/{}-linux-gnu", env::consts::ARCH)));
                folders.push(PathBuf::from(base));
            }
            #[expect(clippy::disallowed_methods, reason = "the loader's cache is no trace")]
            let cache = std::fs::read("/etc/ld.so.cache").unwrap_or_default();
            Self { folders, cache }
        }

        fn have(&self, library: &str) -> bool {
            self.folders.iter().any(|folder| folder.join(library).exists()) || self.cached(library)
        }

        /// Whether the loader's cache holds a path that ends in the name, and that path exists.
        fn cached(&self, library: &str) -> bool {
            let wanted = format!("/{library}");
            self.cache
                .split(|&byte| byte == 0)
                .filter(|text| text.ends_with(wanted.as_bytes()))
                .filter_map(|text| std::str::from_utf8(text).ok())
                .any(|path| Path::new(path).exists())
        }

        fn have_drivers(&self) -> bool {
            let found = |name: &str| self.folders.iter().any(|folder| folder.join(name).exists());
            found("dri/swrast_dri.so") || found("dri") || self.cached("libnvidia-glcore.so")
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn displays_that_are_not_there_do_not_answer() {
            assert!(!x11_answers(":65000"));
            assert!(!x11_answers("nonsense"));
            assert!(!x11_answers(":-1"));
            assert!(!wayland_answers(std::ffi::OsStr::new("/nonexistent/wayland-9")));
        }

        #[test]
        fn what_the_windowing_library_says_is_put_in_users_words() {
            let why = "Library libxkbcommon-x11.so could not be loaded.";
            assert_eq!(blamed(why).map(|(_, package)| package), Some("libxkbcommon-x11-0"));
            assert_eq!(blamed("Failed to open connection to X server"), None);
            let why = "winit EventLoopError: os error at /src/mod.rs:788: Failed to connect";
            assert_eq!(without_place(why), "winit EventLoopError: Failed to connect");
            assert_eq!(without_place("no GL config"), "no GL config");
        }

        #[test]
        fn libraries_are_found_where_the_loader_finds_them() {
            let places = Places::find();
            assert!(places.have("libc.so.6") || cfg!(not(target_env = "gnu")));
            assert!(!places.have("libsurely-not-there.so.9"));
        }
    }
}
