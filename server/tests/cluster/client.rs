//! A client of the simulation, as far as it believes anything.
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex},
};

use p2pchat_server::{
    accounting::Reason,
    protocols::Frame,
    sessions::{Connection, Queued, SendQueueFull, SessionHandle},
};
use serde_json::Value;

#[derive(Default)]
pub(super) struct Queue {
    pub(super) frames: Mutex<VecDeque<String>>,
    pub(super) ended: Mutex<Option<Reason>>,
}

impl Connection for Queue {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        self.frames.lock().unwrap().push_back(frame.text);
        Ok(Queued::default())
    }

    fn abort(&self, reason: Reason) {
        self.ended.lock().unwrap().get_or_insert(reason);
    }
}

#[derive(Default)]
pub(super) struct Client {
    pub(super) node: usize,
    /// It cannot come back.
    pub(super) is_original: bool,
    pub(super) queue: Arc<Queue>,
    pub(super) handle: Option<SessionHandle>,
    pub(super) id: String,
    pub(super) token: String,
    pub(super) n_received: u64,
    pub(super) n_sent: u64,
    pub(super) room: Option<String>,
    /// The room that it has asked to join, or to make, and has not heard of.
    pub(super) wanted: Option<String>,
    /// The server has told it who it is.
    pub(super) is_greeted: bool,
    /// Who came after this one, and has not gone.
    pub(super) others: BTreeSet<String>,
    /// The signals that it has heard, by whom they came from.
    pub(super) signals: Vec<(String, u64)>,
    /// It knows everybody who is there: it came back, and was told.
    pub(super) knows_all: bool,
}

impl Client {
    /// What it says first.
    pub(super) fn hello(&self) -> String {
        let Client { token, n_received, n_sent, is_original, .. } = self;
        if *is_original {
            return r#"["GET-ID",{"requestId":"0"}]"#.to_owned();
        }
        let resume = if token.is_empty() {
            "true".to_owned()
        } else {
            format!(r#"{{"token":"{token}","received":{n_received},"sent":{n_sent}}}"#)
        };
        format!(r#"["GET-ID",{{"requestId":"0","alerts":true,"resume":{resume}}}]"#)
    }

    pub(super) fn hear(&mut self, event: &Value) {
        let body = &event[1];
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        if event[0] != "GET-ID" {
            self.n_received += 1;
        }
        match event[0].as_str().unwrap() {
            "SIGNAL" => {
                let said = (text(&body["source"]), body["signal"].as_u64().unwrap());
                assert!(!self.signals.contains(&said), "nothing comes twice: {said:?}");
                self.signals.push(said);
            }
            "GET-ID" => {
                let id = text(&body["userID"]);
                self.token = text(&body["resume"]["token"]);
                let rooms = body["resume"]["rooms"].as_array();
                if rooms.is_none() || self.id != id {
                    (self.n_received, self.n_sent, self.room, self.knows_all) = (0, 0, None, false);
                    self.wanted = None;
                    self.others.clear();
                }
                (self.id, self.is_greeted) = (id, true);
                if let Some(rooms) = rooms {
                    let room = rooms.first();
                    self.room = room.map(|it| text(&it["roomID"]));
                    let members = room.and_then(|it| it["members"].as_array()).cloned().unwrap_or_default();
                    self.others = members.iter().map(text).filter(|it| *it != self.id).collect();
                    self.knows_all = true;
                    if let Some(n) = body["resume"]["received"].as_u64() {
                        if n < self.n_sent {
                            // It was not heard, and is not said again.
                            self.wanted = None;
                        }
                        self.n_sent = n;
                    }
                }
            }
            "CREATE-ROOM" => {
                self.wanted = None;
                self.enter(text(&body["roomID"]));
            }
            "JOIN-ROOM" if Some(text(&body["from"]["roomID"])) == self.room => {
                self.others.insert(text(&body["from"]["userID"]));
            }
            "JOIN-ROOM" if body["from"].is_object() => (),
            "JOIN-ROOM" => {
                // Whoever has come back knows it already.
                let room = self.wanted.take().unwrap_or_default();
                if self.room.as_ref() != Some(&room) {
                    self.enter(room);
                }
            }
            "TYPEERROR" => self.wanted = None,
            "DISCONNECTEDUSER" => {
                self.others.remove(&text(&body["userID"]));
            }
            _ => (),
        }
    }

    fn enter(&mut self, room: String) {
        (self.room, self.knows_all) = (Some(room), false);
        self.others.clear();
    }
}
