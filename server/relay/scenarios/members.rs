//! Members of rooms whose sessions are at other servers.
use p2pchat_ice::{MEMBER_LOGIN_S_MAX, MemberName, RoomMark, SharedRelays, shared_secret_password};
use secrecy::{ExposeSecret as _, SecretString};

use super::*;

pub(super) fn relays() -> SharedRelays {
    SharedRelays::new("the cluster's".into())
}

fn secret() -> SecretString {
    relays().secret_of("a1")
}

pub(super) fn mark(room: u32) -> RoomMark {
    relays().mark(&room.to_string())
}

pub(super) fn world() -> World {
    let world = World::new();
    world.relay.take_members(secret());
    world
}

/// A member as its own server has told it, good for an hour.
pub(super) fn member(peer: &str, room: u32, number: u64, port: u16) -> Client {
    member_until(UNIX_S + 3_600, peer, room, number, port)
}

fn member_until(expiry_s: u64, peer: &str, room: u32, number: u64, port: u16) -> Client {
    let username = MemberName { expiry_s, peer, number, room: mark(room) }.to_string();
    let password = shared_secret_password(secret().expose_secret(), &username);
    Client::with_login(&username, password.expose_secret(), port)
}

/// With an allocation. Its relayed address.
pub(super) fn come(world: &mut World, mut client: Client) -> (Client, SocketAddr) {
    let reply = client.allocate(world, &[]);
    assert_eq!(reply.code, 0, "{:?}", world.refusals);
    (client, reply.address(attribute::XOR_RELAYED_ADDRESS))
}

/// What the other hears of it, if anything.
fn say(world: &mut World, from: &mut Client, to: SocketAddr) -> Option<Target> {
    from.send(world, to, b"hello").map(|it| it.0)
}

#[test]
fn members_of_one_room_reach_each_other_and_those_of_it_who_are_here_and_nobody_else() {
    let mut world = world();
    let (mut ann, at_ann) = come(&mut world, member("ann", 1, 1, 1_001));
    let (mut bob, at_bob) = come(&mut world, member("bob", 1, 1, 1_002));
    let (mut eve, at_eve) = come(&mut world, member("eve", 2, 1, 1_003));
    let (mut cat, at_cat) = world.member("cat", 1, 1_004);
    let (mut dan, at_dan) = world.member("dan", 2, 1_005);
    let all = [at_ann, at_bob, at_eve, at_cat, at_dan];
    for client in [&mut ann, &mut bob, &mut eve, &mut cat, &mut dan] {
        assert_eq!(client.permit(&mut world, &all).code, 0);
    }
    let rooms = [1, 1, 2, 1, 2];
    let n_before = world.refusals.len();
    for (from, client) in [&mut ann, &mut bob, &mut eve, &mut cat, &mut dan].into_iter().enumerate() {
        for to in (0..5).filter(|it| *it != from) {
            let heard = say(&mut world, client, all[to]);
            assert_eq!(heard.is_some(), rooms[from] == rooms[to], "{from} {to}");
        }
    }
    assert!(
        world.refusals[n_before..].iter().all(|it| *it == Refusal::NoCommonRoom) && world.refusals.len() > n_before
    );
    // Whoever is here and leaves the room is not reached any more.
    world.leave("cat", 1);
    assert_eq!((say(&mut world, &mut ann, at_cat), say(&mut world, &mut cat, at_ann)), (None, None));
}

#[test]
fn who_has_left_loses_its_allocations_and_comes_in_again_as_a_member_alone() {
    let mut world = world();
    let (mut ann, _) = come(&mut world, member("ann", 1, 5, 1_001));
    let (mut in_another, _) = come(&mut world, member("ann", 2, 5, 1_002));
    let (mut local, _) = world.member("ann", 3, 1_003);
    assert_eq!(world.n_tickets(), 3);
    world.relay.on_member_left(world.now, "ann", mark(1), 6);
    assert_eq!(world.n_tickets(), 2);
    assert_eq!(ann.refresh(&mut world, None).code, 437);
    assert_eq!((in_another.refresh(&mut world, None).code, local.refresh(&mut world, None).code), (0, 0));
    for number in [5, 6] {
        assert_eq!(member("ann", 1, number, 1_004).allocate(&mut world, &[]).code, 403);
        assert_eq!(world.refusals.last(), Some(&Refusal::NotInRoom));
    }
    assert_eq!(member("bob", 1, 5, 1_005).allocate(&mut world, &[]).code, 0);
    let (mut again, _) = come(&mut world, member("ann", 1, 7, 1_006));
    // Of these no word speaks that is older and comes late.
    for number in [4, 6] {
        world.relay.on_member_left(world.now, "ann", mark(1), number);
        assert_eq!(again.refresh(&mut world, None).code, 0);
        assert_eq!(member("ann", 1, 6, 1_007).allocate(&mut world, &[]).code, 403);
        assert_eq!((world.n_tickets(), world.relay.stats().n_allocations), (4, 4));
    }
    world.relay.on_member_left(world.now, "ann", mark(1), 7);
    assert_eq!((again.refresh(&mut world, None).code, world.n_tickets()), (437, 3));
}

