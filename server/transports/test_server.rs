//! A server over pipes in memory, for tests that set the clock forward: what takes a minute takes none.
use std::{future::Future, io, time::Duration};

use axum::{Router, serve::Listener};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::yield_now,
    time::{Instant, advance},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{client::IntoClientRequest as _, http::HeaderValue},
};

use super::{Hosts, Origins, TransportLimits, mqtt, socketio, websocket};
use crate::{
    accounting::{Balance, Ledger, Limits, Reason},
    app::realm_settings,
    ice::Ice,
    protocols::{Protocol, mqtt::Mqtt, p2pchat::P2pChat, videocall::VideoCall},
    rooms,
    sessions::{Lifetimes, Realm, Sessions},
};

pub(super) const PATH: &str = "/s/";

/// As in `default_config.toml`, but that less may wait.
pub(super) const LIMITS: TransportLimits = TransportLimits {
    message_bytes_max: 1_000_000,
    frames_waiting_max: 1_000,
    bytes_waiting_max: 4_000_000,
    ping_interval: Duration::from_secs(25),
    ping_timeout: Duration::from_secs(20),
};

/// How much a pipe holds that nobody reads from.
const PIPE_BYTES: usize = 4_096;

pub(super) struct TestServer {
    pipes: UnboundedSender<DuplexStream>,
    pub(super) sessions: Sessions,
}

struct Pipes(UnboundedReceiver<DuplexStream>);

impl Listener for Pipes {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.recv().await {
            Some(pipe) => (pipe, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

impl TestServer {
    pub(super) fn socket_io(limits: Limits) -> TestServer {
        let router = |sessions: &Sessions, realm| {
            let at = socketio::At { path: PATH.to_owned(), below: PATH.to_owned() };
            socketio::router(sessions.clone(), realm, at, any_origin(), LIMITS, false, None)
        };
        TestServer::start(limits, &P2pChat, router)
    }

    pub(super) fn plain(limits: Limits) -> TestServer {
        TestServer::start(limits, &VideoCall, |sessions, realm| {
            websocket::beside(Router::new(), sessions.clone(), vec![realm], any_origin(), LIMITS)
        })
    }

    pub(super) fn mqtt(limits: Limits) -> TestServer {
        TestServer::start(limits, &Mqtt, |sessions, realm| {
            mqtt::beside(Router::new(), sessions.clone(), realm, any_origin(), LIMITS)
        })
    }

    fn start(
        limits: Limits,
        protocol: &'static dyn Protocol,
        router: impl FnOnce(&Sessions, Realm) -> Router,
    ) -> TestServer {
        let sessions =
            Sessions::new(Ice { servers: Vec::new(), credential_ttl_s: 60 }, Ledger::new(limits), Lifetimes::default());
        let rooms = rooms::Limits { peers_max: 20, rooms_per_peer_max: 9, name_units_max: 20, password_units_max: 20 };
        let realm = sessions.open(realm_settings(protocol, rooms));
        let (pipes, accepted) = unbounded_channel();
        let serving = axum::serve(Pipes(accepted), router(&sessions, realm));
        tokio::spawn(async move { serving.await });
        TestServer { pipes, sessions }
    }

    pub(super) fn pipe(&self) -> DuplexStream {
        let (near, far) = duplex(PIPE_BYTES);
        self.pipes.send(far).unwrap();
        near
    }

    /// The status and the body of an answer.
    pub(super) async fn ask(&self, method: &str, target: &str, body: &str) -> (u16, String) {
        let mut pipe = self.pipe();
        let length = body.len();
        let head =
            format!("{method} {target} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        // A server that has seen enough does not read the rest.
        let _ = pipe.write_all(format!("{head}{body}").as_bytes()).await;
        let mut answer = String::new();
        let _ = pipe.read_to_string(&mut answer).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        (head.split(' ').nth(1).map_or(0, |it| it.parse().unwrap()), body.to_owned())
    }

    pub(super) async fn websocket(&self, target: &str) -> WebSocketStream<DuplexStream> {
        let mut request = format!("ws://h{target}").into_client_request().unwrap();
        if target == "/mqtt" {
            request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("mqtt"));
        }
        client_async(request, self.pipe()).await.unwrap().0
    }

    pub(super) fn balance(&self) -> Balance {
        self.sessions.ledger().balance()
    }

    pub(super) fn n_counted(&self, reason: Reason) -> u64 {
        self.balance().reasons.iter().find(|it| it.0 == reason).map_or(0, |it| it.1)
    }

    pub(super) fn n_peers(&self) -> usize {
        self.sessions.counts().iter().map(|it| it.n_peers).sum()
    }

    /// Waits until no session is left. How long that took.
    pub(super) async fn is_empty(&self) -> Duration {
        until("the end of all sessions", || self.balance().n_sessions == 0).await
    }
}

fn any_origin() -> Origins {
    Origins::new(&["*".to_owned()], Hosts::default())
}

/// Sets the clock forward until it is so. How long that took.
pub(super) async fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(600), "waited in vain for {what}");
        settle().await;
        advance(Duration::from_millis(250)).await;
    }
    begun.elapsed()
}

/// Lets everybody do what can be done now.
pub(super) async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

/// What comes of it before everybody waits for everybody else.
pub(super) async fn at_once<T>(it: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        it = it => Some(it),
        () = settle() => None,
    }
}

/// Writes the same over and over, from `at` in it on, for as long as it is taken. How many bytes that were.
pub(super) async fn fill(pipe: &mut DuplexStream, pattern: &[u8], at: &mut usize) -> usize {
    let mut n_bytes = 0;
    while n_bytes < 10_000_000
        && let Some(n) = at_once(pipe.write(&pattern[*at..])).await
    {
        let n = n.unwrap();
        *at = (*at + n) % pattern.len();
        n_bytes += n;
    }
    n_bytes
}
