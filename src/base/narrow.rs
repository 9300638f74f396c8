//! Numbers of rows, which are kept in 32 bits.

/// A number of rows, or the row that is added next, in 32 bits; the highest number if it does not
/// fit.
#[inline]
#[must_use]
pub fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_the_highest_number() {
        assert_eq!([narrow(0), narrow(7), narrow(usize::MAX)], [0, 7, u32::MAX]);
    }
}
