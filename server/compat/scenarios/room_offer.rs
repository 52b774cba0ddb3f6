//! Scenarios of offers that nobody was there to hear, and of who comes then.
use p2pchat_rooms::Timer;

use super::*;

fn empty() -> Rooms {
    rooms(RoomPolicy { single_room: true, ..RoomPolicy::default() }, GlareResolution::default())
}
/// The timer that its coming sets.
fn come(rooms: &mut Rooms, name: &str) -> Option<Timer> {
    ask(rooms, name, Request::Hello { alerts: false }).unwrap();
    let outcome = rooms.apply(&peer(name), 0, Request::Enter { room: Some(room()) }, room).unwrap();
    outcome.timers.into_iter().next()
}
/// What is heard, and the timer that it sets.
fn tell(rooms: &mut Rooms, from: &str, kind: SignalKind, text: &str) -> (Vec<String>, Option<Timer>) {
    let payload = Payload { text: text.to_owned().into(), ..payload(kind) };
    match rooms.apply(&peer(from), 0, Request::Signal { to: Address::Broadcast, payload }, room) {
        Ok(outcome) => (texts(&outcome.notifications), outcome.timers.into_iter().next()),
        Err(rejection) => (vec![rejection.to_string()], None),
    }
}
fn say_text(rooms: &mut Rooms, from: &str, kind: SignalKind, text: &str) -> Vec<String> {
    tell(rooms, from, kind, text).0
}
fn timer(rooms: &mut Rooms, from: &str, kind: SignalKind) -> Timer {
    let (heard, timer) = tell(rooms, from, kind, &format!("{kind:?} of {from}"));
    assert!(heard.is_empty(), "{heard:?}");
    timer.unwrap()
}
fn say(rooms: &mut Rooms, from: &str, kind: SignalKind) -> Vec<String> {
    say_text(rooms, from, kind, &format!("{kind:?} of {from}"))
}
fn texts(notifications: &[Notification<'_>]) -> Vec<String> {
    let text = |it: &Notification<'_>| match &it.event {
        Event::Signal { payload, .. } => format!("{} <- {}", it.to, payload.text),
        event => panic!("{event:?}"),
    };
    notifications.iter().map(text).collect()
}
fn on_timer(rooms: &mut Rooms, timer: &Timer) -> Vec<String> {
    let (notifications, next) = rooms.on_timer(timer);
    assert!(next.is_none());
    texts(&notifications)
}

#[test]
fn who_comes_and_makes_no_offer_is_made_the_one_that_stands_and_once() {
    let mut rooms = empty();
    assert!(come(&mut rooms, "a").is_none());
    assert!(say(&mut rooms, "a", SignalKind::Offer).is_empty());
    assert!(say(&mut rooms, "a", SignalKind::Candidate).is_empty());
    let coming = come(&mut rooms, "b").unwrap();
    assert!(say_text(&mut rooms, "a", SignalKind::Candidate, "later").is_empty(), "b could not use it yet");
    assert_eq!(on_timer(&mut rooms, &coming), ["b <- Offer of a", "b <- Candidate of a", "b <- later"]);
    assert!(on_timer(&mut rooms, &coming).is_empty());
    assert_eq!(say_text(&mut rooms, "a", SignalKind::Candidate, "last"), ["b <- last"]);
    assert_eq!(say(&mut rooms, "b", SignalKind::Offer), ["another offer came first"]);
    assert_eq!(say(&mut rooms, "b", SignalKind::Answer), ["a <- Answer of b"]);
    assert_eq!(say(&mut rooms, "b", SignalKind::Offer), ["a <- Offer of b"], "once its page has a camera after all");
}

#[test]
fn who_comes_and_offers_is_made_none() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    say(&mut rooms, "a", SignalKind::Offer);
    let coming = come(&mut rooms, "b").unwrap();
    assert_eq!(say(&mut rooms, "b", SignalKind::Offer), ["a <- Offer of b"]);
    assert!(on_timer(&mut rooms, &coming).is_empty(), "its maker has given it up for that one");
    assert_eq!(say(&mut rooms, "a", SignalKind::Answer), ["b <- Answer of a"]);
    assert!(on_timer(&mut rooms, &coming).is_empty());
}

