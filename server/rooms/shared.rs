//! Rooms that several processes share. What is asked for is planned on a copy of one room; it is in force when whoever keeps the
//! room has taken it, and until then nothing here has changed.
//!
//! **Invariant:** a plan depends on the room, on the asker and on the rules alone, so that it can be made again for a newer
//! version of the room.
use super::{
    Event, Knock, NoCompat, Notification, Outcome, PeerId, Rejection, Reply, Request, Room, RoomCommand, RoomId, Rooms,
    Served, registry::Peer,
};

/// Something that changes one room.
#[derive(Clone, Debug)]
pub enum Change {
    /// A peer asks for it.
    Request {
        /// Who.
        from: PeerId,
        /// For what.
        request: Box<Request<'static>>,
    },
    /// A peer's session is over: it leaves the room, or its door.
    Leave {
        /// Who.
        peer: PeerId,
    },
    /// A host's page is being closed.
    YieldHost {
        /// Who.
        peer: PeerId,
    },
    /// The operator closes the room.
    Close,
}

/// What a change leads to.
#[derive(Debug)]
pub struct Plan {
    /// For the asker, and for others. Timers are left out: whoever shares rooms has them end by other means.
    pub answer: Result<Outcome<'static>, Rejection>,
    /// The room afterwards. `None`: there is none.
    pub room: Option<Room>,
}

impl Request<'_> {
    /// One that can be kept for a while. `None`: it is a signal, which changes no room.
    pub fn kept(self) -> Option<Request<'static>> {
        Some(match self {
            Request::Signal { .. } => return None,
            Request::Hello { alerts } => Request::Hello { alerts },
            Request::Create { settings, key, can_host, host_secret, founder, aware, access } => {
                Request::Create { settings, key, can_host, host_secret, founder, aware, access }
            }
            Request::Join { room, password, restore, can_host, aware, word, name, access } => {
                Request::Join { room, password, restore, can_host, aware, word, name, access }
            }
            Request::Act { word } => Request::Act { word },
            Request::TakeHost { room, host_secret } => Request::TakeHost { room, host_secret },
            Request::Enter { room } => Request::Enter { room },
            Request::Members => Request::Members,
            Request::Claim { name } => Request::Claim { name },
            Request::Update { room, settings } => Request::Update { room, settings },
            Request::Leave { room } => Request::Leave { room },
        })
    }
}

impl Rooms {
    /// The room that a request would change. `None`: it changes none. `fresh` makes the id of a room that nobody named.
    pub fn room_changed_by(&self, request: &Request<'_>, fresh: impl FnOnce() -> RoomId) -> Option<RoomId> {
        match request {
            Request::Create { settings: Some(_), key, founder, access, .. } => {
                Some(self.chosen_id(key.as_ref(), *founder, access).0.unwrap_or_else(fresh))
            }
            Request::Join { room, .. }
            | Request::TakeHost { room, .. }
            | Request::Update { room, .. }
            | Request::Leave { room } => Some(room.clone()),
            Request::Act { word } => word.as_ref().map(|it| it.room.clone()),
            Request::Enter { room } => Some(room.clone().unwrap_or_else(fresh)),
            Request::Create { settings: None, .. }
            | Request::Hello { .. }
            | Request::Members
            | Request::Claim { .. }
            | Request::Signal { .. } => None,
        }
    }

    /// What a change of the room `id` leads to, where that room is `room`.
    pub fn plan(&self, id: &RoomId, room: Option<Room>, change: Change) -> Plan {
        let asker = match &change {
            Change::Request { from: peer, .. } | Change::Leave { peer } | Change::YieldHost { peer } => {
                Some(peer.clone())
            }
            Change::Close => None,
        };
        let mut copy = self.copy_for(id, room, asker.as_ref());
        let told = |notifications| Ok(Outcome::new(Reply::Left, notifications));
        let answer = match change {
            Change::Request { from, request } => copy.apply(&from, 0, *request, || id.clone()),
            Change::Leave { peer } => {
                let left = copy.step(id, &peer, RoomCommand::Leave).map(|it| it.notifications).unwrap_or_default();
                let withdrawn = if copy.knocks_at(&peer, id) {
                    copy.step(id, &peer, RoomCommand::Withdraw).map(|it| it.notifications).unwrap_or_default()
                } else {
                    Vec::new()
                };
                told(left.into_iter().chain(withdrawn).collect())
            }
            Change::YieldHost { peer } => {
                copy.step(id, &peer, RoomCommand::YieldHost).map(|it| Outcome::new(Reply::Left, it.notifications))
            }
            Change::Close => copy.close(id).ok_or(Rejection::NoSuchRoom).and_then(|it| told(it.notifications)),
        };
        let mut room = copy.rooms.remove(id);
        if let Some(room) = &mut room {
            room.lingers = None;
        }
        Plan { answer, room }
    }

    /// Puts the room in the place of the one that was there. Only rooms that somebody here is in, or waits for, are to be put;
    /// the others are taken away with `None`.
    pub fn put(&mut self, id: &RoomId, room: Option<Room>) {
        let before = self.rooms.remove(id);
        self.n_stars = self.n_stars + usize::from(room.as_ref().is_some_and(Room::is_star))
            - usize::from(before.as_ref().is_some_and(Room::is_star));
        self.served.replace(Served::of(before.as_ref()), Served::of(room.as_ref()));
        self.owner_bytes = self.owner_bytes + room.as_ref().map_or(0, Room::owner_bytes)
            - before.as_ref().map_or(0, Room::owner_bytes);
        let members_before = before.as_ref().map(|it| it.members.clone()).unwrap_or_default();
        let members = room.as_ref().map(|it| it.members.clone()).unwrap_or_default();
        let (at_door_before, at_door) = (waiting_at(before.as_ref()), waiting_at(room.as_ref()));
        if let Some(room) = room {
            self.rooms.insert(id.clone(), room);
        }
        for peer in members_before.iter().filter(|it| !members.contains(it)) {
            if let Some(known) = self.peers.get_mut(peer) {
                known.rooms.retain(|it| it != id);
            }
            self.moved.push(peer.clone());
        }
        for peer in members.iter().filter(|it| !members_before.contains(it)) {
            self.peers.entry(peer.clone()).or_default().rooms.push(id.clone());
            self.moved.push(peer.clone());
        }
        for peer in at_door_before.iter().filter(|it| !at_door.contains(it)) {
            if let Some(known) = self.peers.get_mut(peer) {
                known.knocks.retain(|it| it != id);
            }
        }
        for peer in at_door.iter().filter(|it| !at_door_before.contains(it)) {
            self.peers.entry(peer.clone()).or_default().knocks.push(id.clone());
        }
    }

