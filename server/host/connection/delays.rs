//! What makes packets late: a downlink that is full, or a machine that is busy. Estimates of what a downlink takes are made from
//! delays, and tell the one from the other badly.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A queue that stands makes every round trip longer; a machine that is busy, only some. So the shortest of the last ones
/// counts, as in CoDel (RFC 8289, section 3).
const RECENT: Duration = Duration::from_secs(3);
/// What waits on a downlink that is full makes the round trip longer by this.
const QUEUE: Duration = Duration::from_millis(250);
/// And on one that is not full by no more than this.
const NO_QUEUE: Duration = Duration::from_millis(100);
/// Round trips differ by so much where somebody does not get round to reading or answering. A queue of this length is not
/// filled and emptied within moments.
const STALL: Duration = Duration::from_millis(400);

/// The round trips of a connection.
#[derive(Debug, Default)]
pub(super) struct Delays {
    shortest: Option<Duration>,
    recent: VecDeque<(Instant, Duration)>,
}

impl Delays {
    /// What has been measured last, if anything has.
    pub(super) fn take(&mut self, round_trip: Option<Duration>, now: Instant) {
        self.shortest = self.shortest.into_iter().chain(round_trip).min();
        self.recent.retain(|(at, _)| now < *at + RECENT);
        self.recent.extend(round_trip.map(|it| (now, it)));
    }

    /// How much longer than the shortest that there ever was the shortest and the longest were of late.
    fn excess(&self) -> Option<(Duration, Duration)> {
        let shortest = self.shortest?;
        let recent = || self.recent.iter().map(|(_, it)| it.saturating_sub(shortest));
        recent().min().zip(recent().max())
    }

    /// Something waits on the downlink all the time.
    pub(super) fn queues(&self) -> bool {
        self.excess().is_some_and(|(least, _)| least > QUEUE)
    }

    /// Nothing waits on the downlink, and still some of it comes late: delays say nothing of what it takes.
    pub(super) fn stalls(&self) -> bool {
        self.excess().is_some_and(|(least, most)| least < NO_QUEUE && most > least + STALL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two round trips a second, in milliseconds.
    fn delays(round_trips: &[u64]) -> (bool, bool) {
        let (mut delays, mut now) = (Delays::default(), Instant::now());
        for millis in round_trips {
            now += Duration::from_millis(500);
            delays.take(Some(Duration::from_millis(*millis)), now);
        }
        (delays.queues(), delays.stalls())
    }

    #[test]
    fn a_queue_makes_all_round_trips_longer_and_a_busy_machine_some() {
        assert_eq!(delays(&[20, 30, 20]), (false, false));
        assert_eq!(delays(&[20, 300, 310, 400, 320, 290, 280, 290]), (true, false));
        assert_eq!(delays(&[20, 2_300, 2_600, 30, 1_000, 1_500, 90]), (false, true));
        assert_eq!(delays(&[20, 300, 2_600, 300, 1_000, 1_500, 300, 280]), (true, false), "both");
        assert_eq!(delays(&[20, 100, 200, 350, 100, 40]), (false, false), "it fills and empties");
        assert_eq!(delays(&[20, 2_000, 20, 20, 20, 20, 20, 20, 20]), (false, false), "that is over");
        assert_eq!(delays(&[]), (false, false));
    }
}
