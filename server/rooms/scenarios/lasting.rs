//! Rooms that outlive their members, and stars that outlive their hosts.
use std::time::Duration;

use crate::testing::{ask, heard, peer, rooms};
use crate::{
    Access, Admission, HostSecret, NoCompat, Password, Rejection, Reply, Request, Restore, RoomId, RoomKey, RoomPolicy,
    RoomSettings, Rooms, Timer, TimerKind, Topology,
};

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA";
pub(super) const POLICY: RoomPolicy = RoomPolicy {
    single_room: false,
    announce_both_ways: false,
    verify_holders_alive: false,
    hand_over: true,
    linger: Duration::from_secs(60),
    is_kept: true,
    create: Admission::Everyone,
    join: Admission::Everyone,
};

pub(super) fn key() -> RoomKey {
    RoomKey::new(KEY).unwrap()
}

pub(super) fn settings() -> RoomSettings {
    RoomSettings { name: "n".into(), password: Password("pw".into()), peers_max: 9 }
}

fn stage(policy: RoomPolicy, names: &[&str]) -> Rooms {
    let mut rooms = rooms(policy, NoCompat);
    names.iter().for_each(|it| drop(ask(&mut rooms, it, Request::Hello { alerts: false }).unwrap()));
    rooms
}

fn create(rooms: &mut Rooms, by: &str, topology: Topology, can_host: Option<u8>) {
    let host_secret = Some(HostSecret::of("mine"));
    let create = Request::Create {
        settings: Some((settings(), topology)),
        key: Some(key()),
        can_host,
        host_secret,
        founder: None,
        aware: false,
        access: Access::none(),
    };
    let (reply, heard) = ask(rooms, by, create).unwrap();
    assert!(matches!(reply, Reply::Created { room, .. } if room == key().room(None)) && heard.is_empty());
}

fn join(rooms: &mut Rooms, by: &str, can_host: Option<u8>) -> Result<(Option<String>, Vec<String>), Rejection> {
    join_with(rooms, by, can_host, None)
}

fn join_with(
    rooms: &mut Rooms,
    by: &str,
    can_host: Option<u8>,
    restore: Option<Topology>,
) -> Result<(Option<String>, Vec<String>), Rejection> {
    let restore = restore.map(|topology| {
        Box::new(Restore { key: key(), settings: settings(), topology, host_secret: None, founder: None })
    });
    let password = Some(Password("pw".into()));
    let (reply, heard) = ask(
        rooms,
        by,
        Request::Join {
            room: key().room(None),
            password,
            restore,
            can_host,
            aware: false,
            word: None,
            name: String::new(),
            access: Access::none(),
        },
    )?;
    let Reply::Joined { summary } = reply else { panic!("{reply:?}") };
    Ok((summary.host.map(|it| it.to_string()), heard))
}

/// The host makes a star, the others join with what they can do.
fn star(host: Option<u8>, guests: &[(&str, Option<u8>)]) -> Rooms {
    let names: Vec<_> = ["h"].into_iter().chain(guests.iter().map(|it| it.0)).chain(["x", "y"]).collect();
    let mut rooms = stage(POLICY, &names);
    create(&mut rooms, "h", Topology::Star, host);
    for (name, can_host) in guests {
        assert_eq!(join(&mut rooms, name, *can_host).unwrap().1, [format!("h <- +{name}")]);
    }
    rooms
}

fn take_host(rooms: &mut Rooms, by: &str, host_secret: Option<&str>) -> Result<Vec<String>, Rejection> {
    let host_secret = host_secret.map(HostSecret::of);
    ask(rooms, by, Request::TakeHost { room: key().room(None), host_secret }).map(|it| {
        assert_eq!(it.0, Reply::HostTaken);
        it.1
    })
}

fn leave(rooms: &mut Rooms, by: &str) -> Vec<String> {
    ask(rooms, by, Request::Leave { room: key().room(None) }).unwrap().1
}

