//! The log's filter while the server runs.
use std::{
    fs,
    io::{BufReader, Read as _},
};

use rustix::process::Signal;
use tokio::task::spawn_blocking;

use super::Running;
use crate::harness::{By, Peer};

/// Reads on until a line has all these words, and gives what was read.
fn until(log: &mut impl std::io::BufRead, words: &[&str]) -> String {
    let mut read = String::new();
    loop {
        let begin = read.len();
        assert!(log.read_line(&mut read).unwrap() > 0, "it ended: {read}");
        if words.iter().all(|it| read[begin..].contains(it)) {
            return read;
        }
    }
}

#[tokio::test]
async fn a_hangup_reads_the_filter_again_and_a_wrong_one_changes_nothing() {
    let mut running = Running::start(&[], "[log]\nfilter = \"info\"\n");
    let mut log = BufReader::new(running.child.stderr.take().unwrap());
    let settings = running.folder.path().join("config.toml");
    let coming = ["DEBUG", "event=\"connect\""];
    let mut peers = Vec::new();

    peers.push(Peer::connect(running.address(), By::Websocket).await);
    fs::write(&settings, "[log]\nfilter = \"info,p2pchat_server::sessions=debug\"\n").unwrap();
    running.signal(Signal::HUP);
    let (before, back) =
        spawn_blocking(move || (until(&mut log, &["event=\"log_filter\"", "read again"]), log)).await.unwrap();
    log = back;
    assert!(!before.contains("DEBUG"), "{before}");
    peers.push(Peer::connect(running.address(), By::Websocket).await);
    log = spawn_blocking(move || {
        until(&mut log, &coming);
        log
    })
    .await
    .unwrap();

    // One that makes no sense, and one in a file that is wrong elsewhere.
    let wrong = [
        ("[log]\nfilter = \"what=ever\"\n", "log.filter is \"what=ever\""),
        ("[log]\nfilter = \"error\"\n[http]\nprt = 1\n", "http.prt, which is no setting"),
    ];
    for (text, sentence) in wrong {
        fs::write(&settings, text).unwrap();
        running.signal(Signal::HUP);
        peers.push(Peer::connect(running.address(), By::Websocket).await);
        log = spawn_blocking(move || {
            until(&mut log, &["ERROR", "event=\"log_filter\"", sentence, "stays in force"]);
            log
        })
        .await
        .unwrap();
        peers.push(Peer::connect(running.address(), By::Websocket).await);
        log = spawn_blocking(move || {
            until(&mut log, &coming);
            log
        })
        .await
        .unwrap();
    }

    // And a coarser one: what was said before is not any more.
    fs::write(&settings, "[log]\nfilter = \"info\"\n").unwrap();
    running.signal(Signal::HUP);
    log = spawn_blocking(move || {
        until(&mut log, &["event=\"log_filter\"", "read again"]);
        log
    })
    .await
    .unwrap();
    peers.push(Peer::connect(running.address(), By::Websocket).await);
    running.signal(Signal::TERM);
    let rest = spawn_blocking(move || {
        let mut rest = String::new();
        log.read_to_string(&mut rest).map(|_| rest)
    });
    let rest = rest.await.unwrap().unwrap();
    assert!(rest.contains("stopping") && !rest.contains("DEBUG"), "{rest}");
}
