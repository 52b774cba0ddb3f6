//! socket.io, by socketioxide; the only folder that names that crate.
//!
//! **Invariants:** the transport's id (`Sid`) never leaves this folder: it is the Engine.IO session id, and whoever knows
//! one can speak and listen in its owner's place. Work is done while a handler is *called*: what an `async` handler
//! returns is spawned, and spawned events overtake each other. Text passes as it stands on the wire, both ways.
mod control;
mod engine_io;
mod query;

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use axum::{Router, routing::any};
use socketioxide::{
    SocketError, SocketIo,
    adapter::Emitter,
    extract::SocketRef,
    handler::{ConnectHandler, DisconnectHandler, MessageHandler},
    socket::{DisconnectReason as SocketIoReason, Sid, Socket},
};
use socketioxide_core::{
    Value,
    adapter::{BroadcastOptions, CoreAdapter, CoreLocalAdapter, DefinedAdapter, SocketEmitter},
    packet::Packet,
};

use super::{Origins, TransportLimits};
use crate::{
    accounting::Reason,
    protocols::{Frame, Incoming},
    sessions::{Connection, Queued, Realm, SendQueueFull, SessionHandle, Sessions},
};
use control::ConnectionControl;
use engine_io::EngineIo;

/// A service behind a route, not a layer: axum sets a layer up once per route, and over a `fallback` once per connection,
/// each time with sessions of its own.
/// `path` is the route, with its slashes.
pub fn router(sessions: Sessions, realm: Realm, path: &str, origins: Origins, wire: TransportLimits) -> Router {
    let emitter = EmitterRef::default();
    let (service, io) = SocketIo::builder()
        .with_adapter::<RawAdapter>(emitter.clone())
        .req_path(path.to_owned())
        .max_buffer_size(wire.frames_waiting_max)
        .max_payload(wire.message_bytes_max as u64)
        .ws_max_message_size(wire.message_bytes_max)
        .ws_max_frame_size(wire.message_bytes_max)
        .ws_read_buffer_size(1024)
        .ping_interval(wire.ping_interval)
        .ping_timeout(wire.ping_timeout)
        .build_with_inner_svc(Router::new());
    let engine_io = Arc::new(EngineIo::new(path, origins, service, sessions.ledger().clone()));
    let weak = Arc::downgrade(&engine_io);
    let bytes_waiting_max = wire.bytes_waiting_max;
    // A middleware: the client hears that it is connected before a connect handler runs, and may speak at once.
    let attach = async move |socket: SocketRef<RawAdapter>| {
        let control = socket.req_parts().extensions.get::<Arc<ConnectionControl>>().cloned().ok_or(NotOurs)?;
        let account = control.account.clone();
        let (sid, emitter, engine_io) = (socket.id, emitter.clone(), weak.clone());
        let line = Arc::new(SocketConnection { sid, control, bytes_waiting_max, emitter, engine_io });
        let session =
            Arc::new(SessionGuard { session: sessions.connect(realm, line, account), sessions: sessions.clone() });
        socket.on_fallback(SocketHandlers(session.clone()));
        socket.on_disconnect(SocketHandlers(session));
        Ok::<_, NotOurs>(())
    };
    io.ns("/", (async || ()).with(attach));
    Router::new().route(path, any(engine_io::enter)).with_state(engine_io)
}

/// A socket that was not opened here. There is none.
#[derive(Debug, thiserror::Error)]
#[error("unknown socket")]
struct NotOurs;

/// What a socket's handlers hold. Dropped with the socket: no disconnect handler runs for one that failed to connect.
struct SessionGuard {
    session: SessionHandle,
    sessions: Sessions,
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.sessions.disconnect(&self.session, Reason::TransportError);
    }
}

struct SocketHandlers(Arc<SessionGuard>);

/// Marks handlers that have done their work when they return.
enum Called {}

