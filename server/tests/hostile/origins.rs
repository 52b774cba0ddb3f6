//! Pages that are not ours, in the browser of somebody who can reach the server: cross-site websockets, polls of another
//! site's page, and pages whose own name was made to lead to the server (DNS rebinding).
use tokio::net::TcpStream;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Error, client::IntoClientRequest as _, http::HeaderValue},
};

use super::Scene;
use crate::harness::{By, PATH, Peer, Server, field, soon, web::Web};

const POLL: &str = "?EIO=4&transport=polling";

/// What a browser writes into a request; scripts cannot.
type Headers<'a> = &'a [(&'a str, &'a str)];

async fn poll(server: &Server, headers: Headers<'_>) -> u16 {
    Web::to(server.address).await.ask("GET", &format!("{PATH}{POLL}"), headers, b"").await.status
}

/// The status that a websocket is answered with.
async fn websocket(server: &Server, query: &str, headers: Headers<'_>) -> u16 {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let mut request =
        format!("ws://{}{PATH}?EIO=4&transport=websocket{query}", server.address).into_client_request().unwrap();
    for (name, value) in headers {
        request
            .headers_mut()
            .insert(name.parse::<axum::http::HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    match soon("the upgrade", client_async(request, stream)).await {
        Ok(_) => 101,
        Err(Error::Http(answer)) => answer.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

async fn n_refused(server: &Server, reason: &str) -> u64 {
    let answer = Web::to(server.address).await.ask("GET", "/health", &[], b"").await;
    let health: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    health["reasons"][reason].as_u64().unwrap_or_default()
}

#[tokio::test]
async fn a_page_of_another_site_opens_nothing_by_default() {
    let mut scene = Scene::begin(By::Websocket).await;
    let server = &scene.server;
    let attacks: [Headers<'_>; 6] = [
        &[("origin", "https://evil.example")],
        &[("origin", "http://127.0.0.1.evil.example")],
        &[("origin", "null")],
        &[("origin", "file://")],
        &[("origin", "chrome-extension://abcdef")],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
    ];
    for headers in attacks {
        assert_eq!((websocket(server, "", headers).await, poll(server, headers).await), (403, 403), "{headers:?}");
    }
    // A picture or a script has no origin.
    for site in ["cross-site", "same-site"] {
        assert_eq!(poll(server, &[("sec-fetch-site", site), ("sec-fetch-mode", "no-cors")]).await, 403);
    }
    assert_eq!(n_refused(server, "foreign_origin").await, 2 * attacks.len() as u64 + 2);
    scene.stands("foreign pages").await;
}

#[tokio::test]
async fn a_page_whose_name_was_made_to_lead_here_opens_nothing_by_default() {
    let mut scene = Scene::begin(By::Polling).await;
    let server = &scene.server;
    let port = server.address.port();
    let host = format!("evil.example:{port}");
    let origin = format!("http://{host}");
    // A script can write what a proxy would.
    let forged =
        [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-host", "127.0.0.1"), ("x-forwarded-proto", "https")];
    let attacks: [Headers<'_>; 3] = [
        &[("host", &host)],
        &[("host", &host), ("origin", &origin)],
        &[("host", &host), forged[0], forged[1], forged[2]],
    ];
    for headers in attacks {
        assert_eq!(poll(server, headers).await, 403, "{headers:?}");
    }
    assert_eq!(websocket(server, "", &[("host", &host), ("origin", &origin)]).await, 403);
    assert_eq!(n_refused(server, "foreign_host").await, 4);
    scene.stands("rebound pages").await;
}

#[tokio::test]
async fn everybody_else_connects_without_any_setting() {
    let server = Server::start().await;
    let port = server.address.port();
    let (here, local) = (format!("127.0.0.1:{port}"), format!("localhost:{port}"));
    let (own, named) = (format!("http://{here}"), format!("http://{local}"));
    let good: [Headers<'_>; 9] = [
        // A program.
        &[("host", &here)],
        &[("host", &here), ("origin", &own)],
        &[("host", &local), ("origin", &named), ("sec-fetch-site", "same-origin")],
        // The original frontend leaves the port out, and its tools serve it at another one.
        &[("host", "localhost"), ("origin", "http://localhost:8000")],
        &[("host", &local), ("origin", "http://127.0.0.1:5173"), ("sec-fetch-site", "cross-site")],
        &[("host", "p2pchat.local"), ("origin", "http://p2pchat.local")],
        // Behind a proxy that speaks TLS and passes the name on.
        &[("host", "chat.example"), ("origin", "https://chat.example")],
        // One that does not pass it on.
        &[("host", &here), ("origin", "https://chat.example"), ("sec-fetch-site", "same-origin")],
        // One without TLS, that says whom it asks for.
        &[("host", "chat.example"), ("origin", "http://chat.example"), ("x-forwarded-for", "192.168.1.7")],
    ];
    for headers in good {
        assert_eq!((poll(&server, headers).await, websocket(&server, "", headers).await), (200, 101), "{headers:?}");
    }
    // What polls is read by its own page, and by those that may connect.
    let cross = [("host", &*local), ("origin", "http://localhost:5173")];
    let answer = Web::to(server.address).await.ask("GET", &format!("{PATH}{POLL}"), &cross, b"").await;
    assert_eq!(answer.header("access-control-allow-origin"), "http://localhost:5173");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    assert_eq!(answer.header("set-cookie"), "", "cookies know no ports");
}

#[tokio::test]
async fn a_foreign_page_takes_over_no_session_by_its_cookie_even_where_any_page_may_connect() {
    let server = Server::with(&[("http.origins", r#"["*", "https://named.example"]"#)]).await;
    let mut page = Peer::browse(server.address, "").await;
    page.hello().await;
    page.create(0).await;
    let cookie = page.cookie.clone().unwrap();
    page.reset().unwrap();
    for origin in ["https://evil.example", "https://named.example", "null", "http://127.0.0.1:1"] {
        let headers = [("origin", origin), ("cookie", &*cookie), ("sec-fetch-site", "same-site")];
        let mut web = Web::to(server.address).await;
        let begun = web.ask("GET", &format!("{PATH}{POLL}"), &headers, b"").await;
        assert_eq!((begun.status, begun.header("set-cookie")), (200, ""), "{origin}");
        let target = format!("{PATH}{POLL}&sid={}", field(begun.text(), "sid"));
        // A page of ours that comes back goes on as whoever it was by the first thing that it says.
        let create = r#"42["CREATE-ROOM",{"requestId":"c","maxUsers":2,"name":"","password":"","type":0}]"#;
        for packet in ["40", create] {
            assert_eq!(web.ask("POST", &target, &headers, packet.as_bytes()).await.status, 200, "{origin}");
        }
        let mut heard = String::new();
        while !heard.contains("42[") {
            heard = web.ask("GET", &target, &headers, b"").await.text().to_owned();
        }
        assert!(heard.contains(r#"42["TYPEERROR",{"type":4,"requestID":"c"}]"#), "{origin}: {heard}");
    }
    // Whose session it is comes back to it.
    let mut page = Peer::browse(server.address, &cookie).await;
    page.create(0).await;
    assert_eq!(server.count().await.1, 2);
}
