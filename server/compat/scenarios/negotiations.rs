//! Scenarios of offers that cross, and of pages that came in twice.
use super::*;

/// A room with these in it, come in in this order, each from the browser that its first letter names.
fn together(compat: impl Compat + 'static, peers: &[&str]) -> Rooms {
    let mut rooms = rooms(RoomPolicy { single_room: true, ..RoomPolicy::default() }, compat);
    peers.iter().for_each(|it| come(&mut rooms, it));
    rooms
}
fn come(rooms: &mut Rooms, name: &str) {
    let browser = name.bytes().next().map_or(0, u64::from);
    rooms.apply(&peer(name), browser, Request::Hello { alerts: false }, room).unwrap();
    ask(rooms, name, Request::Enter { room: Some(room()) }).unwrap();
}
fn first_stands() -> GlareResolution {
    GlareResolution::default()
}
fn aliases() -> DuplicateJoins {
    DuplicateJoins::default()
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
    come(&mut rooms, "y");
    assert_eq!(all(&mut rooms, "y", SignalKind::Offer).unwrap(), ["x <- signal y"]);
}

#[test]
fn an_offer_goes_with_the_one_who_made_it() {
    let mut rooms = speaking(&["x", "y"]);
    all(&mut rooms, "y", SignalKind::Offer).unwrap();
    rooms.forget(&peer("y"));
    come(&mut rooms, "z");
    all(&mut rooms, "z", SignalKind::Candidate).unwrap();
    assert_eq!(all(&mut rooms, "x", SignalKind::Offer).unwrap(), ["z <- signal x"]);
}

#[test]
fn what_is_not_told_apart_is_passed_on_whatever_was_offered() {
    let mut rooms = speaking(&["x", "y"]);
    all(&mut rooms, "y", SignalKind::Offer).unwrap();
    assert_eq!(all(&mut rooms, "x", SignalKind::Opaque).unwrap(), ["y <- signal x"]);
    let mut rooms = together(NoCompat, &["x", "y"]);
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
    assert_eq!(heard(&rooms.forget(&peer("b2")).0), ["a <- -b2", "b1 <- -b2"], "the end of one does not end the other");
    assert_eq!(one(&mut rooms, "a", "b1", SignalKind::Candidate), ["b1 <- signal a"]);
}

#[test]
fn a_page_whose_second_line_came_after_its_answer_goes_on_as_its_first() {
    let mut rooms = together(aliases(), &["a", "b1"]);
    one(&mut rooms, "a", "b1", SignalKind::Offer);
    assert_eq!(one(&mut rooms, "b1", "a", SignalKind::Answer), ["a <- signal b1"]);
    come(&mut rooms, "b2");
    assert_eq!(one(&mut rooms, "b2", "a", SignalKind::Candidate), ["a <- signal b1"]);
}

#[test]
fn a_stranger_right_behind_somebody_neither_speaks_for_it_nor_ends_it() {
    let mut rooms = together(aliases(), &["target", "victim", "stranger"]);
    one(&mut rooms, "target", "victim", SignalKind::Offer);
    assert_eq!(one(&mut rooms, "stranger", "target", SignalKind::Candidate), ["target <- signal stranger"]);
    assert_eq!(one(&mut rooms, "stranger", "target", SignalKind::Answer), ["target <- signal stranger"]);
    let heard = heard(&rooms.forget(&peer("stranger")).0);
    assert_eq!(heard, ["target <- -stranger", "victim <- -stranger"]);
    assert_eq!(one(&mut rooms, "victim", "target", SignalKind::Answer), ["target <- signal victim"]);
}

#[test]
fn a_first_connection_that_speaks_itself_is_no_half_of_a_page() {
    let mut rooms = together(aliases(), &["a", "b1", "b2"]);
    one(&mut rooms, "a", "b1", SignalKind::Offer);
    assert_eq!(one(&mut rooms, "b2", "a", SignalKind::Candidate), ["a <- signal b1"]);
    assert_eq!(one(&mut rooms, "b1", "a", SignalKind::Answer), ["a <- signal b1"]);
    assert_eq!(one(&mut rooms, "b2", "a", SignalKind::Candidate), ["a <- signal b2"], "given up from then on");
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
    assert_eq!(heard(&rooms.forget(&peer("c")).0)[..], ["a <- -c", "b <- -c", "d <- -c"]);
    let mut rooms = together(NoCompat, &["a", "b", "c"]);
    one(&mut rooms, "a", "b", SignalKind::Offer);
    assert_eq!(one(&mut rooms, "c", "a", SignalKind::Answer), ["a <- signal c"], "where it is not custom");
}
