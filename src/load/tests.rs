use std::io::Write;
use std::time::SystemTime;

use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tempfile::{NamedTempFile, TempDir, tempdir};

use super::decompress::drain;
use super::*;

fn write(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("room for it");
    file
}

fn read(bytes: &[u8]) -> Result<Input, LoadError> {
    read_input(write(bytes).path(), &Progress::default())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("a Vec takes all");
    encoder.finish().expect("a Vec takes all")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// Bytes that do not compress to nothing.
fn noise(n_bytes: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let bytes = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0] & 0x3f
    });
    bytes.take(n_bytes).collect()
}

#[test]
fn a_file_is_read_while_it_is_fresh_and_mapped_when_it_has_settled() {
    let file = write(b"go 1.22 trace\0\0\0");
    let fresh = read_input(file.path(), &Progress::default()).expect("a file");
    assert!(!fresh.bytes.is_mapped());
    let an_hour_ago = SystemTime::now() - Duration::from_hours(1);
    file.as_file().set_modified(an_hour_ago).expect("our own file");
    let settled = read_input(file.path(), &Progress::default()).expect("a file");
    assert!(settled.bytes.is_mapped());
    assert_eq!(&*fresh.bytes, &*settled.bytes);
    assert_eq!(settled.name, file.path().display().to_string());
}

#[test]
fn each_failure_has_its_own_error_in_one_line() {
    let dir: TempDir = tempdir().expect("a temporary directory");
    let error = |path: &Path| match read_input(path, &Progress::default()) {
        Ok(_) => panic!("{} was read", path.display()),
        Err(err) => err,
    };
    let missing = dir.path().join("x.trace");
    let missing = error(&missing);
    assert!(matches!(missing, LoadError::NotFound { .. }));
    assert!(missing.to_string().ends_with("x.trace: no such file"), "{missing}");
    assert!(matches!(error(dir.path()), LoadError::Directory { .. }));
    assert!(matches!(read(b""), Err(LoadError::Empty { .. })));
    assert!(matches!(read(&gzip(b"")), Err(LoadError::Empty { .. })));
    let denied = LoadError::of_io("x", io::ErrorKind::PermissionDenied.into());
    assert_eq!(denied.to_string(), "x: permission denied");
}

#[test]
fn compressed_data_is_told_by_its_beginning() {
    let plain = noise(300_000);
    let (one, two) = plain.split_at(100_000);
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];
    let packed = [
        (Compression::Gzip, gzip(&plain)),
        (Compression::Gzip, [gzip(one), gzip(two)].concat()),
        (Compression::Zstd, zstd(&plain)),
        (Compression::Zstd, [&skippable[..], &zstd(one), &skippable, &zstd(two)].concat()),
    ];
    for (compression, packed) in packed {
        let input = read(&packed).expect("sound data");
        assert_eq!(input.compression, Some(compression));
        assert!(*input.bytes == *plain && input.warnings.is_empty(), "{compression}");
    }
}

#[test]
fn compressed_data_that_is_cut_gives_what_was_there_with_a_warning() {
    let plain = noise(600_000);
    for packed in [gzip(&plain), zstd(&plain)] {
        let input = read(&packed[..packed.len() / 2]).expect("half of it");
        assert!(plain.starts_with(&input.bytes) && input.bytes.len() > 200_000);
        let [warning] = &input.warnings[..] else { panic!("{:?}", input.warnings) };
        assert_eq!(warning.offset, input.bytes.len() as u64);
        assert!(warning.message.ends_with("data is cut off here"), "{warning}");
    }
}

#[test]
fn compressed_data_that_is_damaged_says_so() {
    let plain = noise(10_000);
    let mut changed = gzip(&plain);
    let at = changed.len() - 6;
    changed[at] ^= 1;
    let input = read(&changed).expect("all but the checksum");
    assert_eq!((&*input.bytes, input.warnings.len()), (&*plain, 1));

    let trailing = [gzip(&plain), b"trailing".to_vec()].concat();
    assert_eq!(&*read(&trailing).expect("all of it").bytes, &*plain);

    let nothing = read(&gzip(&plain)[..12]).expect_err("a header alone");
    assert!(matches!(nothing, LoadError::Damaged { compression: Compression::Gzip, .. }));
    let nothing = read(&zstd(&plain)[..4]).expect_err("a magic number alone");
    assert!(matches!(nothing, LoadError::Damaged { compression: Compression::Zstd, .. }));
}

#[test]
fn no_prefix_of_compressed_data_is_too_much() {
    let plain = noise(500);
    for packed in [gzip(&plain), zstd(&plain)] {
        let compression = Compression::of(&packed).expect("compressed");
        for end in 0..packed.len() {
            let out = decompress(compression, &packed[..end], &Progress::default());
            let out = out.expect("within the limit");
            assert!(plain.starts_with(&out.bytes));
            assert!(end == 0 || out.damage.is_some(), "{compression}, {end} bytes");
        }
    }
}

#[test]
fn a_stream_without_end_is_not_read_if_it_is_no_trace() {
    let endless = io::repeat(b'x');
    let bytes = read_stream(endless, &Progress::default()).ok().expect("a beginning");
    assert_eq!(bytes.len(), sniff::SNIFF_BYTES);
    let trace = io::Cursor::new([&b"go 1.22 trace\0\0\0"[..], &noise(10_000)].concat());
    let bytes = read_stream(trace, &Progress::default()).ok().expect("all");
    assert_eq!(bytes.len(), 10_016);
}

#[test]
fn a_wish_to_stop_is_heard() {
    let progress = Progress::default();
    progress.cancel();
    let file = write(&gzip(&noise(100)));
    let stopped = read_input(file.path(), &progress).expect_err("no input");
    assert!(matches!(stopped, LoadError::Cancelled(_)));
}

#[test]
fn a_bomb_is_refused_with_the_limit() {
    let limit = 1 << 20;
    let refused = drain(io::repeat(0), limit, &Progress::default()).expect_err("no end");
    assert!(matches!(refused, DecompressError::TooLarge { limit: told } if told == limit));
    let error = LoadError::TooLarge { name: "x.gz".to_owned(), limit: 1 << 30 };
    let text =
        "x.gz: decompresses to more than 1024 MiB; if that is meant to be, decompress it first";
    assert_eq!(error.to_string(), text);
}
