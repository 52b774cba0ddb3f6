//! Connections from the moment they come in to the moment they are over or have become websockets: who is taken in, TLS,
//! HTTP, and the deadlines of all of it.
//!
//! **Invariants:** nothing is done for a connection before it has its permit, and the permit is held as long as its socket.
//! Nothing that a client leaves undone keeps a connection: see [`progress`].
//!
//! An accept loop of our own over hyper's, and not a server from a library: axum-server 0.9 has a timeout for the first
//! request too, but keeps the connection's future and its executor to itself, and these are what idle connections are ended
//! and streams of HTTP/2 are reset by.
mod body;
mod progress;
mod stream;
#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    io,
    net::{IpAddr, SocketAddr},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    http::{Request, Response, StatusCode, Version, header},
};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_rustls::server::TlsStream;
use tokio_util::{either::Either, sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

pub(crate) use progress::Timeouts;

use crate::{
    accounting::{ClientAddress, ConnectionPermit, Ledger, ListenerKind, Reason, ServerAddress},
    tls::Handshakes,
};
use body::{RequestBody, ResponseBody, StreamExecutor};
use progress::Connection;
use stream::{DeadlineStream, NotedStream, Prefixed};

/// Memory of an idle connection as measured, its buffers and tasks included.
const PLAIN_COST: u64 = 24 * 1024;
const TLS_COST: u64 = 32 * 1024;

/// The longest head of a request over HTTP/1.1, and what is read or written at a time.
const HTTP1_BUFFER_BYTES: usize = 64 * 1024;
const HTTP1_HEADERS_MAX: usize = 100;

/// Of one HTTP/2 connection at a time: what browsers take for granted before they are told (RFC 9113, section 6.5.2).
const HTTP2_STREAMS_MAX: u32 = 100;
/// What a stream, or a connection, may send before it is read.
const HTTP2_STREAM_WINDOW: u32 = 64 * 1024;
const HTTP2_CONNECTION_WINDOW: u32 = 256 * 1024;
/// Of answers that wait in the library, for each stream.
const HTTP2_SEND_BUFFER: usize = 64 * 1024;
const HTTP2_HEADER_LIST: u32 = 16 * 1024;
const HTTP2_RESETS_MAX: usize = 20;
const HTTP2_PING_EVERY: Duration = Duration::from_secs(10);

/// For a connection that nobody speaks on: the first probe, and how far apart the others are.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(60);
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(15);

/// What the system takes of a connection beyond what is on its way.
#[cfg(target_os = "linux")]
const UNSENT_BYTES_MAX: u32 = 128 * 1024;

/// After the system has refused to hand over another connection.
const AFTER_REFUSAL: Duration = Duration::from_millis(50);

/// `EMFILE` and `ENFILE` on Linux.
const TOO_MANY_OPEN_FILES: [i32; 2] = [24, 23];

/// A client's first message of TURN is a request, whose type begins with one of these; no method of HTTP does.
const STUN_BEGINS: [u8; 2] = [0x00, 0x01];

/// A plain connection is not to carry the room that a TLS one needs.
type Transport = Either<DeadlineStream<TcpStream>, Box<TlsStream<DeadlineStream<TcpStream>>>>;

/// Whether requests from there may say for whom they are.
pub(crate) type IsProxy = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// Takes in the connections of one listener.
pub(crate) struct Acceptor {
    pub(crate) ledger: Ledger,
    pub(crate) timeouts: Arc<Timeouts>,
    pub(crate) certificate: Option<Handshakes>,
    pub(crate) is_proxy: IsProxy,
    pub(crate) speaks: Speaks,
}

/// What is spoken on a listener's connections.
pub(crate) enum Speaks {
    /// HTTP, and over TLS TURN as well where somebody serves it.
    Http { router: Router, turn: Option<CarryTurn> },
    /// TURN alone.
    Turn(CarryTurn),
}

/// A stream of bytes, whatever is below it.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> ByteStream for S {}

/// Serves TURN on a stream of this client to its end, and says why it ended.
pub(crate) type CarryTurn = Arc<dyn Fn(Box<dyn ByteStream>, SocketAddr) -> TurnEnd + Send + Sync>;
type TurnEnd = Pin<Box<dyn Future<Output = Reason> + Send>>;

/// How connections end when the server stops. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Shutdown {
    stopped: CancellationToken,
    connections: TaskTracker,
}

impl Shutdown {
    /// No more connections are taken in and no more requests on those there are; handshakes are broken off. Done when what
    /// ran has been answered.
    pub(crate) async fn run(&self) {
        self.stopped.cancel();
        self.connections.close();
        self.connections.wait().await;
    }
}

