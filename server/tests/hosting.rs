//! Stars that the server hosts, as clients see them that speak to it over sockets.
use serde_json::Value;

use crate::harness::{
    Server, field,
    peer::{By, Peer},
    settings,
    web::Web,
};

const ON: [(&str, &str); 2] = [("host.enabled", "true"), ("host.port", "0")];

fn create(beside: &str) -> String {
    format!(
        r#"["CREATE-ROOM",{{"requestId":"c","maxUsers":2,"name":"n","password":"pw","type":1,"host":"server"{beside}}}]"#
    )
}

/// The next of these that is a signal, as JSON: whose it is, and what it says.
async fn signal(peer: &mut Peer) -> (String, Value) {
    let text = peer.receive().await;
    let heard: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(heard[0], "SIGNAL", "{text}");
    (heard[1]["source"].as_str().unwrap().to_owned(), heard[1]["signal"].clone())
}

#[tokio::test]
async fn everybody_is_offered_a_connection_by_a_host_that_counts_for_nobody() {
    let server = Server::with(&ON).await;
    let mut ada = server.guest(By::Websocket).await;
    ada.emit(&create("")).await;
    let created = ada.receive().await;
    let (room, spec) = (field(&created, "roomID"), field(&created, "spec"));
    let expected = format!(
        r#"["CREATE-ROOM",{{"roomID":"{room}","requestID":"c","name":"n","maxUsers":2,"curUsers":1,"password":"pw","spec":"{spec}","host":"server"}}]"#
    );
    assert_eq!(created, expected);
    let (from, offer) = signal(&mut ada).await;
    assert_eq!((&from, &offer["type"]), (&spec, &Value::from("offer")), "who made it is a guest like all others");
    // An original page, and a poller.
    let mut ben = server.guest(By::Polling).await;
    ben.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#)).await;
    let joined = format!(
        r#"["JOIN-ROOM",{{"requestID":"j","name":"n","maxUsers":2,"curUsers":2,"type":1,"spec":"{spec}","host":"server"}}]"#
    );
    assert_eq!(ben.receive().await, joined);
    let (from, offer) = signal(&mut ben).await;
    assert_eq!((&from, &offer["type"]), (&spec, &Value::from("offer")));
    let mut third = server.guest(By::Websocket).await;
    third.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#)).await;
    assert_eq!(third.receive().await, r#"["TYPEERROR",{"type":2,"requestID":"j"}]"#, "two are two");
    // Nobody else hears of who leaves: that is the host's to say.
    ben.emit(&format!(r#"["DISCONNECTEDUSER","{room}"]"#)).await;
    third.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#)).await;
    assert_eq!(third.receive().await, joined);
    ada.hears_nothing().await;
    assert_eq!(server.count().await, (3, 1), "the host is no client");
}

#[tokio::test]
async fn pages_are_told_whether_it_hosts() {
    for (on, told) in [(&ON[..], r#"{"hosting":{"peersMax":20}}"#), (&[], r#"{"hosting":null}"#)] {
        let server = Server::with(on).await;
        let answer = Web::to(server.address).await.ask("GET", "/features", &[], b"").await;
        assert_eq!((answer.text(), answer.header("cache-control")), (told, "no-store"));
    }
}

#[tokio::test]
async fn whoever_asks_for_more_than_it_hosts_is_told_so() {
    let refused = r#"["TYPEERROR",{"type":15,"requestID":"c"}]"#;
    let off = Server::start().await;
    let mut ada = off.guest(By::Websocket).await;
    ada.emit(&create("")).await;
    assert_eq!(ada.receive().await, refused);
    let one = Server::with(&[&ON[..], &[("host.rooms_max", "1")]].concat()).await;
    let mut ada = one.guest(By::Websocket).await;
    ada.emit(&create("")).await;
    assert!(ada.receive().await.starts_with(r#"["CREATE-ROOM""#));
    let mut ben = one.guest(By::Websocket).await;
    ben.emit(&create("")).await;
    assert_eq!(ben.receive().await, refused);
}

#[tokio::test]
async fn one_that_everybody_has_left_opens_again_by_its_key() {
    let server = Server::with(&ON).await;
    let mut ada = server.guest(By::Websocket).await;
    ada.emit(&create(r#","key":"AAAAAAAAAAAAAAAAAAAAAA""#)).await;
    let room = field(&ada.receive().await, "roomID");
    signal(&mut ada).await;
    ada.emit(&format!(r#"["DISCONNECTEDUSER","{room}"]"#)).await;
    let join = format!(
        r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw","key":"AAAAAAAAAAAAAAAAAAAAAA","restore":{{"name":"n","maxUsers":2,"type":1,"host":"server"}}}}]"#
    );
    for server in [server, Server::with(&ON).await] {
        // At the same server, which knows the room, and at one that does not.
        let mut ben = server.guest(By::Websocket).await;
        ben.emit(&join).await;
        let joined = ben.receive().await;
        assert!(
            joined.contains(r#""curUsers":1,"type":1,"spec":""#) && joined.contains(r#""host":"server"}"#),
            "{joined}"
        );
        assert_eq!(signal(&mut ben).await.0, field(&joined, "spec"));
    }
}

#[tokio::test]
async fn a_restart_gives_it_another_host_and_keeps_its_people() {
    let folder = tempfile::tempdir().unwrap();
    let on = [&ON[..], &[("state.dir", folder.path().to_str().unwrap())]].concat();
    let mut before = Server::run(settings(&on, None)).await;
    let mut ada = before.peer(By::Websocket).await;
    ada.emit(r#"["GET-ID",{"requestId":"h","resume":true}]"#).await;
    let welcome = ada.receive().await;
    let (id, token) = (field(&welcome, "userID"), field(&welcome, "token"));
    ada.emit(&create(r#","key":"AAAAAAAAAAAAAAAAAAAAAA""#)).await;
    let old = field(&ada.receive().await, "spec");
    before.say_stop();
    before.ends().await;
    let after = Server::run(settings(&on, None)).await;
    let mut ada = after.peer(By::Websocket).await;
    ada.emit(&format!(r#"["GET-ID",{{"requestId":"h","resume":{{"token":"{token}","received":2,"sent":1}}}}]"#)).await;
    let resumed = ada.receive().await;
    let answer: Value = serde_json::from_str(&resumed).unwrap();
    let room = &answer[1]["resume"]["rooms"][0];
    assert_eq!(
        (&answer[1]["userID"], &room["host"], &room["members"][0]),
        (&id.clone().into(), &"server".into(), &id.into())
    );
    let (from, offer) = signal(&mut ada).await;
    assert_eq!((Value::from(from.clone()), &offer["type"]), (room["spec"].clone(), &Value::from("offer")), "{resumed}");
    assert_ne!(from, old);
}

#[tokio::test]
async fn a_cluster_hosts_none() {
    let both = [&ON[..], &[("cluster.redis", r#"["redis://127.0.0.1:1"]"#)]].concat();
    let error = p2pchat_server::app::check(&settings(&both, None)).await.unwrap_err().to_string();
    assert!(error.contains("host.enabled"), "{error}");
}
