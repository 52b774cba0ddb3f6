//! Messages of the longest length there is, and one byte more; bytes that are no text.
use tokio::io::AsyncWriteExt as _;

use super::Scene;
use crate::harness::{
    By, PATH, Peer,
    peer::{Packet, signal_text},
    web::Web,
};

const MESSAGE_BYTES_MAX: usize = 1_000_000;

/// A signal whose packet has so many bytes.
fn signal_of(n_bytes: usize, to: &str, room: &str) -> String {
    let empty = format!("42{}", signal_text(to, room, r#""""#));
    format!("42{}", signal_text(to, room, &format!("\"{}\"", "x".repeat(n_bytes - empty.len()))))
}

#[tokio::test]
async fn a_million_bytes_pass_and_one_more_ends_the_sender() {
    for (by, to) in [
        (By::Websocket, By::Websocket),
        (By::Websocket, By::Polling),
        (By::Polling, By::Websocket),
        (By::Polling, By::Polling),
        (By::Upgrade, By::Upgrade),
    ] {
        let mut scene = Scene::begin(to).await;
        let mut mate = scene.room_mate(by).await;
        let longest = signal_of(MESSAGE_BYTES_MAX, &scene.one.id, &scene.room);
        mate.send(&longest).await;
        let heard = scene.one.receive().await;
        assert_eq!(heard.len(), longest.len() - 2 + format!(r#","source":"{}""#, mate.id).len(), "{by:?} to {to:?}");
        mate.hears_nothing().await;

        let longer = signal_of(MESSAGE_BYTES_MAX + 1, &scene.one.id, &scene.room);
        let _ = mate.send_all(&[Packet::Text(longer)]).await;
        mate.ends().await;
        let id = mate.id.clone();
        scene.hear_of_the_end_of(&id).await;
        scene.stands("a message too long").await;
    }
}

#[tokio::test]
async fn a_poller_gets_messages_that_together_are_longer_than_one_may_be() {
    let mut scene = Scene::begin(By::Polling).await;
    let mut mate = scene.room_mate(By::Websocket).await;
    let longest = signal_of(MESSAGE_BYTES_MAX, &scene.one.id, &scene.room);
    for _ in 0..3 {
        mate.send(&longest).await;
    }
    mate.signal(&scene.one, &scene.room, "1").await;
    for _ in 0..3 {
        assert!(scene.one.receive().await.len() > MESSAGE_BYTES_MAX);
    }
    assert!(scene.one.receive().await.len() < 300);
    let id = mate.id.clone();
    mate.leave().await;
    scene.hear_of_the_end_of(&id).await;
    scene.stands("long messages to a poller").await;
}

#[tokio::test]
async fn attachments_pass_up_to_the_limit_and_one_byte_more_ends_the_sender() {
    let mut scene = Scene::begin(By::Websocket).await;
    let mut mate = scene.room_mate(By::Websocket).await;
    let text = signal_text(&scene.one.id, &scene.room, r#"{"_placeholder":true,"num":0}"#);
    // The text counts too.
    let longest = MESSAGE_BYTES_MAX - format!("451-{text}").len();
    mate.emit_binary(&text, &[vec![7; longest]]).await;
    assert_eq!(scene.one.event().await.unwrap().attachments, [vec![7; longest]]);
    let packets = [Packet::Text(format!("451-{text}")), Packet::Binary(vec![7; longest + 1])];
    let _ = mate.send_all(&packets).await;
    mate.ends().await;
    let id = mate.id.clone();
    scene.hear_of_the_end_of(&id).await;
    scene.stands("an attachment too long").await;
}

#[tokio::test]
async fn a_message_in_fragments_is_as_long_as_all_of_them() {
    let mut scene = Scene::begin(By::Websocket).await;
    let mut mate = scene.room_mate(By::Websocket).await;
    let longest = signal_of(MESSAGE_BYTES_MAX, &scene.one.id, &scene.room);
    mate.send_in_fragments(&longest, 100_000).await.unwrap();
    assert!(scene.one.receive().await.len() > MESSAGE_BYTES_MAX);
    mate.hears_nothing().await;
    let longer = signal_of(MESSAGE_BYTES_MAX + 1, &scene.one.id, &scene.room);
    let _ = mate.send_in_fragments(&longer, 100_000).await;
    mate.ends().await;
    let id = mate.id.clone();
    scene.hear_of_the_end_of(&id).await;
    scene.stands("fragments").await;
}

#[tokio::test]
async fn a_body_too_long_ends_the_poller_however_it_is_sent() {
    let mut scene = Scene::begin(By::Websocket).await;
    let body = vec![b'x'; MESSAGE_BYTES_MAX + 1];
    let chunked = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    for headers in [vec![], vec![("transfer-encoding", "chunked")]] {
        let mut peer = scene.attacker(By::Polling).await;
        let mut web = Web::to(scene.server.address).await;
        if headers.is_empty() {
            web.send("POST", peer.target(), &[], &body).await;
        } else {
            let head = format!("POST {} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n", peer.target());
            let _ = web.stream.write_all(&[head.as_bytes(), &chunked].concat()).await;
        }
        assert!(web.answer("POST").await.is_none_or(|it| it.status >= 400));
        peer.ends().await;
        scene.stands("a body too long").await;
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_end_their_sender_alone() {
    let mut scene = Scene::begin(By::Websocket).await;
    for bytes in [
        &b"42[\"GET-ID\",{\"requestId\":\"\xff\"}]"[..],
        b"\xff\xfe",
        b"4\xc0\x80",
        b"42[\"\xed\xa0\x80\"]",
        b"4\xf4\x90\x80\x80",
    ] {
        let mut peer = scene.attacker(By::Polling).await;
        let answer = Web::to(scene.server.address).await.ask("POST", peer.target(), &[], bytes).await;
        if answer.status == 200 {
            // Taken as a text that makes no sense.
            let _ = peer.send_all(&[Packet::Text("1".to_owned())]).await;
        } else {
            peer.ends().await;
        }
        let mut peer = scene.attacker(By::Websocket).await;
        let mut frame = vec![0x81, 0x80 | u8::try_from(bytes.len()).unwrap(), 0, 0, 0, 0];
        frame.extend_from_slice(bytes);
        peer.stream().write_all(&frame).await.unwrap();
        peer.ends().await;
        scene.stands("bytes that are no text").await;
    }
}

#[tokio::test]
async fn websocket_frames_that_break_the_rules_end_their_sender_alone() {
    let mut scene = Scene::begin(By::Websocket).await;
    let masked = |head: &[u8]| [head, &[0, 0, 0, 0]].concat();
    let frames = [
        // Reserved bits, reserved opcodes, no mask, a continuation of nothing, a control frame that is too long or parted,
        // lengths beyond everything, a close code that does not exist.
        [masked(&[0xc1, 0x81]), b"2".to_vec()].concat(),
        [masked(&[0xf1, 0x81]), b"2".to_vec()].concat(),
        [masked(&[0x83, 0x81]), b"2".to_vec()].concat(),
        [masked(&[0x8f, 0x81]), b"2".to_vec()].concat(),
        vec![0x81, 0x01, b'2'],
        [masked(&[0x80, 0x81]), b"2".to_vec()].concat(),
        [masked(&[0x89, 0xfe, 0x00, 0x7e]), vec![0; 126]].concat(),
        [masked(&[0x09, 0x81]), b"2".to_vec()].concat(),
        masked(&[0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        masked(&[0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        [masked(&[0x88, 0x82]), vec![0x00, 0x01]].concat(),
        [masked(&[0x88, 0x81]), vec![0x03]].concat(),
    ];
    for frame in frames {
        let mut peer = scene.attacker(By::Websocket).await;
        peer.stream().write_all(&frame).await.unwrap();
        peer.ends().await;
        scene.stands(&format!("{frame:02x?}")).await;
    }
}

#[tokio::test]
async fn a_frame_in_the_same_packet_as_the_upgrade_request_ends_its_sender_alone() {
    let mut scene = Scene::begin(By::Websocket).await;
    let polling = Peer::open(scene.server.address, By::Polling).await;
    for sid in [String::new(), format!("&sid={}", polling.sid)] {
        for frame in [
            &[0xc1, 0x81, 0, 0, 0, 0, b'2'][..],
            &[0xff; 20],
            &[0x81, 0x01, b'2'],
            &[0x81, 0x80, 0, 0, 0, 0],
            b"GET / HTTP/1.1",
        ] {
            let mut web = Web::to(scene.server.address).await;
            let request = format!(
                "GET {PATH}?EIO=4&transport=websocket{sid} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: \
                 websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            );
            web.stream.write_all(&[request.as_bytes(), frame].concat()).await.unwrap();
            let status = web.answer("GET").await.unwrap().status;
            assert!(status == 101 || (status == 400 && !sid.is_empty()), "{status}");
        }
    }
    let _ = { polling }.send_all(&[Packet::Text("1".to_owned())]).await;
    scene.stands("a frame with the upgrade request").await;
}