fn gone(rooms: &mut Rooms, name: &str) -> (Vec<String>, Vec<Timer>) {
    let (notifications, timers) = rooms.forget(&peer(name));
    rooms.assert_sound();
    (heard(&notifications), timers)
}

#[test]
fn a_room_with_a_key_is_joined_after_everyone_left_and_forgotten_in_the_end() {
    let mut rooms = stage(POLICY, &["a", "b", "c"]);
    create(&mut rooms, "a", Topology::Mesh, None);
    let (heard, timers) = gone(&mut rooms, "a");
    let first = Timer { after: POLICY.linger, kind: TimerKind::Linger { room: key().room(None), number: 1 } };
    assert_eq!((heard, &timers[..]), (vec![], &[first.clone()][..]));
    assert_eq!(join(&mut rooms, "b", None).unwrap(), (None, vec![]));
    rooms.on_timer(&first);
    assert_eq!(rooms.len(), 1, "somebody is in it");
    let (_, timers) = gone(&mut rooms, "b");
    rooms.on_timer(&first);
    assert_eq!(rooms.len(), 1, "the time began anew");
    rooms.on_timer(&timers[0]);
    assert!(rooms.is_empty());
    assert_eq!(join(&mut rooms, "c", None), Err(Rejection::NoSuchRoom));
}

#[test]
fn a_room_without_a_key_ends_with_its_last_member() {
    let mut rooms = stage(POLICY, &["a"]);
    ask(&mut rooms, "a", Request::create(Some((settings(), Topology::Mesh)))).unwrap();
    assert_eq!(gone(&mut rooms, "a"), (vec![], vec![]));
    let mut rooms = stage(RoomPolicy { linger: Duration::ZERO, ..POLICY }, &["a"]);
    create(&mut rooms, "a", Topology::Mesh, None);
    assert_eq!((gone(&mut rooms, "a"), rooms.is_forgotten()), ((vec![], vec![]), true));
}

#[test]
fn whoever_has_the_key_brings_a_room_back_and_nobody_else() {
    for topology in [Topology::Mesh, Topology::Star] {
        let mut rooms = stage(POLICY, &["a", "b", "c"]);
        assert_eq!(join(&mut rooms, "a", Some(5)), Err(Rejection::NoSuchRoom));
        let foreign = RoomKey::new("BAAAAAAAAAAAAAAAAAAAAA").unwrap();
        let wrong = Restore { key: foreign, settings: settings(), topology, host_secret: None, founder: None };
        let password = || Some(Password("pw".into()));
        let request = Request::Join {
            room: key().room(None),
            password: password(),
            restore: Some(Box::new(wrong)),
            can_host: None,
            aware: false,
            word: None,
            name: String::new(),
            access: Access::none(),
        };
        assert_eq!(ask(&mut rooms, "a", request).map(drop), Err(Rejection::NoSuchRoom));
        let restored = join_with(&mut rooms, "a", Some(5), Some(topology)).unwrap();
        let host = (topology == Topology::Star).then(|| "a".to_owned());
        assert_eq!(restored, (host.clone(), vec![]));
        // For the next one it is there, whatever it says about it.
        let joined = join_with(&mut rooms, "b", None, Some(Topology::Mesh)).unwrap();
        assert_eq!(joined, (host, vec!["a <- +b".to_owned()]));
        let create = Request::Create {
            settings: Some((settings(), topology)),
            key: Some(key()),
            can_host: None,
            host_secret: None,
            founder: None,
            aware: false,
            access: Access::none(),
        };
        assert_eq!(ask(&mut rooms, "c", create).map(drop), Err(Rejection::IdTaken));
        let wrong = Request::join(key().room(None), Some(Password("no".into())));
        assert_eq!(ask(&mut rooms, "c", wrong).map(drop), Err(Rejection::WrongPassword));
    }
}

