//! What happens, step by step, and by how much each figure moves: by that much, and nothing else moves.
use std::net::SocketAddr;

use crate::harness::{
    By, Peer, Server,
    exposition::{Page, scrape},
    field,
    mqtt::Mqtt,
    peer::signal_text,
    plain::Plain,
    web::Web,
};

const OPEN: &str = r#"p2pchat_connections{listener="http",tls="false"}"#;
const ACCEPTED: &str = r#"p2pchat_connections_accepted_total{listener="http",tls="false"}"#;
const SESSIONS: &str = r#"p2pchat_sessions{protocol="p2pchat"}"#;
const GRACE: &str = "p2pchat_sessions_in_grace";
const MESHES: &str = r#"p2pchat_rooms{protocol="p2pchat",topology="mesh"}"#;
const STARS: &str = r#"p2pchat_rooms{protocol="p2pchat",topology="star"}"#;
const SIGNALS: &str = r#"p2pchat_signals_relayed_total{protocol="p2pchat"}"#;
const SIGNAL_BYTES: &str = r#"p2pchat_signals_relayed_bytes_total{protocol="p2pchat"}"#;
const TIMED_SIGNALS: &str = "p2pchat_signal_duration_seconds_count";
const TIMED_CREATES: &str = r#"p2pchat_room_operation_duration_seconds_count{operation="create"}"#;
const TIMED_JOINS: &str = r#"p2pchat_room_operation_duration_seconds_count{operation="join"}"#;

