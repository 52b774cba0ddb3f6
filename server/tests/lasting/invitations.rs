//! Who may make rooms and join them, on the wire: the server's password, how often it may be tried, and who hears what.
use std::sync::Arc;

use p2pchat_server::{
    ice::{Access as ConfiguredAccess, ConfiguredServer, Login},
    rooms::{Admission, Credential, Denial, Grant, RoomId, RoomKey},
    sessions::AccessCheck,
};
use serde_json::{Value, json};
use tokio::time::advance;

use super::*;

/// The password "sesame", and tokens that are what they grant.
struct Open;

impl AccessCheck for Open {
    fn judge(&self, credential: &Credential, _now: u64) -> Result<Grant, Denial> {
        let all = Grant { create: true, join: true, own: true, room: None, name: None };
        match credential {
            Credential::Password(it) if it == "sesame" => Ok(all),
            Credential::Password(_) => Err(Denial::WrongPassword),
            Credential::Token(it) if it == "expired" => Err(Denial::ExpiredToken),
            Credential::Token(it) => match it.strip_prefix("room:") {
                Some(room) => Ok(Grant { room: Some(RoomId::from(room)), ..all }),
                None => Err(Denial::BadToken),
            },
        }
    }
}

fn stage() -> Stage {
    let ice = Ice { servers: Vec::new(), credential_ttl_s: 60 };
    let sessions = Sessions::new(ice, Ledger::new(Quotas::default()), LIFETIMES);
    let limits = Limits { peers_max: 20, rooms_per_peer_max: 100, name_units_max: 20, password_units_max: 100 };
    let mut settings = realm_settings(&P2pChat, limits);
    settings.rules.policy.create = Admission::Invited;
    settings.access = Arc::new(Open);
    let realm = sessions.open(settings);
    Stage { sessions, realm }
}

/// What a request is answered with.
fn ask(stage: &Stage, page: &mut Page, name: &str, access: Option<Value>) -> Value {
    let mut fields =
        json!({ "requestId": "c", "maxUsers": 9, "name": "n", "password": "pw", "type": 0, "room": "tea" });
    if let Some(access) = access {
        fields["access"] = access;
    }
    page.say(stage, &json!([name, fields]).to_string());
    serde_json::from_str(&page.hear().pop().unwrap()).unwrap()
}

fn create(stage: &Stage, page: &mut Page, access: Option<Value>) -> Value {
    ask(stage, page, "CREATE-ROOM", access)
}

fn refused(kind: u8) -> Value {
    json!(["TYPEERROR", { "type": kind, "requestID": "c" }])
}

#[test]
fn each_refusal_has_a_code_for_those_who_know_it_and_a_counter() {
    let stage = stage();
    let mut page = stage.page();
    for (access, kind, reason) in [
        (json!({}), 10, Reason::NotInvited),
        (json!({ "token": 5 }), 10, Reason::NotInvited),
        (json!({ "token": "x".repeat(4_097) }), 10, Reason::NotInvited),
        (json!({ "token": "room:122be540-0a3f-4d55-bf2f-05276806db91" }), 10, Reason::NotInvited),
        (json!({ "token": "forged" }), 11, Reason::BadToken),
        (json!({ "token": "expired" }), 12, Reason::ExpiredToken),
        (json!({ "password": "open" }), 13, Reason::WrongServerPassword),
        (json!({ "token": "forged", "password": "sesame" }), 11, Reason::BadToken),
    ] {
        let before = stage.counted(reason);
        assert_eq!(create(&stage, &mut page, Some(access.clone())), refused(kind), "{access}");
        assert_eq!(stage.counted(reason), before + 1, "{access}");
    }
    // The original's pages hear what their server says.
    for access in [None, Some(json!("sesame")), Some(json!([{ "password": "sesame" }]))] {
        assert_eq!(create(&stage, &mut page, access), refused(4));
    }
    let made = create(&stage, &mut page, Some(json!({ "password": "sesame" })));
    assert_eq!(made[0], "CREATE-ROOM");
}

