//! What must hold of the relay for any input: run by the fuzzer, and over random input by the tests.
use std::net::{IpAddr, SocketAddr};

use p2pchat_server::{
    ice::{MemberName, RoomMark, SharedRelays, shared_secret_password},
    relay::{
        Class, Credentials, Encoder, FiveTuple, Host, IntegrityKey, Limits, Message, Method, Now, Opened, Refusal,
        Relay, Settings, Target, attribute,
    },
};
use secrecy::SecretString;

const REALM: &str = "r";
const SECRET: &str = "s";
const NOW: Now = Now { clock_s: 10_000, unix_s: 1_000 };
const ALLOCATIONS_MAX: usize = 6;

/// Ann, Bob and the party Hal share a room; Eve and the party Zed are in another; nobody else is in any.
struct Rooms;

impl Host for Rooms {
    type Ticket = ();
    type Local = ();

    fn open(&self, peer: Option<&str>, _: &FiveTuple, _: bool) -> Result<Opened<()>, Refusal> {
        let is_known = peer.is_some_and(|it| PEERS.contains(&it));
        if is_known { Ok(Opened { ticket: (), relayed: None }) } else { Err(Refusal::NotInRoom) }
    }

    fn open_member(&self, _: &str, _: &FiveTuple, _: bool) -> Result<Opened<()>, Refusal> {
        Ok(Opened { ticket: (), relayed: None })
    }

    fn is_in(&self, peer: &str, room: RoomMark) -> bool {
        room == room_of(peer)
    }

    fn may_reach(&self, from: &str, to: &str) -> bool {
        room_of(from) == room_of(to)
    }

    fn may_answer(&self, _: IpAddr) -> bool {
        true
    }

    fn charge(&self, (): &(), _: usize) -> bool {
        true
    }

    fn hold(&self, (): &mut (), _: usize) {}
}

const PEERS: [&str; 3] = ["ann", "bob", "eve"];
/// Inside the server.
const PARTIES: [&str; 2] = ["hal", "zed"];
/// Of these: whose sessions are at another node, when there are other nodes.
const ELSEWHERE: [&str; 2] = ["bob", "eve"];

fn relays() -> SharedRelays {
    SharedRelays::new("n".into())
}

fn room_of(peer: &str) -> RoomMark {
    relays().mark(if ["eve", "zed"].contains(&peer) { "another" } else { "room" })
}

struct Client {
    five_tuple: FiveTuple,
    username: String,
    key: IntegrityKey,
    nonce: Vec<u8>,
    relayed: Option<SocketAddr>,
}

impl Client {
    /// `None`: a stranger, who has made up its credentials.
    fn new(number: u16, peer: Option<&str>, is_cluster: bool) -> Self {
        let elsewhere = peer.filter(|it| is_cluster && ELSEWHERE.contains(it));
        let member = elsewhere.map(|it| MemberName { expiry_s: 9_999, peer: it, number: 1, room: room_of(it) });
        let username = member.map_or_else(|| format!("9999:{}", peer.unwrap_or("nobody")), |it| it.to_string());
        let secret = match (peer, member) {
            (None, _) => SecretString::from("x"),
            (Some(_), None) => SECRET.into(),
            (Some(_), Some(_)) => relays().secret_of("own"),
        };
        let password = shared_secret_password(secrecy_text(&secret), &username);
        let key = IntegrityKey::long_term(&username, REALM, secrecy_text(&password));
        let client = SocketAddr::from(([10, 0, 0, 1], 5_000 + number));
        let five_tuple = FiveTuple { stream: None, server: None, client };
        Client { five_tuple, username, key, nonce: Vec::new(), relayed: None }
    }

    /// A request of this method with these attributes, and addresses of others, signed.
    fn request(&self, method: Method, attributes: &[u8], peer: Option<SocketAddr>) -> Vec<u8> {
        let mut out = Vec::new();
        let mut request = Encoder::new(&mut out, Class::Request, method, [method as u8; 12]);
        for part in attributes.chunks(11) {
            if let [kind, length, value @ ..] = part {
                request = request.attribute((*kind).into(), &value[..usize::from(*length).min(value.len())]);
            }
        }
        if let Some(peer) = peer {
            request = request.address(attribute::XOR_PEER_ADDRESS, peer);
        }
        request = request.attribute(attribute::USERNAME, self.username.as_bytes());
        request = request.attribute(attribute::REALM, REALM.as_bytes()).attribute(attribute::NONCE, &self.nonce);
        request.sign(&self.key).finish(true);
        out
    }
}

fn secrecy_text(secret: &impl secrecy::ExposeSecret<str>) -> &str {
    secret.expose_secret()
}

