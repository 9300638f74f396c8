//! Ways to damage a trace, chosen by a generator with a seed: the same seed, the same damage.

/// A generator of numbers that look random (`SplitMix64`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Any number.
    pub(crate) fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 if there is none.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = (limit as u64).max(1);
        usize::try_from(self.any() % limit).unwrap_or(0)
    }

    /// Some byte.
    fn byte(&mut self) -> u8 {
        self.any().to_le_bytes()[0]
    }

    /// A stretch of at most `longest` bytes of a file of `len`.
    fn stretch(&mut self, len: usize, longest: usize) -> std::ops::Range<usize> {
        let start = self.below(len);
        let length = 1 + self.below(longest.min(len - start));
        start..(start + length).min(len)
    }
}

/// The versions that headers are changed to, some of which do not exist.
const VERSIONS: [&[u8; 2]; 12] =
    [b"05", b"09", b"11", b"19", b"21", b"22", b"23", b"24", b"25", b"26", b"27", b"99"];

/// Numbers that break things.
const ODD: [u64; 10] = [0, 1, 127, 128, 4096, 65_535, 1 << 31, 1 << 32, 1 << 63, u64::MAX];

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

/// Where the number ends that begins at `at`.
fn varint_end(bytes: &[u8], at: usize) -> usize {
    let more = bytes[at..].iter().take(9).take_while(|byte| **byte >= 0x80).count();
    (at + more + 1).min(bytes.len())
}

/// Damages `bytes` in one to four ways. `others` are traces to take pieces from.
pub(crate) fn mutated(bytes: &[u8], others: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.below(4) {
        if bytes.is_empty() {
            return bytes;
        }
        once(&mut bytes, others, dice);
    }
    bytes
}

fn once(bytes: &mut Vec<u8>, others: &[Vec<u8>], dice: &mut Dice) {
    let len = bytes.len();
    match dice.below(12) {
        0 | 1 => bytes[dice.below(len)] ^= 1 << dice.below(8),
        2 => bytes[dice.below(len)] = dice.byte(),
        3 => drop(bytes.drain(dice.stretch(len, 1))),
        4 => drop(bytes.drain(dice.stretch(len, 4096))),
        5 => {
            let copy = bytes[dice.stretch(len, 4096)].to_vec();
            let at = dice.below(len);
            bytes.splice(at..at, copy);
        }
        6 => {
            let other = &others[dice.below(others.len())];
            let piece = other[dice.stretch(other.len(), 8192)].to_vec();
            let place = dice.stretch(len, 8192);
            bytes.splice(place, piece);
        }
        7 | 8 => {
            let at = dice.below(len);
            let number = match dice.below(3) {
                0 => ODD[dice.below(ODD.len())],
                1 => dice.any() >> dice.below(64),
                _ => dice.any() % 64,
            };
            bytes.splice(at..varint_end(bytes, at), varint(number));
        }
        9 => {
            if let Some(place) = bytes.get_mut(5..7) {
                place.copy_from_slice(VERSIONS[dice.below(VERSIONS.len())]);
            }
        }
        10 => {
            let place = dice.stretch(len, 256);
            bytes[place].fill(if dice.below(2) == 0 { 0 } else { dice.byte() });
        }
        _ => bytes.truncate(dice.below(len)),
    }
}