#[tokio::test(start_paused = true)]
async fn the_servers_password_cannot_be_guessed_and_others_are_not_slowed_down() {
    let stage = stage();
    let mut guesser = stage.page();
    let mut other = stage.page_from(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77)));
    let mut n_judged = 0;
    for _ in 0..600 {
        let answer = create(&stage, &mut guesser, Some(json!({ "password": "guess" })));
        n_judged += u32::from(answer == refused(13));
        advance(Duration::from_secs(1)).await;
    }
    assert!((10..25).contains(&n_judged), "{n_judged} guesses in ten minutes");
    // Another connection of the same address waits, too, with the right password as well.
    let mut again = stage.page();
    assert_eq!(create(&stage, &mut again, Some(json!({ "password": "sesame" }))), refused(4));
    assert!(stage.counted(Reason::PasswordAttempts) > 500);
    assert_eq!(create(&stage, &mut other, Some(json!({ "password": "sesame" })))[0], "CREATE-ROOM");
    advance(Duration::from_secs(61)).await;
    assert_eq!(create(&stage, &mut again, Some(json!({ "password": "sesame" })))[0], "CREATE-ROOM");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_no_guess_and_neither_is_a_password_that_decides_nothing() {
    let stage = stage();
    let mut page = stage.page();
    let room = create(&stage, &mut page, Some(json!({ "password": "sesame" })))[1]["roomID"].clone();
    let mut guest = stage.page();
    for _ in 0..100 {
        let join =
            json!(["JOIN-ROOM", { "requestId": "c", "room": room, "password": "pw", "access": { "password": "x" } }]);
        guest.say(&stage, &join.to_string());
        assert!(guest.hear().pop().unwrap().starts_with(r#"["JOIN-ROOM""#), "everybody may join");
        guest.say(&stage, &json!(["DISCONNECTEDUSER", room]).to_string());
        assert_eq!(create(&stage, &mut page, Some(json!({ "token": "forged" }))), refused(11));
        assert_eq!(create(&stage, &mut page, Some(json!({ "token": "expired" }))), refused(12));
        assert_eq!(create(&stage, &mut page, Some(json!({}))), refused(10));
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!(create(&stage, &mut page, Some(json!({ "password": "sesame" })))[0], "CREATE-ROOM");
}

#[test]
fn a_room_that_a_token_names_takes_a_token_from_everybody() {
    let stage = stage();
    let [mut host, mut guest, mut stranger] = [(); 3].map(|()| stage.page());
    let token = json!({ "token": "room:tea" });
    let make = |token: &str| Some(json!({ "token": token, "room": "tea" }));
    assert_eq!(create(&stage, &mut stranger, make("expired")), refused(12));
    assert_eq!(create(&stage, &mut host, make("room:tea"))[1]["roomID"], "tea");
    let join = |page: &mut Page, access| ask(&stage, page, "JOIN-ROOM", access);
    assert_eq!(join(&mut stranger, Some(json!({}))), refused(10));
    assert_eq!(join(&mut stranger, Some(json!({ "token": "room:te" }))), refused(10));
    assert_eq!(join(&mut stranger, None), refused(3), "as if it were not there");
    let joined = join(&mut guest, Some(token));
    assert_eq!((&joined[0], &joined[1]["curUsers"]), (&json!("JOIN-ROOM"), &json!(2)));
    // Whoever was refused is no member: what they say reaches nobody.
    let signal = json!(["SIGNAL", { "target": host.id, "room": "tea", "signal": { "a": 1 } }]);
    host.hear();
    stranger.say(&stage, &signal.to_string());
    assert!(host.hear().is_empty());
    guest.say(&stage, &signal.to_string());
    assert_eq!(host.hear().len(), 1);
}

#[test]
fn a_room_that_is_forgotten_opens_when_somebody_comes_who_may_make_rooms() {
    let stage = stage();
    let [mut host, mut guest, mut original] = [(); 3].map(|()| stage.page());
    let key = "AAAAAAAAAAAAAAAAAAAAAA";
    let id = RoomKey::new(key).unwrap().room(None).to_string();
    let join = |page: &mut Page, access: Option<Value>| {
        let mut fields = json!({ "requestId": "c", "room": id, "password": "pw", "key": key, "restore": { "name": "n", "maxUsers": 9, "type": 0 } });
        if let Some(access) = access {
            fields["access"] = access;
        }
        page.say(&stage, &json!(["JOIN-ROOM", fields]).to_string());
        serde_json::from_str::<Value>(&page.hear().pop().unwrap()).unwrap()
    };
    assert_eq!(join(&mut guest, Some(json!({}))), refused(14));
    assert_eq!(join(&mut guest, Some(json!({ "password": "guess" }))), refused(13));
    assert_eq!(join(&mut original, None), refused(3));
    assert_eq!(join(&mut host, Some(json!({ "password": "sesame" })))[0], "JOIN-ROOM");
    assert_eq!(join(&mut guest, Some(json!({})))[1]["curUsers"], 2);
}

/// The urls in what somebody is given, those with credentials marked.
fn urls(body: &Value) -> String {
    let servers = body["iceServers"].as_array().into_iter().flatten();
    let url = |it: &Value| {
        format!("{}{}", it["urls"][0].as_str().unwrap(), if it["credential"].is_string() { "!" } else { "" })
    };
    servers.map(url).collect::<Vec<_>>().join(" ")
}

#[test]
fn credentials_of_other_turn_servers_are_for_those_who_are_in_a_room() {
    use ConfiguredAccess::{Fixed, Open, SharedSecret};
    const ALL: &str = "stun:s turn:fixed! turn:made!";
    for (create, join, is_open) in [
        (Admission::Everyone, Admission::Everyone, true),
        (Admission::Invited, Admission::Everyone, false),
        (Admission::Everyone, Admission::Invited, false),
        (Admission::Invited, Admission::Invited, false),
    ] {
        let stage = stage();
        let fixed = Login { username: "u".to_owned(), credential: "south".into() };
        let accesses = [("stun:s", Open), ("turn:fixed", Fixed(fixed)), ("turn:made", SharedSecret("north".into()))];
        let servers = accesses.map(|(url, access)| ConfiguredServer { urls: vec![url.to_owned()], access });
        stage.sessions.set_ice(Ice { servers: servers.into(), credential_ttl_s: 60 });
        let mut rules = stage.sessions.rules(stage.realm);
        (rules.policy.create, rules.policy.join) = (create, join);
        stage.sessions.set_rules(stage.realm, rules);
        let answer = |page: &mut Page, text: &str| {
            page.say(&stage, text);
            serde_json::from_str::<Value>(&page.hear().pop().unwrap()).unwrap()
        };
        let asked = |page: &mut Page| urls(&answer(page, r#"["ICE-SERVERS",{"requestId":"5"}]"#)[1]);
        // Whoever comes in has them before it hears of anybody, and nobody is told twice.
        let (outside, on_entry) = if is_open { (ALL, "") } else { ("stun:s", ALL) };
        let [mut host, mut guest, mut stranger] = [(); 3].map(|()| stage.page());
        let (queue, handle) = stage.connect_from([192, 0, 2, 9].into()).unwrap();
        stage.sessions.receive(&handle, r#"["GET-ID",{"requestId":"0"}]"#);
        let welcome: Value = serde_json::from_str(&queue.take()[0]).unwrap();
        assert_eq!((&*urls(&welcome[1]), &*asked(&mut stranger)), (outside, outside));
        let access = json!({ "password": "sesame" });
        let made = self::create(&stage, &mut host, Some(access.clone()));
        assert_eq!((urls(&made[1]), asked(&mut host)), (on_entry.to_owned(), ALL.to_owned()), "{made}");
        let room = &made[1]["roomID"];
        let wanted = |access: &Value| {
            json!(["JOIN-ROOM", { "requestId": "c", "room": room, "password": "pw", "access": access }]).to_string()
        };
        let joined = answer(&mut guest, &wanted(&access));
        assert_eq!((&joined[0], &*urls(&joined[1]), &*asked(&mut guest)), (&json!("JOIN-ROOM"), on_entry, ALL));
        guest.breaks(&stage);
        assert_eq!(urls(&guest.resume(&stage)), ALL, "it is in the room all the while");
        if join == Admission::Invited {
            answer(&mut stranger, &wanted(&json!({})));
            assert_eq!(asked(&mut stranger), outside, "whoever was refused is in no room");
        }
        guest.say(&stage, &json!(["DISCONNECTEDUSER", room]).to_string());
        assert_eq!(asked(&mut guest), outside);
    }
}
