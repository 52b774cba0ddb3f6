//! Requests that no client makes: polls that cross, upgrades that fail, sessions used on the wrong transport.
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;

use super::Scene;
use crate::harness::{
    By, PATH, Peer,
    peer::{Packet, websocket},
    soon,
    web::{Answer, Web},
};

fn refused(answer: &Answer, code: u8) -> bool {
    answer.status == 400 && answer.text().starts_with(&format!(r#"{{"code":{code},"message":""#))
}

async fn close(mut peer: Peer) {
    let _ = peer.send_all(&[Packet::Text("1".to_owned())]).await;
}

#[tokio::test]
async fn two_polls_at_once_end_their_session_alone() {
    let mut scene = Scene::begin(By::Polling).await;
    let mut mate = scene.room_mate(By::Polling).await;
    // What is queued is taken, so that a poll waits.
    mate.hears_nothing().await;
    let (mut first, mut second) = (Web::to(scene.server.address).await, Web::to(scene.server.address).await);
    first.send("GET", mate.target(), &[], b"").await;
    second.send("GET", mate.target(), &[], b"").await;
    let answers = [first.answer("GET").await.unwrap(), second.answer("GET").await.unwrap()];
    assert!(answers.iter().any(|it| it.status == 400), "{answers:?}");
    mate.ends().await;
    let id = mate.id.clone();
    scene.hear_of_the_end_of(&id).await;
    scene.stands("two polls").await;
}

#[tokio::test]
async fn a_session_that_is_none_is_refused() {
    let mut scene = Scene::begin(By::Websocket).await;
    for sid in ["unknown", "AAAAAAAAAAAAAAAA", "", "%00", "../x", &"A".repeat(5_000)] {
        let rejection = websocket(scene.server.address, Some(sid)).await.unwrap_err();
        assert_eq!(rejection, (400, r#"{"code":1,"message":"Session ID unknown"}"#.to_owned()), "{sid}");
        for (method, body) in [("GET", ""), ("POST", "42[]"), ("POST", "1")] {
            let target = format!("{PATH}?EIO=4&transport=polling&sid={sid}");
            let answer = Web::to(scene.server.address).await.ask(method, &target, &[], body.as_bytes()).await;
            assert!(refused(&answer, 1), "{method} {sid}: {answer:?}");
        }
    }
    scene.stands("unknown sessions").await;
}

#[tokio::test]
async fn a_second_upgrade_is_refused_and_the_first_stays() {
    let mut scene = Scene::begin(By::Upgrade).await;
    let mut mate = scene.room_mate(By::Upgrade).await;
    assert_eq!(websocket(scene.server.address, Some(&mate.sid)).await.unwrap_err().0, 400);
    mate.hears_nothing().await;

    // While the first is under way: the one that says something first is the one.
    let mut peer = Peer::connect(scene.server.address, By::Polling).await;
    let (mut first, mut second) = (
        websocket(scene.server.address, Some(&peer.sid)).await.unwrap(),
        websocket(scene.server.address, Some(&peer.sid)).await.unwrap(),
    );
    second.send(Message::text("2probe")).await.unwrap();
    assert_eq!(soon("3probe", second.next()).await.unwrap().unwrap(), Message::text("3probe"));
    assert_eq!(websocket(scene.server.address, Some(&peer.sid)).await.unwrap_err().0, 400);
    let _ = first.send(Message::text("2probe")).await;
    assert!(!matches!(soon("the end", first.next()).await, Some(Ok(Message::Text(_)))));
    drop(second);
    peer.ends().await;

    let id = mate.id.clone();
    mate.leave().await;
    scene.hear_of_the_end_of(&id).await;
    scene.stands("second upgrades").await;
}

#[tokio::test]
async fn an_upgrade_that_fails_ends_its_session_and_tells_its_room() {
    let mut scene = Scene::begin(By::Upgrade).await;
    for said in
        [&["2probe"][..], &["2probe", "x"], &["5"], &["x"], &["4"], &["2probe", "42[]"], &["2probe", "2"], &["1"]]
    {
        let mate = scene.room_mate(By::Polling).await;
        let mut socket = websocket(scene.server.address, Some(&mate.sid)).await.unwrap();
        for packet in said {
            socket.send(Message::text(*packet)).await.unwrap();
        }
        drop(socket);
        let id = mate.id.clone();
        scene.hear_of_the_end_of(&id).await;
        scene.stands(&format!("an upgrade that says {said:?}")).await;
    }
}

#[tokio::test]
async fn a_websocket_that_carries_nothing_leaves_its_session_polling() {
    let mut scene = Scene::begin(By::Polling).await;
    let mut mate = scene.room_mate(By::Polling).await;
    let idle = websocket(scene.server.address, Some(&mate.sid)).await.unwrap();
    drop(websocket(scene.server.address, Some(&mate.sid)).await.unwrap());
    crate::harness::exchange(&mut mate, &mut scene.one, &scene.room).await;
    let id = mate.id.clone();
    mate.leave().await;
    scene.hear_of_the_end_of(&id).await;
    drop(idle);
    scene.stands("websockets that carry nothing").await;
}

#[tokio::test]
async fn polling_a_websocket_session_is_refused_and_harms_it_not() {
    let mut scene = Scene::begin(By::Websocket).await;
    for by in [By::Websocket, By::Upgrade] {
        let mut mate = scene.room_mate(by).await;
        for (method, body) in [("GET", ""), ("POST", "42[]"), ("POST", "1"), ("POST", "41")] {
            let target = format!("{PATH}?EIO=4&transport=polling&sid={}", mate.sid);
            let answer = Web::to(scene.server.address).await.ask(method, &target, &[], body.as_bytes()).await;
            assert_eq!(answer.status, 400, "{by:?}: {method} {body}: {answer:?}");
            mate.hears_nothing().await;
        }
        let id = mate.id.clone();
        mate.leave().await;
        scene.hear_of_the_end_of(&id).await;
    }
    scene.stands("polling a websocket").await;
}

#[tokio::test]
async fn other_methods_are_refused_and_harm_no_session() {
    let mut scene = Scene::begin(By::Polling).await;
    let mut peer = scene.attacker(By::Polling).await;
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "FOO"] {
        for target in [peer.target().to_owned(), format!("{PATH}?EIO=4&transport=websocket&sid={}", peer.sid)] {
            let answer = Web::to(scene.server.address).await.ask(method, &target, &[], b"1").await;
            assert!((400..=405).contains(&answer.status), "{method}: {answer:?}");
            peer.hears_nothing().await;
        }
    }
    close(peer).await;
    scene.stands("other methods").await;
}

#[tokio::test]
async fn half_closed_and_broken_connections_leave_nobody_behind() {
    let mut scene = Scene::begin(By::Websocket).await;
    // A websocket that says nothing more, and one that breaks.
    for is_reset in [false, true] {
        let mut mate = scene.room_mate(By::Websocket).await;
        let id = mate.id.clone();
        if is_reset {
            mate.reset().unwrap();
        } else {
            mate.stream().shutdown().await.unwrap();
        }
        scene.hear_of_the_end_of(&id).await;
    }
    // Bodies that never come whole, and requests that end in the middle.
    let peer = scene.attacker(By::Polling).await;
    let halves = [
        format!("POST {} HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n42[\"GET", peer.target()),
        format!("POST {} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffffff\r\n42[", peer.target()),
        format!("POST {} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", peer.target()),
        format!("POST {} HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", peer.target()),
        format!("GET {} HTTP/1.1\r\nho", peer.target()),
        format!("GET {PATH}?EIO=4&transport=websocket HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n"),
        "\0\u{1}\u{2}".to_owned(),
        "\r\n\r\n\r\n".to_owned(),
        "GET".to_owned(),
    ];
    for half in halves {
        let mut web = Web::to(scene.server.address).await;
        web.stream.write_all(half.as_bytes()).await.unwrap();
        web.stream.shutdown().await.unwrap();
        // Closed, or refused and closed.
        while web.answer("GET").await.is_some() {}
    }
    close(peer).await;
    scene.stands("halves").await;
}

#[tokio::test]
async fn an_upgrade_request_without_what_it_needs_is_refused() {
    let mut scene = Scene::begin(By::Websocket).await;
    let whole = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for missing in ["connection", "upgrade", "sec-websocket-version", "sec-websocket-key"] {
        let headers: Vec<_> = whole.into_iter().filter(|it| it.0 != missing).collect();
        let target = format!("{PATH}?EIO=4&transport=websocket");
        let answer = Web::to(scene.server.address).await.ask("GET", &target, &headers, b"").await;
        assert!(refused(&answer, 3), "without {missing}: {answer:?}");
    }
    for (name, wrong) in [("connection", "keep-alive"), ("upgrade", "h2c"), ("sec-websocket-version", "8")] {
        let headers = whole.map(|it| if it.0 == name { (name, wrong) } else { it });
        let target = format!("{PATH}?EIO=4&transport=websocket");
        let answer = Web::to(scene.server.address).await.ask("GET", &target, &headers, b"").await;
        assert!(refused(&answer, 3), "{name}: {wrong}: {answer:?}");
    }
    let headers = whole.map(|it| if it.0 == "connection" { ("connection", "keep-alive, uPGRADE") } else { it });
    let answer = Web::to(scene.server.address)
        .await
        .ask("GET", &format!("{PATH}?transport=websocket&EIO=4"), &headers, b"")
        .await;
    assert_eq!(answer.status, 101, "as Firefox asks");
    scene.stands("half upgrade requests").await;
}

#[tokio::test]
async fn sessions_that_are_opened_and_closed_leave_nothing() {
    let mut scene = Scene::begin(By::Websocket).await;
    for _ in 0..50 {
        close(Peer::open(scene.server.address, By::Polling).await).await;
        close(Peer::connect(scene.server.address, By::Polling).await).await;
        drop(Peer::open(scene.server.address, By::Websocket).await);
        drop(Peer::connect(scene.server.address, By::Upgrade).await);
    }
    scene.stands("many short sessions").await;
}
