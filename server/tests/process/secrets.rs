//! What people and operators keep secret, and what people say: none of it leaves the process but to whom it is for. The log at
//! its finest level, the libraries' own lines included, what is printed, and what metrics and health say are searched for
//! everything that was secret in a run in which a bit of everything happens.
use std::{io::Read as _, net::SocketAddr};

use rustix::process::Signal;
use tokio::task::spawn_blocking;

use super::Running;
use crate::{
    harness::{By, EVERY_WAY, Peer, exchange, field, mqtt::Mqtt, peer::signal_text, plain::Plain, soon, web::Web},
    relay::client::Turn,
};

const TOKEN: &str = "hush-metrics-token";

/// Everything that a test chooses has "hush" in it.
fn settings(format: &str) -> String {
    format!(
        r#"
[http]
protocols = ["p2pchat", "textchat", "videocall", "poc", "mqtt"]
[log]
filter = "trace"
format = "{format}"
[access]
password = "hush-server-password"
[access.tokens]
secret = "hush-hush-hush-hush-hush-hush-hush"
[metrics]
token = "{TOKEN}"
[relay]
port = 0
username = "page"
password = "hush-relay-password"
[ice]
servers = [
  {{ urls = ["turn:t"], username = "hush-user", credential = "hush-credential" }},
  {{ urls = ["turn:t"], shared_secret = "hush-shared" }},
]
"#
    )
}

#[tokio::test]
async fn no_secret_of_a_run_is_in_what_the_process_says() {
    for format in ["text", "json"] {
        let mut running = Running::start(&[], &settings(format));
        let address = running.address();
        // What it logs is more than a pipe holds.
        let mut log = running.child.stderr.take().unwrap();
        let reading = spawn_blocking(move || {
            let mut text = String::new();
            log.read_to_string(&mut text).map(|_| text)
        });
        // What the server itself makes and tells one client alone.
        let mut made = Vec::new();
        for by in EVERY_WAY {
            say_in_a_room(address, by).await;
            say_in_a_text_chat(address, by).await;
            come_back(address, by, &mut made).await;
        }
        say_plainly(address).await;
        say_over_mqtt(address).await;
        use_the_relay(address, &mut made).await;
        let pages = ask_for_pages(address).await;
        running.signal(Signal::TERM);
        let log = soon("the end of the log", reading).await.unwrap().unwrap();
        assert!(["connect", "resume", "ignored", "rejected", "password_attempts"].iter().all(|it| log.contains(it)));
        let mut printed = running.first_line.clone();
        running.said.read_to_string(&mut printed).unwrap();
        assert!(made.len() >= 8 && made.iter().all(|it| it.len() >= 16), "{made:?}");
        for (what, text) in [("the log", log), ("standard output", printed), ("the pages", pages)] {
            let is_secret = |line: &&str| line.contains("hush") || made.iter().any(|it| line.contains(&**it));
            assert_eq!(text.lines().find(is_secret), None, "{what}, {format}");
        }
    }
}

