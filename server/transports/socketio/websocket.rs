//! A session that begins as a websocket, and is never anything else: Engine.IO and socket.io upon it, without a library's
//! queues and tasks. Sessions that begin with polling, and what they move to, are socketioxide's.
//!
//! **Invariants:** an event is handled when it has been read, with all its attachments, and before the next. Everything that is
//! sent but pings is counted by the send queue, so that nobody makes the server keep answers that are not read.
use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;

use super::{
    ATTACHMENTS_MAX, CONNECT_TIMEOUT,
    packet::{Packet, ROOT},
    session::EngineSession,
};
use crate::{
    accounting::Reason,
    ice::ReachedAs,
    protocols::{Attachments, CloseReason, Frame, Incoming},
    sessions::{Connection, Queued, Realm, SendQueueFull, SessionHandle, Sessions},
    transports::{
        TransportLimits,
        frame_meter::{Frame as WebsocketFrame, FrameKind},
        metered_stream::FrameObserver,
        websocket::{Message, MessageHandler, SendQueue},
    },
};

/// Of an Engine.IO session id and of a socket id, as many as the original has.
const ID_BYTES: usize = 15;

const GOODBYE: CloseReason = CloseReason { code: 1000, reason: "goodbye" };
const PROTOCOL_ERROR: CloseReason = CloseReason { code: 1002, reason: "this breaks the rules of socket.io" };

/// What all clients of a path share.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) sessions: Sessions,
    pub(super) realm: Realm,
}

/// What a connection holds of its session.
pub(super) struct Client {
    place: Place,
    engine: Arc<EngineSession>,
    send_queue: Arc<SendQueue>,
    /// From CONNECT until the connection has ended.
    session: Option<SessionHandle>,
    partial: Option<Box<Partial>>,
}

/// A packet whose attachments have not all come. Its bytes are held on the account by [`EngineSession`].
struct Partial {
    /// Of an event; nothing of what is ignored.
    text: Option<String>,
    attachments: VecDeque<Bytes>,
    n_missing: usize,
}

impl Client {
    /// Greets the client, which has a while to say CONNECT.
    pub(super) fn open(place: Place, engine: Arc<EngineSession>, send_queue: &Arc<SendQueue>, sid: &str) -> Client {
        let limits = engine.meter.limits();
        engine.claim_websocket();
        engine.meter.expect(Some((CONNECT_TIMEOUT, Reason::IdleTimeout)));
        // An empty queue has room.
        let _ = send_queue.put(Message::text(open_packet(sid, limits)));
        send_queue.ping();
        Client { place, engine, send_queue: send_queue.clone(), session: None, partial: None }
    }

