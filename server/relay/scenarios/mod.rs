//! Conversations with the relay: a host that tests steer, and clients that speak as browsers do.
mod allocating;
mod bounds;
mod channels;
mod hostile;
mod local;
mod members;
mod networks;
mod relaying;
mod vectors;

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering},
    },
};

use p2pchat_ice::{RoomMark, shared_secret_password};
use secrecy::ExposeSecret as _;

use crate::{
    Class, Credentials, Encoder, FiveTuple, FixedLogin, Host, IntegrityKey, Limits, Message, Method, Networks, Now,
    Opened, Refusal, Relay, Settings, Target, attribute,
};

const REALM: &str = "test";
const SECRET: &str = "north";
/// Within [`Now::unix_s`] of a new world.
const UNIX_S: u64 = 1_700_000_000;
const LIMITS: Limits = Limits { per_peer: 100, per_address: 1_000, total: 10_000 };

/// Steered by tests.
#[derive(Default)]
pub(super) struct TestHost {
    /// Pairs of peer and room.
    rooms: Mutex<BTreeSet<(String, u32)>>,
    n_asked: AtomicUsize,
    n_tickets: Arc<AtomicUsize>,
    n_bytes_held: Arc<AtomicUsize>,
    is_quiet: AtomicBool,
    is_full: AtomicBool,
    may_not_send: AtomicBool,
    /// The next real port.
    next_port: AtomicU16,
    public: Option<IpAddr>,
}

/// Counts as long as it lives.
pub(super) struct Ticket {
    n: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
    held: usize,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.n.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(self.held, Ordering::Relaxed);
    }
}

impl Host for TestHost {
    type Ticket = Ticket;
    /// A name.
    type Local = Arc<str>;

    fn open(&self, peer: Option<&str>, client: &FiveTuple, is_ipv6: bool) -> Result<Opened<Ticket>, Refusal> {
        if peer.is_some_and(|peer| !self.rooms.lock().unwrap().iter().any(|it| it.0 == peer)) {
            return Err(Refusal::NotInRoom);
        }
        self.open_member("", client, is_ipv6)
    }

    fn open_member(&self, _: &str, _: &FiveTuple, _: bool) -> Result<Opened<Ticket>, Refusal> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(Refusal::NoCapacity);
        }
        self.n_tickets.fetch_add(1, Ordering::Relaxed);
        let relayed =
            self.public.map(|it| SocketAddr::new(it, 50_000 + self.next_port.fetch_add(1, Ordering::Relaxed)));
        let (n, bytes) = (self.n_tickets.clone(), self.n_bytes_held.clone());
        Ok(Opened { ticket: Ticket { n, bytes, held: 0 }, relayed })
    }

    fn may_reach(&self, from: &str, to: &str) -> bool {
        self.n_asked.fetch_add(1, Ordering::Relaxed);
        let rooms = self.rooms.lock().unwrap();
        rooms.iter().any(|(peer, room)| peer == from && rooms.contains(&(to.to_owned(), *room)))
    }

    fn is_in(&self, peer: &str, room: RoomMark) -> bool {
        let is_it = |it: &u32| members::relays().mark(&it.to_string()) == room;
        self.rooms.lock().unwrap().iter().any(|it| it.0 == peer && is_it(&it.1))
    }

    fn may_answer(&self, _: IpAddr) -> bool {
        !self.is_quiet.load(Ordering::Relaxed)
    }

    fn charge(&self, _: &Ticket, _: usize) -> bool {
        !self.may_not_send.load(Ordering::Relaxed)
    }

    fn hold(&self, ticket: &mut Ticket, n_bytes: usize) {
        ticket.bytes.fetch_add(n_bytes, Ordering::Relaxed);
        ticket.bytes.fetch_sub(ticket.held, Ordering::Relaxed);
        ticket.held = n_bytes;
    }
}

/// A relay, and the time there.
pub(super) struct World {
    relay: Relay<TestHost>,
    now: Now,
    refusals: Vec<Refusal>,
}

impl World {
    pub(super) fn new() -> Self {
        World::with(LIMITS, None, TestHost::default())
    }

    pub(super) fn with(limits: Limits, networks: Option<Networks>, host: TestHost) -> Self {
        let fixed = FixedLogin { username: "page".into(), password: "south".into() };
        let credentials =
            Credentials { realm: REALM.into(), secret: SECRET.into(), fixed: Some(fixed), nonce_key: [7; 32] };
        let relay = Relay::new(Settings { credentials, limits, networks, seed: 0xABCD_1234_5678_9ABC }, host);
        World { relay, now: Now { clock_s: 10_000, unix_s: UNIX_S }, refusals: Vec::new() }
    }

