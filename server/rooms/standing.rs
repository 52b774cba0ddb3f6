//! The offer that stands in a room: the last one made there, as long as it is unanswered, for those who could not use it when
//! it was made.
//!
//! **Invariant:** who made it is there still and has been offered nothing since: it could be answered now.
use std::{collections::BTreeSet, time::Duration};

use super::{Alarm, Notice, Part, Payload, PeerId, RoomId, Rooms, alarms::About, room::Room, signals::said};

/// For somebody who comes to a room in which an offer stands to make one of its own.
const ON_COMING: Duration = Duration::from_secs(3);

/// For somebody who is there and has said nothing yet. A page that is made an offer at the moment at which it gets its camera
/// answers without pictures, and its own offer fails.
const WHILE_SILENT: Duration = Duration::from_millis(500);

/// For somebody who has just begun an offer of its own, which it has to give up. A page that gives it up within a few
/// milliseconds may find no way to anybody (seen in Chromium 156).
const SETTLING: Duration = Duration::from_millis(250);

/// What is kept in one room, of an offer and its candidates.
const BYTES_MAX: usize = 65_536;

#[derive(Debug, Default)]
pub(super) struct Standing {
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
    /// Makes the offer that stands to who has this seat, unless it has made one that is heard in its place.
    pub(super) fn pass_standing(&mut self, room: &RoomId, seat: u64) -> Vec<Notice<'static>> {
        let Some(room) = self.rooms.get_mut(room) else { return Vec::new() };
        let (Some(to), Some(it)) = (room.at(seat).cloned(), &mut room.standing.offer) else { return Vec::new() };
        if it.from == to || !it.heard_by.insert(to.clone()) {
            return Vec::new();
        }
        room.talks.note(&it.from, &to, Part::Offer);
        [&it.description].into_iter().chain(&it.candidates).map(|what| said(&to, &it.from, what.clone())).collect()
    }
}

impl Room {
    /// What a member says to `to`: who is left of these hears it now. And what is to be seen to later.
    pub(super) fn stand(&mut self, id: &RoomId, from: &PeerId, to: &mut Vec<PeerId>, it: &Payload<'_>) -> Vec<Alarm> {
        let is_first_word = self.standing.speakers.insert(from.clone());
        let theirs = self.standing.offer.as_mut().filter(|it| it.from != *from);
        match (it.part, theirs) {
            // Its own offer comes second. Or came before, when nobody could hear it, and this candidate belongs to it.
            (Part::Offer, Some(theirs)) if theirs.held_for.contains(from) => self.give_way(id, from, to),
            (Part::Candidate, Some(_)) if is_first_word => self.give_way(id, from, to),
            (Part::Offer, _) => self.begin(id, from, to, it),
            (Part::Answer, Some(theirs)) if to.contains(&theirs.from) => {
                self.standing.offer = None;
                Vec::new()
            }
            (Part::Candidate, None) => {
                if let Some(own) = &mut self.standing.offer {
                    own.add(to, it);
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn give_way(&mut self, id: &RoomId, peer: &PeerId, to: &mut Vec<PeerId>) -> Vec<Alarm> {
        if let Some(theirs) = &self.standing.offer {
            self.talks.note(&theirs.from, peer, Part::Offer);
        }
        to.clear();
        self.alarm(id, peer, SETTLING).into_iter().collect()
    }

    fn begin(&mut self, id: &RoomId, from: &PeerId, to: &mut Vec<PeerId>, it: &Payload<'_>) -> Vec<Alarm> {
        self.standing.offer = None;
        let n_bytes = it.cost();
        if n_bytes > BYTES_MAX {
            return Vec::new();
        }
        let (now, held): (Vec<_>, Vec<_>) = to.drain(..).partition(|it| self.standing.speakers.contains(it));
        let alarms = held.iter().filter_map(|it| self.alarm(id, it, WHILE_SILENT)).collect();
        self.standing.offer = Some(Offer {
            from: from.clone(),
            description: it.clone().kept(),
            candidates: Vec::new(),
            n_bytes,
            heard_by: now.iter().cloned().collect(),
            held_for: held.into_iter().collect(),
        });
        *to = now;
        alarms
    }

    /// To be seen to for a newcomer.
    pub(super) fn on_coming(&self, id: &RoomId, peer: &PeerId) -> Option<Alarm> {
        self.standing.offer.as_ref().and_then(|_| self.alarm(id, peer, ON_COMING))
    }

    fn alarm(&self, id: &RoomId, peer: &PeerId, after: Duration) -> Option<Alarm> {
        let about = About::Standing { room: id.clone(), seat: self.seat(peer)? };
        Some(Alarm { after, about })
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

impl Standing {
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
