//! Scenes of offers that cross, and of pages that came in twice.
use super::*;

/// A room with these in it, come in in this order.
fn together(policy: RoomPolicy, peers: &[&str]) -> Rooms {
    let mut rooms = Rooms::new(LIMITS, RoomPolicy { single_room: true, ..policy });
    for name in peers {
        ask(&mut rooms, name, Request::Hello).unwrap();
        ask(&mut rooms, name, Request::Enter { room: Some(room()), peers_max: 9 }).unwrap();
    }
    rooms
}
fn first_stands() -> RoomPolicy {
    RoomPolicy { resolve_glare: true, ..RoomPolicy::default() }
}
fn aliases() -> RoomPolicy {
    RoomPolicy { merge_duplicate_joins: true, ..RoomPolicy::default() }
}
/// Where all have spoken: an offer to who has not would wait.
fn speaking(peers: &[&str]) -> Rooms {
    let mut rooms = together(first_stands(), peers);
    for name in peers {
        all(&mut rooms, name, SignalKind::Candidate).unwrap();
    }
    rooms
}
fn all(rooms: &mut Rooms, from: &str, kind: SignalKind) -> Result<Vec<String>, Rejection> {
    ask(rooms, from, Request::Signal { to: Address::Broadcast, payload: payload(kind) }).map(|it| it.1)
}
fn one(rooms: &mut Rooms, from: &str, to: &str, kind: SignalKind) -> Vec<String> {
    let to = Address::Peer(to.into());
    ask(rooms, from, Request::Signal { to, payload: payload(kind) }).unwrap().1
}

#[test]
fn of_two_offers_that_cross_the_first_stands() {
    let mut rooms = speaking(&["x", "y"]);
    assert_eq!(all(&mut rooms, "y", SignalKind::Offer).unwrap(), ["x <- signal y"]);
    assert_eq!(all(&mut rooms, "x", SignalKind::Offer), Err(Rejection::Glare));
    assert_eq!(all(&mut rooms, "x", SignalKind::Candidate), Err(Rejection::Glare));
    assert_eq!(all(&mut rooms, "y", SignalKind::Candidate).unwrap(), ["x <- signal y"]);
    assert_eq!(all(&mut rooms, "x", SignalKind::Answer).unwrap(), ["y <- signal x"]);
    assert_eq!(all(&mut rooms, "x", SignalKind::Candidate).unwrap(), ["y <- signal x"]);
    assert_eq!(all(&mut rooms, "x", SignalKind::Offer).unwrap(), ["y <- signal x"], "a new one, with none to cross");
}

#[test]
fn an_offer_that_nobody_was_there_to_hear_stands_in_nobodys_way() {
    let mut rooms = together(first_stands(), &["x"]);
    assert!(all(&mut rooms, "x", SignalKind::Offer).unwrap().is_empty());
    ask(&mut rooms, "y", Request::Hello).unwrap();
    ask(&mut rooms, "y", Request::Enter { room: Some(room()), peers_max: 9 }).unwrap();
    assert_eq!(all(&mut rooms, "y", SignalKind::Offer).unwrap(), ["x <- signal y"]);
}

#[test]
fn an_offer_goes_with_the_one_who_made_it() {
    let mut rooms = speaking(&["x", "y"]);
    all(&mut rooms, "y", SignalKind::Offer).unwrap();
    rooms.forget(&peer("y"));
    ask(&mut rooms, "z", Request::Hello).unwrap();
    ask(&mut rooms, "z", Request::Enter { room: Some(room()), peers_max: 9 }).unwrap();
    all(&mut rooms, "z", SignalKind::Candidate).unwrap();
    assert_eq!(all(&mut rooms, "x", SignalKind::Offer).unwrap(), ["z <- signal x"]);
}

#[test]
fn what_is_not_told_apart_is_passed_on_whatever_was_offered() {
    let mut rooms = speaking(&["x", "y"]);
    all(&mut rooms, "y", SignalKind::Offer).unwrap();
    assert_eq!(all(&mut rooms, "x", SignalKind::Opaque).unwrap(), ["y <- signal x"]);
    let mut rooms = together(RoomPolicy::default(), &["x", "y"]);
    all(&mut rooms, "y", SignalKind::Offer).unwrap();
    assert_eq!(all(&mut rooms, "x", SignalKind::Offer).unwrap(), ["y <- signal x"], "where it is not custom");
}

/// `b1` and `b2` are two lines of one page: it hears on both and speaks on the second.
#[test]
fn a_page_that_came_in_twice_speaks_in_the_name_of_its_first_line() {
    let mut rooms = together(aliases(), &["a", "b1", "b2"]);
    assert_eq!(one(&mut rooms, "a", "b1", SignalKind::Offer), ["b1 <- signal a"]);
    assert_eq!(one(&mut rooms, "b2", "a", SignalKind::Answer), ["a <- signal b1"]);
    assert_eq!(one(&mut rooms, "b2", "a", SignalKind::Candidate), ["a <- signal b1"]);
    assert_eq!(one(&mut rooms, "a", "b1", SignalKind::Candidate), ["b1 <- signal a"]);
    assert_eq!(heard(&rooms.forget(&peer("b2"))), ["a <- -b2", "b1 <- -b2", "a <- -b1"], "and leaves as both");
}

#[test]
fn a_page_whose_second_line_came_after_its_answer_goes_on_as_its_first() {
    let mut rooms = together(aliases(), &["a", "b1", "b2"]);
    one(&mut rooms, "a", "b1", SignalKind::Offer);
    assert_eq!(one(&mut rooms, "b1", "a", SignalKind::Answer), ["a <- signal b1"]);
    assert_eq!(one(&mut rooms, "b2", "a", SignalKind::Candidate), ["a <- signal b1"]);
}

#[test]
fn nobody_else_speaks_in_anothers_name() {
    let mut rooms = together(aliases(), &["a", "b", "c", "d"]);
    one(&mut rooms, "a", "b", SignalKind::Offer);
    assert_eq!(one(&mut rooms, "d", "a", SignalKind::Answer), ["a <- signal d"], "it came in after another");
    assert_eq!(one(&mut rooms, "c", "a", SignalKind::Offer), ["a <- signal c"], "an offer is its own");
    assert_eq!(one(&mut rooms, "c", "a", SignalKind::Candidate), ["a <- signal c"], "and so is what follows");
    assert_eq!(one(&mut rooms, "b", "a", SignalKind::Answer), ["a <- signal b"]);
    assert_eq!(
        one(&mut rooms, "c", "a", SignalKind::Answer),
        ["a <- signal c"],
        "one that is answered is not answered again"
    );
    assert_eq!(heard(&rooms.forget(&peer("c")))[..], ["a <- -c", "b <- -c", "d <- -c"]);
    let mut rooms = together(RoomPolicy::default(), &["a", "b", "c"]);
    one(&mut rooms, "a", "b", SignalKind::Offer);
    assert_eq!(one(&mut rooms, "c", "a", SignalKind::Answer), ["a <- signal c"], "where it is not custom");
}
