//! Quotas, rates, memory: what anybody may have, and what strangers cost.
use std::{net::SocketAddr, sync::atomic::Ordering};

use super::{Client, LIMITS, TestHost, UDP_TRANSPORT, World};
use crate::{FiveTuple, Limits, Method, Refusal, attribute};

fn limited(limits: Limits) -> World {
    World::with(limits, None, TestHost::default())
}

#[test]
fn a_peer_has_its_quota_and_gets_back_what_it_frees() {
    let mut world = limited(Limits { per_peer: 3, ..LIMITS });
    let mut clients: Vec<_> = (1..4).map(|port| world.member("ann", 1, port).0).collect();
    let mut more = Client::new("ann", 4);
    assert_eq!(more.allocate(&mut world, &[]).code, 486);
    assert_eq!(world.refusals, [Refusal::PeerQuota]);
    world.member("bob", 1, 5);
    clients[1].refresh(&mut world, Some(0));
    assert_eq!(more.allocate(&mut world, &[]).code, 0);
    world.pass(600);
    for port in 1..4 {
        assert_eq!(Client::new("ann", port).allocate(&mut world, &[]).code, 0);
    }
}

#[test]
fn twenty_people_over_three_transports_and_two_families_fit_a_peers_default_twice_over() {
    let mut world = limited(Limits { per_peer: 500, ..LIMITS });
    world.enter("ann", 1);
    // Nineteen connections, six allocations each in Firefox, again over IPv6, old and new while ICE restarts.
    for port in 0..19 * 6 * 2 * 2 {
        assert_eq!(Client::new("ann", port + 1).allocate(&mut world, &[]).code, 0);
    }
}

#[test]
fn an_address_has_its_quota_and_all_together_have_one() {
    let mut world = limited(Limits { per_address: 2, total: 4, ..LIMITS });
    world.member("ann", 1, 1);
    world.member("bob", 1, 2);
    let mut third = Client::new("bob", 3);
    assert_eq!(third.allocate(&mut world, &[]).code, 486);
    // One /64 is one address.
    let at = |text: &str| FiveTuple { stream: None, server: None, client: text.parse::<SocketAddr>().unwrap() };
    let places = ["[2001:db8:1:2::1]:1", "[2001:db8:1:2:3::1]:1", "[2001:db8:1:2::2]:1", "10.0.0.2:1"];
    let codes = places.map(|place| {
        let mut client = Client::new("bob", 4);
        client.five_tuple = at(place);
        client.allocate(&mut world, &[]).code
    });
    assert_eq!(codes, [0, 0, 508, 508]);
    assert_eq!(world.refusals, [Refusal::AddressQuota, Refusal::TotalQuota, Refusal::TotalQuota]);
    world.relay.end_peer("ann");
    assert_eq!(third.allocate(&mut world, &[]).code, 0);
}

#[test]
fn a_host_without_room_refuses_and_nothing_stays_counted() {
    let mut world = limited(Limits { per_peer: 1, ..LIMITS });
    world.enter("ann", 1);
    let mut ann = Client::new("ann", 1);
    world.relay.host().is_full.store(true, Ordering::Relaxed);
    assert_eq!((ann.allocate(&mut world, &[]).code, ann.allocate(&mut world, &[]).code), (508, 508));
    assert_eq!(world.refusals, [Refusal::NoCapacity; 2]);
    world.relay.host().is_full.store(false, Ordering::Relaxed);
    assert_eq!(ann.allocate(&mut world, &[]).code, 0);
}

#[test]
fn permissions_and_peers_of_one_allocation_have_bounds() {
    let mut world = World::new();
    let (mut ann, _) = world.member("ann", 1, 1);
    let peer = |port| SocketAddr::from(([192, 0, 2, 1], port));
    let codes: Vec<_> = (0..200).map(|n| ann.bind(&mut world, 0x4000 + n, peer(2_000 + n)).code).collect();
    let n_bound = codes.iter().filter(|it| **it == 0).count();
    assert!((16..=64).contains(&n_bound) && codes[n_bound..].iter().all(|it| *it == 508), "{codes:?}");
    // What is over makes room.
    for _ in 0..2 {
        world.pass(300);
        ann.refresh(&mut world, None);
    }
    assert_eq!(ann.bind(&mut world, 0x4100, peer(3_000)).code, 0);
    // What leads nowhere is not kept at all, or a request with a thousand addresses would be.
    let held = world.relay.host().n_bytes_held.load(Ordering::Relaxed);
    let nowhere: Vec<_> = (0..1_000u16).map(|n| SocketAddr::from(([10, 1, (n >> 8) as u8, n as u8], 9))).collect();
    assert_eq!(ann.permit(&mut world, &nowhere).code, 0);
    assert_eq!(world.relay.host().n_bytes_held.load(Ordering::Relaxed), held);
    assert!(held < 8_192, "{held}");
}