    pub(super) fn enter(&self, peer: &str, room: u32) {
        self.relay.host().rooms.lock().unwrap().insert((peer.to_owned(), room));
        self.relay.on_rooms_changed(peer);
    }

    pub(super) fn leave(&self, peer: &str, room: u32) {
        self.relay.host().rooms.lock().unwrap().remove(&(peer.to_owned(), room));
        self.relay.on_rooms_changed(peer);
    }

    /// Time passes, and what is over ends.
    pub(super) fn pass(&mut self, seconds: u32) {
        self.now.clock_s += seconds;
        self.now.unix_s += u64::from(seconds);
        self.relay.on_timer(self.now);
    }

    /// Hands a datagram in; what comes out, and where.
    pub(super) fn put(&mut self, from: FiveTuple, datagram: &[u8]) -> Option<(Target, Vec<u8>)> {
        let mut out = Vec::new();
        let outcome = self.relay.receive(self.now, from, datagram, &mut out);
        self.refusals.extend(outcome.refusal);
        outcome.target.map(|it| (it, out))
    }

    /// As [`World::put`], of a request: its answer.
    pub(super) fn ask(&mut self, client: &Client, request: &[u8]) -> Reply {
        let (target, bytes) = self.put(client.five_tuple, request).expect("an answer");
        assert_eq!(target, Target::Client(client.five_tuple));
        Reply::new(&bytes)
    }

    /// A client with an allocation, in a room. Its relayed address.
    pub(super) fn member(&mut self, peer: &str, room: u32, port: u16) -> (Client, SocketAddr) {
        self.enter(peer, room);
        let mut client = Client::new(peer, port);
        let reply = client.allocate(self, &[]);
        assert_eq!(reply.code, 0, "{:?}", self.refusals);
        (client, reply.address(attribute::XOR_RELAYED_ADDRESS))
    }

    pub(super) fn n_tickets(&self) -> usize {
        self.relay.host().n_tickets.load(Ordering::Relaxed)
    }
}

/// An answer, taken apart. The code of a success is 0.
pub(super) struct Reply {
    pub(super) bytes: Vec<u8>,
    pub(super) code: u16,
}

impl Reply {
    fn new(bytes: &[u8]) -> Self {
        let message = Message::decode(bytes).unwrap();
        let code = match message.class() {
            Class::Success => 0,
            Class::Error => {
                let value = message.get(attribute::ERROR_CODE).unwrap();
                u16::from(value[2]) * 100 + u16::from(value[3])
            }
            other => panic!("{other:?}"),
        };
        Reply { bytes: bytes.to_owned(), code }
    }

    pub(super) fn message(&self) -> Message<'_> {
        Message::decode(&self.bytes).unwrap()
    }

    pub(super) fn address(&self, kind: u16) -> SocketAddr {
        self.message().address(kind).unwrap()
    }

    pub(super) fn number(&self, kind: u16) -> u32 {
        self.message().number(kind).unwrap()
    }
}

