//! Who filled a send queue. Kept only while a queue is a quarter full or more.
use std::time::Duration;

use super::{
    Queued, SendQueueFull,
    state::{Session, frame_bytes},
};
use crate::{accounting::Ledger, protocols::Frame, rooms::PeerId};

/// From this fullness on, in 256ths, contributions are counted.
const COUNTED_FROM: u8 = 64;

/// At this fullness, in 256ths, whoever contributed most ends, if the receiver reads at all. What is above is for the frames
/// of others.
const ENDED_AT: u8 = 240;

/// Who contributed this many times less than the greatest flooder is none, however full the queue is.
const LITTLE: u64 = 4;

/// Between two samples of what the receiver has taken.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(250);

/// Senders that are told apart.
const SENDERS_MAX: usize = 16;

/// Why a send queue is as full as it may be.
pub(super) enum Overflow {
    /// This one filled it, and its owner reads.
    By(PeerId),
    /// Its owner does not read.
    Own,
}

impl Session {
    /// Queues a frame, if there is a connection. Where the queue is nearly full, whoever filled it has to end if the peer reads,
    /// and the peer itself if it does not.
    pub(super) fn queue(
        &mut self,
        own: &PeerId,
        frame: Frame,
        cause: Option<&PeerId>,
        ledger: &Ledger,
    ) -> Option<Overflow> {
        let connection = self.connection.as_ref()?;
        let n_bytes = frame_bytes(&frame);
        match connection.send(frame) {
            Ok(Queued { fullness, .. }) if fullness < COUNTED_FROM => self.contributions = None,
            Ok(Queued { fullness, taken_bytes }) => {
                let now = ledger.now();
                let contributions =
                    self.contributions.get_or_insert_with(|| Box::new(Contributions::new(taken_bytes, now)));
                contributions.sample(taken_bytes, now);
                if let Some(cause) = cause.filter(|it| *it != own) {
                    contributions.add(cause, n_bytes);
                }
                if fullness >= ENDED_AT {
                    return contributions.take_flooder(taken_bytes).map(Overflow::By);
                }
            }
            Err(SendQueueFull) => return Some(Overflow::Own),
        }
        None
    }
}

/// What each sender contributed to one send queue since it began to fill.
#[derive(Debug, Default)]
pub(super) struct Contributions {
    by_sender: Vec<(PeerId, u64)>,
    /// The most that anybody contributed, those that were ended for it included.
    most: u64,
    /// When, and what the receiver had taken: at the last sample. What the system's own buffers take in the first moment is no
    /// sign of a reader.
    last: Sample,
    /// Whether there was one before.
    is_sampled: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    at: Duration,
    taken_bytes: u64,
}

impl Contributions {
    pub(super) fn new(taken_bytes: u64, now: Duration) -> Self {
        Contributions { by_sender: Vec::new(), most: 0, last: Sample { at: now, taken_bytes }, is_sampled: false }
    }

    /// Counts a frame.
    pub(super) fn add(&mut self, sender: &PeerId, n_bytes: usize) {
        let n_bytes = n_bytes as u64 + 1;
        if let Some((_, n)) = self.by_sender.iter_mut().find(|it| it.0 == *sender) {
            *n += n_bytes;
        } else if self.by_sender.len() < SENDERS_MAX {
            self.by_sender.push((sender.clone(), n_bytes));
        } else if let Some(least) = self.by_sender.iter_mut().min_by_key(|it| it.1) {
            // The newcomer takes the place and the count of the least (space-saving, Metwally et al. 2005): the greatest is never
            // lost.
            *least = (sender.clone(), least.1 + n_bytes);
        }
    }

    /// Notes what the receiver has taken.
    pub(super) fn sample(&mut self, taken_bytes: u64, now: Duration) {
        if now.saturating_sub(self.last.at) >= SAMPLE_INTERVAL {
            self.is_sampled = true;
            self.last = Sample { at: now, taken_bytes };
        }
    }

    /// The sender that filled the queue, if the receiver has been reading while it filled. It is told once; then it is
    /// the next one's turn. Whoever contributed little is none.
    pub(super) fn take_flooder(&mut self, taken_bytes: u64) -> Option<PeerId> {
        let reads = self.is_sampled && taken_bytes > self.last.taken_bytes;
        let (at, (_, n_bytes)) = self.by_sender.iter().enumerate().filter(|_| reads).max_by_key(|(_, it)| it.1)?;
        self.most = self.most.max(*n_bytes);
        if *n_bytes <= self.most / LITTLE {
            return None;
        }
        Some(self.by_sender.swap_remove(at).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_is_found_among_many_and_only_where_the_receiver_reads() {
        let mut contributions = Contributions::new(100, Duration::ZERO);
        for n in 0..1_000 {
            contributions.add(&PeerId::from("flooder"), 1_000);
            contributions.add(&PeerId::from(&*format!("p{n}")), 10);
        }
        assert_eq!(contributions.take_flooder(101), None, "a moment's buffering is no reading");
        contributions.sample(101, Duration::from_millis(250));
        assert_eq!(contributions.take_flooder(101), None, "it has stopped");
        assert_eq!(contributions.take_flooder(102), Some(PeerId::from("flooder")));
        assert_eq!(contributions.take_flooder(103), None, "the others contributed little");
    }
}
