//! Offers that cross (glare, RFC 3264 section 4): of two, the first stands, and whoever received it is heard with an answer to
//! it and nothing else.
//!
//! **Invariant:** only members stand here, and who leaves is forgotten.
use std::collections::{BTreeMap, HashMap};

use p2pchat_rooms::{
    Compat, Name, Names, Notification, Outcome, PeerId, Rejection, Reply, RoomId, RoomSignal, SignalKind, Timer,
    TimerKind, signal_to,
};

use super::{offers::Offers, room_offer::RoomOffer};

/// For simple-web-rtc, whose pages all make an offer as soon as they have a camera.
#[derive(Debug, Default)]
pub struct GlareResolution {
    rooms: HashMap<RoomId, Negotiations>,
    n_joins: u64,
}

#[derive(Debug, Default)]
pub(super) struct Negotiations {
    pub(super) offers: Offers,
    /// Members, with the number of their join.
    pub(super) joins: BTreeMap<PeerId, u64>,
    /// The offer for those who could not use it when it was made.
    pub(super) room_offer: RoomOffer,
}

impl Compat for GlareResolution {
    fn on_join(&mut self, room: &RoomId, members: &[PeerId]) -> Vec<Timer> {
        let Some(newcomer) = members.last() else { return Vec::new() };
        self.n_joins += 1;
        let negotiations = self.rooms.entry(room.clone()).or_default();
        negotiations.joins.insert(newcomer.clone(), self.n_joins);
        negotiations.on_join(room, newcomer).into_iter().collect()
    }

    fn on_leave(&mut self, room: &RoomId, peer: &PeerId) {
        let Some(negotiations) = self.rooms.get_mut(room) else { return };
        negotiations.forget(peer);
        if negotiations.joins.is_empty() {
            self.rooms.remove(room);
        }
    }

    fn on_signal<'a>(&mut self, signal: RoomSignal<'_, 'a>) -> Result<Outcome<'a>, Rejection> {
        let RoomSignal { room, from, mut to, payload, .. } = signal;
        let kind = payload.kind;
        let mut timers = Vec::new();
        if kind != SignalKind::Opaque {
            let negotiations = self.rooms.entry(room.clone()).or_default();
            if kind != SignalKind::Answer && negotiations.offers.has_unanswered(from) {
                return Err(Rejection::Glare);
            }
            timers = negotiations.on_signal(room, from, &mut to, &payload);
            for to in &to {
                negotiations.offers.record(from, to, kind);
            }
        }
        let notifications = to.iter().map(|it| signal_to(it, from, None, payload.clone())).collect();
        Ok(Outcome { reply: Reply::Sent, notifications, timers })
    }

    fn on_timer(&mut self, timer: &TimerKind, _: &Names) -> (Vec<Notification<'static>>, Option<Timer>) {
        let TimerKind::RoomOffer { room, peer, join } = timer else { return (Vec::new(), None) };
        let delivered = self.rooms.get_mut(room).map(|it| it.deliver_room_offer(peer, *join));
        (delivered.unwrap_or_default(), None)
    }

    fn kept_bytes(&self, peer: &PeerId, room: Option<&RoomId>, _: Option<&Name>) -> usize {
        room.and_then(|it| self.rooms.get(it)).map_or(0, |it| it.room_offer.kept_bytes(peer))
    }

    #[cfg(test)]
    fn assert_sound(&self, is_member: &dyn Fn(&RoomId, &PeerId) -> bool, _: &Names) {
        for (room, negotiations) in &self.rooms {
            let offers = negotiations.offers.peers();
            for peer in offers.chain(negotiations.joins.keys()) {
                assert!(is_member(room, peer), "{room} remembers {peer}, who is gone");
            }
            negotiations.room_offer.assert_sound(|it| is_member(room, it));
        }
    }
}

impl Negotiations {
    fn forget(&mut self, peer: &PeerId) {
        self.offers.forget(peer);
        self.joins.remove(peer);
        self.room_offer.forget(peer);
    }
}
