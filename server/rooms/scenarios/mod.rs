//! Scenarios: rooms in some state, a step, and every notification that follows.
mod access;
mod admission;
mod closing;
mod hosted;
mod lasting;
mod owners;

use super::{
    Address, NoCompat, Password, Rejection, Reply, Request, RoomId, RoomPolicy, RoomSettings, Rooms, SignalKind,
    Topology,
    testing::{ask, heard, payload, peer, room, rooms},
};

fn password(text: &str) -> Option<Password> {
    Some(Password(text.into()))
}
fn settings(name: &str, peers_max: usize) -> RoomSettings {
    RoomSettings { name: name.into(), password: Password("pw".into()), peers_max }
}

/// Rooms in which all named peers have said hello, the first has made room `r` for three, and the rest are in it.
fn stage(topology: Topology, peers: &[&str]) -> Rooms {
    let mut rooms = rooms(RoomPolicy::default(), NoCompat);
    for name in peers {
        ask(&mut rooms, name, Request::Hello { alerts: false }).unwrap();
    }
    ask(&mut rooms, peers[0], Request::create(Some((settings("n", 3), topology)))).unwrap();
    for name in &peers[1..] {
        join(&mut rooms, name, "pw").unwrap();
    }
    rooms
}
fn join(rooms: &mut Rooms, from: &str, tried: &str) -> Result<(Reply, Vec<String>), Rejection> {
    ask(rooms, from, Request::join(room(), password(tried)))
}
fn leave(rooms: &mut Rooms, from: &str) -> Result<Vec<String>, Rejection> {
    ask(rooms, from, Request::Leave { room: room() }).map(|it| it.1)
}
fn signal(rooms: &mut Rooms, from: &str, to: &str) -> Result<Vec<String>, Rejection> {
    let to = Address::Member { room: "r".into(), peer: to.into() };
    ask(rooms, from, Request::Signal { to, payload: payload(SignalKind::Opaque) }).map(|it| it.1)
}
fn update(rooms: &mut Rooms, from: &str, settings: Option<RoomSettings>) -> Result<(Reply, Vec<String>), Rejection> {
    ask(rooms, from, Request::Update { room: room(), settings })
}
fn n_peers(reply: &Reply) -> usize {
    match reply {
        Reply::Created { summary, .. } | Reply::Joined { summary } | Reply::Updated { summary } => summary.n_peers,
        _ => panic!("no summary in {reply:?}"),
    }
}

#[test]
fn a_mesh_introduces_the_newcomer_to_everyone() {
    let mut rooms = stage(Topology::Mesh, &["a", "b"]);
    ask(&mut rooms, "c", Request::Hello { alerts: false }).unwrap();
    let (reply, heard) = join(&mut rooms, "c", "pw").unwrap();
    assert_eq!((n_peers(&reply), heard), (3, vec!["a <- +c".to_owned(), "b <- +c".to_owned()]));
}

#[test]
fn a_star_introduces_the_newcomer_to_the_host_alone() {
    let mut rooms = stage(Topology::Star, &["host", "b"]);
    ask(&mut rooms, "c", Request::Hello { alerts: false }).unwrap();
    assert_eq!(join(&mut rooms, "c", "pw").unwrap().1, ["host <- +c"]);
}

#[test]
fn a_star_ends_with_its_host() {
    let mut rooms = stage(Topology::Star, &["host", "b", "c"]);
    assert_eq!(heard(&rooms.forget(&peer("host")).0)[1..], ["b <- -host", "c <- -host"]);
    assert!(rooms.is_empty());
    assert_eq!(join(&mut rooms, "b", "pw"), Err(Rejection::NoSuchRoom));
    assert_eq!(update(&mut rooms, "b", Some(settings("n", 3))), Err(Rejection::NoSuchRoom));
    assert_eq!(signal(&mut rooms, "b", "c"), Err(Rejection::NoSuchRoom));
}

#[test]
fn a_host_that_leaves_by_request_hears_of_it_itself() {
    let mut rooms = stage(Topology::Star, &["host", "b"]);
    assert_eq!(leave(&mut rooms, "host").unwrap(), ["host <- -host", "b <- -host"]);
    assert!(rooms.is_empty());
}

#[test]
fn a_guests_leave_is_told_to_the_host_alone() {
    let mut rooms = stage(Topology::Star, &["host", "b", "c"]);
    assert_eq!(leave(&mut rooms, "b").unwrap(), ["host <- -b"]);
}

#[test]
fn a_mesh_outlives_its_creator_and_ends_empty() {
    let mut rooms = stage(Topology::Mesh, &["a", "b", "c"]);
    assert_eq!(leave(&mut rooms, "a").unwrap(), ["b <- -a", "c <- -a"]);
    assert_eq!(heard(&rooms.forget(&peer("b")).0), ["c <- -b"]);
    assert!(rooms.forget(&peer("c")).0.is_empty());
    assert!(rooms.is_empty());
}

#[test]
fn only_a_member_can_leave() {
    let mut rooms = stage(Topology::Mesh, &["a"]);
    ask(&mut rooms, "stranger", Request::Hello { alerts: false }).unwrap();
    assert_eq!(leave(&mut rooms, "stranger"), Err(Rejection::NotAMember));
    assert_eq!(leave(&mut rooms, "nobody"), Err(Rejection::NotAMember));
    assert_eq!(rooms.len(), 1);
}

