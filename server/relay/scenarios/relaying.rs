//! Data between allocations: who reaches whom, and who does not.
use std::{net::SocketAddr, sync::atomic::Ordering};

use super::{Client, World, channel_data, data_of};
use crate::{Refusal, Target, attribute};

#[test]
fn two_in_a_room_talk_by_indications() {
    let mut world = World::new();
    let ((mut ann, a), (mut bob, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    assert_eq!((ann.permit(&mut world, &[b]).code, bob.permit(&mut world, &[a]).code), (0, 0));
    for data in [&b"hello"[..], b"", &[7; 1_200], &[0; 4], &[1; 3]] {
        let (target, bytes) = ann.send(&mut world, b, data).unwrap();
        assert_eq!((target, data_of(&bytes)), (Target::Client(bob.five_tuple), (a, data.to_vec())));
        let (target, bytes) = bob.send(&mut world, a, data).unwrap();
        assert_eq!((target, data_of(&bytes)), (Target::Client(ann.five_tuple), (b, data.to_vec())));
    }
    let stats = world.relay.stats();
    assert_eq!((stats.n_packets, stats.n_bytes, stats.n_peers), (10, 2 * 1_212, 2));
    assert!(world.refusals.is_empty());
}

#[test]
fn without_permission_on_either_side_nothing_passes() {
    let mut world = World::new();
    let ((mut ann, a), (mut bob, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    assert!(ann.send(&mut world, b, b"x").is_none());
    ann.permit(&mut world, &[b]);
    assert!(ann.send(&mut world, b, b"x").is_none());
    bob.permit(&mut world, &[a]);
    assert!(ann.send(&mut world, b, b"x").is_some());
    assert_eq!(world.refusals, [Refusal::NoPermission; 2]);
    // A permission lasts five minutes, and whatever is sent does not make it longer.
    world.pass(200);
    assert!(ann.send(&mut world, b, b"x").is_some());
    world.pass(100);
    assert!(ann.send(&mut world, b, b"x").is_none());
    ann.permit(&mut world, &[b]);
    assert!(ann.send(&mut world, b, b"x").is_none());
    bob.permit(&mut world, &[a]);
    assert!(ann.send(&mut world, b, b"x").is_some());
}

#[test]
fn another_rooms_people_are_not_reached_though_all_share_an_address() {
    let mut world = World::new();
    let ((mut ann, a), (mut eve, e)) = (world.member("ann", 1, 1), world.member("eve", 2, 2));
    ann.permit(&mut world, &[e]);
    eve.permit(&mut world, &[a]);
    assert!(eve.send(&mut world, a, b"x").is_none() && ann.send(&mut world, e, b"x").is_none());
    eve.bind(&mut world, 0x4000, a);
    assert!(eve.send_by_channel(&mut world, 0x4000, b"x").is_none());
    assert_eq!(world.refusals, [Refusal::NoCommonRoom; 3]);
}

#[test]
fn who_leaves_the_room_is_cut_off_and_who_comes_back_is_heard_again() {
    let mut world = World::new();
    let ((mut ann, a), (mut bob, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    ann.permit(&mut world, &[b]);
    bob.permit(&mut world, &[a]);
    for (leaver, other_room) in [("ann", 2), ("bob", 3)] {
        assert!(ann.send(&mut world, b, b"x").is_some() && bob.send(&mut world, a, b"x").is_some());
        world.leave(leaver, 1);
        assert!(ann.send(&mut world, b, b"x").is_none() && bob.send(&mut world, a, b"x").is_none());
        world.enter(leaver, other_room);
        assert!(ann.send(&mut world, b, b"x").is_none() && bob.send(&mut world, a, b"x").is_none());
        world.enter(leaver, 1);
    }
    assert!(ann.send(&mut world, b, b"x").is_some() && bob.send(&mut world, a, b"x").is_some());
}

#[test]
fn rooms_are_asked_once_and_not_for_each_packet() {
    let mut world = World::new();
    let ((mut ann, a), (mut bob, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    ann.permit(&mut world, &[b]);
    bob.permit(&mut world, &[a]);
    let n_asked = |world: &World| world.relay.host().n_asked.load(Ordering::Relaxed);
    (0..1_000).for_each(|_| assert!(ann.send(&mut world, b, b"x").is_some()));
    assert_eq!(n_asked(&world), 1);
    world.enter("eve", 1);
    (0..1_000).for_each(|_| assert!(ann.send(&mut world, b, b"x").is_some()));
    assert_eq!(n_asked(&world), 1);
    world.relay.on_rooms_changed("bob");
    (0..1_000).for_each(|_| assert!(ann.send(&mut world, b, b"x").is_some()));
    assert_eq!(n_asked(&world), 2);
    // A refusal is remembered, too.
    world.leave("ann", 1);
    (0..1_000).for_each(|_| assert!(ann.send(&mut world, b, b"x").is_none()));
    assert_eq!(n_asked(&world), 3);
}

#[test]
fn rooms_are_asked_once_for_a_packet_where_there_is_no_room_to_remember_it() {
    let mut world = World::new();
    let ((mut ann, _), (mut bob, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    ann.permit(&mut world, &[b]);
    for n in 0..64 {
        let nobody = SocketAddr::new(b.ip(), 100 + n);
        assert_eq!(bob.bind(&mut world, 0x4000 + n, nobody).code, 0);
    }
    for n in 1..=20 {
        if n == 11 {
            world.leave("ann", 1);
        }
        assert_eq!(ann.send(&mut world, b, b"x").is_some(), n < 11);
        assert_eq!(world.relay.host().n_asked.load(Ordering::Relaxed), n);
    }
}

#[test]
fn nothing_but_relayed_addresses_is_reached() {
    let mut world = World::new();
    let (mut ann, a) = world.member("ann", 1, 1);
    let elsewhere = ["127.0.0.1:80", "10.0.0.1:1", "169.254.169.254:80", "8.8.8.8:53", "192.0.2.2:5000", "192.0.2.1:5"];
    for (channel, peer) in (0x4000..).zip(elsewhere) {
        let peer = peer.parse().unwrap();
        // Browsers ask for every candidate of the other side; that they get no answer there is how they find the way.
        assert_eq!(ann.permit(&mut world, &[peer]).code, 0);
        assert!(ann.send(&mut world, peer, b"x").is_none(), "{peer}");
        assert_eq!(ann.bind(&mut world, channel, peer).code, 0);
        assert!(ann.send_by_channel(&mut world, channel, b"x").is_none(), "{peer}");
    }
    let mut out = Vec::new();
    let outcome = world.relay.receive_from_network(world.now, a, "8.8.8.8:53".parse().unwrap(), b"x", &mut out);
    assert_eq!((outcome.target, outcome.refusal), (None, Some(Refusal::DeniedAddress)));
    // Itself is somebody in a common room: a page may test its own way.
    assert!(ann.permit(&mut world, &[a]).code == 0 && ann.send(&mut world, a, b"x").is_some());
}

#[test]
fn families_do_not_mix() {
    let mut world = World::new();
    let (mut ann, _) = world.member("ann", 1, 1);
    let six = "[2001:db8::1]:5000".parse().unwrap();
    assert_eq!((ann.permit(&mut world, &[six]).code, ann.bind(&mut world, 0x4000, six).code), (443, 443));
    let mapped = "[::ffff:192.0.2.1]:5000".parse().unwrap();
    assert_eq!(ann.permit(&mut world, &[mapped]).code, 443);
    let family = [(attribute::REQUESTED_ADDRESS_FAMILY, &[2u8, 0, 0, 0][..])];
    let request = ann.signed(crate::Method::Refresh, &family, &[]);
    assert_eq!(world.ask(&ann, &request).code, 443);
}

#[test]
fn a_page_with_the_fixed_login_is_reached_by_those_who_asked_for_each_other() {
    let mut world = World::new();
    let (mut ann, a) = world.member("ann", 1, 1);
    let mut page = Client::with_login("page", "south", 2);
    let p = page.allocate(&mut world, &[]).address(attribute::XOR_RELAYED_ADDRESS);
    let nobody = "192.0.2.1:60000".parse().unwrap();
    page.permit(&mut world, &[a]);
    ann.permit(&mut world, &[nobody]);
    // The permission is there, for they share an address; what is missing is that she asked for this one.
    assert!(page.send(&mut world, a, b"x").is_none());
    let _ = ann.send(&mut world, p, b"x");
    assert!(page.send(&mut world, a, b"x").is_some() && ann.send(&mut world, p, b"x").is_some());
    let mut other = Client::with_login("page", "south", 3);
    let o = other.allocate(&mut world, &[]).address(attribute::XOR_RELAYED_ADDRESS);
    other.permit(&mut world, &[p]);
    assert!(other.send(&mut world, p, b"x").is_none());
    page.permit(&mut world, &[o]);
    assert!(other.send(&mut world, p, b"x").is_some());
}

#[test]
fn a_stream_and_a_datagram_talk_and_data_of_a_stream_is_padded() {
    let mut world = World::new();
    let (mut ann, a) = world.member("ann", 1, 1);
    world.enter("bob", 1);
    let mut bob = Client::new("bob", 2).over_tcp(9);
    let b = bob.allocate(&mut world, &[]).address(attribute::XOR_RELAYED_ADDRESS);
    ann.bind(&mut world, 0x4000, b);
    bob.bind(&mut world, 0x4001, a);
    let (target, bytes) = ann.send_by_channel(&mut world, 0x4000, b"12345").unwrap();
    assert_eq!(target, Target::Client(bob.five_tuple));
    assert_eq!(bytes, [&channel_data(0x4001, b"12345")[..], &[0; 3]].concat());
    // Padding that comes in is no data.
    let padded = [&channel_data(0x4001, b"12345")[..], &[9; 3]].concat();
    let (target, bytes) = world.put(bob.five_tuple, &padded).unwrap();
    assert_eq!((target, bytes), (Target::Client(ann.five_tuple), channel_data(0x4000, b"12345")));
}

#[test]
fn too_many_bytes_are_dropped_and_counted() {
    let mut world = World::new();
    let ((mut ann, a), (mut bob, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    ann.permit(&mut world, &[b]);
    bob.permit(&mut world, &[a]);
    world.relay.host().may_not_send.store(true, Ordering::Relaxed);
    assert!(ann.send(&mut world, b, b"x").is_none());
    assert_eq!(world.refusals, [Refusal::ByteRate]);
    // Without a permission nobody pays.
    world.refusals.clear();
    assert!(ann.send(&mut world, "10.0.0.1:1".parse().unwrap(), b"x").is_none());
    assert_eq!(world.refusals, [Refusal::NoPermission]);
}

#[test]
fn what_is_remembered_of_somebody_is_not_taken_for_who_comes_back() {
    let mut world = World::new();
    let ((mut ann, a), (mut bob, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    ann.permit(&mut world, &[b]);
    bob.permit(&mut world, &[a]);
    assert!(ann.send(&mut world, b, b"x").is_some());
    // Everything that was known of her ends with her allocation. She leaves the room, and gets the same address.
    let mut address = None;
    ann.refresh(&mut world, Some(0));
    world.leave("ann", 1);
    world.enter("ann", 2);
    for _ in 0..20_000 {
        address = Some(ann.allocate(&mut world, &[]).address(attribute::XOR_RELAYED_ADDRESS)).filter(|it| *it == a);
        if address.is_some() {
            break;
        }
        ann.refresh(&mut world, Some(0));
    }
    assert_eq!(address, Some(a), "ports come again");
    ann.permit(&mut world, &[b]);
    assert!(ann.send(&mut world, b, b"x").is_none());
    assert_eq!(world.refusals, [Refusal::NoCommonRoom]);
}

#[test]
fn whom_a_client_names_by_sending_is_held_at_once() {
    let mut world = World::new();
    let ((mut ann, _), (_, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    ann.permit(&mut world, &[b]);
    let held = |world: &World| world.relay.host().n_bytes_held.load(Ordering::Relaxed);
    let before = held(&world);
    for port in 1..40 {
        ann.send(&mut world, (b.ip(), port).into(), b"x");
    }
    assert!(held(&world) > before + 1_000, "{before} {}", held(&world));
}
