//! A trace fetched from a running program, over HTTP. The only place that speaks to a network.
//!
//! No proxy is asked: a program's debug port is near, or reached through a tunnel. There is no
//! TLS, since its providers need a C compiler to build.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::time::Duration;

use ureq::{Body, Error, http};

use super::address::Address;
use super::decompress::{Compression, begin};
use super::error::reason;
use crate::base::{Cancelled, Progress};
use crate::parse::sniff;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How much is read between two looks at the wish to stop, in bytes.
const PIECE_BYTES: usize = 64 << 10;
/// A trace larger than this, in bytes, is not waited for: it may have no end.
const MOST_BYTES: usize = 2 << 30;
/// How much of an answer that is no trace is quoted, in characters.
const QUOTED: usize = 120;

/// Why a trace cannot be fetched. Each text is one line that begins with the host's name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// What was given is no URL.
    #[error("{text}: not an address: {why}")]
    Address {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The URL is an `https` one.
    #[error(
        "{name}: https is not supported; fetch the trace with curl, or reach the port by http \
         through a tunnel"
    )]
    NeedsTls {
        /// The host.
        name: String,
    },
    /// No such host.
    #[error("{name}: no such host")]
    UnknownHost {
        /// The host.
        name: String,
    },
    /// Nobody listens there, or it cannot be reached.
    #[error("{name}: cannot connect: {}", reason(source))]
    Connect {
        /// The host.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing came for too long.
    #[error("{name}: timeout: no answer within {:.0} s", .waited.as_secs_f64())]
    TimedOut {
        /// The host.
        name: String,
        /// How long nothing came.
        waited: Duration,
    },
    /// The server refused.
    #[error("{name}: {}", refusal(*status, path, said))]
    Refused {
        /// The host.
        name: String,
        /// The path that was asked for.
        path: String,
        /// The HTTP status.
        status: u16,
        /// The first line of the response, or where it sends us to.
        said: String,
    },
    /// Something else than a trace came.
    #[error("{name}: the response is {what}, not a Go execution trace{}", quoted(said))]
    NotATrace {
        /// The host.
        name: String,
        /// What it seems to be.
        what: &'static str,
        /// Its first line, if it is text.
        said: String,
    },
    /// The answer ended early.
    #[error("{name}: the response was cut off after {bytes} bytes: {}", reason(source))]
    CutOff {
        /// The host.
        name: String,
        /// How much had come.
        bytes: usize,
        /// What the system says.
        source: io::Error,
    },
    /// More came than would fit.
    #[error("{name}: more than {} MB came; record for a shorter time", limit >> 20)]
    TooLarge {
        /// The host.
        name: String,
        /// How much is taken, in bytes.
        limit: usize,
    },
    /// Anything else that HTTP can go wrong with.
    #[error("{name}: {source}")]
    Http {
        /// The host.
        name: String,
        /// What the client says.
        source: Box<Error>,
    },
    /// Whoever asked for the trace has asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// A trace that was fetched.
#[derive(Debug)]
pub struct Recording {
    /// What came of it.
    pub bytes: Vec<u8>,
    /// Why no more of it came, if the response did not end as it should.
    pub cut_off: Option<FetchError>,
}

/// Fetches a trace. `progress` advances by the bytes that have come; `patience` is how long
/// nothing may come beyond the time of the recording.
///
/// All of it is kept in memory, so that nothing is left behind if the program is ended.
///
/// # Errors
/// [`FetchError`]; an answer that is no trace is an error. So is one that was cut off, unless a
/// trace had begun.
pub fn fetch(
    address: &Address,
    patience: Duration,
    progress: &Progress,
) -> Result<Recording, FetchError> {
    // A program may send nothing until the recording ends.
    let silence = Duration::from_secs_f64(address.seconds).saturating_add(patience);
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        // Nobody is asked but the host that was named.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("overstay/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(CONNECT.min(silence)))
        .timeout_per_read(Some(silence))
        .build()
        .new_agent();
    let trouble = |err, bytes| of_http(address, silence, bytes, err);
    let mut answer = agent.get(&address.uri).call().map_err(|err| trouble(err, None))?;
    let status = answer.status();
    if status != http::StatusCode::OK {
        let elsewhere = answer.headers().get(http::header::LOCATION);
        let said = match elsewhere.filter(|_| status.is_redirection()) {
            Some(place) => first_line(place.as_bytes()),
            None => first_line(&beginning(answer.body_mut())),
        };
        let (name, path) = (address.name.clone(), address.uri.path().to_owned());
        return Err(FetchError::Refused { name, path, status: status.as_u16(), said });
    }
    let mut bytes = Vec::new();
    let cut_off = match receive(answer.body_mut(), &mut bytes, MOST_BYTES, progress) {
        Ok(()) => None,
        Err(Stop::Cancelled(err)) => return Err(FetchError::Cancelled(err)),
        Err(Stop::TooLarge) => {
            Some(FetchError::TooLarge { name: address.name.clone(), limit: MOST_BYTES })
        }
        Err(Stop::Io(err)) => Some(trouble(Error::from(err), Some(bytes.len()))),
    };
    match (sniff::begins_like_a_trace(&bytes), cut_off) {
        (true, cut_off) => Ok(Recording { bytes, cut_off }),
        (false, Some(err)) => Err(err),
        (false, None) => Err(no_trace(address.name.clone(), bytes)),
    }
}

/// Says what came instead of a trace.
fn no_trace(name: String, mut bytes: Vec<u8>) -> FetchError {
    if let Some(compression) = Compression::of(&bytes) {
        bytes = begin(compression, &bytes, sniff::SNIFF_BYTES);
    }
    let unknown = if bytes.is_empty() { "empty" } else { "something unknown" };
    let what = sniff::looks_like(&bytes).unwrap_or(unknown);
    FetchError::NotATrace { name, what, said: first_line(&bytes) }
}

/// Why receiving ended early.
enum Stop {
    Io(io::Error),
    Cancelled(Cancelled),
    TooLarge,
}

/// Reads an answer of at most `limit` bytes; of one that is no trace only the beginning, since it
/// may have no end.
fn receive(
    body: &mut Body,
    bytes: &mut Vec<u8>,
    limit: usize,
    progress: &Progress,
) -> Result<(), Stop> {
    let mut source = body.as_reader();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        progress.check().map_err(Stop::Cancelled)?;
        // As much as has come, so that it can be shown.
        let n = source.read(&mut piece).map_err(Stop::Io)?;
        if n > limit - bytes.len() {
            return Err(Stop::TooLarge);
        }
        bytes.extend_from_slice(&piece[..n]);
        progress.advance(n as u64);
        let is_trace = bytes.len() < sniff::SNIFF_BYTES || sniff::begins_like_a_trace(bytes);
        if n == 0 || !is_trace {
            return Ok(());
        }
    }
}

