//! A peer that stops reading is cut with a logged reason; its room mates are told, and served on.
use crate::harness::{By, EVERY_WAY, Peer, Server, exchange, log, peer::signal_text};

/// One of three stops reading, and another member sends to it until it is cut. How many signals that took.
async fn aborted(by: By, overrides: &[(&str, &str)], signal_bytes: usize) -> usize {
    let log = log::collect();
    let server = Server::with(overrides).await;
    let (mut one, mut other, room) = server.pair(By::Websocket).await;
    let mut slow = server.guest(by).await;
    slow.join(&room).await;
    assert!(one.receive().await.contains(&slow.id) && other.receive().await.contains(&slow.id));
    let signal = signal_text(&slow.id, &room, &format!("\"{}\"", "x".repeat(signal_bytes)));
    let gone = format!(r#"["DISCONNECTEDUSER",{{"userID":"{}","roomID":"{room}"}}]"#, slow.id);
    // The system's own buffers take some megabytes of a websocket.
    let mut n_said = 0;
    loop {
        one.emit(&signal).await;
        n_said += 1;
        match &one.fence().await[..] {
            [] => assert!(n_said * signal_bytes < 100_000_000, "{by:?}: it is not cut"),
            [heard] => break assert_eq!(heard.text, gone),
            more => panic!("{more:?}"),
        }
    }
    assert_eq!(other.receive().await, gone);
    server.comes_to((2, 1)).await;
    assert!(log.has(&["WARN", &slow.id, "send_queue_full"]), "{}", log.of(&slow.id));
    exchange(&mut one, &mut other, &room).await;
    // What it would hear if it began to read again has an end, and a new session is open to it.
    slow.ends().await;
    let mut again = server.guest(by).await;
    again.join(&room).await;
    assert!(one.receive().await.contains(&again.id));
    n_said
}

#[tokio::test]
async fn too_many_frames_waiting_cut_a_peer() {
    let overrides = [("signaling.frames_waiting_max", "64"), ("signaling.bytes_waiting_max", "1_000_000_000")];
    let overrides = overrides.map(|(name, number)| (name, number.replace('_', "")));
    let overrides = overrides.each_ref().map(|(name, number)| (*name, &**number));
    for by in EVERY_WAY {
        let n_said = aborted(by, &overrides, 200_000).await;
        assert!(n_said > 60, "{by:?}: cut after {n_said}");
    }
}

#[tokio::test]
async fn too_many_bytes_waiting_cut_a_peer() {
    let overrides = [("signaling.frames_waiting_max", "100000"), ("signaling.bytes_waiting_max", "2000000")];
    for by in EVERY_WAY {
        let n_said = aborted(by, &overrides, 200_000).await;
        assert!(n_said > 9, "{by:?}: cut after {n_said}");
    }
}

/// Reads all, but never at once.
async fn is_not_cut(by: By, attachment: &[u8]) {
    let overrides = [("signaling.frames_waiting_max", "64"), ("signaling.bytes_waiting_max", "1000000")];
    let server = Server::with(&overrides).await;
    let (mut one, mut other, room) = server.pair(by).await;
    let signal = signal_text(&other.id, &room, r#"{"_placeholder":true,"num":0}"#);
    // Many times what may wait, so that a byte counted twice or never adds up.
    for _ in 0..20 {
        for _ in 0..8 {
            one.emit_binary(&signal, &[attachment.to_vec()]).await;
        }
        for _ in 0..8 {
            assert_eq!(other.event().await.unwrap().attachments, [attachment]);
        }
    }
    exchange(&mut one, &mut other, &room).await;
    assert_eq!(server.count().await, (2, 1));
}

#[tokio::test]
async fn a_peer_that_reads_late_but_reads_is_not_cut() {
    for by in EVERY_WAY {
        is_not_cut(by, &[7; 100_000]).await;
    }
}

#[tokio::test]
async fn a_cut_peer_was_told_all_until_then_in_order() {
    let overrides = [("signaling.frames_waiting_max", "64")];
    for by in EVERY_WAY {
        let server = Server::with(&overrides).await;
        let (mut one, mut slow, room) = server.pair(by).await;
        let filler = "x".repeat(200_000);
        let mut n_said = 0;
        while one.fence().await.is_empty() {
            one.signal(&slow, &room, &format!("[{n_said},\"{filler}\"]")).await;
            n_said += 1;
        }
        assert_eq!(heard_in_order(&mut slow).await, None, "{by:?}");
    }
}

/// Until the end. What came instead of the next one.
async fn heard_in_order(slow: &mut Peer) -> Option<String> {
    let mut next = 0;
    // The frame under way when the line was cut may be torn, and then it is not heard.
    while let Some(heard) = slow.event().await {
        if !heard.text.contains(&format!("\"signal\":[{next},")) {
            return Some(heard.text[..200].to_owned());
        }
        next += 1;
    }
    None
}
