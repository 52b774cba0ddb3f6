//! Clients that poll, whose requests reach both nodes in turn.
use hyper_util::rt::{TokioExecutor, TokioIo};
use p2pchat_server::app::{App, Given};
use std::sync::Arc;
use tokio::net::TcpStream;

use super::*;
use crate::harness::{By, PATH, Peer, exchange, field, peer::signal_text, soon};

#[tokio::test]
async fn every_session_id_bears_the_mark_of_its_node_where_there_are_several() {
    let (cluster, alone) = (Cluster::start().await, Server::start().await);
    for by in [By::Polling, By::Websocket] {
        for (server, mark) in [(&cluster.a, "a1."), (&cluster.b, "b2.")] {
            let open = Peer::open(server.address, by).await.open;
            let sid = field(&open, "sid");
            let own = Peer::open(alone.address, by).await;
            assert!(!own.sid.contains('.'), "{}", own.sid);
            assert_eq!(open.replace(&sid, &own.sid), own.open, "nothing else is another");
            assert_eq!(sid.strip_prefix(mark).map(str::len), Some(own.sid.len()), "{sid}");
        }
    }
}

#[tokio::test]
async fn a_client_whose_requests_go_to_both_nodes_in_turn_is_served_as_by_one() {
    let cluster = Cluster::start().await;
    let alone = Server::start().await;
    let (mut told, mut expected) = (Vec::new(), Vec::new());
    for (nodes, heard) in [(cluster.both(), &mut told), ([alone.address; 2], &mut expected)] {
        let (mut ann, mut bob) = (Peer::spread(&nodes, PATH).await, Peer::spread(&nodes, PATH).await);
        ann.hello().await;
        bob.hello().await;
        let room = ann.create(0).await;
        bob.join(&room).await;
        ann.receive().await;
        exchange(&mut ann, &mut bob, &room).await;
        for n in 0..20 {
            ann.signal(&bob, &room, &n.to_string()).await;
        }
        bob.emit(&format!(r#"["DISCONNECTEDUSER","{room}"]"#)).await;
        let heard_by_bob = bob.fence().await.into_iter().map(|it| it.text);
        let names = [(&ann.id, "ann"), (&bob.id, "bob"), (&room, "room")];
        let plain = |text: String| names.iter().fold(text, |text, (id, name)| text.replace(&***id, name));
        heard.extend(heard_by_bob.map(plain));
        ann.leave().await;
        bob.leave().await;
    }
    assert_eq!(told, expected);
    assert_eq!(told.len(), 20);
    assert!(n_received(&cluster.a).await > 20.0);
    assert_eq!(n_received(&cluster.a).await, n_forwarded(&cluster.b, "answered").await);
    assert_eq!(n_received(&cluster.b).await, 0.0);
    cluster.a.comes_to((0, 0)).await;
}

#[tokio::test]
async fn sessions_begin_at_either_node_and_clients_of_both_find_theirs() {
    let cluster = Cluster::start().await;
    let [a, b] = cluster.both();
    let (mut ann, mut bob) = (Peer::spread(&[a, b], PATH).await, Peer::spread(&[b, a], PATH).await);
    ann.hello().await;
    bob.hello().await;
    assert_eq!((cluster.a.count().await, cluster.b.count().await), ((1, 0), (1, 0)));
    ann.hears_nothing().await;
    bob.hears_nothing().await;
    assert!(n_received(&cluster.a).await > 0.0 && n_received(&cluster.b).await > 0.0);
}

#[tokio::test]
async fn attachments_come_through_whole_and_a_message_that_is_too_long_ends_its_session() {
    let cluster = Cluster::with(&[("signaling.message_bytes_max", "2000000")]).await;
    let mut nodes = cluster.both();
    let (mut ann, mut bob) = (Peer::spread(&nodes, PATH).await, Peer::spread(&nodes, PATH).await);
    ann.hello().await;
    bob.hello().await;
    let room = ann.create(0).await;
    bob.join(&room).await;
    ann.receive().await;
    let attachment: Vec<u8> = (0..1_200_000_u32).map(|it| it.to_le_bytes()[it as usize % 3]).collect();
    let text = r#"{"_placeholder":true,"num":0}"#;
    for _ in 0..2 {
        ann.emit_binary(&signal_text(&bob.id, &room, text), std::slice::from_ref(&attachment)).await;
        let heard = bob.event().await.unwrap();
        assert!(heard.attachments == [attachment.clone()], "{}", heard.text);
        // The other way round, so that a node forwards what the other has answered.
        std::mem::swap(&mut ann, &mut bob);
    }
    // What is longer than any message is refused, however it comes, before anybody has it.
    for _ in 0..2 {
        nodes.reverse();
        let target = format!("{POLLING}&sid={}", session_at(cluster.a.address).await);
        let mut web = Web::to(nodes[0]).await;
        let status = web.ask("POST", &target, &[], &vec![b'4'; 2_000_001]).await.status;
        // The session's node does not read it to its end, so that the connection between the nodes may break first.
        let is_refused = status == 413 || status == 502 && nodes[0] == cluster.b.address;
        assert!(is_refused, "{status}");
        let after = ask(nodes[1], &target, &[]).await;
        assert_eq!((after.status, after.text()), (400, UNKNOWN_SESSION));
    }
}

#[tokio::test]
async fn a_session_is_found_at_whatever_listener_and_below_whatever_path_it_is() {
    let listeners = r#"[{ port = 0, address = "127.0.0.1", protocols = ["p2pchat"] }]"#;
    let overrides = [("http.listeners", listeners), ("http.base_path", "/chat/"), ("cluster.listen", "127.0.0.1:0")];
    let addresses = Addresses::default();
    let told = Told { mark: "b2", secret: Some(SECRET), addresses: addresses.clone() };
    let app = App::bind_with(settings(&overrides, None), Given { nodes: Some(Arc::new(told)), ..Given::default() });
    let app = app.await.unwrap();
    let further = app.further_addresses().unwrap()[0];
    let b = Server::of(app);
    addresses.lock().unwrap().insert("b2".to_owned(), b.cluster.unwrap().to_string());
    let a = node("a1", Some(SECRET), &addresses, &overrides[1..2]).await;
    for (first, path) in [(further, PATH), (b.address, "/chat/api/signaling/")] {
        let mut peer = Peer::spread(&[first, a.address, a.address], path).await;
        // The next one is at its own listener again.
        peer.hello().await;
        peer.hears_nothing().await;
        peer.hears_nothing().await;
    }
    assert!(n_received(&a).await < 1.0 && n_forwarded(&a, "answered").await > 3.0);
}

#[tokio::test]
async fn pages_of_other_origins_are_admitted_and_refused_by_the_node_that_they_ask() {
    let cluster = Cluster::start().await;
    let target = format!("{POLLING}&sid={}", session_at(cluster.a.address).await);
    let neighbour = [("origin", "http://127.0.0.1:1")];
    let answer = ask(cluster.b.address, &target, &neighbour).await;
    assert_eq!((answer.status, answer.text()), (200, "2"));
    assert_eq!(answer.header("access-control-allow-origin"), "http://127.0.0.1:1");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(ask(cluster.b.address, &target, &[("origin", "https://evil.example")]).await.status, 403);
    assert_eq!(n_received(&cluster.a).await, 1.0);
}

#[tokio::test]
async fn what_comes_over_http2_goes_on_over_http1() {
    let cluster = Cluster::start().await;
    let sid = session_at(cluster.a.address).await;
    let stream = TcpStream::connect(cluster.b.address).await.unwrap();
    let (mut http, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for (method, status) in [("POST", 200), ("GET", 200), ("DELETE", 400)] {
        let uri = format!("http://{}{POLLING}&sid={sid}", cluster.b.address);
        let body = axum::body::Body::from(if method == "POST" { "40" } else { "" });
        let request = hyper::Request::builder().method(method).uri(uri).body(body).unwrap();
        let answer = soon("an answer", http.send_request(request)).await.unwrap();
        assert_eq!(answer.status(), status, "{method}");
    }
    assert_eq!(n_received(&cluster.a).await, 3.0);
}
