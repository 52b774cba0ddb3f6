//! Coming back: the same id and seats, all that was said meanwhile, and nobody else hears of it.
use std::time::Duration;

use p2pchat_server::{
    accounting::Reason,
    protocols::p2pchat::P2pChat,
    sessions::{Lifetimes, Sessions},
};
use tokio::time::{Instant, advance};

use super::{LIFETIMES, Page, Stage, gone, numbers, signal};
use crate::harness::field;

/// Sets the clock forward, and lets what is due happen.
async fn wait(sessions: &Sessions, time: Duration) {
    advance(time).await;
    sessions.on_timers(Instant::now());
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_loses_nothing_in_either_direction_and_nobody_is_told() {
    for kind in [0, 1] {
        let stage = Stage::new();
        let (mut one, mut other, room) = stage.pair(kind, 5);
        let id = other.id.clone();
        for n in 0..9 {
            one.signal(&stage, &other, &room, n);
        }
        other.hear();
        // On their way when the connection broke, both ways; and what is said after that.
        for n in 9..14 {
            one.signal(&stage, &other, &room, n);
        }
        other.signal(&stage, &one, &room, 0);
        other.say_in_vain(&signal(&one, &room, 1));
        other.breaks(&stage);
        other.say_in_vain(&signal(&one, &room, 2));
        wait(&stage.sessions, Duration::from_secs(29)).await;
        for n in 14..20 {
            one.signal(&stage, &other, &room, n);
        }
        let body = other.resume(&stage);
        let resume = &body["resume"];
        // It joined and said one thing that arrived.
        assert_eq!((resume["received"].as_u64(), resume["complete"].as_bool()), (Some(2), Some(true)), "{body}");
        let spec = if kind == 1 { Some(one.id.as_str()) } else { None };
        let place = &resume["rooms"][0];
        assert_eq!((place["roomID"].as_str(), place["type"].as_u64()), (Some(&*room), Some(u64::from(kind))));
        assert_eq!((place["spec"].as_str(), &place["members"]), (spec, &serde_json::json!([one.id, id])));
        other.signal(&stage, &one, &room, 3);
        one.signal(&stage, &other, &room, 20);
        other.hear();
        one.hear();
        assert_eq!(other.id, id);
        assert_eq!(numbers(&other.heard), (0..21).collect::<Vec<_>>());
        assert_eq!(numbers(&one.heard), (0..4).collect::<Vec<_>>());
        assert!(!one.heard.iter().any(|it| it.contains("DISCONNECTEDUSER")), "nobody was gone");
        assert_eq!((stage.count(), stage.sessions.n_timers()), ((2, 1), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_come_back_in_time_is_gone_and_the_others_are_told() {
    let stage = Stage::new();
    let (mut one, mut other, room) = stage.pair(0, 5);
    let id = other.id.clone();
    other.breaks(&stage);
    wait(&stage.sessions, Duration::from_millis(29_999)).await;
    assert!(one.hear().is_empty() && stage.count() == (2, 1));
    wait(&stage.sessions, Duration::from_millis(1)).await;
    assert_eq!(one.hear(), [gone(&id, &room)]);
    assert_eq!((stage.count(), stage.counted(Reason::GraceOver)), ((1, 1), 1));
    let body = other.resume(&stage);
    assert!(body["resume"].get("received").is_none() && body["userID"] != *id, "it is somebody new: {body}");
    assert!(other.join(&stage, &room).contains(r#""curUsers":2"#));
}

#[test]
fn a_connection_that_broke_is_not_heard_and_its_end_counts_once() {
    let stage = Stage::new();
    let (mut one, other, room) = stage.pair(0, 5);
    for _ in 0..2 {
        other.breaks(&stage);
        stage.sessions.receive(&other.handle, &*signal(&one, &room, 1));
        stage.sessions.receive(&other.handle, &*format!(r#"["DISCONNECTEDUSER","{room}"]"#));
        stage.sessions.on_alive(&other.handle);
    }
    assert_eq!((one.hear().len(), stage.count(), stage.counted(Reason::TransportError)), (0, (2, 1), 1));
}

#[tokio::test(start_paused = true)]
async fn it_comes_back_while_its_old_connection_still_floods() {
    let stage = Stage::new();
    let (mut one, mut other, room) = stage.pair(0, 2);
    let (old_queue, text) = (other.queue.clone(), signal(&one, &room, 7));
    let (queue, handle) = stage.connect_from([192, 0, 2, 1].into()).unwrap();
    let old_handle = std::mem::replace(&mut other.handle, handle);
    other.queue = queue;
    other.come_back(&stage);
    assert_eq!(old_queue.reason(), Some(Reason::Resumed));
    for _ in 0..100 {
        stage.sessions.receive(&old_handle, &*text);
        stage.sessions.receive(&old_handle, r#"["CLOSING"]"#);
    }
    stage.sessions.on_alive(&old_handle);
    stage.sessions.disconnect(&old_handle, Reason::TransportError);
    assert!(one.hear().is_empty(), "the connection before is not heard");
    one.signal(&stage, &other, &room, 1);
    other.signal(&stage, &one, &room, 1);
    assert_eq!((numbers(&one.hear()), numbers(&other.hear())), (vec![1], vec![1]));
    assert!(old_queue.take().is_empty() && stage.count().1 == 1);
}

#[test]
fn of_two_that_come_back_with_one_token_the_later_one_is_it() {
    let stage = Stage::new();
    let (mut one, mut other, room) = stage.pair(0, 5);
    other.breaks(&stage);
    let token = other.token.clone();
    other.resume(&stage);
    let first = other.queue.clone();
    // The answer got lost, so that the page knows the token before.
    other.token = token;
    let id = other.id.clone();
    let body = other.resume(&stage);
    assert_eq!((body["userID"].as_str(), first.reason()), (Some(&*id), Some(Reason::Resumed)));
    one.signal(&stage, &other, &room, 1);
    assert_eq!((numbers(&other.hear()), first.take().len()), (vec![1], 0));
}

#[test]
fn a_token_is_nothing_once_its_successor_was_used_or_anything_was_said() {
    for by_ack in [true, false] {
        let stage = Stage::new();
        let (_one, mut other, _) = stage.pair(0, 5);
        let (id, used) = (other.id.clone(), other.token.clone());
        other.resume(&stage);
        if by_ack {
            other.acknowledge(&stage);
        } else {
            other.resume(&stage);
        }
        let mut thief = stage.page();
        (thief.queue, thief.handle) = stage.connect_from([192, 0, 2, 9].into()).unwrap();
        let body = thief.hello(&stage, &format!(r#"{{"token":"{used}","received":0}}"#));
        assert!(body["userID"] != *id && body["resume"].get("received").is_none(), "{by_ack}: {body}");
        assert_eq!(other.queue.reason(), None);
        for guess in ["", "x", &"A".repeat(43), &"A".repeat(200)] {
            (thief.queue, thief.handle) = stage.connect_from([192, 0, 2, 9].into()).unwrap();
            let body = thief.hello(&stage, &format!(r#"{{"token":"{guess}","received":0}}"#));
            assert!(body["resume"].get("received").is_none());
        }
    }
}

#[test]
fn what_the_server_cannot_give_back_it_says() {
    let stage = Stage::new();
    let (mut one, mut other, room) = stage.pair(0, 5);
    other.breaks(&stage);
    for n in 0..150 {
        one.signal(&stage, &other, &room, n);
    }
    assert_eq!(stage.count(), (2, 1), "too much is no reason to end");
    let body = other.resume(&stage);
    assert_eq!(body["resume"]["complete"], false);
    assert!(other.hear().is_empty(), "a part would look like all");
    // Both go on counting from what the page has.
    one.signal(&stage, &other, &room, 150);
    other.breaks(&stage);
    one.signal(&stage, &other, &room, 151);
    assert_eq!(other.resume(&stage)["resume"]["complete"], true);
    assert_eq!(numbers(&other.hear()), [150, 151]);
    // A page that counts more than it was sent is wrong about everything.
    other.n_received += 7;
    other.breaks(&stage);
    assert_eq!(other.resume(&stage)["resume"]["complete"], false);
    one.signal(&stage, &other, &room, 152);
    assert_eq!(numbers(&other.hear()), [152]);
}

#[test]
fn what_was_received_is_not_kept() {
    let stage = Stage::new();
    let (mut one, mut other, room) = stage.pair(0, 5);
    other.acknowledge(&stage);
    one.acknowledge(&stage);
    let held = || stage.sessions.ledger().balance().memory.held;
    let before = held();
    for n in 0..50 {
        one.signal(&stage, &other, &room, n);
    }
    assert!(held() > before + 50 * 64, "{}", held() - before);
    other.hear();
    other.acknowledge(&stage);
    assert_eq!(held(), before);
    other.breaks(&stage);
    assert_eq!(other.resume(&stage)["resume"]["complete"], true);
    assert!(other.hear().is_empty());
    // Numbers that nobody can have received do no harm.
    for received in ["0", "1", "99999", "9007199254740991", "-1", "1.5", "null", "\"7\""] {
        stage.sessions.receive(&other.handle, &*format!(r#"["ACK",{{"received":{received}}}]"#));
    }
    one.signal(&stage, &other, &room, 50);
    assert_eq!(numbers(&other.hear()), [50]);
}

#[test]
fn events_that_the_server_does_not_know_are_counted_too() {
    let stage = Stage::new();
    let (mut one, mut other, room) = stage.pair(0, 5);
    for text in [r#"["NEWS",{"a":1}]"#, r#"["SIGNAL",5]"#, "[", r#"["JOIN-ROOM",{"requestId":""}]"#] {
        other.say(&stage, text);
    }
    // These are counted by nobody.
    other.acknowledge(&stage);
    stage.sessions.receive(&other.handle, r#"["GET-ID",{"requestId":"1","resume":true}]"#);
    other.breaks(&stage);
    other.say_in_vain(&signal(&one, &room, 1));
    assert_eq!(other.resume(&stage)["resume"]["received"], 5);
    assert_eq!(numbers(&one.hear()), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_loaded_again_takes_its_seat_over_and_one_that_was_closed_frees_it_soon() {
    let stage = Stage::new();
    let (mut one, mut other, room) = stage.pair(0, 2);
    let id = other.id.clone();
    other.closes(&stage);
    assert_eq!(other.queue.reason(), Some(Reason::ByServer));
    wait(&stage.sessions, Duration::from_millis(4_999)).await;
    assert_eq!(other.resume(&stage)["userID"], *id);
    wait(&stage.sessions, Duration::from_secs(60)).await;
    assert_eq!((one.hear().len(), stage.count()), (0, (2, 1)), "it is not being closed any more");
    other.closes(&stage);
    wait(&stage.sessions, Duration::from_secs(5)).await;
    assert_eq!(one.hear(), [gone(&id, &room)]);
}

#[test]
fn a_newcomer_gets_the_seat_of_a_page_that_is_being_closed_and_of_nobody_else() {
    let stage = Stage::new();
    let (mut one, mut other, room) = stage.pair(0, 2);
    let full = r#"["TYPEERROR",{"type":2,"requestID":"j"}]"#;
    let mut third = stage.page();
    other.breaks(&stage);
    assert_eq!(third.join(&stage, &room), full, "whoever lost the connection keeps the seat");
    other.resume(&stage);
    other.closes(&stage);
    third.say(&stage, &format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"no"}}]"#));
    assert!(third.hear()[0].contains("TYPEERROR") && stage.count().0 == 3, "a wrong password frees nothing");
    assert!(third.join(&stage, &room).contains(r#""curUsers":2"#));
    let joined = format!(r#"["JOIN-ROOM",{{"from":{{"userID":"{}","roomID":"{room}"}}}}]"#, third.id);
    assert_eq!(one.hear(), [gone(&other.id, &room), joined]);
    assert!(other.resume(&stage)["resume"].get("received").is_none(), "it is somebody new");
    assert_eq!((other.join(&stage, &room), stage.counted(Reason::SeatGiven)), (full.to_owned(), 1));
}

#[test]
fn a_newcomer_who_may_not_join_any_more_rooms_ends_nobody() {
    let stage = Stage::new();
    let (_one, other, room) = stage.pair(0, 2);
    other.closes(&stage);
    let mut third = stage.page();
    for _ in 0..100 {
        third.create(&stage, 0, 2);
    }
    assert!(third.join(&stage, &room).contains("TYPEERROR"));
    assert_eq!((stage.count().0, stage.counted(Reason::SeatGiven)), (3, 0));
}

#[test]
fn a_star_is_not_ended_for_a_seat() {
    let stage = Stage::new();
    let (host, _guest, room) = stage.pair(1, 2);
    host.closes(&stage);
    let mut third = stage.page();
    assert_eq!(third.join(&stage, &room), r#"["TYPEERROR",{"type":2,"requestID":"j"}]"#);
    assert_eq!(stage.count(), (3, 1));
}

#[test]
fn whom_the_server_ends_does_not_come_back() {
    for reason in [Reason::MessageTooLong, Reason::MessageRate, Reason::ProtocolError, Reason::MemoryCut] {
        let stage = Stage::new();
        let (mut one, mut other, room) = stage.pair(0, 5);
        stage.sessions.disconnect(&other.handle, reason);
        assert_eq!(one.hear(), [gone(&other.id, &room)], "{reason:?}");
        assert!(other.resume(&stage)["resume"].get("received").is_none());
    }
}

#[test]
fn without_a_grace_time_nobody_is_offered_to_come_back() {
    let stage = Stage::of(&P2pChat, Default::default(), Lifetimes { grace: Duration::ZERO, ..LIFETIMES });
    let (queue, handle) = stage.connect_from([127, 0, 0, 1].into()).unwrap();
    let text = r#"["GET-ID",{"requestId":"0","resume":true}]"#;
    stage.sessions.receive(&handle, text);
    let answer = queue.take();
    assert_eq!(answer, [format!(r#"["GET-ID",{{"requestID":"0","userID":"{}"}}]"#, field(&answer[0], "userID"))]);
    stage.sessions.disconnect(&handle, Reason::TransportError);
    assert_eq!(stage.count(), (0, 0));
}

#[test]
fn a_stop_ends_connections_and_leaves_sessions_as_they_are() {
    let stage = Stage::new();
    let (mut one, other, _) = stage.pair(0, 5);
    stage.sessions.stop();
    for page in [&other, &one] {
        assert_eq!(page.queue.reason(), Some(Reason::ByServer));
        stage.sessions.disconnect(&page.handle, Reason::ByServer);
    }
    assert_eq!((stage.count(), one.hear().len()), ((2, 1), 0), "nobody is told that others are gone");
}

#[test]
fn fresh_ice_servers_are_had_for_the_asking() {
    let stage = Stage::new();
    let mut page = stage.page();
    page.say(&stage, r#"["ICE-SERVERS",{"requestId":"5"}]"#);
    assert_eq!(page.hear(), [r#"["ICE-SERVERS",{"requestID":"5","iceServers":[]}]"#]);
}

#[test]
fn who_never_asked_for_it_is_gone_with_the_connection() {
    let stage = Stage::new();
    let (queue, handle) = stage.connect_from([127, 0, 0, 1].into()).unwrap();
    stage.sessions.receive(&handle, r#"["GET-ID",{"requestId":"0","alerts":true}]"#);
    assert!(!queue.take()[0].contains("resume"));
    for text in [r#"["CLOSING"]"#, r#"["CLOSING",{}]"#, r#"["ACK",{"received":1}]"#] {
        stage.sessions.receive(&handle, text);
    }
    assert_eq!(queue.reason(), None);
    stage.sessions.disconnect(&handle, Reason::TransportError);
    assert_eq!(stage.count(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_locked_out_of_a_room_by_ghosts_for_longer_than_the_grace_time() {
    let stage = Stage::new();
    let mut pages: Vec<Page> = (0..5).map(|_| stage.page()).collect();
    let room = pages[0].create(&stage, 0, 5);
    pages[1..].iter_mut().for_each(|it| drop(it.join(&stage, &room)));
    pages.iter().for_each(|it| it.breaks(&stage));
    // Everybody comes back to the full room, in any order.
    for page in pages.iter_mut().rev() {
        assert_eq!(page.resume(&stage)["resume"]["rooms"][0]["members"].as_array().unwrap().len(), 5);
    }
    assert_eq!((stage.count(), stage.sessions.n_timers()), ((5, 1), 0));
    pages.iter().for_each(|it| it.breaks(&stage));
    wait(&stage.sessions, Duration::from_secs(30)).await;
    assert_eq!((stage.count(), stage.sessions.n_timers()), ((0, 0), 0));
}
