//! Scenarios of pending offers: offers for those who are not there yet, and candidates that come too early.
use p2pchat_rooms::Timer;

use super::*;

/// Rooms in which these have claimed their names.
fn named(names: &[&str]) -> Rooms {
    let mut rooms = rooms(RoomPolicy::default(), PendingOffers::default());
    for name in names {
        arrive(&mut rooms, name);
    }
    rooms
}
/// What it hears on coming.
fn arrive(rooms: &mut Rooms, name: &str) -> Vec<String> {
    ask(rooms, name, Request::Hello { alerts: false }).unwrap();
    ask(rooms, name, Request::Claim { name: Name::from(name) }).unwrap().1
}
/// What is heard, the reply before it where it is not the usual one, and what is to be seen to later.
fn write_text(rooms: &mut Rooms, from: &str, to: &str, kind: SignalKind, text: &str) -> (Vec<String>, Vec<Timer>) {
    let to = Address::Named(to.to_owned().into());
    let payload = Payload { text: text.to_owned().into(), ..payload(kind) };
    let outcome = match rooms.apply(&peer(from), 0, Request::Signal { to, payload }, room) {
        Ok(outcome) => outcome,
        Err(rejection) => return (vec![rejection.to_string()], Vec::new()),
    };
    let mut heard = texts(&outcome.notifications);
    if outcome.reply != Reply::Sent {
        heard.insert(0, format!("{:?}", outcome.reply));
    }
    (heard, outcome.timers)
}
fn signal_by_name(rooms: &mut Rooms, from: &str, to: &str, kind: SignalKind) -> Vec<String> {
    write_text(rooms, from, to, kind, &format!("{kind:?}")).0
}
/// The one timer that an answer or a crossing sets.
fn timer(rooms: &mut Rooms, from: &str, to: &str, kind: SignalKind) -> Timer {
    let (_, mut timers) = write_text(rooms, from, to, kind, &format!("{kind:?}"));
    assert_eq!(timers.len(), 1);
    timers.remove(0)
}
fn texts(notifications: &[Notification<'_>]) -> Vec<String> {
    let text = |it: &Notification<'_>| match &it.event {
        Event::Signal { name: Some(name), payload, .. } => format!("{} <- {} of {name}", it.to, payload.text),
        event => panic!("{event:?}"),
    };
    notifications.iter().map(text).collect()
}
/// What is heard then, and when the next timer is to be heard.
fn on_timer(rooms: &mut Rooms, timer: &Timer) -> (Vec<String>, Option<Timer>) {
    let (notifications, next) = rooms.on_timer(timer);
    (texts(&notifications), next)
}
/// What is heard then and because of all timers that follow from it, in their order.
fn ring_out(rooms: &mut Rooms, timer: &Timer) -> Vec<String> {
    let (mut heard, mut next) = on_timer(rooms, timer);
    while let Some(timer) = next {
        assert!(!timer.after.is_zero());
        let (more, later) = on_timer(rooms, &timer);
        heard.extend(more);
        next = later;
    }
    heard
}

#[test]
fn candidates_wait_until_a_while_after_the_answer() {
    let mut rooms = named(&["ann", "bob"]);
    assert_eq!(signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer), ["bob <- Offer of ann"]);
    assert!(signal_by_name(&mut rooms, "ann", "bob", SignalKind::Candidate).is_empty());
    let settled = timer(&mut rooms, "bob", "ann", SignalKind::Answer);
    assert!(!settled.after.is_zero());
    assert!(signal_by_name(&mut rooms, "bob", "ann", SignalKind::Candidate).is_empty());
    write_text(&mut rooms, "ann", "bob", SignalKind::Candidate, "late");
    let (heard, next) = on_timer(&mut rooms, &settled);
    assert_eq!(heard, ["bob <- Candidate of ann", "ann <- Candidate of bob"], "one at a time for each");
    assert!(on_timer(&mut rooms, &settled).0.is_empty(), "once");
    write_text(&mut rooms, "ann", "bob", SignalKind::Candidate, "later");
    assert_eq!(ring_out(&mut rooms, &next.unwrap()), ["bob <- late of ann", "bob <- later of ann"]);
    assert_eq!(signal_by_name(&mut rooms, "ann", "bob", SignalKind::Candidate), ["bob <- Candidate of ann"]);
    assert_eq!(signal_by_name(&mut rooms, "bob", "ann", SignalKind::Candidate), ["ann <- Candidate of bob"]);
}

