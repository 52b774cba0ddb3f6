//! The raw exchanges of the recording: Engine.IO's answers byte by byte, and the pages as far as they can be compared.
//! What we answer otherwise stands here with its reason, and fails when it no longer is otherwise.
use std::{fs, time::Instant};

use serde_json::Value;

use super::script::{scenario, sha1_start};
use crate::harness::{By, PATH, Peer, Server, field, settings, soon, web::Answer, web::Web};

/// The scenarios that are replayed here.
pub(super) const IDS: &[&str] = &[
    "eio-handshake",
    "eio-errors",
    "ws-raw-badpath",
    "slow-heartbeat",
    "http-root",
    "http-index",
    "http-mitm",
    "http-sw",
    "http-userjpg",
    "http-gzip-bundle",
    "http-inm-match",
    "http-range",
];

/// What the original's open packet ends with, and what ours adds: socket.io servers of today name the limit, which lets
/// clients split what they post.
const OPEN_END: (&str, &str) = (r#""pingTimeout":20000}"#, r#""pingTimeout":20000,"maxPayload":1000000}"#);

const PING_AT_ONCE: &str = "the library's first ping goes out at once, and the original's after an interval";

/// Request, the original's answer that we do not give, our status and body, and why.
const ERRORS_OTHERWISE: [(&str, u16, &str, &str); 3] = [
    ("GET /api/signaling?EIO=4&transport=polling", 404, "", "an unknown path is not found, and was 200"),
    (
        "GET /api/signaling/extra?EIO=4&transport=polling",
        404,
        "",
        "the path is matched whole, and was matched by its start",
    ),
    (
        "GET /api/signaling/?EIO=4&transport=polling&j=0",
        200,
        r#"0{"sid":"<sid>","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}"#,
        "no browser that can do WebRTC needs JSONP, and Engine.IO 4 clients do not speak it",
    ),
];

/// The original's bytes of these are its own pages; what is asked of ours is that it is there, with the same kind.
const OTHER_BYTES: [(&str, &str); 5] = [
    ("http-sw", "ours is of a later StreamSaver"),
    ("http-root", "ours is another page for the same bundle"),
    ("http-index", "ours is another page for the same bundle"),
    ("http-userjpg", "ours is another default picture"),
    ("http-gzip-bundle", "the bundle served here is a stand-in"),
];

fn comparable(answer: &Answer, sid: &str) -> (u16, String, String) {
    let kind = answer.header("content-type").to_lowercase();
    let text = String::from_utf8_lossy(&answer.body).replace(OPEN_END.1, OPEN_END.0);
    let text = if sid.is_empty() { text } else { text.replace(sid, "<sid>") };
    (answer.status, kind, text)
}

#[tokio::test]
async fn requests_that_engine_io_refuses_are_refused_as_the_original_does() {
    let server = Server::start().await;
    for exchange in scenario("eio-errors").extra["http"].as_array().unwrap() {
        let request = exchange["req"].as_str().unwrap();
        let (method, target) = request.split_once(' ').unwrap();
        let answer = Web::to(server.address).await.ask(method, target, &[], b"").await;
        let sid = if answer.body.starts_with(b"0{") { field(answer.text(), "sid") } else { String::new() };
        let ours = comparable(&answer, &sid);
        let theirs = (
            u16::try_from(exchange["status"].as_u64().unwrap()).unwrap(),
            exchange["ct"].as_str().unwrap().to_lowercase(),
            exchange["body"].as_str().unwrap().to_owned(),
        );
        match ERRORS_OTHERWISE.iter().find(|it| it.0 == request) {
            None => assert_eq!(ours, theirs, "{request}"),
            Some((_, status, body, why)) => {
                assert_eq!((ours.0, ours.0 != 200 || ours.2 == *body), (*status, true), "{request}: {ours:?}");
                assert_ne!(ours, theirs, "{request} is listed because {why}");
            }
        }
    }
}

#[tokio::test]
async fn a_raw_handshake_goes_as_the_original_does() {
    let server = Server::start().await;
    let mut web = Web::to(server.address).await;
    let recorded = scenario("eio-handshake").extra["http"].as_array().unwrap().clone();
    let open = format!("{PATH}?EIO=4&transport=polling");
    let two = concat!(
        r#"42["CREATE-ROOM",{"requestId":"1","maxUsers":2,"name":"n","password":"","type":0}]"#,
        "\u{1e}",
        r#"42["JOIN-ROOM",{"requestId":"2","room":"x","password":""}]"#
    );
    let bodies = ["", "40", "", r#"42["GET-ID",{"requestId":"0"}]"#, "", two, "", "1", ""];
    assert_eq!(recorded.len(), bodies.len());
    let (mut target, mut sid, mut n_pings) = (open.clone(), String::new(), 0);
    for (exchange, body) in recorded.iter().zip(bodies) {
        let request = exchange["req"].as_str().unwrap();
        let method = request.split(' ').next().unwrap();
        let mut answer = web.ask(method, &target, &[], body.as_bytes()).await;
        if answer.text() == "2" {
            n_pings += 1;
            answer = web.ask(method, &target, &[], b"").await;
        }
        let packets: Vec<_> = answer.text().split('\u{1e}').filter(|it| *it != "2").collect();
        n_pings += answer.text().split('\u{1e}').count() - packets.len();
        let mut text = packets.join("\u{1e}").replace(OPEN_END.1, OPEN_END.0);
        if sid.is_empty() {
            sid = field(&text, "sid");
            target = format!("{open}&sid={sid}");
            text = text.replace(&sid, "<sid:engine>");
        }
        for name in ["sid", "userID"] {
            if text.contains(&format!("\"{name}\":\"")) {
                // Ours are three different ids; the original's Engine.IO id alone was another.
                let id = field(&text, name);
                assert!(name == "sid" || id != sid, "the id that others learn is the transport's");
                text = text.replace(&id, if id.starts_with('<') { &id } else { "<sid>" }.to_owned().as_str());
            }
        }
        if text.contains("roomID") {
            text = text.replace(&field(&text, "roomID"), "<room:1>");
        }
        assert_eq!(u64::from(answer.status), exchange["status"].as_u64().unwrap(), "{request}");
        assert_eq!(text, exchange["body"].as_str().unwrap(), "{request}");
        // The original calls the "ok" HTML.
        let expected = if text == "ok" { "text/html" } else { "" };
        let kinds = exchange["headers"].as_array().unwrap().iter().filter_map(Value::as_str);
        let kind = kinds.filter_map(|it| it.strip_prefix("Content-Type: ")).next().unwrap();
        if expected.is_empty() {
            assert_eq!(answer.header("content-type").to_lowercase(), kind.to_lowercase(), "{request}");
        } else {
            assert_eq!((kind, answer.header("content-type")), (expected, "text/plain; charset=UTF-8"), "{request}");
        }
    }
    assert_eq!(n_pings, 1, "{PING_AT_ONCE}");
}

#[tokio::test]
async fn each_transport_is_offered_as_the_original_offers_it() {
    let server = Server::start().await;
    for (id, by) in [
        ("transport-websocket", By::Websocket),
        ("transport-polling-websocket", By::Upgrade),
        ("transport-polling", By::Polling),
    ] {
        let recorded = &scenario(id).extra["handshake"];
        let open = Peer::open(server.address, by).await.open;
        let ours: Value = serde_json::from_str(&open[1..]).unwrap();
        assert_eq!(
            [&ours["pingInterval"], &ours["pingTimeout"]],
            [&recorded["pingInterval"], &recorded["pingTimeout"]]
        );
        // The recording holds what the client kept of the offer, which is nothing where it wants polling alone.
        let offered =
            if by == By::Polling { Value::from(["websocket"].to_vec()) } else { recorded["upgrades"].clone() };
        assert_eq!(ours["upgrades"], offered, "{id}");
    }
}

#[tokio::test]
async fn a_websocket_on_another_path_is_refused() {
    assert_eq!(scenario("ws-raw-badpath").extra["r"].as_array().unwrap().len(), 3);
    let server = Server::start().await;
    for path in ["/", "/socket.io/", "/api/signaling", "/api/signaling/x", "/api/", "//api/signaling/"] {
        let mut web = Web::to(server.address).await;
        let headers = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let answer = web.ask("GET", &format!("{path}?EIO=4&transport=websocket"), &headers, b"").await;
        // The original closes without a word; an answer that is no upgrade tells the client the same.
        assert!(answer.status != 101, "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn a_silent_client_is_pinged_and_closed_after_the_times_it_was_told() {
    let events = &scenario("slow-heartbeat").extra["events"];
    assert_eq!(events.to_string(), r#"[["ping",25],["close-frame",45]]"#);
    // A hundredth of the recorded times.
    let overrides = [("signaling.ping_interval_ms", "250"), ("signaling.ping_timeout_ms", "200")];
    let server = Server::with(&overrides).await;
    for answers_first in [true, false] {
        let begun = Instant::now();
        let mut peer = Peer::open(server.address, By::Websocket).await;
        peer.answers_pings = false;
        assert_eq!(peer.text().await, "2", "{PING_AT_ONCE}");
        if answers_first {
            peer.send("3").await;
            assert_eq!(peer.text().await, "2");
            assert!(begun.elapsed().as_millis() >= 250);
        }
        assert_eq!(peer.packet().await, None);
        let closed_ms = begun.elapsed().as_millis();
        assert!(closed_ms >= if answers_first { 450 } else { 200 }, "closed after {closed_ms} ms");
    }
}

#[tokio::test]
async fn pages_are_answered_as_far_as_they_can_be_compared() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = "console.log('a bundle');\n".repeat(4_000);
    fs::write(folder.path().join("bundle.js"), &bundle).unwrap();
    let server = Server::run(settings(&[], Some(folder.path().to_owned()))).await;
    let mut web = Web::to(server.address).await;
    let etag = web.ask("GET", "/bundle.js", &[], b"").await.header("etag").to_owned();
    for (id, target, header) in [
        ("http-root", "/", None),
        ("http-index", "/index.html", None),
        ("http-mitm", "/mitm.html", None),
        ("http-sw", "/sw.js", None),
        ("http-userjpg", "/public/defaults/User.jpg", None),
        ("http-gzip-bundle", "/bundle.js", Some(("accept-encoding", "gzip"))),
        ("http-inm-match", "/bundle.js", Some(("if-none-match", &*etag))),
        ("http-range", "/bundle.js", Some(("range", "bytes=0-9"))),
    ] {
        let answer = soon(id, web.ask("GET", target, header.as_slice(), b"")).await;
        let recorded = scenario(id).extra;
        let theirs = |name: &str| {
            let headers = recorded["headers"].as_array().unwrap().iter().filter_map(Value::as_str);
            let mut values = headers.filter_map(|it| it.split_once(": ")).filter(|it| it.0.eq_ignore_ascii_case(name));
            values.next().map_or_else(String::new, |it| it.1.to_lowercase())
        };
        let status = recorded["status"].as_str().unwrap().split(' ').nth(1).unwrap().to_owned();
        assert_eq!(answer.status.to_string(), status, "{id}");
        for name in ["content-encoding", "x-content-type-options"] {
            assert_eq!(answer.header(name).to_lowercase(), theirs(name), "{id}: {name}");
        }
        let script = |it: &str| it.to_lowercase().replace("application/javascript", "text/javascript");
        assert_eq!(script(answer.header("content-type")), script(&theirs("content-type")), "{id}");
        assert_ne!(answer.header("x-frame-options"), "DENY", "{id}: its pages frame their own");
        let is_same = sha1_start(&answer.body) == recorded["sha1"].as_str().unwrap() || answer.body.is_empty();
        match OTHER_BYTES.iter().find(|it| it.0 == id) {
            Some((_, why)) => assert!(!is_same && !answer.body.is_empty(), "{id} is listed because {why}"),
            None if id == "http-range" => {
                assert_eq!((answer.body.len(), theirs("content-range")), (10, "bytes 0-9/828139".to_owned()));
                assert_eq!(answer.header("content-range"), format!("bytes 0-9/{}", bundle.len()));
            }
            None => assert!(is_same, "{id}: the bytes differ"),
        }
    }
}
