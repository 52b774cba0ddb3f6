//! What coming back may cost, and what becomes of a client that reads slowly.
use p2pchat_server::{
    accounting::{Limits as Quotas, Rate, Reason},
    protocols::p2pchat::P2pChat,
    sessions::Lifetimes,
};

use super::{LIFETIMES, Stage, gone, numbers};

#[test]
fn a_slow_client_loses_its_connection_and_not_its_session() {
    let stage = Stage::new();
    let (mut one, mut other, room) = stage.pair(0, 5);
    *other.queue.is_full.lock().unwrap() = true;
    one.signal(&stage, &other, &room, 0);
    assert_eq!((other.queue.reason(), stage.count()), (Some(Reason::SendQueueFull), (2, 1)));
    one.signal(&stage, &other, &room, 1);
    other.resume(&stage);
    assert_eq!((numbers(&other.hear()), one.hear().len()), (vec![0, 1], 0));
}

#[test]
fn a_slow_client_keeps_its_session_however_much_overflows_at_once() {
    let stage = Stage::new();
    let (mut one, mut other, room) = stage.pair(0, 5);
    let second = one.create(&stage, 0, 5);
    other.join(&stage, &second);
    one.hear();
    *other.queue.is_full.lock().unwrap() = true;
    // The other is told of two rooms in one go.
    stage.sessions.disconnect(&one.handle, Reason::ProtocolError);
    assert_eq!((other.queue.reason(), stage.count()), (Some(Reason::SendQueueFull), (1, 2)));
    assert_eq!(other.resume(&stage)["resume"]["complete"], true);
    assert_eq!(other.hear(), [gone(&one.id, &room), gone(&one.id, &second)]);
}

#[test]
fn what_is_sent_again_is_paid_by_who_comes_back_for_it() {
    let relayed_bytes = Rate { per_second: 1, burst: 20_000 };
    let stage = Stage::of(&P2pChat, Quotas { relayed_bytes, ..Quotas::default() }, LIFETIMES);
    let (mut one, mut other, room) = stage.pair(0, 5);
    other.breaks(&stage);
    (0..40).for_each(|n| one.signal(&stage, &other, &room, n));
    // It never says that it has received them.
    let n_times = (0..1_000).take_while(|_| {
        let answer = other.resume(&stage);
        other.queue.take();
        other.breaks(&stage);
        answer["resume"].get("received").is_some()
    });
    assert!((2..20).contains(&n_times.count()));
    assert_eq!(stage.counted(Reason::RelayRate), 1);
}

#[test]
fn a_frame_that_is_longer_than_all_that_may_be_kept_is_not_kept() {
    let stage = Stage::of(&P2pChat, Default::default(), Lifetimes { replay_bytes_max: 1_000, ..LIFETIMES });
    let (mut one, mut other, room) = stage.pair(0, 5);
    let long = "x".repeat(2_000);
    one.signal(&stage, &other, &room, 0);
    one.say(&stage, &format!(r#"["SIGNAL",{{"target":"{}","room":"{room}","signal":"{long}"}}]"#, other.id));
    one.signal(&stage, &other, &room, 1);
    other.breaks(&stage);
    assert_eq!(other.resume(&stage)["resume"]["complete"], false);
    other.hear();
    one.signal(&stage, &other, &room, 2);
    assert_eq!(numbers(&other.hear()), [2]);
}
