//! socket.io, by socketioxide; the only folder that names that crate.
//!
//! **Invariants:** the transport's id (`Sid`) never leaves this folder: it is the Engine.IO session id, and whoever knows
//! one can speak and listen in its owner's place. Work is done while a handler is *called*: what an `async` handler
//! returns is spawned, and spawned events overtake each other. Text passes as it stands on the wire, both ways.
mod query;
mod tap;
mod transports;

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
    socket::{DisconnectReason, Sid, Socket},
};
use socketioxide_core::{
    Value,
    adapter::{BroadcastOptions, CoreAdapter, CoreLocalAdapter, DefinedAdapter, SocketEmitter},
    packet::Packet,
};

use super::{Origins, Wire};
use crate::{
    dialects::{Frame, Said},
    hub::{Attached, Hub, Line, LineEnd, Overrun, Realm},
};
use tap::Tap;
use transports::Transports;

/// A service behind a route, not a layer: axum sets a layer up once per route, and over a `fallback` once per connection,
/// each time with sessions of its own.
/// `path` is the route, with its slashes.
pub fn router(hub: Hub, realm: Realm, path: &str, origins: Origins, wire: Wire) -> Router {
    let outlet = Outlet::default();
    let (service, io) = SocketIo::builder()
        .with_adapter::<PassThrough>(outlet.clone())
        .req_path(path.to_owned())
        .max_buffer_size(wire.frames_waiting_max)
        .max_payload(wire.message_bytes_max as u64)
        .ws_max_message_size(wire.message_bytes_max)
        .ws_max_frame_size(wire.message_bytes_max)
        .ws_read_buffer_size(1024)
        .ping_interval(wire.ping_interval)
        .ping_timeout(wire.ping_timeout)
        .build_with_inner_svc(Router::new());
    let transports = Arc::new(Transports::new(path, origins, service));
    let weak = Arc::downgrade(&transports);
    let bytes_waiting_max = wire.bytes_waiting_max;
    // A middleware: the client hears that it is connected before a connect handler runs, and may speak at once.
    let attach = async move |socket: SocketRef<PassThrough>| {
        let tap = socket.req_parts().extensions.get::<Arc<Tap>>().cloned().unwrap_or_default();
        let (sid, outlet, transports) = (socket.id, outlet.clone(), weak.clone());
        let line = Arc::new(SocketLine { sid, tap, bytes_waiting_max, outlet, transports });
        let attached = Arc::new(Seat { attached: hub.connect(realm, line), hub: hub.clone() });
        socket.on_fallback(Ear(attached.clone()));
        socket.on_disconnect(Ear(attached));
        Ok::<_, Infallible>(())
    };
    io.ns("/", (async || ()).with(attach));
    Router::new().route(path, any(transports::enter)).with_state(transports)
}

/// What a socket's handlers hold. Dropped with the socket: no disconnect handler runs for one that failed to connect.
struct Seat {
    attached: Attached,
    hub: Hub,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.disconnect(&self.attached, LineEnd::Broken);
    }
}

struct Ear(Arc<Seat>);

/// Marks handlers that have done their work when they return.
enum Called {}

impl MessageHandler<PassThrough, Called> for Ear {
    fn call(&self, _: Arc<Socket<PassThrough>>, value: Value, _ack: Option<i64>) {
        if let Value::Str(text, attachments) = value {
            let said = Said { sender: "", topic: "", text: &text, attachments: attachments.unwrap_or_default() };
            self.0.hub.hear(&self.0.attached, said);
        }
    }
}

impl DisconnectHandler<PassThrough, Called> for Ear {
    fn call_with_defer(
        &self,
        socket: Arc<Socket<PassThrough>>,
        reason: DisconnectReason,
        forget: fn(Arc<Socket<PassThrough>>),
    ) {
        use DisconnectReason as Is;
        let end = match reason {
            Is::TransportClose | Is::ClientNSDisconnect => LineEnd::Closed,
            Is::TransportError => LineEnd::Broken,
            Is::HeartbeatTimeout => LineEnd::Silent,
            Is::MultipleHttpPollingError | Is::PacketParsingError => LineEnd::Faulty,
            Is::ServerNSDisconnect | Is::ClosingServer => LineEnd::Cut,
        };
        self.0.hub.disconnect(&self.0.attached, end);
        forget(socket);
    }
}

struct SocketLine {
    sid: Sid,
    tap: Arc<Tap>,
    bytes_waiting_max: u64,
    outlet: Outlet,
    transports: Weak<Transports>,
}

impl Line for SocketLine {
    fn say(&self, frame: Frame) -> Result<(), Overrun> {
        let Some(adapter) = self.outlet.0.get().and_then(Weak::upgrade) else { return Ok(()) };
        self.tap.said(frame.text.len() + frame.attachments.iter().map(bytes::Bytes::len).sum::<usize>());
        if self.tap.bytes_waiting() > self.bytes_waiting_max {
            return Err(Overrun);
        }
        let attachments = Some(frame.attachments).filter(|it| !it.is_empty());
        let packet = Packet::event("/", Value::Str(frame.text.into(), attachments));
        match adapter.local.broadcast(packet, BroadcastOptions::new(self.sid)) {
            Err(errors) if errors.iter().any(|it| matches!(it, SocketError::InternalChannelFull)) => Err(Overrun),
            // A closed socket's disconnect handler is on its way.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    // Not `Socket::disconnect`: it needs room in the very queue that is full, and tells the client not to come back.
    fn cut(&self) {
        self.tap.shut();
        if let Some(transports) = self.transports.upgrade()
            && !self.tap.is_websocket()
        {
            transports.close_polling(self.sid);
        }
    }
}

/// The way out for text that is already encoded: `emit` would encode it again. It does what the default adapter does, and
/// leaves a reference to itself where lines find it.
struct PassThrough {
    local: CoreLocalAdapter<Emitter>,
    outlet: Outlet,
}

#[derive(Clone, Default)]
struct Outlet(Arc<OnceLock<Weak<PassThrough>>>);

impl DefinedAdapter for PassThrough {}
impl CoreAdapter<Emitter> for PassThrough {
    type Error = Infallible;
    type State = Outlet;
    type AckStream = <Emitter as SocketEmitter>::AckStream;
    type InitRes = ();

    fn new(outlet: &Outlet, local: CoreLocalAdapter<Emitter>) -> Self {
        PassThrough { local, outlet: outlet.clone() }
    }
    fn init(self: Arc<Self>, on_success: impl FnOnce() + Send + 'static) {
        self.outlet.0.get_or_init(|| Arc::downgrade(&self));
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
