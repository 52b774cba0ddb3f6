//! Pages that lose connections and come back: what must hold whatever they do.
use std::{collections::HashMap, sync::Arc, time::Duration};

use p2pchat_server::{
    accounting::{Ledger, Limits as Quotas, Reason},
    app::realm_settings,
    ice::Ice,
    protocols::p2pchat::P2pChat,
    rooms::Limits,
    sessions::{Lifetimes, Realm, SessionHandle, Sessions},
};
use serde_json::Value;

use super::{Tape, account};

const LIFETIMES: Lifetimes = Lifetimes {
    grace: Duration::from_secs(30),
    reload_grace: Duration::from_secs(5),
    replay_frames_max: 20,
    replay_bytes_max: 4_000,
};

/// As the web client counts.
#[derive(Default)]
struct Page {
    connection: Option<(SessionHandle, Arc<Tape>)>,
    id: String,
    token: Option<String>,
    n_received: u64,
    sent: Vec<String>,
    /// By sender, the number of its last signal.
    heard: HashMap<String, u64>,
}

struct Stage {
    sessions: Sessions,
    realm: Realm,
    room: String,
    n_signals: u64,
}

impl Stage {
    /// Connects a page, which says hello with what it has.
    fn connect(&self, page: &mut Page) {
        let tape = Tape::endless();
        let handle = self.sessions.connect(self.realm, tape.clone(), account(&self.sessions));
        let resume = page.token.as_ref().map_or_else(
            || "true".to_owned(),
            |token| format!(r#"{{"token":"{token}","received":{},"sent":{}}}"#, page.n_received, page.sent.len()),
        );
        self.sessions.receive(&handle, &*format!(r#"["GET-ID",{{"requestId":"0","resume":{resume}}}]"#));
        let mut frames = tape.take();
        let welcome: Value = serde_json::from_str(&frames.remove(0)).unwrap_or_default();
        let (id, resume) = (welcome[1]["userID"].as_str().unwrap_or_default(), &welcome[1]["resume"]);
        let is_resumed = resume["received"].is_u64();
        assert!(!is_resumed || id == page.id, "it comes back as another");
        page.token = resume["token"].as_str().map(str::to_owned);
        page.connection = Some((handle, tape));
        if is_resumed {
            self.hear(page, &frames);
            let n_handled = usize::try_from(resume["received"].as_u64().unwrap_or_default()).unwrap_or_default();
            for text in page.sent.split_off(n_handled) {
                self.say(page, text);
            }
        } else {
            let (id, connection, token) = (id.to_owned(), page.connection.take(), page.token.take());
            *page = Page { connection, id, token, ..Page::default() };
        }
    }

    fn say(&self, page: &mut Page, text: String) {
        if let Some((handle, _)) = &page.connection {
            self.sessions.receive(handle, &*text);
        }
        page.sent.push(text);
    }

    fn hear(&self, page: &mut Page, frames: &[String]) {
        for frame in frames {
            page.n_received += 1;
            let event: Value = serde_json::from_str(frame).unwrap_or_default();
            let from = event[1]["source"].as_str().unwrap_or_default().to_owned();
            if let Some(number) = event[1]["signal"].as_u64().filter(|_| event[0] == "SIGNAL") {
                let last = page.heard.insert(from, number);
                assert!(last.is_none_or(|it| it < number), "{number} comes twice or late, after {last:?}");
            }
        }
    }
}

/// The bytes drive four pages, all in one room where they can be.
pub(super) fn lasting_sessions_stay_sound(steps: &[u8]) {
    let ice = Ice { servers: Vec::new(), credential_ttl_s: 60 };
    let sessions = Sessions::new(ice, Ledger::new(Quotas::default()), LIFETIMES);
    let limits = Limits { peers_max: 4, rooms_per_peer_max: 3, name_units_max: 20, password_units_max: 100 };
    let realm = sessions.open(realm_settings(&P2pChat, limits));
    let mut stage = Stage { sessions, realm, room: String::new(), n_signals: 0 };
    let mut pages: [Page; 4] = Default::default();
    let (mut old, mut now) = (Vec::new(), tokio::time::Instant::now());
    for step in steps.chunks_exact(2) {
        let (at, to) = (usize::from(step[0] % 4), usize::from(step[1] % 4));
        let other = pages[to].id.clone();
        let page = &mut pages[at];
        match (&page.connection, step[0] / 4 % 8) {
            // Its connection before may go on, which the server has not noticed.
            (_, 0) | (None, 1..=3) => {
                old.extend(page.connection.take().map(|it| it.0));
                stage.connect(page);
            }
            (Some((handle, _)), 1) => {
                let reasons = [Reason::TransportError, Reason::PingTimeout, Reason::ClientClosed, Reason::WriteTimeout];
                stage.sessions.disconnect(handle, reasons[to]);
                old.extend(page.connection.take().map(|it| it.0));
            }
            (Some((handle, _)), 2) if step[1] > 200 => {
                stage.sessions.receive(handle, r#"["CLOSING"]"#);
                old.extend(page.connection.take().map(|it| it.0));
            }
            (Some((handle, _)), 2) => {
                stage.sessions.receive(handle, &*format!(r#"["ACK",{{"received":{}}}]"#, page.n_received));
            }
            (Some(_), 3) => {
                let join = format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{}","password":""}}]"#, stage.room);
                let create = r#"["CREATE-ROOM",{"requestId":"c","maxUsers":4,"name":"","password":"","type":0}]"#;
                stage.say(page, if step[1] > 200 { create.to_owned() } else { join });
            }
            (_, 4) => {
                now += Duration::from_millis(u64::from(step[1]) * 60);
                stage.sessions.on_timers(now);
            }
            // What is said on connections that are gone is not heard.
            (_, 5) => old.iter().for_each(|it| {
                stage.sessions.receive(it, &*format!(r#"["DISCONNECTEDUSER","{}"]"#, stage.room));
                stage.sessions.receive(it, r#"["CLOSING"]"#);
                stage.sessions.disconnect(it, Reason::TransportError);
            }),
            _ => {
                stage.n_signals += 1;
                let (room, n) = (&stage.room, stage.n_signals);
                stage.say(page, format!(r#"["SIGNAL",{{"target":"{other}","room":"{room}","signal":{n}}}]"#));
            }
        }
        for page in &mut pages {
            let Some((_, tape)) = &page.connection else { continue };
            let frames = tape.take();
            if let Some(made) = frames.iter().find(|it| it.starts_with("[\"CREATE-ROOM\"")) {
                stage.room = super::field(std::slice::from_ref(made), "roomID");
            }
            stage.hear(page, &frames);
        }
        let connected = pages.iter().filter(|it| it.connection.is_some()).count();
        let count = stage.sessions.counts()[0];
        assert!(count.n_peers >= connected, "a page that is connected is gone");
        assert!(count.n_peers > 0 || count.n_rooms == 0, "rooms outlive their members");
    }
    for (handle, _) in pages.iter().filter_map(|it| it.connection.as_ref()) {
        stage.sessions.disconnect(handle, Reason::ClientClosed);
    }
    drop((pages, old));
    stage.sessions.on_timers(now + LIFETIMES.grace + LIFETIMES.grace);
    let (count, balance) = (stage.sessions.counts()[0], stage.sessions.ledger().balance());
    assert_eq!((count.n_peers, count.n_rooms, stage.sessions.n_timers()), (0, 0, 0), "something stays");
    assert_eq!((balance.n_sessions, balance.n_away, balance.memory.held), (0, 0, 0), "something is still held");
}
