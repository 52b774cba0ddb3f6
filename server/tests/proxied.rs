//! Connections that a proxy passes on byte by byte: whose they are by the PROXY protocol, over plain HTTP, over TLS and for the
//! relay; and plain HTTP that comes to a port of HTTPS.
use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use p2pchat_server::{
    app::{App, health_check},
    config::Config,
    doctor::trusting,
    proxy_protocol::LOCAL,
};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::harness::{Server, settings, soon, web::Web};

const ON: (&str, &str) = ("http.proxy_protocol", "true");
const POLLING: &str = "/api/signaling/?EIO=4&transport=polling";

/// Version 1 of the header.
fn v1(client: SocketAddr) -> Vec<u8> {
    let (family, own) = if client.is_ipv4() { ("TCP4", "127.0.0.1") } else { ("TCP6", "::1") };
    format!("PROXY {family} {} {own} {} 443\r\n", client.ip(), client.port()).into_bytes()
}

/// Version 2, with an extension behind the addresses.
fn v2(client: SocketAddr) -> Vec<u8> {
    let (family, octets) = match client.ip() {
        std::net::IpAddr::V4(it) => (0x11, [it.octets(), [127, 0, 0, 1]].concat()),
        std::net::IpAddr::V6(it) => (0x21, [it.octets(), [0; 16]].concat()),
    };
    let rest = [&octets[..], &client.port().to_be_bytes(), &[1, 0xbb], &[0x04, 0, 2, 0, 0]].concat();
    [&LOCAL[..12], &[0x21, family, 0, u8::try_from(rest.len()).unwrap()], &rest].concat()
}

/// A connection that begins with these bytes.
async fn begun(server: &Server, first: &[u8]) -> Web {
    let mut web = Web::to(server.address).await;
    web.stream.write_all(first).await.unwrap();
    web
}

async fn health(server: &Server) -> serde_json::Value {
    let answer = begun(server, &LOCAL).await.ask("GET", "/health", &[], b"").await;
    serde_json::from_slice(&answer.body).unwrap()
}

/// How often a reason occurred.
async fn n_times(server: &Server, reason: &str) -> u64 {
    health(server).await["reasons"][reason].as_u64().unwrap_or_default()
}

/// HTTPS with a certificate of the test's own.
struct Secure {
    config: Config,
    client: Arc<ClientConfig>,
    _folder: TempDir,
}

