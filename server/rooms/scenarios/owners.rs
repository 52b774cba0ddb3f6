//! Rooms that have an owner: what the owner does, whom it is done to, and who is told.
use std::time::Duration;

use crate::testing::{LIMITS, ask, heard, peer, rooms};
use crate::{
    Access, Act, Fingerprint, NoCompat, OwnersWord, Password, PeerId, Rejection, Reply, Request, Restore, RoomId,
    RoomKey, RoomPolicy, RoomSettings, Rooms, SignedAct, Topology,
};

/// When the rooms of these scenarios are made.
const NOW: u64 = 1_000;

fn founder() -> Fingerprint {
    Fingerprint::of("key")
}

fn key() -> RoomKey {
    RoomKey::new("AAAAAAAAAAAAAAAAAAAAAA").unwrap()
}

fn id() -> RoomId {
    key().room(Some(founder()))
}

fn settings(name: &str, password: &str) -> RoomSettings {
    RoomSettings { name: name.into(), password: Password(password.into()), peers_max: 9 }
}

/// Everybody has said hello; `o` has made the room and owns it. Names in capitals are of clients that know no owners.
fn stage(topology: Topology, guests: &[&str]) -> Rooms {
    let policy = RoomPolicy { hand_over: true, linger: Duration::from_secs(60), ..RoomPolicy::default() };
    let mut rooms = rooms(policy, NoCompat);
    rooms.set_time(NOW);
    for name in ["o", "x", "X"].iter().chain(guests) {
        drop(ask(&mut rooms, name, Request::Hello { alerts: false }));
    }
    let create = Request::Create {
        settings: Some((settings("n", "pw"), topology)),
        key: Some(key()),
        can_host: Some(50),
        host_secret: None,
        founder: Some(founder()),
        aware: true,
        access: Access::none(),
    };
    let (Reply::Created { room, summary }, _) = ask(&mut rooms, "o", create).unwrap() else { panic!() };
    assert_eq!((room, summary.ownership.map(|it| it.number)), (id(), Some(NOW)));
    guests.iter().for_each(|it| drop(join(&mut rooms, it).unwrap()));
    rooms
}

fn join(rooms: &mut Rooms, name: &str) -> Result<(Reply, Vec<String>), Rejection> {
    join_with(rooms, name, "pw", None)
}

fn join_with(
    rooms: &mut Rooms,
    name: &str,
    password: &str,
    word: Option<OwnersWord>,
) -> Result<(Reply, Vec<String>), Rejection> {
    let aware = name.to_lowercase() == name;
    let request = Request::Join {
        room: id(),
        password: Some(Password(password.into())),
        restore: None,
        can_host: aware.then_some(10),
        aware,
        word: word.map(Box::new),
        name: name.to_uppercase(),
        access: Access::none(),
    };
    let joined = ask(rooms, name, request);
    rooms.assert_sound();
    joined
}

fn signed_with(key: &str, number: u64, act: Act) -> OwnersWord {
    let (text, key, signature) = (format!("{number}"), key.to_owned(), String::new());
    let mut word = OwnersWord::new(id(), number, act, SignedAct { text, key, signature });
    word.prove();
    word
}

fn word(number: u64, act: Act) -> OwnersWord {
    signed_with("key", number, act)
}

fn say(rooms: &mut Rooms, name: &str, word: OwnersWord) -> Result<Vec<String>, Rejection> {
    let said = ask(rooms, name, Request::Act { word: Some(Box::new(word)) });
    rooms.assert_sound();
    said.map(|(reply, heard)| {
        assert_eq!(reply, Reply::Acted);
        heard
    })
}

fn act(rooms: &mut Rooms, number: u64, act: Act) -> Vec<String> {
    say(rooms, "o", word(number, act)).unwrap()
}

fn remove(name: &str) -> Act {
    Act::Remove { peer: peer(name) }
}

fn members(rooms: &Rooms) -> Vec<&str> {
    rooms.room(&id()).map(|it| it.members().iter().map(PeerId::as_str).collect()).unwrap_or_default()
}

