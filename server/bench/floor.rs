//! The floor: the least a correct relay costs over the same WebSocket library, with no socket.io library in it.
//! One reader and one writer task a connection, bounded queues, and the few words the load generator says; no polling,
//! no checks of names, sizes or passwords. It is a measure, not a server to run.
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    time::{self, Instant},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, accept_async_with_config,
    tungstenite::{Message, Utf8Bytes, protocol::WebSocketConfig},
};
use tokio_util::either::Either;

use crate::{Result, peer::field, tls};

const PING_EVERY: Duration = Duration::from_secs(25);
const MESSAGE_BYTES_MAX: usize = 1_000_000;
/// A peer this far behind is cut off, as in any server that bounds its memory.
const QUEUE_FRAMES: usize = 4096;
/// One typical signal; the library holds a buffer of this size for every connection.
const READ_BUFFER_BYTES: usize = 2048;

type Socket = WebSocketStream<Either<TcpStream, Box<TlsStream<TcpStream>>>>;

#[derive(Default)]
struct Relay {
    // No await happens while it is held.
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    made: u64,
    lines: HashMap<String, mpsc::Sender<Utf8Bytes>>,
    rooms: HashMap<String, Vec<String>>,
}

/// Serves until the process is ended.
pub(crate) async fn serve(port: u16) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 1], port).into())?;
    let listener = socket.listen(1024)?;
    let (relay, tls) = (Arc::new(Relay::default()), tls::acceptor()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(attend(stream, tls.clone(), relay.clone()));
    }
}

