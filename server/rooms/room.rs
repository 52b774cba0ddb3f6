//! One room: its settings, its capacity, its host and its members. A plain value that can be stored.
//!
//! **Invariants:** the host of a star is a member, and that of a hosted star is none. A star without a host has only members whose clients know that hosts
//! change; `without` says when a room is over.
use std::{fmt, mem, sync::Arc};

use subtle::ConstantTimeEq;

use super::{Act, HostSecret, Moderation, OwnersWord, Ownership, PeerId, Rejection, SignedAct, Topology};

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
    /// How many are in it; a service is nobody.
    pub n_peers: usize,
    /// How its members connect to each other.
    pub topology: Topology,
    /// The host of a star, if it has one; a mesh has none.
    pub host: Option<PeerId>,
    /// For clients that know of owners, where the room has one.
    pub ownership: Option<Ownership>,
}

/// A room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// What can be changed.
    pub settings: RoomSettings,
    /// What cannot.
    pub topology: Topology,
    /// Who made it.
    pub creator: PeerId,
    /// The host of a star.
    pub host: Option<PeerId>,
    /// In the order in which they came.
    pub members: Vec<PeerId>,
    /// Members whose clients know that hosts change, with how fit each is to be one, from 0 (not at all) to 100.
    pub fitness: Vec<(PeerId, u8)>,
    /// Its id follows from a key, so that it outlives its members for a while.
    pub has_key: bool,
    /// A token has named it: whoever joins needs one, because a name can be guessed.
    pub invited_only: bool,
    /// Who may take the host's place again.
    pub host_secret: Option<HostSecret>,
    /// Its owner, where it has one.
    pub moderation: Option<Box<Moderation>>,
    /// Nobody is in it: the number of the timer that ends it.
    pub lingers: Option<u64>,
    /// Whoever runs the server has closed it: nobody comes in.
    pub is_closed: bool,
}

/// What became of a room when somebody left it.
pub(super) struct Departure {
    /// Whom to notify that it left.
    pub(super) notified: Vec<PeerId>,
    /// Whom to notify of another host, or of none.
    pub(super) told_of_host: Vec<PeerId>,
    /// Who is no longer a member: everybody where the room is over.
    pub(super) removed: Vec<PeerId>,
    /// Nobody is left, or the host of a star is gone for good.
    pub(super) is_over: bool,
}

impl Room {
    pub(super) fn is_star(&self) -> bool {
        self.topology != Topology::Mesh
    }

    /// Is a service of the server busy with it?
    pub(super) fn is_served(&self) -> bool {
        self.topology == Topology::HostedStar && !self.members.is_empty()
    }

    /// The service that is its host.
    pub(super) fn service(&self) -> Option<&PeerId> {
        self.host.as_ref().filter(|_| self.topology == Topology::HostedStar)
    }

    pub(super) fn open(settings: RoomSettings, topology: Topology, creator: PeerId) -> Self {
        Room {
            settings,
            topology,
            creator: creator.clone(),
            host: (topology == Topology::Star).then(|| creator.clone()),
            members: vec![creator],
            fitness: Vec::new(),
            has_key: false,
            invited_only: false,
            host_secret: None,
            moderation: None,
            lingers: None,
            is_closed: false,
        }
    }

    /// May `peer` join? `password` is `None` where none was given, which is not the empty one. `can_host` is `None` for clients
    /// that do not know that hosts change: to them a star without a host has ended. `is_owner`: neither locked nor ended rooms are
    /// closed to the asker.
    pub(super) fn admit(
        &self,
        peer: &PeerId,
        password: Option<&Password>,
        can_host: Option<u8>,
        is_owner: bool,
    ) -> Result<(), Rejection> {
        if self.has(peer) {
            return Err(Rejection::AlreadyThere);
        }
        if self.is_closed {
            // Its owner's words are no way in, whatever their number.
            return Err(Rejection::RoomEnded { number: 0 });
        }
        if self.has_lost_host() && can_host.is_none() {
            return Err(Rejection::NoSuchRoom);
        }
        if self.topology == Topology::HostedStar && self.host.is_none() {
            return Err(Rejection::NotHosted);
        }
        if password != Some(&self.settings.password) {
            return Err(Rejection::WrongPassword);
        }
        if let Some(moderation) = self.moderation.as_ref().filter(|_| !is_owner) {
            moderation.admit(peer)?;
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
            Topology::Star | Topology::HostedStar => self.host.iter().cloned().collect(),
        }
    }