    /// Forgets a peer that is in no room and at no door any more. `true`: it is forgotten.
    pub fn forget_idle(&mut self, peer: &PeerId) -> bool {
        let is_idle = self.peers.get(peer).is_some_and(|it| it.rooms.is_empty() && it.knocks.is_empty());
        if is_idle {
            self.peers.remove(peer);
        }
        is_idle
    }

    /// A peer that may have come here from another process.
    pub fn know(&mut self, peer: &PeerId, alerts: bool) {
        self.peers.entry(peer.clone()).or_default().alerts = alerts;
    }

    /// The rooms that this peer is in, and those at whose doors it waits.
    pub fn whereabouts(&self, peer: &PeerId) -> Vec<RoomId> {
        self.peers.get(peer).map(|it| it.rooms.iter().chain(&it.knocks).cloned().collect()).unwrap_or_default()
    }

    /// The rooms that this peer is in, in the order in which it came into them.
    pub fn rooms_of(&self, peer: &PeerId) -> &[RoomId] {
        self.peers.get(peer).map(|it| &*it.rooms).unwrap_or_default()
    }

    /// The stars that this peer is the host of, where hosts change.
    pub fn hosted_by(&self, peer: &PeerId) -> Vec<RoomId> {
        let is_host = |it: &&RoomId| self.rooms.get(*it).is_some_and(|it| it.host.as_ref() == Some(peer));
        let rooms = self.peers.get(peer).filter(|_| self.rules.policy.hand_over).map(|it| &*it.rooms);
        rooms.unwrap_or_default().iter().filter(is_host).cloned().collect()
    }

    /// What members hear who have missed how one version of a room became another. Whoever was removed hears that all the others
    /// have left.
    pub fn told_of_difference(id: &RoomId, before: &Room, after: Option<&Room>) -> Vec<Notification<'static>> {
        let Some(after) = after else {
            return before.members.iter().flat_map(|it| super::acts::parted(before, id, it)).collect();
        };
        let stayed: Vec<_> = after.members.iter().filter(|it| before.has(it)).collect();
        let hears = |to: &PeerId| !after.is_star() || after.host.as_ref() == Some(to);
        let removed = before.members.iter().filter(|it| !after.has(it));
        let mut told: Vec<_> = removed.flat_map(|it| super::acts::parted(before, id, it)).collect();
        for to in stayed {
            let event = |event| Notification { to: to.clone(), event };
            if after.host != before.host {
                let members = after.members.as_slice().into();
                told.push(event(Event::HostChanged { room: id.clone(), host: after.host.clone(), members }));
            }
            if !hears(to) {
                continue;
            }
            for peer in before.members.iter().filter(|it| !after.has(it)) {
                told.push(event(Event::PeerLeft { room: id.clone(), peer: peer.clone() }));
            }
            for peer in after.members.iter().filter(|it| !before.has(it)) {
                let present = [].into();
                told.push(event(Event::PeerJoined { room: id.clone(), peer: peer.clone(), present }));
            }
        }
        told
    }

    /// These rules, this room, and everybody whom a change of it may be about.
    fn copy_for(&self, id: &RoomId, room: Option<Room>, asker: Option<&PeerId>) -> Rooms {
        let mut copy = Rooms::new(self.rules, Box::new(NoCompat));
        copy.rules.policy.is_kept = false;
        copy.now_ms = self.now_ms;
        if let Some(asker) = asker {
            let known = self.peers.get(asker);
            let elsewhere = |rooms: &[RoomId]| rooms.iter().filter(|it| *it != id).cloned().collect();
            // What the rules ask of other rooms is how many there are.
            let peer = known.map(|it| Peer { rooms: elsewhere(&it.rooms), knocks: Vec::new(), alerts: it.alerts });
            copy.peers.extend(peer.map(|it| (asker.clone(), it)));
        }
        let Some(mut room) = room else { return copy };
        room.lingers = None;
        for member in &room.members {
            let alerts = self.peers.get(member).is_some_and(|it| it.alerts);
            copy.peers.entry(member.clone()).or_insert(Peer { alerts, ..Peer::default() }).rooms.push(id.clone());
        }
        for peer in waiting_at(Some(&room)) {
            copy.peers.entry(peer).or_default().knocks.push(id.clone());
        }
        copy.n_stars = usize::from(room.is_star());
        copy.served = Served::of(Some(&room));
        copy.owner_bytes = room.owner_bytes();
        let is_empty = room.members.is_empty();
        copy.rooms.insert(id.clone(), room);
        if is_empty {
            copy.linger(id);
        }
        copy
    }
}

fn waiting_at(room: Option<&Room>) -> Vec<PeerId> {
    let moderation = room.and_then(|it| it.moderation.as_ref());
    moderation.iter().flat_map(|it| &it.knocking).map(|Knock { peer, .. }| peer.clone()).collect()
}
