//! Asking senders for key frames: what several viewers want is asked for once.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How often at most a sender is asked for one stream: browsers make no more key frames than that.
const INTERVAL: Duration = Duration::from_millis(300);
/// A question may be lost; one that so many have led to nothing is left at that.
const QUESTIONS_MAX: u32 = 6;

#[derive(Debug)]
struct Asked {
    at: Instant,
    /// Somebody has wanted another one since, or none has come.
    again: bool,
    questions: u32,
}

/// When which stream was asked for its key frame.
#[derive(Debug)]
pub(super) struct KeyFrames<Stream> {
    asked: HashMap<Stream, Asked>,
}

impl<Stream: Copy + Eq + Hash> KeyFrames<Stream> {
    pub(super) fn new() -> Self {
        Self { asked: HashMap::new() }
    }

    /// Whether the sender is to be asked now. If it was only just asked, it is asked again a moment later.
    pub(super) fn want(&mut self, stream: Stream, now: Instant) -> bool {
        match self.asked.get_mut(&stream) {
            Some(asked) if now < asked.at + INTERVAL => {
                (asked.again, asked.questions) = (true, 1);
                false
            }
            _ => {
                self.asked.insert(stream, Asked { at: now, again: true, questions: 1 });
                true
            }
        }
    }

    /// A key frame has come: whoever has wanted one since it was asked for has it now.
    pub(super) fn came(&mut self, stream: Stream) {
        if let Some(asked) = self.asked.get_mut(&stream) {
            asked.again = false;
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.asked.values().filter(|it| it.again).map(|it| it.at + INTERVAL).min()
    }

    /// The streams that are to be asked for now. Those that nobody has asked for in a while are forgotten.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Stream> {
        let mut due = Vec::new();
        self.asked.retain(|stream, asked| {
            let over = now >= asked.at + INTERVAL;
            if over && asked.again {
                due.push(*stream);
                let questions = asked.questions + 1;
                *asked = Asked { at: now, again: questions < QUESTIONS_MAX, questions };
                return true;
            }
            !over
        });
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_wishes_are_one_question_and_some_more_until_a_key_frame_comes() {
        let now = Instant::now();
        let mut frames = KeyFrames::new();
        assert!(frames.want(1, now) && frames.want(2, now));
        assert!((0..9).all(|_| !frames.want(1, now)));
        assert_eq!(frames.next_timeout(), Some(now + INTERVAL));
        assert!(frames.due(now + INTERVAL / 2).is_empty());
        frames.came(2);
        assert_eq!(frames.due(now + INTERVAL), [1]);
        let more: usize = (2..20).map(|n| frames.due(now + INTERVAL * n).len()).sum();
        assert_eq!((more, frames.next_timeout()), (4, None));
    }

    #[test]
    fn one_that_has_come_meanwhile_is_enough() {
        let now = Instant::now();
        let mut frames = KeyFrames::new();
        frames.want(1, now);
        frames.want(1, now);
        frames.came(1);
        assert!(frames.due(now + INTERVAL).is_empty());
    }
}
