//! Token buckets. Own code rather than `governor`: that one reads the clock itself and keeps its quota and its start in every
//! limiter, where each of our sessions has three buckets of eight bytes and the time is handed in.
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// How fast something may go: `burst` at once, and `per_second` from then on. 0 per second: without limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units a second.
    pub per_second: u64,
    /// Units at once.
    pub burst: u64,
}

impl Rate {
    /// So many times as much, at once and each second.
    pub fn times(self, n: u64) -> Self {
        Rate { per_second: self.per_second.saturating_mul(n), burst: self.burst.saturating_mul(n) }
    }
}

/// A token bucket as a generic cell rate algorithm (ITU-T I.371, annex A): one number, the time at which the bucket is full
/// again.
#[derive(Debug, Default)]
pub struct Bucket {
    /// In nanoseconds on the caller's clock.
    full_at: AtomicU64,
}

const NS_PER_S: u128 = 1_000_000_000;

impl Bucket {
    /// Takes `n` units at `now`, which is the time since any fixed moment. `false`: there are not as many, and none is taken.
    pub fn take(&self, rate: Rate, n: u64, now: Duration) -> bool {
        if rate.per_second == 0 {
            return true;
        }
        let ns = |units: u64| clamped(u128::from(units) * NS_PER_S / u128::from(rate.per_second));
        let now = clamped(now.as_nanos());
        let latest = now.saturating_add(ns(rate.burst.max(1)));
        let fill = |full_at: u64| Some(full_at.max(now).saturating_add(ns(n))).filter(|it| *it <= latest);
        self.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fill).is_ok()
    }

    /// Owes at least what the other one does, on the same clock.
    pub fn continue_from(&self, other: &Bucket) {
        self.full_at.fetch_max(other.full_at.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Whether nothing is owed at `now`: a new bucket would answer the same.
    pub fn is_full(&self, now: Duration) -> bool {
        self.full_at.load(Ordering::Relaxed) <= clamped(now.as_nanos())
    }

    /// How long until `n` units can be had.
    pub fn wait(&self, rate: Rate, n: u64, now: Duration) -> Duration {
        let now = clamped(now.as_nanos());
        let ns = |units: u64| clamped(u128::from(units) * NS_PER_S / u128::from(rate.per_second.max(1)));
        let then = self.full_at.load(Ordering::Relaxed).max(now).saturating_add(ns(n));
        Duration::from_nanos(then.saturating_sub(now.saturating_add(ns(rate.burst.max(1)))))
    }
}

fn clamped(ns: u128) -> u64 {
    u64::try_from(ns).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Rate};
    use std::time::Duration;

    const RATE: Rate = Rate { per_second: 10, burst: 5 };

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_decides() {
        let bucket = Bucket::default();
        assert!((0..5).all(|_| bucket.take(RATE, 1, at(0))));
        assert!(!bucket.take(RATE, 1, at(0)));
        assert!(!bucket.take(RATE, 1, at(99)));
        assert!(bucket.take(RATE, 1, at(100)));
        assert!(!bucket.take(RATE, 1, at(100)));
        assert_eq!(bucket.wait(RATE, 1, at(150)), at(50));
        // After a pause the burst is there again, and no more than that.
        assert!((0..5).all(|_| bucket.take(RATE, 1, at(60_000))));
        assert!(!bucket.take(RATE, 1, at(60_000)));
        assert!(!bucket.is_full(at(60_000)) && bucket.is_full(at(60_500)));
    }

    #[test]
    fn what_is_refused_costs_nothing_and_more_than_the_burst_never_passes() {
        let bucket = Bucket::default();
        assert!(!bucket.take(RATE, 6, at(0)));
        assert!(bucket.take(RATE, 5, at(0)));
    }

    #[test]
    fn no_rate_is_no_limit_and_no_number_overflows() {
        let bucket = Bucket::default();
        let free = Rate { per_second: 0, burst: 0 };
        assert!((0..1_000).all(|_| bucket.take(free, u64::MAX, at(0))));
        let fast = Rate { per_second: u64::MAX, burst: u64::MAX };
        assert!(bucket.take(fast, u64::MAX, Duration::MAX) || bucket.is_full(Duration::MAX));
        let slow = Rate { per_second: 1, burst: u64::MAX };
        assert!(bucket.take(slow, 1, at(5)));
    }
}
