//! Rooms that whoever runs the server closes.
use std::time::Duration;

use super::lasting::{POLICY, key, settings};
use crate::testing::{ask, heard, peer, rooms};
use crate::{
    Access, Act, Fingerprint, NoCompat, OwnersWord, Password, Rejection, Request, Restore, RoomId, RoomPolicy, Rooms,
    SignedAct, Topology,
};

fn founder() -> Fingerprint {
    Fingerprint::of("key")
}

/// The owner `o` made the room, and the others are in it. Clients of those in small letters know of alerts and of owners. `x` has
/// said hello and is outside.
fn stage(policy: RoomPolicy, topology: Topology, has_key: bool, guests: &[&str]) -> (Rooms, RoomId) {
    let mut rooms = rooms(policy, NoCompat);
    for name in ["o", "x"].iter().chain(guests) {
        ask(&mut rooms, name, Request::Hello { alerts: name.to_lowercase() == *name }).unwrap();
    }
    let create = Request::Create {
        settings: Some((settings(), topology)),
        key: has_key.then(key),
        can_host: Some(50),
        host_secret: None,
        founder: has_key.then(founder),
        aware: true,
        access: Access::none(),
    };
    ask(&mut rooms, "o", create).unwrap();
    let id = rooms.ids().next().unwrap().clone();
    for guest in guests {
        join(&mut rooms, &id, guest, None).unwrap();
    }
    rooms.take_changed();
    rooms.take_moved();
    (rooms, id)
}

/// As the owner, or with an invitation from which the room can be made again.
fn join(rooms: &mut Rooms, id: &RoomId, name: &str, word: Option<OwnersWord>) -> Result<Vec<String>, Rejection> {
    let aware = name.to_lowercase() == name;
    let restore = Restore {
        key: key(),
        settings: settings(),
        topology: Topology::Mesh,
        host_secret: None,
        founder: Some(founder()),
    };
    let request = Request::Join {
        room: id.clone(),
        password: Some(Password("pw".into())),
        restore: Some(Box::new(restore)),
        can_host: aware.then_some(10),
        aware,
        word: word.map(Box::new),
        name: String::new(),
        access: Access::none(),
    };
    ask(rooms, name, request).map(|it| it.1)
}

#[test]
fn members_hear_that_it_is_closed_and_older_clients_that_everybody_has_left() {
    for (topology, for_older) in [
        (Topology::Mesh, &["B <- -o", "B <- -a", "B <- -C", "C <- -o", "C <- -a", "C <- -B"][..]),
        // As where a star ends with its host.
        (Topology::Star, &["B <- -o", "C <- -o"]),
    ] {
        let (mut rooms, id) = stage(POLICY, topology, true, &["a", "B", "C"]);
        let closed = rooms.close(&id).unwrap();
        let mut told = heard(&closed.notifications);
        assert_eq!(told.drain(..2).collect::<Vec<_>>(), ["o <- Closed", "a <- Closed"]);
        assert_eq!(
            (told, closed.members),
            (for_older.iter().map(|it| (*it).to_owned()).collect(), ["o", "a", "B", "C"].map(peer).to_vec())
        );
        assert_eq!(closed.timers.len(), 1, "it is forgotten like one that everybody has left");
        assert_eq!((rooms.take_moved().len(), rooms.take_changed()), (4, vec![id.clone()]));
        rooms.assert_sound();
        assert!(rooms.close(&id).is_none(), "it is closed");
    }
}

#[test]
fn nobody_comes_into_a_closed_room_until_it_is_forgotten() {
    let (mut rooms, id) = stage(POLICY, Topology::Mesh, true, &["a"]);
    let closed = rooms.close(&id).unwrap();
    let ended = Rejection::RoomEnded { number: 0 };
    assert_eq!(join(&mut rooms, &id, "a", None), Err(ended));
    assert_eq!(join(&mut rooms, &id, "x", None), Err(ended));
    let signed = SignedAct { text: "I am here".into(), key: "key".into(), signature: String::new() };
    let mut word = OwnersWord::new(id.clone(), u64::from(u32::MAX), Act::Present, signed);
    word.prove();
    assert_eq!(join(&mut rooms, &id, "o", Some(word)), Err(ended), "its owner neither");
    rooms.assert_sound();
    rooms.on_timer(&closed.timers[0]);
    assert_eq!((rooms.len(), join(&mut rooms, &id, "x", None)), (0, Ok(vec![])));
}

#[test]
fn a_room_that_nobody_is_in_is_closed_too_and_keeps_its_timer() {
    let (mut rooms, id) = stage(POLICY, Topology::Star, true, &[]);
    let (_, timers) = rooms.forget(&peer("o"));
    rooms.take_changed();
    let closed = rooms.close(&id).unwrap();
    assert_eq!((closed.members.len(), closed.notifications.len(), closed.timers.len()), (0, 0, 0));
    assert_eq!(rooms.take_changed(), std::slice::from_ref(&id), "it is kept so");
    assert_eq!(join(&mut rooms, &id, "x", None), Err(Rejection::RoomEnded { number: 0 }));
    rooms.assert_sound();
    rooms.on_timer(&timers[0]);
    assert!(rooms.is_empty());
}

#[test]
fn a_room_that_does_not_outlive_its_members_is_gone() {
    for (policy, has_key) in [(POLICY, false), (RoomPolicy { linger: Duration::ZERO, ..POLICY }, true)] {
        let (mut rooms, id) = stage(policy, Topology::Mesh, has_key, &["a"]);
        let closed = rooms.close(&id).unwrap();
        assert_eq!((closed.timers.len(), rooms.len()), (0, 0));
        rooms.assert_sound();
        assert!(rooms.close(&id).is_none());
    }
}
