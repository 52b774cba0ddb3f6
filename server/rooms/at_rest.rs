//! Rooms that nobody is in: those that wait for somebody to come, and those that are kept while no process runs.
use super::{Notification, PeerId, Room, RoomId, Rooms, Served, Timer, TimerKind, Topology, registry::Peer};

/// A peer that can come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPeer {
    /// Its id.
    pub peer: PeerId,
    /// As in [`Request::Hello`](super::Request::Hello).
    pub alerts: bool,
}

impl Rooms {
    /// A room as it is now.
    pub fn room(&self, id: &RoomId) -> Option<&Room> {
        self.rooms.get(id)
    }

    /// A peer as it is now.
    pub fn peer(&self, peer: &PeerId) -> Option<KnownPeer> {
        let Peer { alerts, .. } = self.peers.get(peer)?;
        Some(KnownPeer { peer: peer.clone(), alerts: *alerts })
    }

    /// Has any room changed since [`Rooms::take_changed`]?
    pub fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// The rooms that may have changed since the last time.
    pub fn take_changed(&mut self) -> Vec<RoomId> {
        self.changed.drain().collect()
    }

    /// Forgets the room that has been without members for longest. `None`: there is none.
    pub fn forget_lingering(&mut self) -> Option<RoomId> {
        let (_, room) = self.lingering.pop_first()?;
        self.end_lingering(room.clone());
        Some(room)
    }

    fn remove_room(&mut self, room: &RoomId) {
        if let Some(removed) = self.rooms.remove(room) {
            self.n_stars -= usize::from(removed.is_star());
            self.owner_bytes -= removed.owner_bytes();
        }
    }

    pub(super) fn end_lingering(&mut self, room: RoomId) {
        self.remove_room(&room);
        if self.rules.policy.is_kept {
            self.changed.insert(room);
        }
    }

    /// Nobody is in this room: it is kept for a while.
    pub(super) fn linger(&mut self, id: &RoomId) -> Option<Timer> {
        let room = self.rooms.get_mut(id)?;
        if !room.has_key || !self.rules.policy.lingers() {
            self.remove_room(id);
            return None;
        }
        self.n_lingered += 1;
        room.lingers = Some(self.n_lingered);
        self.lingering.insert(self.n_lingered, id.clone());
        let kind = TimerKind::Linger { room: id.clone(), number: self.n_lingered };
        Some(Timer { after: self.rules.policy.linger, kind })
    }

    /// Takes in rooms and those of their members that can come back; the others have left. What the rules have it lead to is
    /// returned, as from [`Rooms::forget`].
    pub fn take_in(
        &mut self,
        rooms: Vec<(RoomId, Room)>,
        peers: Vec<KnownPeer>,
    ) -> (Vec<Notification<'static>>, Vec<Timer>) {
        let mut lost = Vec::new();
        for KnownPeer { peer, alerts } in peers {
            self.peers.insert(peer, Peer { alerts, ..Peer::default() });
        }
        let service = self.hosting.as_ref().map(|it| it.service.clone());
        for (id, mut room) in rooms {
            if room.topology == Topology::HostedStar {
                room.host.clone_from(&service);
            }
            for member in room.members() {
                let known = self.peers.entry(member.clone()).or_insert_with(|| {
                    lost.push(member.clone());
                    Peer::default()
                });
                known.rooms.push(id.clone());
            }
            self.n_stars += usize::from(room.is_star());
            self.served.replace(Served::default(), Served::of(Some(&room)));
            self.owner_bytes += room.owner_bytes();
            self.rooms.insert(id, room);
        }
        let (mut notifications, mut timers) = (Vec::new(), Vec::new());
        for peer in lost {
            let (told, started) = self.forget(&peer);
            notifications.extend(told);
            timers.extend(started);
        }
        let empty: Vec<_> = self.rooms.iter().filter(|it| it.1.members().is_empty()).map(|it| it.0.clone()).collect();
        for id in empty {
            if self.rooms.get(&id).is_some_and(|it| it.lingers.is_none()) {
                timers.extend(self.linger(&id));
            }
        }
        (notifications, timers)
    }
}
