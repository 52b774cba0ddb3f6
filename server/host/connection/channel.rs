//! The one data channel to a guest, and what waits until it can go out: str0m itself takes only little at a time.

use std::collections::{HashMap, VecDeque};

use str0m::Rtc;
use str0m::channel::ChannelId;

use crate::room::{Frame, LinkId};

/// A guest for whom so much waits does not read. Their link ends, rather than losing messages quietly.
const WAITING_BYTES_MAX: usize = 4_194_304;
/// What is passed on for others is left out where more than this waits.
const DROPPABLE_BYTES_MAX: usize = 1_048_576;
/// So much of it may be messages of one other guest, who takes no more room from the rest.
const SHARE_BYTES_MAX: usize = 1_048_576;
/// With so little left, more is given.
const LOW_BYTES: usize = 65_536;

#[derive(Debug)]
pub(super) struct Channel {
    id: ChannelId,
    open: bool,
    waiting: VecDeque<(Frame, Option<LinkId>)>,
    bytes: usize,
    /// How many bytes of other guests' messages wait.
    shares: HashMap<LinkId, usize>,
}

impl Channel {
    pub(super) fn new(id: ChannelId) -> Self {
        Self { id, open: false, waiting: VecDeque::new(), bytes: 0, shares: HashMap::new() }
    }

    pub(super) fn id(&self) -> ChannelId {
        self.id
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn opened(&mut self, rtc: &mut Rtc) {
        self.open = true;
        if let Some(mut channel) = rtc.channel(self.id) {
            channel.set_buffered_amount_low_threshold(LOW_BYTES);
        }
    }

    /// `by`: whose message it is, where they are another guest's. `false`: so much waits that the link is as good as broken.
    pub(super) fn send(&mut self, frame: Frame, droppable: bool, by: Option<LinkId>, rtc: &mut Rtc) -> bool {
        if !self.open || (droppable && self.bytes > DROPPABLE_BYTES_MAX) {
            return true;
        }
        // What may be left out anyway has its own bound, and its sender goes on talking beside it.
        let by = by.filter(|_| !droppable);
        if let Some(by) = by {
            let share = self.shares.entry(by).or_default();
            if *share + frame.len() > SHARE_BYTES_MAX {
                return true;
            }
            *share += frame.len();
        }
        self.bytes += frame.len();
        self.waiting.push_back((frame, by));
        self.flush(rtc) && self.bytes <= WAITING_BYTES_MAX
    }

    /// Gives as much as is taken. `false`: nothing ever will be.
    pub(super) fn flush(&mut self, rtc: &mut Rtc) -> bool {
        while let Some((frame, by)) = self.waiting.front() {
            let Some(mut channel) = rtc.channel(self.id) else { return true };
            match channel.write(true, frame) {
                Ok(true) => {}
                Ok(false) => return true,
                Err(_) => return false,
            }
            self.bytes -= frame.len();
            if let Some(by) = by {
                let share = self.shares.get(by).copied().unwrap_or_default();
                match share.checked_sub(frame.len()).filter(|left| *left > 0) {
                    Some(left) => drop(self.shares.insert(*by, left)),
                    None => drop(self.shares.remove(by)),
                }
            }
            self.waiting.pop_front();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use str0m::RtcConfig;

    use super::*;

    #[test]
    fn one_guest_s_words_leave_room_for_another_s() {
        let mut rtc = RtcConfig::new().set_crypto_provider(crate::crypto::provider()).build(Instant::now());
        let id = rtc.sdp_api().add_channel("x".to_owned());
        let mut channel = Channel::new(id);
        channel.open = true;
        let frame: Frame = vec![0; 60_000].into();
        let (eve, bob) = (Some(LinkId(1)), Some(LinkId(2)));
        // Nothing is taken by a connection that does not stand.
        assert!((0..500).all(|_| channel.send(Frame::clone(&frame), false, eve, &mut rtc)));
        assert!(channel.bytes <= SHARE_BYTES_MAX);
        let before = channel.bytes;
        assert!(channel.send(Frame::clone(&frame), false, bob, &mut rtc) && channel.bytes > before);
        // What may be left out is, and is nobody's share.
        assert!((0..500).all(|_| channel.send(Frame::clone(&frame), true, bob, &mut rtc)));
        assert!(channel.bytes < 2 * SHARE_BYTES_MAX && channel.shares[&LinkId(2)] == 60_000);
        // The host's own messages are not left out, and end it at last.
        assert!(!(0..500).all(|_| channel.send(Frame::clone(&frame), false, None, &mut rtc)));
    }
}
