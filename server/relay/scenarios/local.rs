//! Parties inside the server: who reaches them, whom they reach, and until when.
use std::{net::SocketAddr, sync::atomic::Ordering};

use super::{
    Client, World, channel_data, data_of, members,
    networks::{real_world, real_world_with},
};
use crate::{Networks, Refusal, Target, attribute};

/// A party in a room, with an address.
fn host(world: &World, peer: &str, room: u32) -> SocketAddr {
    world.enter(peer, room);
    world.relay.open_local(peer, false, peer.into()).unwrap()
}

/// What a party sends: where it goes, and as what.
fn say(world: &mut World, from: SocketAddr, to: SocketAddr, data: &[u8]) -> Option<(Target, Vec<u8>)> {
    let mut out = b"what stood there".to_vec();
    let outcome = world.relay.send_local(world.now, from, to, data, &mut out);
    world.refusals.extend(outcome.refusal);
    outcome.target.map(|it| (it, out))
}

/// What comes to a party.
fn heard(from: SocketAddr, to: SocketAddr, data: &[u8]) -> Option<(Target, Vec<u8>)> {
    Some((Target::Local { from, to }, data.to_vec()))
}

fn n_asked(world: &World) -> usize {
    world.relay.host().n_asked.load(Ordering::Relaxed)
}

#[test]
fn a_client_and_the_host_of_its_room_talk_by_indications_and_by_channel() {
    let mut world = World::new();
    let h = host(&world, "host", 1);
    let (mut ann, a) = world.member("ann", 1, 1);
    assert_eq!((h.ip(), h.port() >= 1_024), ("192.0.2.2".parse().unwrap(), true));
    assert_eq!(&*world.relay.local(&h).unwrap(), "host");
    assert_eq!(ann.permit(&mut world, &[h]).code, 0);
    for data in [&b"hello"[..], b"", &[7; 1_200]] {
        assert_eq!(ann.send(&mut world, h, data), heard(a, h, data));
        let (target, bytes) = say(&mut world, h, a, data).unwrap();
        assert_eq!((target, data_of(&bytes)), (Target::Client(ann.five_tuple), (h, data.to_vec())));
    }
    assert_eq!(ann.bind(&mut world, 0x4000, h).code, 0);
    assert_eq!(ann.send_by_channel(&mut world, 0x4000, b"12345"), heard(a, h, b"12345"));
    assert_eq!(say(&mut world, h, a, b"67"), Some((Target::Client(ann.five_tuple), channel_data(0x4000, b"67"))));
    let stats = world.relay.stats();
    assert_eq!((stats.n_packets, stats.n_bytes), (8, 2 * 1_205 + 7));
    assert_eq!((stats.n_locals, stats.n_allocations, stats.n_peers, n_asked(&world)), (1, 1, 1, 1));
    assert!(world.refusals.is_empty());
}

#[test]
fn two_rooms_do_not_reach_each_others_hosts() {
    let mut world = World::new();
    let (h, g) = (host(&world, "host", 1), host(&world, "guest-host", 2));
    let (mut ann, a) = world.member("ann", 1, 1);
    let (mut eve, e) = world.member("eve", 2, 2);
    for client in [&mut ann, &mut eve] {
        assert_eq!((client.permit(&mut world, &[h, g]).code, client.bind(&mut world, 0x4000, h).code), (0, 0));
    }
    assert_eq!(ann.send_by_channel(&mut world, 0x4000, b"x"), heard(a, h, b"x"));
    assert_eq!(eve.send(&mut world, g, b"x"), heard(e, g, b"x"));
    assert!(say(&mut world, h, a, b"x").is_some() && say(&mut world, g, e, b"x").is_some());
    assert!(world.refusals.is_empty());
    assert_eq!((ann.send(&mut world, g, b"x"), eve.send_by_channel(&mut world, 0x4000, b"x")), (None, None));
    assert_eq!((say(&mut world, h, e, b"x"), say(&mut world, g, a, b"x")), (None, None));
    assert_eq!(world.refusals, [Refusal::NoCommonRoom; 4]);
}

#[test]
fn whichever_of_the_two_leaves_the_room_is_cut_off_and_heard_again_when_it_comes_back() {
    let mut world = World::new();
    let h = host(&world, "host", 1);
    let (mut ann, a) = world.member("ann", 1, 1);
    ann.permit(&mut world, &[h]);
    for leaver in ["ann", "host"] {
        (0..100).for_each(|_| assert_eq!(ann.send(&mut world, h, b"x"), heard(a, h, b"x")));
        (0..100).for_each(|_| assert!(say(&mut world, h, a, b"x").is_some()));
        world.leave(leaver, 1);
        world.enter(leaver, 2);
        (0..100).for_each(|_| assert_eq!((ann.send(&mut world, h, b"x"), say(&mut world, h, a, b"x")), (None, None)));
        world.leave(leaver, 2);
        world.enter(leaver, 1);
    }
    assert_eq!(world.refusals, [Refusal::NoCommonRoom; 400]);
    // It is asked once for all packets of both directions, and again when one of the two has moved.
    assert_eq!(n_asked(&world), 4);
}

