//! The words of `mqtt`, and what it does better than its own broker.
use std::time::Duration;

use p2pchat_server::protocols::mqtt::{Mqtt, mailbox};
use tokio::time::advance;

use super::Stage;

const NOTHING: [&str; 0] = [];
const ACK: &str = r#"{"type":"register-ack","from":"server","success":true,"message":"Registration successful"}"#;
const TAKEN: &str = r#"{"type":"register-ack","from":"server","success":false,"message":"Username taken!"}"#;

/// These have their names.
fn stage(names: &[&str]) -> Stage {
    let mut stage = Stage::speaking(&Mqtt, names);
    for name in names {
        assert_eq!(register(&mut stage, name), [format!("{name} <- {ACK}")]);
    }
    stage
}
fn register(stage: &mut Stage, name: &str) -> Vec<String> {
    stage.publish(name, "system/register", &format!(r#"{{"type":"register","from":"{name}","username":"{name}"}}"#))
}
fn signal(kind: &str, from: &str) -> String {
    format!(r#"{{"type":"signal-{kind}","from":"{from}","{kind}":{{"n":1e400}}}}"#)
}
/// From one to the other.
fn send(stage: &mut Stage, kind: &str, from: &str, to: &str) -> Vec<String> {
    let heard = stage.publish(from, &format!("{to}/incoming"), &signal(kind, from));
    // The time of day.
    heard.into_iter().map(|it| it.split_once(r#","timestamp":"#).map_or(it.clone(), |it| it.0.to_owned())).collect()
}
fn failed(name: &str, target: &str) -> String {
    format!(r#"{name} <- {{"type":"delivery-failed","target":"{target}","reason":"user-offline""#)
}
/// So much later.
async fn pass(ms: u64) {
    // The timer's own task has to come to its turn before and after.
    tokio::task::yield_now().await;
    advance(Duration::from_millis(ms)).await;
    tokio::task::yield_now().await;
}

#[test]
fn a_name_is_the_one_under_which_a_client_has_connected() {
    let mut stage = stage(&["ann"]);
    assert_eq!(register(&mut stage, "ann"), [format!("ann <- {ACK}")], "again, as after every new connection");
    let other = r#"{"type":"register","from":"ann","username":"eve"}"#;
    for text in [other, "{", "null", "7", "{}", r#"{"username":7}"#] {
        assert_eq!(stage.publish("ann", "system/register", text), NOTHING, "{text}");
    }
}

#[test]
fn names_have_no_characters_that_mean_something_in_topics() {
    assert_eq!(mailbox("Zoë 李 😀").as_deref(), Some("Zoë 李 😀/incoming"));
    for name in ["", "a/b", "+", "#", "a+", "a\nb", "a\0", &"x".repeat(101)] {
        assert_eq!(mailbox(name), None, "{name:?}");
    }
    assert!(mailbox(&"x".repeat(100)).is_some());
}

#[test]
fn signals_pass_as_they_came_with_their_true_sender() {
    let mut stage = stage(&["ann", "bob"]);
    let offer = signal("offer", "ann");
    assert_eq!(stage.publish("ann", "bob/incoming", &offer), [format!("bob <- {offer}")]);
    for (sent, heard) in [
        (r#"{"type":"x","from":"cat","n":1.0}"#, r#"{"type":"x","from":"ann","n":1.0}"#),
        (r#"{"from":1,"type":"x","fr\u006fm" :[ ] }"#, r#"{"from":0,"type":"x","fr\u006fm" :"ann" }"#),
        (r#"{"type":"x" }"#, r#"{"type":"x" ,"from":"ann"}"#),
    ] {
        assert_eq!(stage.publish("ann", "bob/incoming", sent), [format!("bob <- {heard}")]);
    }
}

#[test]
fn a_name_stands_in_a_signal_as_json_has_it() {
    let mut stage = Stage::speaking(&Mqtt, &["a\"b", "bob"]);
    stage.publish("a\"b", "system/register", r#"{"username":"a\"b"}"#);
    register(&mut stage, "bob");
    let heard = stage.publish("a\"b", "bob/incoming", r#"{"type":"x"}"#);
    assert_eq!(heard, [r#"bob <- {"type":"x","from":"a\"b"}"#]);
}

#[test]
fn what_makes_no_sense_and_what_only_the_server_says_goes_nowhere() {
    let mut stage = stage(&["ann", "bob"]);
    for (topic, text) in [
        ("bob/incoming", "{"),
        ("bob/incoming", "7"),
        ("bob/incoming", "[]"),
        ("bob/incoming", r#"{"from":"ann"}"#),
        ("bob/incoming", r#"{"type":7}"#),
        ("bob/incoming", ACK),
        ("bob/incoming", r#"{"type":"delivery\u002dfailed","target":"ann"}"#),
        ("bob/incoming/more", r#"{"type":"x"}"#),
        ("bob", r#"{"type":"x"}"#),
        ("news", r#"{"type":"x"}"#),
        ("/incoming", r#"{"type":"x"}"#),
        ("+/incoming", r#"{"type":"x"}"#),
        ("a/bob/incoming", r#"{"type":"x"}"#),
        ("", r#"{"type":"x"}"#),
    ] {
        assert_eq!(stage.publish("ann", topic, text), NOTHING, "{topic} {text}");
    }
    let deep = format!(r#"{{"type":"x","a":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(stage.publish("ann", "bob/incoming", &deep), NOTHING);
}

#[test]
fn who_calls_a_name_that_nobody_has_is_told_and_so_is_who_has_none() {
    let mut stage = stage(&["ann"]);
    stage.connect("bob");
    assert_eq!(send(&mut stage, "candidate", "ann", "bob"), [failed("ann", "bob")]);
    assert_eq!(send(&mut stage, "offer", "bob", "ann"), [failed("bob", "ann")]);
    assert_eq!(send(&mut stage, "offer", "ann", "ann"), [failed("ann", "ann")]);
}

#[test]
fn an_offer_waits_for_its_name_and_comes_after_the_acknowledgement() {
    let mut stage = stage(&["ann"]);
    assert_eq!(send(&mut stage, "offer", "ann", "bob"), [failed("ann", "bob")]);
    assert_eq!(send(&mut stage, "candidate", "ann", "bob"), [failed("ann", "bob")]);
    stage.connect("bob");
    let offer = signal("offer", "ann");
    assert_eq!(register(&mut stage, "bob"), [format!("bob <- {ACK}"), format!("bob <- {offer}")]);
}

#[tokio::test(start_paused = true)]
async fn candidates_come_a_while_after_the_answer_and_one_at_a_time() {
    let mut stage = stage(&["ann", "bob"]);
    assert_eq!(send(&mut stage, "offer", "ann", "bob").len(), 1);
    assert_eq!(send(&mut stage, "candidate", "ann", "bob"), NOTHING);
    assert_eq!(send(&mut stage, "candidate", "ann", "bob"), NOTHING);
    assert_eq!(send(&mut stage, "answer", "bob", "ann"), [format!("ann <- {}", signal("answer", "bob"))]);
    assert_eq!(send(&mut stage, "candidate", "bob", "ann"), NOTHING);
    let (of_ann, of_bob) = (signal("candidate", "ann"), signal("candidate", "bob"));
    pass(299).await;
    assert_eq!(stage.heard(), NOTHING);
    pass(1).await;
    assert_eq!(stage.heard(), [format!("bob <- {of_ann}"), format!("ann <- {of_bob}")]);
    pass(100).await;
    assert_eq!(stage.heard(), [format!("bob <- {of_ann}")]);
    pass(100).await;
    assert_eq!(send(&mut stage, "candidate", "bob", "ann"), [format!("ann <- {of_bob}")], "nothing waits any more");
}

#[tokio::test(start_paused = true)]
async fn who_gave_up_its_own_offer_for_another_is_asked_again() {
    let mut stage = stage(&["ann", "bob"]);
    let offer = [format!("bob <- {}", signal("offer", "ann"))];
    assert_eq!(send(&mut stage, "offer", "ann", "bob"), offer);
    assert_eq!(send(&mut stage, "offer", "bob", "ann"), NOTHING);
    assert_eq!(send(&mut stage, "candidate", "bob", "ann"), NOTHING);
    pass(400).await;
    assert_eq!(stage.heard(), offer);
    assert_eq!(send(&mut stage, "answer", "bob", "ann").len(), 1);
    pass(10_000).await;
    assert_eq!(stage.heard(), NOTHING, "neither the offer nor a candidate of the other");
}

#[tokio::test(start_paused = true)]
async fn a_name_stays_with_the_living_and_the_newcomer_alone_hears_that() {
    let mut stage = stage(&["ann"]);
    stage.connect("other");
    let claim = r#"{"username":"other"}"#;
    assert_eq!(stage.publish("other", "system/register", claim).len(), 1);
    // Another connection under the same name.
    stage.connect("second");
    let second = stage.peers.remove("second").unwrap();
    let ann = stage.peers.insert("ann".into(), second).unwrap();
    assert_eq!(register(&mut stage, "ann"), ["ann <- (are you there?)"]);
    stage.sessions.on_alive(&ann);
    assert_eq!(stage.heard(), [format!("second <- {TAKEN}")]);
    stage.peers.insert("ann".into(), ann);
    assert_eq!(send(&mut stage, "offer", "other", "ann"), [format!("ann <- {}", signal("offer", "other"))]);
}

#[tokio::test(start_paused = true)]
async fn the_name_of_the_dead_is_handed_over() {
    let mut stage = stage(&["ann"]);
    stage.connect("second");
    let second = stage.peers.remove("second").unwrap();
    stage.peers.insert("ann".into(), second);
    assert_eq!(register(&mut stage, "ann"), ["ann <- (are you there?)"]);
    pass(4_000).await;
    assert_eq!(stage.heard(), [format!("second <- {ACK}")]);
}
