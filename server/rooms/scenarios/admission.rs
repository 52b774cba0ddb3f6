//! Scenarios of rooms that are made by coming in, of moving between them, and of names.
use super::*;
use crate::{Limits, Name, Rules, testing::LIMITS};

/// Rooms for two each with this policy, in which these peers have said hello.
fn open(policy: RoomPolicy, peers: &[&str]) -> Rooms {
    open_for(2, policy, peers)
}
fn open_for(peers_max: usize, policy: RoomPolicy, peers: &[&str]) -> Rooms {
    let mut rooms = Rooms::new(Rules { policy, limits: Limits { peers_max, ..LIMITS } }, Box::new(NoCompat));
    for name in peers {
        ask(&mut rooms, name, Request::Hello { alerts: false }).unwrap();
    }
    rooms
}
fn moving() -> RoomPolicy {
    RoomPolicy { single_room: true, ..RoomPolicy::default() }
}
fn enter(rooms: &mut Rooms, from: &str, room: &str) -> Result<(Reply, Vec<String>), Rejection> {
    ask(rooms, from, Request::Enter { room: Some(RoomId::from(room)) })
}
fn claim(rooms: &mut Rooms, from: &str, name: &str) -> Result<(Reply, Vec<String>), Rejection> {
    ask(rooms, from, Request::Claim { name: Name::from(name) })
}
fn call(rooms: &mut Rooms, from: &str, to: Address<'_>) -> Result<Vec<String>, Rejection> {
    ask(rooms, from, Request::Signal { to, payload: payload(SignalKind::Opaque) }).map(|it| it.1)
}
fn entered(room: &str, others: &[&str], is_new: bool) -> Reply {
    Reply::Entered { room: RoomId::from(room), others: others.iter().map(|it| peer(it)).collect(), is_new }
}

#[test]
fn a_room_that_is_not_there_is_made_under_the_name_asked_for() {
    let mut rooms = open(moving(), &["a", "b"]);
    assert_eq!(enter(&mut rooms, "a", "x").unwrap(), (entered("x", &[], true), vec![]));
    assert_eq!(enter(&mut rooms, "b", "x").unwrap(), (entered("x", &["a"], false), vec!["a <- +b".to_owned()]));
}

#[test]
fn a_room_whose_name_nobody_chose_gets_a_fresh_one() {
    let mut rooms = open(moving(), &["a"]);
    let reply = ask(&mut rooms, "a", Request::Enter { room: None }).unwrap().0;
    assert_eq!(reply, entered("r", &[], true));
}

#[test]
fn a_room_made_by_coming_in_takes_as_many_as_its_maker_said() {
    let mut rooms = open(moving(), &["a", "b", "c"]);
    enter(&mut rooms, "a", "x").unwrap();
    enter(&mut rooms, "b", "x").unwrap();
    assert_eq!(enter(&mut rooms, "c", "x"), Err(Rejection::RoomFull));
    assert_eq!(heard(&rooms.forget(&peer("a"))), ["b <- -a"]);
    assert_eq!(enter(&mut rooms, "c", "x").unwrap().1, ["b <- +c"]);
}

#[test]
fn coming_in_twice_is_told_to_nobody() {
    let mut rooms = open(moving(), &["a", "b"]);
    enter(&mut rooms, "a", "x").unwrap();
    enter(&mut rooms, "b", "x").unwrap();
    assert_eq!(enter(&mut rooms, "b", "x"), Err(Rejection::AlreadyThere));
}

#[test]
fn who_comes_into_another_room_leaves_the_first_where_that_is_custom() {
    let mut rooms = open(moving(), &["a", "b", "c"]);
    enter(&mut rooms, "a", "x").unwrap();
    enter(&mut rooms, "b", "x").unwrap();
    enter(&mut rooms, "c", "y").unwrap();
    assert_eq!(enter(&mut rooms, "b", "y").unwrap().1, ["a <- -b", "c <- +b"]);
    assert_eq!(call(&mut rooms, "b", Address::Peer("a".into())), Err(Rejection::NotAMember));
    let mut rooms = open(RoomPolicy::default(), &["a", "b"]);
    enter(&mut rooms, "a", "x").unwrap();
    enter(&mut rooms, "b", "x").unwrap();
    assert!(enter(&mut rooms, "b", "y").unwrap().1.is_empty());
    assert_eq!(heard(&rooms.forget(&peer("b"))), ["a <- -b"]);
}

#[test]
fn who_is_refused_stays_where_it_was() {
    let mut rooms = open(moving(), &["a", "b", "c", "d"]);
    for (name, room) in [("a", "x"), ("b", "x"), ("c", "y"), ("d", "y")] {
        enter(&mut rooms, name, room).unwrap();
    }
    assert_eq!(enter(&mut rooms, "a", "y"), Err(Rejection::RoomFull));
    assert_eq!(call(&mut rooms, "a", Address::Broadcast).unwrap(), ["b <- signal a"]);
}

#[test]
fn moving_is_no_room_too_many_and_staying_is() {
    let rooms_max = LIMITS.rooms_per_peer_max;
    for (policy, last) in [(moving(), Ok(())), (RoomPolicy::default(), Err(Rejection::TooManyRooms))] {
        let mut rooms = open(policy, &["a"]);
        for n in 0..rooms_max {
            enter(&mut rooms, "a", &n.to_string()).unwrap();
        }
        assert_eq!(enter(&mut rooms, "a", "one more").map(drop), last);
    }
}

