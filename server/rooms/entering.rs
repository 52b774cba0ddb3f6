//! Rooms that are made by coming in: found by a name that someone chose, and left for the next one where that is custom.
//!
//! **Invariant:** who is refused stays where it is. Leaving one room and coming into another are two steps, each about one.
use std::{iter, sync::Arc};

use super::{
    Outcome, Password, PeerId, Rejection, Reply, RoomId, RoomSettings, Rooms, Topology, newcomer, next_membership,
    room::Room,
};

impl Rooms {
    pub(super) fn enter(
        &mut self,
        peer: &PeerId,
        room: Option<RoomId>,
        peers_max: usize,
        fresh: impl FnOnce() -> RoomId,
    ) -> Result<Outcome<'static>, Rejection> {
        let memberships = &self.peers.get(peer).ok_or(Rejection::NoId)?.memberships;
        let id = room.unwrap_or_else(fresh);
        let open = || Password(String::new());
        if let Some(room) = self.rooms.get(&id) {
            room.admit(peer, Some(&open()))?;
        }
        let earlier: Vec<_> =
            if self.policy.single_room { memberships.values().cloned().collect() } else { Vec::new() };
        self.limits.check_rooms(memberships.len() - earlier.len())?;
        // From here on nothing is refused.
        let mut notifications: Vec<_> = earlier.iter().filter_map(|it| self.leave(peer, it)).flatten().collect();
        let memberships = &mut self.peers.entry(peer.clone()).or_default().memberships;
        let member = next_membership(&mut self.n_memberships, memberships, peer, &id);
        let Some(room) = self.rooms.get_mut(&id) else {
            let settings = RoomSettings { name: String::new(), password: open(), peers_max };
            self.rooms.insert(id.clone(), Room::open(self.limits.applied_to(settings), Topology::Mesh, member));
            return Ok(Outcome::new(Reply::Entered { room: id, others: Vec::new(), is_new: true }, notifications));
        };
        let (notified, others): (_, Vec<_>) = (room.peers_to_notify(), room.peers().cloned().collect());
        room.add(member);
        let timers = room.on_join(&id, peer).into_iter().collect();
        let mut present = Arc::default();
        if self.policy.announce_both_ways {
            present = room.peers().cloned().collect();
        }
        notifications.extend(notified.into_iter().map(|to| newcomer(to, &id, peer, &present)));
        if self.policy.announce_both_ways {
            notifications
                .extend(others.iter().zip(iter::repeat(peer)).map(|(it, to)| newcomer(to.clone(), &id, it, &present)));
        }
        Ok(Outcome { timers, ..Outcome::new(Reply::Entered { room: id, others, is_new: false }, notifications) })
    }

    pub(super) fn members(&self, peer: &PeerId) -> Result<Outcome<'static>, Rejection> {
        let room = self.room_of(peer)?;
        Ok(Outcome::reply(Reply::Members { others: room.others(peer).cloned().collect() }))
    }

    /// The room that `peer` came to last.
    pub(super) fn room_of(&self, peer: &PeerId) -> Result<&Room, Rejection> {
        let (_, id) =
            self.peers.get(peer).and_then(|it| it.memberships.last_key_value()).ok_or(Rejection::NotAMember)?;
        self.rooms.get(id).ok_or(Rejection::NoSuchRoom)
    }
}
