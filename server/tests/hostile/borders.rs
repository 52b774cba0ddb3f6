//! Requests whose end a proxy in front could see elsewhere than we do: what is hidden behind one is no request of its own, and
//! nobody else's.
use tokio::io::AsyncWriteExt as _;

use super::Scene;
use crate::harness::{By, PATH, web::Web};

#[tokio::test]
async fn a_request_whose_end_is_unclear_is_the_last_of_its_connection() {
    let mut scene = Scene::begin(By::Polling).await;
    for unclear in [
        "content-length: 5\r\ncontent-length: 6",
        "content-length: 5, 6",
        "content-length: +5",
        "content-length: -1",
        "content-length: 0x5",
        "content-length: 99999999999999999999999",
        "content-length : 5",
        "transfer-encoding: identity",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: xchunked",
        "transfer-encoding : chunked",
        "x: a\r\n folded: b",
        "x\0y: a",
        "x: a\0b",
        "x: a\rb",
        "host: elsewhere",
    ] {
        let mut web = Web::to(scene.server.address).await;
        let hidden = "GET /health HTTP/1.1\r\nhost: h\r\n\r\n";
        let target = format!("{PATH}?EIO=4&transport=polling&sid={}", scene.one.sid);
        let request = format!("POST {target} HTTP/1.1\r\nhost: h\r\n{unclear}\r\n\r\n0\r\n\r\n{hidden}");
        web.stream.write_all(request.as_bytes()).await.unwrap();
        let answer = web.answer("POST").await;
        assert!(answer.as_ref().is_none_or(|it| it.status == 400), "{unclear:?}: {answer:?}");
        assert!(web.answer("GET").await.is_none(), "{unclear:?}: what was hidden is answered");
        scene.stands(unclear).await;
    }
}

#[tokio::test]
async fn where_a_body_has_chunks_and_a_length_its_chunks_say_where_it_ends() {
    // RFC 9112, section 6.3: a proxy that goes by the length hides nothing from us, and forwards neither.
    let mut scene = Scene::begin(By::Websocket).await;
    for both in ["content-length: 4\r\ntransfer-encoding: chunked", "transfer-encoding: chunked\r\ncontent-length: 4"] {
        let mut web = Web::to(scene.server.address).await;
        let target = format!("{PATH}?EIO=4&transport=polling&sid={}", "A".repeat(16));
        let request = format!("POST {target} HTTP/1.1\r\nhost: h\r\n{both}\r\n\r\n3\r\n40x\r\n0\r\n\r\n");
        web.stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(web.answer("POST").await.map(|it| it.status), Some(400), "there is no such session");
        // It may go on, or have been the last; what was in the body is no request.
        let next = web.answer_to("/live").await;
        assert!(next.is_none_or(|it| it == 200), "{both:?}: {next:?}");
        scene.stands(both).await;
    }
}

#[tokio::test]
async fn nothing_but_an_upgrade_makes_a_websocket() {
    let mut scene = Scene::begin(By::Websocket).await;
    let target = format!("{PATH}?EIO=4&transport=websocket");
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
    for (method, headers) in [
        // A proxy that goes by the status alone takes what follows for somebody else's (websocket smuggling).
        ("GET", format!("connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 777\r\n{key}")),
        ("GET", format!("connection: upgrade\r\nupgrade: h2c\r\nsec-websocket-version: 13\r\n{key}")),
        ("GET", "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__".to_owned()),
        ("POST", format!("connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n{key}")),
        ("CONNECT", format!("connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n{key}")),
    ] {
        let mut web = Web::to(scene.server.address).await;
        let request = format!("{method} {target} HTTP/1.1\r\nhost: h\r\n{headers}\r\n\r\n");
        web.stream.write_all(request.as_bytes()).await.unwrap();
        let answer = web.answer(method).await;
        assert!(answer.as_ref().is_none_or(|it| (400..500).contains(&it.status)), "{method} {headers}: {answer:?}");
        scene.stands(&headers).await;
    }
}