/// As much of an answer as is worth quoting.
fn beginning(body: &mut Body) -> Vec<u8> {
    let mut bytes = Vec::new();
    // If there is no more, the status says enough.
    let _ = body.as_reader().take(sniff::SNIFF_BYTES as u64).read_to_end(&mut bytes);
    bytes
}

/// The first line that is not blank, if the bytes are text.
fn first_line(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else { return String::new() };
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let mut quoted: String = line.chars().take(QUOTED).collect();
    if quoted.len() < line.len() {
        quoted.push('…');
    }
    quoted
}

/// The client's error, `bytes` after the response began.
fn of_http(
    address: &Address,
    silence: Duration,
    bytes: Option<usize>,
    source: Error,
) -> FetchError {
    let name = address.name.clone();
    match (source, bytes) {
        (Error::HostNotFound, _) => FetchError::UnknownHost { name },
        (Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve), _) => {
            FetchError::TimedOut { name, waited: CONNECT.min(silence) }
        }
        (Error::Timeout(_), _) => FetchError::TimedOut { name, waited: silence },
        (Error::TlsRequired, _) => FetchError::NeedsTls { name },
        (Error::Io(source), Some(bytes)) => FetchError::CutOff { name, bytes, source },
        (Error::Io(source), None) if is_hang_up(&source) => {
            FetchError::CutOff { name, bytes: 0, source }
        }
        (Error::Io(source), None) => FetchError::Connect { name, source },
        (source, Some(bytes)) => {
            let source = io::Error::other(source.to_string());
            FetchError::CutOff { name, bytes, source }
        }
        (source, None) => FetchError::Http { name, source: Box::new(source) },
    }
}

