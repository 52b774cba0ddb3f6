//! Chance that is the same in each run, so that what one run found can be looked for again.
use std::ops::Range;

/// Marsaglia's xorshift.
pub(crate) struct Chance(u64);

impl Chance {
    /// That of one of many, each of whom has another.
    pub(crate) fn of(n: u64) -> Self {
        // Weyl's constant makes of neighbours what has nothing in common. Zero would stay zero.
        Self(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Less than `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// One of these, of which there is at least one.
    pub(crate) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.below(range.end - range.start)
    }
}