    fn connect(&mut self, namespace: &str) {
        if namespace != ROOT {
            let namespace = namespace.replace(['"', '\\'], "");
            return self.say(format!(r#"44{namespace},{{"message":"Invalid namespace"}}"#));
        }
        if self.session.is_none() {
            self.engine.on_connect();
            self.engine.has_begun();
            self.say(format!(r#"40{{"sid":"{}"}}"#, fresh_id()));
            let connection = SocketConnection { engine: self.engine.clone(), send_queue: self.send_queue.clone() };
            let account = self.engine.meter.account().clone();
            self.session = Some(self.place.sessions.connect(self.place.realm, Arc::new(connection), account));
        }
    }

    /// Takes a packet with all its attachments. `text` is that of an event.
    fn complete(&mut self, text: Option<&str>, attachments: Attachments) {
        let Some(session) = &self.session else { return self.leave(Reason::ProtocolError, PROTOCOL_ERROR) };
        if let Some(text) = text {
            let incoming = Incoming { sender: "", topic: "", text, attachments };
            if !self.place.sessions.receive(session, incoming) {
                self.leave(Reason::ProtocolError, PROTOCOL_ERROR);
            }
        }
    }

    fn begin(&mut self, text: Option<&str>, n_attachments: usize) {
        match n_attachments {
            // Nothing is kept for who has not said CONNECT.
            1.. if self.session.is_none() => self.leave(Reason::ProtocolError, PROTOCOL_ERROR),
            0 => self.complete(text, Attachments::new()),
            1..=ATTACHMENTS_MAX => {
                let text = text.map(str::to_owned);
                let partial = Partial { text, attachments: VecDeque::new(), n_missing: n_attachments };
                self.partial = Some(Box::new(partial));
            }
            _ => self.leave(Reason::ProtocolError, PROTOCOL_ERROR),
        }
    }

    fn receive_text(&mut self, text: &str) {
        match Packet::read(text) {
            Ok(Packet::Heartbeat) => (),
            Ok(Packet::Close | Packet::Disconnect) => self.leave(Reason::ClientClosed, GOODBYE),
            // Attachments directly follow what they belong to.
            Err(_) | Ok(_) if self.partial.is_some() => self.leave(Reason::ProtocolError, PROTOCOL_ERROR),
            Ok(Packet::Connect { namespace }) => self.connect(namespace),
            Ok(Packet::Event { text, n_attachments }) => self.begin(Some(text), n_attachments),
            Ok(Packet::Acknowledgement { n_attachments } | Packet::Elsewhere { n_attachments }) => {
                self.begin(None, n_attachments);
            }
            Err(_) => self.leave(Reason::ProtocolError, PROTOCOL_ERROR),
        }
    }

    fn receive_binary(&mut self, bytes: &[u8]) {
        let Some(mut partial) = self.partial.take() else {
            return self.leave(Reason::ProtocolError, PROTOCOL_ERROR);
        };
        partial.n_missing -= 1;
        if partial.text.is_some() {
            // A copy, so that it is not the library's buffer that is kept.
            partial.attachments.push_back(Bytes::copy_from_slice(bytes));
        }
        if partial.n_missing > 0 {
            self.partial = Some(partial);
        } else {
            self.complete(partial.text.as_deref(), mem::take(&mut partial.attachments));
        }
    }

    /// Answers that do not fit end the connection as anything does that does not.
    fn say(&mut self, packet: String) {
        if self.send_queue.put(Message::text(packet)).is_err() {
            self.engine.meter.abort(Reason::SendQueueFull);
        }
    }

    /// Ends the session at once, and the connection after what waits to be sent.
    fn leave(&mut self, reason: Reason, close: CloseReason) {
        let reason = self.engine.meter.end(reason);
        self.end(reason);
        self.send_queue.close(reason, close);
    }
}

impl MessageHandler for Client {
    fn ping() -> Message {
        Message::text("2")
    }

    fn receive(&mut self, message: &Message) {
        match message {
            Message::Text(text) => self.receive_text(text.as_str()),
            Message::Binary(bytes) => self.receive_binary(bytes),
            _ => (),
        }
    }

    fn on_alive(&mut self) {}

    fn on_going_away(&mut self) {
        if let Some(session) = &self.session {
            self.place.sessions.on_going_away(session);
        }
    }

    fn end(&mut self, reason: Reason) {
        if let Some(session) = self.session.take() {
            self.place.sessions.disconnect(&session, reason);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.end(Reason::TransportError);
    }
}

/// What the sessions hold of a connection.
struct SocketConnection {
    engine: Arc<EngineSession>,
    send_queue: Arc<SendQueue>,
}

impl Connection for SocketConnection {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        let Frame { text, attachments } = frame;
        let packet = match attachments.len() {
            0 => ["42", &text].concat(),
            n => format!("45{n}-{text}"),
        };
        self.send_queue.put_all(Message::text(packet), attachments.into_iter().map(Message::binary))
    }

    fn abort(&self, reason: Reason) {
        self.engine.meter.abort(reason);
    }

    fn close(&self, why: CloseReason) {
        self.send_queue.close(Reason::ByServer, why);
    }

    fn reached_as(&self) -> Option<&ReachedAs> {
        self.engine.reached.as_ref()
    }
}

/// The packets of such a session in the frames of its websocket.
pub(super) struct Frames(pub(super) Arc<EngineSession>);

impl FrameObserver for Frames {
    fn on_received(&mut self, frame: &WebsocketFrame) -> Result<(), Reason> {
        self.0.on_frame(frame)
    }

    fn on_sent(&mut self, frame: &WebsocketFrame) {
        match frame.kind {
            FrameKind::Text if frame.head() == b"2" => self.0.meter.on_ping_sent(),
            FrameKind::Text | FrameKind::Binary => self.0.meter.unqueue(1, frame.n_message, true),
            FrameKind::Ping | FrameKind::Pong | FrameKind::Close | FrameKind::Reserved => (),
        }
    }
}

/// Nothing is found by these, and nobody else is told them.
pub(super) fn fresh_id() -> String {
    let mut bytes = [0; ID_BYTES];
    // Without random bytes all are alike, which nobody minds.
    let _ = getrandom::fill(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn open_packet(sid: &str, limits: &TransportLimits) -> String {
    let ms = |it: Duration| it.as_millis();
    format!(
        r#"0{{"sid":"{sid}","upgrades":[],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
        ms(limits.ping_interval),
        ms(limits.ping_timeout),
        limits.message_bytes_max,
    )
}
