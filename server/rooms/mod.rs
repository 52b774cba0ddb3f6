//! The rooms: who is where, who may enter, who must be notified, and when a room ends.
//!
//! **Invariant:** plain data in, plain data out. Nothing in this folder reads a clock or a random source, takes a lock,
//! logs, awaits, or knows what a socket is; fresh ids are handed in. No rule needs two rooms at once.
mod entering;
mod ids;
mod limits;
mod names;
mod negotiations;
mod outcome;
mod pending_offers;
mod policy;
#[cfg(test)]
mod random_scripts;
mod room;
mod room_offer;
#[cfg(test)]
mod scenarios;
mod signals;
mod timers;
mod topology;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

pub use ids::{IdKind, Name, PeerId, RoomId};
pub use limits::Limits;
pub use outcome::{Event, Notification, Outcome, Payload, Rejection, Reply, SignalKind};
pub use policy::RoomPolicy;
pub use room::{Password, RoomSettings, RoomSummary};
pub use timers::Timer;
pub use topology::Topology;

use pending_offers::PendingOffers;
use room::{Member, Room};

/// What a peer may ask.
#[derive(Debug)]
pub enum Request<'a> {
    /// An id of its own, without which nothing else is granted.
    Hello,
    /// A new room with itself in it.
    Create {
        /// What it is to be, before the limits are applied, and its shape, for good. `None`: the words made no sense.
        settings: Option<(RoomSettings, Topology)>,
    },
    /// To come in.
    Join {
        /// Where.
        room: RoomId,
        /// `None`: none was given, which is never the right one.
        password: Option<Password>,
    },
    /// To come into a room without more ado: where there is none of that name it is made, with no password.
    Enter {
        /// Where. `None`: a fresh one.
        room: Option<RoomId>,
        /// How many may be in it, where it is made.
        peers_max: usize,
    },
    /// To hear who else is in its room.
    Members,
    /// To be called so. A name is one living peer's at a time, and a peer has one.
    Claim {
        /// How.
        name: Name,
    },
    /// To change its own star.
    Update {
        /// Which.
        room: RoomId,
        /// `None`: the words made no sense; said only to the host of an existing star.
        settings: Option<RoomSettings>,
    },
    /// To go.
    Leave {
        /// Whence.
        room: RoomId,
    },
    /// To say something to others.
    Signal {
        /// To whom.
        to: Address<'a>,
        /// What.
        payload: Payload<'a>,
    },
}

