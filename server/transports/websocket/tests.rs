//! Websockets whose clients ask for more than their share, on a clock that the tests set forward.
use std::{
    future::Future as _,
    io,
    net::Ipv4Addr,
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf},
    task::consume_budget,
    time::advance,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::{MessageHandler, OwnFrames, SendQueue, run};
use crate::{
    accounting::{Ledger, Limits, Rate, Reason},
    transports::{
        SESSION_COST,
        meter::{FRAME_COST, Meter},
        test_server::{LIMITS, TestServer, at_once, fill, settle, until},
    },
};

fn slow() -> Limits {
    Limits { messages: Rate { per_second: 1, burst: 20 }, ..Limits::default() }
}

type Socket = WebSocketStream<DuplexStream>;

/// A client that never stops talking, however fast it is read from. What it was sent goes to `heard`.
struct Chatterbox {
    heard: Arc<Mutex<Vec<u8>>>,
}

impl AsyncRead for Chatterbox {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // As sockets do: a task gets so much done at a time.
        ready!(pin!(consume_budget()).poll(cx));
        // One long word fills what is read at once.
        buf.put_slice(&frame(0x82, &vec![0; buf.remaining() - 8]));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Chatterbox {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.heard.lock().unwrap().extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

struct Unheard;

impl MessageHandler for Unheard {
    fn receive(&mut self, _: &Message) {}

    fn on_alive(&mut self) {}

    fn end(&mut self, _: Reason) {}
}

/// A frame with a mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let head = match payload.len() {
        short @ 0..126 => vec![first, 0x80 | u8::try_from(short).unwrap()],
        long => [&[first, 0x80 | 126][..], &u16::try_from(long).unwrap().to_be_bytes()].concat(),
    };
    [&head[..], &[0; 4], payload].concat()
}

/// One that has been greeted.
async fn caller(server: &TestServer) -> Socket {
    let mut socket = server.websocket("/").await;
    assert!(socket.next().await.unwrap().unwrap().into_text().unwrap().contains("connected"));
    socket
}