/// Whether somebody was there and ended the connection.
fn is_hang_up(err: &io::Error) -> bool {
    matches!(
        err.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

/// A status in words, with what to do about it.
fn refusal(status: u16, path: &str, said: &str) -> String {
    let code = http::StatusCode::from_u16(status).ok();
    let reason = code.and_then(|code| code.canonical_reason()).unwrap_or("an unknown status");
    let mut text = format!("the server says {status} {reason} for {path}");
    match status {
        404 => text.push_str("; the program must import net/http/pprof and serve it"),
        401 | 403 => text.push_str("; a name and password go into the URL as name:password@host"),
        300..=399 if !said.is_empty() => {
            let _ = write!(text, "; the trace may be at {said}, which was not asked");
        }
        _ => text.push_str(&quoted(said)),
    }
    text
}

/// What was said, to be added to a sentence.
fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;

    /// How long a server may be silent that is expected to speak: a busy machine takes its time.
    const LONG: Duration = Duration::from_mins(1);
    /// The same for one that is expected to be silent.
    const SHORT: Duration = Duration::from_millis(200);

    /// What comes of asking a server, for no time at all, that does this with its client.
    fn fetched(
        patience: Duration,
        progress: &Progress,
        serve: impl FnOnce(&mut TcpStream) + Send,
    ) -> Result<Recording, FetchError> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/?seconds=0", listener.local_addr().expect("it"));
        let address = Address::new(&url, None).expect("an address");
        thread::scope(|scope| {
            scope.spawn(move || {
                let (mut stream, _) = listener.accept().expect("a client");
                let _ = stream.read(&mut [0; 1024]).expect("a request");
                serve(&mut stream);
            });
            fetch(&address, patience, progress)
        })
    }

    /// Waits until the client is gone.
    fn wait(stream: &mut TcpStream) {
        let _ = stream.read(&mut [0; 1024]);
    }

    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n";

    #[test]
    fn a_server_that_falls_silent_is_not_waited_for_without_end() {
        let silent = fetched(SHORT, &Progress::default(), wait);
        assert!(matches!(silent, Err(FetchError::TimedOut { .. })), "{silent:?}");
        // What has come by then depends on how busy the machine is; it is not waited for any more.
        let stalled = fetched(SHORT, &Progress::default(), |stream| {
            let _ = stream.write_all(&[HEAD, b"go 1.22 trace"].concat());
            wait(stream);
        });
        let why = match stalled {
            Ok(Recording { cut_off, .. }) => cut_off.expect("it did not end"),
            Err(why) => why,
        };
        assert!(matches!(why, FetchError::TimedOut { .. }), "{why:?}");
    }

    #[test]
    fn what_came_of_a_trace_before_the_end_is_given() {
        let cut = fetched(LONG, &Progress::default(), |stream| {
            stream.write_all(&[HEAD, b"go 1.22 trace"].concat()).expect("a client");
        });
        let Recording { bytes, cut_off } = cut.expect("a part of a trace");
        assert_eq!(bytes, b"go 1.22 trace");
        assert!(matches!(cut_off, Some(FetchError::CutOff { bytes: 13, .. })), "{cut_off:?}");
        let other = fetched(LONG, &Progress::default(), |stream| {
            stream.write_all(&[HEAD, b"hello"].concat()).expect("a client");
        });
        assert!(matches!(other, Err(FetchError::CutOff { bytes: 5, .. })), "{other:?}");
    }

    #[test]
    fn a_server_that_hangs_up_was_there() {
        let gone = fetched(LONG, &Progress::default(), |_| ()).expect_err("no answer");
        assert!(matches!(gone, FetchError::CutOff { bytes: 0, .. }), "{gone}");
        let garbage = fetched(LONG, &Progress::default(), |stream| {
            stream.write_all(b"SSH-2.0-x\r\n\r\n").expect("a client");
        });
        let garbage = garbage.expect_err("no HTTP").to_string();
        assert!(garbage.starts_with("127.0.0.1:") && !garbage.contains('\n'), "{garbage}");
    }

    #[test]
    fn a_trace_without_end_is_given_up() {
        let endless = io::Cursor::new(b"go 1.22 trace\0\0\0").chain(io::repeat(0));
        let mut body = Body::builder().reader(endless);
        let mut bytes = Vec::new();
        let given_up = receive(&mut body, &mut bytes, 1 << 20, &Progress::default());
        assert!(matches!(given_up, Err(Stop::TooLarge)));
        assert!(bytes.len() <= 1 << 20, "{}", bytes.len());
    }

    #[test]
    fn a_wish_to_stop_is_heard_between_two_pieces() {
        let progress = Progress::default();
        let asked = progress.clone();
        let stopped = fetched(LONG, &progress, move |stream| {
            stream.write_all(HEAD).expect("a client");
            stream.write_all(b"go 1.22 trace").expect("a client");
            while asked.done() == 0 {
                thread::yield_now();
            }
            asked.cancel();
            // The client may be gone before it has this.
            let _ = stream.write_all(b"more");
            wait(stream);
        });
        assert!(matches!(stopped, Err(FetchError::Cancelled(_))), "{stopped:?}");
        assert!(progress.done() < 10_000, "it did not wait for all of it");
    }
}
