//! Frames that a client may not have received, kept until it says that it has.
//!
//! **Invariants:** what is kept has a bound in frames and in bytes; over it the oldest are forgotten, so that what is left are
//! always the last ones, without a gap. Nothing is allocated while nothing is kept.
use std::collections::VecDeque;

use crate::protocols::Frame;

/// How much one session may keep.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReplayBounds {
    pub(super) frames_max: usize,
    pub(super) bytes_max: u64,
}

/// Memory of one frame beside its bytes.
const FRAME_COST: u64 = 64;

#[derive(Debug, Default)]
pub(super) struct Replay {
    frames: VecDeque<Frame>,
    n_bytes: u64,
}

impl Replay {
    /// Keeps a frame. How many bytes are kept now, and were before.
    pub(super) fn push(&mut self, frame: &Frame, bounds: ReplayBounds) -> (u64, u64) {
        let before = self.n_bytes;
        if cost(frame) > bounds.bytes_max {
            // Nothing before it would be without a gap.
            self.keep_last(0);
            return (0, before);
        }
        self.frames.push_back(frame.clone());
        self.n_bytes += cost(frame);
        while self.frames.len() > bounds.frames_max || self.n_bytes > bounds.bytes_max {
            if self.forget_oldest().is_none() {
                break;
            }
        }
        (self.n_bytes, before)
    }

    /// Forgets all but the last `n`. How many bytes that frees.
    pub(super) fn keep_last(&mut self, n: u64) -> u64 {
        let before = self.n_bytes;
        while self.frames.len() as u64 > n && self.forget_oldest().is_some() {}
        before - self.n_bytes
    }

    /// Every frame, the oldest first. They are kept all the same.
    pub(super) fn frames(&self) -> impl Iterator<Item = &Frame> {
        self.frames.iter()
    }

    pub(super) fn len(&self) -> u64 {
        self.frames.len() as u64
    }

    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    fn forget_oldest(&mut self) -> Option<()> {
        let frame = self.frames.pop_front()?;
        self.n_bytes -= cost(&frame);
        if self.frames.is_empty() {
            self.frames = VecDeque::new();
        }
        Some(())
    }
}

fn cost(frame: &Frame) -> u64 {
    super::state::frame_bytes(frame) as u64 + FRAME_COST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> Frame {
        Frame { text: text.to_owned(), attachments: [].into() }
    }

    #[test]
    fn the_last_frames_are_kept_within_both_bounds() {
        let bounds = ReplayBounds { frames_max: 3, bytes_max: 400 };
        let mut replay = Replay::default();
        for n in 0..5 {
            replay.push(&frame(&n.to_string()), bounds);
        }
        assert_eq!(replay.frames().map(|it| &*it.text).collect::<Vec<_>>(), ["2", "3", "4"]);
        assert_eq!(replay.push(&frame(&"x".repeat(200)), bounds), (65 + 65 + 264, 3 * 65));
        replay.push(&frame(&"y".repeat(250)), bounds);
        assert_eq!((replay.len(), replay.n_bytes()), (1, 314), "together they would be too long");
        replay.push(&frame(&"z".repeat(400)), bounds);
        assert_eq!((replay.len(), replay.n_bytes(), replay.frames.capacity()), (0, 0, 0));
    }

    #[test]
    fn what_was_received_is_forgotten_and_nothing_is_held_for_nothing() {
        let bounds = ReplayBounds { frames_max: 9, bytes_max: 4_000 };
        let mut replay = Replay::default();
        for n in 0..5 {
            replay.push(&frame(&n.to_string()), bounds);
        }
        assert_eq!(replay.keep_last(2), 3 * 65);
        assert_eq!(replay.frames().map(|it| &*it.text).collect::<Vec<_>>(), ["3", "4"]);
        assert_eq!((replay.keep_last(7), replay.keep_last(0)), (0, 2 * 65));
        assert_eq!((replay.n_bytes(), replay.frames.capacity()), (0, 0));
    }
}
