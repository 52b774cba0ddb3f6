//! Two to four nodes with a Redis: rooms, signals, seats and sessions are the same at all of them.
use serde_json::Value;

use super::redis::Redis;
use crate::harness::{By, EVERY_WAY, Peer, Server, field, soon};

pub(super) async fn nodes(redis: &Redis, n: u64, overrides: &[(&str, &str)]) -> Vec<Server> {
    let mut nodes = Vec::new();
    for _ in 0..n {
        nodes.push(redis.node(overrides).await);
    }
    for node in &nodes {
        node.comes_to_nodes(n).await;
    }
    nodes
}

/// A page of the web client: it can come back.
pub(super) struct Page {
    pub(super) peer: Peer,
    token: String,
    n_received: u64,
    n_sent: u64,
}

impl Page {
    pub(super) async fn at(node: &Server, by: By) -> Page {
        let peer = node.peer(by).await;
        let mut page = Page { peer, token: String::new(), n_received: 0, n_sent: 0 };
        page.hello("true").await;
        page
    }

    async fn hello(&mut self, resume: &str) -> Value {
        self.peer.emit(&format!(r#"["GET-ID",{{"requestId":"0","alerts":true,"resume":{resume}}}]"#)).await;
        let welcome: Value = serde_json::from_str(&self.peer.receive().await).unwrap();
        assert_eq!(welcome[0], "GET-ID", "{welcome}");
        self.peer.id = welcome[1]["userID"].as_str().unwrap().to_owned();
        self.token = welcome[1]["resume"]["token"].as_str().unwrap().to_owned();
        welcome[1].clone()
    }

    /// Comes back to a node. The answer.
    pub(super) async fn come_to(&mut self, node: &Server, by: By) -> Value {
        let id = self.peer.id.clone();
        self.peer = node.peer(by).await;
        let (token, received, sent) = (&self.token, self.n_received, self.n_sent);
        let answer = self.hello(&format!(r#"{{"token":"{token}","received":{received},"sent":{sent}}}"#)).await;
        assert_eq!(self.peer.id, id, "it is the same session: {answer}");
        answer
    }

    pub(super) async fn say(&mut self, text: &str) {
        self.n_sent += 1;
        self.peer.emit(text).await;
    }

    pub(super) async fn hear(&mut self) -> String {
        self.n_received += 1;
        self.peer.receive().await
    }

    pub(super) async fn create(&mut self, max: usize) -> String {
        let body = format!(r#"{{"requestId":"c","maxUsers":{max},"name":"n","password":"pw","type":0}}"#);
        self.say(&format!(r#"["CREATE-ROOM",{body}]"#)).await;
        field(&self.hear().await, "roomID")
    }

    pub(super) async fn join(&mut self, room: &str) -> String {
        self.say(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#)).await;
        self.hear().await
    }

    pub(super) async fn signal(&mut self, to: &str, room: &str, n: usize) {
        self.say(&crate::harness::peer::signal_text(to, room, &n.to_string())).await;
    }
}

pub(super) fn joined(id: &str, room: &str) -> String {
    format!(r#"["JOIN-ROOM",{{"from":{{"userID":"{id}","roomID":"{room}"}}}}]"#)
}

pub(super) fn left(id: &str, room: &str) -> String {
    format!(r#"["DISCONNECTEDUSER",{{"userID":"{id}","roomID":"{room}"}}]"#)
}

pub(super) fn signal(to: &str, room: &str, n: usize, from: &str) -> String {
    format!(r#"["SIGNAL",{{"target":"{to}","room":"{room}","signal":{n},"source":"{from}"}}]"#)
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn people_at_different_nodes_meet_and_part_however_they_connect() {
    let redis = Redis::start().await;
    let nodes = nodes(&redis, 3, &[("cluster.listen", "127.0.0.1:0")]).await;
    for by in EVERY_WAY {
        let (mut one, mut other) = (nodes[0].guest(by).await, nodes[1].guest(by).await);
        let room = one.create(0).await;
        other.join(&room).await;
        assert_eq!(one.receive().await, joined(&other.id, &room));
        for n in 0..20 {
            one.signal(&other, &room, &n.to_string()).await;
        }
        for n in 0..20 {
            assert_eq!(other.receive().await, signal(&other.id, &room, n, &one.id), "{by:?}");
        }
        let third = {
            let mut third = nodes[2].guest(by).await;
            third.join(&room).await;
            for peer in [&mut one, &mut other] {
                assert_eq!(peer.receive().await, joined(&third.id, &room));
            }
            let attachments = [vec![0, 1, 2], vec![255; 3_000]];
            let text = format!(
                r#"["SIGNAL",{{"target":"{}","room":"{room}","signal":[{{"_placeholder":true,"num":0}},{{"_placeholder":true,"num":1}}]}}]"#,
                one.id
            );
            third.emit_binary(&text, &attachments).await;
            assert_eq!(one.event().await.unwrap().attachments, attachments);
            let id = third.id.clone();
            third.leave().await;
            id
        };
        for peer in [&mut one, &mut other] {
            assert_eq!(peer.receive().await, left(&third, &room), "{by:?}");
        }
        one.leave().await;
        other.leave().await;
    }
    for node in &nodes {
        node.comes_to_peers(0).await;
    }
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn of_a_thousand_who_come_at_once_as_many_come_in_as_there_are_seats() {
    let redis = Redis::start().await;
    let nodes = nodes(&redis, 4, &[]).await;
    let mut host = Page::at(&nodes[0], By::Websocket).await;
    let room = host.create(5).await;
    let mut guests = Vec::new();
    for n in 0..1_000 {
        guests.push(nodes[n % 4].guest(By::Websocket).await);
    }
    for guest in &mut guests {
        guest.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#)).await;
    }
    let mut n_joined = 0;
    for guest in &mut guests {
        let mut answer = guest.receive().await;
        // Whoever is in hears of those who come after.
        while answer.starts_with(r#"["JOIN-ROOM",{"from""#) {
            answer = guest.receive().await;
        }
        if answer.starts_with(r#"["JOIN-ROOM",{"requestID":"j""#) {
            n_joined += 1;
        } else {
            assert_eq!(answer, r#"["TYPEERROR",{"type":2,"requestID":"j"}]"#);
        }
    }
    assert_eq!(n_joined, 4);
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn a_client_that_comes_back_to_another_node_has_its_seat_and_misses_nothing() {
    let redis = Redis::start().await;
    let nodes = nodes(&redis, 2, &[]).await;
    let (mut one, mut other) = (Page::at(&nodes[0], By::Websocket).await, Page::at(&nodes[0], By::Websocket).await);
    let room = one.create(2).await;
    other.join(&room).await;
    assert_eq!(one.hear().await, joined(&other.peer.id, &room));
    let ways = [(1, By::Websocket), (0, By::Polling), (1, By::Websocket), (0, By::Websocket)];
    for (n, (to, by)) in ways.into_iter().enumerate() {
        // What is sent while nobody has noticed that the connection is gone, and after.
        one.signal(&other.peer.id, &room, n).await;
        one.peer.fence().await;
        let answer = other.come_to(&nodes[to], by).await;
        assert_eq!(answer["resume"]["complete"], true, "{answer}");
        assert_eq!(answer["resume"]["rooms"][0]["members"].as_array().unwrap().len(), 2, "{answer}");
        assert_eq!(other.hear().await, signal(&other.peer.id, &room, n, &one.peer.id));
        other.signal(&one.peer.id, &room, n).await;
        assert_eq!(one.hear().await, signal(&one.peer.id, &room, n, &other.peer.id), "nobody was told anything else");
    }
    // The room is still full.
    let mut third = nodes[1].guest(By::Websocket).await;
    third.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#)).await;
    assert_eq!(third.receive().await, r#"["TYPEERROR",{"type":2,"requestID":"j"}]"#);
}

#[tokio::test]
#[ignore = "takes redis-server (Debian's package), which ./check installs"]
async fn what_is_wrong_is_refused_wherever_it_is_said() {
    let redis = Redis::start().await;
    let nodes = nodes(&redis, 2, &[]).await;
    let mut one = nodes[0].guest(By::Websocket).await;
    let room = one.create(1).await;
    let mut other = nodes[1].guest(By::Websocket).await;
    for (place, password, error) in [(&*room, "no", 1), ("nowhere", "pw", 3)] {
        let text = format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{place}","password":"{password}"}}]"#);
        other.emit(&text).await;
        assert_eq!(other.receive().await, format!(r#"["TYPEERROR",{{"type":{error},"requestID":"j"}}]"#));
    }
    other.join(&room).await;
    assert_eq!(one.receive().await, joined(&other.id, &room));
    // Only its host changes a star, wherever the others are.
    let update = r#""name":"new","password":"p2","maxUsers":3"#;
    other.emit(&format!(r#"["UPDATE-ROOM",{{"requestId":"u","room":"{room}",{update}}}]"#)).await;
    one.emit(&format!(r#"["UPDATE-ROOM",{{"requestId":"u","room":"{room}",{update}}}]"#)).await;
    assert!(one.receive().await.starts_with(r#"["UPDATE-ROOM",{"requestID":"u""#));
    other.fence().await;
    let mut third = nodes[1].guest(By::Websocket).await;
    third.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"p2"}}]"#)).await;
    assert!(third.receive().await.contains(r#""name":"new""#));
    // The host of an original star goes, and everybody with it.
    let host = one.id.clone();
    one.leave().await;
    for peer in [&mut other, &mut third] {
        let mut heard = soon("the end of the room", peer.receive()).await;
        if heard.contains(r#""from""#) {
            heard = peer.receive().await;
        }
        assert_eq!(heard, left(&host, &room));
    }
}