#[test]
fn the_fittest_guest_becomes_host_and_of_equals_the_oldest() {
    let mut rooms = star(Some(90), &[("a", Some(0)), ("b", Some(40)), ("c", Some(70)), ("d", Some(70)), ("o", None)]);
    let (heard, timers) = gone(&mut rooms, "h");
    let told: Vec<_> = ["a", "b", "c", "d"].iter().map(|it| format!("{it} <- host c of a b c d")).collect();
    assert_eq!(heard[..2], ["h <- -h", "o <- -h"], "an original guest hears what its own server would tell it");
    assert_eq!((&heard[2..], timers), (&told[..], vec![]));
    assert_eq!(join(&mut rooms, "x", Some(1)).unwrap(), (Some("c".to_owned()), vec!["c <- +x".to_owned()]));
    assert_eq!(leave(&mut rooms, "a"), ["c <- -a"]);
    assert!(ask(&mut rooms, "c", Request::Update { room: key().room(None), settings: Some(settings()) }).is_ok());
    let left = ask(&mut rooms, "o", Request::Leave { room: key().room(None) });
    assert_eq!(left, Err(Rejection::NotAMember), "it was out of the room");
}

#[test]
fn a_star_without_anybody_who_can_be_host_waits_for_one() {
    let mut rooms = star(Some(90), &[("a", Some(0)), ("b", Some(0))]);
    assert_eq!(leave(&mut rooms, "h"), ["h <- -h", "a <- host nobody of a b", "b <- host nobody of a b"]);
    rooms.assert_sound();
    assert_eq!(join(&mut rooms, "x", None), Err(Rejection::NoSuchRoom), "to an original page it has ended");
    assert_eq!(join(&mut rooms, "x", Some(0)).unwrap(), (None, vec![]));
    let told: Vec<_> = ["a", "b", "x"].iter().map(|it| format!("{it} <- host y of a b x y")).collect();
    assert_eq!(join(&mut rooms, "y", Some(1)).unwrap(), (Some("y".to_owned()), told));
}

#[test]
fn the_first_one_in_an_empty_star_is_its_host() {
    let mut rooms = star(Some(90), &[]);
    assert_eq!(gone(&mut rooms, "h").1.len(), 1);
    assert_eq!(join(&mut rooms, "x", None), Err(Rejection::NoSuchRoom));
    assert_eq!(join(&mut rooms, "x", Some(0)).unwrap(), (Some("x".to_owned()), vec![]));
    assert_eq!(join(&mut rooms, "y", None).unwrap(), (Some("x".to_owned()), vec!["x <- +y".to_owned()]));
}

#[test]
fn a_star_of_original_pages_ends_with_its_host() {
    for policy in [POLICY, RoomPolicy { hand_over: false, ..POLICY }] {
        let mut rooms = stage(policy, &["h", "a", "b"]);
        ask(&mut rooms, "h", Request::create(Some((settings(), Topology::Star)))).unwrap();
        let can_host = (!policy.hand_over).then_some(90);
        for name in ["a", "b"] {
            let (password, restore) = (Some(Password("pw".into())), None);
            let join = Request::Join {
                room: RoomId::from("r"),
                password,
                restore,
                can_host,
                aware: false,
                word: None,
                name: String::new(),
                access: Access::none(),
            };
            ask(&mut rooms, name, join).unwrap();
        }
        assert_eq!(gone(&mut rooms, "h"), (vec!["h <- -h".into(), "a <- -h".into(), "b <- -h".into()], vec![]));
        assert!(rooms.is_empty());
    }
}

#[test]
fn a_star_that_is_not_handed_over_remembers_nobody() {
    let mut rooms = stage(RoomPolicy { hand_over: false, ..POLICY }, &["h", "a", "x"]);
    create(&mut rooms, "h", Topology::Star, Some(90));
    join(&mut rooms, "a", Some(50)).unwrap();
    assert_eq!(gone(&mut rooms, "h").0, ["h <- -h", "a <- -h"]);
    assert_eq!(join(&mut rooms, "x", Some(1)).unwrap(), (Some("x".to_owned()), vec![]));
    assert!(gone(&mut rooms, "x").0.iter().all(|it| it == "x <- -x"), "nobody is left to be host");
}

