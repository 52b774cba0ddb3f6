//! What guests say, and what is said for them.
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Effect, LinkId, Room};
use crate::settings::Card;

/// A room of guests whose connections open as soon as they are asked for.
struct Scene {
    room: Room,
    now: Instant,
    /// What has been said to whom, and by whom where it is a guest's.
    said: Vec<(LinkId, Value)>,
}

const OURS: &[&str] = &["chat", "files", "media", "moves", "signals"];

impl Scene {
    fn new() -> Self {
        let card = Card { name: "Room".to_owned(), password: String::new(), peers_max: 20 };
        let room = Room::new(card, "HHHHHHHHHHHHHHHHHHHHHH", "Server".to_owned(), None, 1);
        Self { room, now: Instant::now(), said: Vec::new() }
    }

    fn take(&mut self) {
        while let Some(effect) = self.room.poll() {
            match effect {
                Effect::Send { to, frame, .. } => {
                    self.said.push((to, serde_json::from_slice(&frame).expect("JSON")));
                }
                Effect::Dial(id) => self.room.opened(id, self.now),
                _ => {}
            }
        }
    }

    fn tell(&mut self, id: LinkId, idata: &Value) {
        self.tell_to(id, "x", idata);
    }

    fn tell_to(&mut self, id: LinkId, target: &str, idata: &Value) {
        let frame = json!({ "target": target, "idata": idata }).to_string();
        self.room.heard(id, frame.as_bytes(), self.now);
        self.take();
    }

    fn come(&mut self, peer: &str, caps: &[&str]) -> LinkId {
        self.room.joined(peer, self.now);
        self.take();
        let id = self.room.link_of(peer).expect("a link");
        let member = (!caps.is_empty()).then(|| format!("{peer:A<22}"));
        self.knock(id, member.as_deref(), caps);
        id
    }

    fn knock(&mut self, id: LinkId, member: Option<&str>, caps: &[&str]) {
        let caps: serde_json::Map<_, _> = caps.iter().map(|it| ((*it).to_owned(), json!(true))).collect();
        self.tell(id, &json!({ "type": 0, "data": { "pwd": "", "member": member } }));
        self.tell(id, &json!({ "type": 1, "data": { "user": { "username": "N", "caps": caps } } }));
    }

    /// What somebody has been told of a type since this was asked last.
    fn told(&mut self, id: LinkId, kind: impl Into<Value>) -> Vec<Value> {
        let kind = kind.into();
        let (told, rest) = self.said.drain(..).partition(|(to, it)| *to == id && it["idata"]["type"] == kind);
        self.said = rest;
        told.into_iter().map(|(_, frame): (_, Value)| frame["idata"]["data"].clone()).collect()
    }

    fn call(&mut self, id: LinkId, streams: &[&str]) {
        self.tell(id, &json!({ "type": 7, "data": { "type": 0, "special": {} } }));
        let special = json!({ "possibilities": { "dataType": "Set", "value": streams } });
        self.tell(id, &json!({ "type": 7, "data": { "type": 4, "special": special } }));
    }

    /// For which streams somebody has been asked.
    fn asked(&mut self, id: LinkId) -> Vec<Value> {
        let told = self.told(id, 7);
        told.iter().filter(|it| it["type"] == 6).map(|it| it["special"]["StreamID"].clone()).collect()
    }
}

fn want(stream: &str) -> Value {
    json!({ "type": 7, "data": { "type": 6, "special": { "StreamID": stream } } })
}

fn file(name: &str) -> Value {
    json!({ "FileID": name, "FileName": "a.txt", "FileSize": 3 })
}

#[test]
fn an_owner_is_asked_again_until_the_stream_comes_and_whenever_they_are_back() {
    let mut room = Scene::new();
    let (ada, bob) = (room.come("ada", OURS), room.come("bob", OURS));
    room.call(ada, &["a"]);
    room.call(bob, &[]);
    assert_eq!(room.asked(ada), [json!("a")]);
    room.tell_to(bob, "1", &want("a"));
    room.tell_to(bob, "1", &want("a"));
    assert_eq!(room.asked(ada), [json!("a")], "it has not come");
    room.room.stream_come(ada, "a");
    room.tell_to(bob, "1", &want("a"));
    assert!(room.asked(ada).is_empty());
    // Out of the call, and in it again with the same stream.
    room.tell(ada, &json!({ "type": 7, "data": { "type": 1, "special": {} } }));
    room.room.stream_gone(ada, "a");
    room.call(ada, &["a"]);
    assert_eq!(room.asked(ada), [json!("a")]);
}