#[test]
fn the_answer_itself_does_not_wait() {
    let mut rooms = named(&["ann", "bob"]);
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer);
    assert_eq!(signal_by_name(&mut rooms, "bob", "ann", SignalKind::Answer), ["ann <- Answer of bob"]);
    assert_eq!(
        signal_by_name(&mut rooms, "bob", "ann", SignalKind::Answer),
        ["ann <- Answer of bob"],
        "nor one that nobody asked for"
    );
}

#[test]
fn of_two_offers_that_cross_the_second_is_dropped_with_its_candidates() {
    let mut rooms = named(&["ann", "bob"]);
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer);
    assert!(signal_by_name(&mut rooms, "bob", "ann", SignalKind::Offer).is_empty());
    assert_eq!(signal_by_name(&mut rooms, "bob", "ann", SignalKind::Candidate), ["another offer came first"]);
    let settled = timer(&mut rooms, "bob", "ann", SignalKind::Answer);
    write_text(&mut rooms, "bob", "ann", SignalKind::Candidate, "of the answer");
    assert_eq!(ring_out(&mut rooms, &settled), ["ann <- of the answer of bob"]);
}

#[test]
fn who_has_given_up_its_own_offer_for_another_is_asked_again() {
    let mut rooms = named(&["ann", "bob"]);
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer);
    let again = timer(&mut rooms, "bob", "ann", SignalKind::Offer);
    let (heard, next) = on_timer(&mut rooms, &again);
    assert_eq!(heard, ["bob <- Offer of ann"]);
    let settled = timer(&mut rooms, "bob", "ann", SignalKind::Answer);
    assert!(on_timer(&mut rooms, &next.unwrap()).0.is_empty(), "it has answered");
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Candidate);
    assert_eq!(ring_out(&mut rooms, &settled), ["bob <- Candidate of ann"]);
}

#[test]
fn an_offer_that_is_not_answered_stands_in_the_way_for_a_while_only() {
    let mut rooms = named(&["ann", "bob"]);
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer);
    let again = timer(&mut rooms, "bob", "ann", SignalKind::Offer);
    assert!(signal_by_name(&mut rooms, "bob", "ann", SignalKind::Offer).is_empty());
    assert_eq!(ring_out(&mut rooms, &again), ["bob <- Offer of ann"; 2]);
    assert_eq!(signal_by_name(&mut rooms, "bob", "ann", SignalKind::Offer), ["ann <- Offer of bob"]);
    assert_eq!(signal_by_name(&mut rooms, "ann", "bob", SignalKind::Answer), ["bob <- Answer of ann"]);
}

#[test]
fn who_does_not_answer_is_asked_again_whether_it_has_offered_or_not() {
    let mut rooms = named(&["ann", "bob"]);
    let again = timer(&mut rooms, "ann", "bob", SignalKind::Offer);
    assert_eq!(ring_out(&mut rooms, &again), ["bob <- Offer of ann"; 2]);
    assert_eq!(signal_by_name(&mut rooms, "bob", "ann", SignalKind::Offer), ["ann <- Offer of bob"]);
}

#[test]
fn an_alarm_for_an_earlier_offer_is_not_heard() {
    let mut rooms = named(&["ann", "bob"]);
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer);
    let again = timer(&mut rooms, "bob", "ann", SignalKind::Offer);
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer);
    assert!(on_timer(&mut rooms, &again).0.is_empty());
    assert!(signal_by_name(&mut rooms, "bob", "ann", SignalKind::Offer).is_empty(), "the new one is crossed as well");
    assert!(on_timer(&mut rooms, &again).0.is_empty(), "and has its own timer");
}

