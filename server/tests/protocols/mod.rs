//! Every protocol's words without a socket: what a client says goes into the sessions, and a tape takes down who hears what, in
//! the order in which all hear it. The original's fill most files, the others have one each.
mod changes;
mod entering;
mod mqtt;
mod poc;
mod secrets;
mod signals;
mod silences;
mod takeover;
mod textchat;
mod videocall;

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use p2pchat_server::{
    accounting::{Account, Ledger, Limits as Quotas, Reason},
    app::realm_settings,
    ice::Ice,
    protocols::{CloseReason, Frame, Incoming, Protocol, p2pchat::P2pChat},
    rooms::Limits,
    sessions::{Connection, Lifetimes, Queued, Realm, SendQueueFull, SessionHandle, Sessions},
};

use crate::harness::field;

static PROTOCOL: P2pChat = P2pChat;

/// A room for five with the password `pw`, of type 0 or 1.
const MESH: &str = r#"["CREATE-ROOM",{"requestId":"c","maxUsers":5,"name":"n","password":"pw","type":0}]"#;
const STAR: &str = r#"["CREATE-ROOM",{"requestId":"c","maxUsers":5,"name":"n","password":"pw","type":1}]"#;
/// Into the first room.
const JOIN: &str = r#"["JOIN-ROOM",{"requestId":"j","room":"<1>","password":"pw"}]"#;

/// What everyone heard, in the order in which it was said.
type Tape = Arc<Mutex<Vec<(String, Frame)>>>;

struct TapeConnection {
    name: String,
    tape: Tape,
}

impl TapeConnection {
    fn note(&self, text: String) {
        lock(&self.tape).push((self.name.clone(), Frame { text, attachments: [].into() }));
    }
}

impl Connection for TapeConnection {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        lock(&self.tape).push((self.name.clone(), frame));
        Ok(Queued::default())
    }

    // A lost peer's line is cut, and nobody hears that.
    fn abort(&self, _: Reason) {}

    fn close(&self, CloseReason { code, reason }: CloseReason) {
        self.note(format!("(closed: {code} {reason})"));
    }

    fn ping(&self) {
        self.note("(are you there?)".to_owned());
    }
}

fn lock(tape: &Tape) -> MutexGuard<'_, Vec<(String, Frame)>> {
    tape.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sessions, and peers with one-letter names. In what they say and hear, `<A>` is A's id, `<1>` the first room's.
pub(crate) struct Stage {
    sessions: Sessions,
    realm: Realm,
    tape: Tape,
    peers: BTreeMap<String, SessionHandle>,
    /// Token and id.
    ids: Vec<(String, String)>,
}

impl Stage {
    fn empty() -> Stage {
        Stage::with(Ice { servers: Vec::new(), credential_ttl_s: 60 })
    }

    fn with(ice: Ice) -> Stage {
        Stage::of(&PROTOCOL, ice)
    }

    /// Where another protocol is spoken, and these have come.
    pub(crate) fn speaking(protocol: &'static dyn Protocol, names: &[&str]) -> Stage {
        let mut stage = Stage::of(protocol, Ice { servers: Vec::new(), credential_ttl_s: 60 });
        names.iter().for_each(|it| drop(stage.connect(it)));
        stage
    }

    fn of(protocol: &'static dyn Protocol, ice: Ice) -> Stage {
        let sessions = Sessions::new(ice, Ledger::new(Quotas::default()), Lifetimes::default());
        let limits = Limits { peers_max: 20, rooms_per_peer_max: 100, name_units_max: 20, password_units_max: 100 };
        let realm = sessions.open(realm_settings(protocol, limits));
        Stage { sessions, realm, tape: Tape::default(), peers: BTreeMap::new(), ids: Vec::new() }
    }

