//! STUN and TURN servers with the welcome, and what must never be printed.
use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use p2pchat_server::{
    app::settings::ice,
    protocols::{Protocol as _, p2pchat::P2pChat},
};
use sha1::Sha1;

use super::{JOIN, Stage};
use crate::harness::{field, log, settings};

const SERVERS: &str = r#"[
    { urls = ["stun:stun.example.org", "stun:two.example.org"] },
    { urls = ["turn:turn.example.org"], username = "fixed-user", credential = "fixed-secret" },
    { urls = ["turn:turn.example.org", "turns:turn.example.org"], shared_secret = "north-shared-secret" },
]"#;

fn told(stage: &mut Stage) -> String {
    stage.connect("A");
    stage.sessions.receive(&stage.peers["A"], r#"["GET-ID",{"requestId":"0"}]"#);
    super::lock(&stage.tape).drain(..).next().unwrap().1.text
}

#[test]
fn without_servers_the_welcome_has_no_field_for_them() {
    let welcome = told(&mut Stage::with(ice(&settings(&[], None))));
    assert!(!welcome.contains("iceServers"), "{welcome}");
}

#[test]
fn a_welcome_names_the_servers_with_credentials_of_this_peers_own() {
    let config = settings(&[("ice.servers", SERVERS), ("ice.credential_ttl_s", "600")], None);
    let now_s = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let before_s = now_s();
    let welcome = told(&mut Stage::with(ice(&config)));
    let after_s = now_s();
    let id = field(&welcome, "userID");
    let start = format!(
        r#"["GET-ID",{{"requestID":"0","userID":"{id}","iceServers":[{}{}"#,
        r#"{"urls":["stun:stun.example.org","stun:two.example.org"]},"#,
        r#"{"urls":["turn:turn.example.org"],"username":"fixed-user","credential":"fixed-secret"},"#
    );
    let rest = welcome.strip_prefix(&start).unwrap_or_else(|| panic!("{welcome}\n{start}"));
    let username = field(rest, "username");
    let expiry_s: u64 = username.strip_suffix(&format!(":{id}")).unwrap().parse().unwrap();
    assert!((before_s + 600..=after_s + 600).contains(&expiry_s), "{expiry_s}");
    let mac = Hmac::<Sha1>::new_from_slice(b"north-shared-secret").unwrap().chain_update(&username);
    let credential = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let urls = r#""urls":["turn:turn.example.org","turns:turn.example.org"]"#;
    assert_eq!(rest, format!(r#"{{{urls},"username":"{username}","credential":"{credential}"}}]}}]"#));
}

#[test]
fn no_secret_is_printed_by_what_carries_it() {
    let config = settings(&[("ice.servers", SERVERS)], None);
    let mut stage = Stage::with(ice(&config));
    stage.arrive(&["A"]);
    let decode = |text: &str| format!("{:?}", P2pChat.decode(text.into()).unwrap());
    let frame = |text: &str| p2pchat_server::protocols::Frame { text: text.to_owned(), attachments: [].into() };
    let printed = [
        format!("{config:?} {:?} {}", ice(&config), config.to_toml()),
        decode(r#"["CREATE-ROOM",{"requestId":"1","maxUsers":2,"name":"n","password":"fixed-secret","type":0}]"#),
        decode(r#"["JOIN-ROOM",{"requestId":"1","room":"r","password":"fixed-secret"}]"#),
        decode(r#"["UPDATE-ROOM",{"requestId":"1","room":"r","maxUsers":2,"name":"n","password":"fixed-secret"}]"#),
        decode(r#"["SIGNAL",{"target":"t","room":"r","signal":"fixed-secret"}]"#),
        format!("{:?}", frame("fixed-secret")),
    ];
    for text in printed {
        assert!(!text.contains("fixed-secret") && !text.contains("north-shared-secret"), "{text}");
    }
}

#[test]
fn no_secret_reaches_the_log_at_any_level() {
    let log = log::collect();
    let mut stage = Stage::with(ice(&settings(&[("ice.servers", SERVERS)], None)));
    stage.arrive(&["A", "B"]);
    stage.send("A", r#"["CREATE-ROOM",{"requestId":"c","maxUsers":1,"name":"n","password":"hush-hush","type":1}]"#);
    stage.send("B", &JOIN.replace("\"pw\"", "\"hush-wrong\""));
    stage.send("B", &JOIN.replace("\"pw\"", "\"hush-hush\""));
    stage.send("A", r#"["UPDATE-ROOM",{"requestId":"u","room":"<1>","maxUsers":5,"name":"n","password":"hush-new"}]"#);
    stage.send("A", r#"["UPDATE-ROOM",{"requestId":"u","room":"<1>","maxUsers":5,"name":7,"password":"hush-new"}]"#);
    stage.send("B", &JOIN.replace("\"pw\"", "\"hush-new\""));
    stage.say_with("A", r#"["SIGNAL",{"target":"<B>","room":"<1>","signal":"hush-sdp"}]"#, &[b"hush-bytes"]);
    stage.send("A", r#"["SIGNAL",{"target":"nobody","room":"<1>","signal":"hush-sdp"}]"#);
    stage.send("A", r#"["SIGNAL",{"target":"<B>","room":"<1>","signal":"hush-sdp"]"#);
    stage.send("A", r#"["CREATE-ROOM",{"requestId":"hush-and-too-long","password":"hush-hush"}]"#);
    stage.send("A", r#"["hush-event",{"password":"hush-hush"}]"#);
    stage.drop_line("A");
    let (a, text) = (stage.ids[0].1.clone(), log.text());
    let all = [["DEBUG", "event=\"rejected\""], ["DEBUG", "event=\"ignored\""], ["INFO", "event=\"disconnect\""]];
    assert!(all.iter().all(|it| log.has(&[&a, it[0], it[1]])), "{}", log.of(&a));
    for secret in ["hush", "fixed-secret", "fixed-user", "north-shared-secret"] {
        assert!(!text.contains(secret), "{}", text.lines().find(|it| it.contains(secret)).unwrap());
    }
}