#[test]
fn who_comes_and_begins_with_a_candidate_has_offered_before() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    say(&mut rooms, "a", SignalKind::Offer);
    let coming = come(&mut rooms, "b").unwrap();
    let sooner = timer(&mut rooms, "b", SignalKind::Candidate);
    assert!(sooner.after < coming.after);
    assert_eq!(say(&mut rooms, "b", SignalKind::Candidate), ["another offer came first"]);
    assert_eq!(on_timer(&mut rooms, &sooner), ["b <- Offer of a"]);
    assert_eq!(say(&mut rooms, "b", SignalKind::Answer), ["a <- Answer of b"]);
    assert_eq!(say(&mut rooms, "b", SignalKind::Candidate), ["a <- Candidate of b"]);
    assert!(on_timer(&mut rooms, &coming).is_empty());
}

#[test]
fn an_offer_waits_a_little_for_who_is_silent() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    come(&mut rooms, "b");
    let waiting = timer(&mut rooms, "a", SignalKind::Offer);
    assert!(say(&mut rooms, "a", SignalKind::Candidate).is_empty());
    assert_eq!(on_timer(&mut rooms, &waiting), ["b <- Offer of a", "b <- Candidate of a"]);
    assert_eq!(say(&mut rooms, "b", SignalKind::Answer), ["a <- Answer of b"]);
    assert_eq!(say(&mut rooms, "a", SignalKind::Offer), ["b <- Offer of a"], "it has spoken");
}

#[test]
fn an_offer_that_comes_second_gives_way_after_a_while() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    come(&mut rooms, "b");
    let waiting = timer(&mut rooms, "a", SignalKind::Offer);
    let settling = timer(&mut rooms, "b", SignalKind::Offer);
    assert!(settling.after < waiting.after && !settling.after.is_zero());
    assert_eq!(say(&mut rooms, "b", SignalKind::Candidate), ["another offer came first"]);
    assert_eq!(on_timer(&mut rooms, &settling), ["b <- Offer of a"]);
    assert!(on_timer(&mut rooms, &waiting).is_empty());
    assert_eq!(say(&mut rooms, "b", SignalKind::Answer), ["a <- Answer of b"]);
    assert_eq!(say(&mut rooms, "b", SignalKind::Candidate), ["a <- Candidate of b"]);
    assert_eq!(say(&mut rooms, "a", SignalKind::Candidate), ["b <- Candidate of a"]);
}

#[test]
fn an_offer_that_was_answered_stands_no_longer_whoever_comes() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    come(&mut rooms, "b");
    let waiting = timer(&mut rooms, "a", SignalKind::Offer);
    on_timer(&mut rooms, &waiting);
    say(&mut rooms, "b", SignalKind::Answer);
    rooms.forget(&peer("b"));
    assert!(come(&mut rooms, "c").is_none());
}

#[test]
fn an_offer_that_was_heard_and_not_answered_stands_for_the_next() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    come(&mut rooms, "b");
    let waiting = timer(&mut rooms, "a", SignalKind::Offer);
    assert_eq!(on_timer(&mut rooms, &waiting), ["b <- Offer of a"]);
    rooms.forget(&peer("b"));
    let timer = come(&mut rooms, "c").unwrap();
    assert_eq!(on_timer(&mut rooms, &timer), ["c <- Offer of a"]);
}

#[test]
fn an_offer_goes_with_its_maker_and_its_place_is_taken_by_a_later_one() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    say(&mut rooms, "a", SignalKind::Offer);
    say(&mut rooms, "a", SignalKind::Candidate);
    assert!(say_text(&mut rooms, "a", SignalKind::Offer, "anew").is_empty());
    let timer = come(&mut rooms, "b").unwrap();
    let mut gone = empty();
    come(&mut gone, "a");
    say(&mut gone, "a", SignalKind::Offer);
    come(&mut gone, "b");
    gone.forget(&peer("a"));
    assert!(on_timer(&mut gone, &timer).is_empty());
    assert_eq!(on_timer(&mut rooms, &timer), ["b <- anew"]);
}

#[test]
fn what_is_kept_has_a_bound() {
    let mut rooms = empty();
    come(&mut rooms, "a");
    say(&mut rooms, "a", SignalKind::Offer);
    let long = "x".repeat(30_000);
    for _ in 0..9 {
        say_text(&mut rooms, "a", SignalKind::Candidate, &long);
    }
    let timer = come(&mut rooms, "b").unwrap();
    assert_eq!(on_timer(&mut rooms, &timer).len(), 3, "the offer, and candidates of 60,000 bytes");
    say_text(&mut rooms, "b", SignalKind::Answer, "");
    rooms.forget(&peer("b"));
    say_text(&mut rooms, "a", SignalKind::Offer, &"x".repeat(70_000));
    assert!(come(&mut rooms, "c").is_none());
}