/// Passwords, right and wrong ones, what a room is called, its keys, and session descriptions with attachments.
async fn say_in_a_room(address: SocketAddr, by: By) {
    let (mut one, mut other) = (Peer::connect(address, by).await, Peer::connect(address, by).await);
    one.hello().await;
    other.hello().await;
    let settings = r#""maxUsers":5,"name":"hush-name","password":"hush-password","type":1"#;
    one.emit(&format!(r#"["CREATE-ROOM",{{"requestId":"c",{settings}}}]"#)).await;
    let room = field(&one.receive().await, "roomID");
    for shown in [r#""password":"hush-guess""#, r#""token":"hush.hush.hush""#, r#""password":"hush-server-password""#] {
        one.emit(&format!(r#"["CREATE-ROOM",{{"requestId":"a",{settings},"access":{{{shown}}}}}]"#)).await;
        assert!(one.receive().await.contains("roomID"));
    }
    let n = EVERY_WAY.iter().position(|it| *it == by).unwrap();
    let keys = format!(r#""key":"hushhushhushhushhushh{n}","owner":"hush-owner","canHost":50"#);
    one.emit(&format!(r#"["CREATE-ROOM",{{"requestId":"k",{settings},{keys}}}]"#)).await;
    let guessed = field(&one.receive().await, "roomID");
    for password in ["hush-wrong", "hush-password"] {
        other.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"{password}"}}]"#)).await;
        other.receive().await;
    }
    one.receive().await;
    let update = format!(r#"{{"requestId":"u","room":"{room}","maxUsers":5,"name":"hush","password":"hush-new"}}"#);
    one.emit(&format!(r#"["UPDATE-ROOM",{update}]"#)).await;
    one.receive().await;
    let signal = signal_text(&one.id, &room, r#"["hush-sdp",{"_placeholder":true,"num":0}]"#);
    other.emit_binary(&signal, &[b"hush".to_vec()]).await;
    assert!(one.event().await.unwrap().text.contains("hush-sdp"));
    for nonsense in [r#"["hush-event",{"password":"hush"}]"#, r#"["SIGNAL",{"signal":"hush-sdp"}]"#] {
        other.emit(nonsense).await;
    }
    for guess in 0..6 {
        other.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"g","room":"{guessed}","password":"hush-{guess}"}}]"#)).await;
        other.receive().await;
    }
    one.leave().await;
    other.leave().await;
}

async fn say_in_a_text_chat(address: SocketAddr, by: By) {
    let mut chatter = Peer::connect_at(address, "/socket.io/", by).await;
    chatter.emit(r#"["join-room","hush-room"]"#).await;
    chatter.receive().await;
    chatter.emit(r#"["rtc-offer","nobody",{"sdp":"hush-sdp"}]"#).await;
    chatter.leave().await;
}

/// Resume tokens, and credentials for the relay and for another.
async fn come_back(address: SocketAddr, by: By, made: &mut Vec<String>) {
    let mut peer = Peer::connect(address, by).await;
    let mut resume = "true".to_owned();
    for _ in 0..2 {
        peer.emit(&format!(r#"["GET-ID",{{"requestId":"h","resume":{resume}}}]"#)).await;
        let answer = peer.receive().await;
        let token = field(&answer, "token");
        made.extend(answer.split(r#""credential":""#).skip(1).map(|it| it.split('"').next().unwrap().to_owned()));
        resume = format!(r#"{{"token":"{token}","received":0,"sent":0}}"#);
        made.push(token);
        peer.leave().await;
        peer = Peer::connect(address, by).await;
    }
    peer.emit(r#"["GET-ID",{"requestId":"h","resume":{"token":"hush-token","received":0}}]"#).await;
    peer.receive().await;
    peer.leave().await;
    made.retain(|it| !it.contains("hush"));
}

async fn say_plainly(address: SocketAddr) {
    let mut a = Plain::caller(address, "hush-room").await;
    let mut b = Plain::caller(address, "hush-room").await;
    b.receive().await;
    a.send(&format!(r#"{{"type":"offer","to":"{}","offer":{{"sdp":"hush-sdp"}}}}"#, b.id)).await;
    assert!(b.receive().await.contains("hush-sdp"));
    a.send("hush-nonsense").await;
    a.fence().await;
    let (mut x, mut y) = (Plain::greeted(address).await, Plain::greeted(address).await);
    for it in [&mut x, &mut y] {
        it.send(r#"{"type":"join","room":"hush-room"}"#).await;
    }
    y.send(r#"{"type":"signal","payload":{"sdp":{"type":"offer","sdp":"hush-sdp"}}}"#).await;
    y.send(r#"{"type":"join","room":"hush-room"}"#).await;
}

/// Names, offers that wait for their receiver, and topics that nobody has.
async fn say_over_mqtt(address: SocketAddr) {
    let (mut ann, mut bob) = (Mqtt::named(address, "hush-ann").await, Mqtt::named(address, "hush-bob").await);
    let offer = r#"{"type":"signal-offer","from":"hush-ann","offer":{"sdp":"hush-sdp"}}"#;
    ann.publish("hush-bob/incoming", offer).await;
    assert!(bob.hear_payload().await.contains("hush-sdp"));
    ann.publish("hush-nobody/incoming", offer).await;
    ann.publish("hush-topic", r#"{"type":"chat","text":"hush-hush"}"#).await;
    ann.publish("hush-bob/incoming", "hush-nonsense").await;
    ann.fence().await;
}

/// The operator's login, guesses, and a client's own.
async fn use_the_relay(address: SocketAddr, made: &mut Vec<String>) {
    let mut peer = Peer::connect(address, By::Websocket).await;
    peer.emit(r#"["GET-ID",{"requestId":"hello"}]"#).await;
    let welcome = peer.receive().await;
    let port = welcome.split("stun:127.0.0.1:").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    let relay = SocketAddr::new(address.ip(), port);
    let (username, password) = (field(&welcome, "username"), field(&welcome, "credential"));
    peer.id = field(&welcome, "userID");
    let room = peer.create(0).await;
    for (username, password, expected) in
        [("page", "hush-relay-password", 0), ("page", "hush-guess", 401), (&username, &password, 0)]
    {
        assert_eq!(Turn::by_udp(relay, username, password).await.allocate().await, expected);
    }
    let mut other = Peer::connect(address, By::Websocket).await;
    other.hello().await;
    other.join(&room).await;
    peer.receive().await;
    exchange(&mut peer, &mut other, &room).await;
    made.push(password);
    made.push(room);
}

/// With the token and with a wrong one, and with secrets where they do not belong. What health and metrics say.
async fn ask_for_pages(address: SocketAddr) -> String {
    let mut web = Web::to(address).await;
    let mut said = String::new();
    for path in ["/health", "/ready", "/live"] {
        said += web.ask("GET", path, &[], b"").await.text();
    }
    let token = format!("Bearer {TOKEN}");
    for accept in ["*/*", crate::harness::exposition::ACCEPT] {
        let answer = web.ask("GET", "/metrics", &[("authorization", &token), ("accept", accept)], b"").await;
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains("p2pchat_sessions{"));
        said += answer.text();
    }
    let wrong = [("authorization", "Bearer hush-wrong-token"), ("cookie", "io=hush-cookie")];
    let refused = web.ask("GET", "/metrics?token=hush-in-the-address", &wrong, b"").await;
    assert_eq!(refused.status, 401);
    said + refused.text()
}
