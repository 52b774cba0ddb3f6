//! What a guest's page is told of their downlink.

use std::time::{Duration, Instant};

/// More than this is not told, and not believed, of what a downlink takes, in bits a second.
pub(super) const TOLD_MAX: u32 = 2_500_000;
/// How often at most a page is told, and how often at least.
const TELL: Duration = Duration::from_secs(1);
const TELL_AGAIN: Duration = Duration::from_secs(5);
/// A downlink that was sufficient and then was not has to be so for this long before it counts again: whoever begins to send
/// pictures sends small ones, and larger ones seconds later.
const HOLD: Duration = Duration::from_secs(10);
/// Twice as long each time, and no longer than this.
const HOLD_MAX: Duration = Duration::from_secs(60);
/// Estimates go up and down: it stays sufficient as long as it takes this share of what is desired.
const STAYS: f64 = 0.75;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Downlink {
    /// What it takes.
    pub(crate) bits_per_second: u32,
    /// All people whom the guest sees and hears have room on it, in the sizes in which they are shown.
    pub(crate) sufficient: bool,
}

#[derive(Debug)]
pub(super) struct News {
    /// What the page has been told, and when.
    said: Option<(Downlink, Instant)>,
    /// Since when everything has room.
    room_since: Option<Instant>,
    hold: Duration,
}

impl News {
    pub(super) const fn new() -> Self {
        Self { said: None, room_since: None, hold: Duration::ZERO }
    }

    /// What the page is to be told, if anything: where it is something new, and every now and then. `capacity` is what the
    /// downlink takes and `desired` what all people would take, both in bits a second; nothing is said where that is 0.
    pub(super) fn next(&mut self, capacity: f64, desired: f64, now: Instant) -> Option<Downlink> {
        let bits_per_second = (capacity as u32).min(TOLD_MAX);
        let has_room = capacity >= if self.room_since.is_some() { desired * STAYS } else { desired };
        self.room_since = if has_room { self.room_since.or(Some(now)) } else { None };
        let sufficient = self.room_since.is_some_and(|since| now.saturating_duration_since(since) >= self.hold);
        let is_new = self.said.is_none_or(|(before, at)| {
            let since = now.saturating_duration_since(at);
            let differs = sufficient != before.sufficient
                || bits_per_second.abs_diff(before.bits_per_second) > before.bits_per_second / 5;
            since >= TELL_AGAIN || (since >= TELL && differs)
        });
        if desired <= 0.0 || !is_new {
            return None;
        }
        let was_sufficient = self.said.is_some_and(|(before, _)| before.sufficient);
        if was_sufficient && !sufficient {
            self.hold = (self.hold * 2).clamp(HOLD, HOLD_MAX);
        }
        let downlink = Downlink { bits_per_second, sufficient };
        self.said = Some((downlink, now));
        Some(downlink)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUCH: f64 = 900_000.0;

    /// What a page that is told every half a second has heard last.
    struct Page {
        news: News,
        now: Instant,
        sufficient: bool,
    }

    impl Page {
        fn new() -> Self {
            Self { news: News::new(), now: Instant::now(), sufficient: false }
        }

        /// For so many seconds everything takes so much.
        fn lives(&mut self, seconds: u32, desired: f64) -> bool {
            for _ in 0..seconds * 2 {
                self.now += Duration::from_millis(500);
                if let Some(Downlink { sufficient, .. }) = self.news.next(MUCH, desired, self.now) {
                    self.sufficient = sufficient;
                }
            }
            self.sufficient
        }
    }

    #[test]
    fn an_estimate_is_none_to_the_bit() {
        let mut page = Page::new();
        assert!(page.lives(2, 800_000.0));
        assert!(page.lives(9, 1_100_000.0), "a little less than everything");
        assert!(!page.lives(2, 1_300_000.0), "it is too little now");
    }

    #[test]
    fn it_is_watched_for_longer_each_time_that_it_was_not_sufficient() {
        let mut page = Page::new();
        assert!(page.lives(2, 80_000.0));
        assert!(!page.lives(2, 1_300_000.0), "the pictures have grown");
        assert!(!page.lives(9, 300_000.0));
        assert!(page.lives(4, 300_000.0));
        assert!(!page.lives(2, 1_300_000.0));
        assert!(!page.lives(18, 300_000.0));
        assert!(page.lives(6, 300_000.0));
        for _ in 0..10 {
            page.lives(2, 1_300_000.0);
            page.lives(70, 300_000.0);
        }
        assert!(page.sufficient, "never for longer than a minute");
    }

    #[test]
    fn nothing_is_said_to_whoever_gets_nothing() {
        let mut page = Page::new();
        assert!(page.lives(8, 300_000.0));
        page.now += TELL_AGAIN * 2;
        assert_eq!(page.news.next(MUCH, 0.0, page.now), None);
    }
}
