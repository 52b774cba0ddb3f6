//! Stars that the server hosts: a service that is no member, and everything else as in a star.
use super::*;
use crate::{Access, Act, Fingerprint, HostedRoom, Hosting, OwnersWord, PeerId, Restore, RoomKey, Served, SignedAct};

const POLICY: RoomPolicy = RoomPolicy {
    single_room: false,
    announce_both_ways: false,
    verify_holders_alive: false,
    hand_over: true,
    linger: std::time::Duration::from_secs(60),
    is_kept: true,
    create: crate::Admission::Everyone,
    join: crate::Admission::Everyone,
};

fn owner() -> Fingerprint {
    Fingerprint::of("key")
}
fn key() -> RoomKey {
    RoomKey::new("AAAAAAAAAAAAAAAAAAAAAA").unwrap()
}
fn id() -> RoomId {
    key().room(Some(owner()))
}
fn hosting(service: &str, people_max: usize) -> Option<Hosting> {
    Some(Hosting { service: peer(service), rooms_max: 1, people_max })
}
fn create(rooms: &mut Rooms, from: &str) -> Result<(Reply, Vec<String>), Rejection> {
    let settings = Some((settings("n", 2), Topology::HostedStar));
    let (key, founder) = (Some(key()), Some(owner()));
    let access = Access::none();
    let request = Request::Create { settings, key, can_host: None, host_secret: None, founder, aware: true, access };
    ask(rooms, from, request)
}
fn come(rooms: &mut Rooms, from: &str, aware: bool) -> Result<(Reply, Vec<String>), Rejection> {
    let (settings, topology, founder) = (settings("n", 2), Topology::HostedStar, Some(owner()));
    let restore = Restore { key: key(), settings, topology, host_secret: None, founder };
    let request = Request::Join {
        room: id(),
        password: password("pw"),
        restore: Some(Box::new(restore)).filter(|_| aware),
        can_host: None,
        aware,
        word: None,
        name: String::new(),
        access: Access::none(),
    };
    ask(rooms, from, request)
}
fn go(rooms: &mut Rooms, from: &str) -> Vec<String> {
    ask(rooms, from, Request::Leave { room: id() }).unwrap().1
}
fn act(rooms: &mut Rooms, from: &str, number: u64, act: Act) -> Vec<String> {
    let signed = SignedAct { text: number.to_string(), key: "key".into(), signature: String::new() };
    let mut word = OwnersWord::new(id(), number, act, signed);
    word.prove();
    ask(rooms, from, Request::Act { word: Some(Box::new(word)) }).unwrap().1
}
fn say(rooms: &mut Rooms, from: &str, to: &str) -> Result<Vec<String>, Rejection> {
    let room = id();
    let to = Address::Member { room: room.as_str().into(), peer: to.into() };
    ask(rooms, from, Request::Signal { to, payload: payload(SignalKind::Opaque) }).map(|it| it.1)
}
fn hosted(rooms: &Rooms, service: &str) -> Option<Vec<PeerId>> {
    rooms.hosted_room(&peer(service), &id()).map(|it: HostedRoom| it.members)
}

/// `s` hosts one star at most; everybody has said hello.
fn served() -> Rooms {
    let mut rooms = rooms(POLICY, NoCompat);
    rooms.set_hosting(hosting("s", 3));
    for name in ["a", "b", "c"] {
        ask(&mut rooms, name, Request::Hello { alerts: true }).unwrap();
    }
    rooms
}

#[test]
fn the_service_hears_of_its_maker_and_is_counted_nowhere() {
    let mut rooms = served();
    let (reply, told) = create(&mut rooms, "a").unwrap();
    let Reply::Created { summary, .. } = &reply else { panic!("{reply:?}") };
    assert_eq!((summary.n_peers, &summary.host, told), (1, &Some(peer("s")), vec!["s <- +a".to_owned()]));
    let (reply, told) = come(&mut rooms, "b", false).unwrap();
    assert_eq!((n_peers(&reply), told), (2, vec!["s <- +b".to_owned()]));
    assert_eq!(come(&mut rooms, "c", true), Err(Rejection::RoomFull), "two people are two");
    assert_eq!(hosted(&rooms, "s"), Some(vec![peer("a"), peer("b")]));
    rooms.assert_sound();
}

#[test]
fn members_and_their_service_reach_each_other() {
    let mut rooms = served();
    create(&mut rooms, "a").unwrap();
    come(&mut rooms, "b", false).unwrap();
    assert_eq!(say(&mut rooms, "a", "s"), Ok(vec!["s <- signal a".to_owned()]));
    assert_eq!(say(&mut rooms, "s", "b"), Ok(vec!["b <- signal s".to_owned()]));
    assert_eq!(say(&mut rooms, "s", "s"), Err(Rejection::NotAMember));
    assert_eq!(say(&mut rooms, "c", "s"), Err(Rejection::NotAMember));
    assert_eq!(say(&mut rooms, "s", "c"), Err(Rejection::NotAMember));
    for (one, other, shares) in [("a", "s", true), ("s", "b", true), ("a", "b", true), ("c", "s", false)] {
        assert_eq!(rooms.share_a_room(&peer(one), &peer(other)), shares, "{one} and {other}");
    }
    assert_eq!(go(&mut rooms, "b"), ["s <- -b"]);
    assert!(!rooms.share_a_room(&peer("s"), &peer("b")));
}

