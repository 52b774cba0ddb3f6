//! Allocate, Refresh, credentials, nonces, expiry.
use p2pchat_ice::shared_secret_password;
use secrecy::ExposeSecret as _;

use super::{Client, Extra, REALM, SECRET, UDP_TRANSPORT, UNIX_S, World, udp};
use crate::{Class, Message, Method, Refusal, attribute};

#[test]
fn a_binding_tells_the_address_and_nothing_else() {
    let mut world = World::new();
    let mut client = Client::new("ann", 1);
    let request = client.unsigned(Method::Binding, &[]);
    let reply = world.ask(&client, &request);
    assert_eq!((reply.code, reply.address(attribute::XOR_MAPPED_ADDRESS)), (0, client.five_tuple.client));
    // Twelve bytes for an IPv4 address, and no more, since anybody may ask in anybody's name.
    assert_eq!(reply.bytes.len(), request.len() + 12);
    let request = client.unsigned(Method::Binding, &[(0x7777, b"what")]);
    let reply = world.ask(&client, &request);
    assert_eq!((reply.code, reply.message().get(attribute::UNKNOWN_ATTRIBUTES)), (420, Some(&[0x77, 0x77][..])));
}

#[test]
fn a_peer_in_a_room_gets_an_allocation() {
    let mut world = World::new();
    world.enter("ann", 1);
    let mut ann = Client::new("ann", 1);
    let reply = ann.allocate(&mut world, &[]);
    assert_eq!((reply.code, reply.number(attribute::LIFETIME)), (0, 600));
    assert_eq!(reply.address(attribute::XOR_MAPPED_ADDRESS), ann.five_tuple.client);
    let relayed = reply.address(attribute::XOR_RELAYED_ADDRESS);
    assert!(relayed.ip().to_string() == "192.0.2.1" && relayed.port() >= 1_024, "{relayed}");
    assert!(reply.message().is_signed_with(&ann.key));
    assert_eq!((world.relay.stats().n_allocations, world.n_tickets()), (1, 1));
    assert!(world.refusals.is_empty(), "{:?}", world.refusals);
}

#[test]
fn a_repeated_request_gets_the_same_answer_and_another_one_none() {
    let mut world = World::new();
    world.enter("ann", 1);
    let mut ann = Client::new("ann", 1);
    ann.introduce(&mut world);
    let request = ann.signed(Method::Allocate, &[UDP_TRANSPORT], &[]);
    let (first, again) = (world.ask(&ann, &request), world.ask(&ann, &request));
    assert_eq!((first.code, first.bytes == again.bytes), (0, true));
    let another = ann.signed(Method::Allocate, &[UDP_TRANSPORT], &[]);
    assert_eq!(world.ask(&ann, &another).code, 437);
    assert_eq!((world.relay.stats().n_allocations, world.n_tickets()), (1, 1));
}

#[test]
fn who_is_in_no_room_gets_none() {
    let mut world = World::new();
    let mut ann = Client::new("ann", 1);
    assert_eq!(ann.allocate(&mut world, &[]).code, 403);
    assert_eq!(world.refusals, [Refusal::NotInRoom]);
    assert_eq!((world.relay.stats().n_allocations, world.relay.quotas().total()), (0, 0));
}

#[test]
fn credentials_end_and_what_they_made_goes_on() {
    let mut world = World::new();
    let (mut ann, _) = world.member("ann", 1, 1);
    for _ in 0..10 {
        world.pass(590);
        let reply = ann.refresh(&mut world, None);
        assert_eq!((reply.code, reply.number(attribute::LIFETIME)), (0, 600));
    }
    let mut late = Client::new("ann", 2);
    assert_eq!(late.allocate(&mut world, &[]).code, 401);
    assert_eq!(world.refusals, [Refusal::ExpiredCredentials]);
}

#[test]
fn forged_credentials_are_refused() {
    let mut world = World::new();
    world.enter("ann", 1);
    let username = format!("{}:ann", UNIX_S + 60);
    let good = shared_secret_password(SECRET, &username);
    let foreign = shared_secret_password("another secret", &username);
    let longer = format!("{}:ann", UNIX_S + 99_999);
    for (username, password) in [
        (&*username, "guessed"),
        (&username, foreign.expose_secret()),
        // The expiry, or the name, was changed.
        (&longer, good.expose_secret()),
        ("99999999999999999999999:ann", good.expose_secret()),
        ("ann", good.expose_secret()),
        ("page", "north"),
        ("", ""),
    ] {
        let mut client = Client::with_login(username, password, 1);
        assert_eq!(client.allocate(&mut world, &[]).code, 401, "{username}");
    }
    assert_eq!(world.refusals, [Refusal::WrongCredentials; 7]);
    assert_eq!(world.relay.stats().n_allocations, 0);
    let mut client = Client::with_login(&username, good.expose_secret(), 1);
    assert_eq!(client.allocate(&mut world, &[]).code, 0);
    let mut fixed = Client::with_login("page", "south", 2);
    assert_eq!(fixed.allocate(&mut world, &[]).code, 0);
}

