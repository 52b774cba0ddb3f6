//! How the process stops while people are there.
use std::time::Instant;

use rustix::process::Signal;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::Running;
use crate::harness::{By, Peer, web::Web};

#[tokio::test]
async fn a_balancer_hears_of_a_stop_while_everything_goes_on() {
    let running = Running::start(&[], "[http]\ndrain_s = 5\n");
    let mut peer = Peer::connect(running.address(), By::Websocket).await;
    for path in ["/ready", "/live"] {
        let answer = Web::to(running.address()).await.ask("GET", path, &[], b"").await;
        assert_eq!((answer.status, answer.text()), (200, r#"{"status":"ok"}"#), "{path}");
    }
    running.signal(Signal::TERM);
    loop {
        let health = Web::to(running.address()).await.ask("GET", "/health", &[], b"").await;
        if health.status == 503 {
            assert!(health.text().starts_with("{\"status\":\"stopping\""), "{}", health.text());
            break;
        }
    }
    // It is not ready for anybody new, and nobody is to start it again.
    for (path, expected) in [("/ready", (503, r#"{"status":"stopping"}"#)), ("/live", (200, r#"{"status":"ok"}"#))] {
        let answer = Web::to(running.address()).await.ask("GET", path, &[], b"").await;
        assert_eq!((answer.status, answer.text()), expected, "{path}");
    }
    // Who is there is served, and who comes is let in.
    peer.hello().await;
    let mut late = Peer::connect(running.address(), By::Upgrade).await;
    late.hello().await;
    peer.ends().await;
    late.ends().await;
    let (code, log) = tokio::task::spawn_blocking(|| running.end()).await.unwrap();
    assert_eq!(code, Some(0), "{log}");
}

#[tokio::test]
async fn a_stop_waits_for_no_handshake_and_no_head() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let [cert, key] = ["cert.pem", "key.pem"].map(|it| folder.path().join(it));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    for tls in [false, true] {
        let settings = format!("[tls]\nenabled = {tls}\ncert_path = {cert:?}\nkey_path = {key:?}\n");
        let running = Running::start(&[], &settings);
        let mut waiting = Vec::new();
        for said in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HT"] {
            let mut stream = TcpStream::connect(running.address()).await.unwrap();
            stream.write_all(said).await.unwrap();
            waiting.push(stream);
        }
        let begun = Instant::now();
        running.signal(Signal::TERM);
        let (code, log) = tokio::task::spawn_blocking(|| running.end()).await.unwrap();
        assert_eq!(code, Some(0), "{log}");
        assert!(begun.elapsed().as_secs() < 8, "it took {:?}", begun.elapsed());
        drop(waiting);
    }
}
