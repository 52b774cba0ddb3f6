//! Scenes of letters: offers for those who are not there yet, and candidates that come too early.
use super::*;
use crate::rooms::Alarm;

/// Rooms in which these have claimed their names.
fn named(names: &[&str]) -> Rooms {
    let mut rooms = Rooms::new(LIMITS, Customs { keeps_letters: true, ..Customs::default() });
    for name in names {
        arrive(&mut rooms, name);
    }
    rooms
}
/// What it hears on coming.
fn arrive(rooms: &mut Rooms, name: &str) -> Vec<String> {
    ask(rooms, name, Request::Hello).unwrap();
    ask(rooms, name, Request::Claim { name: Name::from(name) }).unwrap().1
}
/// What is heard, the reply before it where it is not the usual one, and what is to be seen to later.
fn write_text(rooms: &mut Rooms, from: &str, to: &str, part: Part, text: &str) -> (Vec<String>, Vec<Alarm>) {
    let to = Address::Named(to.to_owned().into());
    let payload = Payload { text: text.to_owned().into(), ..payload(part) };
    let outcome = match rooms.apply(&peer(from), Request::Signal { to, payload }, room) {
        Ok(outcome) => outcome,
        Err(refusal) => return (vec![refusal.to_string()], Vec::new()),
    };
    let mut heard = texts(&outcome.notices);
    if outcome.reply != Reply::Sent {
        heard.insert(0, format!("{:?}", outcome.reply));
    }
    (heard, outcome.alarms)
}
fn write(rooms: &mut Rooms, from: &str, to: &str, part: Part) -> Vec<String> {
    write_text(rooms, from, to, part, &format!("{part:?}")).0
}
/// The one alarm that an answer or a crossing sets.
fn alarm(rooms: &mut Rooms, from: &str, to: &str, part: Part) -> Alarm {
    let (_, mut alarms) = write_text(rooms, from, to, part, &format!("{part:?}"));
    assert_eq!(alarms.len(), 1);
    alarms.remove(0)
}
fn texts(notices: &[Notice<'_>]) -> Vec<String> {
    let text = |it: &Notice<'_>| match &it.event {
        Event::Signal { name: Some(name), payload, .. } => format!("{} <- {} of {name}", it.to, payload.text),
        event => panic!("{event:?}"),
    };
    notices.iter().map(text).collect()
}
/// What is heard then, and when the next alarm is to be heard.
fn ring(rooms: &mut Rooms, alarm: &Alarm) -> (Vec<String>, Option<Alarm>) {
    let (notices, next) = rooms.ring(alarm);
    (texts(&notices), next)
}
/// What is heard then and because of all alarms that follow from it, in their order.
fn ring_out(rooms: &mut Rooms, alarm: &Alarm) -> Vec<String> {
    let (mut heard, mut next) = ring(rooms, alarm);
    while let Some(alarm) = next {
        assert!(!alarm.after.is_zero());
        let (more, later) = ring(rooms, &alarm);
        heard.extend(more);
        next = later;
    }
    heard
}

#[test]
fn candidates_wait_until_a_while_after_the_answer() {
    let mut rooms = named(&["ann", "bob"]);
    assert_eq!(write(&mut rooms, "ann", "bob", Part::Offer), ["bob <- Offer of ann"]);
    assert!(write(&mut rooms, "ann", "bob", Part::Candidate).is_empty());
    let settled = alarm(&mut rooms, "bob", "ann", Part::Answer);
    assert!(!settled.after.is_zero());
    assert!(write(&mut rooms, "bob", "ann", Part::Candidate).is_empty());
    write_text(&mut rooms, "ann", "bob", Part::Candidate, "late");
    let (heard, next) = ring(&mut rooms, &settled);
    assert_eq!(heard, ["bob <- Candidate of ann", "ann <- Candidate of bob"], "one at a time for each");
    assert!(ring(&mut rooms, &settled).0.is_empty(), "once");
    write_text(&mut rooms, "ann", "bob", Part::Candidate, "later");
    assert_eq!(ring_out(&mut rooms, &next.unwrap()), ["bob <- late of ann", "bob <- later of ann"]);
    assert_eq!(write(&mut rooms, "ann", "bob", Part::Candidate), ["bob <- Candidate of ann"]);
    assert_eq!(write(&mut rooms, "bob", "ann", Part::Candidate), ["ann <- Candidate of bob"]);
}