impl MessageHandler<RawAdapter, Called> for SocketHandlers {
    fn call(&self, _: Arc<Socket<RawAdapter>>, value: Value, _ack: Option<i64>) {
        if let Value::Str(text, attachments) = value {
            let incoming =
                Incoming { sender: "", topic: "", text: &text, attachments: attachments.unwrap_or_default() };
            self.0.sessions.receive(&self.0.session, incoming);
        }
    }
}

impl DisconnectHandler<RawAdapter, Called> for SocketHandlers {
    fn call_with_defer(
        &self,
        socket: Arc<Socket<RawAdapter>>,
        reason: SocketIoReason,
        forget: fn(Arc<Socket<RawAdapter>>),
    ) {
        use SocketIoReason as Is;
        let end = match reason {
            Is::TransportClose | Is::ClientNSDisconnect => Reason::ClientClosed,
            Is::TransportError => Reason::TransportError,
            Is::HeartbeatTimeout => Reason::PingTimeout,
            Is::MultipleHttpPollingError | Is::PacketParsingError => Reason::ProtocolError,
            Is::ServerNSDisconnect | Is::ClosingServer => Reason::ByServer,
        };
        self.0.sessions.disconnect(&self.0.session, end);
        forget(socket);
    }
}

struct SocketConnection {
    sid: Sid,
    control: Arc<ConnectionControl>,
    bytes_waiting_max: u64,
    emitter: EmitterRef,
    engine_io: Weak<EngineIo>,
}

impl Connection for SocketConnection {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        let Some(adapter) = self.emitter.0.get().and_then(Weak::upgrade) else { return Ok(Queued::default()) };
        self.control.incoming(frame.text.len() + frame.attachments.iter().map(bytes::Bytes::len).sum::<usize>());
        if self.control.bytes_waiting() > self.bytes_waiting_max {
            return Err(SendQueueFull);
        }
        let attachments = Some(frame.attachments).filter(|it| !it.is_empty());
        let packet = Packet::event("/", Value::Str(frame.text.into(), attachments));
        match adapter.local.broadcast(packet, BroadcastOptions::new(self.sid)) {
            Err(errors) if errors.iter().any(|it| matches!(it, SocketError::InternalChannelFull)) => Err(SendQueueFull),
            // A closed socket's disconnect handler is on its way.
            Ok(()) | Err(_) => Ok(Queued::default()),
        }
    }

    // Not `Socket::disconnect`: it needs room in the very queue that is full, and tells the client not to come back.
    fn abort(&self, _: Reason) {
        self.control.shut();
        if let Some(engine_io) = self.engine_io.upgrade()
            && !self.control.is_websocket()
        {
            engine_io.close_polling(self.sid);
        }
    }
}

/// The way out for text that is already encoded: `emit` would encode it again. It does what the default adapter does, and
/// leaves a reference to itself where lines find it.
struct RawAdapter {
    local: CoreLocalAdapter<Emitter>,
    emitter: EmitterRef,
}

#[derive(Clone, Default)]
struct EmitterRef(Arc<OnceLock<Weak<RawAdapter>>>);

impl DefinedAdapter for RawAdapter {}
impl CoreAdapter<Emitter> for RawAdapter {
    type Error = Infallible;
    type State = EmitterRef;
    type AckStream = <Emitter as SocketEmitter>::AckStream;
    type InitRes = ();

    fn new(emitter: &EmitterRef, local: CoreLocalAdapter<Emitter>) -> Self {
        RawAdapter { local, emitter: emitter.clone() }
    }
    fn init(self: Arc<Self>, on_success: impl FnOnce() + Send + 'static) {
        self.emitter.0.get_or_init(|| Arc::downgrade(&self));
        on_success();
    }
    async fn broadcast_with_ack(
        &self,
        packet: Packet,
        options: BroadcastOptions,
        timeout: Option<Duration>,
    ) -> Result<Self::AckStream, Infallible> {
        Ok(self.local.broadcast_with_ack(packet, options, timeout).0)
    }
    fn get_local(&self) -> &CoreLocalAdapter<Emitter> {
        &self.local
    }
}
