//! `record`: a trace of a running program, fetched and looked at before it gets its name.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::args::RecordArgs;
use super::failure::{Failure, file_name};
use super::ink::{count, grouped, safe};
use super::open::{refuse, showing, tell};
use super::output::{try_place, write_aside, write_to};
use super::{Status, complain};
use crate::base::Progress;
use crate::load::{Address, fetch, reason};
use crate::model::build;

/// How long nothing may come after the recording should have ended.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs `overstay record`.
pub(super) fn run(args: &RecordArgs) -> Result<Status, Failure> {
    let address = Address::new(&args.url, args.seconds)?;
    let output = args.output.as_path();
    has_a_place(output)?;
    let progress = Progress::default();
    let began = Instant::now();
    let line = || state(&address, began.elapsed(), progress.done());
    let recording = showing(&line, || fetch(&address, PATIENCE, &progress))?;
    let (bytes, cut_off) = (recording.bytes, recording.cut_off);
    let trace = match (build(&bytes, &Progress::default()), cut_off.as_ref()) {
        (Ok(trace), _) => trace,
        // That nothing can be read of it is for want of the rest.
        (Err(_), Some(why)) => return Err(Failure::said(why)),
        (Err(err), None) => return Err(refuse(output, &err)),
    };
    let complete = trace.info().complete && cut_off.is_none();
    if let Some(why) = cut_off {
        if args.read.strict {
            return Err(why.into());
        }
        complain(&Failure::said(why));
    }
    tell(output, trace.warnings(), complete, args.read)?;
    keep(output, &bytes)?;
    if !complete {
        let why = "warning: the recording is incomplete; what came of it is kept";
        complain(&Failure::of_file(output, why));
    }
    let name = safe(&file_name(output)).into_owned();
    let size = grouped(bytes.len() as u64);
    let length = trace.clock().text(trace.interval().ns());
    let goroutines = count(trace.n_goroutines(), "goroutine");
    let doubt = if complete { "" } else { ", incomplete" };
    write_to(None, |out| {
        writeln!(
            out,
            "{name}: {size} bytes, {length}, {goroutines}{doubt}; open it: overstay {name}"
        )
    })?;
    Ok(Status::Fine)
}

/// Writes the recording to its file. It cannot be had again: if that fails it goes somewhere else.
fn keep(output: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_to(Some(output), |out| out.write_all(bytes)).map_err(|failure| {
        match write_aside("trace", bytes) {
            Ok(aside) => failure.and(format!("the recording is in {}", aside.display())),
            Err(err) => failure.and(format!("it cannot be kept elsewhere: {}", reason(&err))),
        }
    })
}

/// Fails if the file cannot be written: better now than after the recording.
/// The folder is named, since that of a long path is easily overlooked.
fn has_a_place(output: &Path) -> Result<(), Failure> {
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    let named = |folder: &Path| format!("the folder {}", file_name(folder));
    let why = match folder.map(|folder| (folder, fs::metadata(folder))) {
        Some((folder, Err(err))) if err.kind() == io::ErrorKind::NotFound => {
            format!("{} does not exist", named(folder))
        }
        Some((folder, Err(err))) => format!("{}: {}", named(folder), reason(&err)),
        Some((folder, Ok(found))) if !found.is_dir() => {
            format!("{} is a file", file_name(folder))
        }
        _ if output.is_dir() => "it is a folder".to_owned(),
        _ => match try_place(output) {
            Ok(()) => return Ok(()),
            Err(err) => reason(&err),
        },
    };
    Err(Failure::of_file(output, format!("cannot write: {why}")))
}

/// How far a recording has come: `recording localhost:6060: 3 s left, 120,000 bytes`.
fn state(address: &Address, elapsed: Duration, received: u64) -> String {
    let left = (address.seconds() - elapsed.as_secs_f64()).ceil();
    let left = if left > 0.0 { format!("{left} s left") } else { "receiving".to_owned() };
    let name = safe(address.name());
    format!("recording {name}: {left}, {} bytes", grouped(received))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test looks at what was written")]
    fn a_recording_that_has_lost_its_place_is_kept_elsewhere() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let gone = folder.path().join("gone/service.trace");
        let failure = keep(&gone, b"a recording").expect_err("no folder").to_string();
        let (why, aside) = failure.split_once("; the recording is in ").expect("where it is");
        assert!(why.contains("service.trace: cannot write: no such"), "{why}");
        assert_eq!(fs::read(aside).expect("there"), b"a recording");
        fs::remove_file(aside).expect("ours");
    }

    #[test]
    fn a_recording_says_how_long_it_still_takes_and_what_has_come() {
        let address = Address::new("svc:1", Some(5)).expect("an address");
        let said = |ms, received| state(&address, Duration::from_millis(ms), received);
        assert_eq!(said(0, 0), "recording svc:1: 5 s left, 0 bytes");
        assert_eq!(said(2_100, 1_234), "recording svc:1: 3 s left, 1,234 bytes");
        assert_eq!(said(5_000, 99_000), "recording svc:1: receiving, 99,000 bytes");
    }
}
