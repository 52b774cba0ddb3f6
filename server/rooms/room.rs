//! One room: its password, its capacity, its host, and who hears about whom.
//!
//! **Invariant:** a star without its host does not exist; `without` says when a room is over.
use std::fmt;

use subtle::ConstantTimeEq;

use super::{PeerId, Rejection, Topology, negotiations::Negotiations, room_offer::RoomOffer};

/// A room's password. Compared in constant time; never printed.
#[derive(Clone)]
pub struct Password(pub String);

/// What a room is made from, or changed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomSettings {
    /// For people to read; two rooms may share it.
    pub name: String,
    /// Empty is a password like any other.
    pub password: Password,
    /// How many may be in it, its creator included.
    pub peers_max: usize,
}

/// What a member may know of a room. The protocols decide whom they tell the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomSummary {
    /// As in force.
    pub settings: RoomSettings,
    /// How many are in it.
    pub n_peers: usize,
    /// Its shape.
    pub topology: Topology,
    /// The host of a star; a mesh has none.
    pub host: Option<PeerId>,
}

#[derive(Debug)]
pub(super) struct Room {
    settings: RoomSettings,
    topology: Topology,
    creator: PeerId,
    /// In the order in which they came.
    members: Vec<Member>,
    /// Empty where the policy ask for none of it.
    pub(super) negotiations: Negotiations,
    /// Nothing where it is not custom.
    pub(super) room_offer: RoomOffer,
}

/// Someone in a room, and the number under which that peer's own list has this room.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) peer: PeerId,
    pub(super) membership: u64,
}

/// What became of a room when someone left it.
pub(super) struct Departure {
    /// Who must hear of it.
    pub(super) notified: Vec<PeerId>,
    /// Whose memberships are free: those of all where the room is over.
    pub(super) removed: Vec<Member>,
    /// Nobody is left, or the host of a star is gone.
    pub(super) is_over: bool,
    /// Who is no other than the one that left, and has to leave with it.
    pub(super) alias: Option<PeerId>,
}

impl Room {
    pub(super) fn open(settings: RoomSettings, topology: Topology, creator: Member) -> Self {
        Room {
            settings,
            topology,
            creator: creator.peer.clone(),
            members: vec![creator],
            negotiations: Negotiations::default(),
            room_offer: RoomOffer::default(),
        }
    }

    /// May `peer` come in? `password` is `None` where none was given, which is not the empty one.
    pub(super) fn admit(&self, peer: &PeerId, password: Option<&Password>) -> Result<(), Rejection> {
        if self.has(peer) {
            return Err(Rejection::AlreadyThere);
        }
        if password != Some(&self.settings.password) {
            return Err(Rejection::WrongPassword);
        }
        if self.is_full() {
            return Err(Rejection::RoomFull);
        }
        Ok(())
    }

    /// Who must hear that someone new is at the door.
    pub(super) fn peers_to_notify(&self) -> Vec<PeerId> {
        match self.topology {
            Topology::Mesh => self.peers().cloned().collect(),
            Topology::Star => vec![self.creator.clone()],
        }
    }

    pub(super) fn add(&mut self, member: Member) {
        self.members.push(member);
    }

    /// Takes `gone` out. `None`: it was not in.
    pub(super) fn without(&mut self, gone: &PeerId) -> Option<Departure> {
        let at = self.members.iter().position(|it| it.peer == *gone)?;
        let host_leaves = self.host() == Some(gone);
        // When a star's host leaves, the host itself hears it too: its client takes that as the end of the room.
        let everyone = self.peers().cloned().collect();
        let mut removed = vec![self.members.remove(at)];
        let notified = match self.topology {
            Topology::Star if host_leaves => everyone,
            Topology::Star => vec![self.creator.clone()],
            Topology::Mesh => self.peers().cloned().collect(),
        };
        let is_over = host_leaves || self.members.is_empty();
        if is_over {
            removed.append(&mut self.members);
        }
        self.room_offer.forget(gone);
        Some(Departure { notified, removed, is_over, alias: self.negotiations.forget(gone) })
    }

    pub(super) fn change(&mut self, by: &PeerId, settings: Option<RoomSettings>) -> Result<(), Rejection> {
        if self.host() != Some(by) {
            return Err(Rejection::NotTheHost);
        }
        self.settings = settings.ok_or(Rejection::BadSettings)?;
        Ok(())
    }

    /// The member with this id.
    pub(super) fn member(&self, id: &str) -> Option<&PeerId> {
        self.peers().find(|it| it.as_str() == id)
    }

    /// The member with this membership.
    pub(super) fn at(&self, membership: u64) -> Option<&PeerId> {
        self.members.iter().find(|it| it.membership == membership).map(|it| &it.peer)
    }

    pub(super) fn membership(&self, peer: &PeerId) -> Option<u64> {
        self.members.iter().find(|it| it.peer == *peer).map(|it| it.membership)
    }

    /// The member who came just before this one.
    pub(super) fn before(&self, peer: &PeerId) -> Option<&PeerId> {
        let at = self.members.iter().position(|it| it.peer == *peer)?;
        self.members.get(at.checked_sub(1)?).map(|it| &it.peer)
    }

    pub(super) fn others<'a>(&'a self, than: &'a PeerId) -> impl Iterator<Item = &'a PeerId> {
        self.peers().filter(move |it| *it != than)
    }

    pub(super) fn is_full(&self) -> bool {
        self.settings.peers_max <= self.members.len()
    }

    pub(super) fn has(&self, peer: &PeerId) -> bool {
        self.peers().any(|it| it == peer)
    }

    pub(super) fn peers(&self) -> impl Iterator<Item = &PeerId> {
        self.members.iter().map(|it| &it.peer)
    }

    pub(super) fn summary(&self) -> RoomSummary {
        RoomSummary {
            settings: self.settings.clone(),
            n_peers: self.members.len(),
            topology: self.topology,
            host: self.host().cloned(),
        }
    }

    fn host(&self) -> Option<&PeerId> {
        match self.topology {
            Topology::Mesh => None,
            Topology::Star => Some(&self.creator),
        }
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Password {}

// A password must not reach a log by way of `{:?}`.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}
