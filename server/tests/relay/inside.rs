//! A party inside the server, and a client that reaches it through the relay's socket.
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex, Weak},
};

use p2pchat_server::{
    accounting::{Ledger, Limits as Quotas, Reason},
    app::realm_settings,
    ice::Ice,
    protocols::{Frame, p2pchat::P2pChat},
    relay::{LOCAL_BYTES, Limits},
    rooms,
    sessions::{Connection, Lifetimes, Queued, Realm, SendQueueFull, SessionHandle, Sessions},
    turn::{LocalReceiver, Settings, Told, TurnServer},
};

use super::client::Turn;
use crate::harness::field;

/// What was said to a session that is in no need of a socket.
#[derive(Default)]
struct Line(Mutex<Vec<String>>);

impl Connection for Line {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        self.0.lock().unwrap().push(frame.text);
        Ok(Queued::default())
    }

    fn abort(&self, _: Reason) {}
}

struct Peer {
    line: Arc<Line>,
    handle: SessionHandle,
    id: String,
    welcome: String,
}

impl Peer {
    fn new(sessions: &Sessions, realm: Realm) -> Peer {
        let line = Arc::new(Line::default());
        let account = sessions.ledger().open_account(Ipv4Addr::LOCALHOST.into(), b"", 20_000).unwrap();
        let handle = sessions.connect(realm, line.clone(), account);
        let mut peer = Peer { line, handle, id: String::new(), welcome: String::new() };
        peer.welcome = peer.ask(sessions, r#"["GET-ID",{"requestId":"hello"}]"#);
        peer.id = field(&peer.welcome, "userID");
        peer
    }

    /// The last that was said to it.
    fn ask(&self, sessions: &Sessions, text: &str) -> String {
        sessions.receive(&self.handle, text);
        self.line.0.lock().unwrap().pop().unwrap_or_default()
    }

    fn enter(&self, sessions: &Sessions, room: &str) {
        self.ask(sessions, &format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#));
    }

    fn leave(&self, sessions: &Sessions, room: &str) {
        sessions.receive(&self.handle, &*format!(r#"["DISCONNECTEDUSER","{room}"]"#));
    }
}

/// Says everything back, the other way round.
struct Echo {
    server: Weak<TurnServer>,
    heard: Mutex<Vec<(SocketAddr, Vec<u8>)>>,
}

impl LocalReceiver for Echo {
    fn receive(&self, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        self.heard.lock().unwrap().push((from, data.to_owned()));
        let reversed: Vec<_> = data.iter().rev().copied().collect();
        self.server.upgrade().unwrap().send_local(to, from, &reversed);
    }
}

#[tokio::test]
async fn a_client_reaches_the_party_of_its_room_as_long_as_it_is_there() {
    let ice = Ice { servers: Vec::new(), credential_ttl_s: 60 };
    let sessions = Sessions::new(ice, Ledger::new(Quotas::default()), Lifetimes::default());
    let bounds = rooms::Limits { peers_max: 20, rooms_per_peer_max: 100, name_units_max: 20, password_units_max: 100 };
    let realm = sessions.open(realm_settings(&P2pChat, bounds));
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_nonblocking(true).unwrap();
    let at = socket.local_addr().unwrap();
    let told = Told { urls: vec![format!("turn:{at}")], host: None, credential_ttl_s: 60 };
    let limits = Limits { per_peer: 9, per_address: 9, total: 9 };
    let settings = Settings { limits, fixed: None, real: None, told };
    let server = TurnServer::new(settings, &sessions, Some(at.port())).unwrap();
    let serving = tokio::spawn({
        let server = server.clone();
        async move { server.run(vec![socket]).await }
    });

    let (host, ann) = (Peer::new(&sessions, realm), Peer::new(&sessions, realm));
    let create = r#"["CREATE-ROOM",{"requestId":"c","maxUsers":9,"name":"n","password":"pw","type":1}]"#;
    let room = field(&ann.ask(&sessions, create), "roomID");
    host.enter(&sessions, &room);
    let held = || sessions.ledger().balance().memory.held;
    let before = held();
    let echo = Arc::new(Echo { server: Arc::downgrade(&server), heard: Mutex::default() });
    let party = server.open_local(&host.id, false, echo.clone()).unwrap();
    assert_eq!((held() - before, server.stats().n_locals), (LOCAL_BYTES as u64, 1));

    let (username, password) = (field(&ann.welcome, "username"), field(&ann.welcome, "credential"));
    let mut turn = Turn::by_udp(at, &username, &password).await;
    assert_eq!((turn.allocate().await, turn.permit(party).await), (0, 0));
    turn.send(party, b"by indication").await;
    assert_eq!(turn.data().await, b"noitacidni yb");
    assert_eq!(turn.bind(party).await, 0);
    turn.send_by_channel(b"by channel").await;
    assert_eq!(turn.data().await, b"lennahc yb");
    let heard = std::mem::take(&mut *echo.heard.lock().unwrap());
    assert_eq!(heard, [(turn.relayed, b"by indication".to_vec()), (turn.relayed, b"by channel".to_vec())]);

    // Outside nothing comes, and what comes next is the answer to a request.
    host.leave(&sessions, &room);
    turn.send_by_channel(b"lost").await;
    assert_eq!(turn.refresh().await, 0);
    host.enter(&sessions, &room);
    turn.send_by_channel(b"again").await;
    assert_eq!(turn.data().await, b"niaga");

    sessions.disconnect(&host.handle, Reason::ClientClosed);
    assert_eq!((held() < before + LOCAL_BYTES as u64, server.stats().n_locals), (true, 0));
    turn.send_by_channel(b"lost").await;
    assert_eq!(turn.refresh().await, 0);
    assert_eq!(*echo.heard.lock().unwrap(), [(turn.relayed, b"again".to_vec())]);
    let other = server.open_local(&host.id, false, echo).unwrap();
    server.close_local(other);
    assert_eq!(server.stats().n_locals, 0);
    serving.abort();
}
