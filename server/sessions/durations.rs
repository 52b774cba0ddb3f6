//! How long something took, as a histogram. Plain numbers: whoever changes them holds the sessions' lock.
use std::time::Duration;

/// Upper bounds of the buckets, in nanoseconds: from less than a signal takes to longer than anybody wants to wait. What is
/// longer still is in a bucket of its own.
const BOUNDS_NS: [u64; 17] = [
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
];

const NS_PER_S: f64 = 1e9;

/// A histogram with fixed buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    buckets: [u64; BOUNDS_NS.len()],
    n_longer: u64,
    sum_ns: u64,
}

impl Durations {
    /// Counts one that took so long.
    pub fn observe(&mut self, took: Duration) {
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bounds = BOUNDS_NS.iter().zip(&mut self.buckets);
        let bucket = bounds.into_iter().find(|it| ns <= *it.0).map_or(&mut self.n_longer, |it| it.1);
        *bucket += 1;
        self.sum_ns = self.sum_ns.saturating_add(ns);
    }

    /// Each bucket's upper bound in seconds, and how many are in it and in none before it. The last is infinite.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let bounds = BOUNDS_NS.iter().map(|it| *it as f64 / NS_PER_S).chain([f64::INFINITY]);
        bounds.zip(self.buckets.iter().copied().chain([self.n_longer]))
    }

    /// How many there were.
    pub fn n(&self) -> u64 {
        self.buckets.iter().sum::<u64>() + self.n_longer
    }

    /// How long they took in all, in seconds.
    pub fn sum_s(&self) -> f64 {
        self.sum_ns as f64 / NS_PER_S
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_in_the_bucket_whose_bound_is_the_first_that_is_not_shorter() {
        let mut durations = Durations::default();
        for ns in [0, 5_000, 5_001, 10_000, 1_000_000_000, 1_000_000_001, u64::MAX] {
            durations.observe(Duration::from_nanos(ns));
        }
        let counts: Vec<_> = durations.buckets().filter(|it| it.1 > 0).collect();
        assert_eq!(counts, [(0.000_005, 2), (0.000_01, 2), (1.0, 1), (f64::INFINITY, 2)]);
        assert_eq!((durations.n(), durations.sum_s()), (7, u64::MAX as f64 / NS_PER_S));
        assert!(BOUNDS_NS.is_sorted());
    }
}
