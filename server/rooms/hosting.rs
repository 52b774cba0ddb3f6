//! Stars that the server hosts itself.
//!
//! **Invariant:** the host of each of them is the service that is there now, or nobody; it is a member of none.
use super::{Event, Notification, PeerId, Rejection, Room, RoomId, RoomSettings, Rooms, Topology, step::host_changed};

/// Who hosts stars here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosting {
    /// The service, as a peer.
    pub service: PeerId,
    /// Stars that somebody is in.
    pub rooms_max: usize,
    /// People in all of them.
    pub people_max: usize,
}

/// How much of it there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Stars that somebody is in.
    pub n_rooms: usize,
    /// Their members.
    pub n_people: usize,
}

impl Served {
    pub(super) fn of(room: Option<&Room>) -> Self {
        let room = room.filter(|it| it.is_served());
        room.map_or(Served::default(), |it| Served { n_rooms: 1, n_people: it.members.len() })
    }

    /// One room has become another.
    pub(super) fn replace(&mut self, before: Served, after: Served) {
        self.n_rooms = self.n_rooms + after.n_rooms - before.n_rooms;
        self.n_people = self.n_people + after.n_people - before.n_people;
    }
}

/// A hosted star as its host has to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostedRoom {
    /// As in force.
    pub settings: RoomSettings,
    /// In the order in which they came.
    pub members: Vec<PeerId>,
}

impl Rooms {
    /// Another service hosts stars from now on, or none. Everybody in them is told.
    pub fn set_hosting(&mut self, hosting: Option<Hosting>) -> Vec<Notification<'static>> {
        let service = hosting.as_ref().map(|it| it.service.clone());
        self.hosting = hosting;
        let mut told = Vec::new();
        for (id, room) in &mut self.rooms {
            if room.topology == Topology::HostedStar && room.host != service {
                room.host = service.clone();
                told.extend(host_changed(room.members.clone(), id, room));
                if self.rules.policy.is_kept {
                    self.changed.insert(id.clone());
                }
            }
        }
        told
    }

    /// Is it this service that hosts stars here?
    pub fn is_hosted_by(&self, service: &PeerId) -> bool {
        self.hosting.as_ref().is_some_and(|it| it.service == *service)
    }

    /// Does anybody host stars here?
    pub fn has_service(&self) -> bool {
        self.hosting.is_some()
    }

    /// How much the server hosts at the moment.
    pub fn served(&self) -> Served {
        self.served
    }

    /// What services hear when a member of stars that they host has come back, and has missed something.
    pub fn told_of_return(&self, peer: &PeerId) -> Vec<Notification<'static>> {
        let rooms = self.peers.get(peer).map(|it| &*it.rooms).unwrap_or_default();
        let told = |id: &RoomId| {
            let to = self.rooms.get(id)?.service()?.clone();
            Some(Notification { to, event: Event::PeerReturned { room: id.clone(), peer: peer.clone() } })
        };
        rooms.iter().filter_map(told).collect()
    }

    /// A star that this service hosts, and that somebody is in.
    pub fn hosted_room(&self, service: &PeerId, id: &RoomId) -> Option<HostedRoom> {
        let room = self.rooms.get(id).filter(|it| it.is_served() && it.service() == Some(service))?;
        Some(HostedRoom { settings: room.settings.clone(), members: room.members.clone() })
    }

    /// Those of them that there are.
    pub fn hosted_rooms(&self, service: &PeerId) -> Vec<RoomId> {
        let is_hosted = |it: &Room| it.is_served() && it.service() == Some(service);
        self.rooms.iter().filter(|it| is_hosted(it.1)).map(|it| it.0.clone()).collect()
    }

    /// Who is to be the host of a room of this shape for one more member; nobody where one of its members is. `room`: as it is,
    /// where there is one.
    ///
    /// # Errors
    /// Nobody can.
    pub(super) fn service_for(&self, topology: Topology, room: Option<&Room>) -> Result<Option<PeerId>, Rejection> {
        if topology != Topology::HostedStar {
            return Ok(None);
        }
        let Served { n_rooms, n_people } = self.served;
        let is_one_more = !room.is_some_and(Room::is_served);
        let hosting = self.hosting.as_ref().filter(|it| n_people < it.people_max);
        let hosting = hosting.filter(|it| !is_one_more || n_rooms < it.rooms_max);
        hosting.map(|it| Some(it.service.clone())).ok_or(Rejection::NotHosted)
    }
}
