//! Against Pebble, the ACME server for tests of Let's Encrypt (Debian: `pebble`). `./check` installs it and runs these; elsewhere
//! they are listed as ignored.
use std::process::{Child, Command, Stdio};

use super::*;

/// Runs until it is dropped.
struct Pebble {
    child: Child,
    management: u16,
    root: CertificateDer<'static>,
}

impl Pebble {
    /// It looks for servers at these ports of loopback. `more`: of its settings.
    async fn start(directory: &Directory, port: u16, tls: u16, http: u16, more: &str) -> Pebble {
        let management = free_port();
        let (cert, key) = (directory.path("cert.pem"), directory.path("key.pem"));
        let config = format!(
            r#"{{"pebble": {{"listenAddress": "127.0.0.1:{port}", "managementListenAddress": "127.0.0.1:{management}",
            "certificate": {cert:?}, "privateKey": {key:?}, "httpPort": {http}, "tlsPort": {tls}{more}}}}}"#
        );
        let path = directory.path("pebble.json");
        std::fs::write(&path, config).unwrap();
        let mut command = Command::new("pebble");
        // It waits at random, refuses good nonces, and remembers whom it has looked at, unless told otherwise.
        let settings = [("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "0"), ("PEBBLE_AUTHZREUSE", "0")];
        let command = command.arg("-config").arg(path).envs(settings).stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pebble = Pebble { child, management, root: directory.root() };
        soon("Pebble", async {
            for port in [port, management] {
                while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                    tokio::task::yield_now().await;
                }
            }
        })
        .await;
        pebble
    }

    /// What its certificates are believed by.
    async fn issuer(&self) -> CertificateDer<'static> {
        let to = SocketAddr::from(([127, 0, 0, 1], self.management));
        let mut stream = connect(to, "localhost", Some(&self.root), "http/1.1").await.unwrap();
        let answer = ask(&mut stream, "/roots/0").await;
        CertificateDer::from_pem_slice(answer.as_bytes()).unwrap()
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server for these names, and where Pebble will be.
fn server(names: &[&str], directory: &Directory, port: u16, state: &Path, more: &str) -> Logged {
    Logged::start(&settings(names, port, "dir", &directory.path("root.pem"), state, more))
}

