//! Who may read the figures, and where. By default nobody may.
use p2pchat_server::metrics::Format;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::harness::{
    Server,
    exposition::{ACCEPT, parse, read, scrape},
    web::{Answer, Web},
};

const TOKEN: &str = "0123456789abcdef";

async fn get(address: std::net::SocketAddr, headers: &[(&str, &str)]) -> Answer {
    Web::to(address).await.ask("GET", "/metrics", headers, b"").await
}

#[tokio::test]
async fn without_settings_there_are_no_metrics() {
    let server = Server::start().await;
    assert_eq!((get(server.address, &[]).await.status, server.metrics), (404, None));
}

#[tokio::test]
async fn at_the_ordinary_port_and_at_their_own_they_are_for_whoever_shows_the_token() {
    let server = Server::with(&[("metrics.token", TOKEN), ("metrics.listen", "true"), ("metrics.port", "0")]).await;
    for address in [server.address, server.metrics.unwrap()] {
        let wrong =
            ["", "Bearer", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0", "Basic 0123456789abcdef"];
        for wrong in wrong.iter().map(|it| vec![("authorization", *it)]).chain([Vec::new()]) {
            let answer = get(address, &wrong).await;
            assert_eq!(
                (answer.status, answer.header("www-authenticate")),
                (401, "Bearer realm=\"metrics\""),
                "{wrong:?}"
            );
            assert!(!answer.text().contains("p2pchat_"));
        }
        for right in [format!("Bearer {TOKEN}"), format!("bearer  {TOKEN}")] {
            let answer = get(address, &[("authorization", &right), ("accept", ACCEPT)]).await;
            assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
            assert!(read(&answer).families.len() > 20);
        }
    }
    let right = format!("Bearer {TOKEN}");
    let page = read(&get(server.address, &[("authorization", &right)]).await);
    assert_eq!(page.value(r#"p2pchat_refusals_total{reason="metrics_token"}"#), 14.0);
}

#[tokio::test]
async fn their_own_listener_has_nothing_else_and_does_not_count() {
    let server =
        Server::with(&[("metrics.listen", "true"), ("metrics.port", "0"), ("limits.connections_max", "1")]).await;
    let at = server.metrics.unwrap();
    for path in ["/", "/health", "/api/signaling/?EIO=4&transport=polling", "/index.html"] {
        assert_eq!(Web::to(at).await.ask("GET", path, &[], b"").await.status, 404, "{path}");
    }
    assert_eq!(Web::to(at).await.ask("POST", "/metrics", &[], b"").await.status, 405);
    let mut only = Web::to(server.address).await;
    let ordinary = only.ask("GET", "/metrics", &[], b"").await;
    assert_eq!(ordinary.status, 404, "without a token it is not at the ordinary port");
    // The server is as full as it may be, and its figures can be read.
    let mut refused = Web::to(server.address).await;
    refused.send("GET", "/", &[], b"").await;
    assert!(refused.answer("GET").await.is_none());
    let page = scrape(at).await;
    let open = page.value(r#"p2pchat_connections{listener="http",tls="false"}"#);
    assert_eq!((open, page.value(r#"p2pchat_refusals_total{reason="connections_max"}"#)), (1.0, 1.0));
}

#[tokio::test]
async fn a_page_whose_name_was_made_to_lead_there_reads_nothing() {
    let server = Server::with(&[("metrics.listen", "true"), ("metrics.port", "0")]).await;
    let port = server.metrics.unwrap().port();
    for (host, status) in [("rebind.example", 403), ("localhost", 200), ("127.0.0.1", 200), ("[::1]", 200)] {
        let mut stream = TcpStream::connect(server.metrics.unwrap()).await.unwrap();
        let request = format!("GET /metrics HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = Web { stream, ahead: Vec::new() }.answer("GET").await.unwrap();
        assert_eq!((answer.status, answer.text().contains("p2pchat_")), (status, status == 200), "{host}");
    }
}

#[tokio::test]
async fn whoever_does_not_ask_for_openmetrics_gets_the_older_format_with_the_same_figures() {
    let server = Server::with(&[("metrics.listen", "true"), ("metrics.port", "0")]).await;
    let at = server.metrics.unwrap();
    let (new, old) = (get(at, &[("accept", ACCEPT)]).await, get(at, &[("accept", "*/*")]).await);
    assert_eq!(old.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let (new, old) = (parse(new.text(), Format::OpenMetrics), parse(old.text(), Format::Prometheus));
    assert!(new.series.keys().eq(old.series.keys()) && new.families == old.families);
}