#[test]
fn nobody_is_believed_without_the_owners_key_and_nothing_is_heard_twice() {
    let mut rooms = stage(Topology::Mesh, &["a"]);
    let text = || SignedAct { text: String::new(), key: "key".into(), signature: String::new() };
    let unproven = OwnersWord::new(id(), NOW + 1, Act::End, text());
    for (who, what) in [("o", unproven), ("a", signed_with("other", NOW + 1, Act::End)), ("x", word(NOW + 1, Act::End))]
    {
        assert_eq!(say(&mut rooms, who, what), Err(Rejection::NotTheOwner));
    }
    // Before the room was made, and beyond what a double holds.
    for number in [0, NOW, 1 << 53, u64::MAX] {
        assert_eq!(say(&mut rooms, "o", word(number, Act::End)), Err(Rejection::Outdated), "{number}");
    }
    assert_eq!(act(&mut rooms, NOW + 5, Act::Mute), ["o <- owner: 1005", "a <- owner: 1005"]);
    // The same word again, whoever says it.
    for who in ["o", "a"] {
        assert_eq!(say(&mut rooms, who, word(NOW + 5, Act::Mute)), Err(Rejection::Outdated));
    }
    assert_eq!(ask(&mut rooms, "o", Request::Act { word: None }).map(drop), Err(Rejection::BadSettings));
}

#[test]
fn whoever_is_removed_is_kept_out_and_the_others_hear_that_they_have_left() {
    let mut rooms = stage(Topology::Mesh, &["a", "B", "c"]);
    let told = act(&mut rooms, NOW + 1, remove("a"));
    let said = ["o <- owner: 1001", "a <- owner: 1001", "c <- owner: 1001"];
    assert_eq!(told[..3], said);
    assert_eq!(told[3..], ["o <- -a", "B <- -a", "c <- -a"]);
    assert_eq!(join(&mut rooms, "a").map(drop), Err(Rejection::KeptOut));
    // One that knows no owner has been left by everybody, and finds the room full.
    let told = act(&mut rooms, NOW + 2, remove("B"));
    assert_eq!(told[2..], ["o <- -B", "c <- -B", "B <- -o", "B <- -c"]);
    assert_eq!(join(&mut rooms, "B").map(drop), Err(Rejection::RoomFull));
    assert_eq!(members(&rooms), ["o", "c"]);
    for name in ["o", "a", "nobody"] {
        assert_eq!(say(&mut rooms, "o", word(NOW + 9, remove(name))), Err(Rejection::BadSettings), "{name}");
    }
    assert_eq!(act(&mut rooms, NOW + 3, Act::Mute).len(), 2, "a refusal has used up no number");
}

#[test]
fn a_star_loses_a_guest_or_its_host() {
    let mut rooms = stage(Topology::Star, &["a", "B"]);
    let told = act(&mut rooms, NOW + 1, remove("B"));
    assert_eq!(told[2..], ["o <- -B", "B <- -o"], "a guest that knows no owner hears that the host has left");
    ask(&mut rooms, "o", Request::Leave { room: id() }).unwrap();
    assert_eq!(rooms.room(&id()).unwrap().host, Some(peer("a")));
    join(&mut rooms, "o").unwrap();
    let told = act(&mut rooms, NOW + 2, remove("a"));
    assert_eq!(told[..2], ["a <- owner: 1002", "o <- owner: 1002"]);
    assert_eq!(told[2..], ["a <- -a", "o <- host o of o"]);
}

#[test]
fn the_owner_of_a_star_is_its_host_when_the_owner_wants_it() {
    let mut rooms = stage(Topology::Star, &["a"]);
    act(&mut rooms, NOW + 1, Act::HandOn { to: Fingerprint::of("other") });
    let host = |number| signed_with("other", number, Act::Host);
    assert_eq!(say(&mut rooms, "a", host(NOW + 2)).unwrap()[2..], ["o <- host a of o a", "a <- host a of o a"]);
    // A guest that would not understand it would be left alone.
    join(&mut rooms, "X").unwrap();
    assert_eq!(say(&mut rooms, "o", host(NOW + 3)), Err(Rejection::NotTheHost));
    let mut rooms = stage(Topology::Mesh, &[]);
    assert_eq!(say(&mut rooms, "o", word(NOW + 3, Act::Host)), Err(Rejection::NotTheHost));
}

