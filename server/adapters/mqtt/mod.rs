//! MQTT over websockets, 3.1.1 and 5: a broker whose only topics are its clients' own mailboxes.
//!
//! **Invariants:** a client hears what the hub says to it and nothing that another has published; it is heard under the name
//! with which it has connected. No packet is worked on while the lock on the codec is held, because what follows from it
//! may be a packet for the same client.
#[cfg(test)]
mod on_the_wire;
mod packets;
mod talk;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};

use super::{
    Origins, Wire,
    websocket::{Ear, Message, Outbox, accept, converse, is_asked},
};
use crate::{
    dialects::{Attachments, Farewell, Frame, Said, mqtt::mailbox},
    hub::{Attached, Hub, Line, LineEnd, Overrun, Realm},
};
use packets::Word;
use talk::Talk;

/// By these names pages ask for MQTT; the second is of the time before 3.1.1.
const PROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];

const BYE: Farewell = Farewell { code: 1000, reason: "goodbye" };
const NO_NAME: Farewell = Farewell { code: 1008, reason: "this client identifier will not do" };
const FAULTY: Farewell = Farewell { code: 1002, reason: "this is not how MQTT is spoken" };

struct Served {
    hub: Hub,
    realm: Realm,
    wire: Wire,
    origins: Origins,
}

/// Lets a router answer these requests too: every request for a websocket with MQTT, on whatever path, that comes by here.
pub fn beside(router: Router, hub: Hub, realm: Realm, origins: Origins, wire: Wire) -> Router {
    let served = Arc::new(Served { hub, realm, wire, origins });
    router.layer(middleware::from_fn_with_state(served, enter))
}

async fn enter(State(served): State<Arc<Served>>, mut request: Request, next: Next) -> Response {
    let Some(protocol) = offered(request.headers()).filter(|_| is_asked(request.headers())) else {
        return next.run(request).await;
    };
    if let Err(foreign) = served.origins.admit(&request) {
        return foreign.into_response();
    }
    let (mut response, upgraded) = match accept(&mut request) {
        Ok(accepted) => accepted,
        Err(bad) => return bad.into_response(),
    };
    response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    tokio::spawn(async move {
        let Some(stream) = upgraded.await else { return };
        let wire = served.wire;
        let (outbox, waiting) = Outbox::new(wire.frames_waiting_max, wire.bytes_waiting_max);
        let talk = Arc::new(Talk::new(outbox.clone(), wire.message_bytes_max));
        let ear = Client { served, talk: talk.clone(), name: String::new(), attached: None, is_over: false };
        tokio::select! {
            () = converse(stream, &outbox, waiting, wire, ear) => (),
            () = talk.watch() => (),
        }
    });
    response
}

/// The first of the names that the client offers and we know.
fn offered(headers: &HeaderMap) -> Option<&'static str> {
    let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|it| it.to_str().ok());
    let mut names = lines.flat_map(|it| it.split(',')).map(str::trim);
    names.find_map(|name| PROTOCOLS.into_iter().find(|it| *it == name))
}

/// What the hub has of a connection.
struct Mailbox {
    talk: Arc<Talk>,
    topic: String,
}

impl Line for Mailbox {
    fn say(&self, frame: Frame) -> Result<(), Overrun> {
        self.talk.publish(&self.topic, &frame.text)
    }

    fn cut(&self) {
        self.talk.outbox.cut();
    }

    fn close(&self, why: Farewell) {
        self.talk.outbox.close(why);
    }

    fn probe(&self) {
        self.talk.outbox.probe();
    }
}

/// What a connection has of the hub.
struct Client {
    served: Arc<Served>,
    talk: Arc<Talk>,
    /// Empty until it has connected.
    name: String,
    /// From its CONNECT on, until it has ended.
    attached: Option<Attached>,
    /// What it says is no longer of interest.
    is_over: bool,
}

impl Client {
    fn heard(&mut self, word: Word) {
        match word {
            Word::Hello { client } => self.enter(client),
            Word::Subscribe { id, filters } => {
                let own = mailbox(&self.name);
                let granted: Vec<_> = filters.into_iter().map(|it| Some(it) == own).collect();
                if granted.contains(&true) {
                    self.talk.subscribe(true);
                }
                self.talk.answer(|it| it.grant(id, granted.into_iter()));
            }
            Word::Unsubscribe { id, filters } => {
                let own = mailbox(&self.name);
                let is_subscribed = self.talk.is_subscribed();
                let dropped: Vec<_> = filters.into_iter().map(|it| is_subscribed && Some(it) == own).collect();
                if dropped.contains(&true) {
                    self.talk.subscribe(false);
                }
                self.talk.answer(|it| it.let_go(id, dropped.into_iter()));
            }
            Word::Publish { topic, payload } => {
                if let (Some(attached), Ok(text)) = (&self.attached, std::str::from_utf8(&payload)) {
                    let attachments = Attachments::new();
                    self.served.hub.hear(attached, Said { sender: &self.name, topic: &topic, text, attachments });
                }
            }
            Word::Bye => self.leave(LineEnd::Closed, BYE),
            Word::Faulty => self.leave(LineEnd::Faulty, FAULTY),
        }
    }

    fn enter(&mut self, client: String) {
        let Some(topic) = mailbox(&client) else {
            self.talk.answer(packets::Packets::refuse);
            return self.leave(LineEnd::Faulty, NO_NAME);
        };
        self.name = client;
        self.talk.answer(packets::Packets::welcome);
        let line = Arc::new(Mailbox { talk: self.talk.clone(), topic });
        self.attached = Some(self.served.hub.connect(self.served.realm, line));
    }

    fn leave(&mut self, end: LineEnd, farewell: Farewell) {
        self.is_over = true;
        self.end(end);
        self.talk.outbox.close(farewell);
    }
}

impl Ear for Client {
    fn hear(&mut self, message: &Message) {
        let Message::Binary(bytes) = message else {
            return if !self.is_over {
                self.leave(LineEnd::Faulty, FAULTY)
            };
        };
        let mut bytes = &**bytes;
        while !self.is_over
            && let Some(word) = self.talk.next(&mut bytes)
        {
            self.heard(word);
        }
    }

    fn is_alive(&mut self) {
        if let Some(attached) = &self.attached {
            self.served.hub.is_alive(attached);
        }
    }

    fn end(&mut self, end: LineEnd) {
        if let Some(attached) = self.attached.take() {
            self.served.hub.disconnect(&attached, end);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.end(LineEnd::Broken);
    }
}
