//! Decimal digits, eight at a time: a large report has tens of millions of numbers.

/// Room for the digits of any number.
pub(crate) const MOST_DIGITS: usize = 20;

const EIGHT: u64 = 100_000_000;
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Writes a number's digits to the front of `place`, and gives how many they are.
#[inline]
pub(crate) fn put_digits(place: &mut [u8; MOST_DIGITS], number: u64) -> usize {
    if number < EIGHT { put_first(place, number) } else { put_many(place, number) }
}

fn put_many(place: &mut [u8; MOST_DIGITS], number: u64) -> usize {
    let (first, low) = (number / EIGHT, number % EIGHT);
    let n = if first < EIGHT {
        put_first(place, first)
    } else {
        let n = put_first(place, first / EIGHT);
        put(place, n, eight(first % EIGHT) | ZEROS);
        n + 8
    };
    put(place, n, eight(low) | ZEROS);
    n + 8
}

/// The same of one that has up to eight digits.
#[inline]
fn put_first(place: &mut [u8; MOST_DIGITS], number: u64) -> usize {
    let digits = eight(number);
    // The first digit is in the lowest byte; the last one stays, if it is 0 too.
    let zero_bits = (digits | (1 << 56)).trailing_zeros() & !7;
    put(place, 0, (digits | ZEROS) >> zero_bits);
    8 - zero_bits as usize / 8
}

#[inline]
fn put(place: &mut [u8; MOST_DIGITS], at: usize, digits: u64) {
    if let Some(place) = place.get_mut(at..at + 8) {
        place.copy_from_slice(&digits.to_le_bytes());
    }
}

/// The digits of a number of up to eight, each in a byte, the first in the lowest: halves are
/// parted in all lanes at once, by multiplying instead of dividing.
#[inline]
fn eight(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let pairs = hundreds | ((fours - 100 * hundreds) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - 10 * tens) << 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(number: u64) -> String {
        let mut place = [0; MOST_DIGITS];
        let n = put_digits(&mut place, number);
        String::from_utf8(place[..n].to_vec()).expect("digits")
    }

    #[test]
    fn numbers_have_the_digits_that_they_have() {
        for four in 0..10_000 {
            let number = four * 10_001;
            assert_eq!(digits(number), number.to_string());
        }
        for power in (0..20).map(|power| 10_u64.pow(power)) {
            for number in [power - 1, power, power + 1, power.saturating_mul(9)] {
                assert_eq!(digits(number), number.to_string());
            }
        }
        assert_eq!(digits(u64::MAX), u64::MAX.to_string());
    }
}