#[test]
fn what_original_pages_would_fail_over_is_not_passed_on() {
    let mut room = Scene::new();
    let (ada, original) = (room.come("ada", OURS), room.come("orig", &[]));
    room.said.clear();
    for (n, msg) in [json!(5), json!({}), json!([])].iter().enumerate() {
        room.tell(ada, &json!({ "type": 2, "data": { "msg": msg, "id": format!("m{n}") } }));
    }
    for broken in [json!({ "FileID": "f" }), json!({ "FileID": "f", "FileName": 1, "FileSize": 3 }), json!(7)] {
        room.tell(ada, &json!({ "type": 8, "data": { "type": 0, "special": { "file": broken } } }));
    }
    assert!(room.told(original, 2).is_empty() && room.told(original, 8).is_empty());
    let tagged = json!({ "dataType": "FileData", "value": file("f") });
    for whole in [&file("f"), &tagged] {
        room.tell(ada, &json!({ "type": 8, "data": { "type": 0, "special": { "file": whole } } }));
    }
    assert_eq!(room.told(original, 8).len(), 2);
    // Of what a message lists, whoever comes later is told of what is whole.
    let files = json!([{ "FileID": "g" }, file("f")]);
    room.tell(ada, &json!({ "type": 2, "data": { "msg": "", "files": files, "id": "m" } }));
    let late = room.come("late", &[]);
    assert_eq!(room.told(late, 2), [json!({ "msg": "", "files": [file("f")] })]);
}

#[test]
fn whoever_offers_most_loses_the_oldest_and_nobody_else_does() {
    let mut room = Scene::new();
    let (ada, eve) = (room.come("ada", OURS), room.come("eve", OURS));
    room.tell(ada, &json!({ "type": 2, "data": { "msg": "", "files": [file("mine")], "id": "a" } }));
    for n in 0..10 {
        let files: Vec<_> = (0..20).map(|it| file(&format!("{n}-{it}"))).collect();
        room.tell(eve, &json!({ "type": 2, "data": { "msg": "", "files": files, "id": format!("e{n}") } }));
    }
    let late = room.come("late", OURS);
    let told = room.told(late, 8);
    assert_eq!((told.len(), &told[0]["special"]["file"]["value"]["FileID"]), (60, &json!("mine")));
}

#[test]
fn numbers_are_kept_for_those_who_are_here_however_many_come_and_go() {
    let mut room = Scene::new();
    let (ada, eve) = (room.come("ada", OURS), room.come("eve", OURS));
    for n in 0..300 {
        room.room.closed(eve, false, room.now);
        room.now += Duration::from_secs(30);
        room.room.due(room.now);
        room.take();
        room.knock(eve, Some(&format!("e{n:A<21}")), OURS);
    }
    assert!(room.room.numbers.len() <= super::NUMBERS_MAX);
    room.said.clear();
    room.tell(ada, &json!({ "type": 1, "data": { "user": { "username": "Ada" } } }));
    let (_, frame) = room.said.iter().find(|it| it.0 == eve).expect("an introduction");
    assert_eq!((&frame["source"], &frame["idata"]["data"]["user"]["id"]), (&json!("1"), &json!("1")));
}

#[test]
fn another_stay_over_the_same_link_is_a_newcomer() {
    let mut room = Scene::new();
    let (ada, bob) = (room.come("ada", OURS), room.come("bob", OURS));
    for at in [ada, bob] {
        room.tell(at, &json!({ "type": "ask-history", "data": {} }));
    }
    room.room.closed(bob, false, room.now);
    room.tell(ada, &json!({ "type": 2, "data": { "msg": "for who was here", "id": "m" } }));
    room.now += Duration::from_secs(1);
    room.room.due(room.now);
    room.take();
    room.said.clear();
    room.knock(bob, Some("BBBBBBBBBBBBBBBBBBBBBB"), OURS);
    room.tell(bob, &json!({ "type": "ask-history", "data": {} }));
    assert_eq!((room.told(bob, "history").len(), room.told(bob, 2).len()), (1, 0));
    assert_eq!(room.told(ada, 6), [json!("2")]);
}

#[test]
fn a_page_whose_place_somebody_has_taken_is_called_anew() {
    let mut room = Scene::new();
    let ada = room.come("ada", OURS);
    room.room.steady(ada, false, room.now);
    // Somebody who says that they are Ada, whose connection gives no sign just now.
    room.room.joined("eve", room.now);
    room.take();
    let eve = room.room.link_of("eve").expect("a link");
    room.knock(eve, Some("adaAAAAAAAAAAAAAAAAAAA"), OURS);
    room.now += Duration::from_secs(1);
    room.room.due(room.now);
    room.take();
    room.said.clear();
    room.knock(ada, Some("adaAAAAAAAAAAAAAAAAAAA"), OURS);
    assert_eq!(room.told(ada, 0)[0]["id"], "2");
    assert_eq!(room.room.counts().0, 2);
}