#[test]
fn who_left_is_gone_and_can_come_back() {
    let mut rooms = stage(Topology::Mesh, &["a", "b"]);
    leave(&mut rooms, "b").unwrap();
    assert_eq!(signal(&mut rooms, "a", "b"), Err(Rejection::NotAMember));
    assert_eq!(signal(&mut rooms, "b", "a"), Err(Rejection::NotAMember));
    let (reply, heard) = join(&mut rooms, "b", "pw").unwrap();
    assert_eq!((n_peers(&reply), heard), (2, vec!["a <- +b".to_owned()]));
}

#[test]
fn leaving_and_then_being_lost_counts_once() {
    let mut rooms = stage(Topology::Mesh, &["a", "b", "c"]);
    leave(&mut rooms, "b").unwrap();
    assert!(rooms.forget(&peer("b")).0.is_empty());
    ask(&mut rooms, "d", Request::Hello { alerts: false }).unwrap();
    assert_eq!(n_peers(&join(&mut rooms, "d", "pw").unwrap().0), 3);
}

#[test]
fn a_full_room_refuses_and_a_wrong_password_is_said_first() {
    let mut rooms = stage(Topology::Mesh, &["a", "b", "c"]);
    ask(&mut rooms, "d", Request::Hello { alerts: false }).unwrap();
    assert_eq!(join(&mut rooms, "d", "pw"), Err(Rejection::RoomFull));
    assert_eq!(join(&mut rooms, "d", "no"), Err(Rejection::WrongPassword));
    assert_eq!(join(&mut rooms, "c", "no"), Err(Rejection::AlreadyThere));
}

#[test]
fn no_password_is_not_the_empty_one() {
    let mut rooms = stage(Topology::Mesh, &["a"]);
    ask(&mut rooms, "b", Request::Hello { alerts: false }).unwrap();
    let nothing = Request::join(room(), None);
    assert_eq!(ask(&mut rooms, "b", nothing), Err(Rejection::WrongPassword));
}

#[test]
fn nothing_is_granted_without_an_id() {
    let mut rooms = stage(Topology::Star, &["a"]);
    let create = Request::create(Some((settings("n", 3), Topology::Mesh)));
    assert_eq!(ask(&mut rooms, "b", create), Err(Rejection::NoId));
    assert_eq!(join(&mut rooms, "b", "pw"), Err(Rejection::NoSuchRoom));
    assert_eq!(update(&mut rooms, "b", Some(settings("n", 3))), Err(Rejection::NoSuchRoom));
    assert_eq!(signal(&mut rooms, "b", "a"), Err(Rejection::NotAMember));
}

#[test]
fn an_id_is_given_once() {
    let mut rooms = stage(Topology::Mesh, &["a"]);
    assert_eq!(ask(&mut rooms, "a", Request::Hello { alerts: false }), Err(Rejection::HasId));
}

#[test]
fn a_signal_passes_only_between_two_different_members() {
    let mut rooms = stage(Topology::Star, &["host", "b", "c"]);
    ask(&mut rooms, "x", Request::Hello { alerts: false }).unwrap();
    assert_eq!(signal(&mut rooms, "b", "c").unwrap(), ["c <- signal b"]);
    for (from, to) in [("x", "b"), ("b", "x"), ("b", "b"), ("nobody", "b")] {
        assert_eq!(signal(&mut rooms, from, to), Err(Rejection::NotAMember), "{from} to {to}");
    }
}

#[test]
fn only_a_stars_host_updates_it() {
    let mut rooms = stage(Topology::Star, &["host", "b"]);
    assert_eq!(update(&mut rooms, "b", Some(settings("new", 3))), Err(Rejection::NotTheHost));
    assert_eq!(update(&mut rooms, "host", None), Err(Rejection::BadSettings));
    let (reply, heard) = update(&mut rooms, "host", Some(settings("new", 1))).unwrap();
    assert_eq!((n_peers(&reply), heard), (2, vec![]), "nobody is thrown out and nobody notified");
    let mut rooms = stage(Topology::Mesh, &["a"]);
    assert_eq!(update(&mut rooms, "a", Some(settings("new", 3))), Err(Rejection::NotTheHost));
}

#[test]
fn what_is_over_a_limit_is_cut_or_clamped() {
    let mut rooms = stage(Topology::Star, &["host"]);
    let long = RoomSettings { name: "n".repeat(30), password: Password("p".repeat(150)), peers_max: 99 };
    let (Reply::Updated { summary }, _) = update(&mut rooms, "host", Some(long)).unwrap() else { panic!() };
    assert_eq!((summary.settings.name, summary.settings.peers_max), ("n".repeat(20), 20));
    assert!(summary.settings.password == Password("p".repeat(100)));
}

#[test]
fn a_peer_is_in_so_many_rooms_at_most() {
    let mut rooms = stage(Topology::Mesh, &["a", "b"]);
    let made = |rooms: &mut Rooms, by: &str, id: &str| {
        let create = Request::create(Some((settings("n", 3), Topology::Mesh)));
        rooms.apply(&peer(by), 0, create, || RoomId::from(id)).map(drop)
    };
    made(&mut rooms, "b", "2").unwrap();
    made(&mut rooms, "b", "3").unwrap();
    assert_eq!(made(&mut rooms, "b", "4"), Err(Rejection::TooManyRooms));
    made(&mut rooms, "a", "5").unwrap();
    let join = Request::join(RoomId::from("5"), password("pw"));
    assert_eq!(ask(&mut rooms, "b", join), Err(Rejection::TooManyRooms));
    leave(&mut rooms, "b").unwrap();
    made(&mut rooms, "b", "4").unwrap();
}

#[test]
fn secrets_never_print() {
    assert_eq!(format!("{:?}", Password("secret".into())), "Password(..)");
    assert_eq!(format!("{:?}", payload(SignalKind::Opaque)), "Payload(6 bytes)");
}
