//! The offer that stands in a room: the last one made there, as long as it is unanswered, for those who could not use it when
//! it was made.
//!
//! **Invariant:** who made it is there still and has been offered nothing since: it could be answered now.
use std::{collections::BTreeSet, time::Duration};

use super::{
    Notification, Payload, PeerId, RoomId, Rooms, SignalKind, Timer, room::Room, signals::signal_to, timers::TimerKind,
};

/// For somebody who comes to a room in which an offer stands to make one of its own.
const AFTER_JOIN_DELAY: Duration = Duration::from_secs(3);

/// For somebody who is there and has said nothing yet. A page that is made an offer at the moment at which it gets its camera
/// answers without pictures, and its own offer fails.
const SILENT_MEMBER_DELAY: Duration = Duration::from_millis(500);

/// For somebody who has just begun an offer of its own, which it has to give up. A page that gives it up within a few
/// milliseconds may find no way to anybody (seen in Chromium 156).
const GLARE_DELAY: Duration = Duration::from_millis(250);

/// What is kept in one room, of an offer and its candidates.
const BYTES_MAX: usize = 65_536;

#[derive(Debug, Default)]
pub(super) struct RoomOffer {
    offer: Option<Offer>,
    /// Who has said something: it has what it takes to offer and to answer.
    speakers: BTreeSet<PeerId>,
}

#[derive(Debug)]
struct Offer {
    from: PeerId,
    description: Payload<'static>,
    candidates: Vec<Payload<'static>>,
    n_bytes: usize,
    heard_by: BTreeSet<PeerId>,
    /// Who was there and silent when it was made.
    held_for: BTreeSet<PeerId>,
}

impl Rooms {
    /// Makes the offer that stands to who has this membership, unless it has made one that is heard in its place.
    pub(super) fn deliver_room_offer(&mut self, room: &RoomId, membership: u64) -> Vec<Notification<'static>> {
        let Some(room) = self.rooms.get_mut(room) else { return Vec::new() };
        let (Some(to), Some(it)) = (room.at(membership).cloned(), &mut room.room_offer.offer) else {
            return Vec::new();
        };
        if it.from == to || !it.heard_by.insert(to.clone()) {
            return Vec::new();
        }
        room.negotiations.record(&it.from, &to, SignalKind::Offer);
        [&it.description].into_iter().chain(&it.candidates).map(|what| signal_to(&to, &it.from, what.clone())).collect()
    }
}

impl Room {
    /// What a member says to `to`: who is left of these hears it now. And what is to be seen to later.
    pub(super) fn on_signal(
        &mut self,
        id: &RoomId,
        from: &PeerId,
        to: &mut Vec<PeerId>,
        it: &Payload<'_>,
    ) -> Vec<Timer> {
        let is_first_word = self.room_offer.speakers.insert(from.clone());
        let theirs = self.room_offer.offer.as_mut().filter(|it| it.from != *from);
        match (it.kind, theirs) {
            // Its own offer comes second. Or came before, when nobody could hear it, and this candidate belongs to it.
            (SignalKind::Offer, Some(theirs)) if theirs.held_for.contains(from) => self.yield_to_offer(id, from, to),
            (SignalKind::Candidate, Some(_)) if is_first_word => self.yield_to_offer(id, from, to),
            (SignalKind::Offer, _) => self.begin(id, from, to, it),
            (SignalKind::Answer, Some(theirs)) if to.contains(&theirs.from) => {
                self.room_offer.offer = None;
                Vec::new()
            }
            (SignalKind::Candidate, None) => {
                if let Some(own) = &mut self.room_offer.offer {
                    own.add(to, it);
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn yield_to_offer(&mut self, id: &RoomId, peer: &PeerId, to: &mut Vec<PeerId>) -> Vec<Timer> {
        if let Some(theirs) = &self.room_offer.offer {
            self.negotiations.record(&theirs.from, peer, SignalKind::Offer);
        }
        to.clear();
        self.timer(id, peer, GLARE_DELAY).into_iter().collect()
    }

    fn begin(&mut self, id: &RoomId, from: &PeerId, to: &mut Vec<PeerId>, it: &Payload<'_>) -> Vec<Timer> {
        self.room_offer.offer = None;
        let n_bytes = it.cost();
        if n_bytes > BYTES_MAX {
            return Vec::new();
        }
        let (now, held): (Vec<_>, Vec<_>) = to.drain(..).partition(|it| self.room_offer.speakers.contains(it));
        let timers = held.iter().filter_map(|it| self.timer(id, it, SILENT_MEMBER_DELAY)).collect();
        self.room_offer.offer = Some(Offer {
            from: from.clone(),
            description: it.clone().kept(),
            candidates: Vec::new(),
            n_bytes,
            heard_by: now.iter().cloned().collect(),
            held_for: held.into_iter().collect(),
        });
        *to = now;
        timers
    }

    /// To be seen to for a newcomer.
    pub(super) fn on_join(&self, id: &RoomId, peer: &PeerId) -> Option<Timer> {
        self.room_offer.offer.as_ref().and_then(|_| self.timer(id, peer, AFTER_JOIN_DELAY))
    }

    fn timer(&self, id: &RoomId, peer: &PeerId, after: Duration) -> Option<Timer> {
        let about = TimerKind::RoomOffer { room: id.clone(), membership: self.membership(peer)? };
        Some(Timer { after, about })
    }
}

impl Offer {
    /// A candidate of who made it, which can be used by those who have heard it.
    fn add(&mut self, to: &mut Vec<PeerId>, candidate: &Payload<'_>) {
        to.retain(|it| self.heard_by.contains(it));
        if self.n_bytes + candidate.cost() <= BYTES_MAX {
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
            offer.heard_by.remove(peer);
            offer.held_for.remove(peer);
        }
    }

    #[cfg(test)]
    pub(super) fn assert_sound(&self, has: impl Fn(&PeerId) -> bool) {
        assert!(self.speakers.iter().all(&has), "who spoke is gone");
        if let Some(it) = &self.offer {
            assert!(has(&it.from), "the offer that stands is of one that is gone");
            assert!(it.heard_by.iter().chain(&it.held_for).all(&has), "it is kept for one that is gone");
            assert!(!it.heard_by.contains(&it.from) && !it.held_for.contains(&it.from), "it is for its maker");
            assert_eq!(
                it.n_bytes,
                [&it.description].into_iter().chain(&it.candidates).map(Payload::cost).sum::<usize>()
            );
            assert!(it.n_bytes <= BYTES_MAX);
        }
    }
}