#[test]
fn the_answer_itself_does_not_wait() {
    let mut rooms = named(&["ann", "bob"]);
    write(&mut rooms, "ann", "bob", Part::Offer);
    assert_eq!(write(&mut rooms, "bob", "ann", Part::Answer), ["ann <- Answer of bob"]);
    assert_eq!(
        write(&mut rooms, "bob", "ann", Part::Answer),
        ["ann <- Answer of bob"],
        "nor one that nobody asked for"
    );
}

#[test]
fn of_two_offers_that_cross_the_second_is_dropped_with_its_candidates() {
    let mut rooms = named(&["ann", "bob"]);
    write(&mut rooms, "ann", "bob", Part::Offer);
    assert!(write(&mut rooms, "bob", "ann", Part::Offer).is_empty());
    assert_eq!(write(&mut rooms, "bob", "ann", Part::Candidate), ["another offer came first"]);
    let settled = alarm(&mut rooms, "bob", "ann", Part::Answer);
    write_text(&mut rooms, "bob", "ann", Part::Candidate, "of the answer");
    assert_eq!(ring_out(&mut rooms, &settled), ["ann <- of the answer of bob"]);
}

#[test]
fn who_has_given_up_its_own_offer_for_another_is_asked_again() {
    let mut rooms = named(&["ann", "bob"]);
    write(&mut rooms, "ann", "bob", Part::Offer);
    let again = alarm(&mut rooms, "bob", "ann", Part::Offer);
    let (heard, next) = ring(&mut rooms, &again);
    assert_eq!(heard, ["bob <- Offer of ann"]);
    let settled = alarm(&mut rooms, "bob", "ann", Part::Answer);
    assert!(ring(&mut rooms, &next.unwrap()).0.is_empty(), "it has answered");
    write(&mut rooms, "ann", "bob", Part::Candidate);
    assert_eq!(ring_out(&mut rooms, &settled), ["bob <- Candidate of ann"]);
}

#[test]
fn an_offer_that_is_not_answered_stands_in_the_way_for_a_while_only() {
    let mut rooms = named(&["ann", "bob"]);
    write(&mut rooms, "ann", "bob", Part::Offer);
    let again = alarm(&mut rooms, "bob", "ann", Part::Offer);
    assert!(write(&mut rooms, "bob", "ann", Part::Offer).is_empty());
    assert_eq!(ring_out(&mut rooms, &again), ["bob <- Offer of ann"; 2]);
    assert_eq!(write(&mut rooms, "bob", "ann", Part::Offer), ["ann <- Offer of bob"]);
    assert_eq!(write(&mut rooms, "ann", "bob", Part::Answer), ["bob <- Answer of ann"]);
}

#[test]
fn who_does_not_answer_is_asked_again_whether_it_has_offered_or_not() {
    let mut rooms = named(&["ann", "bob"]);
    let again = alarm(&mut rooms, "ann", "bob", Part::Offer);
    assert_eq!(ring_out(&mut rooms, &again), ["bob <- Offer of ann"; 2]);
    assert_eq!(write(&mut rooms, "bob", "ann", Part::Offer), ["ann <- Offer of bob"]);
}

#[test]
fn an_alarm_for_an_earlier_offer_is_not_heard() {
    let mut rooms = named(&["ann", "bob"]);
    write(&mut rooms, "ann", "bob", Part::Offer);
    let again = alarm(&mut rooms, "bob", "ann", Part::Offer);
    write(&mut rooms, "ann", "bob", Part::Offer);
    assert!(ring(&mut rooms, &again).0.is_empty());
    assert!(write(&mut rooms, "bob", "ann", Part::Offer).is_empty(), "the new one is crossed as well");
    assert!(ring(&mut rooms, &again).0.is_empty(), "and has its own alarm");
}