#[test]
fn a_locked_room_lets_in_its_owner_alone() {
    let mut rooms = stage(Topology::Mesh, &["a"]);
    act(&mut rooms, NOW + 1, Act::Lock { on: true });
    assert_eq!(join(&mut rooms, "x").map(drop), Err(Rejection::RoomLocked { number: NOW + 1 }));
    assert_eq!(join(&mut rooms, "X").map(drop), Err(Rejection::RoomFull));
    assert_eq!(join_with(&mut rooms, "x", "no", None).map(drop), Err(Rejection::WrongPassword));
    for (number, what) in [(NOW + 1, Act::Present), (NOW + 2, Act::Mute)] {
        let refused = join_with(&mut rooms, "x", "pw", Some(word(number, what))).map(drop);
        assert_eq!(refused, Err(Rejection::RoomLocked { number: NOW + 1 }));
    }
    let other = signed_with("other", NOW + 2, Act::Present);
    assert!(join_with(&mut rooms, "x", "pw", Some(other)).is_err());
    let (reply, told) = join_with(&mut rooms, "x", "pw", Some(word(NOW + 2, Act::Present))).unwrap();
    let Reply::Joined { summary } = reply else { panic!() };
    let ownership = summary.ownership.unwrap();
    assert!(ownership.is_locked && ownership.presence.is_some_and(|it| it.text == "1002"));
    assert_eq!(told, ["o <- +x", "a <- +x", "o <- owner: 1002", "a <- owner: 1002"]);
    // What let the owner in lets nobody in after that.
    rooms.forget(&peer("x"));
    ask(&mut rooms, "x", Request::Hello { alerts: false }).unwrap();
    assert!(join_with(&mut rooms, "x", "pw", Some(word(NOW + 2, Act::Present))).is_err());
    act(&mut rooms, NOW + 3, Act::Lock { on: false });
    join(&mut rooms, "X").unwrap();
}

#[test]
fn newcomers_wait_at_the_door_until_the_owner_answers() {
    let mut rooms = stage(Topology::Mesh, &["a"]);
    let waiting = |rooms: &mut Rooms, name: &str| {
        let (reply, heard) = join(rooms, name).unwrap();
        assert!(matches!(reply, Reply::Waiting { .. }));
        heard
    };
    act(&mut rooms, NOW + 1, Act::Wait { on: true });
    assert_eq!(waiting(&mut rooms, "x"), ["o <- ?x X", "a <- ?x X"]);
    assert!(waiting(&mut rooms, "x").is_empty(), "it asks again, and is at the door already");
    assert_eq!(join(&mut rooms, "X").map(drop), Err(Rejection::RoomFull));
    assert_eq!(join_with(&mut rooms, "x", "no", None).map(drop), Err(Rejection::WrongPassword));
    let answer = |name: &str, on: bool| Act::Answer { peer: peer(name), on };
    assert_eq!(say(&mut rooms, "o", word(NOW + 2, answer("X", true))), Err(Rejection::BadSettings));
    act(&mut rooms, NOW + 2, answer("x", true));
    assert!(matches!(join(&mut rooms, "x").unwrap().0, Reply::Joined { .. }));
    // Who was let in may come again, who was sent away may not, until the owner has them wait anew.
    ask(&mut rooms, "x", Request::Leave { room: id() }).unwrap();
    join(&mut rooms, "x").unwrap();
    drop(ask(&mut rooms, "y", Request::Hello { alerts: false }));
    waiting(&mut rooms, "y");
    act(&mut rooms, NOW + 3, answer("y", false));
    assert_eq!(join(&mut rooms, "y").map(drop), Err(Rejection::SentAway));
    act(&mut rooms, NOW + 4, Act::Wait { on: true });
    waiting(&mut rooms, "y");
    // Whoever goes is at the door no more, by leaving or for good.
    let leave = ask(&mut rooms, "y", Request::Leave { room: id() }).unwrap().1;
    assert_eq!(leave, ["o <- !y Y", "a <- !y Y", "x <- !y Y"]);
    waiting(&mut rooms, "y");
    assert_eq!(heard(&rooms.forget(&peer("y")).0), leave);
    rooms.assert_sound();
    for n in 0..21 {
        let name = format!("n{n}");
        ask(&mut rooms, &name, Request::Hello { alerts: false }).unwrap();
        assert_eq!(join(&mut rooms, &name).is_ok(), n < 20, "{n}");
    }
    act(&mut rooms, NOW + 5, Act::Wait { on: false });
    assert!(matches!(join(&mut rooms, "n3").unwrap().0, Reply::Joined { .. }));
}

