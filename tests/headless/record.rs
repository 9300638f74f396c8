//! `record`, against small servers that answer well, badly, late or not at all.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Stdio;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::support::{Said, bytes_of, finished, program, root, run};

const TRACE: &str = "traces/late-exit/before.trace";

/// A server that answers once: it gives the request's first line, or nothing if none came.
struct Server {
    address: String,
    thread: JoinHandle<String>,
}

impl Server {
    fn new(answer: impl FnOnce(&mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let serve = move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = Vec::new();
            let mut piece = [0; 1024];
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut piece) {
                    Ok(n) if n > 0 => request.extend_from_slice(&piece[..n]),
                    _ => break,
                }
            }
            answer(&mut stream);
            let request = String::from_utf8_lossy(&request).into_owned();
            request.lines().next().unwrap_or_default().to_owned()
        };
        let thread = thread::Builder::new().name("server".to_owned()).spawn(serve);
        Self { address, thread: thread.expect("a thread") }
    }

    /// A server that says these bytes and hangs up.
    fn says(bytes: Vec<u8>) -> Self {
        // Who has heard enough hangs up first.
        Self::new(move |stream| stream.write_all(&bytes).unwrap_or_default())
    }

    fn asked(self) -> String {
        self.thread.join().expect("no panic")
    }
}

fn answer(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A body in pieces, as Go's servers send traces; without its end if it is cut.
fn chunked(body: &[u8], whole: bool) -> Vec<u8> {
    let mut text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in body.chunks(5000) {
        text.extend(format!("{:x}\r\n", piece.len()).bytes());
        text.extend(piece);
        text.extend(b"\r\n");
    }
    if whole {
        text.extend(b"0\r\n\r\n");
    }
    text
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("service.trace")
    }

    fn record(&self, url: &str, more: &[&str]) -> Said {
        let file = self.file().display().to_string();
        run([&["record", url, "-o", &file], more].concat())
    }

    fn is_empty(&self) -> bool {
        std::fs::read_dir(self.0.path()).expect("a folder").next().is_none()
    }
}

/// What a refusal says behind the host's name; nothing may be left in the folder.
#[track_caller]
fn refused(place: &Place, host: &str, said: &Said) -> String {
    assert_eq!((said.status, said.out.as_str()), (2, ""), "{said:?}");
    assert_eq!(said.err.lines().count(), 1, "{said:?}");
    assert!(place.is_empty(), "something is left: {said:?}");
    let why = said.err.trim_end().strip_prefix(&format!("overstay: {host}: "));
    why.unwrap_or_else(|| panic!("it does not name {host}: {said:?}")).to_owned()
}

#[test]
fn a_recording_is_the_bytes_that_came_and_one_line_says_so() {
    let bytes = bytes_of(&root().join(TRACE));
    for body in [answer("200 OK", &bytes), chunked(&bytes, true)] {
        let (place, server) = (Place::new(), Server::says(body));
        let said = place.record(&server.address.clone(), &["--seconds", "1"]);
        assert_eq!((said.status, said.err.as_str()), (0, ""), "{said:?}");
        assert_eq!(said.out.lines().count(), 1, "{said:?}");
        assert!(said.out.contains("goroutines; open it: overstay "), "{said:?}");
        assert!(bytes_of(&place.file()) == bytes);
        assert_eq!(server.asked(), "GET /debug/pprof/trace?seconds=1 HTTP/1.1");
    }
}

#[test]
fn the_url_decides_what_is_asked_for() {
    let bytes = bytes_of(&root().join(TRACE));
    let cases = [
        ("", "/debug/pprof/trace?seconds=5"),
        ("/debug/pprof/?tenant=a", "/debug/pprof/trace?tenant=a&seconds=5"),
        ("/my/trace?seconds=2&x=1", "/my/trace?x=1&seconds=2"),
    ];
    for (path, asked) in cases {
        let (place, server) = (Place::new(), Server::says(answer("200 OK", &bytes)));
        let said = place.record(&format!("http://{}{path}", server.address), &[]);
        assert_eq!(said.status, 0, "{said:?}");
        assert_eq!(server.asked(), format!("GET {asked} HTTP/1.1"));
    }
}

#[test]
fn a_server_that_refuses_is_quoted() {
    let cases: [(&str, &str, &[&str]); 3] = [
        ("404 Not Found", "404 page not found\n", &["404 Not Found", "import net/http/pprof"]),
        (
            "500 Internal Server Error",
            "Could not enable tracing: tracing is already enabled\n",
            &["500 Internal Server Error", "tracing is already enabled"],
        ),
        ("401 Unauthorized", "", &["401 Unauthorized", "name:password@host"]),
    ];
    for (status, body, expected) in cases {
        let (place, server) = (Place::new(), Server::says(answer(status, body.as_bytes())));
        let said = place.record(&server.address.clone(), &[]);
        let why = refused(&place, &server.address, &said);
        for words in expected {
            assert!(why.contains(words), "`{why}` does not say `{words}`");
        }
    }
}

