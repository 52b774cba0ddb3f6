//! MQTT over websockets, 3.1.1 and 5: a broker whose only topics are its clients' own mailboxes.
//!
//! **Invariants:** a client receives what the sessions send it and nothing that another client has published. It is known by
//! the client identifier with which it connected. Each packet is charged for. No event is handled while the codec's lock is
//! held, because what follows from it may be a packet for the same client.
mod connection;
#[cfg(test)]
mod on_the_wire;
mod packets;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};

use super::{
    Origins, TransportLimits, end_without_session,
    meter::Meter,
    websocket::{Endpoint, Message, MessageHandler, is_asked},
};
use crate::{
    accounting::Reason,
    protocols::{Attachments, CloseReason, Frame, Incoming, mqtt::mailbox},
    sessions::{Connection, Queued, Realm, SendQueueFull, SessionHandle, Sessions},
};
use connection::MqttConnection;
use packets::{MqttEvent, Packets};

/// The names by which clients ask for MQTT; the second one is from before 3.1.1.
const SUBPROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];

const GOODBYE: CloseReason = CloseReason { code: 1000, reason: "goodbye" };
const BAD_CLIENT_ID: CloseReason = CloseReason { code: 1008, reason: "this client identifier is not allowed" };
const PROTOCOL_ERROR: CloseReason = CloseReason { code: 1002, reason: "this breaks the rules of MQTT" };
const TOO_FAST: CloseReason = CloseReason { code: 1008, reason: "too much in too short a time" };

struct Served {
    endpoint: Endpoint,
    realm: Realm,
}

/// Lets a router answer these requests too: every request for a websocket with MQTT, whatever its path.
pub fn beside(router: Router, sessions: Sessions, realm: Realm, origins: Origins, limits: TransportLimits) -> Router {
    let served = Arc::new(Served { endpoint: Endpoint { sessions, origins, limits: Arc::new(limits) }, realm });
    router.layer(middleware::from_fn_with_state(served, enter))
}

async fn enter(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    let Some(subprotocol) = offered(request.headers()).filter(|_| is_asked(request.headers())) else {
        return next.run(request).await;
    };
    let shared = served.clone();
    let mut response = served.endpoint.accept(request, move |send_queue| Client {
        served: shared,
        connection: Arc::new(MqttConnection::new(send_queue.clone())),
        name: String::new(),
        session: None,
        is_over: false,
    });
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
    }
    response
}

/// The first of the names that the client offers and that is known.
fn offered(headers: &HeaderMap) -> Option<&'static str> {
    let values = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|it| it.to_str().ok());
    let mut names = values.flat_map(|it| it.split(',')).map(str::trim);
    names.find_map(|name| SUBPROTOCOLS.into_iter().find(|it| *it == name))
}

/// What the sessions hold of a connection.
struct Mailbox {
    connection: Arc<MqttConnection>,
    topic: String,
}

impl Connection for Mailbox {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        self.connection.publish(&self.topic, &frame.text)
    }

    fn abort(&self, reason: Reason) {
        self.connection.send_queue.meter().abort(reason);
    }

    fn close(&self, why: CloseReason) {
        self.connection.send_queue.close(Reason::ByServer, why);
    }

    fn ping(&self) {
        self.connection.send_queue.ping();
    }
}

/// What a connection holds of its session.
struct Client {
    served: Arc<Served>,
    connection: Arc<MqttConnection>,
    /// The client identifier; empty until CONNECT.
    name: String,
    /// From CONNECT until the connection has ended.
    session: Option<SessionHandle>,
    is_over: bool,
}

impl Client {
    fn meter(&self) -> &Arc<Meter> {
        self.connection.send_queue.meter()
    }

    fn handle(&mut self, event: MqttEvent) {
        match event {
            MqttEvent::Connect { client } => self.connect(client),
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
                    let incoming = Incoming { sender: &self.name, topic: &topic, text, attachments };
                    self.served.endpoint.sessions.receive(session, incoming);
                }
            }
            MqttEvent::Disconnect => self.leave(Reason::ClientClosed, GOODBYE),
            MqttEvent::ProtocolError => self.leave(Reason::ProtocolError, PROTOCOL_ERROR),
        }
    }

    fn connect(&mut self, client: String) {
        let Some(topic) = mailbox(&client) else {
            self.connection.answer(Packets::connack_refused);
            return self.leave(Reason::ProtocolError, BAD_CLIENT_ID);
        };
        self.name = client;
        self.connection.answer(Packets::connack);
        let account = self.meter().account().clone();
        let connection = Arc::new(Mailbox { connection: self.connection.clone(), topic });
        self.session = Some(self.served.endpoint.sessions.connect(self.served.realm, connection, account));
    }

    /// Ends the session at once, and the connection after what waits to be sent.
    fn leave(&mut self, reason: Reason, close: CloseReason) {
        let reason = self.meter().end(reason);
        self.end(reason);
        self.connection.send_queue.close(reason, close);
    }
}

impl MessageHandler for Client {
    fn receive(&mut self, message: &Message) {
        let Message::Binary(bytes) = message else { return self.leave(Reason::ProtocolError, PROTOCOL_ERROR) };
        let mut bytes = &**bytes;
        let mut is_paid = true;
        while !bytes.is_empty() && self.meter().reason().is_none() {
            // The first packet of a message is paid for with its frame.
            if !std::mem::take(&mut is_paid)
                && let Err(reason) = self.meter().account().receive_messages(1)
            {
                return self.leave(reason, TOO_FAST);
            }
            if let Some(event) = self.connection.next(&mut bytes) {
                self.handle(event);
            }
        }
    }

    fn on_alive(&mut self) {
        if let Some(session) = &self.session {
            self.served.endpoint.sessions.on_alive(session);
        }
    }

    fn end(&mut self, reason: Reason) {
        let sessions = &self.served.endpoint.sessions;
        match self.session.take() {
            Some(session) => sessions.disconnect(&session, reason),
            None if self.name.is_empty() && !self.is_over => end_without_session(sessions.ledger(), reason),
            None => (),
        }
        self.is_over = true;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.end(Reason::TransportError);
    }
}
