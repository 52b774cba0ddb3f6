//! Messages that somebody has not acknowledged. A link can break with messages on their way, and what is said while it is
//! broken reaches nobody behind it; all of that is said again when the link is back. For whoever is asleep, so that their
//! link is given up, it waits until they come back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Caps, Frame, LinkId, MemberId, Room};

/// More than anybody says while a link is being mended.
const MESSAGES_MAX: usize = 50;
const BYTES_MAX: usize = 262_144;
/// For so many people who are away, and so long.
const AWAY_MAX: usize = 20;
const AWAY: Duration = Duration::from_secs(3_600);

#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<(Arc<str>, Frame)>,
    bytes: usize,
}

impl Outbox {
    fn push(&mut self, id: &Arc<str>, frame: &Frame) {
        if self.waiting.iter().any(|(it, _)| it == id) {
            return;
        }
        self.bytes += frame.len();
        self.waiting.push_back((Arc::clone(id), Arc::clone(frame)));
        while self.waiting.len() > MESSAGES_MAX || (self.bytes > BYTES_MAX && self.waiting.len() > 1) {
            let Some((_, frame)) = self.waiting.pop_front() else { break };
            self.bytes -= frame.len();
        }
    }

    fn acknowledged(&mut self, id: &str) {
        let Some(at) = self.waiting.iter().position(|(it, _)| **it == *id) else { return };
        if let Some((_, frame)) = self.waiting.remove(at) {
            self.bytes -= frame.len();
        }
    }

    /// What waited here goes before what the other one holds.
    fn put_before(mut self, other: &mut Self) {
        other.waiting.drain(..).for_each(|(id, frame)| self.push(&id, &frame));
        *other = self;
    }
}

/// Who is away, with what waits for them.
#[derive(Debug, Default)]
pub(super) struct Away(VecDeque<(MemberId, Instant, Outbox)>);

impl Away {
    pub(super) fn leave(&mut self, member: &MemberId, outbox: Outbox, now: Instant) {
        self.0.retain(|(it, ..)| it != member);
        while self.0.len() >= AWAY_MAX {
            self.0.pop_front();
        }
        self.0.push_back((Arc::clone(member), now + AWAY, outbox));
    }

    pub(super) fn forget(&mut self, now: Instant) {
        self.0.retain(|(_, until, _)| *until > now);
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.0.iter().map(|(_, until, _)| *until).min()
    }
}

impl Room {
    /// A message waits for everybody who acknowledges anything at all, until they have.
    pub(super) fn enqueue(&mut self, source: &str, id: &Arc<str>, frame: &Frame, except: LinkId) {
        self.enqueue_on_links(id, frame, except, |caps| caps.chat);
        for (member, _, outbox) in &mut self.away.0 {
            if **member != *source {
                outbox.push(id, frame);
            }
        }
    }

    /// The same for those alone who are not given up. Whoever comes back after that has no key to what was sealed meanwhile.
    pub(super) fn enqueue_on_links(&mut self, id: &Arc<str>, frame: &Frame, except: LinkId, can: fn(Caps) -> bool) {
        let capable: Vec<_> = self.links.iter().map(|(id, _)| *id).filter(|id| can(self.caps(*id))).collect();
        for (link, it) in &mut self.links {
            if *link != except && capable.contains(link) {
                it.outbox.push(id, frame);
            }
        }
    }

    pub(super) fn acknowledged(&mut self, id: LinkId, message: &str) {
        if let Some(link) = self.link_mut(id) {
            link.outbox.acknowledged(message);
        }
    }

    /// Somebody is back: what waited for them goes over this link once it is ready.
    pub(super) fn come_back(&mut self, id: LinkId, member: &str) {
        let Some(at) = self.away.0.iter().position(|(it, ..)| **it == *member) else { return };
        let Some((_, _, outbox)) = self.away.0.remove(at) else { return };
        self.inherit(id, outbox);
    }

    /// What waited for the same member on another link goes on here.
    pub(super) fn inherit(&mut self, id: LinkId, outbox: Outbox) {
        if let Some(link) = self.link_mut(id) {
            outbox.put_before(&mut link.outbox);
        }
    }

    /// Whoever has one of these already acknowledges it, and shows it once.
    pub(super) fn say_again(&mut self, id: LinkId) {
        let waiting =
            self.link(id).map(|link| link.outbox.waiting.iter().map(|(_, frame)| Arc::clone(frame)).collect());
        let waiting: Vec<_> = waiting.unwrap_or_default();
        waiting.into_iter().for_each(|frame| self.send(id, frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outbox_holds_the_last_messages_and_not_too_many_bytes() {
        let mut outbox = Outbox::default();
        for n in 0..60 {
            outbox.push(&n.to_string().into(), &vec![0; 100].into());
        }
        assert_eq!((outbox.waiting.len(), outbox.bytes), (50, 5_000));
        for n in 100..110 {
            outbox.push(&n.to_string().into(), &vec![0; 60_000].into());
        }
        assert!(outbox.bytes <= BYTES_MAX && outbox.waiting.len() == 4);
        outbox.acknowledged("109");
        assert_eq!(outbox.bytes, 180_000);
    }
}