#[test]
fn an_owner_never_waits_at_their_own_door_and_a_word_about_another_room_opens_none() {
    let mut rooms = stage(Topology::Mesh, &["a"]);
    act(&mut rooms, NOW + 1, Act::Wait { on: true });
    ask(&mut rooms, "o", Request::Leave { room: id() }).unwrap();
    drop(rooms.take_changed());
    assert_eq!(join(&mut rooms, "o").unwrap().0, Reply::Waiting { number: NOW + 1 });
    assert!(rooms.take_changed().is_empty(), "who waits is kept nowhere");
    let elsewhere = |number| {
        let signed = SignedAct { text: String::new(), key: "key".into(), signature: String::new() };
        let mut word = OwnersWord::new(RoomId::from("elsewhere"), number, Act::Present, signed);
        word.prove();
        Some(word)
    };
    let waiting = join_with(&mut rooms, "x", "pw", elsewhere(NOW + 2)).unwrap().0;
    assert_eq!(waiting, Reply::Waiting { number: NOW + 1 });
    let (reply, told) = join_with(&mut rooms, "o", "pw", Some(word(NOW + 2, Act::Present))).unwrap();
    assert!(matches!(reply, Reply::Joined { .. }));
    assert!(told.contains(&"a <- !o O".to_owned()), "{told:?}");
    act(&mut rooms, NOW + 3, Act::Lock { on: true });
    let locked = join_with(&mut rooms, "x", "pw", elsewhere(NOW + 4)).map(drop);
    assert_eq!(locked, Err(Rejection::RoomLocked { number: NOW + 3 }));
}

#[test]
fn doors_that_nobody_waits_at_any_more_count_for_nothing() {
    let mut rooms = stage(Topology::Mesh, &[]);
    for n in 0..=LIMITS.rooms_per_peer_max {
        let (owner, key) = (format!("w{n}"), RoomKey::new(&format!("{n:022}")).unwrap());
        let room = key.room(Some(founder()));
        ask(&mut rooms, &owner, Request::Hello { alerts: false }).unwrap();
        let create = Request::Create {
            settings: Some((settings("n", "pw"), Topology::Mesh)),
            key: Some(key),
            can_host: None,
            host_secret: None,
            founder: Some(founder()),
            aware: true,
            access: Access::none(),
        };
        ask(&mut rooms, &owner, create).unwrap();
        let mut wait = |number, on| {
            let signed = SignedAct { text: String::new(), key: "key".into(), signature: String::new() };
            let mut word = OwnersWord::new(room.clone(), number, Act::Wait { on }, signed);
            word.prove();
            ask(&mut rooms, &owner, Request::Act { word: Some(Box::new(word)) }).unwrap();
            if on {
                let request = Request::Join {
                    room: room.clone(),
                    password: Some(Password("pw".into())),
                    restore: None,
                    can_host: Some(1),
                    aware: true,
                    word: None,
                    name: "X".into(),
                    access: Access::none(),
                };
                assert!(matches!(ask(&mut rooms, "x", request).unwrap().0, Reply::Waiting { .. }), "{n}");
            }
        };
        wait(NOW + 1, true);
        wait(NOW + 2, false);
    }
}

#[test]
fn what_an_owner_has_said_is_counted_until_the_room_is_gone() {
    let mut rooms = stage(Topology::Mesh, &["a"]);
    let before = rooms.owner_bytes();
    act(&mut rooms, NOW + 1, Act::HandOn { to: Fingerprint::of("other") });
    assert!(rooms.owner_bytes() > before);
    for name in ["o", "a"] {
        drop(rooms.forget(&peer(name)));
    }
    drop(rooms.forget_lingering());
    assert_eq!((rooms.len(), rooms.owner_bytes()), (0, 0));
    rooms.assert_sound();
}