fn secure(overrides: &[(&str, &str)]) -> Secure {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut config = settings(overrides, None);
    config.tls.enabled = true;
    (config.tls.cert_path, config.tls.key_path) = (folder.path().join("cert"), folder.path().join("key"));
    std::fs::write(&config.tls.cert_path, made.cert.pem()).unwrap();
    std::fs::write(&config.tls.key_path, made.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    Secure { config, client: trusting(roots).unwrap(), _folder: folder }
}

impl Secure {
    async fn connect(&self, server: &Server, first: &[u8]) -> TlsStream<TcpStream> {
        let stream = begun(server, first).await.stream;
        TlsConnector::from(self.client.clone())
            .connect(ServerName::try_from("localhost").unwrap(), stream)
            .await
            .unwrap()
    }
}

async fn said(stream: &mut TlsStream<TcpStream>, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = vec![0; 4096];
    let n = soon("an answer", stream.read(&mut heard)).await.unwrap();
    String::from_utf8_lossy(&heard[..n]).into_owned()
}

#[tokio::test]
async fn sessions_count_for_the_client_that_the_header_names() {
    let server = Server::with(&[ON, ("limits.address_sessions_max", "2")]).await;
    for header in [v1, v2] {
        for client in ["192.0.2.1:1", "192.0.2.2:1", "[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1"] {
            let mut web = begun(&server, &header(client.parse().unwrap())).await;
            assert_eq!(web.ask("GET", POLLING, &[], b"").await.status, 200, "{client}");
        }
    }
    // A third one of each; and what a client says of itself makes it nobody else.
    for client in ["192.0.2.1:9", "[2001:db8:0:1::ffff]:9"] {
        let other = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.1")];
        for headers in [&[][..], &other[..1], &other[1..]] {
            let mut web = begun(&server, &v2(client.parse().unwrap())).await;
            assert_eq!(web.ask("GET", POLLING, headers, b"").await.status, 429, "{client}");
        }
    }
    // One proxy behind another: the first names the second, and the second the client.
    let mut web = begun(&server, &v1("127.0.0.1:5".parse().unwrap())).await;
    assert_eq!(web.ask("GET", POLLING, &[("x-forwarded-for", "198.51.100.1")], b"").await.status, 200);
}

#[tokio::test]
async fn connections_count_for_the_client_and_no_longer_for_the_proxy() {
    let server = Server::with(&[ON, ("limits.address_connections_max", "2")]).await;
    let mut kept = Vec::new();
    for n in 0..12 {
        let client = SocketAddr::from(([192, 0, 2, n / 3], 1));
        let mut web = begun(&server, &v2(client)).await;
        web.send("GET", "/live", &[], b"").await;
        assert_eq!(web.answer("GET").await.is_some(), n % 3 < 2, "the third of each is one too many");
        kept.push(web);
    }
    assert_eq!(n_times(&server, "address_connections_max").await, 4);
    drop(kept);
    // All is given back.
    let client = SocketAddr::from(([192, 0, 2, 0], 1));
    let given_back = async {
        while begun(&server, &v2(client)).await.answer_to("/live").await != Some(200) {
            tokio::task::yield_now().await;
        }
    };
    soon("the places of those who are gone", given_back).await;
}

#[tokio::test]
async fn a_trusted_proxy_that_does_not_begin_with_the_header_is_closed_and_counted() {
    let server = Server::with(&[ON]).await;
    let mut n = 0;
    for first in [&b""[..], b"PROXY TCP4 1.1.1.1 1.1.1.1 1\r\n", b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c            "] {
        let mut web = begun(&server, first).await;
        web.send("GET", "/live", &[], b"").await;
        assert!(web.answer("GET").await.is_none(), "{first:?}");
        n += 1;
        assert_eq!(n_times(&server, "proxy_header").await, n);
    }
    // Balancers look whether somebody listens, and say nothing.
    drop(begun(&server, b"").await);
    let seen = async { while n_times(&server, "client_closed").await == 0 {} };
    soon("the one that said nothing", seen).await;
    assert_eq!(n_times(&server, "proxy_header").await, n);
}

#[tokio::test]
async fn nobody_else_is_believed_and_nobody_at_all_without_the_setting() {
    for (setting, proxies) in [("true", r#"["192.0.2.0/24"]"#), ("false", r#"["127.0.0.0/8"]"#)] {
        let set = [("http.proxy_protocol", setting), ("http.trusted_proxies", proxies)];
        let server = Server::with(&[&set[..], &[("limits.address_sessions_max", "1")]].concat()).await;
        for header in [v1, v2] {
            let mut web = begun(&server, &header("198.51.100.7:1".parse().unwrap())).await;
            web.send("GET", POLLING, &[], b"").await;
            assert!(web.answer("GET").await.is_none_or(|it| it.status == 400), "it is no HTTP");
        }
        let mut web = Web::to(server.address).await;
        assert_eq!(web.ask("GET", POLLING, &[], b"").await.status, 200, "without a header it is served");
        let health = web.ask("GET", "/health", &[], b"").await;
        assert!(!health.text().contains("proxy_header"), "{}", health.text());
    }
}

#[tokio::test]
async fn the_header_comes_before_tls_and_the_relay_sees_the_client_too() {
    let relay = [ON, ("relay.enabled", "true"), ("relay.port", "0"), ("limits.address_sessions_max", "1")];
    let secure = secure(&relay);
    let server = Server::of(App::bind(secure.config.clone()).await.unwrap());
    let request = format!("GET {POLLING} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    for client in ["192.0.2.1:1", "[2001:db8::1]:1"] {
        let mut stream = secure.connect(&server, &v2(client.parse().unwrap())).await;
        let heard = said(&mut stream, &request).await;
        assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
        assert!(said(&mut stream, &request).await.starts_with("HTTP/1.1 429"), "{client}");
    }
    // A binding request (RFC 8489, section 5) to the same port.
    let mut stream = secure.connect(&server, &v1("192.0.2.7:4711".parse().unwrap())).await;
    let cookie = 0x2112_a442_u32.to_be_bytes();
    stream.write_all(&[&[0, 1, 0, 0][..], &cookie, &[7; 12]].concat()).await.unwrap();
    let mut heard = vec![0; 1024];
    let n = soon("an answer", stream.read(&mut heard)).await.unwrap();
    let mapped = heard[20..n].windows(12).find(|it| it.starts_with(&[0, 0x20, 0, 8, 0, 1])).unwrap();
    let port = u16::from_be_bytes([mapped[6] ^ cookie[0], mapped[7] ^ cookie[1]]);
    let address: Vec<_> = mapped[8..].iter().zip(cookie).map(|(one, other)| one ^ other).collect();
    assert_eq!((port, &address[..]), (4711, &[192, 0, 2, 7][..]));
}

#[tokio::test]
async fn the_redirect_beside_https_is_reached_through_the_same_proxy() {
    let mut secure = secure(&[ON, ("http.hostname", "localhost")]);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    secure.config.tls.redirect_port = free.port();
    let app = App::bind(secure.config.clone()).await.unwrap();
    let at = app.further_addresses().unwrap()[0];
    let server = Server::of(app);
    for (header, status) in
        [(v1("192.0.2.1:1".parse().unwrap()), Some(308)), (LOCAL.to_vec(), Some(308)), (vec![], None)]
    {
        let mut web = Web::to(at).await;
        web.stream.write_all(&header).await.unwrap();
        assert_eq!(web.answer_to("/").await, status);
    }
    drop(server);
}

#[tokio::test]
async fn the_health_check_says_that_it_is_nobodys_connection() {
    let plain = Server::with(&[ON]).await;
    let mut config = settings(&[ON], None);
    config.http.port = plain.address.port();
    health_check(&config).await.unwrap();
    let mut secure = secure(&[ON]);
    let server = Server::of(App::bind(secure.config.clone()).await.unwrap());
    secure.config.http.port = server.address.port();
    health_check(&secure.config).await.unwrap();
    // Where this machine is no trusted proxy it has nothing to say.
    let set = [ON, ("http.trusted_proxies", r#"["192.0.2.1"]"#)];
    let untrusted = Server::with(&set).await;
    let mut config = settings(&set, None);
    config.http.port = untrusted.address.port();
    health_check(&config).await.unwrap();
}

#[tokio::test]
async fn plain_http_at_a_port_of_https_is_led_to_https_or_told_so() {
    let unnamed = secure(&[]);
    let server = Server::of(App::bind(unnamed.config.clone()).await.unwrap());
    let answer = Web::to(server.address).await.ask("GET", "/", &[], b"").await;
    assert_eq!((answer.status, answer.text()), (400, "This port speaks HTTPS: begin the address with https://\n"));
    let named = secure(&[("http.hostname", "localhost")]);
    let server = Server::of(App::bind(named.config.clone()).await.unwrap());
    let mut web = Web::to(server.address).await;
    for (target, led) in [("/a?b", "https://localhost/a?b"), ("//evil.example/", "https://localhost//evil.example/")] {
        let answer = web.ask("GET", target, &[], b"").await;
        assert_eq!((answer.status, answer.header("location")), (308, led));
    }
    // Everything but that is refused in plain, and TLS goes on being served.
    let answer = web.ask("POST", POLLING, &[], b"40").await;
    assert_eq!(answer.status, 308);
    let mut stream = named.connect(&server, b"").await;
    let heard = said(&mut stream, "GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
}

/// What is shown is what was tried.
#[test]
fn the_proxies_files_stand_in_the_documents_as_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let shown = read("docs/deployment.md");
    for (file, language) in [("nginx.conf", "nginx"), ("Caddyfile", "caddyfile"), ("haproxy.cfg", "haproxy")] {
        let block = format!("```{language}\n{}```\n", read(&format!("deploy/proxies/{file}")));
        assert!(shown.contains(&block), "docs/deployment.md shows another deploy/proxies/{file}");
    }
    for (file, language) in [("nginx.conf", "nginx"), ("haproxy.cfg", "haproxy")] {
        let block = format!("```{language}\n{}```\n", read(&format!("deploy/nodes/{file}")));
        assert!(shown.contains(&block), "docs/deployment.md shows another deploy/nodes/{file}");
    }
    let (whole, local) = (read("deploy/nodes/haproxy.cfg"), read("deploy/nodes/haproxy-local.cfg"));
    let is_own = |it: &&str| ["# ", "frontend ", "    bind ", "    server "].iter().any(|own| it.starts_with(own));
    for line in local.lines().filter(|it| !is_own(it)) {
        assert!(whole.lines().any(|it| it == line), "haproxy-local.cfg goes its own way: {line}");
    }
    let further = ["nginx-path.conf", "nginx-stream.conf", "Caddyfile-path", "haproxy-path.cfg", "haproxy-tcp.cfg"];
    for file in further {
        assert!(shown.contains(&format!("(../deploy/proxies/{file})")), "docs/deployment.md does not name {file}");
    }
    let tried = read("client-js/e2e/reverse-proxy.ts");
    for file in fs::read_dir(root.join("deploy/proxies")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(tried.contains(&format!("file: '{name}'")), "no test starts deploy/proxies/{name}");
    }
}
