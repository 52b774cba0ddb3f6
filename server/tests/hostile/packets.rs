//! Engine.IO and socket.io packets that make no sense. What becomes of their sender is its own affair: it is served on, or
//! its connection ends.
use super::Scene;
use crate::harness::{By, Peer, peer::Packet};

const ENGINE: &[&str] = &[
    "", " ", "0", "1", "11", "2", "2probe", "3", "3x", "3probe", "5", "6", "6x", "7", "9", "x", "é", "\u{0}", "b",
    "b!", "bAA", "bAAAA", "4", "4\u{0}", "4 ", "-1", "{}", "[]",
];

const SOCKET: &[&str] = &[
    "40",
    "40{}",
    "40{",
    "40/",
    "40/,",
    "40/admin",
    "40/admin,",
    "40/admin,{}",
    "40//",
    "40/?x=1,{}",
    "41/admin,",
    "42",
    "42[",
    "42]",
    "42{}",
    "42null",
    "42\"x\"",
    "42[]",
    "42[1]",
    "42[,]",
    "42 [\"x\"]",
    "42/admin,[\"GET-ID\",{}]",
    "42/,[\"x\"]",
    "42/",
    "42/admin",
    "420",
    "420[",
    "42-1[\"x\"]",
    "4218446744073709551616[\"x\"]",
    "4299999999999999999999999[\"GET-ID\",{}]",
    "43",
    "43[]",
    "430[]",
    "430",
    "430{}",
    "43[\"x\"]",
    "439[[[",
    "4318446744073709551616[]",
    "44",
    "44{}",
    "44{\"message\":\"x\"}",
    "45",
    "45-",
    "45[\"x\"]",
    "45-[\"x\"]",
    "450-[\"SIGNAL\",{}]",
    "451",
    "451-",
    "451-{}",
    "451-[",
    "451-[\"x\"]",
    "45-1-[\"x\"]",
    "451[\"x\"]",
    "451-451-[\"x\"]",
    "4599999999999999999999-[\"x\"]",
    "4518446744073709551615-[\"x\"]",
    "45100000000-[\"x\"]",
    "451-/admin,[\"x\"]",
    "451-7[\"x\",{\"_placeholder\":true,\"num\":0}]",
    "45é-[\"x\"]",
    "46",
    "46-",
    "461-[]",
    "461-7[]",
    "460-7[]",
    "47",
    "49",
    "4x",
    "4é",
    "4/",
    "4-",
];

/// Ends what is left of it.
async fn leave(mut peer: Peer) {
    let _ = peer.send_all(&[Packet::Text("1".to_owned())]).await;
}

fn text(packet: &str) -> Packet {
    Packet::Text(packet.to_owned())
}

#[tokio::test]
async fn packets_that_make_no_sense_harm_nobody_else() {
    for by in [By::Websocket, By::Polling] {
        let mut scene = Scene::begin(by).await;
        for packet in ENGINE.iter().chain(SOCKET) {
            for is_connected in [true, false] {
                let mut peer =
                    if is_connected { scene.attacker(by).await } else { Peer::open(scene.server.address, by).await };
                let _ = peer.send_all(&[text(packet)]).await;
                // Once more after something that makes sense, and after an attachment that nobody announced.
                let _ = peer.send_all(&[text(r#"42["FOO"]"#), text(packet)]).await;
                let _ = peer.send_all(&[Packet::Binary(vec![0, 255]), text(packet)]).await;
                leave(peer).await;
            }
        }
        scene.stands("packets that make no sense").await;
    }
}

#[tokio::test]
async fn a_sender_of_unknown_words_is_served_on() {
    for by in [By::Websocket, By::Polling] {
        let mut scene = Scene::begin(by).await;
        let mut peer = scene.attacker(by).await;
        // Acknowledgements that nobody asked for, and a pong and a ping.
        for packet in ["430[]", r#"4317["x"]"#, "3", "2", "2"] {
            peer.send(packet).await;
            peer.hears_nothing().await;
        }
        peer.leave().await;
        scene.stands("acknowledgements").await;
    }
}

#[tokio::test]
async fn attachments_too_few_too_many_or_without_their_event_harm_nobody_else() {
    for by in [By::Websocket, By::Polling] {
        let mut scene = Scene::begin(by).await;
        let to = scene.one.id.clone();
        let event = |n: usize| text(&format!("45{n}-{}", crate::harness::peer::signal_text(&to, "r", "1")));
        let bytes = || Packet::Binary(b"bytes".to_vec());
        for packets in [
            vec![bytes()],
            vec![bytes(), bytes(), bytes()],
            vec![Packet::Binary(Vec::new())],
            vec![event(1)],
            vec![event(1), event(1)],
            vec![event(1), text(r#"42["GET-ID",{"requestId":"x"}]"#)],
            vec![event(2), bytes(), text("2"), text("3"), text("41")],
            vec![event(1), bytes(), bytes(), bytes()],
            vec![event(1_000_000), bytes()],
        ] {
            for is_connected in [true, false] {
                let mut peer =
                    if is_connected { scene.attacker(by).await } else { Peer::open(scene.server.address, by).await };
                let _ = peer.send_all(&packets).await;
                leave(peer).await;
            }
        }
        scene.stands("astray attachments").await;
    }
}

#[tokio::test]
async fn another_namespace_is_refused_and_the_first_one_stays() {
    for by in [By::Websocket, By::Polling] {
        let mut scene = Scene::begin(by).await;
        let mut peer = scene.attacker(by).await;
        for namespace in ["/admin", "/Admin", "/é", "//"] {
            peer.send(&format!("40{namespace},")).await;
            assert_eq!(peer.text().await, format!(r#"44{namespace},{{"message":"Invalid namespace"}}"#));
            peer.hears_nothing().await;
        }
        peer.leave().await;
        scene.stands("other namespaces").await;
    }
}

#[tokio::test]
async fn leaving_the_namespace_leaves_the_room() {
    for by in [By::Websocket, By::Polling] {
        let mut scene = Scene::begin(by).await;
        let mut mate = scene.room_mate(by).await;
        let id = mate.id.clone();
        mate.send("41").await;
        scene.hear_of_the_end_of(&id).await;
        leave(mate).await;
        scene.stands("leaving the namespace").await;
    }
}
