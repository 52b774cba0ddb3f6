//! How much of sound and pictures goes out, of all stars together.
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::accounting::{Bucket, Rate};

/// A rate for media alone: connectivity checks, handshakes and messages are never held back, or people would lose the room.
pub(super) struct MediaRate {
    rate: Rate,
    bucket: Bucket,
    n_dropped: AtomicU64,
}

impl MediaRate {
    /// In bytes.
    pub(super) fn new(rate: Rate) -> Self {
        MediaRate { rate, bucket: Bucket::default(), n_dropped: AtomicU64::new(0) }
    }

    /// May this datagram go out? One that may not is counted. `now`: on the ledger's clock.
    pub(super) fn admits(&self, datagram: &[u8], now: Duration) -> bool {
        let admits = !is_media(datagram) || self.bucket.take(self.rate, datagram.len() as u64, now);
        if !admits {
            self.drops();
        }
        admits
    }

    /// Counts a datagram that goes no further.
    pub(super) fn drops(&self) {
        self.n_dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Datagrams that were not sent.
    pub(super) fn n_dropped(&self) -> u64 {
        self.n_dropped.load(Ordering::Relaxed)
    }
}

/// RTP and RTCP begin so, and nothing else on the same port does (RFC 7983, section 7).
pub(super) fn is_media(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|it| (128..=191).contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_has_a_rate_and_nothing_else_has() {
        let rate = MediaRate::new(Rate { per_second: 1_000, burst: 2_000 });
        let at = Duration::from_secs;
        let (media, check, handshake) = ([128; 1_000], [0; 1_000], [22; 1_000]);
        assert_eq!([(); 3].map(|()| rate.admits(&media, at(1))), [true, true, false]);
        assert!(rate.admits(&check, at(1)) && rate.admits(&handshake, at(1)) && rate.admits(&[], at(1)));
        assert!(!rate.admits(&[191; 1_000], at(1)));
        assert_eq!((rate.admits(&media, at(2)), rate.n_dropped()), (true, 2));
    }

    #[test]
    fn without_a_rate_all_of_it_goes_out() {
        let rate = MediaRate::new(Rate { per_second: 0, burst: 0 });
        assert!((0..1_000).all(|_| rate.admits(&[128; 1_000], Duration::ZERO)));
    }
}