fn event(protocol: &str, event: &str, result: &str) -> String {
    format!(r#"p2pchat_events_total{{protocol="{protocol}",event="{event}",result="{result}"}}"#)
}

fn granted(it: &str) -> String {
    event("p2pchat", it, "ok")
}

fn rejected(it: &str) -> String {
    event("p2pchat", it, "rejected")
}

fn disconnects(reason: &str) -> String {
    format!(r#"p2pchat_disconnects_total{{reason="{reason}"}}"#)
}

fn refusals(reason: &str) -> String {
    format!(r#"p2pchat_refusals_total{{reason="{reason}"}}"#)
}

fn resumes(result: &str) -> String {
    format!(r#"p2pchat_resumes_total{{result="{result}"}}"#)
}

/// A server, its figures as they were last, and where they are to be had.
struct Watched {
    server: Server,
    at: SocketAddr,
    page: Page,
}

impl Watched {
    async fn with(overrides: &[(&str, &str)]) -> Watched {
        let metrics = [("metrics.listen", "true"), ("metrics.port", "0")];
        let server = Server::with(&[&metrics, overrides].concat()).await;
        let at = server.metrics.unwrap();
        let page = scrape(at).await;
        Watched { server, at, page }
    }

    async fn moved(&mut self, what: &str, expected: &[(&str, f64)]) {
        self.page.moves_by(self.at, what, expected).await;
    }

    /// A client with its id, and with a room where `kind` names one.
    async fn guest(&mut self) -> Peer {
        let peer = self.server.guest(By::Websocket).await;
        let hello = granted("hello");
        self.moved("a client comes", &[(OPEN, 1.0), (ACCEPTED, 1.0), (SESSIONS, 1.0), (&hello, 1.0)]).await;
        peer
    }
}

#[tokio::test]
async fn rooms_signals_and_what_is_refused() {
    let mut it = Watched::with(&[("limits.rooms_max", "2"), ("sessions.grace_s", "0")]).await;
    let (mut ann, mut bob) = (it.guest().await, it.guest().await);
    ann.emit(r#"["GET-ID",{"requestId":"again"}]"#).await;
    it.moved("a second hello", &[(&rejected("hello"), 1.0)]).await;

    let mesh = ann.create(0).await;
    it.moved("a mesh", &[(MESHES, 1.0), (&granted("create"), 1.0), (TIMED_CREATES, 1.0)]).await;
    bob.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{mesh}","password":"no"}}]"#)).await;
    bob.receive().await;
    it.moved("a wrong password", &[(&rejected("join"), 1.0)]).await;
    bob.join(&mesh).await;
    ann.receive().await;
    it.moved("a right one", &[(&granted("join"), 1.0), (TIMED_JOINS, 1.0)]).await;
    bob.create(1).await;
    it.moved("a star", &[(STARS, 1.0), (&granted("create"), 1.0), (TIMED_CREATES, 1.0)]).await;
    let one_more = r#"["CREATE-ROOM",{"requestId":"c","maxUsers":20,"name":"n","password":"pw","type":0}]"#;
    bob.emit(one_more).await;
    bob.receive().await;
    it.moved("too many rooms", &[(&refusals("rooms_max"), 1.0), (&rejected("create"), 1.0)]).await;

    ann.signal(&bob, &mesh, r#"{"sdp":1}"#).await;
    let heard = bob.receive().await.len() as f64;
    let signal = granted("signal");
    let passed_on = [(&*signal, 1.0), (SIGNALS, 1.0), (SIGNAL_BYTES, heard), (TIMED_SIGNALS, 1.0)];
    it.moved("a signal", &passed_on).await;
    ann.emit_binary(&signal_text(&bob.id, &mesh, r#"{"_placeholder":true,"num":0}"#), &[vec![7; 1_000]]).await;
    let heard = bob.event().await.unwrap();
    let n_bytes = (heard.text.len() + 1_000) as f64;
    it.moved("with an attachment", &[(&signal, 1.0), (SIGNALS, 1.0), (SIGNAL_BYTES, n_bytes), (TIMED_SIGNALS, 1.0)])
        .await;
    ann.emit(&signal_text("nobody", &mesh, "1")).await;
    it.moved("to nobody", &[(&rejected("signal"), 1.0)]).await;
    ann.emit(r#"["SIGNAL",{"target":7}]"#).await;
    ann.emit(r#"["NONSENSE",{}]"#).await;
    it.moved("nonsense", &[(&event("p2pchat", "unknown", "malformed"), 2.0)]).await;

    bob.emit(&format!(r#"["DISCONNECTEDUSER","{mesh}"]"#)).await;
    ann.receive().await;
    it.moved("bob leaves the mesh", &[(&granted("leave"), 1.0)]).await;
    bob.close(None).await;
    let closed = disconnects("client_closed");
    it.moved("bob goes, and his star with him", &[(OPEN, -1.0), (SESSIONS, -1.0), (STARS, -1.0), (&closed, 1.0)]).await;
    ann.reset().unwrap();
    let broken = disconnects("transport_error");
    it.moved("ann is cut off", &[(OPEN, -1.0), (SESSIONS, -1.0), (MESHES, -1.0), (&broken, 1.0)]).await;
}

#[tokio::test]
async fn whoever_comes_back_and_whoever_does_not() {
    let mut it = Watched::with(&[("sessions.replay_frames_max", "2")]).await;
    let hello = granted("hello");
    let mut ann = it.guest().await;
    let come = [(OPEN, 1.0), (ACCEPTED, 1.0), (&*hello, 1.0)];
    let said = async |peer: &mut Peer, resume: &str| {
        peer.emit(&format!(r#"["GET-ID",{{"requestId":"h","resume":{resume}}}]"#)).await;
        let answer = peer.receive().await;
        peer.id = field(&answer, "userID");
        field(&answer, "token")
    };
    let back = |token: &str, received: u64| format!(r#"{{"token":"{token}","received":{received},"sent":0}}"#);
    let mut bob = it.server.peer(By::Websocket).await;
    let token = said(&mut bob, "true").await;
    it.moved("bob comes", &[&come[..], &[(SESSIONS, 1.0)]].concat()).await;
    let room = ann.create(0).await;
    bob.join(&room).await;
    ann.receive().await;
    let made = [(&*granted("create"), 1.0), (TIMED_CREATES, 1.0), (&*granted("join"), 1.0), (TIMED_JOINS, 1.0)];
    it.moved("a room", &[&made[..], &[(MESHES, 1.0)]].concat()).await;
    let id = bob.id.clone();
    bob.reset().unwrap();
    it.moved("bob is cut off", &[(OPEN, -1.0), (GRACE, 1.0), (&disconnects("transport_error"), 1.0)]).await;
    ann.emit(&signal_text(&id, &room, "1")).await;
    ann.fence().await;
    let later = scrape(it.at).await;
    let moved = it.page.moved(&later);
    let figures = [SIGNALS, TIMED_SIGNALS, &granted("signal"), SESSIONS, GRACE].map(|it| moved.get(it).copied());
    assert_eq!(figures, [Some(1.0), Some(1.0), Some(1.0), None, None], "what is kept for bob is passed on, too");
    it.page = later;

    let mut bob = it.server.peer(By::Websocket).await;
    // It has received the answer to JOIN-ROOM.
    let token = said(&mut bob, &back(&token, 1)).await;
    it.moved("bob is back", &[&come[..], &[(GRACE, -1.0), (&resumes("complete"), 1.0)]].concat()).await;
    bob.reset().unwrap();
    it.moved("and off again", &[(OPEN, -1.0), (GRACE, 1.0), (&disconnects("transport_error"), 1.0)]).await;
    for _ in 0..3 {
        ann.emit(&signal_text(&id, &room, "1")).await;
    }
    ann.fence().await;
    it.page = scrape(it.at).await;
    let mut bob = it.server.peer(By::Websocket).await;
    said(&mut bob, &back(&token, 2)).await;
    it.moved("something is lost", &[&come[..], &[(GRACE, -1.0), (&resumes("incomplete"), 1.0)]].concat()).await;
    let mut late = it.server.peer(By::Websocket).await;
    said(&mut late, &back("of-nobody", 0)).await;
    it.moved("too late", &[&come[..], &[(SESSIONS, 1.0), (&resumes("unknown"), 1.0)]].concat()).await;
}

#[tokio::test]
async fn other_protocols_and_foreign_pages() {
    let protocols = r#"["p2pchat", "videocall", "mqtt"]"#;
    let mut it = Watched::with(&[("http.protocols", protocols), ("http.origins", r#"["same"]"#)]).await;
    let (_a, mut b) = (Plain::caller(it.server.address, "r").await, Plain::caller(it.server.address, "r").await);
    let enters = event("videocall", "enter", "ok");
    let expected = [
        (OPEN, 2.0),
        (ACCEPTED, 2.0),
        (r#"p2pchat_sessions{protocol="videocall"}"#, 2.0),
        (r#"p2pchat_rooms{protocol="videocall",topology="mesh"}"#, 1.0),
        (&*enters, 2.0),
        (TIMED_JOINS, 2.0),
        (&*event("videocall", "hello", "ok"), 2.0),
    ];
    it.moved("two callers", &expected).await;
    b.fence().await;
    it.moved("a question", &[(&event("videocall", "members", "ok"), 1.0)]).await;
    let mut ann = Mqtt::named(it.server.address, "ann").await;
    let expected = [
        (OPEN, 1.0),
        (ACCEPTED, 1.0),
        (r#"p2pchat_sessions{protocol="mqtt"}"#, 1.0),
        (&*event("mqtt", "hello", "ok"), 1.0),
        (&*event("mqtt", "claim", "ok"), 1.0),
    ];
    it.moved("somebody over MQTT", &expected).await;
    ann.publish("nobody/incoming", r#"{"type":"signal-candidate","from":"ann","candidate":{}}"#).await;
    ann.fence().await;
    let after = scrape(it.at).await;
    assert_eq!(after.value(r#"p2pchat_signals_relayed_total{protocol="mqtt"}"#), 0.0);
    it.page = after;
    let origin = [("origin", "https://elsewhere.example")];
    let mut web = Web::to(it.server.address).await;
    assert_eq!(web.ask("GET", "/api/signaling/?EIO=4&transport=polling", &origin, b"").await.status, 403);
    it.moved("a foreign page", &[(OPEN, 1.0), (ACCEPTED, 1.0), (&refusals("foreign_origin"), 1.0)]).await;
}
