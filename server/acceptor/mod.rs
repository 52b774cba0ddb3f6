//! Connections from the moment they come in to the moment they are over or have become websockets: who is taken in, whom a
//! proxy names, TLS, HTTP, and the deadlines of all of it.
//!
//! **Invariants:** nothing is done for a connection before it has its permit, and the permit is held as long as its socket.
//! Nothing that a client leaves undone keeps a connection: see [`progress`].
//!
//! An accept loop of our own over hyper's, and not a server from a library: axum-server 0.9 has a timeout for the first
//! request too, but keeps the connection's future and its executor to itself, and these are what idle connections are ended
//! and streams of HTTP/2 are reset by.
mod body;
mod http;
mod progress;
mod stream;
#[cfg(test)]
mod tests;
mod whose;

use std::{
    error::Error,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::Router;
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_rustls::server::TlsStream;
use tokio_util::{either::Either, sync::CancellationToken, task::TaskTracker};

pub(crate) use progress::Timeouts;

use crate::{
    accounting::{ClientAddress, ConnectionPermit, Ledger, ListenerKind, Reason, ServerAddress},
    tls::Handshakes,
};
use progress::Connection;
use stream::{DeadlineStream, Prefixed};

/// Memory of an idle connection as measured, its buffers and tasks included.
const PLAIN_COST: u64 = 24 * 1024;
const TLS_COST: u64 = 32 * 1024;

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
    /// Connections of proxies say first whose they are.
    pub(crate) speaks_proxy_protocol: bool,
    /// Whether it was said that one did not.
    pub(crate) has_warned: AtomicBool,
    pub(crate) speaks: Speaks,
    /// What HTTP is answered with at a port of TLS. `None`: with nothing.
    pub(crate) astray: Option<Router>,
}

/// A connection on which what its listener speaks comes next.
struct Begun {
    stream: Transport,
    connection: Arc<Connection>,
    /// The other end, or whom a proxy named.
    client: SocketAddr,
    /// Where it came in.
    server: SocketAddr,
    /// Its client speaks plain HTTP to a port of TLS.
    is_astray: bool,
}

/// What is spoken on a listener's connections.
pub(crate) enum Speaks {
    /// HTTP, and over TLS TURN as well where somebody serves it.
    Http { router: Router, turn: Option<CarryTurn> },
    /// HTTP, with other nodes of the cluster.
    Nodes(Router),
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
    /// Without TLS, and without the PROXY protocol.
    pub(crate) fn new(ledger: Ledger, timeouts: Timeouts, is_proxy: IsProxy, speaks: Speaks) -> Self {
        Acceptor {
            ledger,
            timeouts: Arc::new(timeouts),
            certificate: None,
            is_proxy,
            speaks_proxy_protocol: false,
            has_warned: AtomicBool::new(false),
            speaks,
            astray: None,
        }
    }