/// Shakes hands and leaves the rest to two tasks, so that the handshake's state is not kept.
async fn attend(stream: TcpStream, tls: Option<TlsAcceptor>, relay: Arc<Relay>) {
    let stream = match tls {
        Some(tls) => tls.accept(stream).await.map(|it| Either::Right(Box::new(it))),
        None => Ok(Either::Left(stream)),
    };
    let Ok(mut stream) = stream else { return };
    let mut start = [0; 11];
    if let Either::Left(stream) = &mut stream
        && stream.peek(&mut start).await.is_ok()
        && start == *b"GET /health"
    {
        // The start-up measurement hangs up as soon as it has this; nothing depends on whether it arrived.
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        return;
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let Ok(socket) = accept_async_with_config(stream, Some(config)).await else { return };
    let (sink, stream) = socket.split();
    let (line, queue) = mpsc::channel(QUEUE_FRAMES);
    let (id, heard) = (relay.welcome(line.clone()), Arc::new(AtomicBool::new(true)));
    let open = format!(
        r#"0{{"sid":"engine-{id}","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":{MESSAGE_BYTES_MAX}}}"#
    );
    // The queue is new and empty, so there is room.
    let _ = line.try_send(open.into());
    tokio::spawn(write(sink, queue, heard.clone()));
    tokio::spawn(read(stream, Visitor { id, rooms: Vec::new(), line: line.downgrade(), relay, heard }));
}

/// Sends what is queued, flushing once for all that is there, and pings; a peer silent between two pings is let go.
async fn write(mut sink: SplitSink<Socket, Message>, mut queue: mpsc::Receiver<Utf8Bytes>, heard: Arc<AtomicBool>) {
    let mut ping = time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    loop {
        tokio::select! {
            biased;
            frame = queue.recv() => {
                let Some(frame) = frame else { break };
                if sink.feed(Message::Text(frame)).await.is_err() {
                    return;
                }
                while let Ok(frame) = queue.try_recv() {
                    if sink.feed(Message::Text(frame)).await.is_err() {
                        return;
                    }
                }
            }
            _ = ping.tick() => {
                if !heard.swap(false, Ordering::Relaxed) || sink.feed(Message::text("2")).await.is_err() {
                    break;
                }
            }
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
    // The connection is being given up; a failure to say so changes nothing.
    let _ = sink.close().await;
}

async fn read(mut stream: SplitStream<Socket>, mut visitor: Visitor) {
    while let Some(Ok(message)) = stream.next().await {
        visitor.heard.store(true, Ordering::Relaxed);
        if let Message::Text(text) = message {
            visitor.hear(&text);
        }
    }
    visitor.relay.part(&visitor.id, &visitor.rooms);
}

/// One connected peer, as its reader knows it.
struct Visitor {
    id: String,
    rooms: Vec<String>,
    line: mpsc::WeakSender<Utf8Bytes>,
    relay: Arc<Relay>,
    heard: Arc<AtomicBool>,
}

impl Visitor {
    fn hear(&mut self, text: &str) {
        if let Some(body) = text.strip_prefix(r#"42["SIGNAL",{"#) {
            self.relay.pass_on(&self.id, text, body);
        } else if text == "40" {
            self.answer(format!(r#"40{{"sid":"{}"}}"#, self.id));
        } else if let Some(request) = field(text, "requestId") {
            self.request(text, request);
        }
    }

    fn request(&mut self, text: &str, request: &str) {
        let id = &self.id;
        if text.starts_with(r#"42["GET-ID","#) {
            self.answer(format!(r#"42["GET-ID",{{"requestID":"{request}","userID":"{id}"}}]"#));
        } else if text.starts_with(r#"42["CREATE-ROOM","#) {
            let room = self.relay.found(id);
            self.answer(format!(
                r#"42["CREATE-ROOM",{{"roomID":"{room}","requestID":"{request}","name":"load","maxUsers":20,"curUsers":1,"password":""}}]"#
            ));
            self.rooms.push(room);
        } else if let Some(room) = field(text, "room").filter(|_| text.starts_with(r#"42["JOIN-ROOM","#)) {
            if self.relay.join(id, room, request) {
                self.rooms.push(room.to_owned());
            } else {
                self.answer(format!(r#"42["TYPEERROR",{{"type":3,"requestID":"{request}"}}]"#));
            }
        }
    }

    fn answer(&self, text: String) {
        if let Some(line) = self.line.upgrade() {
            say(&line, text);
        }
    }
}

impl Relay {
    fn welcome(&self, line: mpsc::Sender<Utf8Bytes>) -> String {
        let mut inner = self.lock();
        inner.made += 1;
        let id = format!("{:020}", inner.made);
        inner.lines.insert(id.clone(), line);
        id
    }

    fn found(&self, founder: &str) -> String {
        let mut inner = self.lock();
        inner.made += 1;
        let room = format!("00000000-0000-4000-8000-{:012}", inner.made);
        inner.rooms.insert(room.clone(), vec![founder.to_owned()]);
        room
    }

    /// Said under the lock, so that the newcomer's answer comes before any signal and notices keep their order.
    fn join(&self, newcomer: &str, room: &str, request: &str) -> bool {
        let Inner { lines, rooms, .. } = &mut *self.lock();
        let (Some(members), Some(line)) = (rooms.get_mut(room), lines.get(newcomer)) else { return false };
        let present = members.len() + 1;
        say(
            line,
            format!(
                r#"42["JOIN-ROOM",{{"requestID":"{request}","name":"load","maxUsers":20,"curUsers":{present},"type":0}}]"#
            ),
        );
        for line in members.iter().filter_map(|member| lines.get(member)) {
            say(line, format!(r#"42["JOIN-ROOM",{{"from":{{"userID":"{newcomer}","roomID":"{room}"}}}}]"#));
        }
        members.push(newcomer.to_owned());
        true
    }

    /// Scans for the first `target` and `room`: in what the generator sends, they come before the signal.
    fn pass_on(&self, sender: &str, text: &str, body: &str) {
        let (Some(target), Some(room)) = (field(body, "target"), field(body, "room")) else { return };
        let Some(open) = text.strip_suffix("}]") else { return };
        let line = {
            let inner = self.lock();
            let Some(members) = inner.rooms.get(room) else { return };
            if target == sender || ![sender, target].iter().all(|peer| members.iter().any(|member| member == peer)) {
                return;
            }
            inner.lines.get(target).cloned()
        };
        let Some(line) = line else { return };
        let mut frame = String::with_capacity(text.len() + sender.len() + 13);
        for part in [open, r#","source":""#, sender, r#""}]"#] {
            frame.push_str(part);
        }
        if !say(&line, frame) {
            self.lock().lines.remove(target);
        }
    }

    fn part(&self, peer: &str, joined: &[String]) {
        let Inner { lines, rooms, .. } = &mut *self.lock();
        lines.remove(peer);
        for room in joined {
            if let Some(members) = rooms.get_mut(room) {
                members.retain(|member| member != peer);
                if members.is_empty() {
                    rooms.remove(room);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// False when the peer is too far behind.
fn say(line: &mpsc::Sender<Utf8Bytes>, text: String) -> bool {
    line.try_send(text.into()).is_ok()
}