/// Its close code.
async fn closed(socket: &mut Socket) -> u16 {
    loop {
        match socket.next().await {
            Some(Ok(Message::Close(Some(close)))) => return close.code.into(),
            Some(Ok(_)) => (),
            Some(Err(_)) | None => return 1006,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_never_stops_talking_is_answered_all_the_same() {
    let account = Ledger::new(Limits::default()).open_account(Ipv4Addr::LOCALHOST.into(), b"", 0).unwrap();
    let (send_queue, waiting) = SendQueue::new(Meter::new(account, Arc::new(LIMITS)));
    let heard = Arc::new(Mutex::default());
    let stream = Chatterbox { heard: heard.clone() };
    let (frames, queue) = (OwnFrames(send_queue.meter().clone()), send_queue.clone());
    let running = tokio::spawn(async move { run(stream, frames, &queue, waiting, Unheard).await });
    send_queue.put(Message::text("answer")).unwrap();
    settle().await;
    let n_heard = heard.lock().unwrap().windows(6).filter(|it| it == b"answer").count();
    running.abort();
    assert_eq!(n_heard, 1);
}

#[tokio::test(start_paused = true)]
async fn every_frame_costs_whatever_it_is() {
    for (what, frames) in [
        ("pings", frame(0x89, b"").repeat(21)),
        ("pongs", frame(0x8a, b"").repeat(21)),
        ("texts", frame(0x81, b"{}").repeat(21)),
        ("empty fragments", [frame(0x01, b""), frame(0x00, b"").repeat(20)].concat()),
    ] {
        let server = TestServer::plain(slow());
        let mut socket = caller(&server).await;
        let enough = frames.len() - frames.len() / 21;
        socket.get_mut().write_all(&frames[..enough]).await.unwrap();
        settle().await;
        assert_eq!(server.n_peers(), 1, "{what}");
        socket.get_mut().write_all(&frames[enough..]).await.unwrap();
        assert_eq!(closed(&mut socket).await, 1008, "{what}");
        assert_eq!((server.n_peers(), server.n_counted(Reason::MessageRate)), (0, 1), "{what}");
        server.is_empty().await;
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_cost_too() {
    let server = TestServer::plain(Limits { bytes: Rate { per_second: 1, burst: 10_000 }, ..Limits::default() });
    let mut socket = caller(&server).await;
    socket.send(Message::text("x".repeat(9_000))).await.unwrap();
    settle().await;
    assert_eq!(server.n_peers(), 1);
    let _ = at_once(socket.send(Message::text("x".repeat(1_000)))).await;
    assert_eq!(closed(&mut socket).await, 1008);
    assert_eq!(server.n_counted(Reason::ByteRate), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_not_complete_is_held_until_it_is() {
    let server = TestServer::plain(Limits::default());
    let mut socket = caller(&server).await;
    assert_eq!(server.balance().memory.held, SESSION_COST);
    for n in 0..100 {
        socket.get_mut().write_all(&frame(if n == 0 { 0x01 } else { 0x00 }, &[b'x'; 200])).await.unwrap();
    }
    settle().await;
    let held = server.balance().memory.held - SESSION_COST;
    assert!((18_000..22_000).contains(&held), "{held}");
    socket.get_mut().write_all(&frame(0x80, b"")).await.unwrap();
    settle().await;
    let held = server.balance().memory.held - SESSION_COST;
    assert!(held < 100, "{held}: a library's buffer is as large as its largest frame");
    drop(socket);
    server.is_empty().await;
    assert_eq!(server.balance().memory.held, 0);
}

#[tokio::test(start_paused = true)]
async fn pongs_that_are_not_read_are_bounded_and_end_their_connection() {
    let server = TestServer::plain(Limits::default());
    let mut socket = caller(&server).await;
    let pings = frame(0x89, &[b'x'; 125]);
    let mut at = 0;
    let n_bytes = fill(socket.get_mut(), &pings, &mut at).await;
    assert!(n_bytes < 100_000, "{n_bytes}: it is still read from");
    let held = server.balance().memory.held - SESSION_COST;
    assert!((10_000..40_000).contains(&held), "{held}");
    // It is read from again when it reads.
    let mut answers = vec![0; 1_000_000];
    while let Some(n) = at_once(socket.get_mut().read(&mut answers)).await {
        assert!(n.unwrap() > 0);
    }
    assert!(fill(socket.get_mut(), &pings, &mut at).await > 10_000);
    let waited = server.is_empty().await;
    assert!(waited <= Duration::from_secs(47), "{waited:?}");
    assert_eq!(server.n_counted(Reason::WriteTimeout), 1);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_gone_whatever_it_says() {
    for (what, says) in [
        ("nothing", vec![]),
        ("pongs", frame(0x8a, b"")),
        ("pings", frame(0x89, b"")),
        ("texts", frame(0x81, br#"{"type":"get-users"}"#)),
    ] {
        let server = TestServer::plain(Limits::default());
        let (mut deaf, mut other) = (server.websocket("/").await, caller(&server).await);
        let id = deaf.next().await.unwrap().unwrap().into_text().unwrap().split('"').nth(7).unwrap().to_owned();
        for it in [&mut deaf, &mut other] {
            it.send(Message::text(r#"{"type":"join-room","roomId":"r"}"#)).await.unwrap();
            settle().await;
        }
        // More than the pipe takes, and less than may wait.
        let offer = format!(r#"{{"type":"offer","to":"{id}","offer":"{}"}}"#, "x".repeat(1_000));
        for _ in 0..20 {
            other.send(Message::text(offer.as_str())).await.unwrap();
        }
        let mut waited = Duration::ZERO;
        while server.n_peers() == 2 {
            let _ = at_once(deaf.get_mut().write_all(&says)).await;
            while let Some(Some(Ok(_))) = other.next().now_or_never() {}
            let _ = at_once(other.flush()).await;
            advance(Duration::from_secs(1)).await;
            waited += Duration::from_secs(1);
            assert!(waited < Duration::from_secs(100), "{what}: it is still there");
        }
        settle().await;
        let counted = [Reason::WriteTimeout, Reason::PingTimeout].map(|it| server.n_counted(it));
        assert_eq!(counted.iter().sum::<u64>(), 1, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_held_until_it_is_written() {
    let server = TestServer::plain(Limits::default());
    let mut socket = caller(&server).await;
    socket.send(Message::text(r#"{"type":"join-room","roomId":"r"}"#)).await.unwrap();
    settle().await;
    while let Some(Some(Ok(_))) = socket.next().now_or_never() {}
    let before = server.balance().memory.held;
    let n_held = || server.balance().memory.held - before;
    for _ in 0..200 {
        socket.send(Message::text(r#"{"type":"get-users"}"#)).await.unwrap();
        settle().await;
    }
    // Each answer has some fifty bytes, and seventy of them fill the pipe.
    assert!((50 * FRAME_COST..200 * (FRAME_COST + 100)).contains(&n_held()), "{}", n_held());
    let mut n_answers = 0;
    while n_answers < 200 {
        assert!(socket.next().await.unwrap().unwrap().is_text());
        n_answers += 1;
    }
    until("nothing to wait", || n_held() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn too_long_a_message_is_refused_by_its_length_alone() {
    let server = TestServer::plain(Limits::default());
    let mut socket = caller(&server).await;
    let n_bytes = LIMITS.message_bytes_max as u64 + 1;
    socket.get_mut().write_all(&[&[0x81, 0xff][..], &n_bytes.to_be_bytes(), &[0; 4]].concat()).await.unwrap();
    assert_eq!(closed(&mut socket).await, 1009);
    assert_eq!(server.n_counted(Reason::MessageTooLong), 1);
}

#[tokio::test(start_paused = true)]
async fn mqtt_packets_cost_one_by_one_and_what_is_not_complete_is_held() {
    let connect = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03ann";
    let server = TestServer::mqtt(slow());
    let mut socket = server.websocket("/mqtt").await;
    socket.send(Message::binary(connect.to_vec())).await.unwrap();
    socket.send(Message::binary([0xc0, 0].repeat(10))).await.unwrap();
    settle().await;
    assert_eq!(server.n_peers(), 1);
    socket.send(Message::binary([0xc0, 0].repeat(10))).await.unwrap();
    assert_eq!(closed(&mut socket).await, 1008);
    assert_eq!((server.n_peers(), server.n_counted(Reason::MessageRate)), (0, 1));

    let server = TestServer::mqtt(Limits::default());
    let mut socket = server.websocket("/mqtt").await;
    socket.send(Message::binary(connect.to_vec())).await.unwrap();
    let publish = [&[0x30, 0xa0, 0x1f][..], &[0, 1, b'a'], &[b'x'; 3_997]].concat();
    for part in publish[..4_000].chunks(200) {
        socket.send(Message::binary(part.to_vec())).await.unwrap();
    }
    settle().await;
    let held = server.balance().memory.held - SESSION_COST;
    assert!((4_000..4_100).contains(&held), "{held}");
    socket.send(Message::binary(publish[4_000..].to_vec())).await.unwrap();
    settle().await;
    assert!(server.balance().memory.held - SESSION_COST < 100);
    // It answers pings, and says nothing of its own for longer than it promised.
    let waited = std::pin::pin!(server.is_empty());
    let reading = async { while socket.next().await.is_some() {} };
    let waited = tokio::join!(waited, reading).0;
    assert!((Duration::from_secs(88)..Duration::from_secs(93)).contains(&waited), "{waited:?}");
    assert_eq!(server.n_counted(Reason::KeepAliveTimeout), 1);
}
