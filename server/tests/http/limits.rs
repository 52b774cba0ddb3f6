//! What one address may have and do, whom a request is for, and what answers of sockets say about themselves. Over real
//! connections.
use p2pchat_server::config::Config;

use crate::harness::{
    By, PATH, Peer, Server, field, limited_settings, settings,
    web::{Answer, Web},
};

const POLLING: &str = "/api/signaling/?EIO=4&transport=polling";

async fn get(server: &Server, target: &str, headers: &[(&str, &str)]) -> Answer {
    Web::to(server.address).await.ask("GET", target, headers, b"").await
}

async fn get_for(server: &Server, target: &str, client: &str) -> u16 {
    get(server, target, &[("x-forwarded-for", client)]).await.status
}

/// How often a reason occurred.
async fn n_times(server: &Server, reason: &str) -> u64 {
    let answer = get(server, "/health", &[("x-forwarded-for", "192.0.2.250")]).await;
    let health: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    health["reasons"][reason].as_u64().unwrap_or_default()
}

async fn with(overrides: &[(&str, &str)]) -> Server {
    Server::run(settings(overrides, None)).await
}

#[tokio::test]
async fn an_address_that_asks_for_too_many_pages_is_told_to_wait_and_others_are_not() {
    let server = with(&[("limits.address_requests_per_second", "1"), ("limits.address_requests_burst", "20")]).await;
    let asked = async |client: &str| {
        let mut web = Web::to(server.address).await;
        let mut statuses = Vec::new();
        for _ in 0..25 {
            let answer = web.ask("GET", "/favicon.svg", &[("x-forwarded-for", client)], b"").await;
            if answer.status == 429 {
                assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
            }
            statuses.push(answer.status);
        }
        statuses
    };
    let first = asked("192.0.2.1").await;
    assert_eq!(first.iter().filter(|it| **it == 200).count(), 20, "{first:?}");
    assert!(first[20..].iter().all(|it| *it == 429));
    assert_eq!(asked("192.0.2.2").await.iter().filter(|it| **it == 200).count(), 20);
    // A network of version 6 is one address.
    let third = [asked("2001:db8::1").await, asked("2001:db8::2").await].concat();
    assert!(third.iter().filter(|it| **it == 200).count() <= 22, "{third:?}");
    assert!(n_times(&server, "address_request_rate").await >= 10);
}

#[tokio::test]
async fn a_client_that_goes_on_when_it_is_refused_or_asks_for_nonsense_loses_its_connection() {
    let server = with(&[("limits.address_requests_per_second", "1"), ("limits.address_requests_burst", "20")]).await;
    for target in ["/favicon.svg", "/api/signaling/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA"] {
        let mut web = Web::to(server.address).await;
        let mut last = web.ask("GET", target, &[], b"").await;
        for _ in 0..60 {
            if last.header("connection") == "close" {
                break;
            }
            last = web.ask("GET", target, &[], b"").await;
        }
        assert_eq!(last.header("connection"), "close", "{target}");
        assert!(web.answer("GET").await.is_none());
    }
}

#[tokio::test]
async fn sessions_of_one_address_are_bounded_in_number_and_by_rate() {
    let server = with(&[("limits.address_sessions_per_second", "1"), ("limits.address_sessions_burst", "30")]).await;
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(get_for(&server, POLLING, "192.0.2.1").await);
    }
    assert_eq!((statuses[..30].iter().all(|it| *it == 200), statuses[39]), (true, 429), "{statuses:?}");
    assert_eq!(get_for(&server, POLLING, "192.0.2.2").await, 200);
    assert!(n_times(&server, "address_session_rate").await > 0);

    let server = with(&[("limits.address_sessions_max", "5"), ("limits.sessions_max", "8")]).await;
    let mut refused = Vec::new();
    for n in 0..14 {
        let client = if n < 7 { "192.0.2.1" } else { "192.0.2.2" };
        let answer = get(&server, POLLING, &[("x-forwarded-for", client)]).await;
        if answer.status != 200 {
            assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
            refused.push((client, answer.status));
        }
    }
    let total = [("192.0.2.2", 503); 4];
    assert_eq!(refused, [&[("192.0.2.1", 429); 2][..], &total].concat());
}