impl Acceptor {
    /// Until `shutdown`.
    pub(crate) async fn serve(self, listener: TcpListener, shutdown: Shutdown) {
        let acceptor = Arc::new(self);
        let has_said = AtomicBool::new(false);
        loop {
            let accepted = tokio::select! {
                biased;
                () = shutdown.stopped.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, from)) => acceptor.clone().take(stream, from, &shutdown),
                Err(error) => {
                    report(&error, &has_said);
                    sleep(AFTER_REFUSAL).await;
                }
            }
        }
    }

    /// Takes a connection in, or drops it, which closes it.
    fn take(self: Arc<Self>, stream: TcpStream, from: SocketAddr, shutdown: &Shutdown) {
        let address = from.ip().to_canonical();
        let Ok(server) = stream.local_addr() else { return };
        let ends = (ClientAddress(address), ServerAddress(server));
        let Ok(permit) = self.admit(address) else { return };
        if let Err(error) = self.prepare(&stream) {
            tracing::debug!(event = "accept", reason = Reason::TransportError.as_str(), %error);
            return;
        }
        let connection = Connection::new(permit, self.timeouts.clone());
        let stopped = shutdown.stopped.clone();
        shutdown.connections.spawn(async move {
            let stream = DeadlineStream::new(stream, connection.clone());
            let stream = match &self.certificate {
                None => Transport::Left(stream),
                Some(certificate) => {
                    let handshake = timeout(self.timeouts.handshake, certificate.begin(stream));
                    let shaken = tokio::select! {
                        () = stopped.cancelled() => return,
                        shaken = handshake => shaken,
                    };
                    match shaken {
                        Ok(Ok(Some(stream))) => Transport::Right(Box::new(stream)),
                        // A certificate authority looked for its challenge.
                        Ok(Ok(None)) => return,
                        Ok(Err(error)) => return ended(&self.ledger, Reason::TransportError, &error),
                        Err(error) => return ended(&self.ledger, Reason::HandshakeTimeout, &error),
                    }
                }
            };
            match &self.speaks {
                Speaks::Turn(turn) => self.carry_turn(turn, stream, connection, from, stopped).await,
                Speaks::Http { router, turn: Some(turn) } if says_no_protocol(&stream) => {
                    let first = tokio::select! {
                        () = stopped.cancelled() => return,
                        first = timeout(self.timeouts.handshake, first_byte(stream)) => first,
                    };
                    match first {
                        // Firefox opens connections that it does not use.
                        Ok(Ok(None)) => ended(&self.ledger, Reason::ClientClosed, &"nothing came"),
                        Ok(Ok(Some(stream))) if STUN_BEGINS.contains(&stream.first()) => {
                            self.carry_turn(turn, stream, connection, from, stopped).await;
                        }
                        Ok(Ok(Some(stream))) => self.carry(router, stream, connection, ends, stopped).await,
                        Ok(Err(error)) => ended(&self.ledger, Reason::TransportError, &error),
                        Err(error) => ended(&self.ledger, Reason::HandshakeTimeout, &error),
                    }
                }
                Speaks::Http { router, .. } => self.carry(router, stream, connection, ends, stopped).await,
            }
        });
    }

    /// Speaks TURN until the stream ends.
    async fn carry_turn(
        &self,
        turn: &CarryTurn,
        stream: impl ByteStream + 'static,
        connection: Arc<Connection>,
        from: SocketAddr,
        stopped: CancellationToken,
    ) {
        connection.upgrade();
        let reason = tokio::select! {
            () = stopped.cancelled() => Reason::ByServer,
            reason = turn(Box::new(stream), from) => reason,
        };
        ended(&self.ledger, reason, &"a stream of the relay");
    }

    fn admit(&self, address: IpAddr) -> Result<ConnectionPermit, Reason> {
        let cost = if self.certificate.is_some() { TLS_COST } else { PLAIN_COST };
        let listener = match &self.speaks {
            Speaks::Turn(_) => ListenerKind::Relay,
            Speaks::Http { .. } if self.certificate.is_some() => ListenerKind::Https,
            Speaks::Http { .. } => ListenerKind::Http,
        };
        let admitted = if (self.is_proxy)(address) {
            self.ledger.admit_proxy_connection(listener, address, cost)
        } else {
            self.ledger.admit_connection(listener, address, cost)
        };
        admitted.inspect_err(|reason| tracing::info!(event = "refused", what = "connection", reason = reason.as_str()))
    }

    fn prepare(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let socket = SockRef::from(stream);
        let probes = TcpKeepalive::new().with_time(KEEP_ALIVE_AFTER).with_interval(KEEP_ALIVE_EVERY);
        socket.set_tcp_keepalive(&probes)?;
        #[cfg(target_os = "linux")]
        {
            // Ends a connection whose other end is gone, or keeps its window closed, even while nobody here writes.
            socket.set_tcp_user_timeout(Some(self.timeouts.write.max(self.timeouts.upgraded_write)))?;
            // The system would take some megabytes that nobody reads, and it would take long until a write has to wait.
            socket.set_tcp_notsent_lowat(UNSENT_BYTES_MAX)?;
        }
        Ok(())
    }

    /// Speaks HTTP until the connection is over, or has become something else.
    async fn carry(
        &self,
        router: &Router,
        stream: impl ByteStream + 'static,
        connection: Arc<Connection>,
        ends: (ClientAddress, ServerAddress),
        stopped: CancellationToken,
    ) {
        let service = Service { connection: connection.clone(), router: router.clone(), ends };
        let stream = TokioIo::new(NotedStream::new(stream, connection.clone()));
        let http = self.http();
        let mut serving = pin!(http.serve_connection_with_upgrades(stream, service));
        let mut stopping = pin!(stopped.cancelled());
        let mut is_closing = false;
        let mut clock = pin!(sleep(self.timeouts.handshake));
        let served = poll_fn(|cx| {
            loop {
                if let Poll::Ready(served) = serving.as_mut().poll(cx) {
                    return Poll::Ready(Ok(served));
                }
                if !is_closing && (connection.is_closing() || stopping.as_mut().poll(cx).is_ready()) {
                    is_closing = true;
                    connection.close();
                    serving.as_mut().graceful_shutdown();
                    continue;
                }
                let Some((deadline, reason)) = connection.deadline() else { return Poll::Pending };
                if clock.deadline() != deadline {
                    clock.as_mut().reset(deadline);
                }
                return clock.as_mut().poll(cx).map(|()| Err(reason));
            }
        });
        match served.await {
            Ok(Ok(())) => (),
            Ok(Err(error)) => tracing::debug!(event = "disconnect", reason = "transport_error", %error),
            Err(reason) => ended(&self.ledger, reason, &"nothing came in time"),
        }
    }

    fn http(&self) -> auto::Builder<StreamExecutor> {
        let (timeout, ledger) = (self.timeouts.write, self.ledger.clone());
        let mut http = auto::Builder::new(StreamExecutor { timeout, ledger });
        http.http1()
            // hyper has one time for heads and for idle connections: `Connection::deadline` has two.
            .header_read_timeout(None)
            .max_buf_size(HTTP1_BUFFER_BYTES)
            .max_headers(HTTP1_HEADERS_MAX);
        http.http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(HTTP2_PING_EVERY)
            .keep_alive_timeout(HTTP2_PING_EVERY)
            .max_concurrent_streams(HTTP2_STREAMS_MAX)
            .max_pending_accept_reset_streams(HTTP2_RESETS_MAX)
            .max_local_error_reset_streams(HTTP2_RESETS_MAX)
            .initial_stream_window_size(HTTP2_STREAM_WINDOW)
            .initial_connection_window_size(HTTP2_CONNECTION_WINDOW)
            .max_send_buf_size(HTTP2_SEND_BUFFER)
            .max_header_list_size(HTTP2_HEADER_LIST);
        http
    }
}

