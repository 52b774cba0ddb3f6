//! How sessions end: by their client, by silence, by a failed upgrade, by the server.
use std::time::Instant;

use futures_util::SinkExt as _;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{By, EVERY_WAY, Peer, Server, log, peer::Packet, peer::websocket, soon, web::Web};

const IMPATIENT: [(&str, &str); 2] = [("signaling.ping_interval_ms", "300"), ("signaling.ping_timeout_ms", "300")];

fn gone(id: &str, room: &str) -> String {
    format!(r#"["DISCONNECTEDUSER",{{"userID":"{id}","roomID":"{room}"}}]"#)
}

#[tokio::test]
async fn an_abrupt_end_tells_the_others() {
    for by in EVERY_WAY {
        let server = Server::start().await;
        let (one, mut other, room) = server.pair(by).await;
        let id = one.id.clone();
        one.leave().await;
        assert_eq!(other.receive().await, gone(&id, &room));
        server.comes_to((1, 1)).await;
        other.leave().await;
        server.comes_to((0, 0)).await;
    }
}

#[tokio::test]
async fn a_silent_client_is_gone_after_the_timeout_and_the_others_are_told() {
    for by in EVERY_WAY {
        let log = log::collect();
        let server = Server::with(&IMPATIENT).await;
        let (silent, mut other, room) = server.pair(by).await;
        let begun = Instant::now();
        // It is neither closed nor read; while the other waits it answers its own pings.
        assert_eq!(other.receive().await, gone(&silent.id, &room));
        assert!(begun.elapsed().as_millis() < 30_000);
        server.comes_to((1, 1)).await;
        assert!(log.has(&["INFO", &silent.id, "ping_timeout"]), "{}", log.of(&silent.id));
        drop(silent);
    }
}

#[tokio::test]
async fn who_answers_pings_stays() {
    let server = Server::with(&IMPATIENT).await;
    for by in EVERY_WAY {
        let mut peer = server.guest(by).await;
        peer.answers_pings = false;
        for _ in 0..4 {
            assert_eq!(peer.text().await, "2");
            peer.send("3").await;
        }
        peer.answers_pings = true;
        peer.hears_nothing().await;
        peer.leave().await;
    }
}

/// Ten seconds are the library's for an upgrade; this is the one test that has to wait for them.
#[tokio::test]
async fn an_upgrade_that_never_comes_to_its_end_ends_its_session() {
    let server = Server::with(&IMPATIENT).await;
    let mut other = server.guest(By::Websocket).await;
    let room = other.create(0).await;
    let mut stuck = server.guest(By::Polling).await;
    stuck.join(&room).await;
    assert!(other.receive().await.contains(&stuck.id));
    let mut socket = websocket(server.address, Some(&stuck.sid)).await.unwrap();
    socket.send(Message::text("2probe")).await.unwrap();
    // Its heartbeat waits as long as the upgrade is under way.
    assert_eq!(other.receive().await, gone(&stuck.id, &room));
    server.comes_to((1, 1)).await;
    drop(socket);
}

#[tokio::test]
async fn one_who_never_says_connect_is_no_peer() {
    let server = Server::start().await;
    for by in [By::Websocket, By::Polling] {
        let mut peer = Peer::open(server.address, by).await;
        // Incoming too early: nobody is there to hear it.
        let _ = peer.send_all(&[Packet::Text(r#"42["GET-ID",{"requestId":"1"}]"#.to_owned())]).await;
        assert_eq!(server.count().await, (0, 0));
        peer.leave().await;
    }
}

#[tokio::test]
async fn a_stop_ends_everyone_and_then_the_server() {
    let mut server = Server::start().await;
    let mut peers = Vec::new();
    for by in EVERY_WAY {
        let (one, other, _) = server.pair(by).await;
        peers.extend([one, other]);
    }
    let mut waiting = Web::to(server.address).await;
    let begun = Instant::now();
    server.say_stop();
    for mut peer in peers {
        soon("the end of a client", peer.ends()).await;
    }
    // An idle connection does not hold it up.
    assert!(waiting.answer("GET").await.is_none());
    server.ends().await;
    assert!(begun.elapsed().as_secs() < 8, "it took {:?}, as long as it has patience", begun.elapsed());
    assert!(tokio::net::TcpStream::connect(server.address).await.is_err(), "it still listens");
}