#[test]
fn whoever_made_a_star_takes_it_again_and_nobody_else() {
    let mut rooms = star(Some(90), &[("a", Some(50)), ("b", Some(60))]);
    gone(&mut rooms, "h");
    join(&mut rooms, "x", Some(10)).unwrap();
    for host_secret in [None, Some("other")] {
        assert_eq!(take_host(&mut rooms, "x", host_secret), Err(Rejection::NotTheHost));
    }
    assert_eq!(take_host(&mut rooms, "y", Some("mine")), Err(Rejection::NotAMember));
    let told: Vec<_> = ["a", "b", "x"].iter().map(|it| format!("{it} <- host x of a b x")).collect();
    assert_eq!(take_host(&mut rooms, "x", Some("mine")).unwrap(), told);
    // A guest that would not understand it would be left alone.
    join(&mut rooms, "y", None).unwrap();
    assert_eq!(take_host(&mut rooms, "b", Some("mine")), Err(Rejection::NotTheHost));
}

#[test]
fn the_maker_is_known_by_its_id_and_a_star_without_a_host_is_anybodys() {
    let mut rooms = star(Some(90), &[("a", Some(50))]);
    leave(&mut rooms, "h");
    join(&mut rooms, "h", Some(90)).unwrap();
    assert_eq!(take_host(&mut rooms, "h", None).unwrap(), ["a <- host h of a h", "h <- host h of a h"]);
    let mut rooms = star(Some(90), &[("a", Some(0))]);
    leave(&mut rooms, "h");
    assert_eq!(take_host(&mut rooms, "a", None).unwrap(), ["a <- host a of a"]);
}

#[test]
fn the_room_that_nobody_needed_for_longest_makes_way() {
    let mut rooms = stage(POLICY, &["a", "b"]);
    create(&mut rooms, "a", Topology::Mesh, None);
    gone(&mut rooms, "a");
    let other = RoomKey::new("BAAAAAAAAAAAAAAAAAAAAA");
    let create = Request::Create {
        settings: Some((settings(), Topology::Mesh)),
        key: other.clone(),
        can_host: None,
        host_secret: None,
        founder: None,
        aware: false,
        access: Access::none(),
    };
    ask(&mut rooms, "b", create).unwrap();
    gone(&mut rooms, "b");
    let order: Vec<_> = std::iter::from_fn(|| rooms.forget_lingering()).collect();
    assert_eq!(order, [key().room(None), other.unwrap().room(None)]);
    assert!(rooms.is_forgotten());
}

#[test]
fn a_host_whose_page_closes_hands_over_at_once_and_may_take_its_place_again() {
    let mut rooms = star(Some(50), &[("a", Some(10)), ("b", Some(90))]);
    let told = heard(&rooms.yield_hosts(&peer("h")));
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(rooms.room(&key().room(None)).unwrap().host, Some(peer("b")));
    assert!(rooms.yield_hosts(&peer("h")).is_empty(), "it is the host no more");
    let again = Request::TakeHost { room: key().room(None), host_secret: Some(HostSecret::of("mine")) };
    ask(&mut rooms, "h", again).unwrap();
    assert_eq!(rooms.room(&key().room(None)).unwrap().host, Some(peer("h")));
    rooms.assert_sound();
}

#[test]
fn a_star_is_not_handed_over_where_nobody_can_be_host_or_somebody_does_not_know_that_hosts_change() {
    for guests in [[("a", Some(0)), ("b", Some(0))], [("a", Some(90)), ("b", None)]] {
        let mut rooms = star(Some(50), &guests);
        assert!(rooms.yield_hosts(&peer("h")).is_empty());
        assert_eq!(rooms.room(&key().room(None)).unwrap().host, Some(peer("h")));
    }
    let mut rooms = stage(RoomPolicy { hand_over: false, ..POLICY }, &["h", "a"]);
    create(&mut rooms, "h", Topology::Star, Some(50));
    join(&mut rooms, "a", Some(90)).unwrap();
    assert!(rooms.yield_hosts(&peer("h")).is_empty());
}
