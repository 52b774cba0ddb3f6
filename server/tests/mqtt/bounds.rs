//! What no page sends, and others who notice nothing of it.
use futures_util::SinkExt as _;
use tokio_tungstenite::tungstenite::Message;

use super::{server, signal};
use crate::harness::{
    Server, log,
    mqtt::{Mqtt, connect, packet, publish},
    plain::Plain,
};

/// Two who must notice nothing of whatever else happens.
async fn bystanders(server: &Server) -> (Mqtt, Mqtt) {
    (Mqtt::named(server.address, "ann").await, Mqtt::named(server.address, "bob").await)
}

async fn notice_nothing(ann: &mut Mqtt, bob: &mut Mqtt) {
    assert_eq!([ann.fence().await, bob.fence().await].concat(), [""; 0]);
    ann.publish("bob/incoming", r#"{"type":"x","from":"ann"}"#).await;
    assert_eq!(bob.hear_payload().await, r#"{"type":"x","from":"ann"}"#);
}

#[tokio::test]
async fn bytes_that_may_not_stand_there_end_their_sender_alone() {
    let server = server().await;
    let (mut ann, mut bob) = bystanders(&server).await;
    for first in [vec![0xff; 5], packet(0xc0, &[]), publish(0, None, "ann/incoming", b"{}"), vec![0; 9]] {
        let mut client = Mqtt::open(server.address).await;
        client.send(&first).await;
        assert_eq!(client.try_hear().await, Err(1002), "{first:x?}");
    }
    let subscribe_to_nothing = packet(0x82, &[0, 1]);
    let no_utf_8 = packet(0x30, &[0, 2, 0xc3, 0x28, b'x']);
    for later in [vec![0xff; 5], connect(4, "eve", 60), packet(0x20, &[0, 0]), subscribe_to_nothing, no_utf_8] {
        let mut client = Mqtt::arrive(server.address, "eve").await;
        client.send(&later).await;
        assert_eq!(client.try_hear().await, Err(1002), "{later:x?}");
    }
    let mut client = Mqtt::arrive(server.address, "eve").await;
    client.socket.send(Message::text("MQTT")).await.unwrap();
    assert_eq!(client.try_hear().await, Err(1002), "a text");
    server.comes_to_peers(2).await;
    notice_nothing(&mut ann, &mut bob).await;
}

#[tokio::test]
async fn other_versions_hear_that_they_are_not_spoken() {
    let server = server().await;
    let older = packet(0x10, b"\0\x06MQIsdp\x03\x02\0\x3c\0\x03ann");
    for connect in [older, connect(3, "ann", 60), connect(6, "ann", 60)] {
        let mut client = Mqtt::open(server.address).await;
        client.send(&connect).await;
        assert_eq!(client.receive().await, r#"["CONNACK",1]"#);
        assert_eq!(client.try_hear().await, Err(1002));
    }
}

#[tokio::test]
async fn a_packet_may_have_so_many_bytes_and_one_more_ends_its_sender() {
    let bounds = [("http.protocols", r#"["mqtt"]"#), ("signaling.message_bytes_max", "2000")];
    let server = Server::with(&bounds).await;
    let (mut ann, mut bob) = bystanders(&server).await;
    let message = |n_bytes: usize| {
        let empty = r#"{"type":"x","from":"eve","a":""}"#;
        // The packet's first byte, two of length, two of the topic's, and the topic.
        let room = n_bytes - 5 - "bob/incoming".len() - empty.len();
        empty.replace("\"\"}", &format!("\"{}\"}}", "x".repeat(room)))
    };
    let mut eve = Mqtt::named(server.address, "eve").await;
    eve.publish("bob/incoming", &message(2_000)).await;
    assert_eq!(bob.hear_payload().await, message(2_000));
    let too_long = publish(0, None, "bob/incoming", message(2_001).as_bytes());
    assert_eq!(too_long.len(), 2_001);
    // In two messages, each of which is short enough.
    eve.send(&too_long[..1_500]).await;
    assert_eq!(eve.try_hear().await, Err(1002));
    notice_nothing(&mut ann, &mut bob).await;
}

#[tokio::test]
async fn who_says_nothing_is_shown_out() {
    let log = log::collect();
    let server = server().await;
    let mut silent = Mqtt::open(server.address).await;
    assert_eq!(silent.try_hear().await, Err(1002));
    assert!(log.has(&["INFO", "keep_alive_timeout"]));
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_and_holds_up_nobody() {
    let log = log::collect();
    let bounds = [("http.protocols", r#"["mqtt"]"#), ("signaling.bytes_waiting_max", "2000000")];
    let server = Server::with(&bounds).await;
    let mut ann = Mqtt::named(server.address, "ann").await;
    let _deaf = Mqtt::named(server.address, "bob").await;
    let long = format!(r#"{{"type":"x","from":"ann","a":"{}"}}"#, "x".repeat(500_000));
    // More than the kernel's buffers hold and the bounds allow.
    for _ in 0..60 {
        ann.publish("bob/incoming", &long).await;
    }
    assert!(ann.hear_payload().await.starts_with(r#"{"type":"delivery-failed""#));
    assert!(log.has(&["WARN", "send_queue_full"]));
}

#[tokio::test]
async fn who_asks_and_does_not_read_the_answers_is_cut_off_too() {
    let bounds = [("http.protocols", r#"["mqtt"]"#), ("signaling.frames_waiting_max", "100")];
    let server = Server::with(&bounds).await;
    let mut deaf = Mqtt::named(server.address, "eve").await;
    let pings = packet(0xc0, &[]).repeat(10_000);
    while deaf.try_send(&pings).await.is_ok() {}
    server.comes_to_peers(0).await;
}

#[tokio::test]
async fn a_flood_in_one_vocabulary_leaves_a_call_in_another_untouched() {
    let server = Server::with(&[("http.protocols", r#"["videocall", "mqtt"]"#)]).await;
    let mut a = Plain::caller(server.address, "call").await;
    let mut b = Plain::caller(server.address, "call").await;
    a.receive().await;
    b.receive().await;
    let (mut ann, mut bob) = bystanders(&server).await;
    for n in 0..3_000 {
        ann.publish("bob/incoming", &signal("offer", "ann")).await;
        ann.publish(&format!("nobody {n}/incoming"), &signal("offer", "ann")).await;
    }
    let mut alias = Mqtt::arrive(server.address, "ann").await;
    alias.register().await;
    a.send(&format!(r#"{{"type":"answer","to":"{}","answer":1}}"#, b.id)).await;
    assert_eq!(b.receive().await, format!(r#"{{"type":"answer","from":"{}","answer":1}}"#, a.id));
    assert_eq!([a.fence().await, b.fence().await].concat(), [""; 0]);
    assert_eq!(bob.fence().await.len(), 3_000);
}