#[test]
fn a_nonce_is_for_one_five_tuple_and_holds_as_long_as_its_allocation() {
    let mut world = World::new();
    let (mut ann, _) = world.member("ann", 1, 1);
    let mut thief = ann.clone();
    thief.five_tuple = udp(2);
    let request = thief.signed(Method::Allocate, &[UDP_TRANSPORT], &[]);
    assert_eq!(world.ask(&thief, &request).code, 438);
    thief.five_tuple.stream = std::num::NonZeroU32::new(1);
    let request = thief.signed(Method::Allocate, &[UDP_TRANSPORT], &[]);
    assert_eq!(world.ask(&thief, &request).code, 438);
    for nonce in ["", "x", "AAAAAAAAAAAAAAAAAAAAAA"] {
        let mut guess = ann.clone();
        guess.nonce = nonce.into();
        let request = guess.signed(Method::Refresh, &[], &[]);
        let reply = world.ask(&guess, &request);
        assert_eq!((reply.code, reply.message().text(attribute::REALM)), (438, Some(REALM)));
    }
    // Hours later: the nonce that made the allocation is still taken for it, and nowhere else.
    let mut other = Client::new("ann", 3);
    other.introduce(&mut world);
    for _ in 0..20 {
        world.pass(599);
        assert_eq!(ann.refresh(&mut world, None).code, 0);
    }
    let request = other.signed(Method::Allocate, &[UDP_TRANSPORT], &[]);
    assert_eq!(world.ask(&other, &request).code, 438);
}

#[test]
fn a_slow_device_still_gets_through_with_its_nonce() {
    let mut world = World::new();
    world.enter("ann", 1);
    let mut ann = Client::new("ann", 1);
    ann.introduce(&mut world);
    world.pass(3_500);
    let request = ann.signed(Method::Allocate, &[UDP_TRANSPORT], &[]);
    assert_eq!(world.ask(&ann, &request).code, 0);
}

#[test]
fn an_allocation_ends_by_time_by_wish_with_its_connection_and_with_its_session() {
    let mut world = World::new();
    let (mut ann, relayed) = world.member("ann", 1, 1);
    assert_eq!(world.relay.next_deadline_s(), Some(world.now.clock_s + 600));
    world.pass(599);
    assert_eq!(ann.refresh(&mut world, Some(1)).number(attribute::LIFETIME), 600);
    world.pass(599);
    assert_eq!(world.n_tickets(), 1);
    world.pass(1);
    assert_eq!((world.n_tickets(), world.relay.next_deadline_s()), (0, None));
    assert_eq!(ann.refresh(&mut world, None).code, 437);

    let reply = ann.allocate(&mut world, &[(attribute::LIFETIME, &7_200u32.to_be_bytes())]);
    assert_eq!(reply.number(attribute::LIFETIME), 3_600);
    assert_ne!(reply.address(attribute::XOR_RELAYED_ADDRESS), relayed);
    let reply = ann.refresh(&mut world, Some(0));
    assert_eq!((reply.code, reply.number(attribute::LIFETIME), world.n_tickets()), (0, 0, 0));

    let mut by_tcp = Client::new("ann", 2).over_tcp(5);
    assert_eq!((by_tcp.allocate(&mut world, &[]).code, world.n_tickets()), (0, 1));
    world.relay.close(&by_tcp.five_tuple);
    assert_eq!((by_tcp.refresh(&mut world, None).code, world.n_tickets()), (437, 0));

    let (mut one, _) = world.member("ann", 1, 3);
    let (mut two, _) = world.member("ann", 1, 4);
    let (mut bob, _) = world.member("bob", 1, 5);
    world.relay.end_peer("ann");
    assert_eq!((one.refresh(&mut world, None).code, two.refresh(&mut world, None).code), (437, 437));
    assert_eq!((bob.refresh(&mut world, None).code, world.n_tickets()), (0, 1));
    assert_eq!(world.relay.quotas().total(), 1);
}

#[test]
fn one_that_is_over_is_over_before_the_timer_comes_by() {
    let mut world = World::new();
    let (mut ann, _) = world.member("ann", 1, 1);
    world.now.clock_s += 600;
    assert_eq!(ann.refresh(&mut world, None).code, 437);
    assert_eq!(ann.allocate(&mut world, &[]).code, 0);
    world.relay.on_timer(world.now);
    assert_eq!((world.relay.stats().n_allocations, world.n_tickets()), (1, 1));
}

