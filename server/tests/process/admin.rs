//! The operator's commands, asked of a running server by the executable itself.
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::PathBuf,
    process::Output,
};

use rustix::process::Signal;
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::{Running, command, said};
use crate::harness::{By, Peer, field, soon, web::Web};

/// With its state, and so its socket, in its own folder.
fn start(more: &str) -> Running {
    Running::start_with(&[], more, |command| {
        let folder = command.get_current_dir().unwrap().to_owned();
        command.env("RUNTIME_DIRECTORY", folder);
    })
}

impl Running {
    fn socket(&self) -> PathBuf {
        self.folder.path().join("admin.sock")
    }

    /// What the executable says, asked where the server's settings are.
    async fn admin(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = command(self.folder.path(), arguments);
        command.env("RUNTIME_DIRECTORY", self.folder.path());
        let output: Output = spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let (code, printed, sentence) = said(&output);
        (code, format!("{printed}{sentence}"))
    }

    async fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let (code, text) = self.admin(arguments).await;
        assert_eq!(code, Some(0), "{text}");
        text.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
    }
}

#[tokio::test]
async fn rooms_and_sessions_are_listed_and_counted_by_their_ids_alone() {
    let running = start("[http]\nprotocols = [\"p2pchat\", \"mqtt\"]\n[log]\nfilter = \"trace\"\n");
    assert_eq!(fs::metadata(running.socket()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(running.admin(&["rooms"]).await, (Some(0), String::new()));
    let (mut one, mut other) =
        (Peer::connect(running.address(), By::Websocket).await, Peer::connect(running.address(), By::Polling).await);
    one.hello().await;
    other.hello().await;
    let create = r#"{"requestId":"c","maxUsers":7,"name":"hush-name","password":"hush","type":1}"#;
    one.emit(&format!(r#"["CREATE-ROOM",{create}]"#)).await;
    let room = field(&one.receive().await, "roomID");
    let rooms = running.lines(&["rooms", "--json"]).await;
    let expected = serde_json::json!({"id": room, "protocol": "p2pchat", "topology": "star", "peers": 1, "away": 0,
        "peers_max": 7, "owned": false, "locked": false, "closed": false});
    assert_eq!(rooms, [expected]);
    let peers = running.lines(&["peers", "--json"]).await;
    let of = |peer: &Peer| peers.iter().find(|it| it["id"] == *peer.id).unwrap();
    assert_eq!((peers.len(), of(&one)["rooms"].as_u64(), of(&other)["rooms"].as_u64()), (2, Some(1), Some(0)));
    assert!(of(&one)["held_bytes"].as_u64().unwrap() > 0 && of(&one)["away"] == false);
    let stats = running.lines(&["stats", "--json"]).await;
    assert_eq!((stats[0]["sessions"].as_u64(), stats[0]["protocols"][0]["stars"].as_u64()), (Some(2), Some(1)));
    // And for people.
    let mut all = String::new();
    for (what, words) in
        [("rooms", &["PROTOCOL", "1/7", &room][..]), ("peers", &["BYTES", &one.id]), ("stats", &["1 stars"])]
    {
        let (code, text) = running.admin(&[what]).await;
        assert!(code == Some(0) && words.iter().all(|it| text.contains(it)), "{text}");
        all += &text;
    }
    assert!(!all.contains("hush") && !all.contains("127.0.0.1"), "{all}");
}

#[tokio::test]
async fn a_room_is_closed_for_its_people_and_a_session_is_ended() {
    let running = start("[metrics]\ntoken = \"0123456789abcdef\"\n[rooms]\nlinger_s = 60\n");
    let mut peers = Vec::new();
    for by in [By::Websocket, By::Polling, By::Websocket] {
        peers.push(Peer::connect(running.address(), by).await);
        peers.last_mut().unwrap().hello().await;
    }
    let room = peers[0].create(0).await;
    peers[1].join(&room).await;
    peers[0].receive().await;
    let elsewhere = peers[2].create(0).await;
    assert_eq!(running.admin(&["close", &room]).await, (Some(0), "The room is closed.\n".to_owned()));
    let left = |peer: &Peer| format!(r#"["DISCONNECTEDUSER",{{"userID":"{}","roomID":"{room}"}}]"#, peer.id);
    let (of_first, of_second) = (left(&peers[0]), left(&peers[1]));
    assert_eq!(peers[0].receive().await, of_second);
    assert_eq!(peers[1].receive().await, of_first);
    // It is gone, the other room is not, and its people can go there.
    let join = format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#);
    peers[0].emit(&join).await;
    assert_eq!(peers[0].receive().await, r#"["TYPEERROR",{"type":3,"requestID":"j"}]"#);
    peers[0].join(&elsewhere).await;
    let (code, text) = running.admin(&["close", &room]).await;
    assert!(code == Some(1) && text.contains("neither a room nor a session"), "{text}");

    let id = peers[0].id.clone();
    assert_eq!(running.lines(&["close", &id, "--json"]).await[0]["closed"]["peers"], 1);
    peers[0].ends().await;
    let token = [("authorization", "Bearer 0123456789abcdef")];
    let metrics = Web::to(running.address()).await.ask("GET", "/metrics", &token, b"").await;
    assert!(metrics.text().contains("p2pchat_disconnects_total{reason=\"by_operator\"} 2\n"), "{}", metrics.text());
    running.signal(Signal::TERM);
    let socket = running.socket();
    let (_, log) = spawn_blocking(|| running.end()).await.unwrap();
    for words in [["event=\"closed\"", "what=\"room\""], ["event=\"disconnect\"", &*id]] {
        let is_it = |line: &str| words.iter().all(|it| line.contains(it)) && line.contains("reason=\"by_operator\"");
        assert!(log.lines().any(is_it), "{words:?}: {log}");
    }
    // Whoever has a room's id can try its password.
    assert!(!log.contains(&room) && !socket.exists(), "{log}");
}

#[tokio::test]
async fn whoever_asks_and_does_not_read_holds_up_nobody() {
    let running = start("");
    let mut owner = Peer::connect(running.address(), By::Websocket).await;
    owner.hello().await;
    for _ in 0..50 {
        owner.create(0).await;
    }
    // One that does not read, and two that do not say anything at all.
    let silent: Vec<_> = (0..3).map(|_| UnixStream::connect(running.socket()).unwrap()).collect();
    (&silent[0]).write_all(b"{\"ask\":\"rooms\"}\n").unwrap();
    let other = Peer::connect(running.address(), By::Websocket).await;
    drop(other);
    owner.create(0).await;
    let rooms = soon("an answer", running.lines(&["rooms", "--json"])).await;
    assert_eq!(rooms.len(), 51);
    running.signal(Signal::TERM);
    assert_eq!(spawn_blocking(|| running.end()).await.unwrap().0, Some(0));
    drop(silent);
}

#[test]
fn what_makes_no_sense_is_answered_and_an_endless_question_is_not_read() {
    let running = start("");
    for question in ["{\"ask\":\"everything\"}\n", "rooms\n", "{\"ask\":\"close\"}\n", "\n"] {
        let mut stream = UnixStream::connect(running.socket()).unwrap();
        stream.write_all(question.as_bytes()).unwrap();
        let answer: Vec<_> = BufReader::new(stream).lines().map(Result::unwrap).collect();
        assert!(answer.len() == 2 && answer[0].starts_with("{\"error\":") && answer[1] == "\"end\"", "{answer:?}");
    }
    let mut stream = UnixStream::connect(running.socket()).unwrap();
    // The server may have hung up before all of it is taken.
    let _ = stream.write_all(&vec![b' '; 1_000_000]);
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.starts_with("{\"error\":"), "{answer}");
}

#[test]
fn a_socket_that_was_left_behind_is_replaced_and_one_in_use_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("admin.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let settings = format!("[admin]\nsocket = {path:?}\n");
    let first = Running::start(&[], &settings);
    let asked = |from: &Running| command(from.folder.path(), &["stats"]).output().unwrap().status.code();
    assert_eq!(asked(&first), Some(0));
    let second = Running::start(&[], &settings);
    second.signal(Signal::TERM);
    let (code, log) = second.end();
    assert!(code == Some(0) && log.contains("the admin socket cannot be had"), "{log}");
    assert_eq!(asked(&first), Some(0), "the first one still has it");

    let none = Running::start(&[], "[admin]\nsocket = \"off\"\n");
    let output = command(none.folder.path(), &["stats"]).output().unwrap();
    assert!(said(&output).2.contains("admin.socket is \"off\""), "{output:?}");
}

#[test]
fn completions_and_the_manual_are_printed() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let folder = tempfile::tempdir().unwrap();
        let output = command(folder.path(), &["completions", shell]).output().unwrap();
        let (code, text, _) = said(&output);
        assert!(code == Some(0) && text.contains("check-config") && text.contains("doctor"), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path(), &["man"]).output().unwrap();
    assert!(said(&output).1.contains(".TH p2pchat-server 1"), "{}", said(&output).1);
}
