//! Every room and every peer of one protocol. Finds the room that a request is about and lets [`step`] decide; what other
//! protocols have is a value of their own, so that no room, peer or name is found from outside.
//!
//! **Invariant:** a peer's list of rooms mirrors the rooms' members exactly.
use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    Address, Compat, Hosting, Lasting, Moderation, NamedSignal, Names, Notification, Outcome, Payload, PeerId, PeerMap,
    Rejection, Reply, Request, Room, RoomCommand, RoomId, RoomSignal, Rules, Served, Step, Timer, TimerKind, step,
};

/// Every room of one protocol, and every peer that has said hello there.
#[derive(Debug)]
pub struct Rooms {
    pub(super) rules: Rules,
    compat: Box<dyn Compat>,
    pub(super) rooms: HashMap<RoomId, Room>,
    /// Of these: stars.
    pub(super) n_stars: usize,
    /// What the server hosts of them.
    pub(super) served: Served,
    /// Who hosts stars here.
    pub(super) hosting: Option<Hosting>,
    pub(super) owner_bytes: usize,
    /// Rooms that may be different from how they are kept.
    pub(super) changed: HashSet<RoomId>,
    /// Rooms without members, by the number of their timer: those that were left first come first.
    pub(super) lingering: BTreeMap<u64, RoomId>,
    pub(super) n_lingered: u64,
    pub(super) peers: PeerMap<Peer>,
    names: Names,
    /// Who has entered or left a room since [`Rooms::take_moved`].
    pub(super) moved: Vec<PeerId>,
    /// The time as it was handed in last.
    pub(super) now_ms: u64,
}

/// What is known of a peer.
#[derive(Debug, Default)]
pub(super) struct Peer {
    /// The rooms that it is in, in the order in which it joined them.
    pub(super) rooms: Vec<RoomId>,
    /// Rooms at whose doors it waits, or has waited.
    pub(super) knocks: Vec<RoomId>,
    /// Its client knows [`Event::RoomAlert`](super::Event::RoomAlert).
    pub(super) alerts: bool,
}

impl Rooms {
    /// No rooms yet.
    pub fn new(rules: Rules, compat: Box<dyn Compat>) -> Self {
        Rooms {
            rules,
            compat,
            rooms: HashMap::new(),
            n_stars: 0,
            served: Served::default(),
            hosting: None,
            owner_bytes: 0,
            changed: HashSet::new(),
            lingering: BTreeMap::new(),
            n_lingered: 0,
            peers: PeerMap::default(),
            names: Names::default(),
            moved: Vec::new(),
            now_ms: 0,
        }
    }