/// Browsers say which HTTP they speak, and for TURN they say nothing (ALPN, RFC 7301).
fn says_no_protocol(stream: &Transport) -> bool {
    match stream {
        Either::Left(_) => false,
        Either::Right(tls) => tls.get_ref().1.alpn_protocol().is_none(),
    }
}

/// The stream with its first byte. `None`: it has ended without one.
async fn first_byte<S: AsyncRead + Unpin>(mut stream: S) -> io::Result<Option<Prefixed<S>>> {
    let mut first = [0];
    let n = stream.read(&mut first).await?;
    Ok((n > 0).then(|| Prefixed::new(first[0], stream)))
}

/// Says once that no more connections can be taken.
fn report(error: &io::Error, has_said: &AtomicBool) {
    let is_limit = error.raw_os_error().is_some_and(|it| TOO_MANY_OPEN_FILES.contains(&it));
    if is_limit && !has_said.swap(true, Ordering::Relaxed) {
        tracing::error!(
            %error,
            "the limit on open files is reached, so that people wait for others to leave: raise it (systemd: LimitNOFILE)"
        );
    }
}

fn ended(ledger: &Ledger, reason: Reason, error: &dyn std::fmt::Display) {
    ledger.count(reason);
    tracing::debug!(event = "disconnect", reason = reason.as_str(), %error);
}

/// What hyper asks for answers on one connection.
struct Service {
    connection: Arc<Connection>,
    router: Router,
    ends: (ClientAddress, ServerAddress),
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let is_http2 = request.version() == Version::HTTP_2;
        let running = self.connection.begin(is_http2);
        let connection = self.connection.clone();
        let mut request = request.map(|body| {
            if body.is_end_stream() { Body::empty() } else { Body::new(RequestBody::new(body, connection)) }
        });
        request.extensions_mut().insert(self.ends.0);
        request.extensions_mut().insert(self.ends.1);
        request.extensions_mut().insert(self.connection.permit.clone());
        let (router, connection) = (self.router.clone(), self.connection.clone());
        Box::pin(async move {
            let response = router.oneshot(request).await?;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                connection.upgrade();
            }
            // HTTP/1.1 does so by itself, and HTTP/2 knows no such header (RFC 9113, section 8.2.2).
            let says_close = response.headers().get(header::CONNECTION).is_some_and(|it| it == "close");
            if is_http2 && says_close {
                connection.close();
            }
            Ok(response.map(|body| ResponseBody::new(body, running)))
        })
    }
}
