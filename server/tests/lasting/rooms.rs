//! Rooms with keys and stars that change their host, as the web client asks for them.
use std::time::Duration;

use p2pchat_server::{
    accounting::{Limits as Quotas, Reason},
    app::realm_settings,
    ice::Ice,
    protocols::p2pchat::P2pChat,
    rooms::{Limits, RoomKey},
    sessions::Sessions,
};
use tokio::time::{Instant, advance};

use super::{LIFETIMES, Page, Stage, gone};

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA";

fn id() -> String {
    RoomKey::new(KEY).unwrap().room(None).to_string()
}

fn stage(quotas: Quotas) -> Stage {
    let ice = Ice { servers: Vec::new(), credential_ttl_s: 60 };
    let sessions = Sessions::new(ice, p2pchat_server::accounting::Ledger::new(quotas), LIFETIMES);
    let limits = Limits { peers_max: 20, rooms_per_peer_max: 100, name_units_max: 20, password_units_max: 100 };
    let mut settings = realm_settings(&P2pChat, limits);
    settings.rules.policy.linger = Duration::from_secs(3_600);
    settings.rules.policy.hand_over = true;
    let realm = sessions.open(settings);
    Stage { sessions, realm }
}

/// Rooms that outlive their members, and stars that change their host.
pub(super) fn stage_with_defaults() -> Stage {
    stage(Quotas::default())
}

