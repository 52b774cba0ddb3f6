//! Real relay sockets: which addresses they have to do with, however these are written.
use std::net::{IpAddr, SocketAddr};

use super::{LIMITS, TestHost, World, data_of};
use crate::{Networks, Refusal, Target, attribute};

fn none() -> [&'static str; 0] {
    []
}

fn plain() -> Networks {
    Networks::new(&none(), &none(), ["198.41.0.4".parse().unwrap()]).unwrap()
}

fn allows(networks: &Networks, ip: &str) -> bool {
    networks.allows(ip.parse().unwrap_or_else(|_| panic!("{ip}")))
}

const DENIED: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "198.41.0.4",
];

#[test]
fn what_is_not_the_internet_is_denied_in_every_encoding() {
    let networks = plain();
    for text in DENIED {
        let ip: std::net::Ipv4Addr = text.parse().unwrap();
        let [a, b, c, d] = ip.octets();
        assert!(!networks.allows(ip.into()), "{ip}");
        let [x, y, z, w] = [!a, !b, !c, !d];
        for form in [
            format!("::ffff:{ip}"),
            format!("::{ip}"),
            format!("::ffff:0:{ip}"),
            format!("64:ff9b::{ip}"),
            format!("64:ff9b:1::{ip}"),
            format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1"),
            format!("2001:0:4136:e378:8000:63bf:{x:02x}{y:02x}:{z:02x}{w:02x}"),
            format!("2a00:1450:4001:81b:0:5efe:{ip}"),
            format!("2a00:1450:4001:81b:200:5efe:{ip}"),
        ] {
            assert!(!allows(&networks, &form), "{form}");
        }
    }
    for ip in
        ["::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "100::1", "3fff::1"]
    {
        assert!(!allows(&networks, ip), "{ip}");
    }
}

#[test]
fn the_internet_is_allowed_and_translated_addresses_by_what_they_lead_to() {
    let networks = plain();
    for ip in
        ["8.8.8.8", "1.1.1.1", "2a00:1450:4001:81b::200e", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
    {
        assert!(allows(&networks, ip), "{ip}");
    }
}

#[test]
fn the_operator_allows_and_denies_and_denying_wins() {
    let networks = Networks::new(&["8.8.8.0/24", "10.0.0.7"], &["10.0.0.0/8", "fd00::/8", "127.0.0.0/8"], []).unwrap();
    for (ip, is_allowed) in [
        ("8.8.8.8", false),
        ("::ffff:8.8.8.8", false),
        ("64:ff9b::8.8.8.8", false),
        ("8.8.4.4", true),
        ("10.0.0.6", true),
        ("::ffff:10.0.0.6", true),
        ("10.0.0.7", false),
        ("fd12::1", true),
        ("192.168.0.1", false),
        // This machine itself is never a peer.
        ("127.0.0.1", false),
    ] {
        assert_eq!(allows(&networks, ip), is_allowed, "{ip}");
    }
}

#[test]
fn a_mistyped_network_is_an_error() {
    for odd in ["10.0.0.0/33", "10.0.0", "ten", "", "fd00::/129", "10.0.0.0/8 "] {
        assert_eq!(Networks::new(&[odd], &none(), []).unwrap_err().0, odd);
        assert!(Networks::new(&none(), &[odd], []).is_err());
    }
}

pub(super) fn real_world() -> World {
    real_world_with(plain())
}

pub(super) fn real_world_with(networks: Networks) -> World {
    let public: IpAddr = "198.41.0.4".parse().unwrap();
    World::with(LIMITS, Some(networks), TestHost { public: Some(public), ..TestHost::default() })
}

#[test]
fn a_real_socket_sends_and_hears_what_was_permitted() {
    let mut world = real_world();
    let (mut ann, a) = world.member("ann", 1, 1);
    assert_eq!(a, "198.41.0.4:50000".parse().unwrap());
    let peer: SocketAddr = "8.8.8.8:53".parse().unwrap();
    assert!(ann.send(&mut world, peer, b"x").is_none());
    assert_eq!(ann.permit(&mut world, &[peer]).code, 0);
    assert_eq!(ann.send(&mut world, peer, b"x"), Some((Target::Network { from: a, to: peer }, b"x".to_vec())));
    let mut out = Vec::new();
    let outcome = world.relay.receive_from_network(world.now, a, "8.8.8.8:9".parse().unwrap(), b"y", &mut out);
    assert_eq!(outcome.target, Some(Target::Client(ann.five_tuple)));
    assert_eq!(data_of(&out), ("8.8.8.8:9".parse().unwrap(), b"y".to_vec()));
    let outcome = world.relay.receive_from_network(world.now, a, "8.8.4.4:9".parse().unwrap(), b"y", &mut out);
    assert_eq!((outcome.target, outcome.refusal), (None, Some(Refusal::NoPermission)));
    world.relay.end_peer("ann");
    let outcome = world.relay.receive_from_network(world.now, a, peer, b"y", &mut out);
    assert_eq!((outcome.target, world.n_tickets()), (None, 0));
}

#[test]
fn a_real_socket_has_nothing_to_do_with_denied_addresses() {
    let mut world = real_world();
    let (mut ann, a) = world.member("ann", 1, 1);
    for denied in DENIED {
        let peer = SocketAddr::new(denied.parse().unwrap(), 80);
        assert_eq!(
            (ann.permit(&mut world, &[peer]).code, ann.bind(&mut world, 0x4000, peer).code),
            (403, 403),
            "{peer}"
        );
        assert!(ann.send(&mut world, peer, b"x").is_none());
        let mut out = Vec::new();
        let outcome = world.relay.receive_from_network(world.now, a, peer, b"x", &mut out);
        assert_eq!(outcome.refusal, Some(Refusal::DeniedAddress));
    }
    let good: SocketAddr = "8.8.8.8:53".parse().unwrap();
    let bad: SocketAddr = "10.0.0.1:53".parse().unwrap();
    assert_eq!(ann.permit(&mut world, &[good, bad]).code, 403);
    assert!(ann.send(&mut world, good, b"x").is_none(), "a request is granted whole or not at all");
}

#[test]
fn two_with_real_sockets_of_this_server_talk_in_memory() {
    let mut world = real_world();
    let ((mut ann, a), (mut bob, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    assert_eq!((ann.permit(&mut world, &[b]).code, bob.permit(&mut world, &[a]).code), (0, 0));
    let (target, bytes) = ann.send(&mut world, b, b"x").unwrap();
    assert_eq!((target, data_of(&bytes)), (Target::Client(bob.five_tuple), (a, b"x".to_vec())));
    // This machine's own address is a peer at the ports of relay sockets alone.
    let ssh = SocketAddr::new(a.ip(), 22);
    assert_eq!(ann.permit(&mut world, &[ssh]).code, 403);
    assert!(ann.send(&mut world, ssh, b"x").is_none());
    assert_eq!(ann.refresh(&mut world, Some(0)).number(attribute::LIFETIME), 0);
    assert!(bob.send(&mut world, a, b"x").is_none());
}
