//! socket.io: by socketioxide, which no other folder names, where a client begins with polling, and without it where it begins
//! with a websocket.
//!
//! **Invariants:** the transport's id (`Sid`) never leaves this folder: it is the Engine.IO session id, and whoever knows
//! one can send and receive in its owner's place. Work is done while a handler is *called*: what an `async` handler
//! returns is spawned, and spawned events overtake each other. Text passes as it stands on the wire, both ways.
mod cookie;
mod deadlines;
mod engine_io;
mod forwarding;
mod packet;
mod polling;
mod query;
mod session;
#[cfg(test)]
mod tests;
mod websocket;

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use axum::{Router, routing::any};
use socketioxide::{
    ParserConfig, SocketError, SocketIo,
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

use tokio::{sync::Semaphore, time::sleep};

use super::{Origins, TransportLimits, metered_stream::BUFFER_BYTES};
use crate::{
    accounting::Reason,
    ice::ReachedAs,
    protocols::{Frame, Incoming},
    sessions::{Connection, Queued, Realm, SendQueueFull, SessionHandle, Sessions},
};
use cookie::Cookies;
use engine_io::EngineIo;
pub use forwarding::{ForwardResult, ForwardStatistics, Forwarding, receiving};
use session::{EngineSession, size_of};
use websocket::Place;

/// For a client to send CONNECT. Until then it has no session, only the library's.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// From CONNECT to the first event of a page that has something to say: a new one says GET-ID at once.
const SILENCE: Duration = Duration::from_secs(1);

/// Of one event. More than a protocol takes, so that it is the protocol that drops an event in silence, and its sender stays.
const ATTACHMENTS_MAX: usize = 64;

/// Pings, the answer to CONNECT, and the end have room in a queue whatever waits there.
const PACKETS_BESIDE: usize = 8;

/// Where sockets are, with a slash at both ends.
#[derive(Clone, Debug)]
pub struct At {
    /// The route.
    pub path: String,
    /// The path as browsers know it, to which a proxy may have put something.
    pub below: String,
}

/// A service behind a route, not a layer: axum sets a layer up once per route, and over a `fallback` once per connection,
/// each time with sessions of its own.
/// `is_https`: it is reached by HTTPS alone. `forwarding`: where this server is one of several nodes.
pub fn router(
    sessions: Sessions,
    realm: Realm,
    at: At,
    origins: Origins,
    limits: TransportLimits,
    is_https: bool,
    forwarding: Option<&Arc<Forwarding>>,
) -> Router {
    let At { path, below } = at;
    let emitter = EmitterRef::default();
    let packets_max = limits.frames_waiting_max.saturating_add(PACKETS_BESIDE).min(Semaphore::MAX_PERMITS);
    // A message that is too long is ended by the stream below, which knows the attachments too.
    let parser = ParserConfig::common()
        .max_incoming_binaries(ATTACHMENTS_MAX)
        .max_incoming_binary_buf_size(limits.message_bytes_max);
    let (service, io) = SocketIo::builder()
        .with_adapter::<RawAdapter>(emitter.clone())
        .with_parser(parser)
        .req_path(path.clone())
        .connect_timeout(CONNECT_TIMEOUT)
        .max_buffer_size(packets_max)
        .max_payload(limits.message_bytes_max as u64)
        .ws_max_message_size(limits.message_bytes_max)
        .ws_max_frame_size(limits.message_bytes_max)
        .ws_read_buffer_size(BUFFER_BYTES)
        .ping_interval(limits.ping_interval)
        .ping_timeout(limits.ping_timeout)
        .build_with_inner_svc(Router::new());
    let cookies = (realm.resumes_by_cookie() && sessions.keeps_sessions()).then(|| Cookies::new(&below, is_https));
    let place = Place { sessions: sessions.clone(), realm };
    let limits = Arc::new(limits);
    let engine_io = Arc::new(EngineIo::new(&path, origins, service, place, limits, cookies, forwarding.cloned()));
    if let Some(forwarding) = forwarding {
        forwarding.register(&engine_io);
    }
    // A middleware: the client is told that it is connected before a connect handler runs, and may send at once.
    let attach = async move |socket: SocketRef<RawAdapter>| {
        let engine = socket.req_parts().extensions.get::<Arc<EngineSession>>().cloned().ok_or(NotOurs)?;
        engine.on_connect();
        let account = engine.meter.account().clone();
        let connection =
            Arc::new(SocketConnection { sid: socket.id, engine: engine.clone(), emitter: emitter.clone() });
        let session = sessions.connect(realm, connection, account);
        let guard = Arc::new(SessionGuard { session, sessions: sessions.clone(), engine });
        guard.recognise();
        socket.on_fallback(SocketHandlers(guard.clone()));
        socket.on_disconnect(SocketHandlers(guard));
        Ok::<_, NotOurs>(())
    };
    io.ns("/", (async || ()).with(attach));
    Router::new().route(&path, any(engine_io::enter)).with_state(engine_io)
}

/// A socket that was not opened here. There is none.
#[derive(Debug, thiserror::Error)]
#[error("unknown socket")]
struct NotOurs;

/// What a socket's handlers hold. Dropped with the socket: no disconnect handler runs for one that failed to connect.
struct SessionGuard {
    session: SessionHandle,
    sessions: Sessions,
    engine: Arc<EngineSession>,
}

impl SessionGuard {
    /// Lets the page come back by its cookie, and if it may have done so just now, waits for what it says.
    fn recognise(self: &Arc<Self>) {
        let Some(cookie) = self.engine.recognised() else { return };
        if self.sessions.on_cookie(&self.session, cookie.as_str()) {
            let guard = Arc::downgrade(self);
            tokio::spawn(async move {
                sleep(SILENCE).await;
                if let Some(guard) = guard.upgrade() {
                    guard.sessions.on_silence(&guard.session);
                }
            });
        }
    }

    fn end(&self, reason: Reason) {
        self.sessions.disconnect(&self.session, self.engine.meter.end(reason));
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.end(Reason::TransportError);
    }
}

struct SocketHandlers(Arc<SessionGuard>);

/// Marks handlers that have done their work when they return.
enum Called {}

impl MessageHandler<RawAdapter, Called> for SocketHandlers {
    fn call(&self, _: Arc<Socket<RawAdapter>>, value: Value, _ack: Option<i64>) {
        // The library may still have read what came before its end.
        if self.0.engine.meter.reason().is_some() {
            return;
        }
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
        self.0.end(match reason {
            // Of a page that can come back it matters whether it has said that it goes.
            Is::TransportClose if self.0.engine.recognised().is_some() && !self.0.engine.is_closed() => {
                Reason::TransportError
            }
            Is::TransportClose | Is::ClientNSDisconnect => Reason::ClientClosed,
            Is::TransportError => Reason::TransportError,
            Is::HeartbeatTimeout => Reason::PingTimeout,
            Is::MultipleHttpPollingError | Is::PacketParsingError => Reason::ProtocolError,
            Is::ServerNSDisconnect | Is::ClosingServer => Reason::ByServer,
        });
        forget(socket);
    }
}

/// What the sessions hold of a connection.
struct SocketConnection {
    sid: Sid,
    engine: Arc<EngineSession>,
    emitter: EmitterRef,
}

impl Connection for SocketConnection {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        let (n_frames, n_bytes) = size_of(&frame);
        let queued = self.engine.meter.queue(n_frames, n_bytes)?;
        let Some(adapter) = self.emitter.0.get().and_then(Weak::upgrade) else { return Ok(queued) };
        let attachments = Some(frame.attachments).filter(|it| !it.is_empty());
        let packet = Packet::event("/", Value::Str(frame.text.into(), attachments));
        match adapter.local.broadcast(packet, BroadcastOptions::new(self.sid)) {
            Err(errors) if errors.iter().any(|it| matches!(it, SocketError::InternalChannelFull)) => Err(SendQueueFull),
            // A closed socket's disconnect handler is on its way.
            Ok(()) | Err(_) => Ok(queued),
        }
    }

    // Not `Socket::disconnect`: it needs room in the very queue that is full, and tells the client not to come back.
    fn abort(&self, reason: Reason) {
        self.engine.meter.abort(reason);
    }

    fn reached_as(&self) -> Option<&ReachedAs> {
        self.engine.reached.as_ref()
    }
}

/// The way out for text that is already encoded: `emit` would encode it again. It does what the default adapter does, and
/// leaves a reference to itself where connections find it.
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