fn create(stage: &Stage, page: &mut Page, kind: u8, extra: &str) -> String {
    let body =
        format!(r#"{{"requestId":"c","maxUsers":9,"name":"n","password":"pw","type":{kind},"key":"{KEY}"{extra}}}"#);
    page.say(stage, &format!(r#"["CREATE-ROOM",{body}]"#));
    page.hear().pop().unwrap()
}

fn join(stage: &Stage, page: &mut Page, extra: &str) -> String {
    page.say(stage, &format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{}","password":"pw"{extra}}}]"#, id()));
    page.hear().pop().unwrap()
}

fn restore(kind: u8) -> String {
    format!(r#","key":"{KEY}","restore":{{"name":"tea","maxUsers":5,"type":{kind}}}"#)
}

#[tokio::test(start_paused = true)]
async fn a_lone_creator_closes_the_page_and_the_invitation_works() {
    let stage = stage(Quotas::default());
    let mut page = stage.page();
    let expected = format!(
        r#"["CREATE-ROOM",{{"roomID":"{}","requestID":"c","name":"n","maxUsers":9,"curUsers":1,"password":"pw"}}]"#,
        id()
    );
    assert_eq!(create(&stage, &mut page, 0, ""), expected);
    assert_eq!(create(&stage, &mut page, 0, ""), r#"["TYPEERROR",{"type":4,"requestID":"c"}]"#);
    page.closes(&stage);
    advance(Duration::from_secs(300)).await;
    stage.sessions.on_timers(Instant::now());
    assert_eq!(stage.count(), (0, 1));
    let mut guest = stage.page();
    let joined = r#"["JOIN-ROOM",{"requestID":"j","name":"n","maxUsers":9,"curUsers":1,"type":0}]"#;
    assert_eq!(join(&stage, &mut guest, ""), joined);
    guest.breaks(&stage);
    for _ in 0..2 {
        advance(Duration::from_secs(3_600)).await;
        stage.sessions.on_timers(Instant::now());
    }
    assert_eq!((stage.count(), stage.sessions.n_timers()), ((0, 0), 0));
    let mut late = stage.page();
    assert_eq!(join(&stage, &mut late, ""), r#"["TYPEERROR",{"type":3,"requestID":"j"}]"#);
    let restored = r#"["JOIN-ROOM",{"requestID":"j","name":"tea","maxUsers":5,"curUsers":1,"type":0}]"#;
    assert_eq!(join(&stage, &mut late, &restore(0)), restored);
}

#[test]
fn a_star_is_brought_back_with_its_asker_as_host() {
    let stage = stage(Quotas::default());
    let mut page = stage.page();
    let answer = join(&stage, &mut page, &(restore(1) + r#","canHost":50"#));
    let expected = r#"["JOIN-ROOM",{"requestID":"j","name":"tea","maxUsers":5,"curUsers":1,"type":1,"spec":""#;
    assert_eq!(answer, format!("{expected}{}\"}}]", page.id));
    for extra in [
        r#","key":"BAAAAAAAAAAAAAAAAAAAAA","restore":{"name":"tea","maxUsers":5,"type":1}"#,
        r#","key":"AAAAAAAAAAAAAAAAAAAAAA","restore":{"name":5,"maxUsers":5,"type":1}"#,
        r#","key":"AAAAAAAAAAAAAAAAAAAAAA","restore":{"name":"tea","maxUsers":5,"type":7}"#,
        r#","key":"AAAAAAAAAAAAAAAAAAAAAA""#,
        r#","restore":{"name":"tea","maxUsers":5,"type":1}"#,
    ] {
        let other = self::stage(Quotas::default());
        let mut page = other.page();
        assert_eq!(join(&other, &mut page, extra), r#"["TYPEERROR",{"type":3,"requestID":"j"}]"#, "{extra}");
    }
    let mut other = stage.page();
    other.say(
        &stage,
        r#"["CREATE-ROOM",{"requestId":"c","maxUsers":9,"name":"n","password":"pw","type":0,"key":"short"}]"#,
    );
    assert_eq!(other.hear(), [r#"["TYPEERROR",{"type":4,"requestID":"c"}]"#]);
}

#[tokio::test(start_paused = true)]
async fn a_star_changes_its_host_when_the_grace_time_is_over_and_its_maker_takes_it_again() {
    let stage = stage(Quotas::default());
    let [mut host, mut one, mut other] = [(); 3].map(|()| stage.page());
    let mut original = stage.page();
    create(&stage, &mut host, 1, r#","canHost":90,"owner":"secret""#);
    join(&stage, &mut one, r#","canHost":10"#);
    join(&stage, &mut original, "");
    join(&stage, &mut other, r#","canHost":80.5"#);
    host.hear();
    host.breaks(&stage);
    let mut guest = stage.page();
    assert!(join(&stage, &mut guest, r#","canHost":0"#).ends_with(&format!(r#""spec":"{}"}}]"#, host.id)));
    assert_eq!(host.resume(&stage)["resume"]["complete"], true);
    assert!(host.hear()[0].contains(&guest.id), "it hears who came meanwhile");
    host.breaks(&stage);
    advance(LIFETIMES.grace).await;
    stage.sessions.on_timers(Instant::now());
    let members = format!(r#"["{}","{}","{}"]"#, one.id, other.id, guest.id);
    let changed = format!(r#"["HOST-CHANGED",{{"roomID":"{}","spec":"{}","members":{members}}}]"#, id(), other.id);
    for page in [&mut one, &mut other, &mut guest] {
        assert_eq!(page.hear(), std::slice::from_ref(&changed));
    }
    assert_eq!(original.hear(), [gone(&host.id, &id())]);
    // Its maker comes back as somebody new.
    host.resume(&stage);
    assert!(join(&stage, &mut host, r#","canHost":90"#).contains(&format!(r#""spec":"{}""#, other.id)));
    let take = |secret: &str| format!(r#"["TAKE-HOST",{{"requestId":"t","room":"{}"{secret}}}]"#, id());
    host.say(&stage, &take(""));
    assert_eq!(host.hear(), [r#"["TYPEERROR",{"type":4,"requestID":"t"}]"#]);
    host.say(&stage, &take(r#","owner":"secret""#));
    let answer = host.hear();
    assert_eq!(answer[0], r#"["TAKE-HOST",{"requestID":"t"}]"#);
    assert!(answer[1].contains(&format!(r#""spec":"{}""#, host.id)) && guest.hear() == answer[1..]);
}

#[test]
fn rooms_that_nobody_is_in_make_way_for_new_ones() {
    let stage = stage(Quotas { rooms_max: 3, ..Quotas::default() });
    let mut page = stage.page();
    create(&stage, &mut page, 0, "");
    page.say(&stage, &format!(r#"["DISCONNECTEDUSER","{}"]"#, id()));
    (0..3).for_each(|_| drop(page.create(&stage, 0, 5)));
    assert_eq!((stage.count(), stage.counted(Reason::RoomsMax)), ((1, 3), 0));
    assert_eq!(join(&stage, &mut page, &restore(0)), r#"["TYPEERROR",{"type":4,"requestID":"j"}]"#);
    assert_eq!(stage.counted(Reason::RoomsMax), 1);
}

#[tokio::test(start_paused = true)]
async fn a_star_goes_on_at_once_when_its_hosts_page_closes_and_a_reload_takes_it_back() {
    let stage = stage(Quotas::default());
    let (mut host, mut guest) = (stage.page(), stage.page());
    create(&stage, &mut host, 1, r#","canHost":50,"owner":"mine""#);
    join(&stage, &mut guest, r#","canHost":10"#);
    host.hear();
    host.closes(&stage);
    let heard = guest.hear();
    assert!(heard[0].starts_with(r#"["HOST-CHANGED","#), "{heard:?}");
    assert!(heard[0].contains(&format!(r#""spec":"{}""#, guest.id)), "{heard:?}");
    host.resume(&stage);
    let missed = host.hear();
    assert_eq!(missed, heard, "whoever comes back learns it");
    let take = format!(r#"["TAKE-HOST",{{"requestId":"t","room":"{}","owner":"mine"}}]"#, id());
    host.say(&stage, &take);
    assert_eq!(host.hear()[0], r#"["TAKE-HOST",{"requestID":"t"}]"#);
    assert!(guest.hear()[0].contains(&format!(r#""spec":"{}""#, host.id)));
}
