//! Rooms with owners, as the web client asks for them: real keys and signatures, and what others try instead.
use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use p2pchat_server::{
    accounting::Reason,
    rooms::{Fingerprint, RoomKey},
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};

use super::{Page, Stage, gone, numbers, rooms};

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// Somebody who can sign.
struct Signer {
    pair: EcdsaKeyPair,
    key: String,
}

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let secret = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, secret.as_ref(), &random).unwrap();
        let key = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key());
        Signer { pair, key }
    }

    fn print(&self) -> Fingerprint {
        Fingerprint::of(&self.key)
    }

    fn room(&self) -> String {
        RoomKey::new(KEY).unwrap().room(Some(self.print())).to_string()
    }

    /// The fields of a signed text.
    fn sign(&self, text: &str) -> Value {
        let signed = self.pair.sign(&SystemRandom::new(), format!("p2pchat owner 1\n{text}").as_bytes()).unwrap();
        json!({ "act": text, "key": self.key, "signature": BASE64_URL_SAFE_NO_PAD.encode(signed) })
    }

    /// An act about its room.
    fn act(&self, number: u64, what: &str) -> Value {
        self.sign(&format!(r#"{{"room":"{}","number":{number},{what}}}"#, self.room()))
    }
}

fn request(name: &str, mut fields: Value, id: &str) -> String {
    fields["requestId"] = id.into();
    json!([name, fields]).to_string()
}

/// What the owner's page does, and the last that it hears.
fn act(stage: &Stage, page: &mut Page, fields: Value) -> Vec<String> {
    page.say(stage, &request("OWNER-ACT", fields, "a"));
    page.hear()
}

fn refused(kind: u8) -> String {
    format!(r#"["TYPEERROR",{{"type":{kind},"requestID":"a"}}]"#)
}

/// The owner has made the room, and is in it. The number of its last act.
fn make(stage: &Stage, page: &mut Page, owner: &Signer, kind: u8) -> u64 {
    let founder = owner.print().to_string();
    let fields = json!({
        "maxUsers": 9, "name": "n", "password": "pw", "type": kind, "key": KEY, "founder": founder, "owners": true,
        "canHost": 50,
    });
    page.say(stage, &request("CREATE-ROOM", fields, "c"));
    let answer: Value = serde_json::from_str(&page.hear().pop().unwrap()).unwrap();
    assert_eq!(answer[1]["roomID"], owner.room());
    assert_eq!((&answer[1]["owner"]["founder"], &answer[1]["owner"]["locked"]), (&json!(founder), &json!(false)));
    answer[1]["owner"]["number"].as_u64().unwrap()
}

fn join(stage: &Stage, page: &mut Page, owner: &Signer, extra: Value) -> Value {
    let mut fields = json!({ "room": owner.room(), "password": "pw" });
    fields.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    page.say(stage, &request("JOIN-ROOM", fields, "j"));
    serde_json::from_str(&page.hear().pop().unwrap()).unwrap()
}

#[test]
fn the_owner_is_heard_by_those_who_know_owners_and_the_others_hear_what_they_know() {
    for kind in [0, 1] {
        let (stage, owner) = (rooms::stage_with_defaults(), Signer::new());
        let [mut host, mut ours, mut original] = [(); 3].map(|()| stage.page());
        let number = make(&stage, &mut host, &owner, kind);
        let joined = join(&stage, &mut ours, &owner, json!({ "owners": true, "canHost": 10 }));
        assert_eq!(joined[1]["owner"]["number"], number);
        assert!(join(&stage, &mut original, &owner, json!({}))[1].get("owner").is_none());
        ours.hear();
        host.hear();
        let present = owner.act(number + 1, r#""type":"present","member":"m""#);
        let answer = act(&stage, &mut host, present.clone());
        assert_eq!(answer[0], r#"["OWNER-ACT",{"requestID":"a"}]"#);
        let told: Value = serde_json::from_str(&ours.hear()[0]).unwrap();
        let mut expected = present.clone();
        expected["roomID"] = owner.room().into();
        assert_eq!((&told[0], &told[1]), (&json!("OWNER-ACT"), &expected), "to the byte");
        assert!(original.hear().is_empty());
        let mut late = stage.page();
        let joined = join(&stage, &mut late, &owner, json!({ "owners": true, "canHost": 0 }));
        assert_eq!(joined[1]["owner"]["presence"], present);
        let resumed = late.resume(&stage);
        assert_eq!(resumed["resume"]["rooms"][0]["owner"]["presence"], present);
        let settings = |room: &Value| json!([room["name"], room["maxUsers"], room["password"]]);
        assert_eq!(settings(&resumed["resume"]["rooms"][0]), json!(["n", 9, "pw"]));
        late.breaks(&stage);
        let change = r#""type":"change","name":"tea","password":"other","maxUsers":7"#;
        act(&stage, &mut host, owner.act(number + 2, change));
        let resumed = late.resume(&stage);
        assert_eq!(settings(&resumed["resume"]["rooms"][0]), json!(["tea", 7, "other"]));
        act(&stage, &mut host, owner.act(number + 3, &change.replace("other", "pw")));
        for page in [&mut ours, &mut original, &mut host] {
            page.hear();
        }
        let what = format!(r#""type":"remove","peer":"{}","reason":"noise""#, ours.id);
        let heard = act(&stage, &mut host, owner.act(number + 4, &what));
        assert_eq!(heard[2], gone(&ours.id, &owner.room()));
        let told = if kind == 0 { vec![gone(&ours.id, &owner.room())] } else { vec![] };
        assert_eq!(original.hear(), told);
        assert_eq!(ours.hear().len(), 1);
        assert_eq!(join(&stage, &mut ours, &owner, json!({ "owners": true }))[1]["type"], 6);
        assert_eq!(join(&stage, &mut ours, &owner, json!({}))[1]["type"], 2);
    }
}

#[test]
fn whatever_else_is_said_in_the_owners_name_is_refused_and_changes_nothing() {
    let (stage, owner, thief) = (rooms::stage_with_defaults(), Signer::new(), Signer::new());
    let [mut host, mut member, mut stranger] = [(); 3].map(|()| stage.page());
    let number = make(&stage, &mut host, &owner, 0);
    join(&stage, &mut member, &owner, json!({ "owners": true }));
    host.hear();
    let before = stage.counted(Reason::ForgedSignature);
    let end = |number: u64| owner.act(number, r#""type":"end""#);
    let with = |name: &str, value: Value| {
        let mut fields = end(number + 1);
        fields[name] = value;
        fields
    };
    let foreign = |text: &str| owner.sign(text);
    let room = owner.room();
    let nested = format!("{}{}", "[".repeat(1_900), "]".repeat(1_900));
    let forged = [
        with("act", format!(r#"{{"room":"{room}","number":{},"type":"end"}}"#, number + 2).into()),
        with("signature", "A".repeat(86).into()),
        with("signature", thief.sign(end(number + 1)["act"].as_str().unwrap())["signature"].clone()),
    ];
    for fields in &forged {
        assert_eq!(act(&stage, &mut member, fields.clone()), [refused(4)], "{fields}");
    }
    assert_eq!(stage.counted(Reason::ForgedSignature), before + 3);
    let senseless = [
        json!({}),
        with("act", "".into()),
        with("act", 5.into()),
        with("act", "x".repeat(5_000).into()),
        with("key", thief.key.clone().into()),
        with("key", "ä".repeat(87).into()),
        with("key", format!("{}=", owner.key).into()),
        with("signature", Value::Null),
        with("signature", "A".repeat(900_000).into()),
        thief.sign(&format!(r#"{{"room":"{room}","number":{},"type":"end"}}"#, number + 1)),
        foreign(&format!(r#"{{"room":"other","number":{},"type":"end"}}"#, number + 1)),
        foreign(&format!(r#"{{"room":"{room}","number":{},"type":"dance"}}"#, number + 1)),
        foreign(&format!(r#"{{"room":"{room}","number":{},"type":"lock","on":"yes"}}"#, number + 1)),
        foreign(&format!(r#"{{"room":"{room}","number":{},"type":"hand-on","to":"me"}}"#, number + 1)),
        foreign(&format!(r#"{{"room":"{room}","number":{},"type":"change","name":"n"}}"#, number + 1)),
        foreign(&format!(r#"{{"room":"{room}","number":{},"type":{nested}}}"#, number + 1)),
        foreign(&format!(r#"{{"room":"{room}","number":1e3,"type":"end"}}"#)),
        foreign(&format!(r#"{{"room":"{room}","number":-1,"type":"end"}}"#)),
        end(number),
        end(1 << 53),
    ];
    for fields in &senseless {
        for page in [&mut member, &mut host] {
            assert_eq!(act(&stage, page, fields.clone()), [refused(4)], "{fields}");
        }
    }
    // The owner's own word, in the mouth of somebody who is not there.
    assert_eq!(act(&stage, &mut stranger, end(number + 1)), [refused(4)]);
    assert_eq!(stage.count(), (3, 1));
    act(&stage, &mut host, owner.act(number + 1, r#""type":"lock","on":true"#));
    member.hear();
    // A member that has recorded the owner's word says it again.
    let lock = owner.act(number + 1, r#""type":"lock","on":true"#);
    assert_eq!(act(&stage, &mut member, lock), [refused(4)]);
    let locked = join(&stage, &mut stranger, &owner, json!({ "owners": true }));
    assert_eq!(locked, json!(["TYPEERROR", { "type": 5, "requestID": "j", "number": number + 1 }]));
    let word = thief.sign(&format!(r#"{{"room":"{room}","number":{},"type":"present"}}"#, number + 2));
    for word in [word, Value::Null, json!("x"), json!({}), owner.act(number + 1, r#""type":"present""#)] {
        let locked = join(&stage, &mut stranger, &owner, json!({ "owners": true, "word": word }));
        assert_eq!(locked[1]["type"], 5);
    }
    let word = owner.act(number + 2, r#""type":"present","member":null"#);
    assert_eq!(join(&stage, &mut stranger, &owner, json!({ "owners": true, "word": word }))[0], "JOIN-ROOM");
}

#[tokio::test(start_paused = true)]
async fn a_room_that_was_ended_is_gone_for_all_but_its_owner() {
    let (stage, owner) = (rooms::stage_with_defaults(), Signer::new());
    let [mut host, mut ours, mut original] = [(); 3].map(|()| stage.page());
    let number = make(&stage, &mut host, &owner, 0);
    join(&stage, &mut ours, &owner, json!({ "owners": true }));
    join(&stage, &mut original, &owner, json!({}));
    ours.hear();
    host.hear();
    act(&stage, &mut host, owner.act(number + 1, r#""type":"end","reason":"late""#));
    assert_eq!(ours.hear().len(), 1);
    assert_eq!(original.hear(), [gone(&host.id, &owner.room()), gone(&ours.id, &owner.room())]);
    let restore = json!({ "key": KEY, "restore": { "name": "n", "maxUsers": 9, "type": 0 }, "founder": owner.print().to_string() });
    assert_eq!(join(&stage, &mut original, &owner, restore.clone())[1]["type"], 3);
    let mut aware = restore.clone();
    aware["owners"] = true.into();
    assert_eq!(join(&stage, &mut ours, &owner, aware)[1]["type"], 7);
    tokio::time::advance(Duration::from_secs(3_600)).await;
    stage.sessions.on_timers(tokio::time::Instant::now());
    assert_eq!(join(&stage, &mut original, &owner, restore)[0], "JOIN-ROOM", "an hour later the link works again");
}

#[test]
fn whoever_was_removed_while_away_comes_back_to_no_room() {
    for kind in [0, 1] {
        let (stage, owner) = (rooms::stage_with_defaults(), Signer::new());
        let [mut host, mut away, mut other] = [(); 3].map(|()| stage.page());
        let number = make(&stage, &mut host, &owner, kind);
        let room = owner.room();
        for page in [&mut away, &mut other] {
            assert_eq!(join(&stage, page, &owner, json!({ "owners": true }))[0], "JOIN-ROOM");
        }
        away.breaks(&stage);
        let what = format!(r#""type":"remove","peer":"{}","reason":"noise""#, away.id);
        act(&stage, &mut host, owner.act(number + 1, &what));
        for page in [&mut host, &mut other, &mut away] {
            page.hear();
        }
        let resumed = away.resume(&stage);
        assert_eq!(resumed["resume"]["rooms"], json!([]), "{resumed}");
        away.hear();
        // Nothing that it says reaches anybody, and nothing that is said in the room reaches it.
        away.signal(&stage, &host, &room, 1);
        away.signal(&stage, &other, &room, 2);
        host.signal(&stage, &away, &room, 3);
        assert_eq!(act(&stage, &mut away, owner.act(number + 2, r#""type":"end""#)), [refused(4)]);
        assert_eq!((numbers(&host.hear()), numbers(&other.hear()), numbers(&away.hear())), (vec![], vec![], vec![]));
        assert_eq!(join(&stage, &mut away, &owner, json!({ "owners": true }))[1]["type"], 6);
        if kind == 0 {
            host.signal(&stage, &other, &room, 4);
            assert_eq!(numbers(&other.hear()), [4], "the others go on");
        }
    }
}
