//! Sessions that outlive their connections. Without sockets: a page here counts what it sends and receives as the web client
//! does, and its connections break, fill up and go on flooding as the test has it.
mod accounts;
mod bounds;
mod cookies;
mod invitations;
mod owners;
mod resuming;
mod rooms;
mod wire;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex},
    time::Duration,
};

use p2pchat_server::{
    accounting::{Ledger, Limits as Quotas, Reason},
    app::realm_settings,
    ice::Ice,
    protocols::{Frame, Protocol, p2pchat::P2pChat},
    rooms::Limits,
    sessions::{Connection, Lifetimes, Queued, Realm, SendQueueFull, SessionHandle, Sessions},
};
use serde_json::Value;

const LIFETIMES: Lifetimes = Lifetimes {
    grace: Duration::from_secs(30),
    reload_grace: Duration::from_secs(5),
    replay_frames_max: 100,
    replay_bytes_max: 100_000,
};

/// One connection's queue.
#[derive(Default)]
struct Queue {
    frames: Mutex<Vec<String>>,
    ended: Mutex<Option<Reason>>,
    is_full: Mutex<bool>,
}

impl Queue {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.frames.lock().unwrap())
    }

    fn reason(&self) -> Option<Reason> {
        *self.ended.lock().unwrap()
    }
}

impl Connection for Queue {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        if *self.is_full.lock().unwrap() {
            return Err(SendQueueFull);
        }
        self.frames.lock().unwrap().push(frame.text);
        Ok(Queued::default())
    }

    fn abort(&self, reason: Reason) {
        self.ended.lock().unwrap().get_or_insert(reason);
    }
}

struct Stage {
    sessions: Sessions,
    realm: Realm,
}

/// A page of the web client, as far as it counts.
struct Page {
    address: IpAddr,
    queue: Arc<Queue>,
    handle: SessionHandle,
    id: String,
    token: String,
    /// Events received, and those in order.
    n_received: u64,
    heard: Vec<String>,
    /// Events sent. All are kept.
    sent: Vec<String>,
}

impl Stage {
    fn new() -> Stage {
        Stage::of(&P2pChat, Quotas::default(), LIFETIMES)
    }

    fn of(protocol: &'static dyn Protocol, quotas: Quotas, lifetimes: Lifetimes) -> Stage {
        let ice = Ice { servers: Vec::new(), credential_ttl_s: 60 };
        let sessions = Sessions::new(ice, Ledger::new(quotas), lifetimes);
        let limits = Limits { peers_max: 20, rooms_per_peer_max: 100, name_units_max: 20, password_units_max: 100 };
        let realm = sessions.open(realm_settings(protocol, limits));
        Stage { sessions, realm }
    }

    fn connect_from(&self, address: IpAddr) -> Result<(Arc<Queue>, SessionHandle), Reason> {
        let queue = Arc::new(Queue::default());
        let account = self.sessions.ledger().open_account(address, b"", 20_000)?;
        let aborted = queue.clone();
        account.on_abort(move |reason| aborted.abort(reason));
        Ok((queue.clone(), self.sessions.connect(self.realm, queue, account)))
    }

    fn page_from(&self, address: IpAddr) -> Page {
        let (queue, handle) = self.connect_from(address).unwrap();
        let (id, token) = (String::new(), String::new());
        let mut page = Page { address, queue, handle, id, token, n_received: 0, heard: Vec::new(), sent: Vec::new() };
        let welcome = page.hello(self, "true");
        assert!(welcome["resume"].get("received").is_none(), "{welcome}");
        page
    }

    fn page(&self) -> Page {
        self.page_from(Ipv4Addr::LOCALHOST.into())
    }

    /// Two pages in one room for so many.
    fn pair(&self, kind: u8, max: usize) -> (Page, Page, String) {
        let (mut one, mut other) = (self.page(), self.page());
        let room = one.create(self, kind, max);
        other.join(self, &room);
        assert!(one.hear().last().unwrap().contains("from"));
        (one, other, room)
    }

    fn count(&self) -> (usize, usize) {
        let count = self.sessions.counts()[0];
        (count.n_peers, count.n_rooms)
    }