    /// Until `shutdown`.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, shutdown: Shutdown) {
        let has_said = AtomicBool::new(false);
        loop {
            let accepted = tokio::select! {
                biased;
                () = shutdown.stopped.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, from)) => self.clone().take(stream, from, &shutdown),
                Err(error) => {
                    report(&error, &has_said);
                    sleep(AFTER_REFUSAL).await;
                }
            }
        }
    }

    /// Takes a connection in, or drops it, which closes it.
    fn take(self: Arc<Self>, stream: TcpStream, from: SocketAddr, shutdown: &Shutdown) {
        let Ok(permit) = self.admit(from.ip().to_canonical()) else { return };
        if let Err(error) = self.prepare(&stream) {
            tracing::debug!(event = "accept", reason = Reason::TransportError.as_str(), %error);
            return;
        }
        let stopped = shutdown.stopped.clone();
        shutdown.connections.spawn(async move {
            // What it takes to begin is not to be kept for as long as the connection lives.
            let beginning = Box::pin(self.begin(stream, from, permit));
            let begun = tokio::select! {
                () = stopped.cancelled() => return,
                begun = timeout(self.timeouts.handshake, beginning) => begun,
            };
            match begun {
                Ok(Ok(Some(begun))) => self.speak(begun, stopped).await,
                Ok(Ok(None)) => {}
                Ok(Err((reason, error))) => ended(&self.ledger, reason, &error),
                Err(error) => ended(&self.ledger, Reason::HandshakeTimeout, &error),
            }
        });
    }

    /// To where what is spoken begins: whose connection it is, and TLS. `None`: it is over, and there is nothing to say of it.
    async fn begin(
        &self,
        mut stream: TcpStream,
        from: SocketAddr,
        mut permit: ConnectionPermit,
    ) -> Result<Option<Begun>, (Reason, Box<dyn Error + Send + Sync>)> {
        let failed = |error: io::Error| (Reason::TransportError, error.into());
        let server = stream.local_addr().map_err(failed)?;
        let client = self.announced(&mut stream, from).await.map_err(|it| (it.reason(), it.into()))?;
        // Refusals are counted where they are made.
        if client != from && self.pass_on(&mut permit, client).is_err() {
            return Ok(None);
        }
        let connection = Connection::new(permit, self.timeouts.clone());
        let begun =
            |stream, is_astray| Some(Begun { stream, connection: connection.clone(), client, server, is_astray });
        let Some(certificate) = &self.certificate else {
            return Ok(begun(Transport::Left(DeadlineStream::new(stream, connection.clone())), false));
        };
        let Some(first) = peek(&stream).await.map_err(failed)? else {
            return Err((Reason::ClientClosed, "nothing came".into()));
        };
        // Methods of HTTP begin so, and no record of TLS does (RFC 8446, section 5.1).
        let is_astray = self.astray.is_some() && first.is_ascii_uppercase();
        let stream = DeadlineStream::new(stream, connection.clone());
        if is_astray {
            return Ok(begun(Transport::Left(stream), true));
        }
        let shaken = certificate.begin(stream).await.map_err(failed)?;
        // Otherwise a certificate authority looked for its challenge.
        Ok(shaken.and_then(|it| begun(Transport::Right(Box::new(it)), false)))
    }

    /// Speaks what this listener speaks until the connection is over, or has become something else.
    async fn speak(&self, begun: Begun, stopped: CancellationToken) {
        let Begun { stream, connection, client, server, is_astray } = begun;
        let ends = (ClientAddress(client.ip().to_canonical()), ServerAddress(server));
        if let Some(astray) = self.astray.as_ref().filter(|_| is_astray) {
            return self.carry(astray, stream, connection, ends, stopped).await;
        }
        match &self.speaks {
            Speaks::Turn(turn) => self.carry_turn(turn, stream, connection, client, stopped).await,
            Speaks::Http { router, turn: Some(turn) } if says_no_protocol(&stream) => {
                let first = tokio::select! {
                    () = stopped.cancelled() => return,
                    first = timeout(self.timeouts.handshake, first_byte(stream)) => first,
                };
                match first {
                    // Firefox opens connections that it does not use.
                    Ok(Ok(None)) => ended(&self.ledger, Reason::ClientClosed, &"nothing came"),
                    Ok(Ok(Some(stream))) if STUN_BEGINS.contains(&stream.first()) => {
                        self.carry_turn(turn, stream, connection, client, stopped).await;
                    }
                    Ok(Ok(Some(stream))) => self.carry(router, stream, connection, ends, stopped).await,
                    Ok(Err(error)) => ended(&self.ledger, Reason::TransportError, &error),
                    Err(error) => ended(&self.ledger, Reason::HandshakeTimeout, &error),
                }
            }
            Speaks::Http { router, .. } | Speaks::Nodes(router) => {
                self.carry(router, stream, connection, ends, stopped).await;
            }
        }
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
            Speaks::Nodes(_) => ListenerKind::Nodes,
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
}

/// Browsers say which HTTP they speak, and for TURN they say nothing (ALPN, RFC 7301).
fn says_no_protocol(stream: &Transport) -> bool {
    match stream {
        Either::Left(_) => false,
        Either::Right(tls) => tls.get_ref().1.alpn_protocol().is_none(),
    }
}

/// The first byte, which stays in the stream. `None`: it has ended without one.
async fn peek(stream: &TcpStream) -> io::Result<Option<u8>> {
    let mut first = [0];
    Ok((stream.peek(&mut first).await? > 0).then_some(first[0]))
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
