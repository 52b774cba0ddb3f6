//! The rooms: who is where, who may enter, who must be told, and when a room ends.
//!
//! **Invariant:** plain data in, plain data out. Nothing in this folder reads a clock or a random source, takes a lock,
//! logs, awaits, or knows what a socket is; fresh ids are handed in. No rule needs two rooms at once.
mod alarms;
mod customs;
mod entering;
mod ids;
mod letters;
mod limits;
mod names;
mod outcome;
#[cfg(test)]
mod random_scripts;
mod room;
#[cfg(test)]
mod scenes;
mod signals;
mod standing;
mod talks;
mod topology;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

pub use alarms::Alarm;
pub use customs::Customs;
pub use ids::{IdKind, Name, PeerId, RoomId};
pub use limits::Limits;
pub use outcome::{Event, Notice, Outcome, Part, Payload, Refusal, Reply};
pub use room::{Card, Password, RoomSpec};
pub use topology::Topology;

use letters::Letters;
use room::{Member, Room};

/// What a peer may ask.
#[derive(Debug)]
pub enum Request<'a> {
    /// An id of its own, without which nothing else is granted.
    Hello,
    /// A new room with itself in it.
    Create {
        /// What it is to be, before the limits are applied, and its shape, for good. `None`: the words made no sense.
        spec: Option<(RoomSpec, Topology)>,
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
        spec: Option<RoomSpec>,
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
    Mate(Cow<'a, str>),
    /// All other members of the room that the sender came to last.
    Mates,
    /// Whoever has this name, from one who has a name itself.
    Named(Cow<'a, str>),
}

/// Every room of one vocabulary, and every peer that has said hello there. Those of another are a value of their own: no
/// room, peer or name is found from outside.
#[derive(Debug)]
pub struct Rooms {
    limits: Limits,
    customs: Customs,
    rooms: HashMap<RoomId, Room>,
    peers: HashMap<PeerId, Peer>,
    /// Who has which name. Mirrors the peers' own exactly.
    names: HashMap<Name, PeerId>,
    letters: Letters,
    n_seats_taken: u64,
}

/// What is known of a peer.
#[derive(Debug, Default)]
struct Peer {
    /// The rooms that it is in, in the order in which it came, by the number of its seat there. Mirrors the rooms' members
    /// exactly.
    seats: BTreeMap<u64, RoomId>,
    name: Option<Name>,
}

impl Rooms {
    /// No rooms yet.
    pub fn new(limits: Limits, customs: Customs) -> Self {
        let (rooms, peers, names) = (HashMap::new(), HashMap::new(), HashMap::new());
        Rooms { limits, customs, rooms, peers, names, letters: Letters::default(), n_seats_taken: 0 }
    }

    /// The one door. A refusal changes nothing and tells nobody, which is why it carries no notices.
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
    ) -> Result<Outcome<'a>, Refusal> {
        match request {
            Request::Hello => self.hello(from),
            Request::Create { spec } => self.create(from, spec, fresh),
            Request::Join { room, password } => self.join(from, room, password.as_ref()),
            Request::Enter { room, peers_max } => self.enter(from, room, peers_max, fresh),
            Request::Members => self.members(from),
            Request::Claim { name } => self.claim(from, name),
            Request::Update { room, spec } => self.update(from, &room, spec),
            Request::Leave { room } => {
                let notices = self.leave(from, &room).ok_or(Refusal::NotAMember)?;
                Ok(Outcome::new(Reply::Left, notices))
            }
            Request::Signal { to, payload } => self.signal(from, to, payload),
        }
    }

    /// Forgets a peer for good. Each of its rooms hears of it, in the order in which it came to them.
    pub fn forget(&mut self, peer: &PeerId) -> Vec<Notice<'static>> {
        let Some(Peer { seats, name }) = self.peers.remove(peer) else { return Vec::new() };
        if let Some(name) = name {
            self.names.remove(&name);
            self.letters.forget(&name);
        }
        seats.values().filter_map(|room| self.leave(peer, room)).flatten().collect()
    }

    /// How many rooms there are.
    pub fn len(&self) -> usize {
        self.rooms.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    fn hello(&mut self, peer: &PeerId) -> Result<Outcome<'static>, Refusal> {
        if self.peers.contains_key(peer) {
            return Err(Refusal::HasId);
        }
        self.peers.insert(peer.clone(), Peer::default());
        Ok(Outcome::reply(Reply::Welcome { peer: peer.clone() }))
    }

    fn create(
        &mut self,
        peer: &PeerId,
        spec: Option<(RoomSpec, Topology)>,
        fresh: impl FnOnce() -> RoomId,
    ) -> Result<Outcome<'static>, Refusal> {
        let seats = &mut self.peers.get_mut(peer).ok_or(Refusal::NoId)?.seats;
        let (spec, topology) = spec.ok_or(Refusal::BadSettings)?;
        self.limits.check_rooms(seats.len())?;
        let id = fresh();
        let member = take_seat(&mut self.n_seats_taken, seats, peer, &id);
        let room = Room::open(self.limits.applied_to(spec), topology, member);
        let card = room.card();
        self.rooms.insert(id.clone(), room);
        Ok(Outcome::reply(Reply::Created { room: id, card }))
    }

    fn join(&mut self, peer: &PeerId, id: RoomId, password: Option<&Password>) -> Result<Outcome<'static>, Refusal> {
        // To one without an id there are no rooms.
        let seats = &mut self.peers.get_mut(peer).ok_or(Refusal::NoSuchRoom)?.seats;
        let room = self.rooms.get_mut(&id).ok_or(Refusal::NoSuchRoom)?;
        room.admit(peer, password)?;
        self.limits.check_rooms(seats.len())?;
        let told = room.introduce_to();
        room.add(take_seat(&mut self.n_seats_taken, seats, peer, &id));
        let card = room.card();
        let present = Arc::default();
        let joined = |to| newcomer(to, &id, peer, &present);
        Ok(Outcome::new(Reply::Joined { card }, told.into_iter().map(joined).collect()))
    }

    fn update(&mut self, peer: &PeerId, id: &RoomId, spec: Option<RoomSpec>) -> Result<Outcome<'static>, Refusal> {
        self.peers.get(peer).ok_or(Refusal::NoSuchRoom)?;
        let room = self.rooms.get_mut(id).ok_or(Refusal::NoSuchRoom)?;
        room.change(peer, spec.map(|it| self.limits.applied_to(it)))?;
        Ok(Outcome::reply(Reply::Updated { card: room.card() }))
    }

    /// `None`: it was not in.
    fn leave(&mut self, peer: &PeerId, id: &RoomId) -> Option<Vec<Notice<'static>>> {
        let room = self.rooms.get_mut(id)?;
        let departure = room.without(peer)?;
        if departure.is_over {
            self.rooms.remove(id);
        }
        for Member { peer, seat } in departure.unseated {
            if let Some(peer) = self.peers.get_mut(&peer) {
                peer.seats.remove(&seat);
            }
        }
        let left = |to| Notice { to, event: Event::PeerLeft { room: id.clone(), peer: peer.clone() } };
        let mut notices: Vec<_> = departure.told.into_iter().map(left).collect();
        if let Some(twin) = departure.twin {
            notices.extend(self.leave(&twin, id).unwrap_or_default());
        }
        Some(notices)
    }
}

fn newcomer(to: PeerId, room: &RoomId, peer: &PeerId, present: &Arc<[PeerId]>) -> Notice<'static> {
    Notice { to, event: Event::PeerJoined { room: room.clone(), peer: peer.clone(), present: present.clone() } }
}

fn take_seat(n_taken: &mut u64, seats: &mut BTreeMap<u64, RoomId>, peer: &PeerId, room: &RoomId) -> Member {
    *n_taken += 1;
    seats.insert(*n_taken, room.clone());
    Member { peer: peer.clone(), seat: *n_taken }
}