    /// Takes in whoever was admitted. Whom to notify of another host, if the newcomer is it: the first one in an empty star, or
    /// the first that can be one.
    pub(super) fn add(&mut self, peer: &PeerId, can_host: Option<u8>) -> Vec<PeerId> {
        let before = self.members.clone();
        let hosts = self.has_lost_host() && (before.is_empty() || can_host.is_some_and(|it| it > 0));
        self.members.push(peer.clone());
        self.fitness.extend(can_host.map(|it| (peer.clone(), it)));
        if hosts {
            self.host = Some(peer.clone());
            return before;
        }
        Vec::new()
    }

    /// Removes `gone`. `None`: it was not a member. `hand_over`: a star goes on without the host that leaves, with those whose
    /// clients know it.
    pub(super) fn without(&mut self, gone: &PeerId, hand_over: bool) -> Option<Departure> {
        let at = self.members.iter().position(|it| it == gone)?;
        // When a star's host leaves, the host itself hears it too: its client takes that as the end of the room.
        let everyone = self.members.clone();
        let mut removed = vec![self.members.remove(at)];
        self.fitness.retain(|it| it.0 != *gone);
        if self.host.as_ref() != Some(gone) {
            let notified = self.peers_to_notify();
            let is_over = self.members.is_empty();
            return Some(Departure { notified, told_of_host: Vec::new(), removed, is_over });
        }
        self.host = None;
        let goes_on = |it: &PeerId| hand_over && self.fitness.iter().any(|(peer, _)| peer == it);
        let (told_of_host, ended): (Vec<_>, Vec<_>) = everyone.iter().cloned().partition(goes_on);
        removed.extend(ended.iter().filter(|it| *it != gone).cloned());
        self.members = told_of_host.clone();
        let members = &self.members;
        self.fitness.retain(|it| members.contains(&it.0));
        self.host = self.fittest_of(self.members.iter());
        let is_over = self.members.is_empty();
        Some(Departure { notified: ended, told_of_host, removed, is_over })
    }

    /// Removes everybody. Who was a member.
    pub(super) fn remove_all(&mut self) -> Vec<PeerId> {
        self.fitness.clear();
        self.host.take_if(|_| self.topology == Topology::Star);
        mem::take(&mut self.members)
    }

    /// Makes `peer` the host of its star. Whom to notify.
    pub(super) fn take_host(
        &mut self,
        peer: &PeerId,
        host_secret: Option<HostSecret>,
    ) -> Result<Vec<PeerId>, Rejection> {
        if !self.has(peer) {
            return Err(Rejection::NotAMember);
        }
        let is_owner = self.creator == *peer || (host_secret.is_some() && host_secret == self.host_secret);
        let is_free = self.has_lost_host();
        if !(is_owner || is_free) {
            return Err(Rejection::NotTheHost);
        }
        self.make_host(peer)
    }

    /// Makes a member the host of its star, if everybody there knows that hosts change. Whom to notify.
    pub(super) fn make_host(&mut self, peer: &PeerId) -> Result<Vec<PeerId>, Rejection> {
        if self.topology != Topology::Star || !self.all_know_that_hosts_change() {
            return Err(Rejection::NotTheHost);
        }
        self.host = Some(peer.clone());
        Ok(self.members.clone())
    }

    /// Hands a star over while its host is still a member, if a guest can be host. Whom to notify.
    pub(super) fn yield_host(&mut self, peer: &PeerId) -> Result<Vec<PeerId>, Rejection> {
        if self.host.as_ref() != Some(peer) {
            return Err(Rejection::NotTheHost);
        }
        let next = self.fittest_of(self.guests()).filter(|_| self.all_know_that_hosts_change());
        self.host = Some(next.ok_or(Rejection::NotTheHost)?);
        Ok(self.members.clone())
    }

