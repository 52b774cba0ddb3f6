//! Scenes of offers that nobody was there to hear, and of who comes then.
use super::*;
use crate::rooms::Alarm;

fn empty() -> Rooms {
    Rooms::new(LIMITS, Customs { one_room: true, first_offer_stands: true, ..Customs::default() })
}
/// The alarm that its coming sets.
fn come(rooms: &mut Rooms, name: &str) -> Option<Alarm> {
    ask(rooms, name, Request::Hello).unwrap();
    let outcome = rooms.apply(&peer(name), Request::Enter { room: Some(room()), peers_max: 2 }, room).unwrap();
    outcome.alarms.into_iter().next()
}
/// What is heard, and the alarm that it sets.
fn tell(rooms: &mut Rooms, from: &str, part: Part, text: &str) -> (Vec<String>, Option<Alarm>) {
    let payload = Payload { text: text.to_owned().into(), ..payload(part) };
    match rooms.apply(&peer(from), Request::Signal { to: Address::Mates, payload }, room) {
        Ok(outcome) => (texts(&outcome.notices), outcome.alarms.into_iter().next()),
        Err(refusal) => (vec![refusal.to_string()], None),
    }
}
fn say_text(rooms: &mut Rooms, from: &str, part: Part, text: &str) -> Vec<String> {
    tell(rooms, from, part, text).0
}
fn alarm(rooms: &mut Rooms, from: &str, part: Part) -> Alarm {
    let (heard, alarm) = tell(rooms, from, part, &format!("{part:?} of {from}"));
    assert!(heard.is_empty(), "{heard:?}");
    alarm.unwrap()
}
fn say(rooms: &mut Rooms, from: &str, part: Part) -> Vec<String> {
    say_text(rooms, from, part, &format!("{part:?} of {from}"))
}
fn texts(notices: &[Notice<'_>]) -> Vec<String> {
    let text = |it: &Notice<'_>| match &it.event {
        Event::Signal { payload, .. } => format!("{} <- {}", it.to, payload.text),
        event => panic!("{event:?}"),
    };
    notices.iter().map(text).collect()
}
fn ring(rooms: &mut Rooms, alarm: &Alarm) -> Vec<String> {
    let (notices, next) = rooms.ring(alarm);
    assert!(next.is_none());
    texts(&notices)
}

#[test]
fn who_comes_and_makes_no_offer_is_made_the_one_that_stands_and_once() {
    let mut rooms = empty();
    assert!(come(&mut rooms, "a").is_none());
    assert!(say(&mut rooms, "a", Part::Offer).is_empty());
    assert!(say(&mut rooms, "a", Part::Candidate).is_empty());
    let coming = come(&mut rooms, "b").unwrap();
    assert!(say_text(&mut rooms, "a", Part::Candidate, "later").is_empty(), "b could not use it yet");
    assert_eq!(ring(&mut rooms, &coming), ["b <- Offer of a", "b <- Candidate of a", "b <- later"]);
    assert!(ring(&mut rooms, &coming).is_empty());
    assert_eq!(say_text(&mut rooms, "a", Part::Candidate, "last"), ["b <- last"]);
    assert_eq!(say(&mut rooms, "b", Part::Offer), ["another offer came first"]);
    assert_eq!(say(&mut rooms, "b", Part::Answer), ["a <- Answer of b"]);
    assert_eq!(say(&mut rooms, "b", Part::Offer), ["a <- Offer of b"], "once its page has a camera after all");
}

#[test]
fn who_comes_and_offers_is_made_none() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    say(&mut rooms, "a", Part::Offer);
    let coming = come(&mut rooms, "b").unwrap();
    assert_eq!(say(&mut rooms, "b", Part::Offer), ["a <- Offer of b"]);
    assert!(ring(&mut rooms, &coming).is_empty(), "its maker has given it up for that one");
    assert_eq!(say(&mut rooms, "a", Part::Answer), ["b <- Answer of a"]);
    assert!(ring(&mut rooms, &coming).is_empty());
}

