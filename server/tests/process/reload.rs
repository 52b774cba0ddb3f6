//! Settings that are read again while the server runs.
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    process::ChildStderr,
};

use rustix::process::Signal;
use tokio::task::spawn_blocking;

use super::Running;
use crate::harness::{By, Peer};

type Log = BufReader<ChildStderr>;

/// Reads on until a line has all these words, and gives what was read.
fn until(log: &mut Log, words: &[&str]) -> String {
    let mut read = String::new();
    loop {
        let begin = read.len();
        assert!(log.read_line(&mut read).unwrap() > 0, "it ended: {read}");
        if words.iter().all(|it| read[begin..].contains(it)) {
            return read;
        }
    }
}

/// The same while peers are served.
async fn heard(mut log: Log, words: &'static [&'static str]) -> (String, Log) {
    spawn_blocking(move || (until(&mut log, words), log)).await.unwrap()
}

#[tokio::test]
async fn a_hangup_reads_the_filter_again_and_a_wrong_one_changes_nothing() {
    let mut running = Running::start(&[], "[log]\nfilter = \"info\"\n");
    let log = BufReader::new(running.child.stderr.take().unwrap());
    let settings = running.folder.path().join("config.toml");
    const TAKEN: &[&str] = &["event=\"reload\"", "read again"];
    const COMING: &[&str] = &["DEBUG", "event=\"connect\""];
    let mut peers = Vec::new();

    peers.push(Peer::connect(running.address(), By::Websocket).await);
    fs::write(&settings, "[log]\nfilter = \"info,p2pchat_server::sessions=debug\"\n").unwrap();
    running.signal(Signal::HUP);
    let (before, mut log) = heard(log, TAKEN).await;
    assert!(!before.contains("DEBUG"), "{before}");
    peers.push(Peer::connect(running.address(), By::Websocket).await);
    log = heard(log, COMING).await.1;

    // One that makes no sense, and one in a file that is wrong elsewhere.
    const WRONG: [(&str, &[&str]); 2] = [
        (
            "[log]\nfilter = \"what=ever\"\n",
            &["ERROR", "event=\"reload\"", "log.filter is \"what=ever\"", "all settings stay as they were"],
        ),
        (
            "[log]\nfilter = \"error\"\n[http]\nprt = 1\n",
            &["ERROR", "event=\"reload\"", "http.prt, which is no setting", "all settings stay as they were"],
        ),
    ];
    for (text, words) in WRONG {
        fs::write(&settings, text).unwrap();
        running.signal(Signal::HUP);
        peers.push(Peer::connect(running.address(), By::Websocket).await);
        log = heard(log, words).await.1;
        peers.push(Peer::connect(running.address(), By::Websocket).await);
        log = heard(log, COMING).await.1;
    }

    // And a coarser one: what was said before is not any more.
    fs::write(&settings, "[log]\nfilter = \"info\"\n").unwrap();
    running.signal(Signal::HUP);
    log = heard(log, TAKEN).await.1;
    peers.push(Peer::connect(running.address(), By::Websocket).await);
    running.signal(Signal::TERM);
    let rest = spawn_blocking(move || {
        let mut rest = String::new();
        log.read_to_string(&mut rest).map(|_| rest)
    });
    let rest = rest.await.unwrap().unwrap();
    assert!(rest.contains("stopping") && !rest.contains("DEBUG"), "{rest}");
}

