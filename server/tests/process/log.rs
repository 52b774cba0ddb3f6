//! The log of the process: that it holds up nobody, and that nobody can make it grow without end.
use std::io::Read as _;

use rustix::process::Signal;

use super::Running;
use crate::harness::{By, Peer, exchange, soon, web::Web};

/// Its standard error is a pipe, which holds some 64 KiB, and which is read when it has ended.
#[tokio::test]
async fn a_log_that_nobody_reads_holds_up_nobody() {
    let settings = "[log]\nfilter = \"trace\"\n[limits]\naddress_sessions_per_second = 0\n";
    let mut running = Running::start(&[], settings);
    let address = running.address();
    for _ in 0..500 {
        let mut peer = Peer::connect(address, By::Websocket).await;
        peer.hello().await;
    }
    let health = Web::to(address).await.ask("GET", "/health", &[], b"").await;
    assert_eq!(health.status, 200);
    let (mut one, mut other) = (Peer::connect(address, By::Polling).await, Peer::connect(address, By::Upgrade).await);
    one.hello().await;
    other.hello().await;
    let room = one.create(0).await;
    other.join(&room).await;
    one.receive().await;
    exchange(&mut one, &mut other, &room).await;
    let mut unread = running.child.stderr.take().unwrap();
    let reading = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        unread.read_to_string(&mut text).map(|_| text)
    });
    // So that there is something to say after what was lost.
    Peer::connect(address, By::Websocket).await.hello().await;
    running.signal(Signal::TERM);
    let log = soon("the end of the log", reading).await.unwrap().unwrap();
    assert!(log.contains("event=\"log_lost\""), "it tells what is missing");
}

#[tokio::test]
async fn broken_connections_without_end_come_to_few_lines() {
    const N_BROKEN: usize = 500;
    let running = Running::start(&[], "[limits]\naddress_sessions_per_second = 0\n");
    for _ in 0..N_BROKEN {
        let mut peer = Peer::connect(running.address(), By::Websocket).await;
        peer.hello().await;
        peer.reset().unwrap();
    }
    loop {
        let health = Web::to(running.address()).await.ask("GET", "/health", &[], b"").await;
        if health.text().contains("\"peers\":0") {
            break;
        }
    }
    running.signal(Signal::TERM);
    let (code, log) = tokio::task::spawn_blocking(|| running.end()).await.unwrap();
    assert_eq!(code, Some(0), "{log}");
    let n_lines = log.lines().filter(|it| it.contains("event=\"disconnect\"")).count();
    let omitted = log.lines().filter(|it| it.contains("event=\"log_omitted\""));
    let n_omitted: usize = omitted.filter_map(|it| it.split("lines=").nth(1)?.trim().parse::<usize>().ok()).sum();
    assert!(n_lines < N_BROKEN / 2, "{n_lines} lines");
    assert_eq!(n_lines + n_omitted, N_BROKEN, "each is written or counted: {log}");
}
