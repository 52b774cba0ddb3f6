//! How connections end: by their client, by silence, by the server, by a room that is full.
use futures_util::SinkExt as _;
use tokio_tungstenite::tungstenite::Message;

use super::{server, videocall};
use crate::harness::{Server, log, plain::Plain};

const IMPATIENT: [(&str, &str); 2] =
    [("signaling.quick_ping_interval_ms", "300"), ("signaling.quick_ping_timeout_ms", "300")];

fn gone(id: &str) -> String {
    format!(r#"{{"type":"user-disconnected","from":"{id}"}}"#)
}

/// Two that have heard of each other.
async fn pair(server: &Server) -> (Plain, Plain) {
    let mut a = Plain::caller(server.address, "r").await;
    let mut b = Plain::caller(server.address, "r").await;
    a.receive().await;
    b.receive().await;
    (a, b)
}

#[tokio::test]
async fn who_closes_is_missed_and_gets_a_close_in_answer() {
    let server = videocall().await;
    let (mut a, mut b) = pair(&server).await;
    a.socket.send(Message::Close(None)).await.unwrap();
    assert_eq!(b.receive().await, gone(&a.id));
    assert_eq!(a.try_hear().await, Err(1005));
    server.comes_to((1, 1)).await;
}

#[tokio::test]
async fn who_is_gone_without_a_word_is_missed() {
    let server = videocall().await;
    let (a, mut b) = pair(&server).await;
    let id = a.id.clone();
    a.socket.get_ref().set_zero_linger().unwrap();
    drop(a);
    assert_eq!(b.receive().await, gone(&id));
}

#[tokio::test]
async fn who_does_not_answer_pings_is_missed_and_who_answers_stays() {
    let log = log::collect();
    let server = server(r#"["videocall"]"#, &IMPATIENT).await;
    // Nobody reads it, so that no pong leaves.
    let (silent, mut other) = pair(&server).await;
    assert_eq!(other.receive().await, gone(&silent.id));
    assert!(log.has(&["INFO", &silent.id, "ping_timeout"]), "{}", log.of(&silent.id));
    server.comes_to((1, 1)).await;
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_and_holds_up_nobody() {
    let log = log::collect();
    let bounds = [("signaling.bytes_waiting_max", "2000000"), ("signaling.message_bytes_max", "1000000")];
    let server = server(r#"["videocall"]"#, &bounds).await;
    let (mut a, deaf) = pair(&server).await;
    let long = format!(r#"{{"type":"offer","to":"{}","offer":"{}"}}"#, deaf.id, "x".repeat(500_000));
    let flood = async {
        // More than the kernel's buffers hold and the bounds allow.
        for _ in 0..60 {
            a.send(&long).await;
        }
    };
    flood.await;
    assert_eq!(a.receive().await, gone(&deaf.id));
    assert!(log.has(&["WARN", &deaf.id, "send_queue_full"]), "{}", log.of(&deaf.id));
    assert_eq!(a.fence().await, [""; 0], "and the other goes on");
}

#[tokio::test]
async fn when_the_server_stops_it_says_so() {
    let mut server = videocall().await;
    let (mut a, _b) = pair(&server).await;
    server.say_stop();
    let mut heard = a.try_hear().await;
    // The other may have gone first.
    if heard.is_ok() {
        heard = a.try_hear().await;
    }
    assert_eq!(heard, Err(1001));
    server.ends().await;
}

#[tokio::test]
async fn the_third_in_a_room_for_two_is_shown_out_and_the_pair_stays() {
    let server = server(r#"["poc"]"#, &[]).await;
    let (mut a, mut b, mut third) = (
        Plain::connect(server.address).await,
        Plain::connect(server.address).await,
        Plain::connect(server.address).await,
    );
    let join = r#"{"type":"join","room":"demo"}"#;
    let candidate = |n: u8| format!(r#"{{"type":"signal","payload":{{"candidate":{n}}}}}"#);
    a.send(join).await;
    server.comes_to((3, 1)).await;
    b.send(join).await;
    b.send(&candidate(1)).await;
    assert_eq!(a.receive().await, candidate(1));
    third.send(join).await;
    third.send(&candidate(3)).await;
    // Both are asked whether they live, and answer by reading, as pages do all the time.
    let heard = tokio::select! {
        code = third.try_hear() => code,
        text = a.receive() => Ok(text),
        text = b.receive() => Ok(text),
    };
    assert_eq!(heard, Err(1013));
    server.comes_to((2, 1)).await;
    a.send(&candidate(4)).await;
    assert_eq!(b.receive().await, candidate(4));
}
