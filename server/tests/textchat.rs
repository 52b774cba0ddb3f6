//! `textchat` over real sockets: socket.io at its own path, beside P2PChat's.
use crate::harness::{By, EVERY_WAY, Peer, Server, exchange, log};

const PATH: &str = "/socket.io/";
const SPOKEN: (&str, &str) = ("http.protocols", r#"["p2pchat", "textchat"]"#);
const JOIN: &str = r#"["join-room","tea-room"]"#;

async fn chatter(server: &Server, by: By) -> Peer {
    let mut peer = Peer::connect_at(server.address, PATH, by).await;
    peer.emit(JOIN).await;
    peer
}

/// Two in the room; the second's id.
async fn pair(server: &Server, by: By) -> (Peer, Peer, String) {
    let mut a = chatter(server, by).await;
    assert_eq!(a.receive().await, r#"["room-created","tea-room"]"#);
    let b = chatter(server, by).await;
    let joined = a.receive().await;
    let id = joined.strip_prefix(r#"["new-user-joined",""#).and_then(|it| it.strip_suffix("\"]")).unwrap();
    (a, b, id.to_owned())
}

#[tokio::test]
async fn two_meet_whatever_carries_them() {
    for by in EVERY_WAY {
        let server = Server::with(&[SPOKEN]).await;
        let (mut a, mut b, id) = pair(&server, by).await;
        assert_ne!(id, b.sid, "the transport's id is nobody else's business");
        a.emit(&format!(r#"["rtc-offer","{id}",{{"sdp":"x"}}]"#)).await;
        let offer = b.receive().await;
        let from = offer.split('"').nth(3).unwrap().to_owned();
        assert_eq!(offer, format!(r#"["rtc-offer","{from}",{{"sdp":"x"}}]"#));
        b.emit(&format!(r#"["ice-candidate","{from}",{{"candidate":""}}]"#)).await;
        assert_eq!(a.receive().await, format!(r#"["ice-candidate","{id}",{{"candidate":""}}]"#));
        b.leave().await;
        assert_eq!(a.receive().await, format!(r#"["user-disconnected","{id}"]"#));
        a.leave().await;
        server.comes_to((0, 0)).await;
    }
}

#[tokio::test]
async fn a_ghost_is_gone_within_ten_seconds() {
    let server = Server::with(&[SPOKEN]).await;
    let open = Peer::connect_at(server.address, PATH, By::Websocket).await.open;
    assert!(open.contains(r#""pingInterval":4000,"pingTimeout":4000"#), "{open}");
    let own = Peer::connect(server.address, By::Websocket).await.open;
    assert!(own.contains(r#""pingInterval":25000,"pingTimeout":20000"#), "{own}");

    let quick = [SPOKEN, ("signaling.quick_ping_interval_ms", "300"), ("signaling.quick_ping_timeout_ms", "300")];
    for by in EVERY_WAY {
        let log = log::collect();
        let server = Server::with(&quick).await;
        let (mut a, ghost, id) = pair(&server, by).await;
        // It is neither closed nor read; the other answers its own pings while it waits.
        assert_eq!(a.receive().await, format!(r#"["user-disconnected","{id}"]"#));
        assert!(log.has(&["INFO", &id, "ping_timeout"]), "{}", log.of(&id));
        drop(ghost);
    }
}

#[tokio::test]
async fn it_and_p2pchat_take_no_notice_of_each_other() {
    let server = Server::with(&[SPOKEN]).await;
    let (mut one, mut other, room) = server.pair(By::Websocket).await;
    let (mut a, mut b, id) = pair(&server, By::Websocket).await;
    a.emit(&format!(r#"["rtc-offer","{}",{{}}]"#, one.id)).await;
    a.emit(&format!(r#"["SIGNAL",{{"target":"{}","room":"{room}","signal":1}}]"#, one.id)).await;
    one.signal(&b, &room, "1").await;
    one.emit(&format!(r#"["SIGNAL",{{"target":"{id}","room":"tea-room","signal":1}}]"#)).await;
    for n in 0..5_000 {
        a.emit(if n % 2 == 0 { r#"["join-room",{}]"# } else { r#"["rtc-offer","x",[[[]]]]"# }).await;
    }
    for _ in 0..10 {
        exchange(&mut one, &mut other, &room).await;
    }
    a.emit(&format!(r#"["rtc-offer","{id}",1]"#)).await;
    assert!(b.receive().await.starts_with(r#"["rtc-offer","#), "the first thing that it hears");
    one.hears_nothing().await;
    other.hears_nothing().await;
}

#[tokio::test]
async fn its_client_script_is_served_where_pages_look_for_it() {
    let server = Server::with(&[("http.protocols", r#"["textchat"]"#)]).await;
    let mut web = crate::harness::web::Web::to(server.address).await;
    assert_eq!(web.ask("GET", "/socket.io/socket.io.js", &[], b"").await.status, 200);
}
