//! Coming back over real sockets, however a page connects.
use futures_util::future::join_all;

use crate::harness::{By, EVERY_WAY, Peer, Server, exchange, field};

/// Says GET-ID as the web client does. The answer.
async fn hello(peer: &mut Peer, resume: &str) -> String {
    peer.emit(&format!(r#"["GET-ID",{{"requestId":"h","resume":{resume}}}]"#)).await;
    let answer = peer.receive().await;
    peer.id = field(&answer, "userID");
    answer
}

async fn resume(server: &Server, by: By, token: &str, received: u64) -> (Peer, String) {
    let mut peer = server.peer(by).await;
    let answer = hello(&mut peer, &format!(r#"{{"token":"{token}","received":{received},"sent":0}}"#)).await;
    assert!(answer.contains(r#""complete":true"#), "{answer}");
    let token = field(&answer, "token");
    (peer, token)
}

#[tokio::test]
async fn a_page_comes_back_by_any_transport_whether_its_end_was_noticed_or_not() {
    for by in EVERY_WAY {
        for is_noticed in [true, false] {
            let server = Server::start().await;
            let mut other = server.guest(By::Websocket).await;
            let room = other.create(0).await;
            let mut page = server.peer(by).await;
            let token = field(&hello(&mut page, "true").await, "token");
            page.join(&room).await;
            other.receive().await;
            let id = page.id.clone();
            let before = if is_noticed {
                page.leave().await;
                None
            } else {
                Some(page)
            };
            other.emit(&crate::harness::peer::signal_text(&id, &room, "7")).await;
            other.hears_nothing().await;
            // It has received the answer to JOIN-ROOM.
            let (mut page, token) = resume(&server, by, &token, 1).await;
            assert_eq!(page.id, id, "{by:?} {is_noticed}");
            assert!(page.receive().await.contains(r#""signal":7"#));
            exchange(&mut page, &mut other, &room).await;
            if let Some(mut before) = before {
                // Its poll or its websocket ends.
                before.ends().await;
            }
            // And once more, by another transport.
            page.leave().await;
            let (mut page, _) = resume(&server, By::Upgrade, &token, 3).await;
            exchange(&mut page, &mut other, &room).await;
            assert_eq!(server.count().await, (2, 1));
            page.emit(r#"["CLOSING"]"#).await;
            page.ends().await;
            other.hears_nothing().await;
        }
    }
}

#[tokio::test]
async fn a_whole_room_comes_back_at_once() {
    let server = Server::start().await;
    let mut pages = Vec::new();
    let mut room = String::new();
    for n in 0..12 {
        let mut page = server.peer(EVERY_WAY[n % 3]).await;
        let token = field(&hello(&mut page, "true").await, "token");
        if n == 0 {
            room = page.create(0).await;
        } else {
            page.join(&room).await;
        }
        pages.push((page, token));
    }
    let tokens: Vec<_> = pages.iter().map(|it| (it.0.id.clone(), it.1.clone())).collect();
    for (page, _) in pages {
        page.leave().await;
    }
    let back = join_all(tokens.iter().map(async |(id, token)| {
        let mut page = server.peer(By::Websocket).await;
        let answer = hello(&mut page, &format!(r#"{{"token":"{token}","received":1}}"#)).await;
        assert_eq!((&page.id, answer.matches(r#""roomID""#).count()), (id, 1));
        page
    }));
    let mut back = back.await;
    let mut last = back.pop().unwrap();
    // What each missed of those who came after it.
    for (n, page) in back.iter_mut().enumerate() {
        let missed = page.fence().await.len();
        assert_eq!(missed, 11 - n, "of {n}");
    }
    exchange(&mut last, &mut back[0], &room).await;
    assert_eq!(server.count().await, (12, 1));
}

#[tokio::test]
async fn a_page_whose_browser_says_that_it_goes_has_left_when_it_is_not_loaded_again() {
    let server = Server::with(&[("sessions.grace_s", "600"), ("sessions.reload_grace_s", "1")]).await;
    let mut other = server.peer(By::Websocket).await;
    hello(&mut other, "true").await;
    let room = other.create(0).await;
    let mut ids = Vec::new();
    // 1000 and no code are of a page that may come back.
    for code in [Some(1_000), None, Some(1_001)] {
        let mut page = server.peer(By::Websocket).await;
        hello(&mut page, "true").await;
        page.join(&room).await;
        other.receive().await;
        ids.push(page.id.clone());
        page.close(code).await;
    }
    let left = format!(r#"["DISCONNECTEDUSER",{{"userID":"{}","roomID":"{room}"}}]"#, ids[2]);
    assert_eq!(other.receive().await, left);
    other.hears_nothing().await;
    assert_eq!(server.count().await, (3, 1));
}
