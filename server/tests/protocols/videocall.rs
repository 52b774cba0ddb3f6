//! The words of `videocall`, and what it does better than its own server.
use p2pchat_server::protocols::videocall::VideoCall;

use super::Stage;

const NOTHING: [&str; 0] = [];
const JOIN: &str = r#"{"type":"join-room","roomId":"ABCD-1234-WXYZ"}"#;

fn stage(names: &[&str]) -> Stage {
    Stage::speaking(&VideoCall, names)
}

fn room_of(names: &[&str]) -> Stage {
    let mut stage = stage(names);
    for name in names {
        stage.send(name, JOIN);
    }
    stage
}

#[test]
fn everyone_is_greeted_with_an_id_and_ids_ascend_with_time() {
    let mut stage = stage(&[]);
    for name in ["A", "B", "C"] {
        assert_eq!(stage.connect(name), [format!(r#"{name} <- {{"type":"connected","clientId":"<{name}>"}}"#)]);
    }
    let ids: Vec<_> = stage.ids.iter().map(|it| it.1.clone()).collect();
    assert!(ids.is_sorted() && ids[0].starts_with('u') && ids[0].len() == ids[2].len(), "{ids:?}");
}

#[test]
fn a_newcomer_and_those_who_are_there_hear_of_each_other() {
    let mut stage = stage(&["A", "B", "C"]);
    assert_eq!(stage.send("A", JOIN), [r#"A <- {"type":"room-users","users":[]}"#]);
    assert_eq!(
        stage.send("B", JOIN),
        [
            r#"B <- {"type":"room-users","users":["<A>"]}"#,
            r#"A <- {"type":"user-joined","from":"<B>","roomUsers":["<A>","<B>"]}"#,
            r#"B <- {"type":"user-joined","from":"<A>","roomUsers":["<A>","<B>"]}"#,
        ]
    );
    assert_eq!(
        stage.send("C", JOIN),
        [
            r#"C <- {"type":"room-users","users":["<A>","<B>"]}"#,
            r#"A <- {"type":"user-joined","from":"<C>","roomUsers":["<A>","<B>","<C>"]}"#,
            r#"B <- {"type":"user-joined","from":"<C>","roomUsers":["<A>","<B>","<C>"]}"#,
            r#"C <- {"type":"user-joined","from":"<A>","roomUsers":["<A>","<B>","<C>"]}"#,
            r#"C <- {"type":"user-joined","from":"<B>","roomUsers":["<A>","<B>","<C>"]}"#,
        ]
    );
}

#[test]
fn signals_reach_their_peer_as_they_came() {
    let mut stage = room_of(&["A", "B"]);
    let body = r#"{"type":"offer","sdp":"v=0\r\n\ud800", "n":1e400}"#;
    for (kind, field) in [("offer", "offer"), ("answer", "answer"), ("ice-candidate", "candidate")] {
        assert_eq!(
            stage.send("A", &format!(r#"{{"{field}":{body},"to":"<B>","x":1,"from":"<B>","type":"{kind}"}}"#)),
            [format!(r#"B <- {{"type":"{kind}","from":"<A>","{field}":{body}}}"#)]
        );
    }
}

#[test]
fn signals_stay_in_the_room() {
    let mut stage = room_of(&["A", "B"]);
    stage.connect("X");
    let offer = r#"{"type":"offer","to":"<A>","offer":{}}"#;
    assert_eq!(stage.send("X", offer), NOTHING);
    stage.send("X", r#"{"type":"join-room","roomId":"another"}"#);
    assert_eq!(stage.send("X", offer), NOTHING);
    assert_eq!(stage.send("A", offer), NOTHING, "nor to oneself");
}

#[test]
fn who_joins_another_room_leaves_the_first() {
    let mut stage = room_of(&["A", "B"]);
    assert_eq!(
        stage.send("B", r#"{"type":"join-room","roomId":"another"}"#),
        [r#"B <- {"type":"room-users","users":[]}"#, r#"A <- {"type":"user-disconnected","from":"<B>"}"#]
    );
    assert_eq!(stage.drop_line("B"), NOTHING, "nobody hears it twice");
}

#[test]
fn a_second_join_is_not_announced_again() {
    let mut stage = room_of(&["A", "B"]);
    assert_eq!(stage.send("B", JOIN), NOTHING);
}

#[test]
fn a_member_may_ask_who_else_is_there() {
    let mut stage = room_of(&["A", "B", "C"]);
    let ask = r#"{"type":"get-users"}"#;
    assert_eq!(stage.send("B", ask), [r#"B <- {"type":"users-list","users":["<A>","<C>"]}"#]);
    stage.connect("X");
    assert_eq!(stage.send("X", ask), NOTHING);
}

#[test]
fn who_is_lost_is_missed_once_and_an_empty_room_is_gone() {
    let mut stage = room_of(&["A", "B"]);
    assert_eq!(stage.drop_line("B"), [r#"A <- {"type":"user-disconnected","from":"<B>"}"#]);
    stage.drop_line("A");
    assert_eq!(stage.count(), (0, 0));
}

/// The page's Join button fires twice: two sockets, two joins. It hears on both and speaks on the second.
#[test]
fn a_page_that_joined_twice_answers_as_the_one_that_was_called() {
    let mut stage = room_of(&["A", "B1", "B2"]);
    assert_eq!(
        stage.send("A", r#"{"type":"offer","to":"<B1>","offer":{}}"#),
        [r#"B1 <- {"type":"offer","from":"<A>","offer":{}}"#]
    );
    assert_eq!(
        stage.send("B2", r#"{"type":"answer","to":"<A>","answer":{}}"#),
        [r#"A <- {"type":"answer","from":"<B1>","answer":{}}"#]
    );
    assert_eq!(
        stage.send("B2", r#"{"type":"ice-candidate","to":"<A>","candidate":{}}"#),
        [r#"A <- {"type":"ice-candidate","from":"<B1>","candidate":{}}"#]
    );
    let gone = stage.drop_line("B2");
    assert!(!gone.iter().any(|it| it.contains("<B1>\"}")), "the end of one does not end the other: {gone:?}");
    stage.drop_line("B1");
    assert_eq!(stage.send("A", r#"{"type":"get-users"}"#), [r#"A <- {"type":"users-list","users":[]}"#]);
}

#[test]
fn what_makes_no_sense_is_met_with_silence() {
    let mut stage = room_of(&["A", "B"]);
    let deep = format!(r#"{{"type":"offer","to":"<B>","offer":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    let long = format!(r#"{{"type":"join-room","roomId":"{}"}}"#, "x".repeat(300));
    for text in [
        "",
        "null",
        "5",
        "[]",
        "{}",
        "{",
        r#"{"type":"join-room"}"#,
        r#"{"type":"join-room","roomId":""}"#,
        r#"{"type":"join-room","roomId":5}"#,
        r#"{"type":"join-room","roomId":{"__proto__":1}}"#,
        r#"{"type":"offer","offer":{}}"#,
        r#"{"type":"offer","to":"<B>"}"#,
        r#"{"type":"offer","to":"<B>","offer":null}"#,
        r#"{"type":"offer","to":["<B>"],"offer":{}}"#,
        r#"{"type":"offer","to":"<B>","answer":{}}"#,
        r#"{"type":"user-joined","to":"<B>","from":"x"}"#,
        r#"{"type":"Offer","to":"<B>","offer":{}}"#,
        r#"{"type":["offer"],"to":"<B>","offer":{}}"#,
        r#"{"type":"toString","to":"<B>","offer":{}}"#,
        &*deep,
        &*long,
    ] {
        assert_eq!(stage.send("A", text), NOTHING, "{text:.60}");
    }
    assert_eq!(stage.send("A", r#"{"type":"offer","to":"<B>","offer":{}}"#).len(), 1, "and it goes on");
    assert_eq!(stage.send("A", r#"{"type":"join-room","roomId":"__proto__"}"#).len(), 2, "a name like any other");
}
