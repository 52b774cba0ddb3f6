//! Servers where not everybody may make rooms, or join them.
use super::*;
use crate::{Access, Admission, Denial, Fingerprint, Grant, Restore, RoomKey};

const INVITED: RoomPolicy = RoomPolicy {
    single_room: false,
    announce_both_ways: false,
    verify_holders_alive: false,
    hand_over: false,
    linger: std::time::Duration::from_secs(60),
    is_kept: false,
    create: Admission::Invited,
    join: Admission::Invited,
};

const OPEN: RoomPolicy = RoomPolicy { create: Admission::Everyone, join: Admission::Everyone, ..INVITED };

fn key() -> RoomKey {
    RoomKey::new("AAAAAAAAAAAAAAAAAAAAAA").unwrap()
}

fn founder() -> Fingerprint {
    Fingerprint::of("key")
}

fn judged(verdict: Result<Grant, Denial>) -> Access {
    wanting(None, verdict)
}

/// Of somebody who wants to make the room that its token names.
fn wanting(room: Option<&str>, verdict: Result<Grant, Denial>) -> Access {
    let mut access = Access::with(None, room.map(RoomId::from));
    access.judge(verdict);
    access
}

fn granted(create: bool, join: bool, own: bool, room: Option<&str>) -> Access {
    wanting(room, Ok(Grant { create, join, own, room: room.map(RoomId::from), name: Some("Ada".into()) }))
}

fn here(policy: RoomPolicy, peers: &[&str]) -> Rooms {
    let mut rooms = rooms(policy, NoCompat);
    peers.iter().for_each(|it| drop(ask(&mut rooms, it, Request::Hello { alerts: false }).unwrap()));
    rooms
}

fn create(rooms: &mut Rooms, from: &str, is_keyed: bool, access: Access) -> Result<Reply, Rejection> {
    let request = Request::Create {
        settings: Some((settings("n", 9), Topology::Mesh)),
        key: is_keyed.then(key),
        can_host: None,
        host_secret: None,
        founder: Some(founder()),
        aware: true,
        access,
    };
    let makes = rooms.makes_room(&request);
    let answer = ask(rooms, from, request).map(|it| it.0);
    assert!(makes || answer.is_err(), "whoever may make no room pays for none, and none makes way for it");
    answer
}

fn enter(rooms: &mut Rooms, from: &str, id: &str, is_keyed: bool, access: Access) -> Result<Reply, Rejection> {
    let restore = Restore {
        key: key(),
        settings: settings("n", 9),
        topology: Topology::Mesh,
        host_secret: None,
        founder: Some(founder()),
    };
    let request = Request::Join {
        room: RoomId::from(id),
        password: password("pw"),
        restore: is_keyed.then(|| Box::new(restore)),
        can_host: None,
        aware: true,
        word: None,
        name: "Eve".into(),
        access,
    };
    let before = rooms.snapshot();
    let answer = ask(rooms, from, request).map(|it| it.0);
    assert!(answer.is_ok() || rooms.snapshot() == before, "a rejection changes nothing");
    rooms.assert_sound();
    answer
}

fn is_owned(reply: &Reply) -> bool {
    matches!(reply, Reply::Created { summary, .. } if summary.ownership.is_some())
}