#[test]
fn what_is_no_trace_is_not_kept() {
    let html = format!("<!DOCTYPE html>\n<html>{}</html>", "x".repeat(100_000));
    let cases = [
        (html.as_bytes(), "an HTML page, not a Go execution trace: <!DOCTYPE html>"),
        (b"hello, who is there?\n", "plain text, not a Go execution trace: hello, who is there?"),
        (b"", "empty, not a Go execution trace"),
    ];
    for (body, expected) in cases {
        let (place, server) = (Place::new(), Server::says(answer("200 OK", body)));
        let said = place.record(&server.address.clone(), &[]);
        let why = refused(&place, &server.address, &said);
        assert!(why.contains(expected), "`{why}` does not say `{expected}`");
    }
}

/// Half of a trace with its length before it, in pieces, and up to the connection's end.
fn cut_answers() -> [(&'static str, Vec<u8>); 3] {
    let bytes = bytes_of(&root().join(TRACE));
    let whole = answer("200 OK", &bytes);
    let half = &bytes[..bytes.len() / 2];
    let closing = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", half].concat();
    [
        ("the response was cut off after ", whole[..whole.len() - bytes.len() / 2].to_vec()),
        ("the response was cut off after ", chunked(half, false)),
        ("cut off", closing),
    ]
}

#[test]
fn what_came_of_a_recording_that_is_cut_off_is_kept_and_said_to_be_incomplete() {
    for (why, body) in cut_answers() {
        let (place, server) = (Place::new(), Server::says(body));
        let said = place.record(&server.address.clone(), &[]);
        assert_eq!(said.status, 0, "{said:?}");
        assert!(said.err.contains(why), "{said:?}");
        assert!(said.err.ends_with("the recording is incomplete; what came of it is kept\n"));
        assert!(said.out.contains(" goroutines, incomplete; open it: overstay "), "{said:?}");
        let bytes = bytes_of(&root().join(TRACE));
        assert!(bytes_of(&place.file()) == bytes[..bytes.len() / 2]);
    }
}

#[test]
fn a_recording_that_is_cut_off_is_not_good_enough_if_that_is_asked_for() {
    for (why, body) in cut_answers() {
        let (place, server) = (Place::new(), Server::says(body));
        let said = place.record(&server.address.clone(), &["--strict"]);
        assert_eq!((said.status, said.err.lines().count()), (2, 1), "{said:?}");
        assert!(said.err.contains(why), "{said:?}");
        assert!(place.is_empty(), "{said:?}");
    }
}

#[test]
fn a_recording_of_which_nothing_can_be_read_is_not_kept() {
    let begun = answer("200 OK", b"go 1.26 trace\0\0\0 and more");
    let (place, server) = (Place::new(), Server::says(begun[..begun.len() - 8].to_vec()));
    let said = place.record(&server.address.clone(), &[]);
    let why = refused(&place, &server.address, &said);
    assert!(why.contains("the response was cut off after 17 bytes"), "{why}");
}

#[cfg(target_os = "linux")]
#[test]
fn where_nothing_can_be_written_nothing_is_asked_for() {
    // Nobody may make a file there, whoever asks.
    let said = run(["record", "localhost:1", "-o", "/proc/service.trace"]);
    assert_eq!(said.status, 2, "{said:?}");
    assert!(said.err.starts_with("overstay: /proc/service.trace: cannot write: "), "{said:?}");
}

#[test]
fn nobody_there_and_no_such_host_are_said() {
    let place = Place::new();
    // The port was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it");
    let said = place.record(&free.to_string(), &[]);
    assert!(
        refused(&place, &free.to_string(), &said).contains("cannot connect: connection refused")
    );

    let said = place.record("https://localhost:1/x", &[]);
    assert!(refused(&place, "localhost:1", &said).contains("https is not supported"));

    let said = place.record("ftp://localhost", &[]);
    assert!(refused(&place, "ftp://localhost", &said).contains("not an address"));

    let said = run(["record", "localhost:1", "-o", "missing-folder/x.trace"]);
    assert_eq!(said.status, 2, "{said:?}");
    let expected = "overstay: missing-folder/x.trace: cannot write: the folder missing-folder does not exist\n";
    assert_eq!(said.err, expected);
}

#[cfg(unix)]
#[test]
fn an_interrupted_recording_leaves_nothing() {
    let bytes = bytes_of(&root().join(TRACE));
    let (place, (half_sent, sent)) = (Place::new(), std::sync::mpsc::sync_channel(1));
    let server = Server::new(move |stream| {
        let body = answer("200 OK", &bytes);
        stream.write_all(&body[..body.len() / 2]).expect("it listens");
        half_sent.send(()).expect("the test waits");
        // Until the other end is gone.
        let _ = stream.read(&mut [0]);
    });
    let file = place.file().display().to_string();
    let mut child = program(["record", &server.address, "-o", &file])
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    sent.recv_timeout(Duration::from_secs(30)).expect("it asks");
    // Not by an interrupt, which a shell lets all that it runs in the background ignore.
    let killed =
        finished(std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]));
    assert_eq!(killed.status, 0, "{killed:?}");
    assert!(!child.wait().expect("it ends").success());
    assert!(place.is_empty());
    server.asked();
}