#[test]
fn an_offer_waits_for_who_is_not_there_and_candidates_with_it() {
    let mut rooms = named(&["ann", "cat"]);
    assert_eq!(write(&mut rooms, "ann", "bob", Part::Candidate), ["nobody has that name"], "nothing to keep it with");
    assert_eq!(write(&mut rooms, "ann", "bob", Part::Offer), ["Kept"]);
    assert_eq!(write(&mut rooms, "ann", "bob", Part::Candidate), ["Kept"]);
    assert_eq!(write(&mut rooms, "cat", "bob", Part::Offer), ["Kept"]);
    assert_eq!(write(&mut rooms, "ann", "bob", Part::Opaque), ["nobody has that name"]);
    assert_eq!(arrive(&mut rooms, "bob"), ["bob <- signal of ann", "bob <- signal of cat"]);
    let settled = alarm(&mut rooms, "bob", "ann", Part::Answer);
    assert_eq!(ring_out(&mut rooms, &settled), ["bob <- Candidate of ann"]);
}

#[test]
fn a_new_offer_takes_the_place_of_the_one_that_waits() {
    let mut rooms = named(&["ann"]);
    write(&mut rooms, "ann", "bob", Part::Offer);
    write(&mut rooms, "ann", "bob", Part::Candidate);
    write(&mut rooms, "ann", "bob", Part::Offer);
    assert_eq!(arrive(&mut rooms, "bob").len(), 1);
    let settled = alarm(&mut rooms, "bob", "ann", Part::Answer);
    assert!(ring_out(&mut rooms, &settled).is_empty(), "the candidate was of the first");
}

#[test]
fn what_someone_wrote_ends_with_it() {
    let mut rooms = named(&["ann"]);
    write(&mut rooms, "ann", "bob", Part::Offer);
    rooms.forget(&peer("ann"));
    assert!(arrive(&mut rooms, "bob").is_empty());
}

#[test]
fn who_comes_back_before_it_answered_is_asked_again() {
    let mut rooms = named(&["ann", "bob"]);
    write(&mut rooms, "ann", "bob", Part::Offer);
    write(&mut rooms, "ann", "bob", Part::Candidate);
    rooms.forget(&peer("bob"));
    assert_eq!(arrive(&mut rooms, "bob"), ["bob <- signal of ann"]);
    let settled = alarm(&mut rooms, "bob", "ann", Part::Answer);
    rooms.forget(&peer("bob"));
    assert!(arrive(&mut rooms, "bob").is_empty(), "it has answered");
    assert!(ring_out(&mut rooms, &settled).is_empty());
}

#[test]
fn what_waits_is_bounded_for_each() {
    let mut rooms = named(&["ann", "bob"]);
    let too_long = "x".repeat(65_536);
    let offer = |rooms: &mut Rooms, to: &str, text: &str| write_text(rooms, "ann", to, Part::Offer, text).0;
    assert_eq!(offer(&mut rooms, "nobody", &too_long), ["too much is kept"]);
    assert_eq!(offer(&mut rooms, "bob", &too_long).len(), 1, "but it is passed on");
    for n in 1..32 {
        assert_eq!(offer(&mut rooms, &format!("absent {n}"), "offer"), ["Kept"]);
    }
    assert_eq!(offer(&mut rooms, "one more", "offer"), ["too much is kept"]);
    assert_eq!(offer(&mut rooms, "absent 1", "again"), ["Kept"]);
    let kilobyte = "x".repeat(1_000);
    let n_kept =
        (0..100).filter(|_| write_text(&mut rooms, "ann", "absent 1", Part::Candidate, &kilobyte).0 == ["Kept"]);
    assert!((50..64).contains(&n_kept.count()));
    assert_eq!(write_text(&mut rooms, "bob", "cat", Part::Offer, "offer").0, ["Kept"], "others may");
}

#[test]
fn where_it_is_not_custom_nothing_is_kept() {
    let mut rooms = named(&["ann", "bob"]);
    rooms.customs.keeps_letters = false;
    assert_eq!(write(&mut rooms, "ann", "bob", Part::Offer), ["bob <- Offer of ann"]);
    assert_eq!(write(&mut rooms, "bob", "ann", Part::Offer), ["ann <- Offer of bob"]);
    assert_eq!(write(&mut rooms, "bob", "ann", Part::Candidate), ["ann <- Candidate of bob"]);
    assert_eq!(write(&mut rooms, "bob", "cat", Part::Offer), ["nobody has that name"]);
}