    pub(super) fn change(&mut self, by: &PeerId, settings: Option<RoomSettings>) -> Result<(), Rejection> {
        // What belongs to an owner is not the host's to change.
        if self.host.as_ref() != Some(by) || self.moderation.is_some() {
            return Err(Rejection::NotTheHost);
        }
        self.settings = settings.ok_or(Rejection::BadSettings)?;
        Ok(())
    }

    /// The member or service with this id, if `from` is another one.
    pub(super) fn receiver(&self, from: &PeerId, id: &str) -> Option<&PeerId> {
        let to = self.members.iter().chain(self.service()).find(|it| it.as_str() == id)?;
        (to != from && self.reaches(from)).then_some(to)
    }

    /// May this peer say something to members?
    pub(super) fn reaches(&self, peer: &PeerId) -> bool {
        self.has(peer) || self.service() == Some(peer)
    }

    /// Everyone but this peer.
    pub(super) fn others<'a>(&'a self, than: &'a PeerId) -> impl Iterator<Item = &'a PeerId> {
        self.members.iter().filter(move |it| *it != than)
    }

    /// Everyone but the host of a star.
    pub(super) fn guests(&self) -> impl DoubleEndedIterator<Item = &PeerId> {
        self.members.iter().filter(|it| self.host.as_ref() != Some(it))
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

    /// What its members may know of it; of its owner, `peer` only if its client knows of owners.
    pub fn summary(&self, peer: &PeerId) -> RoomSummary {
        let moderation = self.moderation.as_ref().filter(|it| it.aware.contains(peer));
        RoomSummary {
            settings: self.settings.clone(),
            n_peers: self.members.len(),
            topology: self.topology,
            host: self.host.clone(),
            ownership: moderation.map(|it| it.ownership()),
        }
    }

    /// Bytes that are kept because of what its owner has said.
    pub(super) fn owner_bytes(&self) -> usize {
        self.moderation.as_ref().map_or(0, |it| it.n_bytes())
    }

    /// Is this a new word of the owner, about being here?
    pub(super) fn is_owner(&self, word: Option<&OwnersWord>) -> bool {
        let moderation = self.moderation.as_ref().zip(word);
        moderation.is_some_and(|(it, word)| word.act == Act::Present && it.believe(word).is_ok())
    }

    /// The owner has come in by this word. Whom to tell: a room that was ended is open again.
    pub(super) fn on_owner_joined(&mut self, word: Option<Box<OwnersWord>>) -> Option<(Vec<PeerId>, Arc<SignedAct>)> {
        let (moderation, word) = self.moderation.as_mut().zip(word)?;
        (moderation.number, moderation.is_ended) = (word.number, false);
        moderation.presence = Some(word.signed.clone());
        Some((moderation.aware.clone(), word.signed))
    }

    pub(super) fn add_aware(&mut self, peer: &PeerId, aware: bool) {
        if let Some(moderation) = self.moderation.as_mut().filter(|_| aware) {
            moderation.aware.push(peer.clone());
        }
    }

    /// Forgets whose client knows of owners, of those who have left.
    pub(super) fn forget_aware(&mut self) {
        if let Some(moderation) = &mut self.moderation {
            let members = &self.members;
            moderation.aware.retain(|it| members.contains(it));
        }
    }

    fn has_lost_host(&self) -> bool {
        self.topology == Topology::Star && self.host.is_none()
    }

    /// Whoever does not know it would be left without a host.
    fn all_know_that_hosts_change(&self) -> bool {
        self.members.iter().all(|it| self.fitness.iter().any(|(peer, _)| peer == it))
    }

    /// The fittest of these members, and of equals the one that came first.
    fn fittest_of<'a>(&self, members: impl DoubleEndedIterator<Item = &'a PeerId>) -> Option<PeerId> {
        let fitness = |peer: &PeerId| self.fitness.iter().find(|it| it.0 == *peer).map_or(0, |it| it.1);
        let able = members.rev().filter(|it| fitness(it) > 0);
        able.max_by_key(|it| fitness(it)).cloned()
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
