//! The relay as a whole: takes datagrams, passes data on, and ends what is over.
//!
//! **Invariants:** one datagram in leads to one out at most. No lock is held while the host is asked, nor two of shards at
//! once; a shard's lock may be followed by that of the quotas, and not the other way round.
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    addresses::{is_local, virtual_ip},
    allocation::{Allocation, Reach},
    credentials::Credentials,
    encode::{Encoder, channel_data},
    host::{FiveTuple, Host, Now, Refusal, Target},
    local::Locals,
    members::Members,
    message::{Class, Message, Method, attribute, u16_at},
    networks::Networks,
    quotas::{Limits, Quotas, User},
    shard::{Arrival, Departure, Incoming, SHARDS, Shard},
};

/// The longest payload of UDP over IPv4.
pub(crate) const DATAGRAM_BYTES_MAX: usize = 65_507;

/// RFC 8656, section 12, ends them at 0x4FFF. Clients of RFC 5766 go on to here, and nothing else comes to our ports whose
/// first byte is one of these.
pub(crate) const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x7FFF;

/// What a relay is made of.
pub struct Settings {
    /// What credentials are checked with.
    pub credentials: Credentials,
    /// Bounds of allocations.
    pub limits: Limits,
    /// Where real relay sockets may send. `None`: relayed addresses are virtual.
    pub networks: Option<Networks>,
    /// Random, and of this process alone: virtual ports and transaction ids begin somewhere.
    pub seed: u64,
}

/// STUN and TURN for any number of clients and threads.
pub struct Relay<H: Host> {
    pub(crate) host: H,
    pub(crate) credentials: Credentials,
    pub(crate) networks: Option<Networks>,
    pub(crate) members: Members,
    pub(crate) locals: Locals<H::Local>,
    quotas: Mutex<Quotas>,
    shards: Vec<Mutex<Shard<H::Ticket>>>,
    /// Whose a real relayed address is.
    real: Mutex<HashMap<SocketAddr, u16>>,
    hasher: RandomState,
}

/// What a datagram led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Where to send what stands in the buffer.
    pub target: Option<Target>,
    /// Something was refused, with or without an answer.
    pub refusal: Option<Refusal>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Stats {
    /// Living allocations.
    pub n_allocations: usize,
    /// Peers that have any.
    pub n_peers: usize,
    /// Open addresses of parties inside the server.
    pub n_locals: usize,
    /// Datagrams that were passed on since the start.
    pub n_packets: u64,
    /// Bytes in them, without headers.
    pub n_bytes: u64,
}

impl Outcome {
    pub(crate) fn refused(refusal: Refusal) -> Self {
        Outcome { target: None, refusal: Some(refusal) }
    }

    pub(crate) fn answer(client: FiveTuple, refusal: Option<Refusal>) -> Self {
        Outcome { target: Some(Target::Client(client)), refusal }
    }
}