#[tokio::test]
async fn connections_of_one_address_are_bounded_and_those_of_a_proxy_are_not_its_own() {
    let limits = [("limits.address_connections_max", "4")];
    let server = with(&[&limits[..], &[("http.trusted_proxies", "[]")]].concat()).await;
    let mut kept = Vec::new();
    for n in 0..8 {
        let mut web = Web::to(server.address).await;
        web.send("GET", "/health", &[("x-forwarded-for", "192.0.2.1")], b"").await;
        assert_eq!(web.answer("GET").await.is_some(), n < 4, "{n}");
        kept.push(web);
    }
    let health = kept[0].ask("GET", "/health", &[], b"").await;
    assert!(health.text().contains(r#""connections":4"#), "{}", health.text());
    assert!(health.text().contains(r#""address_connections_max":4"#), "{}", health.text());

    let server = with(&limits).await;
    let mut kept = Vec::new();
    for n in 0..20 {
        let mut web = Web::to(server.address).await;
        let answer = web.ask("GET", "/health", &[("x-forwarded-for", "192.0.2.1")], b"").await;
        assert_eq!(answer.status, 200, "{n}");
        kept.push(web);
    }
}

/// A client cannot take another address: neither to escape a limit nor to use up somebody else's.
#[tokio::test]
async fn nobody_is_believed_who_is_no_trusted_proxy() {
    let limit = [("limits.address_sessions_max", "3")];
    for (proxies, n_taken) in [(r#"["127.0.0.0/8"]"#, 10), (r#"["10.0.0.0/8"]"#, 3), ("[]", 3)] {
        let server = with(&[&limit[..], &[("http.trusted_proxies", proxies)]].concat()).await;
        let mut n = 0;
        for client in 0..10 {
            n += u32::from(get_for(&server, POLLING, &format!("192.0.2.{client}")).await == 200);
        }
        assert_eq!(n, n_taken, "{proxies}");
    }
    let server = with(&limit).await;
    let mut n = 0;
    for client in 0..10 {
        n += u32::from(get_for(&server, POLLING, &format!("192.0.2.{client}, 198.51.100.7")).await == 200);
    }
    assert_eq!(n, 3, "what stands on the left is the client's own word");
}

#[tokio::test]
async fn answers_of_sockets_have_the_headers_of_all_others() {
    let server =
        Server::with(&[("http.origins", r#"["same"]"#), ("http.protocols", r#"["p2pchat", "videocall"]"#)]).await;
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")];
    let foreign =
        [&upgrade[..], &[("origin", "https://evil.example"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")]]
            .concat();
    let websocket = format!("{PATH}?EIO=4&transport=websocket");
    for (target, headers, status) in [
        (POLLING, &[][..], 200),
        ("/api/signaling/?EIO=3&transport=polling", &[], 400),
        ("/api/signaling/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA", &[], 400),
        (websocket.as_str(), &upgrade, 400),
        (websocket.as_str(), &foreign, 403),
        ("/", &foreign, 403),
        ("/", &upgrade, 400),
    ] {
        let answer = get(&server, target, headers).await;
        assert_eq!(answer.status, status, "{target}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{target} {name}");
        }
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{target}");
    }
}

/// As many at once as a room holds, by the limits that are the default, and all from one address: each loads the page, opens
/// a polling session, upgrades it, joins and negotiates with all others.
#[tokio::test]
async fn twenty_people_behind_one_address_may_meet_at_once() {
    let server = Server::run(limits_by_default()).await;
    for _ in 0..20 {
        let mut web = Web::to(server.address).await;
        for path in ["/", "/favicon.svg", "/manifest.webmanifest", "/api/signaling/socket.io.js", "/health"] {
            assert_eq!(web.ask("GET", path, &[], b"").await.status, 200);
        }
    }
    let mut peers = Vec::new();
    for _ in 0..20 {
        peers.push(server.guest(By::Upgrade).await);
    }
    let room = peers[0].create(0).await;
    for peer in &mut peers[1..] {
        peer.join(&room).await;
    }
    let candidate = format!(r#"{{"candidate":"{}"}}"#, "c".repeat(300));
    let ids: Vec<_> = peers.iter().map(|it| it.id.clone()).collect();
    for peer in &mut peers {
        for id in ids.iter().filter(|it| **it != peer.id).cloned().collect::<Vec<_>>() {
            for _ in 0..15 {
                let text = format!(r#"["SIGNAL",{{"target":"{id}","room":"{room}","signal":{candidate}}}]"#);
                peer.emit(&text).await;
            }
        }
    }
    for peer in &mut peers {
        let heard = peer.fence().await;
        assert_eq!(heard.iter().filter(|it| it.text.contains("SIGNAL")).count(), 19 * 15);
    }
    // And one of them sends something of the greatest length, as often as its bytes allow at once.
    let (first, rest) = peers.split_at_mut(1);
    let long = format!("\"{}\"", "x".repeat(990_000));
    for other in &mut rest[..15] {
        first[0].signal(other, &room, &long).await;
        assert!(other.receive().await.len() > 990_000);
    }
}

#[tokio::test]
async fn a_class_behind_one_address_may_come_at_once() {
    let server = Server::run(limits_by_default()).await;
    let mut peers = Vec::new();
    for _ in 0..100 {
        let mut web = Web::to(server.address).await;
        for _ in 0..30 {
            assert_eq!(web.ask("GET", "/favicon.svg", &[], b"").await.status, 200);
        }
        let mut peer = Peer::connect(server.address, By::Upgrade).await;
        peer.hello().await;
        peers.push((web, peer));
    }
    server.comes_to_peers(100).await;
}

/// A flood of the smallest requests that each open a session.
#[tokio::test]
async fn polling_handshakes_without_end_come_to_few_sessions() {
    let server = Server::run(limits_by_default()).await;
    let mut n_open = 0;
    for _ in 0..600 {
        let answer = get(&server, POLLING, &[("x-forwarded-for", "192.0.2.1")]).await;
        match answer.status {
            200 => n_open += u32::from(!field(answer.text(), "sid").is_empty()),
            429 => break,
            other => panic!("{other}"),
        }
    }
    assert!((200..400).contains(&n_open), "{n_open}");
}

fn limits_by_default() -> Config {
    limited_settings(&[], None)
}
