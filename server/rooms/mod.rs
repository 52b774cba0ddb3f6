//! The rooms: who is where, who may enter, who must be told, and when a room ends.
//!
//! **Invariant:** plain data in, plain data out. Nothing in this folder reads a clock or a random source, takes a lock,
//! logs, awaits, or knows what a socket is; fresh ids are handed in. No rule needs two rooms at once.
mod ids;
mod limits;
mod outcome;
#[cfg(test)]
mod random_scripts;
mod room;
#[cfg(test)]
mod scenes;
mod topology;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

pub use ids::{PeerId, RoomId};
pub use limits::Limits;
pub use outcome::{Event, Notice, Outcome, Payload, Refusal, Reply};
pub use room::{Card, Password, RoomSpec};
pub use topology::Topology;

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
    /// To say something to another member.
    Signal {
        /// The room that both are in, as text: most requests are these, and a name would be a copy.
        room: Cow<'a, str>,
        /// Whom, likewise.
        to: Cow<'a, str>,
        /// What.
        payload: Payload<'a>,
    },
}

/// Every room, and every peer that has said hello.
#[derive(Debug)]
pub struct Rooms {
    limits: Limits,
    rooms: HashMap<RoomId, Room>,
    /// The rooms that each peer is in, in the order in which it came, by the number of its seat there. Mirrors the rooms'
    /// members exactly.
    seats: HashMap<PeerId, BTreeMap<u64, RoomId>>,
    n_seats_taken: u64,
}

impl Rooms {
    /// No rooms yet.
    pub fn new(limits: Limits) -> Self {
        Rooms { limits, rooms: HashMap::new(), seats: HashMap::new(), n_seats_taken: 0 }
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
            Request::Update { room, spec } => self.update(from, &room, spec),
            Request::Leave { room } => {
                let notices = self.leave(from, &room).ok_or(Refusal::NotAMember)?;
                Ok(Outcome { reply: Reply::Left, notices })
            }
            Request::Signal { room, to, payload } => self.signal(from, &room, &to, payload),
        }
    }

    /// Forgets a peer for good. Each of its rooms hears of it, in the order in which it came to them.
    pub fn forget(&mut self, peer: &PeerId) -> Vec<Notice<'static>> {
        let rooms = self.seats.remove(peer).unwrap_or_default();
        rooms.values().filter_map(|room| self.leave(peer, room)).flatten().collect()
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
        if self.seats.contains_key(peer) {
            return Err(Refusal::HasId);
        }
        self.seats.insert(peer.clone(), BTreeMap::new());
        Ok(Outcome::reply(Reply::Welcome { peer: peer.clone() }))
    }

    fn create(
        &mut self,
        peer: &PeerId,
        spec: Option<(RoomSpec, Topology)>,
        fresh: impl FnOnce() -> RoomId,
    ) -> Result<Outcome<'static>, Refusal> {
        let seats = self.seats.get_mut(peer).ok_or(Refusal::NoId)?;
        let (spec, topology) = spec.ok_or(Refusal::BadSettings)?;
        let id = fresh();
        let member = take_seat(&mut self.n_seats_taken, seats, peer, &id);
        let room = Room::open(self.limits.applied_to(spec), topology, member);
        let card = room.card();
        self.rooms.insert(id.clone(), room);
        Ok(Outcome::reply(Reply::Created { room: id, card }))
    }

    fn join(&mut self, peer: &PeerId, id: RoomId, password: Option<&Password>) -> Result<Outcome<'static>, Refusal> {
        // To one without an id there are no rooms.
        let seats = self.seats.get_mut(peer).ok_or(Refusal::NoSuchRoom)?;
        let room = self.rooms.get_mut(&id).ok_or(Refusal::NoSuchRoom)?;
        room.admit(peer, password)?;
        let told = room.introduce_to();
        room.add(take_seat(&mut self.n_seats_taken, seats, peer, &id));
        let card = room.card();
        let joined = |to| Notice { to, event: Event::PeerJoined { room: id.clone(), peer: peer.clone() } };
        Ok(Outcome { reply: Reply::Joined { card }, notices: told.into_iter().map(joined).collect() })
    }

    fn update(&mut self, peer: &PeerId, id: &RoomId, spec: Option<RoomSpec>) -> Result<Outcome<'static>, Refusal> {
        self.seats.get(peer).ok_or(Refusal::NoSuchRoom)?;
        let room = self.rooms.get_mut(id).ok_or(Refusal::NoSuchRoom)?;
        room.change(peer, spec.map(|it| self.limits.applied_to(it)))?;
        Ok(Outcome::reply(Reply::Updated { card: room.card() }))
    }

    fn signal<'a>(&self, from: &PeerId, room: &str, to: &str, payload: Payload<'a>) -> Result<Outcome<'a>, Refusal> {
        let room = self.rooms.get(room).ok_or(Refusal::NoSuchRoom)?;
        let to = room.member(to).filter(|it| *it != from && room.has(from)).ok_or(Refusal::NotAMember)?;
        let event = Event::Signal { from: from.clone(), payload };
        Ok(Outcome { reply: Reply::Sent, notices: vec![Notice { to: to.clone(), event }] })
    }

    /// `None`: it was not in.
    fn leave(&mut self, peer: &PeerId, id: &RoomId) -> Option<Vec<Notice<'static>>> {
        let room = self.rooms.get_mut(id)?;
        let departure = room.without(peer)?;
        if departure.is_over {
            self.rooms.remove(id);
        }
        for Member { peer, seat } in departure.unseated {
            if let Some(seats) = self.seats.get_mut(&peer) {
                seats.remove(&seat);
            }
        }
        let left = |to| Notice { to, event: Event::PeerLeft { room: id.clone(), peer: peer.clone() } };
        Some(departure.told.into_iter().map(left).collect())
    }
}

fn take_seat(n_taken: &mut u64, seats: &mut BTreeMap<u64, RoomId>, peer: &PeerId, room: &RoomId) -> Member {
    *n_taken += 1;
    seats.insert(*n_taken, room.clone());
    Member { peer: peer.clone(), seat: *n_taken }
}
