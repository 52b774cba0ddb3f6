//! The one data channel to a guest, and what waits until it can go out: str0m itself takes only little at a time.

use std::collections::VecDeque;

use str0m::Rtc;
use str0m::channel::ChannelId;

use crate::words::Frame;

/// A guest for whom so much waits does not read. Their link ends, rather than losing messages quietly.
const WAITING_BYTES_MAX: usize = 4_194_304;
/// What is passed on for others is left out where more than this waits.
const DROPPABLE_BYTES_MAX: usize = 1_048_576;
/// With so little left, more is given.
const LOW_BYTES: usize = 65_536;

#[derive(Debug)]
pub(super) struct Channel {
    id: ChannelId,
    open: bool,
    waiting: VecDeque<Frame>,
    bytes: usize,
}

impl Channel {
    pub(super) fn new(id: ChannelId) -> Self {
        Self { id, open: false, waiting: VecDeque::new(), bytes: 0 }
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

    /// `false`: so much waits that the link is as good as broken.
    pub(super) fn send(&mut self, frame: Frame, droppable: bool, rtc: &mut Rtc) -> bool {
        if !self.open || (droppable && self.bytes > DROPPABLE_BYTES_MAX) {
            return true;
        }
        self.bytes += frame.len();
        self.waiting.push_back(frame);
        self.flush(rtc) && self.bytes <= WAITING_BYTES_MAX
    }

    /// Gives as much as is taken. `false`: nothing ever will be.
    pub(super) fn flush(&mut self, rtc: &mut Rtc) -> bool {
        while let Some(frame) = self.waiting.front() {
            let Some(mut channel) = rtc.channel(self.id) else { return true };
            match channel.write(true, frame) {
                Ok(true) => {}
                Ok(false) => return true,
                Err(_) => return false,
            }
            self.bytes -= frame.len();
            self.waiting.pop_front();
        }
        true
    }
}