#[test]
fn an_ordinary_allocation_holds_little_and_gives_it_back() {
    let mut world = World::new();
    let (mut ann, _) = world.member("ann", 1, 1);
    let (_, b) = world.member("bob", 1, 2);
    ann.bind(&mut world, 0x4000, b);
    let held = world.relay.host().n_bytes_held.load(Ordering::Relaxed);
    assert!(held <= 2 * 1_536, "{held}");
    world.relay.end_peer("ann");
    world.relay.end_peer("bob");
    assert_eq!(world.relay.host().n_bytes_held.load(Ordering::Relaxed), 0);
}

#[test]
fn strangers_leave_nothing_behind_and_get_short_answers() {
    let mut world = World::new();
    let mut stranger = Client::new("nobody", 1);
    for n in 0..100_000u32 {
        stranger.five_tuple.client = SocketAddr::from((n.to_be_bytes(), 1_024 + (n % 60_000) as u16));
        let question = match n % 4 {
            0 => stranger.unsigned(Method::Allocate, &[UDP_TRANSPORT]),
            1 => stranger.unsigned(Method::Binding, &[]),
            2 => stranger.signed(Method::Allocate, &[UDP_TRANSPORT], &[]),
            _ => super::channel_data(0x4000, b"x"),
        };
        if let Some((_, answer)) = world.put(stranger.five_tuple, &question) {
            // A question without credentials has 20 or 28 bytes, and 28 more of IP and UDP.
            assert!(answer.len() <= question.len() + 40, "{} for {}", answer.len(), question.len());
        }
    }
    let (stats, held) = (world.relay.stats(), world.relay.host().n_bytes_held.load(Ordering::Relaxed));
    assert_eq!((stats.n_allocations, stats.n_peers, held), (0, 0, 0));
    assert_eq!(world.relay.next_deadline_s(), None);
}

#[test]
fn strangers_are_answered_at_a_rate_and_streams_always() {
    let mut world = World::new();
    let (mut ann, _) = world.member("ann", 1, 1);
    world.relay.host().is_quiet.store(true, Ordering::Relaxed);
    let mut stranger = Client::new("nobody", 2);
    for method in [Method::Binding, Method::Allocate, Method::Refresh] {
        let question = stranger.unsigned(method, &[]);
        assert!(world.put(stranger.five_tuple, &question).is_none());
    }
    stranger.nonce = b"guess".to_vec();
    let question = stranger.signed(Method::Allocate, &[], &[]);
    assert!(world.put(stranger.five_tuple, &question).is_none());
    assert_eq!(world.refusals, [Refusal::StrangerRate; 4]);
    // Who has credentials is no stranger, and whose address is certain is no victim.
    assert_eq!(ann.refresh(&mut world, None).code, 0);
    let mut by_tcp = Client::new("nobody", 3).over_tcp(1);
    let question = by_tcp.unsigned(Method::Binding, &[]);
    assert_eq!(world.ask(&by_tcp, &question).address(attribute::XOR_MAPPED_ADDRESS), by_tcp.five_tuple.client);
}

#[test]
fn expiries_do_not_pile_up_when_allocations_come_and_go() {
    let mut world = World::new();
    world.enter("ann", 1);
    let mut ann = Client::new("ann", 1);
    for _ in 0..2_000 {
        assert_eq!(ann.allocate(&mut world, &[]).code, 0);
        assert_eq!(ann.refresh(&mut world, Some(0)).code, 0);
    }
    assert_eq!(world.relay.next_deadline_s(), None);
    let (mut bob, _) = world.member("bob", 1, 2);
    for _ in 0..100 {
        assert_eq!(bob.refresh(&mut world, Some(3_600)).code, 0);
        assert_eq!(bob.refresh(&mut world, Some(600)).code, 0);
    }
    world.pass(599);
    assert_eq!(world.n_tickets(), 1);
    world.pass(1);
    assert_eq!((world.n_tickets(), world.relay.next_deadline_s()), (0, None));
}
