//! Rooms that are made by coming in: found by a name that someone chose, and left for the next one where that is custom.
//!
//! **Invariant:** who is refused stays where it is. Leaving one room and coming into another are two steps, each about one.
use std::{iter, sync::Arc};

use super::{
    Outcome, Password, PeerId, Refusal, Reply, RoomId, RoomSpec, Rooms, Topology, newcomer, room::Room, take_seat,
};

impl Rooms {
    pub(super) fn enter(
        &mut self,
        peer: &PeerId,
        room: Option<RoomId>,
        peers_max: usize,
        fresh: impl FnOnce() -> RoomId,
    ) -> Result<Outcome<'static>, Refusal> {
        let seats = &self.peers.get(peer).ok_or(Refusal::NoId)?.seats;
        let id = room.unwrap_or_else(fresh);
        let open = || Password(String::new());
        if let Some(room) = self.rooms.get(&id) {
            room.admit(peer, Some(&open()))?;
        }
        let earlier: Vec<_> = if self.customs.one_room { seats.values().cloned().collect() } else { Vec::new() };
        self.limits.check_rooms(seats.len() - earlier.len())?;
        // From here on nothing is refused.
        let mut notices: Vec<_> = earlier.iter().filter_map(|it| self.leave(peer, it)).flatten().collect();
        let seats = &mut self.peers.entry(peer.clone()).or_default().seats;
        let member = take_seat(&mut self.n_seats_taken, seats, peer, &id);
        let Some(room) = self.rooms.get_mut(&id) else {
            let spec = RoomSpec { name: String::new(), password: open(), peers_max };
            self.rooms.insert(id.clone(), Room::open(self.limits.applied_to(spec), Topology::Mesh, member));
            return Ok(Outcome::new(Reply::Entered { room: id, others: Vec::new(), is_new: true }, notices));
        };
        let (told, others): (_, Vec<_>) = (room.introduce_to(), room.peers().cloned().collect());
        room.add(member);
        let alarms = room.on_coming(&id, peer).into_iter().collect();
        let mut present = Arc::default();
        if self.customs.introduces_both {
            present = room.peers().cloned().collect();
        }
        notices.extend(told.into_iter().map(|to| newcomer(to, &id, peer, &present)));
        if self.customs.introduces_both {
            notices
                .extend(others.iter().zip(iter::repeat(peer)).map(|(it, to)| newcomer(to.clone(), &id, it, &present)));
        }
        Ok(Outcome { alarms, ..Outcome::new(Reply::Entered { room: id, others, is_new: false }, notices) })
    }

    pub(super) fn members(&self, peer: &PeerId) -> Result<Outcome<'static>, Refusal> {
        let room = self.room_of(peer)?;
        Ok(Outcome::reply(Reply::Members { others: room.others(peer).cloned().collect() }))
    }

    /// The room that `peer` came to last.
    pub(super) fn room_of(&self, peer: &PeerId) -> Result<&Room, Refusal> {
        let (_, id) = self.peers.get(peer).and_then(|it| it.seats.last_key_value()).ok_or(Refusal::NotAMember)?;
        self.rooms.get(id).ok_or(Refusal::NoSuchRoom)
    }
}
