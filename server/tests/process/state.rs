//! What outlives the process: rooms, seats and the tokens by which people come back.
use std::{fs, path::Path};

use rustix::process::Signal;

use super::Running;
use crate::harness::{By, Peer, exchange, field, soon, web::Web};

fn start(folder: &Path) -> Running {
    Running::start(&[], &format!("[state]\ndir = {folder:?}\n"))
}

/// Says GET-ID as the web client does. The answer.
async fn hello(peer: &mut Peer, resume: &str) -> String {
    peer.emit(&format!(r#"["GET-ID",{{"requestId":"h","resume":{resume}}}]"#)).await;
    let answer = peer.receive().await;
    peer.id = field(&answer, "userID");
    answer
}

async fn back(running: &Running, token: &str) -> (Peer, String) {
    let mut peer = Peer::connect(running.address(), By::Websocket).await;
    let answer = hello(&mut peer, &format!(r#"{{"token":"{token}","received":7,"sent":9}}"#)).await;
    (peer, answer)
}

/// Waits until the file holds this text, or holds it no more.
async fn file_has(folder: &Path, text: &str, has: bool) {
    let path = folder.join("state.jsonl");
    soon("the state to be written", async {
        while fs::read_to_string(&path).unwrap_or_default().contains(text) != has {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn end(running: Running, signal: Signal) -> String {
    running.signal(signal);
    tokio::task::spawn_blocking(|| running.end()).await.unwrap().1
}

#[tokio::test]
async fn after_a_kill_and_after_a_stop_everyone_comes_back_to_their_rooms() {
    for signal in [Signal::KILL, Signal::TERM] {
        let folder = tempfile::tempdir().unwrap();
        let running = start(folder.path());
        let mut one = Peer::connect(running.address(), By::Websocket).await;
        let mut other = Peer::connect(running.address(), By::Polling).await;
        let mut original = Peer::connect(running.address(), By::Websocket).await;
        let tokens = [hello(&mut one, "true").await, hello(&mut other, "true").await].map(|it| field(&it, "token"));
        let ids = [one.id.clone(), other.id.clone()];
        original.hello().await;
        let room = one.create(0).await;
        for it in [&mut other, &mut original] {
            it.join(&room).await;
        }
        file_has(folder.path(), &original.id, true).await;
        let kept = fs::read_to_string(folder.path().join("state.jsonl")).unwrap();
        assert!(!tokens.iter().any(|it| kept.contains(it)), "the hashes of tokens alone are kept");
        let log = end(running, signal).await;
        assert!(!log.contains("set aside") && !log.contains("cannot"), "{log}");

        let running = start(folder.path());
        let health = Web::to(running.address()).await.ask("GET", "/health", &[], b"").await;
        assert!(health.text().contains(r#""peers":2,"rooms":1"#), "{}", health.text());
        let (mut one, answer) = back(&running, &tokens[0]).await;
        let members = format!(r#""members":["{}","{}"]"#, ids[0], ids[1]);
        assert!(answer.contains(r#""received":9,"complete":false"#) && answer.contains(&members), "{answer}");
        let (mut other, _) = back(&running, &tokens[1]).await;
        assert_eq!([&one.id, &other.id], [&ids[0], &ids[1]]);
        exchange(&mut one, &mut other, &room).await;
        let mut fourth = Peer::connect(running.address(), By::Upgrade).await;
        fourth.hello().await;
        fourth.join(&room).await;
        assert!(one.receive().await.contains(&fourth.id) && other.receive().await.contains(&fourth.id));
        // The tokens before are nothing any more, after another restart too.
        let gone = end(running, Signal::TERM).await;
        assert!(!gone.contains("set aside") && !gone.contains("cannot"), "{gone}");
        let running = start(folder.path());
        let (thief, answer) = back(&running, &tokens[0]).await;
        assert!(!answer.contains("complete") && thief.id != ids[0], "{answer}");
    }
}

#[tokio::test]
async fn rooms_that_ended_are_not_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path());
    let mut one = Peer::connect(running.address(), By::Websocket).await;
    hello(&mut one, "true").await;
    let room = one.create(0).await;
    file_has(folder.path(), &room, true).await;
    one.emit(&format!(r#"["DISCONNECTEDUSER","{room}"]"#)).await;
    file_has(folder.path(), &room, false).await;
    end(running, Signal::KILL).await;
    let running = start(folder.path());
    let health = Web::to(running.address()).await.ask("GET", "/health", &[], b"").await;
    assert!(health.text().contains(r#""peers":1,"rooms":0"#), "{}", health.text());
}

#[tokio::test]
async fn a_file_or_a_folder_that_is_no_use_is_no_reason_not_to_start() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("state.jsonl"), "what is this\n").unwrap();
    let running = start(folder.path());
    let second = start(folder.path());
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let third = start(&file);
    for (running, sentence) in [
        (second, "is used by another server"),
        (third, "cannot be used to keep rooms in"),
        (running, "was set aside as"),
    ] {
        let mut peer = Peer::connect(running.address(), By::Websocket).await;
        peer.hello().await;
        peer.create(0).await;
        let log = end(running, Signal::TERM).await;
        assert_eq!(log.lines().filter(|it| it.contains(sentence)).count(), 1, "{log}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("state.aside-0")).unwrap(), "what is this\n");
}

#[tokio::test]
async fn without_a_folder_it_says_so_and_without_a_word_about_it_none() {
    for (config, n_said) in [("", 1), ("[state]\ndir = \"memory\"\n", 0)] {
        let log = end(Running::start(&[], config), Signal::TERM).await;
        assert_eq!(log.matches("they end with the process").count(), n_said, "{log}");
    }
}
