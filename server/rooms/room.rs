//! One room: its settings, its capacity, its host and its members. A plain value that can be stored.
//!
//! **Invariant:** a star without its host does not exist; `without` says when a room is over.
use std::fmt;

use subtle::ConstantTimeEq;

use super::{PeerId, Rejection, Topology};

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
    /// How its members connect to each other.
    pub topology: Topology,
    /// The host of a star; a mesh has none.
    pub host: Option<PeerId>,
}

/// A room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    settings: RoomSettings,
    topology: Topology,
    creator: PeerId,
    /// In the order in which they came.
    members: Vec<PeerId>,
}

/// What became of a room when somebody left it.
pub(super) struct Departure {
    /// Whom to notify.
    pub(super) notified: Vec<PeerId>,
    /// Who is no longer a member: everybody where the room is over.
    pub(super) removed: Vec<PeerId>,
    /// Nobody is left, or the host of a star is gone.
    pub(super) is_over: bool,
}

impl Room {
    pub(super) fn open(settings: RoomSettings, topology: Topology, creator: PeerId) -> Self {
        Room { settings, topology, creator: creator.clone(), members: vec![creator] }
    }

    /// May `peer` join? `password` is `None` where none was given, which is not the empty one.
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

    /// Whom to notify of a newcomer.
    pub(super) fn peers_to_notify(&self) -> Vec<PeerId> {
        match self.topology {
            Topology::Mesh => self.members.clone(),
            Topology::Star => vec![self.creator.clone()],
        }
    }

    pub(super) fn add(&mut self, peer: PeerId) {
        self.members.push(peer);
    }

    /// Removes `gone`. `None`: it was not a member.
    pub(super) fn without(&mut self, gone: &PeerId) -> Option<Departure> {
        let at = self.members.iter().position(|it| it == gone)?;
        let host_leaves = self.host() == Some(gone);
        // When a star's host leaves, the host itself hears it too: its client takes that as the end of the room.
        let everyone = self.members.clone();
        let mut removed = vec![self.members.remove(at)];
        let notified = match self.topology {
            Topology::Star if host_leaves => everyone,
            Topology::Star => vec![self.creator.clone()],
            Topology::Mesh => self.members.clone(),
        };
        let is_over = host_leaves || self.members.is_empty();
        if is_over {
            removed.append(&mut self.members);
        }
        Some(Departure { notified, removed, is_over })
    }

    pub(super) fn change(&mut self, by: &PeerId, settings: Option<RoomSettings>) -> Result<(), Rejection> {
        if self.host() != Some(by) {
            return Err(Rejection::NotTheHost);
        }
        self.settings = settings.ok_or(Rejection::BadSettings)?;
        Ok(())
    }

    /// The member with this id, if `from` is another member.
    pub(super) fn receiver(&self, from: &PeerId, id: &str) -> Option<&PeerId> {
        let to = self.members.iter().find(|it| it.as_str() == id)?;
        (to != from && self.has(from)).then_some(to)
    }

    /// Everyone but this peer.
    pub(super) fn others<'a>(&'a self, than: &'a PeerId) -> impl Iterator<Item = &'a PeerId> {
        self.members.iter().filter(move |it| *it != than)
    }

    /// Everyone but the host of a star.
    pub(super) fn guests(&self) -> impl Iterator<Item = &PeerId> {
        self.members.iter().filter(|it| self.host() != Some(it))
    }

    pub(super) fn is_full(&self) -> bool {
        self.settings.peers_max <= self.members.len()
    }

    /// Is this peer a member?
    pub fn has(&self, peer: &PeerId) -> bool {
        self.members.contains(peer)
    }

    /// Its members, in the order in which they came.
    pub fn members(&self) -> &[PeerId] {
        &self.members
    }

    /// What its members may know of it.
    pub fn summary(&self) -> RoomSummary {
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