#[test]
fn an_allocation_is_its_makers() {
    let mut world = World::new();
    let (ann, _) = world.member("ann", 1, 1);
    world.enter("bob", 1);
    let mut bob = Client::new("bob", 1);
    bob.nonce = ann.nonce.clone();
    assert_eq!(bob.refresh(&mut world, Some(0)).code, 441);
    assert_eq!(bob.permit(&mut world, &["192.0.2.1:2000".parse().unwrap()]).code, 441);
    assert_eq!(bob.bind(&mut world, 0x4000, "192.0.2.1:2000".parse().unwrap()).code, 441);
    assert_eq!(world.n_tickets(), 1);
}

#[test]
fn what_is_asked_of_an_allocation_is_checked() {
    let mut world = World::new();
    world.enter("ann", 1);
    let cases: &[(Extra<'_>, u16)] = &[
        (&[], 400),
        (&[(attribute::REQUESTED_TRANSPORT, &[17])], 400),
        (&[(attribute::REQUESTED_TRANSPORT, &[6, 0, 0, 0])], 442),
        (&[UDP_TRANSPORT, (attribute::REQUESTED_ADDRESS_FAMILY, &[3, 0, 0, 0])], 440),
        (&[UDP_TRANSPORT, (attribute::REQUESTED_ADDRESS_FAMILY, &[])], 440),
        (&[UDP_TRANSPORT, (attribute::ADDITIONAL_ADDRESS_FAMILY, &[1, 0, 0, 0])], 400),
        (
            &[
                UDP_TRANSPORT,
                (attribute::REQUESTED_ADDRESS_FAMILY, &[1, 0, 0, 0]),
                (attribute::ADDITIONAL_ADDRESS_FAMILY, &[2, 0, 0, 0]),
            ],
            400,
        ),
        (&[UDP_TRANSPORT, (attribute::EVEN_PORT, &[0x80])], 508),
        (&[UDP_TRANSPORT, (attribute::RESERVATION_TOKEN, &[0; 8])], 508),
        (&[UDP_TRANSPORT, (attribute::RESERVATION_TOKEN, &[0; 8]), (attribute::EVEN_PORT, &[0])], 400),
        (&[UDP_TRANSPORT, (0x7FFF, &[])], 420),
    ];
    for (n, (extra, code)) in cases.iter().enumerate() {
        let mut ann = Client::new("ann", 1);
        ann.introduce(&mut world);
        let request = ann.signed(Method::Allocate, extra, &[]);
        let reply = world.ask(&ann, &request);
        assert_eq!((reply.code, world.n_tickets()), (*code, 0), "case {n}");
        assert!(reply.message().is_signed_with(&ann.key), "case {n}");
    }
}

#[test]
fn families_and_even_ports_are_given_as_asked() {
    let mut world = World::new();
    world.enter("ann", 1);
    let six = Client::new("ann", 1).allocate(&mut world, &[(attribute::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0])]);
    assert_eq!(six.address(attribute::XOR_RELAYED_ADDRESS).ip().to_string(), "2001:db8::1");
    let both = Client::new("ann", 2).allocate(&mut world, &[(attribute::ADDITIONAL_ADDRESS_FAMILY, &[2, 0, 0, 0])]);
    assert!(both.address(attribute::XOR_RELAYED_ADDRESS).is_ipv4());
    assert_eq!(both.message().get(attribute::ADDRESS_ERROR_CODE), Some(&[2, 0, 4, 40][..]));
    for port in 3..40 {
        let even = Client::new("ann", port).allocate(&mut world, &[(attribute::EVEN_PORT, &[0])]);
        assert_eq!(even.address(attribute::XOR_RELAYED_ADDRESS).port() % 2, 0);
    }
}

#[test]
fn what_is_asked_without_an_allocation_is_a_mismatch() {
    let mut world = World::new();
    world.enter("ann", 1);
    let mut ann = Client::new("ann", 1);
    ann.introduce(&mut world);
    let peer = "192.0.2.1:2000".parse().unwrap();
    let codes = [
        ann.refresh(&mut world, None).code,
        ann.permit(&mut world, &[peer]).code,
        ann.bind(&mut world, 0x4000, peer).code,
    ];
    assert_eq!(codes, [437; 3]);
    assert!(ann.send(&mut world, peer, b"x").is_none() && ann.send_by_channel(&mut world, 0x4000, b"x").is_none());
}

#[test]
fn an_answer_has_a_fingerprint_where_the_request_has_one() {
    let mut world = World::new();
    let mut ann = Client::new("ann", 1);
    let request = ann.unsigned(Method::Allocate, &[]);
    assert!(!world.ask(&ann, &request).message().has_fingerprint());
    ann.nonce = b"x".to_vec();
    let request = ann.signed(Method::Allocate, &[], &[]);
    let reply = world.ask(&ann, &request);
    assert!(reply.message().has_fingerprint());
    let message = Message::decode(&request).unwrap();
    assert_eq!((reply.message().transaction(), reply.message().class()), (message.transaction(), Class::Error));
}
