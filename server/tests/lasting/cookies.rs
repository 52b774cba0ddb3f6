//! Original pages that come back by their browser's cookie: over real sockets, and as rules without them.
use std::sync::Arc;

use p2pchat_server::{accounting::Reason, sessions::SessionHandle};

use super::{Queue, Stage, gone};
use crate::harness::{By, PATH, Peer, Server, exchange, field, peer::signal_text, web::Web};

/// An original page in a browser with this cookie.
struct Tab {
    queue: Arc<Queue>,
    handle: SessionHandle,
    is_undecided: bool,
}

impl Tab {
    fn open(stage: &Stage, cookie: &str) -> Tab {
        let (queue, handle) = stage.connect_from([127, 0, 0, 1].into()).unwrap();
        let is_undecided = stage.sessions.on_cookie(&handle, cookie);
        Tab { queue, handle, is_undecided }
    }

    /// Says GET-ID. Its id.
    fn hello(&self, stage: &Stage) -> String {
        self.say(stage, r#"["GET-ID",{"requestId":"0"}]"#);
        field(&self.queue.take().pop().unwrap(), "userID")
    }

    fn say(&self, stage: &Stage, text: &str) {
        stage.sessions.receive(&self.handle, text);
    }

    fn join(&self, stage: &Stage, room: &str) -> Vec<String> {
        self.say(stage, &format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#));
        self.queue.take()
    }

    fn breaks(&self, stage: &Stage, reason: Reason) {
        stage.sessions.disconnect(&self.handle, reason);
    }
}

/// One of ours has made a room, and a tab with this cookie is in it.
fn stage(cookie: &str) -> (Stage, super::Page, String, Tab, String) {
    let stage = Stage::new();
    let mut host = stage.page();
    let room = host.create(&stage, 0, 3);
    let tab = Tab::open(&stage, cookie);
    let id = tab.hello(&stage);
    assert!(tab.join(&stage, &room)[0].contains(r#""curUsers":2"#));
    host.hear();
    (stage, host, room, tab, id)
}

const NOTHING: [String; 0] = [];

#[test]
fn a_page_whose_connection_broke_goes_on_whether_the_server_has_noticed_or_not() {
    for has_noticed in [true, false] {
        let (stage, mut host, room, tab, id) = stage("c");
        if has_noticed {
            tab.breaks(&stage, Reason::PingTimeout);
            let text = signal_text(&id, &room, "1");
            host.say(&stage, &text);
        }
        let again = Tab::open(&stage, "c");
        assert!(again.is_undecided);
        let other = again.join(&stage, "none");
        let missed = usize::from(has_noticed);
        assert_eq!((other.len(), other[missed].contains(r#""type":3"#)), (missed + 1, true), "{other:?}");
        assert_eq!(tab.queue.reason(), (!has_noticed).then_some(Reason::Resumed));
        again.say(&stage, &signal_text(&host.id, &room, "2"));
        assert!(host.hear()[0].contains(&format!(r#""source":"{id}""#)));
        assert_eq!((again.handle.peer().to_string(), stage.count()), (id, (2, 1)));
        assert_eq!(host.hear(), NOTHING);
    }
}

#[test]
fn one_that_says_nothing_hears_what_is_said_to_it() {
    let (stage, mut host, room, tab, id) = stage("c");
    tab.breaks(&stage, Reason::TransportError);
    let again = Tab::open(&stage, "c");
    host.say(&stage, &signal_text(&id, &room, "1"));
    assert_eq!(again.queue.take(), NOTHING);
    stage.sessions.on_silence(&again.handle);
    host.say(&stage, &signal_text(&id, &room, "2"));
    assert_eq!(super::numbers(&again.queue.take()), [1, 2]);
    // It was a new page after all, over a slow network: it is somebody else, and the other one waits again.
    let new = again.hello(&stage);
    assert!(new != id && again.handle.peer().as_str() == new);
    host.say(&stage, &signal_text(&id, &room, "3"));
    assert_eq!((again.queue.take(), host.hear(), stage.count()), (vec![], vec![], (3, 1)));
    again.breaks(&stage, Reason::ClientClosed);
    let back = Tab::open(&stage, "c");
    stage.sessions.on_silence(&back.handle);
    assert_eq!((super::numbers(&back.queue.take()), back.handle.peer().to_string()), (vec![3], id));
}

#[test]
fn a_new_page_is_somebody_new_and_where_it_is_not_clear_nothing_is_resumed() {
    let (stage, mut host, room, tab, id) = stage("c");
    let second = Tab::open(&stage, "c");
    let second_id = second.hello(&stage);
    assert!(second_id != id && tab.queue.reason().is_none());
    second.join(&stage, &room);
    host.hear();
    tab.breaks(&stage, Reason::TransportError);
    second.breaks(&stage, Reason::TransportError);
    let again = Tab::open(&stage, "c");
    assert_eq!(again.join(&stage, &room), [r#"["TYPEERROR",{"type":3,"requestID":"j"}]"#]);
    stage.sessions.on_silence(&again.handle);
    assert_eq!((stage.count(), host.hear().len()), ((4, 1), 0), "nobody is told, and nobody was taken for another");
    let other = Tab::open(&stage, "d");
    assert!(!other.is_undecided, "another browser has another cookie");
}

#[test]
fn who_closed_properly_or_was_ended_or_returned_no_cookie_is_gone_at_once() {
    for reason in [Reason::ClientClosed, Reason::MessageTooLong, Reason::ByServer, Reason::SendQueueFull] {
        let (stage, mut host, room, tab, id) = stage("c");
        tab.breaks(&stage, reason);
        assert_eq!((host.hear(), stage.count()), (vec![gone(&id, &room)], (1, 1)), "{reason:?}");
        assert!(!Tab::open(&stage, "c").is_undecided);
    }
    let stage = Stage::new();
    let (_, handle) = stage.connect_from([127, 0, 0, 1].into()).unwrap();
    stage.sessions.receive(&handle, r#"["GET-ID",{"requestId":"0"}]"#);
    stage.sessions.disconnect(&handle, Reason::TransportError);
    assert_eq!(stage.count().0, 0);
    // Nor does anybody wait who never had an id.
    Tab::open(&stage, "c").breaks(&stage, Reason::TransportError);
    assert_eq!(stage.count().0, 0);
}

#[test]
fn a_page_of_ours_in_the_same_browser_has_its_token_and_not_the_cookie() {
    let (stage, mut host, _, tab, id) = stage("c");
    let (queue, handle) = stage.connect_from([127, 0, 0, 1].into()).unwrap();
    assert!(stage.sessions.on_cookie(&handle, "c"));
    (host.queue, host.handle) = (queue, handle);
    host.come_back(&stage);
    tab.breaks(&stage, Reason::TransportError);
    let again = Tab::open(&stage, "c");
    stage.sessions.on_silence(&again.handle);
    assert_eq!((again.handle.peer().to_string(), stage.count().0), (id, 2));
}

#[tokio::test]
async fn in_a_browser_a_cut_page_goes_on_and_nobody_is_told() {
    let server = Server::start().await;
    let mut other = server.guest(By::Websocket).await;
    let room = other.create(0).await;
    let mut page = Peer::browse(server.address, "").await;
    let cookie = page.cookie.clone().unwrap();
    assert!(cookie.starts_with("p2pchat-session="));
    page.hello().await;
    page.join(&room).await;
    other.receive().await;
    let id = page.id.clone();
    // Cut without a close frame.
    page.reset().unwrap();
    let mut page = Peer::browse(server.address, &cookie).await;
    page.id = id;
    page.hears_nothing().await;
    exchange(&mut page, &mut other, &room).await;
    // A third reaches everyone, and the page may make rooms.
    let mut third = server.guest(By::Upgrade).await;
    third.join(&room).await;
    assert!(page.receive().await.contains(&third.id) && other.receive().await.contains(&third.id));
    page.create(0).await;
    // Closed by the page, it is gone at once.
    let gone = gone(&page.id, &room);
    page.close(None).await;
    assert_eq!(other.receive().await, gone);
}

#[tokio::test]
async fn no_page_of_another_origin_gets_a_cookie() {
    let server = Server::with(&[("http.origins", r#"["*"]"#)]).await;
    let target = format!("{PATH}?EIO=4&transport=polling");
    for (origin, has_cookie) in [("http://127.0.0.1", true), ("http://evil.example", false), ("null", false)] {
        let answer = Web::to(server.address).await.ask("GET", &target, &[("origin", origin)], b"").await;
        assert_eq!((answer.status, answer.header("set-cookie").is_empty()), (200, !has_cookie), "{origin}");
    }
    let answer = Web::to(server.address).await.ask("GET", &target, &[], b"").await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.ends_with("; Path=/api/signaling/; HttpOnly; SameSite=Strict"), "{cookie}");
    // Nor is it sent in the clear where a proxy in front speaks HTTPS and says so.
    for (header, is_secure) in [
        (("x-forwarded-proto", "https"), true),
        (("forwarded", "for=192.0.2.7;proto=https"), true),
        (("x-forwarded-proto", "http"), false),
    ] {
        let answer = Web::to(server.address).await.ask("GET", &target, &[header], b"").await;
        assert_eq!(answer.header("set-cookie").ends_with("; SameSite=Strict; Secure"), is_secure, "{header:?}");
    }
    // Where nobody may come back there is none.
    let server = Server::with(&[("sessions.grace_s", "0")]).await;
    let answer = Web::to(server.address).await.ask("GET", &target, &[], b"").await;
    assert_eq!(answer.header("set-cookie"), "");
}