    /// These peers have their ids; the first has made the room, the others are in it.
    fn room(create: &str, peers: &[&str]) -> Stage {
        let mut stage = Stage::empty();
        stage.arrive(peers);
        stage.send(peers[0], create);
        for name in &peers[1..] {
            assert!(stage.send(name, JOIN)[0].starts_with(&format!(r#"{name} <- ["JOIN-ROOM""#)));
        }
        stage
    }

    /// How it is greeted.
    pub(crate) fn connect(&mut self, name: &str) -> Vec<String> {
        let line = Arc::new(TapeConnection { name: name.to_owned(), tape: self.tape.clone() });
        let handle = self.sessions.connect(self.realm, line, account(&self.sessions));
        self.ids.push((format!("<{name}>"), handle.peer().to_string()));
        self.peers.insert(name.to_owned(), handle);
        self.heard()
    }

    /// Connects them and gives them their ids.
    fn arrive(&mut self, names: &[&str]) {
        for name in names {
            self.connect(name);
            self.send(name, r#"["GET-ID",{"requestId":"0"}]"#);
        }
    }

    /// Everything that is heard because of it: `A <- […]`.
    pub(crate) fn send(&mut self, name: &str, text: &str) -> Vec<String> {
        self.say_with(name, text, &[])
    }

    /// Of a protocol that is carried by topics: its peers' names are those under which they connect.
    pub(crate) fn publish(&mut self, name: &str, topic: &str, text: &str) -> Vec<String> {
        self.sessions.receive(&self.peers[name], Incoming { sender: name, topic, text, attachments: [].into() });
        self.heard()
    }

    fn say_with(&mut self, name: &str, text: &str, attachments: &[&[u8]]) -> Vec<String> {
        let text = self.ids.iter().fold(text.to_owned(), |text, (token, id)| text.replace(token, id));
        let attachments = attachments.iter().map(|it| Bytes::copy_from_slice(it)).collect();
        self.sessions.receive(&self.peers[name], Incoming { sender: "", topic: "", text: &text, attachments });
        self.heard()
    }

    pub(crate) fn drop_line(&mut self, name: &str) -> Vec<String> {
        let handle = self.peers.remove(name).unwrap();
        self.sessions.disconnect(&handle, Reason::TransportError);
        self.heard()
    }

    fn n_rooms(&self) -> usize {
        self.count().1
    }

    /// It answers when asked whether it is there.
    pub(crate) fn is_there(&mut self, name: &str) -> Vec<String> {
        self.sessions.on_alive(&self.peers[name]);
        self.heard()
    }

    /// Peers and rooms.
    fn count(&self) -> (usize, usize) {
        let count = self.sessions.counts()[0];
        (count.n_peers, count.n_rooms)
    }

    fn heard(&mut self) -> Vec<String> {
        let frames: Vec<_> = lock(&self.tape).drain(..).collect();
        frames.into_iter().map(|(name, frame)| self.line(&name, &frame)).collect()
    }

    fn line(&mut self, name: &str, frame: &Frame) -> String {
        let made = match frame.text.split('"').nth(1) {
            Some("CREATE-ROOM") => Some(field(&frame.text, "roomID")),
            Some("room-created") => frame.text.split('"').nth(3).map(str::to_owned),
            _ => None,
        };
        if let Some(room) = made {
            let n_rooms = self.ids.iter().filter(|it| it.0[1..].starts_with(|c: char| c.is_ascii_digit())).count();
            self.ids.push((format!("<{}>", n_rooms + 1), room));
        }
        let text = self.ids.iter().fold(frame.text.clone(), |text, (token, id)| text.replace(id, token));
        let attachments: String = frame.attachments.iter().map(|it| format!(" +{it:?}")).collect();
        format!("{name} <- {text}{attachments}")
    }
}

fn rejection(name: &str, kind: u8, request: &str) -> [String; 1] {
    [format!(r#"{name} <- ["TYPEERROR",{{"type":{kind},"requestID":"{request}"}}]"#)]
}

fn create(max_users: &str, name: &str, password: &str, kind: &str) -> String {
    let fields = [("maxUsers", max_users), ("name", name), ("password", password), ("type", kind)];
    let fields: String =
        fields.iter().filter(|it| !it.1.is_empty()).map(|it| format!(r#","{}":{}"#, it.0, it.1)).collect();
    format!(r#"["CREATE-ROOM",{{"requestId":"c"{fields}}}]"#)
}

fn account(sessions: &Sessions) -> Arc<Account> {
    sessions.ledger().open_account(Ipv4Addr::LOCALHOST.into(), b"", 0).expect("there are no limits")
}