    fn counted(&self, reason: Reason) -> u64 {
        let reasons = self.sessions.ledger().balance().reasons;
        reasons.into_iter().find(|it| it.0 == reason).map_or(0, |it| it.1)
    }
}

impl Page {
    /// Says GET-ID over a connection that has said nothing; `resume` as it stands in the request. The answer's body.
    fn hello(&mut self, stage: &Stage, resume: &str) -> Value {
        let text = format!(r#"["GET-ID",{{"requestId":"0","alerts":true,"resume":{resume}}}]"#);
        stage.sessions.receive(&self.handle, &*text);
        let frames = self.queue.take();
        let (welcome, rest) = frames.split_first().expect("an answer");
        let welcome: Value = serde_json::from_str(welcome).unwrap();
        assert_eq!(welcome[0], "GET-ID");
        let body = welcome[1].clone();
        self.id = body["userID"].as_str().unwrap().to_owned();
        self.token = body["resume"]["token"].as_str().unwrap_or_default().to_owned();
        self.queue.frames.lock().unwrap().extend(rest.iter().cloned());
        body
    }

    /// Comes back by a new connection, and says again what was not handled. The answer's body.
    fn resume(&mut self, stage: &Stage) -> Value {
        (self.queue, self.handle) = stage.connect_from(self.address).unwrap();
        self.come_back(stage)
    }

    /// The same by the connection that it has, which has said nothing yet.
    fn come_back(&mut self, stage: &Stage) -> Value {
        let (token, received, sent) = (&self.token, self.n_received, self.sent.len());
        let resume = format!(r#"{{"token":"{token}","received":{received},"sent":{sent}}}"#);
        let body = self.hello(stage, &resume);
        if let Some(n_handled) = body["resume"]["received"].as_u64() {
            for text in &self.sent[usize::try_from(n_handled).unwrap()..] {
                stage.sessions.receive(&self.handle, &**text);
            }
        }
        body
    }

    fn say(&mut self, stage: &Stage, text: &str) {
        self.sent.push(text.to_owned());
        stage.sessions.receive(&self.handle, text);
    }

    /// What is lost on its way.
    fn say_in_vain(&mut self, text: &str) {
        self.sent.push(text.to_owned());
    }

    /// What has come since the last time.
    fn hear(&mut self) -> Vec<String> {
        let frames = self.queue.take();
        self.n_received += frames.len() as u64;
        self.heard.extend(frames.iter().cloned());
        frames
    }

    fn acknowledge(&self, stage: &Stage) {
        stage.sessions.receive(&self.handle, &*format!(r#"["ACK",{{"received":{}}}]"#, self.n_received));
    }

    fn breaks(&self, stage: &Stage) {
        stage.sessions.disconnect(&self.handle, Reason::TransportError);
    }

    fn closes(&self, stage: &Stage) {
        stage.sessions.receive(&self.handle, r#"["CLOSING"]"#);
    }

    fn create(&mut self, stage: &Stage, kind: u8, max: usize) -> String {
        let body = format!(r#"{{"requestId":"c","maxUsers":{max},"name":"n","password":"pw","type":{kind}}}"#);
        self.say(stage, &format!(r#"["CREATE-ROOM",{body}]"#));
        crate::harness::field(self.hear().last().unwrap(), "roomID")
    }

    fn join(&mut self, stage: &Stage, room: &str) -> String {
        self.say(stage, &format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#));
        self.hear().pop().unwrap()
    }

    fn signal(&mut self, stage: &Stage, to: &Page, room: &str, n: usize) {
        self.say(stage, &signal(to, room, n));
    }
}

fn signal(to: &Page, room: &str, n: usize) -> String {
    crate::harness::peer::signal_text(&to.id, room, &n.to_string())
}

/// The numbers of the signals among these events.
fn numbers(heard: &[String]) -> Vec<usize> {
    let number = |it: &String| {
        let event: Value = serde_json::from_str(it).unwrap();
        (event[0] == "SIGNAL").then(|| usize::try_from(event[1]["signal"].as_u64().unwrap()).unwrap())
    };
    heard.iter().filter_map(number).collect()
}

fn gone(id: &str, room: &str) -> String {
    format!(r#"["DISCONNECTEDUSER",{{"userID":"{id}","roomID":"{room}"}}]"#)
}