/// What a client may add to a request.
pub(super) type Extra<'a> = &'a [(u16, &'a [u8])];

const UDP_TRANSPORT: (u16, &[u8]) = (attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);

/// A client as browsers are: it asks, is told realm and nonce, and asks again with credentials.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) five_tuple: FiveTuple,
    pub(super) username: String,
    pub(super) key: IntegrityKey,
    pub(super) nonce: Vec<u8>,
    transaction: u32,
}

impl Client {
    pub(super) fn new(peer: &str, port: u16) -> Self {
        let username = format!("{}:{peer}", UNIX_S + 3_600);
        let password = shared_secret_password(SECRET, &username);
        Client::with_login(&username, password.expose_secret(), port)
    }

    pub(super) fn with_login(username: &str, password: &str, port: u16) -> Self {
        Client {
            five_tuple: udp(port),
            username: username.to_owned(),
            key: IntegrityKey::long_term(username, REALM, password),
            nonce: Vec::new(),
            transaction: u32::from(port) << 16,
        }
    }

    pub(super) fn over_tcp(mut self, stream: u32) -> Self {
        self.five_tuple.stream = NonZeroU32::new(stream);
        self
    }

    pub(super) fn unsigned(&mut self, method: Method, extra: Extra<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        let transaction = self.next_transaction();
        let request = Encoder::new(&mut out, Class::Request, method, transaction);
        extra.iter().fold(request, |request, (kind, value)| request.attribute(*kind, value)).finish(false);
        out
    }

    pub(super) fn signed(&mut self, method: Method, extra: Extra<'_>, peers: &[SocketAddr]) -> Vec<u8> {
        let mut out = Vec::new();
        let transaction = self.next_transaction();
        let mut request = Encoder::new(&mut out, Class::Request, method, transaction);
        for (kind, value) in extra {
            request = request.attribute(*kind, value);
        }
        for peer in peers {
            request = request.address(attribute::XOR_PEER_ADDRESS, *peer);
        }
        let request = request.attribute(attribute::USERNAME, self.username.as_bytes());
        let request = request.attribute(attribute::REALM, REALM.as_bytes()).attribute(attribute::NONCE, &self.nonce);
        request.sign(&self.key).finish(true);
        out
    }

    fn next_transaction(&mut self) -> [u8; 12] {
        self.transaction += 1;
        let mut transaction = [1; 12];
        transaction[..4].copy_from_slice(&self.transaction.to_be_bytes());
        transaction
    }

    /// Learns a nonce.
    pub(super) fn introduce(&mut self, world: &mut World) {
        let question = self.unsigned(Method::Allocate, &[UDP_TRANSPORT]);
        let challenge = world.ask(self, &question);
        assert_eq!(challenge.code, 401);
        self.nonce = challenge.message().get(attribute::NONCE).unwrap().to_owned();
    }

    pub(super) fn allocate(&mut self, world: &mut World, extra: Extra<'_>) -> Reply {
        self.introduce(world);
        let request = self.signed(Method::Allocate, &[&[UDP_TRANSPORT], extra].concat(), &[]);
        world.ask(self, &request)
    }

    pub(super) fn refresh(&mut self, world: &mut World, lifetime: Option<u32>) -> Reply {
        let lifetime = lifetime.map(u32::to_be_bytes);
        let extra: Vec<(u16, &[u8])> = lifetime.iter().map(|it| (attribute::LIFETIME, &it[..])).collect();
        let request = self.signed(Method::Refresh, &extra, &[]);
        world.ask(self, &request)
    }

    pub(super) fn permit(&mut self, world: &mut World, peers: &[SocketAddr]) -> Reply {
        let request = self.signed(Method::CreatePermission, &[], peers);
        world.ask(self, &request)
    }

    pub(super) fn bind(&mut self, world: &mut World, channel: u16, peer: SocketAddr) -> Reply {
        let number = (u32::from(channel) << 16).to_be_bytes();
        let request = self.signed(Method::ChannelBind, &[(attribute::CHANNEL_NUMBER, &number)], &[peer]);
        world.ask(self, &request)
    }

    /// A Send indication.
    pub(super) fn send(&mut self, world: &mut World, to: SocketAddr, data: &[u8]) -> Option<(Target, Vec<u8>)> {
        let mut out = Vec::new();
        let transaction = self.next_transaction();
        let indication = Encoder::new(&mut out, Class::Indication, Method::Send, transaction);
        indication.address(attribute::XOR_PEER_ADDRESS, to).attribute(attribute::DATA, data).finish(false);
        world.put(self.five_tuple, &out)
    }

    pub(super) fn send_by_channel(&self, world: &mut World, channel: u16, data: &[u8]) -> Option<(Target, Vec<u8>)> {
        world.put(self.five_tuple, &channel_data(channel, data))
    }
}

pub(super) fn channel_data(channel: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&channel.to_be_bytes()[..], &length.to_be_bytes(), data].concat()
}

pub(super) fn udp(port: u16) -> FiveTuple {
    FiveTuple { stream: None, server: None, client: SocketAddr::from(([10, 0, 0, 1], port)) }
}

/// What a Data indication says: from whom, and what.
pub(super) fn data_of(bytes: &[u8]) -> (SocketAddr, Vec<u8>) {
    let message = Message::decode(bytes).unwrap();
    assert_eq!((message.class(), message.method()), (Class::Indication, Some(Method::Data)));
    let from = message.address(attribute::XOR_PEER_ADDRESS).unwrap();
    (from, message.get(attribute::DATA).unwrap().to_owned())
}