/// To whom a signal goes. As texts: most requests are signals, and names would be copies.
#[derive(Debug)]
pub enum Address<'a> {
    /// One member of a room that the sender is in.
    Member {
        /// That room.
        room: Cow<'a, str>,
        /// The member.
        peer: Cow<'a, str>,
    },
    /// One other member of the room that the sender came to last.
    Peer(Cow<'a, str>),
    /// All other members of the room that the sender came to last.
    Broadcast,
    /// Whoever has this name, from one who has a name itself.
    Named(Cow<'a, str>),
}

/// Every room of one protocol, and every peer that has said hello there. Those of another are a value of their own: no
/// room, peer or name is found from outside.
#[derive(Debug)]
pub struct Rooms {
    limits: Limits,
    policy: RoomPolicy,
    rooms: HashMap<RoomId, Room>,
    peers: HashMap<PeerId, Peer>,
    /// Who has which name. Mirrors the peers' own exactly.
    names: HashMap<Name, PeerId>,
    pending_offers: PendingOffers,
    n_memberships: u64,
}

/// What is known of a peer.
#[derive(Debug, Default)]
struct Peer {
    /// The rooms that it is in, in the order in which it came, by the number of its membership there. Mirrors the rooms' members
    /// exactly.
    memberships: BTreeMap<u64, RoomId>,
    name: Option<Name>,
}

impl Rooms {
    /// No rooms yet.
    pub fn new(limits: Limits, policy: RoomPolicy) -> Self {
        let (rooms, peers, names) = (HashMap::new(), HashMap::new(), HashMap::new());
        Rooms { limits, policy, rooms, peers, names, pending_offers: PendingOffers::default(), n_memberships: 0 }
    }

    /// The one door. A rejection changes nothing and tells nobody, which is why it carries no notifications.
    ///
    /// `fresh` names a room that has no name yet.
    ///
    /// # Errors
    /// What the rules do not grant.
    pub fn apply<'a>(
        &mut self,
        from: &PeerId,
        request: Request<'a>,
        fresh: impl FnOnce() -> RoomId,
    ) -> Result<Outcome<'a>, Rejection> {
        match request {
            Request::Hello => self.hello(from),
            Request::Create { settings } => self.create(from, settings, fresh),
            Request::Join { room, password } => self.join(from, room, password.as_ref()),
            Request::Enter { room, peers_max } => self.enter(from, room, peers_max, fresh),
            Request::Members => self.members(from),
            Request::Claim { name } => self.claim(from, name),
            Request::Update { room, settings } => self.update(from, &room, settings),
            Request::Leave { room } => {
                let notifications = self.leave(from, &room).ok_or(Rejection::NotAMember)?;
                Ok(Outcome::new(Reply::Left, notifications))
            }
            Request::Signal { to, payload } => self.signal(from, to, payload),
        }
    }

    /// Forgets a peer for good. Each of its rooms hears of it, in the order in which it came to them.
    pub fn forget(&mut self, peer: &PeerId) -> Vec<Notification<'static>> {
        let Some(Peer { memberships, name }) = self.peers.remove(peer) else { return Vec::new() };
        if let Some(name) = name {
            self.names.remove(&name);
            self.pending_offers.forget(&name);
        }
        memberships.values().filter_map(|room| self.leave(peer, room)).flatten().collect()
    }

    /// How many rooms there are.
    pub fn len(&self) -> usize {
        self.rooms.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    fn hello(&mut self, peer: &PeerId) -> Result<Outcome<'static>, Rejection> {
        if self.peers.contains_key(peer) {
            return Err(Rejection::HasId);
        }
        self.peers.insert(peer.clone(), Peer::default());
        Ok(Outcome::reply(Reply::Welcome { peer: peer.clone() }))
    }

    fn create(
        &mut self,
        peer: &PeerId,
        settings: Option<(RoomSettings, Topology)>,
        fresh: impl FnOnce() -> RoomId,
    ) -> Result<Outcome<'static>, Rejection> {
        let memberships = &mut self.peers.get_mut(peer).ok_or(Rejection::NoId)?.memberships;
        let (settings, topology) = settings.ok_or(Rejection::BadSettings)?;
        self.limits.check_rooms(memberships.len())?;
        let id = fresh();
        let member = next_membership(&mut self.n_memberships, memberships, peer, &id);
        let room = Room::open(self.limits.applied_to(settings), topology, member);
        let summary = room.summary();
        self.rooms.insert(id.clone(), room);
        Ok(Outcome::reply(Reply::Created { room: id, summary }))
    }

    fn join(&mut self, peer: &PeerId, id: RoomId, password: Option<&Password>) -> Result<Outcome<'static>, Rejection> {
        // To one without an id there are no rooms.
        let memberships = &mut self.peers.get_mut(peer).ok_or(Rejection::NoSuchRoom)?.memberships;
        let room = self.rooms.get_mut(&id).ok_or(Rejection::NoSuchRoom)?;
        room.admit(peer, password)?;
        self.limits.check_rooms(memberships.len())?;
        let notified = room.peers_to_notify();
        room.add(next_membership(&mut self.n_memberships, memberships, peer, &id));
        let summary = room.summary();
        let present = Arc::default();
        let joined = |to| newcomer(to, &id, peer, &present);
        Ok(Outcome::new(Reply::Joined { summary }, notified.into_iter().map(joined).collect()))
    }

    fn update(
        &mut self,
        peer: &PeerId,
        id: &RoomId,
        settings: Option<RoomSettings>,
    ) -> Result<Outcome<'static>, Rejection> {
        self.peers.get(peer).ok_or(Rejection::NoSuchRoom)?;
        let room = self.rooms.get_mut(id).ok_or(Rejection::NoSuchRoom)?;
        room.change(peer, settings.map(|it| self.limits.applied_to(it)))?;
        Ok(Outcome::reply(Reply::Updated { summary: room.summary() }))
    }

    /// `None`: it was not in.
    fn leave(&mut self, peer: &PeerId, id: &RoomId) -> Option<Vec<Notification<'static>>> {
        let room = self.rooms.get_mut(id)?;
        let departure = room.without(peer)?;
        if departure.is_over {
            self.rooms.remove(id);
        }
        for Member { peer, membership } in departure.removed {
            if let Some(peer) = self.peers.get_mut(&peer) {
                peer.memberships.remove(&membership);
            }
        }
        let left = |to| Notification { to, event: Event::PeerLeft { room: id.clone(), peer: peer.clone() } };
        let mut notifications: Vec<_> = departure.notified.into_iter().map(left).collect();
        if let Some(alias) = departure.alias {
            notifications.extend(self.leave(&alias, id).unwrap_or_default());
        }
        Some(notifications)
    }
}

fn newcomer(to: PeerId, room: &RoomId, peer: &PeerId, present: &Arc<[PeerId]>) -> Notification<'static> {
    Notification { to, event: Event::PeerJoined { room: room.clone(), peer: peer.clone(), present: present.clone() } }
}

fn next_membership(n_taken: &mut u64, memberships: &mut BTreeMap<u64, RoomId>, peer: &PeerId, room: &RoomId) -> Member {
    *n_taken += 1;
    memberships.insert(*n_taken, room.clone());
    Member { peer: peer.clone(), membership: *n_taken }
}
