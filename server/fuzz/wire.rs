//! What must hold of the transports for any bytes on a connection: run by the fuzzer, and over random input by the tests. The
//! libraries that read HTTP and websockets are in it, and everything of ours around them.
use std::{io, time::Duration};

use axum::{Router, serve::Listener};
use p2pchat_server::{
    accounting::{Ledger, Limits as Quotas},
    app::realm_settings,
    ice::Ice,
    protocols::{Protocol, mqtt::Mqtt, p2pchat::P2pChat, videocall::VideoCall},
    rooms::Limits,
    sessions::{Lifetimes, Realm, Sessions},
    transports::{Hosts, Origins, TransportLimits, mqtt, socketio, websocket},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    runtime::Builder,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::sleep,
};

const LIMITS: TransportLimits = TransportLimits {
    message_bytes_max: 4_000,
    frames_waiting_max: 40,
    bytes_waiting_max: 20_000,
    ping_interval: Duration::from_secs(25),
    ping_timeout: Duration::from_secs(20),
};

/// Longer than any deadline of a session, and than somebody who is away is waited for.
const GONE: Duration = Duration::from_secs(200);

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

/// What a connection begins with; the rest is what follows.
fn beginning(kind: u8) -> String {
    let upgrade = |target: &str, more: &str| {
        format!(
            "GET {target} HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
        )
    };
    match kind % 5 {
        0 => String::new(),
        1 => upgrade("/s/?EIO=4&transport=websocket", ""),
        2 => upgrade("/mqtt", "sec-websocket-protocol: mqtt\r\n"),
        3 => upgrade("/", ""),
        _ => "POST /s/?EIO=4&transport=polling HTTP/1.1\r\nhost: h\r\n".to_owned(),
    }
}

/// Frames of a client, each after a byte that says what it is and one that says how much of the input is in it.
fn frames(mut rest: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let [head, length, tail @ ..] = rest {
        let (payload, after) = tail.split_at(tail.len().min(usize::from(*length)));
        rest = after;
        bytes.push((head & 0x8f) | if head & 0x10 == 0 { 0x80 } else { 0 });
        match u16::try_from(payload.len()) {
            Ok(short @ 0..126) => bytes.push(0x80 | short.to_be_bytes()[1]),
            long => {
                bytes.push(0x80 | 126);
                bytes.extend(long.unwrap_or(u16::MAX).to_be_bytes());
            }
        }
        bytes.extend([0; 4]);
        bytes.extend(payload);
    }
    bytes
}

/// Whatever comes over a connection: nothing panics, and once it has ended, nothing is left of it.
pub(super) fn leaves_nothing(data: &[u8]) {
    let [kind, rest @ ..] = data else { return };
    let bytes = if kind & 0x80 == 0 { frames(rest) } else { rest.to_vec() };
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(talk(beginning(*kind & 0x7f), &bytes));
}

async fn talk(beginning: String, bytes: &[u8]) {
    let sessions = Sessions::new(
        Ice { servers: Vec::new(), credential_ttl_s: 60 },
        Ledger::new(Quotas::default()),
        Lifetimes::default(),
    );
    let open = |protocol: &'static dyn Protocol| -> Realm {
        let limits = Limits { peers_max: 9, rooms_per_peer_max: 9, name_units_max: 20, password_units_max: 20 };
        sessions.open(realm_settings(protocol, limits))
    };
    let origins = || Origins::new(&["*".to_owned()], Hosts::default());
    let at = socketio::At { path: "/s/".to_owned(), below: "/s/".to_owned() };
    let sockets = socketio::router(sessions.clone(), open(&P2pChat), at, origins(), LIMITS, false, None);
    let router = Router::new().merge(sockets);
    let router = websocket::beside(router, sessions.clone(), vec![open(&VideoCall)], origins(), LIMITS);
    let router = mqtt::beside(router, sessions.clone(), open(&Mqtt), origins(), LIMITS);
    let (pipes, accepted) = unbounded_channel();
    let serving = tokio::spawn(async move { axum::serve(Pipes(accepted), router).await });
    let (near, far) = duplex(1_024);
    pipes.send(far).expect("the server listens");
    let (mut reader, mut writer) = tokio::io::split(near);
    let reading = tokio::spawn(async move {
        let mut heard = Vec::new();
        let _ = reader.read_to_end(&mut heard).await;
        heard.len()
    });
    // A server that has seen enough reads no more.
    let _ = writer.write_all(beginning.as_bytes()).await;
    let _ = writer.write_all(bytes).await;
    let _ = writer.shutdown().await;
    drop(writer);
    // The clock is set forward whenever there is nothing to do.
    sleep(GONE).await;
    let balance = sessions.ledger().balance();
    assert_eq!((balance.n_sessions, balance.memory.held), (0, 0), "something is left: {balance:?}");
    assert!(sessions.counts().iter().all(|it| it.n_peers == 0 && it.n_rooms == 0), "somebody is left");
    reading.abort();
    serving.abort();
}
