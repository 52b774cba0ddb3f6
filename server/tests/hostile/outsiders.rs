//! Somebody who knows everything that can be known of a room without being in it, or no more: its id, and its people's. Nobody
//! is host, owner or member by saying so.
use serde_json::{Value, json};

use super::Scene;
use crate::harness::{By, EVERY_WAY, Peer, Server, peer::Packet};

/// Asks, and hears an error of this type.
async fn is_refused(peer: &mut Peer, event: &str, mut fields: Value, kind: u8) {
    fields["requestId"] = "x".into();
    peer.emit(&json!([event, fields]).to_string()).await;
    assert_eq!(peer.receive().await, format!(r#"["TYPEERROR",{{"type":{kind},"requestID":"x"}}]"#), "{event} {fields}");
}

/// Everything that only members may do, and what only hosts and owners may.
async fn tries_everything(attacker: &mut Peer, room: &str, people: [&str; 2]) {
    for target in people {
        attacker
            .emit(&json!(["SIGNAL", { "target": target, "room": room, "signal": { "type": "offer" } }]).to_string())
            .await;
        let forged = json!({ "target": target, "room": room, "signal": {}, "source": people[0] });
        attacker.emit(&json!(["SIGNAL", forged]).to_string()).await;
    }
    attacker.emit(&json!(["DISCONNECTEDUSER", room]).to_string()).await;
    attacker.emit(&json!(["DISCONNECTEDUSER", { "room": room, "userID": people[0] }]).to_string()).await;
    let settings = json!({ "room": room, "maxUsers": 1, "name": "mine", "password": "mine" });
    is_refused(attacker, "UPDATE-ROOM", settings, 4).await;
    let act = json!({ "room": room, "number": 9_007_199_254_740_991_u64, "type": "end" }).to_string();
    for key in [people[0].to_owned(), "A".repeat(87)] {
        is_refused(attacker, "OWNER-ACT", json!({ "act": act, "key": key, "signature": "A".repeat(86) }), 4).await;
    }
    is_refused(attacker, "JOIN-ROOM", json!({ "room": room, "password": "guess" }), 1).await;
    is_refused(attacker, "JOIN-ROOM", json!({ "room": room }), 1).await;
}

#[tokio::test]
async fn whoever_is_not_in_a_room_does_nothing_there_and_hears_nothing_of_it() {
    for by in EVERY_WAY {
        let mut scene = Scene::begin(by).await;
        let mut attacker = scene.attacker(by).await;
        let (one, other, room) = (scene.one.id.clone(), scene.other.id.clone(), scene.room.clone());
        tries_everything(&mut attacker, &room, [&one, &other]).await;
        // In a room of its own it reaches nobody in another.
        let own = attacker.create(0).await;
        attacker.emit(&json!(["SIGNAL", { "target": one, "room": own, "signal": {} }]).to_string()).await;
        // Nor does whoever was there.
        attacker.emit(&json!(["JOIN-ROOM", { "requestId": "j", "room": room, "password": "pw" }]).to_string()).await;
        assert!(attacker.receive().await.starts_with(r#"["JOIN-ROOM",{"requestID""#));
        for peer in [&mut scene.one, &mut scene.other] {
            assert!(peer.receive().await.contains(&attacker.id));
        }
        attacker.emit(&json!(["DISCONNECTEDUSER", room]).to_string()).await;
        let id = attacker.id.clone();
        scene.hear_of_the_end_of(&id).await;
        tries_everything(&mut attacker, &room, [&one, &other]).await;
        scene.one.signal(&attacker, &room, "{}").await;
        attacker.hears_nothing().await;
        let _ = attacker.send_all(&[Packet::Text("1".to_owned())]).await;
        scene.stands(&format!("an outsider by {by:?}")).await;
    }
}

#[tokio::test]
async fn a_guest_is_no_host_by_saying_so_and_a_second_room_hears_nothing_of_it() {
    let mut scene = Scene::begin(By::Websocket).await;
    let mut host = scene.server.guest(By::Websocket).await;
    let star = host.create(1).await;
    let mut guest = scene.attacker(By::Websocket).await;
    guest.join(&star).await;
    assert!(host.receive().await.contains(&guest.id));
    is_refused(&mut guest, "UPDATE-ROOM", json!({ "room": star, "maxUsers": 1, "name": "", "password": "" }), 4).await;
    for owner in ["", "guess", &guest.id.clone(), &host.id.clone()] {
        is_refused(&mut guest, "TAKE-HOST", json!({ "room": star, "owner": owner }), 4).await;
    }
    let act = json!({ "room": star, "number": 9_007_199_254_740_991_u64, "type": "host" }).to_string();
    is_refused(&mut guest, "OWNER-ACT", json!({ "act": act, "key": "A".repeat(87), "signature": "A".repeat(86) }), 4)
        .await;
    host.hears_nothing().await;
    guest.close(None).await;
    assert!(host.receive().await.starts_with(r#"["DISCONNECTEDUSER""#));
    host.close(None).await;
    scene.stands("a guest that would be host").await;
}

#[tokio::test]
async fn there_are_no_default_credentials() {
    // Empty ones are none: they let nobody do anything.
    let server = Server::with(&[
        ("access.create", "invited"),
        ("access.join", "invited"),
        ("access.password", "a long password"),
    ])
    .await;
    let mut peer = server.guest(By::Websocket).await;
    let room = json!({ "maxUsers": 5, "name": "n", "password": "", "type": 0 });
    for (access, kind) in [
        (json!({}), 10),
        (json!({ "password": "" }), 13),
        (json!({ "password": "admin" }), 13),
        (json!({ "token": "" }), 10),
        (json!({ "token": "eyJhbGciOiJub25lIn0.eyJyaWdodHMiOlsiY3JlYXRlIl0sImV4cCI6OTk5OTk5OTk5OX0." }), 10),
    ] {
        let mut fields = room.clone();
        fields["access"] = access;
        is_refused(&mut peer, "CREATE-ROOM", fields, kind).await;
    }
    assert_eq!(server.count().await.1, 0);
    let config = crate::harness::settings(&[], None);
    let toml = config.to_toml();
    for secret in ["password", "secret", "token", "username"] {
        assert!(toml.lines().any(|it| it == format!("{secret} = \"\"")), "{secret}");
    }
    assert!(!toml.contains("(hidden)"), "{toml}");
}