/// `steps`: who speaks and how, a length, and so many bytes, over and over.
pub(super) fn reaches_nobody_else(steps: &[u8]) {
    for is_cluster in [false, true] {
        reaches_nobody_else_at(is_cluster, steps);
    }
}

fn reaches_nobody_else_at(is_cluster: bool, steps: &[u8]) {
    let credentials = Credentials { realm: REALM.into(), secret: SECRET.into(), fixed: None, nonce_key: [1; 32] };
    let limits = Limits { per_peer: 2, per_address: 100, total: ALLOCATIONS_MAX };
    let relay = Relay::new(Settings { credentials, limits, networks: None, seed: 1 }, Rooms);
    if is_cluster {
        relay.take_members(relays().secret_of("own"));
    }
    let all = (0..).zip(PEERS.map(Some).into_iter().chain([None]));
    let mut clients: Vec<_> = all.map(|(n, it)| Client::new(n, it, is_cluster)).collect();
    let parties = PARTIES.map(|it| relay.open_local(it, false, ()).ok());
    let (mut out, mut rest) = (Vec::new(), steps);
    while let [who, length, following @ ..] = rest {
        let (bytes, next) = following.split_at(usize::from(*length).min(following.len()));
        rest = next;
        let (n, how) = (usize::from(who % 4), who / 4 % 10);
        let peer = match usize::from(who / 40) {
            it @ ..4 => clients[it].relayed,
            it => parties[it % 2],
        };
        let client = &clients[n];
        use Method::{Allocate, ChannelBind, CreatePermission, Refresh};
        let channel = [0x0C, 4, 0x40, 0, 0, 0];
        let datagram = match how {
            0 => client.request(Allocate, &[0x19, 4, 17, 0, 0, 0], None),
            1 => client.request(Allocate, bytes, None),
            2 => client.request(Refresh, bytes, None),
            3 => client.request(CreatePermission, bytes, peer),
            4 => client.request(ChannelBind, &[&channel[..], bytes].concat(), peer),
            5 => {
                let mut sent = Vec::new();
                let indication = Encoder::new(&mut sent, Class::Indication, Method::Send, [0; 12]);
                let to = peer.unwrap_or(client.five_tuple.client);
                indication.address(attribute::XOR_PEER_ADDRESS, to).attribute(attribute::DATA, bytes).finish(false);
                sent
            }
            6 => [&[0x40, 0, 0, *length][..], bytes].concat(),
            _ => bytes.to_owned(),
        };
        let party = usize::from(who / 40) % 2;
        let own_name = PEERS.get(n).copied();
        let (speaker, outcome) = match (how, parties[party], client.relayed) {
            (7, Some(from), Some(to)) => (Some(PARTIES[party]), relay.send_local(NOW, from, to, bytes, &mut out)),
            _ => (own_name, relay.receive(NOW, client.five_tuple, &datagram, &mut out)),
        };
        // Ann, Bob and Hal hear each other, Eve and Zed do, and nobody else hears anybody.
        let hearer = match outcome.target {
            None => continue,
            Some(Target::Client(to)) if speaker == own_name && to == client.five_tuple => {
                learn(&mut clients[n], &out);
                continue;
            }
            Some(Target::Client(to)) => {
                clients.iter().position(|it| it.five_tuple == to).and_then(|it| PEERS.get(it).copied())
            }
            Some(Target::Local { to, .. }) => {
                parties.iter().position(|it| *it == Some(to)).and_then(|it| PARTIES.get(it).copied())
            }
            Some(Target::Network { .. }) => panic!("a virtual relay has nothing to do with any network"),
        };
        let rooms = (speaker.map(room_of), hearer.map(room_of));
        assert!(rooms.0.is_some() && rooms.0 == rooms.1, "{speaker:?} reached {hearer:?}");
    }
    let stats = relay.stats();
    assert!(stats.n_allocations <= 3 && stats.n_peers == stats.n_allocations);
    assert_eq!(stats.n_locals, PARTIES.len());
    PEERS.iter().chain(&PARTIES).for_each(|it| relay.end_peer(it));
    if is_cluster {
        ELSEWHERE.iter().for_each(|it| relay.on_member_left(NOW, it, room_of(it), 1));
    }
    let stats = relay.stats();
    assert_eq!((stats.n_allocations, stats.n_locals, relay.next_deadline_s()), (0, 0, None));
}

fn learn(client: &mut Client, answer: &[u8]) {
    // It may have sent to itself by its channel.
    let Ok(message) = Message::decode(answer) else { return assert_eq!(answer.first(), Some(&0x40)) };
    if let Some(nonce) = message.get(attribute::NONCE) {
        client.nonce = nonce.to_owned();
    }
    if let Some(relayed) = message.address(attribute::XOR_RELAYED_ADDRESS) {
        client.relayed = Some(relayed);
    }
}