#[tokio::test]
#[ignore = "takes pebble (Debian's package), which ./check installs"]
async fn a_name_and_an_address_get_a_certificate_that_outlives_the_process() {
    let (directory, state, port) = (Directory::new(), tempfile::tempdir().unwrap(), free_port());
    let names = ["localhost", "127.0.0.1"];
    let mut server = server(&names, &directory, port, state.path(), "");
    assert!(server.running.first_line.starts_with("P2PChat is ready: open https://localhost:"));
    // The authority is away: HTTPS waits, and one line says why and when it is tried again.
    let line = server.hear(&["ERROR", "reason=\"not_issued\""]);
    let next_try_s: u64 = line.split("next_try_s=").nth(1).unwrap().trim().parse().unwrap();
    assert!(line.contains("cannot be reached") && (300..=375).contains(&next_try_s), "{line}");
    assert!(connect(server.address(), "localhost", None, "http/1.1").await.is_err());

    let pebble = Pebble::start(&directory, port, server.address().port(), 1, "").await;
    server.hurry();
    server.hear(&["reason=\"account\"", "terms of service", &format!("https://127.0.0.1:{port}/dir")]);
    server.hear(&["reason=\"ordered\"", "localhost 127.0.0.1", "account="]);
    server.hear(&["reason=\"renewed\""]);
    let issuer = pebble.issuer().await;
    for name in names {
        let mut stream = connect(server.address(), name, Some(&issuer), "http/1.1").await.unwrap();
        assert!(ask(&mut stream, "/health").await.starts_with("HTTP/1.1 200"), "{name}");
    }
    // What was shown for the order is not shown any more.
    assert!(connect(server.address(), "localhost", None, "acme-tls/1").await.is_err());
    let (first, health) = (shown(server.address()).await, {
        let mut stream = connect(server.address(), "localhost", Some(&issuer), "http/1.1").await.unwrap();
        ask(&mut stream, "/health").await
    });
    let health: serde_json::Value = serde_json::from_str(health.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(health["connections"], 1, "an authority's connections are given back: {health}");
    for name in ["acme-accounts.json", "acme-certificate.json"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(state.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    server.end();

    drop(pebble);
    let again = self::server(&names, &directory, port, state.path(), "");
    assert_eq!(shown(again.address()).await, first, "it is there at once, and nobody is asked");
    again.hurry();
    // A name more takes a new order; until it is there, the former certificate goes on.
    let log = again.end();
    assert!(!log.iter().any(|it| it.contains("ordered") || it.contains("not_issued")), "{log:#?}");
    let mut more = self::server(&["localhost", "127.0.0.1", "::1"], &directory, port, state.path(), "");
    more.hear(&["WARN", "reason=\"not_issued\"", "the former one stays in use"]);
    assert_eq!(shown(more.address()).await, first);
}

#[tokio::test]
#[ignore = "takes pebble (Debian's package), which ./check installs"]
async fn an_external_account_is_demanded_and_port_80_is_tried_where_443_is_closed() {
    let (directory, port, plain) = (Directory::new(), free_port(), free_port());
    let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    let demands =
        format!(r#", "externalAccountBindingRequired": true, "externalAccountMACKeys": {{"kid-1": "{key}"}}"#);
    let pebble = Pebble::start(&directory, port, free_port(), plain, &demands).await;
    let state = tempfile::tempdir().unwrap();
    let mut without = server(&["localhost"], &directory, port, state.path(), "");
    without.hear(&["ERROR", "reason=\"not_issued\"", "externalAccountRequired", "tls.acme.eab_key_id"]);
    without.end();

    let settings = settings(
        &["localhost"],
        port,
        "dir",
        &directory.path("root.pem"),
        state.path(),
        &format!("redirect_port = {plain}"),
    );
    let mut server = Logged::start(&format!("{settings}eab_key_id = \"kid-1\"\neab_hmac_key = \"{key}\"\n"));
    server.hear(&["reason=\"account\""]);
    server.hear(&["reason=\"not_issued\"", "at localhost at port 443", "Failed to connect"]);
    server.hurry();
    server.hear(&["reason=\"renewed\""]);
    let issuer = pebble.issuer().await;
    connect(server.address(), "localhost", Some(&issuer), "h2").await.unwrap();

    let at = SocketAddr::from(([127, 0, 0, 1], plain));
    let https = format!("https://localhost:{}", server.address().port());
    let mut web = crate::harness::web::Web::to(at).await;
    let answer = web.ask("GET", "/a?b=c", &[], b"").await;
    assert_eq!((answer.status, answer.header("location")), (308, format!("{https}/a?b=c").as_str()));
    let answer = web.ask("GET", "/.well-known/acme-challenge/x", &[], b"").await;
    assert_eq!(answer.status, 404, "nothing is shown but while an order is under way");
    let log = server.end();
    assert!(!log.iter().any(|it| it.contains(key)), "the key is in no log");
}

#[tokio::test]
#[ignore = "takes pebble (Debian's package), which ./check installs"]
async fn it_is_renewed_while_connections_are_open_and_stays_where_it_cannot_be() {
    let (directory, state, port) = (Directory::new(), tempfile::tempdir().unwrap(), free_port());
    let mut server = server(&["localhost"], &directory, port, state.path(), "");
    server.hear(&["reason=\"not_issued\""]);
    // They live for ten seconds, and are renewed after five.
    let pebble =
        Pebble::start(&directory, port, server.address().port(), 1, r#", "certificateValidityPeriod": 10"#).await;
    server.hurry();
    server.hear(&["reason=\"renewed\""]);
    let mut open = connect(server.address(), "localhost", None, "http/1.1").await.unwrap();
    let first = open.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned();
    ask(&mut open, "/health").await;

    server.hear(&["reason=\"renewed\""]);
    let second = shown(server.address()).await;
    assert_ne!(first, second);
    ask(&mut open, "/health").await;
    drop(pebble);
    server.hear(&["WARN", "reason=\"not_issued\"", "the former one stays in use", "cannot be reached"]);
    assert_eq!(shown(server.address()).await, second);
    ask(&mut open, "/health").await;
}
