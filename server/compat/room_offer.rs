//! The unanswered offer of a room: the last one made there, kept for members who could not use it when it was made.
//!
//! **Invariant:** whoever made it is still there and has received no offer since: it could be answered now.
use std::{collections::BTreeSet, time::Duration};

use p2pchat_rooms::{Notification, Payload, PeerId, RoomId, SignalKind, Timer, TimerKind, signal_to};

use super::glare::Negotiations;

/// For a newcomer to make an offer of its own before it receives the one that is kept.
const AFTER_JOIN_DELAY: Duration = Duration::from_secs(3);

/// For a member that has not said anything yet. A page that receives an offer at the moment at which it gets its camera
/// answers without pictures, and its own offer fails.
const SILENT_MEMBER_DELAY: Duration = Duration::from_millis(500);

/// For a member that has just begun an offer of its own and has to give it up. A page that gives it up within a few
/// milliseconds may find no candidates at all (seen in Chromium 156).
const GLARE_DELAY: Duration = Duration::from_millis(250);

/// Bytes that are kept in one room, of an offer and its candidates.
const KEPT_BYTES_MAX: usize = 65_536;

#[derive(Debug, Default)]
pub(super) struct RoomOffer {
    offer: Option<Offer>,
    /// Members that have said something: they are able to offer and to answer.
    speakers: BTreeSet<PeerId>,
}

#[derive(Debug)]
struct Offer {
    from: PeerId,
    description: Payload<'static>,
    candidates: Vec<Payload<'static>>,
    n_bytes: usize,
    delivered_to: BTreeSet<PeerId>,
    /// Members that were silent when it was made.
    held_for: BTreeSet<PeerId>,
}

impl Negotiations {
    /// Delivers the kept offer to this member, unless it has made one that stands in its place.
    pub(super) fn deliver_room_offer(&mut self, to: &PeerId, join: u64) -> Vec<Notification<'static>> {
        let Some(offer) = self.room_offer.offer.as_mut().filter(|_| self.joins.get(to) == Some(&join)) else {
            return Vec::new();
        };
        if offer.from == *to || !offer.delivered_to.insert(to.clone()) {
            return Vec::new();
        }
        let from = offer.from.clone();
        let payloads: Vec<_> = [&offer.description].into_iter().chain(&offer.candidates).cloned().collect();
        self.offers.record(&from, to, SignalKind::Offer);
        payloads.into_iter().map(|it| signal_to(to, &from, None, it)).collect()
    }

    /// A member says something to `to`: whoever is left of these receives it now. The timers are to be started.
    pub(super) fn on_signal(
        &mut self,
        room: &RoomId,
        from: &PeerId,
        to: &mut Vec<PeerId>,
        signal: &Payload<'_>,
    ) -> Vec<Timer> {
        let is_first_signal = self.room_offer.speakers.insert(from.clone());
        let other_offer = self.room_offer.offer.as_mut().filter(|it| it.from != *from);
        match (signal.kind, other_offer) {
            // Its own offer comes second. Or it was made when nobody could receive it, and this candidate belongs to it.
            (SignalKind::Offer, Some(other)) if other.held_for.contains(from) => self.yield_to_offer(room, from, to),
            (SignalKind::Candidate, Some(_)) if is_first_signal => self.yield_to_offer(room, from, to),
            (SignalKind::Offer, _) => self.keep_offer(room, from, to, signal),
            (SignalKind::Answer, Some(other)) if to.contains(&other.from) => {
                self.room_offer.offer = None;
                Vec::new()
            }
            (SignalKind::Candidate, None) => {
                if let Some(own) = &mut self.room_offer.offer {
                    own.add_candidate(to, signal);
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// The timer for a newcomer.
    pub(super) fn on_join(&self, room: &RoomId, peer: &PeerId) -> Option<Timer> {
        self.room_offer.offer.as_ref().and_then(|_| self.timer(room, peer, AFTER_JOIN_DELAY))
    }

    fn yield_to_offer(&mut self, room: &RoomId, peer: &PeerId, to: &mut Vec<PeerId>) -> Vec<Timer> {
        if let Some(from) = self.room_offer.offer.as_ref().map(|it| it.from.clone()) {
            self.offers.record(&from, peer, SignalKind::Offer);
        }
        to.clear();
        self.timer(room, peer, GLARE_DELAY).into_iter().collect()
    }

    fn keep_offer(&mut self, room: &RoomId, from: &PeerId, to: &mut Vec<PeerId>, offer: &Payload<'_>) -> Vec<Timer> {
        self.room_offer.offer = None;
        let n_bytes = offer.cost();
        if n_bytes > KEPT_BYTES_MAX {
            return Vec::new();
        }
        let (now, held): (Vec<_>, Vec<_>) = to.drain(..).partition(|it| self.room_offer.speakers.contains(it));
        let timers = held.iter().filter_map(|it| self.timer(room, it, SILENT_MEMBER_DELAY)).collect();
        self.room_offer.offer = Some(Offer {
            from: from.clone(),
            description: offer.clone().kept(),
            candidates: Vec::new(),
            n_bytes,
            delivered_to: now.iter().cloned().collect(),
            held_for: held.into_iter().collect(),
        });
        *to = now;
        timers
    }

    fn timer(&self, room: &RoomId, peer: &PeerId, after: Duration) -> Option<Timer> {
        let join = *self.joins.get(peer)?;
        Some(Timer { after, kind: TimerKind::RoomOffer { room: room.clone(), peer: peer.clone(), join } })
    }
}

impl Offer {
    /// A candidate of the offerer: those who have received the offer can use it.
    fn add_candidate(&mut self, to: &mut Vec<PeerId>, candidate: &Payload<'_>) {
        to.retain(|it| self.delivered_to.contains(it));
        if self.n_bytes + candidate.cost() <= KEPT_BYTES_MAX {
            self.n_bytes += candidate.cost();
            self.candidates.push(candidate.clone().kept());
        }
    }
}

impl RoomOffer {
    /// Forgets who left.
    pub(super) fn forget(&mut self, peer: &PeerId) {
        self.speakers.remove(peer);
        self.offer.take_if(|it| it.from == *peer);
        if let Some(offer) = &mut self.offer {
            offer.delivered_to.remove(peer);
            offer.held_for.remove(peer);
        }
    }

    /// Bytes that are kept because of what this peer said.
    pub(super) fn kept_bytes(&self, peer: &PeerId) -> usize {
        self.offer.as_ref().filter(|it| it.from == *peer).map_or(0, |it| it.n_bytes)
    }

    #[cfg(test)]
    pub(super) fn assert_sound(&self, has: impl Fn(&PeerId) -> bool) {
        assert!(self.speakers.iter().all(&has), "a speaker is gone");
        if let Some(offer) = &self.offer {
            assert!(has(&offer.from), "the kept offer is of a peer that is gone");
            assert!(offer.delivered_to.iter().chain(&offer.held_for).all(&has), "it is kept for one that is gone");
            assert!(!offer.delivered_to.contains(&offer.from) && !offer.held_for.contains(&offer.from));
            let payloads = [&offer.description].into_iter().chain(&offer.candidates);
            assert_eq!(offer.n_bytes, payloads.map(Payload::cost).sum::<usize>());
            assert!(offer.n_bytes <= KEPT_BYTES_MAX);
        }
    }
}