#[test]
fn it_outlives_whoever_made_it_and_waits_when_everybody_has_left() {
    let mut rooms = served();
    create(&mut rooms, "a").unwrap();
    come(&mut rooms, "b", true).unwrap();
    assert_eq!(go(&mut rooms, "a"), ["s <- -a"], "b stays, and hears nothing");
    assert_eq!(go(&mut rooms, "b"), ["s <- -b"]);
    assert_eq!((hosted(&rooms, "s"), rooms.served(), rooms.len()), (None, Served::default(), 1));
    let (reply, told) = come(&mut rooms, "c", true).unwrap();
    assert_eq!(
        (n_peers(&reply), told, rooms.served()),
        (1, vec!["s <- +c".to_owned()], Served { n_rooms: 1, n_people: 1 })
    );
    rooms.assert_sound();
}

#[test]
fn no_more_of_them_than_the_operator_allows() {
    let mut rooms = served();
    create(&mut rooms, "a").unwrap();
    let other = Some((settings("n", 2), Topology::HostedStar));
    assert_eq!(ask(&mut rooms, "b", Request::create(other.clone())).map(|_| ()), Err(Rejection::NotHosted));
    // One that waits without anybody does not count, and comes back when there is room.
    go(&mut rooms, "a");
    ask(&mut rooms, "b", Request::create(other)).unwrap();
    assert_eq!(come(&mut rooms, "c", true), Err(Rejection::NotHosted));
    assert_eq!(come(&mut rooms, "c", false), Err(Rejection::NoSuchRoom), "to pages that know of no such star");
    leave(&mut rooms, "b").unwrap();
    come(&mut rooms, "c", true).unwrap();
}

#[test]
fn no_more_people_in_them_than_the_operator_allows() {
    let mut rooms = served();
    rooms.set_hosting(hosting("s", 1));
    create(&mut rooms, "a").unwrap();
    assert_eq!(come(&mut rooms, "b", true), Err(Rejection::NotHosted));
    rooms.set_hosting(hosting("s", 2));
    come(&mut rooms, "b", true).unwrap();
    assert_eq!(rooms.served(), Served { n_rooms: 1, n_people: 2 });
}

#[test]
fn without_a_service_there_are_none() {
    let mut rooms = served();
    create(&mut rooms, "a").unwrap();
    assert_eq!(heard(&rooms.set_hosting(None)), ["a <- host nobody of a"]);
    assert_eq!((come(&mut rooms, "b", true), rooms.hosted_rooms(&peer("s"))), (Err(Rejection::NotHosted), vec![]));
    // Another one takes over all of them.
    assert_eq!(heard(&rooms.set_hosting(hosting("t", 3))), ["a <- host t of a"]);
    assert_eq!((hosted(&rooms, "t"), rooms.hosted_rooms(&peer("t"))), (Some(vec![peer("a")]), vec![id()]));
    rooms.assert_sound();
}

#[test]
fn a_kept_one_has_the_service_of_the_next_process() {
    let mut before = served();
    create(&mut before, "a").unwrap();
    let room = before.room(&id()).unwrap().clone();
    let known = before.peer(&peer("a")).unwrap();
    let mut rooms = rooms(POLICY, NoCompat);
    rooms.set_hosting(hosting("t", 3));
    rooms.take_in(vec![(id(), room)], vec![known]);
    assert_eq!((hosted(&rooms, "t"), rooms.served().n_people), (Some(vec![peer("a")]), 1));
    assert_eq!(rooms.memberships(&peer("a"))[0].host, Some(peer("t")));
    rooms.assert_sound();
}

#[test]
fn the_service_hears_what_the_owner_does_and_who_is_removed() {
    let mut rooms = served();
    create(&mut rooms, "a").unwrap();
    come(&mut rooms, "b", false).unwrap();
    let settings = RoomSettings { password: Password("new".into()), ..settings("m", 2) };
    let told = act(&mut rooms, "a", 1, Act::Change { settings: settings.clone() });
    assert_eq!(told, ["a <- owner: 1", "s <- owner: 1"]);
    assert_eq!(rooms.hosted_room(&peer("s"), &id()).unwrap().settings, settings);
    let told = act(&mut rooms, "a", 2, Act::Remove { peer: peer("b") });
    assert_eq!(told, ["a <- owner: 2", "s <- owner: 2", "s <- -b", "b <- -s"], "an original page loses its host");
    let told = act(&mut rooms, "a", 3, Act::End);
    assert_eq!((told, hosted(&rooms, "s")), (vec!["a <- owner: 3".to_owned(), "s <- owner: 3".to_owned()], None));
    rooms.assert_sound();
}

#[test]
fn the_service_hears_of_those_who_have_missed_something() {
    let mut rooms = served();
    create(&mut rooms, "a").unwrap();
    ask(&mut rooms, "a", Request::create(Some((settings("mesh", 2), Topology::Mesh)))).unwrap();
    assert_eq!(heard(&rooms.told_of_return(&peer("a"))), ["s <- a again"]);
    assert!(rooms.told_of_return(&peer("b")).is_empty());
}

#[test]
fn nobody_takes_the_place_of_the_service() {
    let mut rooms = served();
    create(&mut rooms, "a").unwrap();
    for name in ["a", "s"] {
        let taken = ask(&mut rooms, name, Request::TakeHost { room: id(), host_secret: None });
        assert!(taken.is_err(), "{name}: {taken:?}");
    }
    assert_eq!(rooms.yield_hosts(&peer("a")).len(), 0);
    assert_eq!(hosted(&rooms, "s"), Some(vec![peer("a")]));
}

#[test]
fn a_closed_one_ends_for_its_service_too() {
    let mut rooms = served();
    create(&mut rooms, "a").unwrap();
    let closed = rooms.close(&id()).unwrap();
    assert_eq!(heard(&closed.notifications), ["a <- Closed", "s <- -a"]);
    assert_eq!((hosted(&rooms, "s"), rooms.served()), (None, Served::default()));
    rooms.assert_sound();
}