#[test]
fn only_who_is_invited_makes_rooms() {
    let denials = [Denial::NotGranted, Denial::WrongPassword, Denial::BadToken, Denial::ExpiredToken];
    for is_keyed in [true, false] {
        let mut rooms = here(INVITED, &["a"]);
        for denial in denials {
            let said = create(&mut rooms, "a", is_keyed, judged(Err(denial)));
            assert_eq!(said, Err(Rejection::NotInvited(denial)));
        }
        let busy = create(&mut rooms, "a", is_keyed, judged(Err(Denial::TooManyAttempts)));
        assert_eq!(busy, Err(Rejection::Busy));
        for access in
            [granted(false, true, true, None), granted(true, true, true, Some("122be540-0a3f-4d55-bf2f-05276806db91"))]
        {
            let said = create(&mut rooms, "a", is_keyed, access);
            assert_eq!(said, Err(Rejection::NotInvited(Denial::NotGranted)));
        }
        // A credential that nobody has judged, and a page that knows of none.
        assert_eq!(create(&mut rooms, "a", is_keyed, Access::none()), Err(Rejection::BadSettings));
        let unjudged = Access::with(Some(crate::Credential::Password("open sesame".into())), None);
        assert_eq!(create(&mut rooms, "a", is_keyed, unjudged), Err(Rejection::NotInvited(Denial::NotGranted)));
        assert_eq!(rooms.len(), 0);
        assert!(create(&mut rooms, "a", is_keyed, granted(true, false, false, None)).is_ok());
    }
}

#[test]
fn a_room_has_an_owner_only_where_its_maker_may_own_one() {
    let made = |policy, access| is_owned(&create(&mut here(policy, &["a"]), "a", true, access).unwrap());
    assert!(made(OPEN, Access::none()) && made(OPEN, judged(Err(Denial::BadToken))));
    assert!(made(OPEN, granted(true, true, false, None)), "where everybody may, a token takes nothing away");
    assert!(made(INVITED, granted(true, false, true, None)) && !made(INVITED, granted(true, true, false, None)));
    assert!(
        made(OPEN, granted(true, false, true, Some("tea"))) && !made(OPEN, granted(true, true, false, Some("tea")))
    );
    // Without an owner the key alone makes the id, so that no invitation names one.
    let Ok(Reply::Created { room, .. }) =
        create(&mut here(INVITED, &["a"]), "a", true, granted(true, true, false, None))
    else {
        panic!()
    };
    assert_eq!(room, key().room(None));
}

#[test]
fn only_who_is_invited_joins_where_that_is_so() {
    let mut rooms = here(INVITED, &["a", "b", "c", "d"]);
    create(&mut rooms, "a", true, granted(true, true, true, None)).unwrap();
    let id = key().room(Some(founder()));
    let mut said = |from, access| enter(&mut rooms, from, id.as_str(), false, access);
    assert_eq!(said("b", judged(Err(Denial::ExpiredToken))), Err(Rejection::NotInvited(Denial::ExpiredToken)));
    for access in [granted(true, false, true, None), granted(true, true, true, Some("tea"))] {
        assert_eq!(said("b", access), Err(Rejection::NotInvited(Denial::NotGranted)));
    }
    assert_eq!(said("b", Access::none()), Err(Rejection::NoSuchRoom), "as if it were not there");
    assert!(said("b", granted(false, true, false, None)).is_ok());
    assert!(said("c", granted(false, true, false, Some(id.as_str()))).is_ok());
    assert_eq!(said("c", judged(Err(Denial::BadToken))), Err(Rejection::AlreadyThere));
    // The rest of what a room asks for stands.
    let wrong = Request::Join {
        room: id.clone(),
        password: password("no"),
        restore: None,
        can_host: None,
        aware: true,
        word: None,
        name: String::new(),
        access: granted(true, true, true, None),
    };
    assert_eq!(ask(&mut rooms, "d", wrong), Err(Rejection::WrongPassword));
}

#[test]
fn a_room_that_the_server_has_forgotten_is_brought_back_by_who_may_make_rooms() {
    let id = key().room(Some(founder()));
    for (policy, access, expected) in [
        (OPEN, Access::none(), None),
        (INVITED, granted(true, false, true, None), None),
        (INVITED, granted(true, false, true, Some(id.as_str())), None),
        (INVITED, judged(Err(Denial::NotGranted)), Some(Rejection::NotOpenYet)),
        (INVITED, granted(true, true, false, None), Some(Rejection::NotOpenYet)),
        (INVITED, granted(false, true, true, None), Some(Rejection::NotOpenYet)),
        (INVITED, granted(true, true, true, Some("tea")), Some(Rejection::NotOpenYet)),
        (INVITED, judged(Err(Denial::ExpiredToken)), Some(Rejection::NotInvited(Denial::ExpiredToken))),
        (INVITED, Access::none(), Some(Rejection::NoSuchRoom)),
    ] {
        let mut rooms = here(policy, &["a"]);
        assert_eq!(enter(&mut rooms, "a", id.as_str(), true, access).err(), expected);
    }
}

