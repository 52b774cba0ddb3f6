//! The words of `poc`, and what it does better than its own server.
use std::time::Duration;

use p2pchat_server::protocols::poc::Poc;

use super::Stage;

const NOTHING: [&str; 0] = [];
const JOIN: &str = r#"{"type":"join","room":"demo"}"#;

fn stage(names: &[&str]) -> Stage {
    Stage::speaking(&Poc, names)
}

fn room_of(names: &[&str]) -> Stage {
    let mut stage = stage(names);
    for name in names {
        assert_eq!(stage.send(name, JOIN), NOTHING);
    }
    stage
}

/// Where each has spoken, as a page does that has a camera: an offer to who has not would wait.
fn speaking(names: &[&str]) -> Stage {
    let mut stage = room_of(names);
    names.iter().for_each(|it| drop(stage.send(it, &candidate())));
    stage
}

fn signal(payload: &str) -> String {
    format!(r#"{{"type":"signal","payload":{payload}}}"#)
}
fn description(kind: &str) -> String {
    signal(&format!(r#"{{"sdp":{{"type":"{kind}","sdp":"v=0"}}}}"#))
}
fn candidate() -> String {
    signal(r#"{"candidate":{"candidate":"x"}}"#)
}

#[test]
fn nobody_is_told_who_comes_and_goes() {
    let mut stage = room_of(&["A", "B"]);
    assert_eq!(stage.drop_line("B"), NOTHING);
    stage.drop_line("A");
    assert_eq!(stage.count(), (0, 0));
}

#[test]
fn signals_reach_the_other_as_they_came_and_nothing_else_does() {
    let mut stage = room_of(&["A", "B"]);
    let body = r#"{"candidate":{"candidate":"\ud800","n":1e400}, "k":1,"k":2}"#;
    assert_eq!(
        stage.send("A", &format!(r#"{{"payload":{body},"room":"else","from":"B","type":"signal"}}"#)),
        [format!("B <- {}", signal(body))]
    );
}

#[test]
fn signals_stay_in_the_room() {
    let mut stage = room_of(&["A", "B"]);
    stage.connect("X");
    assert_eq!(stage.send("X", &description("offer")), NOTHING);
    stage.send("X", r#"{"type":"join","room":"else"}"#);
    assert_eq!(stage.send("X", &description("offer")), NOTHING);
}

#[test]
fn of_two_offers_that_cross_the_first_stands() {
    let mut stage = speaking(&["X", "Y"]);
    assert_eq!(stage.send("Y", &description("offer")), [format!("X <- {}", description("offer"))]);
    assert_eq!(stage.send("X", &description("offer")), NOTHING);
    assert_eq!(stage.send("X", &candidate()), NOTHING);
    assert_eq!(stage.send("Y", &candidate()), [format!("X <- {}", candidate())]);
    assert_eq!(stage.send("X", &description("answer")), [format!("Y <- {}", description("answer"))]);
    assert_eq!(stage.send("X", &candidate()), [format!("Y <- {}", candidate())]);
    assert_eq!(stage.send("X", &description("offer")).len(), 1, "later ones cross with none");
}

#[test]
fn an_offer_to_who_has_said_nothing_waits_and_stands() {
    let mut stage = room_of(&["A", "B"]);
    assert_eq!(stage.send("A", &description("offer")), NOTHING);
    assert_eq!(stage.send("A", &candidate()), NOTHING);
    assert_eq!(stage.send("B", &description("offer")), NOTHING);
    assert_eq!(stage.send("B", &candidate()), NOTHING);
    assert_eq!(stage.send("B", &description("answer")), [format!("A <- {}", description("answer"))]);
    assert_eq!(stage.send("A", &candidate()), [format!("B <- {}", candidate())]);
}

#[tokio::test(start_paused = true)]
async fn who_has_no_camera_is_made_the_offer_that_stands_after_a_while() {
    let mut stage = room_of(&["A"]);
    stage.send("A", &description("offer"));
    stage.send("A", &candidate());
    stage.connect("B");
    stage.send("B", JOIN);
    // The timer's own task has to come to its turn before and after.
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_secs(4)).await;
    tokio::task::yield_now().await;
    assert_eq!(stage.heard(), [format!("B <- {}", description("offer")), format!("B <- {}", candidate())]);
    assert_eq!(stage.send("B", &description("answer")), [format!("A <- {}", description("answer"))]);
    assert_eq!(stage.send("B", &description("offer")), [format!("A <- {}", description("offer"))]);
}

#[test]
fn who_comes_again_after_a_reload_can_offer_and_be_answered() {
    let mut stage = speaking(&["A", "B"]);
    stage.send("A", &description("offer"));
    stage.send("B", &description("answer"));
    stage.drop_line("A");
    stage.connect("A2");
    assert_eq!(stage.send("A2", JOIN), NOTHING);
    assert_eq!(stage.send("A2", &description("offer")), [format!("B <- {}", description("offer"))]);
    assert_eq!(stage.send("B", &description("answer")), [format!("A2 <- {}", description("answer"))]);
}

#[test]
fn what_was_offered_before_is_not_said_to_who_comes_and_offers() {
    let mut stage = room_of(&["A"]);
    stage.send("A", &description("offer"));
    stage.connect("B");
    assert_eq!(stage.send("B", JOIN), NOTHING);
    assert_eq!(stage.send("A", &candidate()), NOTHING, "it belongs to that offer");
    assert_eq!(stage.send("B", &description("offer")), [format!("A <- {}", description("offer"))]);
}

#[test]
fn what_would_have_ended_its_own_server_is_met_with_silence() {
    let mut stage = room_of(&["A", "B"]);
    let deep = signal(&format!(r#"{{"candidate":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000)));
    for text in [
        "",
        "not json",
        "{",
        "null",
        "5",
        "[]",
        "{}",
        r#"{"type":"join"}"#,
        r#"{"type":"join","room":5}"#,
        r#"{"type":"join","room":null}"#,
        r#"{"type":"join","room":{"toString":1}}"#,
        r#"{"type":"signal"}"#,
        r#"{"type":"signal","payload":null}"#,
        r#"{"type":"signal","payload":"x"}"#,
        r#"{"type":"signal","payload":[]}"#,
        r#"{"type":["signal"],"payload":{}}"#,
        r#"{"type":"Signal","payload":{}}"#,
        &*deep,
    ] {
        assert_eq!(stage.send("A", text), NOTHING, "{text:.60}");
    }
    assert_eq!(stage.send("A", &candidate()).len(), 1, "and it goes on");
}

#[test]
fn a_room_may_be_called_proto() {
    let mut stage = stage(&["A", "B"]);
    for name in ["__proto__", "constructor", "toString"] {
        for peer in ["A", "B"] {
            assert_eq!(stage.send(peer, &JOIN.replace("demo", name)), NOTHING);
        }
        assert_eq!(stage.send("A", &candidate()), [format!("B <- {}", candidate())], "{name}");
    }
}
