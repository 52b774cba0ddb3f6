//! A peer's id is public, and opens nothing.
use crate::harness::{EVERY_WAY, PATH, Server, exchange, peer::websocket, web::Web};

#[tokio::test]
async fn a_peers_id_is_not_the_transports_and_the_transports_is_told_to_nobody() {
    for by in EVERY_WAY {
        let server = Server::start().await;
        let (mut one, mut other, room) = server.pair(by).await;
        for peer in [&one, &other] {
            assert_ne!(peer.id, peer.sid);
            for told in [&peer.open, &peer.connected] {
                assert!(!told.contains(&peer.id), "{told}");
            }
        }
        // All that others hear of a peer: joins, signals, the host of a star, leaves.
        let star = one.create(1).await;
        other.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{star}","password":"pw"}}]"#)).await;
        let mut heard = vec![other.receive().await, one.receive().await];
        one.signal(&other, &room, "1").await;
        heard.push(other.receive().await);
        one.emit(&format!(r#"["DISCONNECTEDUSER","{star}"]"#)).await;
        heard.push(other.receive().await);
        let (id, sid) = (one.id.clone(), one.sid.clone());
        one.leave().await;
        heard.push(other.receive().await);
        assert!(heard.iter().filter(|it| it.contains(&id)).count() >= 4, "{heard:?}");
        assert!(!heard.iter().any(|it| it.contains(&sid)), "{heard:?}");
    }
}

#[tokio::test]
async fn a_peers_id_opens_nothing() {
    for by in EVERY_WAY {
        let server = Server::start().await;
        let (mut one, mut other, room) = server.pair(by).await;
        let cut = one.id[..20].to_owned();
        for id in [one.id.clone(), one.id.to_uppercase(), cut, room.clone()] {
            let rejection = websocket(server.address, Some(&id)).await.unwrap_err();
            assert_eq!(rejection, (400, r#"{"code":1,"message":"Session ID unknown"}"#.to_owned()));
            let said = format!(r#"42["DISCONNECTEDUSER","{room}"]"#);
            for (method, body) in [("GET", ""), ("POST", &*said), ("POST", "1"), ("POST", "41")] {
                let target = format!("{PATH}?EIO=4&transport=polling&sid={id}");
                let answer = Web::to(server.address).await.ask(method, &target, &[], body.as_bytes()).await;
                assert_eq!((answer.status, answer.text()), (400, r#"{"code":1,"message":"Session ID unknown"}"#));
            }
        }
        one.hears_nothing().await;
        other.hears_nothing().await;
        exchange(&mut one, &mut other, &room).await;
    }
}

#[tokio::test]
async fn every_id_is_another() {
    let server = Server::start().await;
    let mut ids = std::collections::BTreeSet::new();
    let mut peers = Vec::new();
    for by in EVERY_WAY.into_iter().cycle().take(60) {
        let peer = server.guest(by).await;
        assert!(ids.insert(peer.id.clone()) && ids.insert(peer.sid.clone()));
        peers.push(peer);
    }
    assert_eq!(server.count().await, (60, 0));
}
