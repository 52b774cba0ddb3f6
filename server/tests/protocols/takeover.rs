//! A seat that is asked for while another holds it: the living keep it, and make way otherwise.
use std::time::Duration;

use p2pchat_server::protocols::poc::Poc;
use tokio::time::advance;

use super::Stage;

const JOIN: &str = r#"{"type":"join","room":"demo"}"#;
const OFFER: &str = r#"{"type":"signal","payload":{"sdp":{"type":"offer"}}}"#;
const CANDIDATE: &str = r#"{"type":"signal","payload":{"candidate":{}}}"#;
const NOTHING: [&str; 0] = [];
const ASKED: [&str; 2] = ["A <- (are you there?)", "B <- (are you there?)"];
const REFUSED: [&str; 1] = ["C <- (closed: 1013 the room is full)"];

/// Both have spoken: an offer to who has not would wait.
fn full() -> Stage {
    let mut stage = Stage::speaking(&Poc, &["A", "B", "C"]);
    for name in ["A", "B"] {
        stage.send(name, JOIN);
        stage.send(name, CANDIDATE);
    }
    stage
}

/// Lets the term of a takeover pass.
async fn pass() {
    // The timer's own task has to come to its turn before and after.
    tokio::task::yield_now().await;
    advance(Duration::from_secs(4)).await;
    tokio::task::yield_now().await;
}

#[tokio::test(start_paused = true)]
async fn the_third_is_shown_out_once_both_have_shown_that_they_live_and_the_pair_stays() {
    let mut stage = full();
    let mut asked = stage.send("C", JOIN);
    asked.sort();
    assert_eq!(asked, ASKED);
    assert_eq!(stage.is_there("A"), NOTHING);
    assert_eq!(stage.is_there("B"), REFUSED);
    assert_eq!(stage.send("A", OFFER), [format!("B <- {OFFER}")]);
    assert_eq!(stage.count(), (2, 1));
    pass().await;
    assert_eq!((stage.heard(), stage.count()), (vec![], (2, 1)), "the term is over and nobody misses anything");
}

#[tokio::test(start_paused = true)]
async fn a_ghost_makes_way_when_the_term_is_over_and_what_was_said_meanwhile_is_heard_then() {
    let mut stage = full();
    stage.send("C", JOIN);
    assert_eq!(stage.send("C", OFFER), NOTHING, "it has no seat yet");
    stage.is_there("A");
    pass().await;
    assert_eq!(stage.heard(), [format!("A <- {OFFER}")]);
    assert_eq!(stage.count(), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_seat_that_becomes_free_while_its_holders_are_asked_is_taken() {
    let mut stage = full();
    stage.send("C", JOIN);
    stage.is_there("A");
    assert_eq!(stage.drop_line("B"), NOTHING);
    assert_eq!(stage.send("C", OFFER), [format!("A <- {OFFER}")]);
}

#[tokio::test(start_paused = true)]
async fn who_asked_first_gets_the_seat_and_is_then_asked_itself() {
    let mut stage = full();
    stage.connect("D");
    stage.send("C", JOIN);
    stage.send("D", JOIN);
    let mut asked = stage.drop_line("B");
    asked.sort();
    assert_eq!(asked, ["A <- (are you there?)", "C <- (are you there?)"]);
    assert_eq!(stage.send("C", OFFER), [format!("A <- {OFFER}")]);
    assert_eq!(stage.is_there("A"), NOTHING);
    assert_eq!(stage.is_there("C"), ["D <- (closed: 1013 the room is full)"]);
}

#[tokio::test(start_paused = true)]
async fn who_goes_while_waiting_wants_nothing_any_more() {
    let mut stage = full();
    stage.send("C", JOIN);
    assert_eq!(stage.drop_line("C"), NOTHING);
    pass().await;
    assert_eq!((stage.heard(), stage.count()), (vec![], (2, 1)), "and nobody is thrown out for it");
}

#[tokio::test(start_paused = true)]
async fn who_says_too_much_while_waiting_is_cut_off() {
    let mut stage = full();
    stage.send("C", JOIN);
    let long = OFFER.replace("offer", &"x".repeat(100_000));
    for _ in 0..3 {
        stage.send("C", &long);
    }
    assert_eq!(stage.count(), (2, 1));
}