#[test]
fn an_ended_room_is_over_for_everyone_until_its_owner_opens_it() {
    for topology in [Topology::Mesh, Topology::Star] {
        let mut rooms = stage(topology, &["a", "B"]);
        let told = act(&mut rooms, NOW + 1, Act::End);
        let parted = if topology == Topology::Mesh { vec!["B <- -o", "B <- -a"] } else { vec!["B <- -o"] };
        assert_eq!(told[2..], parted);
        assert!(members(&rooms).is_empty() && rooms.len() == 1);
        assert_eq!(join(&mut rooms, "a").map(drop), Err(Rejection::RoomEnded { number: NOW + 1 }));
        assert_eq!(join(&mut rooms, "B").map(drop), Err(Rejection::NoSuchRoom));
        join_with(&mut rooms, "o", "pw", Some(word(NOW + 2, Act::Present))).unwrap();
        join(&mut rooms, "a").unwrap();
    }
}

#[test]
fn a_change_is_in_force_at_once_and_no_host_makes_one() {
    let mut rooms = stage(Topology::Star, &["a"]);
    let update = Request::Update { room: id(), settings: Some(settings("host", "host")) };
    assert_eq!(ask(&mut rooms, "o", update).map(drop), Err(Rejection::NotTheHost));
    let long = settings(&"n".repeat(30), "new");
    act(&mut rooms, NOW + 1, Act::Change { settings: RoomSettings { peers_max: 99, ..long } });
    assert_eq!(join(&mut rooms, "x").map(drop), Err(Rejection::WrongPassword));
    let (Reply::Joined { summary }, _) = join_with(&mut rooms, "x", "new", None).unwrap() else { panic!() };
    assert_eq!((summary.settings.name.len(), summary.settings.peers_max), (LIMITS.name_units_max, LIMITS.peers_max));
}

#[test]
fn a_room_that_is_handed_on_has_another_owner_from_then_on() {
    let mut rooms = stage(Topology::Mesh, &["a"]);
    act(&mut rooms, NOW + 1, Act::HandOn { to: Fingerprint::of("other") });
    assert_eq!(say(&mut rooms, "o", word(NOW + 2, Act::Mute)), Err(Rejection::NotTheOwner));
    say(&mut rooms, "a", signed_with("other", NOW + 2, Act::Mute)).unwrap();
    let (Reply::Joined { summary }, _) = join(&mut rooms, "x").unwrap() else { panic!() };
    let ownership = summary.ownership.unwrap();
    assert_eq!((ownership.founder, ownership.handed_on.len(), ownership.presence), (founder(), 1, None));
    // Back and forth, as often as whoever comes later has to follow.
    let handed = (2..30_u64).take_while(|n| {
        let (from, to) = if n % 2 == 0 { ("other", "key") } else { ("key", "other") };
        say(&mut rooms, "a", signed_with(from, NOW + 1 + n, Act::HandOn { to: Fingerprint::of(to) })).is_ok()
    });
    assert_eq!(handed.count(), 15);
}

#[test]
fn nobody_else_brings_back_a_room_as_its_owner() {
    let mut rooms = stage(Topology::Mesh, &[]);
    let (notifications, _) = rooms.forget(&peer("o"));
    assert!(heard(&notifications).is_empty());
    rooms.forget_lingering().unwrap();
    let restore = |founder: Option<&str>| {
        let founder = founder.map(Fingerprint::of);
        let (settings, topology) = (settings("n", ""), Topology::Mesh);
        let restore = Restore { key: key(), settings, topology, host_secret: None, founder };
        let (password, restore) = (Some(Password("pw".into())), Some(Box::new(restore)));
        Request::Join {
            room: id(),
            password,
            restore,
            can_host: None,
            aware: true,
            word: None,
            name: String::new(),
            access: Access::none(),
        }
    };
    for founder in [None, Some("thief")] {
        assert_eq!(ask(&mut rooms, "x", restore(founder)).map(drop), Err(Rejection::NoSuchRoom));
    }
    rooms.set_time(NOW + 60_000);
    let (Reply::Joined { summary }, _) = ask(&mut rooms, "x", restore(Some("key"))).unwrap() else { panic!() };
    assert_eq!(summary.ownership.unwrap().number, NOW + 60_000);
    // What was signed for the room before is not heard in this one.
    assert_eq!(say(&mut rooms, "x", word(NOW + 5, Act::End)), Err(Rejection::Outdated));
}
