//! Seats: in which rooms a peer has one, and which of a full room somebody else could have.
use super::{Ownership, PeerId, Rejection, Request, Room, RoomId, RoomSettings, RoomSummary, Rooms, Topology};

/// A room as one of its members knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The room.
    pub room: RoomId,
    /// As in force now: they may have changed while the member was away.
    pub settings: RoomSettings,
    /// How its members connect to each other.
    pub topology: Topology,
    /// The host of a star.
    pub host: Option<PeerId>,
    /// Everyone in it, in the order in which they came.
    pub members: Vec<PeerId>,
    /// As in [`RoomSummary`].
    pub ownership: Option<Ownership>,
}

impl Rooms {
    /// Is this peer in any room?
    pub fn is_in_a_room(&self, peer: &PeerId) -> bool {
        self.peers.get(peer).is_some_and(|it| !it.rooms.is_empty())
    }

    /// Are these two in a common room?
    pub fn share_a_room(&self, one: &PeerId, other: &PeerId) -> bool {
        let rooms = |peer| self.peers.get(peer).map(|it| &*it.rooms).unwrap_or_default();
        let has =
            |rooms: &[RoomId], other| rooms.iter().any(|it| self.rooms.get(it).is_some_and(|it| it.reaches(other)));
        // A service is in no list of members.
        has(rooms(one), other) || has(rooms(other), one)
    }

    /// The rooms that this peer is in, in the order in which it joined them.
    pub fn memberships(&self, peer: &PeerId) -> Vec<Membership> {
        let rooms = self.peers.get(peer).map(|it| &*it.rooms).unwrap_or_default();
        let membership = |id: &RoomId| {
            let room = self.rooms.get(id)?;
            let RoomSummary { settings, topology, host, ownership, .. } = room.summary(peer);
            let members = room.members().to_vec();
            Some(Membership { room: id.clone(), settings, topology, host, members, ownership })
        };
        rooms.iter().filter_map(membership).collect()
    }

    /// The members of a full room whose seats this request could have, where nothing else keeps it from being granted. A
    /// star's host has none to give: the room would end.
    pub fn seats_taken(&self, from: &PeerId, request: &Request<'_>) -> Vec<PeerId> {
        let Request::Join { room, password, can_host, word, access, .. } = request else { return Vec::new() };
        let n_rooms = self.peers.get(from).map(|it| it.rooms.len());
        let may_join = n_rooms.is_some_and(|it| self.rules.limits.check_rooms(it).is_ok());
        let full = self.rooms.get(room).filter(|_| may_join);
        let word = word.as_deref().filter(|it| it.room == *room);
        let full = full.filter(|it| access.to_join(self.rules.policy.join, room, it.invited_only).is_ok());
        let is_asked = |it: &&Room| it.admit(from, password.as_ref(), *can_host, it.is_owner(word));
        let full = full.filter(|it| is_asked(it) == Err(Rejection::RoomFull));
        full.map(|it| it.guests().cloned().collect()).unwrap_or_default()
    }
}
