//! MQTT over websockets, 3.1.1 and 5: a broker whose only topics are its clients' own mailboxes.
//!
//! **Invariants:** a client hears what the sessions says to it and nothing that another has published; it is heard under the name
//! with which it has connected. No packet is worked on while the lock on the codec is held, because what follows from it
//! may be a packet for the same client.
mod connection;
#[cfg(test)]
mod on_the_wire;
mod packets;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};

use super::{
    Origins, TransportLimits, open_account,
    websocket::{Message, MessageHandler, SendQueue, accept, is_asked, run},
};
use crate::{
    accounting::{Account, Reason},
    protocols::{Attachments, CloseReason, Frame, Incoming, mqtt::mailbox},
    sessions::{Connection, Queued, Realm, SendQueueFull, SessionHandle, Sessions},
};
use connection::MqttConnection;
use packets::MqttEvent;

/// By these names pages ask for MQTT; the second is of the time before 3.1.1.
const PROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];

const BYE: CloseReason = CloseReason { code: 1000, reason: "goodbye" };
const NO_NAME: CloseReason = CloseReason { code: 1008, reason: "this client identifier will not do" };
const FAULTY: CloseReason = CloseReason { code: 1002, reason: "this is not how MQTT is spoken" };

struct Served {
    sessions: Sessions,
    realm: Realm,
    wire: TransportLimits,
    origins: Origins,
}

/// Lets a router answer these requests too: every request for a websocket with MQTT, on whatever path, that comes by here.
pub fn beside(router: Router, sessions: Sessions, realm: Realm, origins: Origins, wire: TransportLimits) -> Router {
    let served = Arc::new(Served { sessions, realm, wire, origins });
    router.layer(middleware::from_fn_with_state(served, enter))
}

async fn enter(State(served): State<Arc<Served>>, mut request: Request, next: Next) -> Response {
    let Some(protocol) = offered(request.headers()).filter(|_| is_asked(request.headers())) else {
        return next.run(request).await;
    };
    if let Err(foreign) = served.origins.admit(&request) {
        return foreign.into_response();
    }
    let account = match open_account(served.sessions.ledger(), &request) {
        Ok(account) => account,
        Err(refused) => return refused.into_response(),
    };
    let (mut response, upgraded) = match accept(&mut request) {
        Ok(accepted) => accepted,
        Err(bad) => return bad.into_response(),
    };
    response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    tokio::spawn(async move {
        let Some(stream) = upgraded.await else { return };
        let wire = served.wire;
        let (send_queue, waiting) = SendQueue::new(wire.frames_waiting_max, wire.bytes_waiting_max);
        let connection = Arc::new(MqttConnection::new(send_queue.clone(), wire.message_bytes_max));
        let handler = Client {
            served,
            connection: connection.clone(),
            account,
            name: String::new(),
            session: None,
            is_over: false,
        };
        tokio::select! {
            () = run(stream, &send_queue, waiting, wire, handler) => (),
            () = connection.watch() => (),
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

/// What the sessions has of a connection.
struct Mailbox {
    connection: Arc<MqttConnection>,
    topic: String,
}

impl Connection for Mailbox {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        self.connection.publish(&self.topic, &frame.text).map(|()| Queued::default())
    }

    fn abort(&self, _: Reason) {
        self.connection.send_queue.abort();
    }

    fn close(&self, why: CloseReason) {
        self.connection.send_queue.close(why);
    }

    fn ping(&self) {
        self.connection.send_queue.ping();
    }
}

/// What a connection has of the sessions.
struct Client {
    served: Arc<Served>,
    connection: Arc<MqttConnection>,
    account: Arc<Account>,
    /// Empty until it has connected.
    name: String,
    /// From its CONNECT on, until it has ended.
    session: Option<SessionHandle>,
    /// What it says is no longer of interest.
    is_over: bool,
}

impl Client {
    fn heard(&mut self, word: MqttEvent) {
        match word {
            MqttEvent::Connect { client } => self.enter(client),
            MqttEvent::Subscribe { id, filters } => {
                let own = mailbox(&self.name);
                let granted: Vec<_> = filters.into_iter().map(|it| Some(it) == own).collect();
                if granted.contains(&true) {
                    self.connection.subscribe(true);
                }
                self.connection.answer(|it| it.suback(id, granted.into_iter()));
            }
            MqttEvent::Unsubscribe { id, filters } => {
                let own = mailbox(&self.name);
                let is_subscribed = self.connection.is_subscribed();
                let dropped: Vec<_> = filters.into_iter().map(|it| is_subscribed && Some(it) == own).collect();
                if dropped.contains(&true) {
                    self.connection.subscribe(false);
                }
                self.connection.answer(|it| it.unsuback(id, dropped.into_iter()));
            }
            MqttEvent::Publish { topic, payload } => {
                if let (Some(session), Ok(text)) = (&self.session, std::str::from_utf8(&payload)) {
                    let attachments = Attachments::new();
                    self.served
                        .sessions
                        .receive(session, Incoming { sender: &self.name, topic: &topic, text, attachments });
                }
            }
            MqttEvent::Disconnect => self.leave(Reason::ClientClosed, BYE),
            MqttEvent::ProtocolError => self.leave(Reason::ProtocolError, FAULTY),
        }
    }

    fn enter(&mut self, client: String) {
        let Some(topic) = mailbox(&client) else {
            self.connection.answer(packets::Packets::connack_refused);
            return self.leave(Reason::ProtocolError, NO_NAME);
        };
        self.name = client;
        self.connection.answer(packets::Packets::connack);
        let line = Arc::new(Mailbox { connection: self.connection.clone(), topic });
        self.session = Some(self.served.sessions.connect(self.served.realm, line, self.account.clone()));
    }

    fn leave(&mut self, end: Reason, reason: CloseReason) {
        self.is_over = true;
        self.end(end);
        self.connection.send_queue.close(reason);
    }
}

impl MessageHandler for Client {
    fn receive(&mut self, message: &Message) {
        let Message::Binary(bytes) = message else {
            return if !self.is_over {
                self.leave(Reason::ProtocolError, FAULTY)
            };
        };
        let mut bytes = &**bytes;
        while !self.is_over
            && let Some(word) = self.connection.next(&mut bytes)
        {
            self.heard(word);
        }
    }

    fn on_alive(&mut self) {
        if let Some(session) = &self.session {
            self.served.sessions.on_alive(session);
        }
    }

    fn end(&mut self, end: Reason) {
        if let Some(session) = self.session.take() {
            self.served.sessions.disconnect(&session, end);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.end(Reason::TransportError);
    }
}
