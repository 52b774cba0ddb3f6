//! Stars that the server hosts itself.
//!
//! **Invariant:** the host of each of them is the service that is there now, or nobody; it is a member of none.
use super::{Notification, PeerId, Rejection, Room, RoomId, RoomSettings, Rooms, Topology, step::host_changed};

/// Who hosts stars here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosting {
    /// The service, as a peer.
    pub service: PeerId,
    /// Stars that somebody is in.
    pub rooms_max: usize,
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

    /// How many stars the server hosts at the moment.
    pub fn n_served(&self) -> usize {
        self.n_served
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

    /// Who is to host one more star of this shape; nobody where one of its members does.
    ///
    /// # Errors
    /// Nobody can.
    pub(super) fn service_for(&self, topology: Topology) -> Result<Option<PeerId>, Rejection> {
        if topology != Topology::HostedStar {
            return Ok(None);
        }
        let hosting = self.hosting.as_ref().filter(|it| self.n_served < it.rooms_max);
        hosting.map(|it| Some(it.service.clone())).ok_or(Rejection::NotHosted)
    }
}
