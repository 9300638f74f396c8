//! A sound trace and what is done to it: damage that leaves most of the trace as it is, which
//! changes of single bytes do not find.

#![no_main]

mod check;

use arbitrary::Arbitrary;

/// The sound traces: small, of each version.
static SEEDS: [&[u8]; 12] = [
    include_bytes!("../../fixtures/crafted/v11-v1-user.trace"),
    include_bytes!("../../fixtures/recorded/1.19.8/empty.trace"),
    include_bytes!("../../fixtures/recorded/1.21.13/tasks.trace"),
    include_bytes!("../../fixtures/recorded/1.22.10-noexectracer2/tasks.trace"),
    include_bytes!("../../fixtures/recorded/1.22.10/tasks.trace"),
    include_bytes!("../../fixtures/recorded/1.22.10/panics.trace"),
    include_bytes!("../../fixtures/recorded/1.23.9/iterpull.trace"),
    include_bytes!("../../fixtures/recorded/1.23.9/gcassist-gen3ms.trace"),
    include_bytes!("../../fixtures/recorded/1.25.5/flightrec2.trace"),
    include_bytes!("../../fixtures/recorded/1.27.3/tasks.trace"),
    include_bytes!("../../fixtures/recorded/1.27.3/cgo-gen3ms.trace"),
    include_bytes!("../../fixtures/recorded/1.27.3/locked-gen3ms.trace"),
];

/// A place in a file, as a share of its length.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Place(u16);

impl Place {
    fn of(self, len: usize) -> usize {
        usize::from(self.0) * len / (usize::from(u16::MAX) + 1)
    }
}

#[derive(Arbitrary, Debug)]
enum Mutation {
    Flip(Place, u8),
    Set(Place, u8),
    Remove(Place, u16),
    Repeat { from: Place, len: u16, to: Place },
    Splice { of: u8, from: Place, len: u16, to: Place, over: u16 },
    Insert(Place, Vec<u8>),
    Number(Place, u64),
    Zero(Place, u8),
    Version(u8),
    Cut(Place),
}

#[derive(Arbitrary, Debug)]
struct Input {
    seed: u8,
    mutations: Vec<Mutation>,
}

/// The versions that there are, and two that there are not.
const VERSIONS: [&[u8; 2]; 9] = [b"11", b"19", b"21", b"22", b"23", b"25", b"26", b"27", b"10"];

fn seed(of: u8) -> &'static [u8] {
    SEEDS[usize::from(of) % SEEDS.len()]
}

fn range(from: Place, len: u16, of: usize) -> std::ops::Range<usize> {
    let start = from.of(of);
    start..(start + usize::from(len)).min(of)
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn apply(bytes: &mut Vec<u8>, mutation: &Mutation) {
    let len = bytes.len();
    if len == 0 {
        return;
    }
    match *mutation {
        Mutation::Flip(at, bit) => bytes[at.of(len)] ^= 1 << (bit % 8),
        Mutation::Set(at, byte) => bytes[at.of(len)] = byte,
        Mutation::Remove(at, n) => drop(bytes.drain(range(at, n, len))),
        Mutation::Repeat { from, len: n, to } => {
            let copy = bytes[range(from, n, len)].to_vec();
            let at = to.of(len);
            bytes.splice(at..at, copy);
        }
        Mutation::Splice { of, from, len: n, to, over } => {
            let other = seed(of);
            let piece = other[range(from, n, other.len())].to_vec();
            bytes.splice(range(to, over, len), piece);
        }
        Mutation::Insert(at, ref piece) => {
            let at = at.of(len);
            bytes.splice(at..at, piece.iter().copied());
        }
        Mutation::Number(at, number) => {
            let at = at.of(len);
            let more = bytes[at..].iter().take(9).take_while(|byte| **byte >= 0x80).count();
            let end = (at + more + 1).min(len);
            bytes.splice(at..end, varint(number));
        }
        Mutation::Zero(at, n) => bytes[range(at, u16::from(n), len)].fill(0),
        Mutation::Version(version) => {
            if let Some(place) = bytes.get_mut(5..7) {
                place.copy_from_slice(VERSIONS[usize::from(version) % VERSIONS.len()]);
            }
        }
        Mutation::Cut(at) => bytes.truncate(at.of(len)),
    }
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let mut bytes = seed(input.seed).to_vec();
    for mutation in input.mutations.iter().take(16) {
        apply(&mut bytes, mutation);
        if bytes.len() > 256 << 10 {
            return;
        }
    }
    check::check(&bytes);
});