    /// Other rules for what happens from now on.
    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// Does what a peer asks for. A rejection changes nothing and notifies nobody, which is why it carries no
    /// notifications.
    ///
    /// `client` is the same for two connections of one browser at one address. `fresh` makes the id of a room that nobody
    /// named.
    ///
    /// # Errors
    /// The rules do not allow it.
    pub fn apply<'a>(
        &mut self,
        from: &PeerId,
        client: u64,
        request: Request<'a>,
        fresh: impl FnOnce() -> RoomId,
    ) -> Result<Outcome<'a>, Rejection> {
        match request {
            Request::Hello { alerts } => self.hello(from, client, alerts),
            Request::Create { settings, key, can_host, host_secret, founder, aware, access } => {
                let n_rooms = self.peers.get(from).ok_or(Rejection::NoId)?.rooms.len();
                let (settings, topology) = settings.ok_or(Rejection::BadSettings)?;
                self.rules.limits.check_rooms(n_rooms)?;
                let service = self.service_for(topology, None)?;
                let (chosen, founder) = self.chosen_id(key.as_ref(), founder, &access);
                access.to_create(self.rules.policy.create, chosen.as_ref())?;
                let (has_key, invited_only) = (chosen.is_some(), access.named_room().is_some());
                let id = chosen.unwrap_or_else(fresh);
                if self.rooms.contains_key(&id) {
                    return Err(Rejection::IdTaken);
                }
                let moderation = founder.map(|it| Box::new(Moderation::new(it, self.now_ms)));
                let lasting = Lasting { has_key, can_host, host_secret, moderation, aware, invited_only, service };
                self.step(&id, from, RoomCommand::Create { settings, topology, lasting, is_restored: false })
            }
            join @ Request::Join { .. } => self.join(from, join),
            Request::Act { word } => {
                let word = word.ok_or(Rejection::BadSettings)?;
                let room = word.room.clone();
                self.step(&room, from, RoomCommand::Act { word })
            }
            Request::TakeHost { room, host_secret } => {
                self.peers.get(from).ok_or(Rejection::NoSuchRoom)?;
                self.step(&room, from, RoomCommand::TakeHost { host_secret })
            }
            Request::Enter { room } => self.enter(from, room.unwrap_or_else(fresh)),
            Request::Members => {
                let (_, room) = self.last_room_of(from)?;
                Ok(Outcome::reply(Reply::Members { others: room.others(from).cloned().collect() }))
            }
            Request::Claim { name } => self.claim(from, name),
            Request::Update { room, settings } => {
                self.peers.get(from).ok_or(Rejection::NoSuchRoom)?;
                self.step(&room, from, RoomCommand::Update { settings })
            }
            Request::Leave { room } if self.knocks_at(from, &room) => self.step(&room, from, RoomCommand::Withdraw),
            Request::Leave { room } => self.step(&room, from, RoomCommand::Leave),
            Request::Signal { to, payload } => self.signal(from, to, payload),
        }
    }

    /// Forgets a peer for good. Each of its rooms hears of it, in the order in which it joined them.
    pub fn forget(&mut self, peer: &PeerId) -> (Vec<Notification<'static>>, Vec<Timer>) {
        let Some(known) = self.peers.get(peer) else { return Default::default() };
        let (mut notifications, mut timers) = (Vec::new(), Vec::new());
        for room in known.rooms.clone() {
            if let Ok(left) = self.step(&room, peer, RoomCommand::Leave) {
                notifications.extend(left.notifications);
                timers.extend(left.timers);
            }
        }
        notifications.extend(self.withdraw_knocks(peer));
        if let Some(name) = self.names.remove(peer) {
            self.compat.on_name_freed(&name);
        }
        self.peers.remove(peer);
        self.compat.on_forget(peer);
        (notifications, timers)
    }

    /// Hands over the stars that this peer is the host of, where a guest can be: its page is being closed. It stays a member,
    /// and may take the place again if it comes back.
    pub fn yield_hosts(&mut self, peer: &PeerId) -> Vec<Notification<'static>> {
        let rooms = self.hosted_by(peer);
        let yielded = |it: &RoomId| self.step(it, peer, RoomCommand::YieldHost).ok();
        rooms.iter().filter_map(yielded).flat_map(|it| it.notifications).collect()
    }

    /// Whom to ask for a sign of life before this is refused: the owner of the name that it claims, or the members of the
    /// full room that it wants to enter. Nobody where that is not the policy.
    pub fn current_holders(&self, from: &PeerId, request: &Request<'_>) -> Vec<PeerId> {
        match request {
            _ if !self.rules.policy.verify_holders_alive => Vec::new(),
            Request::Claim { name } => {
                self.names.owner(name.as_str()).filter(|it| *it != from).cloned().into_iter().collect()
            }
            Request::Enter { room: Some(room) } => {
                let full = self.rooms.get(room).filter(|it| it.is_full() && !it.has(from));
                full.map(|it| it.members().to_vec()).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// Does what a timer is for: what is to be passed on, and the timer after it.
    pub fn on_timer(&mut self, timer: &Timer) -> (Vec<Notification<'static>>, Option<Timer>) {
        if let TimerKind::Linger { number, .. } = &timer.kind {
            if let Some(room) = self.lingering.remove(number) {
                self.end_lingering(room);
            }
            return (Vec::new(), None);
        }
        self.compat.on_timer(&timer.kind, &self.names)
    }

    /// Members of this room whose clients want to know what happens at its door.
    pub fn alerted(&self, room: &RoomId) -> Vec<PeerId> {
        let members = self.rooms.get(room).map(Room::members).unwrap_or_default();
        members.iter().filter(|it| self.peers.get(*it).is_some_and(|it| it.alerts)).cloned().collect()
    }

    /// Has this peer said hello?
    pub fn knows(&self, peer: &PeerId) -> bool {
        self.peers.contains_key(peer)
    }

    /// Bytes that are kept because of what this peer said.
    pub fn kept_bytes(&self, peer: &PeerId) -> usize {
        let room = self.peers.get(peer).and_then(|it| it.rooms.last());
        self.compat.kept_bytes(peer, room, self.names.of(peer))
    }

    /// Would this request make a room?
    pub fn makes_room(&self, request: &Request<'_>) -> bool {
        match request {
            Request::Create { settings, key, founder, access, .. } => {
                let (chosen, _) = self.chosen_id(key.as_ref(), *founder, access);
                settings.is_some() && access.to_create(self.rules.policy.create, chosen.as_ref()).is_ok()
            }
            Request::Join { room, restore: Some(restore), access, .. } => {
                !self.rooms.contains_key(room) && restore.room() == *room && self.may_restore(restore, access).is_ok()
            }
            Request::Enter { room } => room.as_ref().is_none_or(|it| !self.rooms.contains_key(it)),
            _ => false,
        }
    }

    /// Who has entered or left a room since this was asked last.
    pub fn take_moved(&mut self) -> Vec<PeerId> {
        std::mem::take(&mut self.moved)
    }

    /// How many rooms there are.
    pub fn len(&self) -> usize {
        self.rooms.len()
    }

    /// How many of them are stars.
    pub fn n_stars(&self) -> usize {
        self.n_stars
    }

    /// Bytes that are kept because of what owners have said, and who waits for them.
    pub fn owner_bytes(&self) -> usize {
        self.owner_bytes
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    fn hello(&mut self, peer: &PeerId, client: u64, alerts: bool) -> Result<Outcome<'static>, Rejection> {
        if self.peers.contains_key(peer) {
            return Err(Rejection::HasId);
        }
        self.peers.insert(peer.clone(), Peer { alerts, ..Peer::default() });
        self.compat.on_hello(peer, client);
        Ok(Outcome::reply(Reply::Welcome { peer: peer.clone() }))
    }

    fn claim(&mut self, peer: &PeerId, name: super::Name) -> Result<Outcome<'static>, Rejection> {
        self.peers.get(peer).ok_or(Rejection::NoId)?;
        if self.names.owner(name.as_str()).is_some_and(|it| it != peer) {
            return Err(Rejection::NameTaken);
        }
        if let Some(former) = self.names.set(peer, &name) {
            self.compat.on_name_freed(&former);
        }
        let (notifications, timers) = self.compat.on_name_taken(&name, &self.names);
        Ok(Outcome { reply: Reply::Named { name }, notifications, timers })
    }

    fn signal<'a>(&mut self, from: &PeerId, to: Address<'_>, payload: Payload<'a>) -> Result<Outcome<'a>, Rejection> {
        let to = match to {
            Address::Member { room, peer } => {
                let room = self.rooms.get(&*room).ok_or(Rejection::NoSuchRoom)?;
                let to = room.receiver(from, &peer).ok_or(Rejection::NotAMember)?;
                return Ok(Outcome::new(Reply::Sent, vec![super::signal_to(to, from, None, payload)]));
            }
            Address::Named(name) => {
                let own = self.names.of(from).ok_or(Rejection::NoSuchName)?;
                let owner = self.names.owner(&name).filter(|it| *it != from);
                let signal = NamedSignal { from: (from, own), to: &name, owner, payload };
                return if own.as_str() == &*name { signal.deliver() } else { self.compat.on_named_signal(signal) };
            }
            Address::Peer(peer) => {
                let (_, room) = self.last_room_of(from)?;
                vec![room.receiver(from, &peer).ok_or(Rejection::NotAMember)?.clone()]
            }
            Address::Broadcast => self.last_room_of(from)?.1.others(from).cloned().collect(),
        };
        let id = self.peers.get(from).and_then(|it| it.rooms.last()).ok_or(Rejection::NotAMember)?;
        let members = self.rooms.get(id).map(Room::members).unwrap_or_default();
        self.compat.on_signal(RoomSignal { room: id, members, from, to, payload })
    }

    /// The room that `peer` joined last.
    fn last_room_of(&self, peer: &PeerId) -> Result<(&RoomId, &Room), Rejection> {
        let id = self.peers.get(peer).and_then(|it| it.rooms.last()).ok_or(Rejection::NotAMember)?;
        Ok((id, self.rooms.get(id).ok_or(Rejection::NoSuchRoom)?))
    }

    /// One step of one room, and what the list of peers has to know of it.
    pub(super) fn step(
        &mut self,
        id: &RoomId,
        peer: &PeerId,
        command: RoomCommand,
    ) -> Result<Outcome<'static>, Rejection> {
        let (key, mut room) = self.rooms.remove_entry(id).map_or((id.clone(), None), |(key, room)| (key, Some(room)));
        let n_stars_before = usize::from(room.as_ref().is_some_and(Room::is_star));
        let served_before = Served::of(room.as_ref());
        let owner_bytes_before = room.as_ref().map_or(0, Room::owner_bytes);
        // Who waits at a door is kept nowhere.
        let is_kept = !matches!(command, RoomCommand::Knock { .. } | RoomCommand::Withdraw);
        let stepped = step(&mut room, id, peer, command, &self.rules);
        self.n_stars = self.n_stars + usize::from(room.as_ref().is_some_and(Room::is_star)) - n_stars_before;
        self.served.replace(served_before, Served::of(room.as_ref()));
        self.owner_bytes = self.owner_bytes + room.as_ref().map_or(0, Room::owner_bytes) - owner_bytes_before;
        if let Some(room) = room {
            self.rooms.insert(key, room);
        }
        let Step { reply, notifications, has_joined, removed } = stepped?;
        if self.rules.policy.is_kept && is_kept {
            self.changed.insert(id.clone());
        }
        for peer in &removed {
            if let Some(peer) = self.peers.get_mut(peer) {
                peer.rooms.retain(|it| it != id);
            }
            self.compat.on_leave(id, peer);
        }
        self.moved.extend(removed);
        let mut timers = Vec::new();
        if self.rooms.get(id).is_some_and(|it| it.members().is_empty()) {
            timers.extend(self.linger(id));
        }
        if has_joined {
            self.moved.push(peer.clone());
            if let Some(number) = self.rooms.get_mut(id).and_then(|it| it.lingers.take()) {
                self.lingering.remove(&number);
            }
            self.peers.entry(peer.clone()).or_default().rooms.push(id.clone());
            let members = self.rooms.get(id).map(Room::members).unwrap_or_default();
            timers.extend(self.compat.on_join(id, members));
        }
        Ok(Outcome { reply, notifications, timers })
    }

    /// What must hold after every request.
    #[cfg(any(test, feature = "testing"))]
    pub fn assert_sound(&self) {
        use std::collections::BTreeSet;

        use super::Topology;
        assert_eq!(self.n_stars, self.rooms.values().filter(|it| it.is_star()).count(), "stars are counted");
        let mut served = Served::default();
        self.rooms.values().for_each(|it| served.replace(Served::default(), Served::of(Some(it))));
        assert_eq!(self.served, served, "hosted ones are counted");
        assert_eq!(self.owner_bytes, self.rooms.values().map(Room::owner_bytes).sum::<usize>(), "owners are counted");
        for (id, room) in &self.rooms {
            let members: BTreeSet<_> = room.members().iter().collect();
            assert_eq!(
                members.is_empty(),
                room.lingers.is_some_and(|it| self.lingering.get(&it) == Some(id)),
                "{id} is empty"
            );
            assert_eq!(members.len(), room.members().len(), "{id} has someone twice");
            let is_hosted = room.topology == Topology::HostedStar;
            assert!(room.host.as_ref().is_none_or(|it| members.contains(it) != is_hosted), "{id} has lost its host");
            let waits = room.topology == Topology::Star && room.host.is_none();
            assert!(!waits || room.fitness.len() == members.len(), "{id} has no host, and somebody does not know");
            let aware = room.moderation.iter().flat_map(|it| &it.aware);
            assert!(aware.into_iter().all(|it| members.contains(it)), "{id} counts on somebody who is gone");
            for peer in members {
                assert!(self.peers[peer].rooms.contains(id), "{peer} does not know that it is in {id}");
            }
        }
        self.assert_knocks_sound();
        for (peer, Peer { rooms, .. }) in &self.peers {
            assert!(rooms.len() <= self.rules.limits.rooms_per_peer_max, "{peer} is in too many rooms");
            assert_eq!(rooms.iter().collect::<BTreeSet<_>>().len(), rooms.len(), "{peer} is in a room twice");
            assert!(rooms.iter().all(|it| self.rooms[it].has(peer)), "{peer} believes that it is in another room");
        }
        self.names.assert_sound(|it| self.peers.contains_key(it));
        let is_member = |room: &RoomId, peer: &PeerId| self.rooms.get(room).is_some_and(|it| it.has(peer));
        self.compat.assert_sound(&is_member, &self.names);
    }

    /// Everything that is known, in an order that does not depend on how it came to be.
    #[cfg(any(test, feature = "testing"))]
    pub fn snapshot(&self) -> String {
        use std::collections::BTreeMap;
        let (rooms, peers): (BTreeMap<_, _>, BTreeMap<_, _>) =
            (self.rooms.iter().collect(), self.peers.iter().collect());
        format!("{rooms:?} {peers:?} {:?} {:?}", self.names, self.compat)
    }

    /// Is nothing kept any more?
    #[cfg(any(test, feature = "testing"))]
    pub fn is_forgotten(&self) -> bool {
        self.rooms.is_empty() && self.peers.is_empty() && self.names.is_empty()
    }
}