#[tokio::test]
async fn what_can_change_does_and_what_takes_a_restart_is_named() {
    let before = "[ice]\nservers = [{ urls = [\"stun:before\"] }]\n[relay]\nenabled = false\n[rooms]\npeers_max = 2\n";
    let mut running = Running::start(&[], before);
    let log = BufReader::new(running.child.stderr.take().unwrap());
    let settings = running.folder.path().join("config.toml");
    let mut owner = Peer::connect(running.address(), By::Websocket).await;
    owner.emit(r#"["GET-ID",{"requestId":"i"}]"#).await;
    assert!(owner.receive().await.contains("stun:before"));
    let full = owner.create(0).await;
    let mut guests = Vec::new();
    for _ in 0..2 {
        guests.push(Peer::connect(running.address(), By::Websocket).await);
        guests.last_mut().unwrap().hello().await;
    }
    guests[0].join(&full).await;
    owner.receive().await;

    // A secret that changes is named like any other, and shown nowhere.
    let after = before.replace("before", "after").replace("peers_max = 2", "peers_max = 3")
        + "[http]\nport = 9\n[limits]\nrooms_max = 2\n[metrics]\ntoken = \"hush-hush-hush-hush\"\n";
    fs::write(&settings, &after).unwrap();
    running.signal(Signal::HUP);
    let (said, log) = heard(log, &["WARN", "event=\"reload\""]).await;
    assert!(said.contains("taken=\"ice.servers, limits.rooms_max, rooms.peers_max\""), "{said}");
    assert!(said.contains("take a restart, and stay as they were: metrics.token") && !said.contains("hush"), "{said}");

    let mut newcomer = Peer::connect(running.address(), By::Websocket).await;
    newcomer.emit(r#"["GET-ID",{"requestId":"i"}]"#).await;
    assert!(newcomer.receive().await.contains("stun:after"));
    // The room that was there has the seats that it was made with, and a new one has more.
    let join = |room: &str| format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#);
    newcomer.emit(&join(&full)).await;
    assert_eq!(newcomer.receive().await, r#"["TYPEERROR",{"type":2,"requestID":"j"}]"#);
    let wide = newcomer.create(0).await;
    for guest in &mut guests {
        guest.join(&wide).await;
    }
    // And no third room is made.
    newcomer.receive().await;
    newcomer.receive().await;
    newcomer.emit(r#"["CREATE-ROOM",{"requestId":"c","maxUsers":2,"name":"n","password":"pw","type":0}]"#).await;
    assert_eq!(newcomer.receive().await, r#"["TYPEERROR",{"type":4,"requestID":"c"}]"#);

    // Back again: there is nothing that takes a restart.
    fs::write(&settings, before).unwrap();
    running.signal(Signal::HUP);
    let (said, _) = heard(log, &["event=\"reload\"", "read again"]).await;
    assert!(!said.contains("WARN") && said.contains("ice.servers, limits.rooms_max, rooms.peers_max"), "{said}");
}

#[test]
fn a_certificate_in_other_files_is_taken_and_a_bad_one_leaves_the_former_in_use() {
    let files = tempfile::tempdir().unwrap();
    let settings = |name: &str| {
        let path = |ending: &str| files.path().join(format!("{name}.{ending}"));
        format!("[tls]\nenabled = true\ncert_path = {:?}\nkey_path = {:?}\n", path("crt"), path("key"))
    };
    for name in ["one", "two"] {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(files.path().join(format!("{name}.crt")), made.cert.pem()).unwrap();
        fs::write(files.path().join(format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
    }
    let mut running = Running::start(&[], &settings("one"));
    let mut log = BufReader::new(running.child.stderr.take().unwrap());
    for (name, words) in [
        ("two", ["reason=\"renewed\"", "two.crt"]),
        ("missing", ["The former certificate stays in use", "missing.crt"]),
        ("one", ["reason=\"renewed\"", "one.crt"]),
    ] {
        fs::write(running.folder.path().join("config.toml"), settings(name)).unwrap();
        running.signal(Signal::HUP);
        let said = until(&mut log, &["event=\"reload\"", "read again"]);
        assert!(said.contains("tls.cert_path, tls.key_path") && !said.contains("restart"), "{said}");
        until(&mut log, &words);
    }
    // One that the server makes itself takes a restart.
    fs::write(running.folder.path().join("config.toml"), "[tls]\nself_signed = true\n").unwrap();
    running.signal(Signal::HUP);
    let said = until(&mut log, &["WARN", "event=\"reload\""]);
    assert!(
        said.contains("take a restart, and stay as they were: tls.cert_path, tls.key_path, tls.self_signed"),
        "{said}"
    );
}
