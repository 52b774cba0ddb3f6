//! What no page sends, and others who notice nothing of it.
use futures_util::SinkExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::{server, videocall};
use crate::harness::{By, Peer, Server, exchange, plain::Plain, web::Web};

/// Two in a call, who must notice nothing of whatever else happens.
async fn bystanders(server: &Server) -> (Plain, Plain) {
    let mut a = Plain::caller(server.address, "call").await;
    let mut b = Plain::caller(server.address, "call").await;
    a.receive().await;
    b.receive().await;
    (a, b)
}

async fn notice_nothing(a: &mut Plain, b: &mut Plain) {
    assert_eq!([a.fence().await, b.fence().await].concat(), [""; 0]);
    a.send(&format!(r#"{{"type":"answer","to":"{}","answer":1}}"#, b.id)).await;
    assert_eq!(b.receive().await, format!(r#"{{"type":"answer","from":"{}","answer":1}}"#, a.id));
}

#[tokio::test]
async fn a_message_may_have_so_many_bytes_and_one_more_ends_its_sender() {
    let server = server(r#"["videocall"]"#, &[("signaling.message_bytes_max", "2000")]).await;
    let (mut a, mut b) = bystanders(&server).await;
    let message = |n_bytes: usize| {
        let frame = format!(r#"{{"type":"offer","to":"{}","offer":""}}"#, b.id);
        frame.replace("\"\"}", &format!("\"{}\"}}", "x".repeat(n_bytes - frame.len())))
    };
    let mut c = Plain::caller(server.address, "call").await;
    let (longest, too_long) = (message(2_000), message(2_001));
    for _ in 0..2 {
        c.receive().await;
    }
    c.send(&longest).await;
    a.receive().await;
    b.receive().await;
    assert!(b.receive().await.starts_with(r#"{"type":"offer""#));
    c.send(&too_long).await;
    assert_eq!(c.try_hear().await, Err(1009));
    let gone = format!(r#"{{"type":"user-disconnected","from":"{}"}}"#, c.id);
    assert_eq!((a.receive().await, b.receive().await), (gone.clone(), gone));
    notice_nothing(&mut a, &mut b).await;
}

#[tokio::test]
async fn a_long_message_in_pieces_is_no_way_around_the_bound() {
    let server = server(r#"["videocall"]"#, &[("signaling.message_bytes_max", "2000")]).await;
    let (mut a, mut b) = bystanders(&server).await;
    let mut c = Plain::greeted(server.address).await;
    for n in 0..30 {
        let opcode = OpCode::Data(if n == 0 { Data::Text } else { Data::Continue });
        // The server may have closed before all is sent.
        if c.socket.send(Message::Frame(Frame::message(vec![b'x'; 100], opcode, false))).await.is_err() {
            break;
        }
    }
    assert!([1009, 1006].contains(&c.try_hear().await.unwrap_err()));
    notice_nothing(&mut a, &mut b).await;
}

#[tokio::test]
async fn frames_that_break_the_rules_end_their_sender_alone() {
    let server = videocall().await;
    let (mut a, mut b) = bystanders(&server).await;
    for (bytes, code) in [
        // A reserved bit.
        (&[0xf1, 0x80, 0, 0, 0, 0][..], 1002),
        // Not masked.
        (&[0x81, 0x01, b'x'], 1002),
        // An opcode that there is not.
        (&[0x83, 0x80, 0, 0, 0, 0], 1002),
        // A ping in pieces.
        (&[0x09, 0x80, 0, 0, 0, 0], 1002),
        // A piece of nothing.
        (&[0x80, 0x80, 0, 0, 0, 0], 1002),
        // No UTF-8.
        (&[0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007),
        // It claims to be longer than anything.
        (&[0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 1009),
    ] {
        let mut c = Plain::greeted(server.address).await;
        c.socket.get_mut().write_all(bytes).await.unwrap();
        assert_eq!(c.try_hear().await, Err(code), "{bytes:x?}");
    }
    server.comes_to((2, 1)).await;
    notice_nothing(&mut a, &mut b).await;
}

#[tokio::test]
async fn binary_messages_and_nonsense_are_met_with_silence() {
    let server = videocall().await;
    let (mut a, mut b) = bystanders(&server).await;
    let mut c = Plain::caller(server.address, "other").await;
    c.socket.send(Message::binary(b"{\"type\":\"get-users\"}".to_vec())).await.unwrap();
    c.socket.send(Message::Pong(vec![1; 125].into())).await.unwrap();
    for text in ["", "[", "null", "\u{0}", r#"{"type":"__proto__"}"#, r#"{"type":"join-room","roomId":{}}"#] {
        c.send(text).await;
    }
    assert_eq!(c.fence().await, [""; 0]);
    notice_nothing(&mut a, &mut b).await;
}

#[tokio::test]
async fn a_request_that_is_no_upgrade_in_every_respect_is_refused() {
    let server = videocall().await;
    let key = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let (upgrade, connection, version) =
        (("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-version", "13"));
    for (headers, status) in [
        (vec![upgrade, connection, version, key], 101),
        (vec![upgrade, connection, version], 400),
        (vec![upgrade, connection, key], 400),
        (vec![upgrade, connection, ("sec-websocket-version", "8"), key], 400),
        (vec![upgrade, version, key], 400),
        (vec![connection, version, key], 404),
    ] {
        let answer = Web::to(server.address).await.ask("GET", "/", &headers, b"").await;
        assert_eq!(answer.status, status, "{headers:?}");
    }
    let all = [upgrade, connection, version, key];
    assert_eq!(Web::to(server.address).await.ask("POST", "/", &all, b"").await.status, 400);
}

#[tokio::test]
async fn a_flood_in_one_vocabulary_leaves_a_call_in_another_untouched() {
    let server = server(r#"["p2pchat", "videocall", "poc"]"#, &[]).await;
    let (mut a, mut b) = bystanders(&server).await;
    let (mut one, mut other, room) = server.pair(By::Websocket).await;
    let flood = async {
        let (mut x, mut y) = (Plain::greeted(server.address).await, Plain::greeted(server.address).await);
        for it in [&mut x, &mut y] {
            it.send(r#"{"type":"join","room":"call"}"#).await;
        }
        let reading = async { while y.try_hear().await.is_ok() {} };
        let saying = async {
            for n in 0..20_000 {
                let text = if n % 2 == 0 { r#"{"type":"signal","payload":{"candidate":1}}"# } else { "{" };
                x.socket.feed(Message::text(text)).await.unwrap();
            }
            x.socket.flush().await.unwrap();
        };
        tokio::select! { () = reading => (), () = saying => () }
    };
    let calls = async {
        for _ in 0..20 {
            notice_nothing(&mut a, &mut b).await;
            exchange(&mut one, &mut other, &room).await;
        }
    };
    tokio::join!(flood, calls);
    let hostile: Peer = server.guest(By::Polling).await;
    hostile.leave().await;
    notice_nothing(&mut a, &mut b).await;
}