#[test]
fn nothing_of_a_member_lasts_longer_than_its_credentials() {
    let mut world = world();
    let until = |seconds: u64| UNIX_S + seconds;
    let mut ann = member_until(until(700), "ann", 1, 1, 1_001);
    let lifetime = ann.allocate(&mut world, &[(attribute::LIFETIME, &3_000u32.to_be_bytes())]);
    assert_eq!((lifetime.code, lifetime.number(attribute::LIFETIME)), (0, 700));
    world.pass(300);
    let lifetime = ann.refresh(&mut world, Some(1_000));
    assert_eq!((lifetime.code, lifetime.number(attribute::LIFETIME)), (0, 400));
    world.pass(400);
    assert_eq!(world.n_tickets(), 0);
    world.pass(1);
    assert_eq!(ann.refresh(&mut world, None).code, 401);
    assert_eq!(world.refusals.last(), Some(&Refusal::ExpiredCredentials));
    assert_eq!(member_until(until(700), "ann", 1, 1, 1_002).allocate(&mut world, &[]).code, 401);
    assert_eq!(member_until(until(1_500), "ann", 1, 1, 1_002).allocate(&mut world, &[]).code, 0);
}

#[test]
fn what_is_forged_or_of_another_relay_is_refused() {
    let mut world = world();
    let room = mark(1);
    let username = MemberName { expiry_s: UNIX_S + 60, peer: "ann", number: 1, room }.to_string();
    let other_room = MemberName { expiry_s: UNIX_S + 60, peer: "ann", number: 1, room: mark(2) }.to_string();
    let with = |secret: &SecretString, username: &str| shared_secret_password(secret.expose_secret(), username);
    let passwords = [
        with(&relays().secret_of("b2"), &username),
        with(&SharedRelays::new("guess".into()).secret_of("a1"), &username),
        with(&"the cluster's".into(), &username),
        with(&SECRET.into(), &username),
        with(&secret(), &other_room),
    ];
    for password in &passwords {
        let mut forged = Client::with_login(&username, password.expose_secret(), 1_001);
        assert_eq!(forged.allocate(&mut world, &[]).code, 401);
        assert_eq!(world.refusals.last(), Some(&Refusal::WrongCredentials));
    }
    // Nor does a relay without other servers know any.
    let mut alone = World::new();
    assert_eq!(member("ann", 1, 1, 1_001).allocate(&mut alone, &[]).code, 401);
    // An allocation is of its maker as a member of that room.
    let (ann, _) = come(&mut world, member("ann", 1, 1, 1_002));
    let mut thief = member("ann", 2, 1, 1_002);
    thief.nonce.clone_from(&ann.nonce);
    assert_eq!(thief.refresh(&mut world, None).code, 441);
}

#[test]
fn members_have_the_quotas_of_everybody() {
    let limits = Limits { per_peer: 2, per_address: 4, total: 100 };
    let mut world = World::with(limits, None, TestHost::default());
    world.relay.take_members(secret());
    let mut code = |peer, port| member(peer, 1, 1, port).allocate(&mut world, &[]).code;
    assert_eq!([code("ann", 1), code("ann", 2), code("ann", 3)], [0, 0, 486]);
    assert_eq!([code("bob", 4), code("bob", 5), code("cat", 6)], [0, 0, 486]);
    assert!(world.refusals.ends_with(&[Refusal::AddressQuota]) && world.refusals.contains(&Refusal::PeerQuota));
}

#[test]
fn of_those_who_have_left_no_more_is_remembered_than_need_be() {
    let mut world = world();
    world.relay.on_member_left(world.now, "ann", mark(1), 5);
    let late = |world: &World| world.now.unix_s + 3_600;
    world.pass(u32::try_from(MEMBER_LOGIN_S_MAX).unwrap());
    assert_eq!(member_until(late(&world), "ann", 1, 5, 1_001).allocate(&mut world, &[]).code, 403);
    world.pass(1);
    world.relay.on_member_left(world.now, "bob", mark(1), 5);
    assert_eq!(member_until(late(&world), "ann", 1, 5, 1_002).allocate(&mut world, &[]).code, 0);
    // Who leaves one room over and over is one of them.
    for number in 6..20_000 {
        world.relay.on_member_left(world.now, "eve", mark(1), number);
    }
    for (peer, number) in [("bob", 5), ("eve", 19_999)] {
        assert_eq!(member_until(late(&world), peer, 1, number, 1_003).allocate(&mut world, &[]).code, 403);
    }
    // The first of too many is forgotten, and the last is not.
    for number in 0..16_384 {
        world.relay.on_member_left(world.now, "cat", mark(number), 5);
    }
    assert_eq!(member_until(late(&world), "bob", 1, 5, 1_003).allocate(&mut world, &[]).code, 0);
    assert_eq!(member_until(late(&world), "cat", 0, 5, 1_004).allocate(&mut world, &[]).code, 403);
}