impl<H: Host> Relay<H> {
    /// Nobody is there yet.
    pub fn new(settings: Settings, host: H) -> Self {
        let Settings { credentials, limits, networks, seed } = settings;
        let shard = |number| Mutex::new(Shard::new(number, seed.rotate_left(u32::from(number))));
        Relay {
            host,
            credentials,
            networks,
            members: Members::default(),
            locals: Locals::new(seed),
            quotas: Mutex::new(Quotas::new(limits)),
            shards: (0..SHARDS).map(shard).collect(),
            real: Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    /// Takes a datagram, or a message of a stream, of a client. What is to be sent stands in `out` afterwards.
    pub fn receive(&self, now: Now, client: FiveTuple, datagram: &[u8], out: &mut Vec<u8>) -> Outcome {
        out.clear();
        if datagram.first().is_some_and(|it| it >> 6 == 1) {
            return self.receive_channel_data(now, client, datagram, out);
        }
        let Ok(message) = Message::decode(datagram) else { return Outcome::refused(Refusal::Malformed) };
        match (message.class(), message.method()) {
            (Class::Request, Some(Method::Binding)) => self.binding(&client, &message, out),
            (Class::Request, Some(method)) if !matches!(method, Method::Send | Method::Data) => {
                self.request(now, client, method, &message, out)
            }
            (Class::Indication, Some(Method::Send)) => self.receive_send(now, client, &message, out),
            // A Binding indication keeps a way through a NAT open (RFC 8489, section 6.3.2).
            (Class::Indication, Some(Method::Binding)) => Outcome::default(),
            _ => Outcome::refused(Refusal::Malformed),
        }
    }

    /// Takes a datagram that came to a real relay socket.
    pub fn receive_from_network(
        &self,
        now: Now,
        relayed: SocketAddr,
        from: SocketAddr,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Outcome {
        out.clear();
        let from = canonical(from);
        // Who has a local address sends from no network.
        if is_local(from.ip()) || !self.networks.as_ref().is_some_and(|it| it.allows(from.ip())) {
            return Outcome::refused(Refusal::DeniedAddress);
        }
        self.arrive(now, from, None, relayed, data, out)
    }

    /// Has this client an allocation?
    pub fn has_allocation(&self, now: Now, client: &FiveTuple) -> bool {
        self.shard_of(client).of_client(client, now.clock_s).is_some()
    }

    /// A connection has ended, and with it its allocation.
    pub fn close(&self, client: &FiveTuple) {
        let removed = self.shard_of(client).remove(client);
        self.release(removed);
    }

    /// A session has ended, and with it everything that it has here but as a member of rooms.
    pub fn end_peer(&self, peer: &str) {
        let five_tuples = self.quotas().forget(peer);
        five_tuples.iter().for_each(|it| self.close(it));
        drop(self.locals.end_peer(peer));
    }

    /// A peer has entered or left a room: what was known about whom it may reach is asked again.
    pub fn on_rooms_changed(&self, peer: &str) {
        self.quotas().on_rooms_changed(peer);
        self.locals.on_rooms_changed(peer);
    }

    /// Ends what is over.
    pub fn on_timer(&self, now: Now) {
        for shard in &self.shards {
            loop {
                let expired = lock(shard).expire(now.clock_s);
                if expired.is_none() {
                    break;
                }
                self.release(expired);
            }
        }
    }

    /// When [`Relay::on_timer`] has something to do, in seconds of the relay's clock.
    pub fn next_deadline_s(&self) -> Option<u32> {
        self.shards.iter().filter_map(|it| lock(it).next_deadline_s()).min()
    }

    /// How much there is now.
    pub fn stats(&self) -> Stats {
        let (n_allocations, n_peers) = {
            let quotas = self.quotas();
            (quotas.total(), quotas.n_users())
        };
        let (n_locals, n_packets, n_bytes) = self.locals.counts();
        let mut stats = Stats { n_allocations, n_peers, n_locals, n_packets, n_bytes };
        for shard in &self.shards {
            let shard = lock(shard);
            stats.n_packets += shard.n_packets;
            stats.n_bytes += shard.n_bytes;
        }
        stats
    }

    /// What the host is.
    pub fn host(&self) -> &H {
        &self.host
    }

    fn receive_channel_data(&self, now: Now, client: FiveTuple, datagram: &[u8], out: &mut Vec<u8>) -> Outcome {
        let fields = u16_at(datagram, 0).zip(u16_at(datagram, 2));
        let whole = fields.and_then(|(channel, length)| Some((channel, datagram.get(4..4 + usize::from(length))?)));
        let Some((channel, data)) = whole else { return Outcome::refused(Refusal::Malformed) };
        let charge = |ticket: &H::Ticket| self.host.charge(ticket, data.len());
        let departure = self.shard_of(&client).leave_by_channel(&client, channel, now.clock_s, charge);
        self.depart(now, departure, data, out)
    }

    fn receive_send(&self, now: Now, client: FiveTuple, message: &Message<'_>, out: &mut Vec<u8>) -> Outcome {
        let fields = message.address(attribute::XOR_PEER_ADDRESS).zip(message.get(attribute::DATA));
        let Some((to, data)) = fields else { return Outcome::refused(Refusal::Malformed) };
        if message.has_unknown() {
            return Outcome::refused(Refusal::Malformed);
        }
        let charge = |ticket: &H::Ticket| self.host.charge(ticket, data.len());
        let departure = self.shard_of(&client).leave_by_send(&client, to, now.clock_s, charge, |it| self.weigh(it));
        self.depart(now, departure, data, out)
    }

    fn depart(&self, now: Now, departure: Result<Departure, Refusal>, data: &[u8], out: &mut Vec<u8>) -> Outcome {
        let departure = match departure {
            Ok(it) => it,
            Err(refusal) => return Outcome::refused(refusal),
        };
        if is_local(departure.to.ip()) {
            return self.arrive_at_local(now, departure, data, out);
        }
        let Departure { from, to, user, is_virtual, .. } = departure;
        if is_virtual || self.shard_of_relayed(to).is_some() {
            return self.arrive(now, from, Some(&user), to, data, out);
        }
        if !self.networks.as_ref().is_some_and(|it| it.allows(to.ip())) {
            return Outcome::refused(Refusal::DeniedAddress);
        }
        out.extend_from_slice(data);
        Outcome { target: Some(Target::Network { from, to }), refusal: None }
    }

    pub(crate) fn arrive(
        &self,
        now: Now,
        from: SocketAddr,
        user: Option<&Arc<User>>,
        to: SocketAddr,
        data: &[u8],
        out: &mut Vec<u8>,
    ) -> Outcome {
        let Some(number) = self.shard_of_relayed(to) else { return Outcome::refused(Refusal::NoPeer) };
        // What the host says is remembered where there is room for it, and holds unless rooms change at this very moment.
        let mut told = None;
        // Nobody has paid for what comes from inside, so that its receiver does.
        let charge = |ticket: &H::Ticket| self.host.charge(ticket, data.len());
        loop {
            let incoming = Incoming { from, user, n_bytes: data.len(), told };
            let mut shard = self.shard(number);
            let (client, channel) = match shard.arrive(incoming, to, now.clock_s, charge) {
                Err(refusal) => return Outcome::refused(refusal),
                Ok(Arrival::Deliver { client, channel }) => (client, channel),
                Ok(Arrival::Ask { user: receiver }) => {
                    drop(shard);
                    // It is asked once for each datagram at most.
                    let Some(sender) = user.filter(|_| told.is_none()) else { break };
                    let Some(reach) = self.ask(number, (from, sender), (to, &receiver), now.clock_s) else { break };
                    told = Some(reach);
                    continue;
                }
            };
            match channel {
                Some(channel) => channel_data(out, channel, data, client.stream.is_some()),
                None => {
                    let transaction = shard.next_transaction();
                    drop(shard);
                    let indication = Encoder::new(out, Class::Indication, Method::Data, transaction);
                    let indication = indication.address(attribute::XOR_PEER_ADDRESS, from);
                    indication.attribute(attribute::DATA, data).finish(false);
                }
            }
            let fits = client.stream.is_some() || out.len() <= DATAGRAM_BYTES_MAX;
            let target = Some(Target::Client(client)).filter(|_| fits);
            return Outcome { target, refusal: Some(Refusal::Malformed).filter(|_| !fits) };
        }
        Outcome::refused(Refusal::NoCommonRoom)
    }

    /// Asks the host whether the two may reach each other, and notes the answer at the receiver. `None`: one of them is nobody in
    /// particular.
    pub(crate) fn ask(
        &self,
        number: u16,
        from: (SocketAddr, &User),
        to: (SocketAddr, &User),
        now_s: u32,
    ) -> Option<Reach> {
        let ((from, sender), (to, receiver)) = (from, to);
        // Read before asking, so that an answer that is old already is asked for again.
        let generations = (sender.generation(), receiver.generation());
        let reach = Reach { is_allowed: self.may_reach(&sender.name, &receiver.name)?, generations };
        if let Some(allocation) = self.shard(number).of_relayed(&to, now_s) {
            allocation.remember(from, reach, now_s);
            self.weigh(allocation);
        }
        Some(reach)
    }

    pub(crate) fn weigh(&self, allocation: &mut Allocation<H::Ticket>) {
        let n_bytes = allocation.bytes();
        self.host.hold(&mut allocation.ticket, n_bytes);
    }

    /// Takes a new allocation in, at the address that the host has opened or at a virtual one.
    pub(crate) fn insert(
        &self,
        client: &FiveTuple,
        relayed: Option<SocketAddr>,
        is_ipv6: bool,
        is_even: bool,
        now_s: u32,
        allocation: impl FnOnce(SocketAddr) -> Allocation<H::Ticket>,
    ) -> Result<SocketAddr, Refusal> {
        let number = self.number_of(client);
        let mut shard = self.shard(number);
        if shard.of_client(client, now_s).is_some() {
            return Err(Refusal::Mismatch);
        }
        // One that is over stands there until the timer comes by.
        let over = shard.remove(client);
        let address = relayed.or_else(|| shard.free_address(virtual_ip(is_ipv6), is_even));
        if let Some(address) = address {
            let mut allocation = allocation(address);
            self.weigh(&mut allocation);
            shard.insert(allocation);
        }
        drop(shard);
        self.release(over);
        if let Some(address) = relayed {
            self.real().insert(address, number);
        }
        address.ok_or(Refusal::NoCapacity)
    }

    /// Gives back what an allocation that is over counted for. Its ticket ends here.
    pub(crate) fn release(&self, allocation: Option<Box<Allocation<H::Ticket>>>) {
        let Some(allocation) = allocation else { return };
        if !allocation.is_virtual {
            self.real().remove(&allocation.relayed);
        }
        self.quotas().release(&allocation.user, &allocation.five_tuple);
    }

    fn number_of(&self, client: &FiveTuple) -> u16 {
        (self.hasher.hash_one(client) % u64::from(SHARDS)) as u16
    }

    pub(crate) fn shard_of(&self, client: &FiveTuple) -> MutexGuard<'_, Shard<H::Ticket>> {
        self.shard(self.number_of(client))
    }

    fn shard(&self, number: u16) -> MutexGuard<'_, Shard<H::Ticket>> {
        // There is one for each number.
        lock(&self.shards[usize::from(number % SHARDS)])
    }

    pub(crate) fn quotas(&self) -> MutexGuard<'_, Quotas> {
        lock(&self.quotas)
    }

    pub(crate) fn real(&self) -> MutexGuard<'_, HashMap<SocketAddr, u16>> {
        lock(&self.real)
    }
}

/// An IPv4 address that came in its IPv6 form.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