#[test]
fn a_client_hears_nothing_from_where_it_has_no_permission() {
    let mut world = World::new();
    let h = host(&world, "host", 1);
    let ((mut ann, a), (_, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    assert_eq!((ann.send(&mut world, h, b"x"), say(&mut world, h, a, b"x")), (None, None));
    // One for a client's address is none for a party's.
    ann.permit(&mut world, &[b]);
    assert_eq!((ann.send(&mut world, h, b"x"), say(&mut world, h, a, b"x")), (None, None));
    assert_eq!(world.refusals, [Refusal::NoPermission; 4]);
    ann.permit(&mut world, &[h]);
    assert!(say(&mut world, h, a, b"x").is_some());
    world.pass(300);
    assert_eq!((ann.send(&mut world, h, b"x"), say(&mut world, h, a, b"x")), (None, None));
    assert_eq!(world.refusals[4..], [Refusal::NoPermission; 2]);
}

#[test]
fn nobody_is_at_a_made_up_address_nor_at_one_that_was_closed_or_whose_peer_has_ended() {
    let mut world = World::new();
    let (h, other, nobody) = (host(&world, "host", 1), host(&world, "host", 1), "192.0.2.2:9".parse().unwrap());
    let (mut ann, a) = world.member("ann", 1, 1);
    ann.permit(&mut world, &[h, other, nobody]);
    assert_eq!(ann.send(&mut world, nobody, b"x"), None);
    // A client's address, and one that nobody has: neither is the party's own.
    assert_eq!((say(&mut world, a, a, b"x"), say(&mut world, nobody, a, b"x")), (None, None));
    // Parties do not reach each other, nor anything that is no relayed address.
    assert_eq!(
        (say(&mut world, h, other, b"x"), say(&mut world, h, "8.8.8.8:53".parse().unwrap(), b"x")),
        (None, None)
    );
    use Refusal::{Mismatch, NoPeer};
    assert_eq!(world.refusals, [NoPeer, Mismatch, Mismatch, NoPeer, NoPeer]);

    world.refusals.clear();
    assert!(ann.send(&mut world, h, b"x").is_some() && ann.send(&mut world, other, b"x").is_some());
    world.relay.close_local(h);
    world.relay.close_local(h);
    assert_eq!((ann.send(&mut world, h, b"x"), say(&mut world, h, a, b"x")), (None, None));
    assert_eq!(ann.send(&mut world, other, b"x"), heard(a, other, b"x"));
    world.relay.end_peer("host");
    assert_eq!((ann.send(&mut world, other, b"x"), say(&mut world, other, a, b"x")), (None, None));
    assert_eq!(world.refusals, [NoPeer, Mismatch, NoPeer, Mismatch]);
    assert_eq!((world.relay.stats().n_locals, world.relay.local(&other)), (0, None));

    // The client's end is another thing.
    let again = host(&world, "host", 1);
    assert_ne!(again, h, "what was freed is not in use again at once");
    world.relay.end_peer("ann");
    assert_eq!((ann.send(&mut world, again, b"x"), say(&mut world, again, a, b"x")), (None, None));
    assert_eq!(world.refusals[4..], [Mismatch, NoPeer]);
}

#[test]
fn what_is_remembered_of_a_party_is_not_taken_for_who_has_its_address_next() {
    let mut world = World::new();
    let h = host(&world, "host", 1);
    let (mut ann, a) = world.member("ann", 1, 1);
    ann.permit(&mut world, &[h]);
    assert!(ann.send(&mut world, h, b"x").is_some());
    world.relay.close_local(h);
    world.enter("other", 2);
    let open = |world: &World| world.relay.open_local("other", false, "other".into()).unwrap();
    while open(&world) != h {
        world.relay.end_peer("other");
    }
    assert_eq!((ann.send(&mut world, h, b"x"), say(&mut world, h, a, b"x")), (None, None));
    assert_eq!(world.refusals, [Refusal::NoCommonRoom; 2]);
}

#[test]
fn beside_real_sockets_a_party_has_a_virtual_address_and_the_same_rules() {
    let mut world = real_world();
    let (h, g) = (host(&world, "host", 1), host(&world, "guest-host", 2));
    let (mut ann, a) = world.member("ann", 1, 1);
    assert_eq!((a, h.ip()), ("198.41.0.4:50000".parse().unwrap(), "192.0.2.2".parse().unwrap()));
    // Nobody is there, so that nothing is granted; and what is virtual elsewhere is nothing here.
    let (nobody, elsewhere) = ("192.0.2.2:9".parse().unwrap(), "192.0.2.1:5000".parse().unwrap());
    let codes =
        [nobody, elsewhere].map(|it| (ann.permit(&mut world, &[it]).code, ann.bind(&mut world, 0x4000, it).code));
    assert_eq!(codes, [(403, 403); 2]);
    world.refusals.clear();
    assert_eq!((ann.permit(&mut world, &[h]).code, ann.bind(&mut world, 0x4000, h).code), (0, 0));
    assert_eq!(ann.send(&mut world, h, b"x"), heard(a, h, b"x"));
    assert_eq!(say(&mut world, h, a, b"x"), Some((Target::Client(ann.five_tuple), channel_data(0x4000, b"x"))));
    assert!(world.refusals.is_empty());
    // Real sockets reach whom they are permitted. A party is reached by its room alone.
    assert_eq!((ann.send(&mut world, g, b"x"), say(&mut world, g, a, b"x")), (None, None));
    world.leave("ann", 1);
    assert_eq!((ann.send(&mut world, h, b"x"), say(&mut world, h, a, b"x")), (None, None));
    assert_eq!(world.refusals, [Refusal::NoCommonRoom; 4]);
}

#[test]
fn nothing_for_a_party_leaves_for_a_network_and_nothing_from_one_is_a_partys_whatever_is_allowed() {
    let networks = Networks::new(&[] as &[&str], &["192.0.2.0/24"], []).unwrap();
    let mut world = real_world_with(networks);
    let (h, nobody) = (host(&world, "host", 1), "192.0.2.2:9".parse().unwrap());
    let (mut ann, a) = world.member("ann", 1, 1);
    assert_eq!((ann.permit(&mut world, &[h]).code, ann.permit(&mut world, &[nobody]).code), (0, 403));
    world.refusals.clear();
    assert_eq!(ann.send(&mut world, nobody, b"x"), None);
    let mut out = Vec::new();
    let outcome = world.relay.receive_from_network(world.now, a, h, b"x", &mut out);
    assert_eq!((outcome.target, outcome.refusal), (None, Some(Refusal::DeniedAddress)));
    world.relay.close_local(h);
    assert_eq!(ann.send(&mut world, h, b"x"), None);
    assert_eq!(world.refusals, [Refusal::NoPeer; 2]);
}

#[test]
fn a_party_is_reached_by_ipv6_under_an_address_of_its_own() {
    let mut world = World::new();
    let h = host(&world, "host", 1);
    let six = world.relay.open_local("host", true, "six".into()).unwrap();
    assert_eq!(six.ip(), "2001:db8::2".parse::<std::net::IpAddr>().unwrap());
    world.enter("ann", 1);
    let mut ann = Client::new("ann", 1);
    let family = [(attribute::REQUESTED_ADDRESS_FAMILY, &[2u8, 0, 0, 0][..])];
    let a = ann.allocate(&mut world, &family).address(attribute::XOR_RELAYED_ADDRESS);
    assert_eq!((ann.permit(&mut world, &[h]).code, ann.permit(&mut world, &[six]).code), (443, 0));
    assert_eq!(ann.send(&mut world, six, b"x"), heard(a, six, b"x"));
    let (_, bytes) = say(&mut world, six, a, b"x").unwrap();
    assert_eq!(data_of(&bytes), (six, b"x".to_vec()));
    assert!(say(&mut world, h, a, b"x").is_none());
}

#[test]
fn a_member_whose_session_is_elsewhere_reaches_the_host_of_its_room_here() {
    let mut world = members::world();
    let (h, g) = (host(&world, "host", 1), host(&world, "guest-host", 2));
    let (mut ann, a) = members::come(&mut world, members::member("ann", 1, 1, 1_001));
    ann.permit(&mut world, &[h, g]);
    assert_eq!(ann.send(&mut world, h, b"x"), heard(a, h, b"x"));
    assert!(say(&mut world, h, a, b"x").is_some() && world.refusals.is_empty());
    assert_eq!((ann.send(&mut world, g, b"x"), say(&mut world, g, a, b"x")), (None, None));
    world.leave("host", 1);
    assert_eq!((ann.send(&mut world, h, b"x"), say(&mut world, h, a, b"x")), (None, None));
    assert_eq!(world.refusals, [Refusal::NoCommonRoom; 4]);
    world.enter("host", 1);
    assert!(ann.send(&mut world, h, b"x").is_some());
    world.relay.on_member_left(world.now, "ann", members::mark(1), 1);
    assert_eq!((ann.send(&mut world, h, b"x"), say(&mut world, h, a, b"x")), (None, None));
    assert_eq!(world.refusals[4..], [Refusal::Mismatch, Refusal::NoPeer]);
}

#[test]
fn a_page_with_the_fixed_login_reaches_a_party_that_has_asked_for_it() {
    for mut world in [World::new(), real_world()] {
        let (h, g) = (host(&world, "host", 1), host(&world, "guest-host", 2));
        let mut page = Client::with_login("page", "south", 2);
        let p = page.allocate(&mut world, &[]).address(attribute::XOR_RELAYED_ADDRESS);
        page.permit(&mut world, &[h]);
        assert_eq!(page.send(&mut world, h, b"x"), None);
        // The permission is there, for parties share an address; what is missing is that the page asked for this one.
        assert_eq!(say(&mut world, g, p, b"x"), None);
        assert_eq!(world.refusals, [Refusal::NoPermission; 2]);
        assert!(say(&mut world, h, p, b"x").is_some());
        assert_eq!(page.send(&mut world, h, b"x"), heard(p, h, b"x"));
        // By sending it asks, too; but nobody there has asked for it.
        assert_eq!(page.send(&mut world, g, b"x"), None);
        assert_eq!(world.refusals[2..], [Refusal::NoPermission]);
        assert!(say(&mut world, g, p, b"x").is_some());
    }
}

#[test]
fn the_client_pays_for_both_directions_and_for_nothing_that_does_not_come() {
    let mut world = World::new();
    let h = host(&world, "host", 1);
    let ((mut ann, a), (_, b)) = (world.member("ann", 1, 1), world.member("bob", 1, 2));
    ann.permit(&mut world, &[h]);
    world.relay.host().may_not_send.store(true, Ordering::Relaxed);
    assert_eq!((ann.send(&mut world, h, b"x"), say(&mut world, h, a, b"x")), (None, None));
    assert_eq!(world.refusals, [Refusal::ByteRate; 2]);
    assert_eq!(say(&mut world, h, b, b"x"), None);
    assert_eq!(world.refusals[2..], [Refusal::NoPermission]);
    assert_eq!(world.relay.stats().n_packets, 0);
}

#[test]
fn what_no_datagram_holds_is_refused() {
    let mut world = World::new();
    let h = host(&world, "host", 1);
    let (mut ann, a) = world.member("ann", 1, 1);
    ann.bind(&mut world, 0x4000, h);
    assert!(say(&mut world, h, a, &[0; 65_503]).is_some());
    // With its header, and by itself.
    assert_eq!((say(&mut world, h, a, &[0; 65_504]), say(&mut world, h, a, &[0; 70_000])), (None, None));
    assert_eq!(world.refusals, [Refusal::Malformed; 2]);
}

#[test]
fn addresses_of_parties_have_a_bound_of_their_own_and_hold_nothing_when_they_are_closed() {
    let mut world = World::new();
    let kept: std::sync::Arc<str> = "host".into();
    let mut opened = Vec::new();
    while let Ok(address) = world.relay.open_local("host", opened.len() % 2 == 0, kept.clone()) {
        opened.push(address);
    }
    assert_eq!(opened.len(), 4_096);
    assert_eq!(world.relay.open_local("other", false, kept.clone()), Err(Refusal::TotalQuota));
    assert_eq!(std::sync::Arc::strong_count(&kept), 4_097);
    let distinct: std::collections::BTreeSet<_> = opened.iter().collect();
    assert_eq!(distinct.len(), opened.len());
    // Clients have theirs all the same.
    world.member("ann", 1, 1);
    assert_eq!((world.relay.stats().n_allocations, world.relay.stats().n_locals), (1, 4_096));
    world.relay.close_local(opened[0]);
    let other = world.relay.open_local("other", false, kept.clone()).unwrap();
    world.relay.end_peer("host");
    assert_eq!((world.relay.stats().n_locals, std::sync::Arc::strong_count(&kept)), (1, 2));
    world.relay.close_local(other);
    assert_eq!((world.relay.stats().n_locals, std::sync::Arc::strong_count(&kept)), (0, 1));
    // They need no time to end, and none ends by itself.
    assert_eq!(world.relay.next_deadline_s(), Some(world.now.clock_s + 600));
}

#[test]
fn what_a_client_keeps_of_a_party_is_its_own_memory() {
    let mut world = World::new();
    let h = host(&world, "host", 1);
    let (mut ann, a) = world.member("ann", 1, 1);
    let held = |world: &World| world.relay.host().n_bytes_held.load(Ordering::Relaxed);
    let before = held(&world);
    ann.permit(&mut world, &[h]);
    let permitted = held(&world);
    assert!(permitted > before);
    (0..100).for_each(|_| assert!(ann.send(&mut world, h, b"x").is_some() && say(&mut world, h, a, b"x").is_some()));
    assert_eq!(held(&world), permitted);
    world.relay.end_peer("ann");
    assert_eq!(held(&world), 0);
}