#[test]
fn who_comes_and_begins_with_a_candidate_has_offered_before() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    say(&mut rooms, "a", Part::Offer);
    let coming = come(&mut rooms, "b").unwrap();
    let sooner = alarm(&mut rooms, "b", Part::Candidate);
    assert!(sooner.after < coming.after);
    assert_eq!(say(&mut rooms, "b", Part::Candidate), ["another offer came first"]);
    assert_eq!(ring(&mut rooms, &sooner), ["b <- Offer of a"]);
    assert_eq!(say(&mut rooms, "b", Part::Answer), ["a <- Answer of b"]);
    assert_eq!(say(&mut rooms, "b", Part::Candidate), ["a <- Candidate of b"]);
    assert!(ring(&mut rooms, &coming).is_empty());
}

#[test]
fn an_offer_waits_a_little_for_who_is_silent() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    come(&mut rooms, "b");
    let waiting = alarm(&mut rooms, "a", Part::Offer);
    assert!(say(&mut rooms, "a", Part::Candidate).is_empty());
    assert_eq!(ring(&mut rooms, &waiting), ["b <- Offer of a", "b <- Candidate of a"]);
    assert_eq!(say(&mut rooms, "b", Part::Answer), ["a <- Answer of b"]);
    assert_eq!(say(&mut rooms, "a", Part::Offer), ["b <- Offer of a"], "it has spoken");
}

#[test]
fn an_offer_that_comes_second_gives_way_after_a_while() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    come(&mut rooms, "b");
    let waiting = alarm(&mut rooms, "a", Part::Offer);
    let settling = alarm(&mut rooms, "b", Part::Offer);
    assert!(settling.after < waiting.after && !settling.after.is_zero());
    assert_eq!(say(&mut rooms, "b", Part::Candidate), ["another offer came first"]);
    assert_eq!(ring(&mut rooms, &settling), ["b <- Offer of a"]);
    assert!(ring(&mut rooms, &waiting).is_empty());
    assert_eq!(say(&mut rooms, "b", Part::Answer), ["a <- Answer of b"]);
    assert_eq!(say(&mut rooms, "b", Part::Candidate), ["a <- Candidate of b"]);
    assert_eq!(say(&mut rooms, "a", Part::Candidate), ["b <- Candidate of a"]);
}

#[test]
fn an_offer_that_was_answered_stands_no_longer_whoever_comes() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    come(&mut rooms, "b");
    let waiting = alarm(&mut rooms, "a", Part::Offer);
    ring(&mut rooms, &waiting);
    say(&mut rooms, "b", Part::Answer);
    rooms.forget(&peer("b"));
    assert!(come(&mut rooms, "c").is_none());
}

#[test]
fn an_offer_that_was_heard_and_not_answered_stands_for_the_next() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    come(&mut rooms, "b");
    let waiting = alarm(&mut rooms, "a", Part::Offer);
    assert_eq!(ring(&mut rooms, &waiting), ["b <- Offer of a"]);
    rooms.forget(&peer("b"));
    let alarm = come(&mut rooms, "c").unwrap();
    assert_eq!(ring(&mut rooms, &alarm), ["c <- Offer of a"]);
}

#[test]
fn an_offer_goes_with_its_maker_and_its_place_is_taken_by_a_later_one() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    say(&mut rooms, "a", Part::Offer);
    say(&mut rooms, "a", Part::Candidate);
    assert!(say_text(&mut rooms, "a", Part::Offer, "anew").is_empty());
    let alarm = come(&mut rooms, "b").unwrap();
    let mut gone = empty();
    come(&mut gone, "a");
    say(&mut gone, "a", Part::Offer);
    come(&mut gone, "b");
    gone.forget(&peer("a"));
    assert!(ring(&mut gone, &alarm).is_empty());
    assert_eq!(ring(&mut rooms, &alarm), ["b <- anew"]);
}

#[test]
fn what_is_kept_has_a_bound() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    say(&mut rooms, "a", Part::Offer);
    let long = "x".repeat(30_000);
    for _ in 0..9 {
        say_text(&mut rooms, "a", Part::Candidate, &long);
    }
    let alarm = come(&mut rooms, "b").unwrap();
    assert_eq!(ring(&mut rooms, &alarm).len(), 3, "the offer, and candidates of 60,000 bytes");
    say_text(&mut rooms, "b", Part::Answer, "");
    rooms.forget(&peer("b"));
    say_text(&mut rooms, "a", Part::Offer, &"x".repeat(70_000));
    assert!(come(&mut rooms, "c").is_none());
}