#[test]
fn both_sides_hear_of_each_other_where_that_is_custom() {
    let mut rooms = open_for(9, RoomPolicy { announce_both_ways: true, ..moving() }, &["a", "b", "c"]);
    for name in ["a", "b"] {
        ask(&mut rooms, name, Request::Enter { room: Some(room()) }).unwrap();
    }
    let (reply, heard) = ask(&mut rooms, "c", Request::Enter { room: Some(room()) }).unwrap();
    assert_eq!(reply, entered("r", &["a", "b"], false));
    let of = "of a b c";
    let expected = [format!("a <- +c {of}"), format!("b <- +c {of}"), format!("c <- +a {of}"), format!("c <- +b {of}")];
    assert_eq!(heard, expected);
}

#[test]
fn only_who_said_hello_comes_in_and_only_a_member_hears_who_else_is_there() {
    let mut rooms = open(moving(), &["a", "b"]);
    assert_eq!(enter(&mut rooms, "nobody", "x"), Err(Rejection::NoId));
    assert_eq!(ask(&mut rooms, "a", Request::Members), Err(Rejection::NotAMember));
    enter(&mut rooms, "a", "x").unwrap();
    enter(&mut rooms, "b", "x").unwrap();
    let others = vec![peer("a")];
    assert_eq!(ask(&mut rooms, "b", Request::Members).unwrap().0, Reply::Members { others });
}

#[test]
fn a_signal_to_mates_reaches_them_and_nobody_else() {
    let mut rooms = open(moving(), &["a", "b", "x"]);
    enter(&mut rooms, "a", "1").unwrap();
    enter(&mut rooms, "b", "1").unwrap();
    enter(&mut rooms, "x", "2").unwrap();
    assert_eq!(call(&mut rooms, "a", Address::Broadcast).unwrap(), ["b <- signal a"]);
    assert_eq!(call(&mut rooms, "a", Address::Peer("b".into())).unwrap(), ["b <- signal a"]);
    for to in ["x", "a", "nobody"] {
        assert_eq!(call(&mut rooms, "a", Address::Peer(to.into())), Err(Rejection::NotAMember), "{to}");
    }
    assert!(call(&mut rooms, "x", Address::Broadcast).unwrap().is_empty());
}

#[test]
fn a_name_is_one_living_peers_at_a_time() {
    let mut rooms = open(RoomPolicy::default(), &["a", "b"]);
    let name = Name::from("ann");
    assert_eq!(claim(&mut rooms, "a", "ann").unwrap().0, Reply::Named { name: name.clone() });
    assert_eq!(claim(&mut rooms, "b", "ann"), Err(Rejection::NameTaken));
    assert_eq!(claim(&mut rooms, "a", "ann").unwrap().0, Reply::Named { name: name.clone() }, "it has it already");
    rooms.forget(&peer("a"));
    assert_eq!(claim(&mut rooms, "b", "ann").unwrap().0, Reply::Named { name });
    assert_eq!(claim(&mut rooms, "nobody", "x"), Err(Rejection::NoId));
}

#[test]
fn a_peer_that_takes_another_name_gives_its_first_one_back() {
    let mut rooms = open(RoomPolicy::default(), &["a", "b"]);
    claim(&mut rooms, "a", "ann").unwrap();
    claim(&mut rooms, "a", "anna").unwrap();
    claim(&mut rooms, "b", "ann").unwrap();
}

#[test]
fn who_has_a_name_reaches_who_has_one() {
    let mut rooms = open(RoomPolicy::default(), &["a", "b"]);
    let to = |name: &'static str| Address::Named(name.into());
    claim(&mut rooms, "a", "ann").unwrap();
    assert_eq!(call(&mut rooms, "a", to("bob")), Err(Rejection::NoSuchName));
    assert_eq!(call(&mut rooms, "b", to("ann")), Err(Rejection::NoSuchName), "it has none itself");
    claim(&mut rooms, "b", "bob").unwrap();
    assert_eq!(call(&mut rooms, "a", to("bob")).unwrap(), ["b <- signal of ann"]);
}

#[test]
fn holders_are_asked_about_names_and_last_seats_where_that_is_custom() {
    let mut rooms = open(RoomPolicy { verify_holders_alive: true, ..moving() }, &["a", "b", "c"]);
    let request = || Request::Enter { room: Some(room()) };
    let named = || Request::Claim { name: Name::from("ann") };
    ask(&mut rooms, "a", request()).unwrap();
    claim(&mut rooms, "a", "ann").unwrap();
    assert!(rooms.current_holders(&peer("c"), &request()).is_empty(), "there is a membership");
    ask(&mut rooms, "b", request()).unwrap();
    assert_eq!(rooms.current_holders(&peer("c"), &request()), [peer("a"), peer("b")]);
    assert!(rooms.current_holders(&peer("b"), &request()).is_empty(), "it has a membership");
    assert_eq!(rooms.current_holders(&peer("c"), &named()), [peer("a")]);
    assert!(rooms.current_holders(&peer("a"), &named()).is_empty(), "it is its own");
    let mut rooms = open(moving(), &["a", "b", "c"]);
    ask(&mut rooms, "a", request()).unwrap();
    ask(&mut rooms, "b", request()).unwrap();
    assert!(rooms.current_holders(&peer("c"), &request()).is_empty(), "where it is not the policy");
}
