//! The words of `textchat`, and what it does better than its own server.
use p2pchat_server::protocols::textchat::TextChat;

use super::Stage;

const NOTHING: [&str; 0] = [];

fn stage(names: &[&str]) -> Stage {
    Stage::speaking(&TextChat, names)
}

fn room_of(names: &[&str]) -> Stage {
    let mut stage = stage(names);
    for name in names {
        stage.send(name, r#"["join-room","tea-room"]"#);
    }
    stage
}

#[test]
fn nobody_is_greeted() {
    assert_eq!(stage(&[]).connect("A"), NOTHING);
}

#[test]
fn a_fresh_room_has_a_name_of_ten_characters() {
    let mut stage = stage(&["A"]);
    assert_eq!(stage.send("A", r#"["create-room"]"#), [r#"A <- ["room-created","<1>"]"#]);
    let id = &stage.ids.last().unwrap().1;
    assert_eq!(id.len(), 10);
    assert!(id.chars().all(|it| it.is_ascii_alphanumeric() || "-_".contains(it)), "{id}");
}

#[test]
fn a_room_that_is_not_there_is_made_under_the_name_asked_for() {
    let mut stage = stage(&["A"]);
    assert_eq!(stage.send("A", r#"["join-room","jNdKguxVBe"]"#), [r#"A <- ["room-created","<1>"]"#]);
    assert_eq!(stage.ids.last().unwrap().1, "jNdKguxVBe");
    for name in [r#""""#.to_owned(), format!(r#""{}""#, "x".repeat(300))] {
        let answer = stage.send("A", &format!(r#"["join-room",{name}]"#));
        assert!(answer.len() == 1 && answer[0].starts_with(r#"A <- ["room-created","<"#), "{answer:?}");
        assert_eq!(stage.ids.last().unwrap().1.len(), 10, "for an odd name there is a fresh one");
    }
}

#[test]
fn who_is_there_hears_of_the_newcomer_and_the_newcomer_of_nobody() {
    let mut stage = room_of(&["A", "B"]);
    stage.connect("C");
    assert_eq!(
        stage.send("C", r#"["join-room","tea-room"]"#),
        [r#"A <- ["new-user-joined","<C>"]"#, r#"B <- ["new-user-joined","<C>"]"#]
    );
}

#[test]
fn a_second_join_is_not_announced_again() {
    let mut stage = room_of(&["A", "B"]);
    assert_eq!(stage.send("B", r#"["join-room","tea-room"]"#), NOTHING);
}

#[test]
fn who_joins_another_room_leaves_the_first() {
    let mut stage = room_of(&["A", "B"]);
    assert_eq!(
        stage.send("B", r#"["join-room","coffee"]"#),
        [r#"B <- ["room-created","<2>"]"#, r#"A <- ["user-disconnected","<B>"]"#]
    );
    assert_eq!(stage.send("A", r#"["rtc-offer","<B>",{}]"#), NOTHING);
    assert_eq!(stage.drop_line("B"), NOTHING, "nobody hears it twice");
}

#[test]
fn signals_reach_their_peer_as_they_came() {
    let mut stage = room_of(&["A", "B", "C"]);
    let body = r#"{"type":"offer","sdp":"v=0\r\n\ud800", "n":1e400,"k":1,"k":2}"#;
    for event in ["rtc-offer", "rtc-answer", "ice-candidate"] {
        assert_eq!(
            stage.send("A", &format!(r#"["{event}","<B>",{body},"dropped"]"#)),
            [format!(r#"B <- ["{event}","<A>",{body}]"#)]
        );
    }
    let empty = r#"["ice-candidate","<B>",{"candidate":"","sdpMid":"0"}]"#;
    assert_eq!(stage.send("A", empty), [format!("B <- {}", empty.replace("<B>", "<A>"))]);
}

#[test]
fn signals_stay_in_the_room() {
    let mut stage = room_of(&["A", "B"]);
    stage.connect("X");
    let try_all = |stage: &mut Stage| {
        for to in ["<A>", "tea-room", "chat-room/tea-room", "<X>"] {
            for event in ["rtc-offer", "rtc-answer", "ice-candidate"] {
                assert_eq!(stage.send("X", &format!(r#"["{event}","{to}",{{}}]"#)), NOTHING, "{event} to {to}");
            }
        }
    };
    try_all(&mut stage);
    stage.send("X", r#"["join-room","another"]"#);
    try_all(&mut stage);
    assert_eq!(stage.send("A", r#"["rtc-offer","<A>",{}]"#), NOTHING, "nor to oneself");
}

#[test]
fn who_is_lost_is_missed_once_and_an_empty_room_is_gone() {
    let mut stage = room_of(&["A", "B", "C"]);
    assert_eq!(stage.drop_line("B"), [r#"A <- ["user-disconnected","<B>"]"#, r#"C <- ["user-disconnected","<B>"]"#]);
    stage.drop_line("A");
    stage.drop_line("C");
    assert_eq!(stage.count(), (0, 0));
}

#[test]
fn what_makes_no_sense_is_met_with_silence() {
    let mut stage = room_of(&["A", "B"]);
    let deep = format!(r#"["rtc-offer","<B>",{}{}]"#, "[".repeat(5_000), "]".repeat(5_000));
    for text in [
        "",
        "[]",
        "{}",
        "[1]",
        "[null]",
        "[{}]",
        r#"["join-room"]"#,
        r#"["join-room",5]"#,
        r#"["join-room",null]"#,
        r#"["join-room",["tea-room"]]"#,
        r#"["Join-Room","tea-room"]"#,
        r#"["rtc-offer"]"#,
        r#"["rtc-offer","<B>"]"#,
        r#"["rtc-offer","<B>",null]"#,
        r#"["rtc-offer",5,{}]"#,
        r#"["rtc-offer",{"to":"<B>"},{}]"#,
        r#"["rtc-offer","<B>",{}"#,
        r#"["new-user-joined","<B>"]"#,
        r#"["user-disconnected","<B>"]"#,
        r#"["disconnect"]"#,
        r#"["disconnecting"]"#,
        r#"["error","x"]"#,
        r#"["__proto__","<B>",{}]"#,
        &*deep,
    ] {
        assert_eq!(stage.send("A", text), NOTHING, "{text:.60}");
    }
    let attached = r#"["rtc-offer","<B>",{"_placeholder":true,"num":0}]"#;
    assert_eq!(stage.say_with("A", attached, &[b"x"]), NOTHING, "nothing binary");
    assert_eq!(stage.send("A", r#"["rtc-offer","<B>",{}]"#).len(), 1, "and it goes on");
}