#[test]
fn a_token_names_a_room_that_takes_a_token_from_everybody() {
    for policy in [OPEN, INVITED] {
        let mut rooms = here(policy, &["a", "b", "c", "d"]);
        let tea = || Grant { create: true, join: true, own: true, room: Some(RoomId::from("tea")), name: None };
        for (room, verdict) in [
            (Some("tea"), Ok(Grant { create: false, ..tea() })),
            (Some("tea"), Ok(Grant { room: None, ..tea() })),
            (Some("tea"), Ok(Grant { room: Some(RoomId::from("te")), ..tea() })),
            (Some("te"), Ok(tea())),
            (Some("tea/x"), Ok(Grant { room: Some(RoomId::from("tea/x")), ..tea() })),
            (Some("tea"), Err(Denial::ExpiredToken)),
            (Some("tea"), Err(Denial::BadToken)),
        ] {
            let denial = verdict.as_ref().err().copied().unwrap_or(Denial::NotGranted);
            let said = create(&mut rooms, "d", true, wanting(room, verdict));
            assert_eq!(said, Err(Rejection::NotInvited(denial)), "no other room is made in its place");
        }
        // Without saying so nobody makes it; where everybody makes rooms it is another.
        let other = create(&mut rooms, "d", false, judged(Ok(tea())));
        assert_eq!(other.is_ok(), policy == OPEN);
        assert!(rooms.room(&RoomId::from("tea")).is_none());
        let Ok(Reply::Created { room, .. }) = create(&mut rooms, "a", true, granted(true, true, true, Some("tea")))
        else {
            panic!()
        };
        assert_eq!(room.as_str(), "tea");
        assert_eq!(create(&mut rooms, "b", false, granted(true, true, true, Some("tea"))), Err(Rejection::IdTaken));
        for access in [
            judged(Err(Denial::NotGranted)),
            granted(true, true, true, Some("te")),
            granted(true, false, true, Some("tea")),
        ] {
            assert_eq!(enter(&mut rooms, "b", "tea", false, access), Err(Rejection::NotInvited(Denial::NotGranted)));
        }
        assert!(enter(&mut rooms, "b", "tea", false, granted(false, true, false, Some("tea"))).is_ok());
        assert!(enter(&mut rooms, "c", "tea", false, granted(false, true, false, None)).is_ok());
    }
}

#[test]
fn whoever_waits_at_a_door_is_called_what_the_token_says() {
    let mut rooms = here(OPEN, &["a", "b"]);
    create(&mut rooms, "a", true, Access::none()).unwrap();
    let id = key().room(Some(founder()));
    let mut word = crate::OwnersWord::new(
        id.clone(),
        1,
        crate::Act::Wait { on: true },
        crate::SignedAct { text: "w".into(), key: "key".into(), signature: String::new() },
    );
    word.prove();
    ask(&mut rooms, "a", Request::Act { word: Some(Box::new(word)) }).unwrap();
    assert!(matches!(
        enter(&mut rooms, "b", id.as_str(), false, granted(false, true, false, None)),
        Ok(Reply::Waiting { .. })
    ));
    let waiting = rooms.room(&id).unwrap().moderation.as_ref().unwrap().knocking.clone();
    assert_eq!(waiting.iter().map(|it| &*it.name).collect::<Vec<_>>(), ["Ada"]);
}