#[test]
fn an_offer_waits_for_who_is_not_there_and_candidates_with_it() {
    let mut rooms = named(&["ann", "cat"]);
    assert_eq!(
        signal_by_name(&mut rooms, "ann", "bob", SignalKind::Candidate),
        ["nobody has that name"],
        "nothing to keep it with"
    );
    assert_eq!(signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer), ["Kept"]);
    assert_eq!(signal_by_name(&mut rooms, "ann", "bob", SignalKind::Candidate), ["Kept"]);
    assert_eq!(signal_by_name(&mut rooms, "cat", "bob", SignalKind::Offer), ["Kept"]);
    assert_eq!(signal_by_name(&mut rooms, "ann", "bob", SignalKind::Opaque), ["nobody has that name"]);
    assert_eq!(arrive(&mut rooms, "bob"), ["bob <- signal of ann", "bob <- signal of cat"]);
    let settled = timer(&mut rooms, "bob", "ann", SignalKind::Answer);
    assert_eq!(ring_out(&mut rooms, &settled), ["bob <- Candidate of ann"]);
}

#[test]
fn a_new_offer_takes_the_place_of_the_one_that_waits() {
    let mut rooms = named(&["ann"]);
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer);
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Candidate);
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer);
    assert_eq!(arrive(&mut rooms, "bob").len(), 1);
    let settled = timer(&mut rooms, "bob", "ann", SignalKind::Answer);
    assert!(ring_out(&mut rooms, &settled).is_empty(), "the candidate was of the first");
}

#[test]
fn what_someone_wrote_ends_with_it() {
    let mut rooms = named(&["ann"]);
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer);
    rooms.forget(&peer("ann"));
    assert!(arrive(&mut rooms, "bob").is_empty());
}

#[test]
fn who_comes_back_before_it_answered_is_asked_again() {
    let mut rooms = named(&["ann", "bob"]);
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer);
    signal_by_name(&mut rooms, "ann", "bob", SignalKind::Candidate);
    rooms.forget(&peer("bob"));
    assert_eq!(arrive(&mut rooms, "bob"), ["bob <- signal of ann"]);
    let settled = timer(&mut rooms, "bob", "ann", SignalKind::Answer);
    rooms.forget(&peer("bob"));
    assert!(arrive(&mut rooms, "bob").is_empty(), "it has answered");
    assert!(ring_out(&mut rooms, &settled).is_empty());
}

#[test]
fn what_waits_is_bounded_for_each() {
    let mut rooms = named(&["ann", "bob"]);
    let too_long = "x".repeat(65_536);
    let offer = |rooms: &mut Rooms, to: &str, text: &str| write_text(rooms, "ann", to, SignalKind::Offer, text).0;
    assert_eq!(offer(&mut rooms, "nobody", &too_long), ["too much is kept"]);
    assert_eq!(offer(&mut rooms, "bob", &too_long).len(), 1, "but it is passed on");
    for n in 1..32 {
        assert_eq!(offer(&mut rooms, &format!("absent {n}"), "offer"), ["Kept"]);
    }
    assert_eq!(offer(&mut rooms, "one more", "offer"), ["too much is kept"]);
    assert_eq!(offer(&mut rooms, "absent 1", "again"), ["Kept"]);
    let kilobyte = "x".repeat(1_000);
    let n_kept =
        (0..100).filter(|_| write_text(&mut rooms, "ann", "absent 1", SignalKind::Candidate, &kilobyte).0 == ["Kept"]);
    assert!((50..64).contains(&n_kept.count()));
    assert_eq!(write_text(&mut rooms, "bob", "cat", SignalKind::Offer, "offer").0, ["Kept"], "others may");
}

#[test]
fn without_store_and_forward_nothing_is_kept() {
    let mut rooms = rooms(RoomPolicy::default(), NoCompat);
    for name in ["ann", "bob"] {
        arrive(&mut rooms, name);
    }
    assert_eq!(signal_by_name(&mut rooms, "ann", "bob", SignalKind::Offer), ["bob <- Offer of ann"]);
    assert_eq!(signal_by_name(&mut rooms, "bob", "ann", SignalKind::Offer), ["ann <- Offer of bob"]);
    assert_eq!(signal_by_name(&mut rooms, "bob", "ann", SignalKind::Candidate), ["ann <- Candidate of bob"]);
    assert_eq!(signal_by_name(&mut rooms, "bob", "cat", SignalKind::Offer), ["nobody has that name"]);
}
