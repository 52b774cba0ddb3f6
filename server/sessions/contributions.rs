//! Who filled a send queue. Kept only while a queue is a quarter full or more.
use crate::rooms::PeerId;

/// From this fullness on, in 256ths, contributions are counted.
pub(super) const COUNTED_FROM: u8 = 64;

/// At this fullness, in 256ths, whoever contributed most ends, if the receiver reads at all. What is above is for the frames
/// of others.
pub(super) const ENDED_AT: u8 = 240;

/// Senders that are told apart.
const SENDERS_MAX: usize = 16;

/// What each sender contributed to one send queue since it began to fill.
#[derive(Debug, Default)]
pub(super) struct Contributions {
    by_sender: Vec<(PeerId, u64)>,
    /// What the receiver had taken when the queue began to fill.
    taken_before: u64,
}

impl Contributions {
    pub(super) fn new(taken_bytes: u64) -> Self {
        Contributions { by_sender: Vec::new(), taken_before: taken_bytes }
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

    /// The sender that filled the queue, if the receiver has read anything since it began to fill.
    pub(super) fn greatest(&self, taken_bytes: u64) -> Option<&PeerId> {
        let reads = taken_bytes > self.taken_before;
        self.by_sender.iter().filter(|_| reads).max_by_key(|it| it.1).map(|it| &it.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_is_found_among_many_and_only_where_the_receiver_reads() {
        let mut contributions = Contributions::new(100);
        for n in 0..1_000 {
            contributions.add(&PeerId::from("flooder"), 1_000);
            contributions.add(&PeerId::from(&*format!("p{n}")), 10);
        }
        assert_eq!(contributions.greatest(100), None);
        assert_eq!(contributions.greatest(101).map(PeerId::as_str), Some("flooder"));
    }
}
