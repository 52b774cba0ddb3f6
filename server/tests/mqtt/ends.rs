//! How connections end: by a word, without one, by silence, by the server.
use tokio_tungstenite::tungstenite::Message;

use super::{server, signal};
use crate::harness::{
    Server, log,
    mqtt::{Mqtt, connect, packet},
    plain::Plain,
};
use futures_util::SinkExt as _;

/// The next that it hears is that there is nobody of this name.
async fn misses(who: &mut Mqtt, name: &str) {
    who.publish(&format!("{name}/incoming"), &signal("candidate", "ann")).await;
    let heard = who.hear_payload().await;
    assert!(
        heard.starts_with(&format!(r#"{{"type":"delivery-failed","target":"{name}","reason":"user-offline""#)),
        "{heard}"
    );
}

#[tokio::test]
async fn who_says_goodbye_is_gone_at_once() {
    let server = server().await;
    let (mut ann, mut bob) = (Mqtt::named(server.address, "ann").await, Mqtt::named(server.address, "bob").await);
    bob.send(&packet(0xe0, &[])).await;
    assert_eq!(bob.try_hear().await, Err(1000));
    misses(&mut ann, "bob").await;
}

#[tokio::test]
async fn who_closes_or_vanishes_is_gone() {
    let server = server().await;
    let mut ann = Mqtt::named(server.address, "ann").await;
    let mut bob = Mqtt::named(server.address, "bob").await;
    bob.socket.send(Message::Close(None)).await.unwrap();
    assert_eq!(bob.try_hear().await, Err(1005));
    misses(&mut ann, "bob").await;
    let cat = Mqtt::named(server.address, "cat").await;
    cat.socket.get_ref().set_zero_linger().unwrap();
    drop(cat);
    server.comes_to_peers(1).await;
    misses(&mut ann, "cat").await;
}

#[tokio::test]
async fn silence_is_measured_by_what_was_promised() {
    let log = log::collect();
    let server = server().await;
    let mut ann = Mqtt::open(server.address).await;
    ann.send(&connect(4, "ann", 1)).await;
    ann.receive().await;
    // It goes on answering the websocket's own pings.
    assert_eq!(ann.try_hear().await, Err(1002));
    assert!(log.has(&["INFO", "keep_alive_timeout"]));
    server.comes_to_peers(0).await;
}

#[tokio::test]
async fn who_does_not_answer_pings_is_gone_whatever_it_promised() {
    let quick = [
        ("http.protocols", r#"["mqtt"]"#),
        ("signaling.quick_ping_interval_ms", "300"),
        ("signaling.quick_ping_timeout_ms", "300"),
    ];
    let server = Server::with(&quick).await;
    let _silent = Mqtt::named(server.address, "ann").await;
    server.comes_to_peers(1).await;
    server.comes_to_peers(0).await;
}

#[tokio::test]
async fn when_the_server_stops_it_says_so() {
    let mut server = server().await;
    let mut ann = Mqtt::named(server.address, "ann").await;
    server.say_stop();
    assert_eq!(ann.try_hear().await, Err(1001));
}

#[tokio::test]
async fn the_first_name_offered_that_is_known_is_taken() {
    let server = server().await;
    for (offered, taken) in [("mqtt", "mqtt"), ("mqttv3.1, mqtt", "mqttv3.1"), ("chat, mqtt", "mqtt")] {
        let client = Mqtt::offering(server.address, offered, None).await.unwrap();
        assert_eq!(client.protocol, taken);
    }
    assert_eq!(Mqtt::offering(server.address, "chat", None).await.err(), Some(404));
    assert_eq!(Plain::connect_from(server.address, None).await.err(), Some(404));
}

#[tokio::test]
async fn a_listener_may_speak_other_vocabularies_beside_it() {
    let server = Server::with(&[("http.protocols", r#"["videocall", "mqtt"]"#)]).await;
    let mut caller = Plain::caller(server.address, "ann").await;
    let mut ann = Mqtt::named(server.address, "ann").await;
    assert_eq!((caller.fence().await.len(), ann.fence().await.len()), (0, 0));
    server.comes_to((2, 1)).await;
}

#[tokio::test]
async fn only_pages_of_the_origins_allowed_may_connect() {
    let mqtt = ("http.protocols", r#"["mqtt"]"#);
    let server = Server::with(&[mqtt, ("http.origins", r#"["same", "http://localhost:5173"]"#)]).await;
    let own = format!("http://{}", server.address);
    for (origin, expected) in
        [(&*own, None), ("http://localhost:5173", None), ("https://evil.example", Some(403)), ("null", Some(403))]
    {
        assert_eq!(Mqtt::offering(server.address, "mqtt", Some(origin)).await.err(), expected, "{origin}");
    }
}
