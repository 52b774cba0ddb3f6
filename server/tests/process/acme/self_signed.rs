//! A certificate that the server makes itself: the same after a restart, and shown by the fingerprint that browsers show.
use sha2::{Digest as _, Sha256};

use super::*;

/// What it prints, and the certificate that it shows.
async fn run(config: &str) -> (String, CertificateDer<'static>, String) {
    let mut running = Running::start(&["--self-signed"], config);
    let mut printed = running.first_line.clone();
    // The fingerprint is the last line.
    while !printed.trim_end().lines().last().unwrap().contains(":") || printed.lines().last().unwrap().len() != 95 {
        assert_ne!(running.said.read_line(&mut printed).unwrap(), 0, "{printed}");
    }
    let certificate = shown(running.address()).await;
    let mut stream = connect(running.address(), "localhost", Some(&certificate), "http/1.1").await;
    // rustls takes a root for no certificate of a server's; browsers let people go on.
    if let Ok(stream) = &mut stream {
        assert!(ask(stream, "/health").await.starts_with("HTTP/1.1 200"));
    }
    running.signal(Signal::TERM);
    let (code, log) = tokio::task::spawn_blocking(|| running.end()).await.unwrap();
    assert_eq!(code, Some(0), "{log}");
    (printed, certificate, log)
}

#[tokio::test]
async fn it_is_made_once_and_shown_by_its_fingerprint() {
    let state = tempfile::tempdir().unwrap();
    let config = format!("[relay]\nenabled = false\n[state]\ndir = {:?}\n", state.path());
    let (printed, certificate, _) = run(&config).await;
    assert!(
        printed.starts_with("P2PChat is ready: open https://localhost:") && printed.contains("not private"),
        "{printed}"
    );
    let fingerprint: Vec<_> = Sha256::digest(&certificate).iter().map(|it| format!("{it:02X}")).collect();
    assert!(printed.ends_with(&format!("{}\n", fingerprint.join(":"))), "{printed}");
    let (_, again, log) = run(&config).await;
    assert_eq!(certificate, again);
    assert!(!log.contains("self_signed") && !log.contains("wrong_name"), "{log}");

    let (_, other, log) = run("[relay]\nenabled = false\n[state]\ndir = \"memory\"\n").await;
    assert_ne!(certificate, other);
    assert!(log.contains("after each start") && log.contains("set state.dir"), "{log}");
}
