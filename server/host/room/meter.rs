//! What a guest may cause: every frame is paid for before anything is done with it, and what cannot be paid for is dropped.
//! The paces are those of our own pages, which no honest page of any make goes beyond.

use std::time::Instant;

/// So much at once after a rest, and so much a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) burst: f64,
    pub(crate) per_second: f64,
}

const fn pace(burst: f64, per_second: f64) -> Pace {
    Pace { burst, per_second }
}

/// A token bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    pace: Pace,
    tokens: f64,
    at: Option<Instant>,
}

impl Bucket {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, tokens: pace.burst, at: None }
    }

    /// Nothing is taken where it is too little.
    pub(crate) fn take(&mut self, now: Instant, price: f64) -> bool {
        self.take_leaving(now, price, 0.0)
    }

    /// The same, where something else must be left behind.
    pub(crate) fn take_leaving(&mut self, now: Instant, price: f64, left: f64) -> bool {
        self.refill(now);
        let pays = self.tokens >= price + left;
        if pays {
            self.tokens -= price;
        }
        pays
    }

    fn refill(&mut self, now: Instant) {
        let passed = self.at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.tokens = self.pace.burst.min(self.tokens + passed * self.pace.per_second);
        self.at = Some(now);
    }
}

/// What a kind of frame is paid from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purse {
    /// Is shown, or passed on to be shown.
    Talk,
    Acks,
    Announcements,
    Call,
    Topics,
    /// A small question with a large answer.
    Questions,
    /// Of connections that are made through others.
    Signals,
    /// How a file comes in the original's messages: what is about a whole one.
    Requests,
    Chunks,
}

const PURSES: [(Purse, Pace); 9] = [
    (Purse::Talk, pace(90.0, 20.0)),
    (Purse::Acks, pace(600.0, 100.0)),
    (Purse::Announcements, pace(240.0, 10.0)),
    (Purse::Call, pace(90.0, 10.0)),
    (Purse::Topics, pace(240.0, 60.0)),
    (Purse::Questions, pace(20.0, 1.0)),
    (Purse::Signals, pace(400.0, 40.0)),
    (Purse::Requests, pace(500.0, 20.0)),
    (Purse::Chunks, pace(10_000.0, 6_000.0)),
];

/// A frame has to be read whatever it says. A file in the original's messages comes in thousands of them.
const FRAMES: Pace = pace(20_000.0, 8_000.0);
const BYTES: Pace = pace(67_108_864.0, 33_554_432.0);

/// What one guest has left of everything.
#[derive(Debug)]
pub(super) struct Meter {
    frames: Bucket,
    bytes: Bucket,
    purses: [Bucket; PURSES.len()],
}

impl Meter {
    pub(super) fn new() -> Self {
        let purses = PURSES.map(|(_, pace)| Bucket::new(pace));
        Self { frames: Bucket::new(FRAMES), bytes: Bucket::new(BYTES), purses }
    }

    /// Whether a frame of so many bytes may be read.
    pub(super) fn reads(&mut self, now: Instant, bytes: usize) -> bool {
        // No frame is longer than some kilobytes, so that nothing is lost by the conversion.
        self.frames.take(now, 1.0) && self.bytes.take(now, bytes as f64)
    }

    /// Whether something of this kind may be done.
    pub(super) fn pays(&mut self, now: Instant, purse: Purse) -> bool {
        let found = PURSES.iter().position(|(it, _)| *it == purse);
        found.and_then(|at| self.purses.get_mut(at)).is_some_and(|bucket| bucket.take(now, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_spent_comes_back_with_time_and_no_more_than_that() {
        let start = Instant::now();
        let mut meter = Meter::new();
        let asked = (0..100).filter(|_| meter.pays(start, Purse::Questions)).count();
        assert_eq!(asked, 20);
        let later = start + Duration::from_secs(3);
        assert_eq!((0..100).filter(|_| meter.pays(later, Purse::Questions)).count(), 3);
        // Another kind has been paid for by itself.
        assert!(meter.pays(start, Purse::Talk));
    }
}
