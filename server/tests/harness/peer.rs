//! A client: Engine.IO 4 and socket.io 5 framed by hand, over a websocket, over polling, or over one after the other.
use std::{collections::VecDeque, io, net::SocketAddr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Error, Message,
        protocol::frame::{
            CloseFrame, Frame,
            coding::{Data, OpCode},
        },
    },
};

pub(crate) use super::packet::{Heard, Packet, signal_text};
use super::{PATH, field, soon, web::InTurn};

/// How a client connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Websocket,
    Polling,
    /// Polling first, and then a websocket, as browsers do.
    Upgrade,
}

pub(crate) const EVERY_WAY: [By; 3] = [By::Websocket, By::Polling, By::Upgrade];

pub(crate) type Socket = WebSocketStream<TcpStream>;

enum Way {
    Websocket(Box<Socket>),
    Polling(Polling),
}

struct Polling {
    target: String,
    get: InTurn,
    post: InTurn,
}

pub(crate) struct Peer {
    way: Way,
    taken: VecDeque<Packet>,
    pub(crate) answers_pings: bool,
    /// Given by the server; empty until [`Peer::hello`].
    pub(crate) id: String,
    /// The transport's id, which is nobody else's business.
    pub(crate) sid: String,
    /// What the server said first.
    pub(crate) open: String,
    /// What it said to socket.io's CONNECT.
    pub(crate) connected: String,
    /// What a browser has been given and sends along. `None`: it is no browser.
    pub(crate) cookie: Option<String>,
}

/// The request of a websocket; `sid` of the session that it upgrades.
pub(crate) async fn websocket(address: SocketAddr, sid: Option<&str>) -> Result<Socket, (u16, String)> {
    websocket_at(address, PATH, sid).await
}

async fn websocket_at(address: SocketAddr, path: &str, sid: Option<&str>) -> Result<Socket, (u16, String)> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let sid = sid.map_or_else(String::new, |it| format!("&sid={it}"));
    let url = format!("ws://{address}{path}?EIO=4&transport=websocket{sid}");
    match soon("the upgrade", client_async(url, stream)).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => {
            let body = answer.body().clone().unwrap_or_default();
            Err((answer.status().as_u16(), String::from_utf8_lossy(&body).into_owned()))
        }
        Err(error) => panic!("{error}"),
    }
}

impl Peer {
    /// Up to the open packet.
    pub(crate) async fn open(address: SocketAddr, by: By) -> Peer {
        Peer::open_at(address, PATH, by).await
    }

    /// As a browser that polls and then moves to a websocket, with the cookie that it has; empty if it has none.
    pub(crate) async fn browse(address: SocketAddr, cookie: &str) -> Peer {
        let mut peer = Peer::open_with(&[address], PATH, By::Upgrade, Some(cookie.to_owned())).await;
        peer.send("40").await;
        peer.connected = peer.text().await;
        peer.upgrade(address).await;
        peer
    }

    async fn open_at(address: SocketAddr, path: &str, by: By) -> Peer {
        Peer::open_with(&[address], path, by, None).await
    }

    /// As a poller whose requests reach these servers in turn.
    pub(crate) async fn spread(addresses: &[SocketAddr], path: &str) -> Peer {
        let mut peer = Peer::open_with(addresses, path, By::Polling, None).await;
        peer.send("40").await;
        peer.connected = peer.text().await;
        peer
    }

    async fn open_with(addresses: &[SocketAddr], path: &str, by: By, cookie: Option<String>) -> Peer {
        let way = match by {
            By::Websocket => Way::Websocket(Box::new(websocket_at(addresses[0], path, None).await.unwrap())),
            By::Polling | By::Upgrade => {
                let target = format!("{path}?EIO=4&transport=polling");
                Way::Polling(Polling { target, get: InTurn::to(addresses).await, post: InTurn::to(addresses).await })
            }
        };
        let mut peer = Peer {
            way,
            taken: VecDeque::new(),
            answers_pings: true,
            id: String::new(),
            sid: String::new(),
            open: String::new(),
            connected: String::new(),
            cookie,
        };
        peer.open = peer.text().await;
        peer.sid = field(&peer.open, "sid");
        if let Way::Polling(it) = &mut peer.way {
            it.target += &format!("&sid={}", peer.sid);
        }
        peer
    }

    /// Up to socket.io's CONNECT.
    pub(crate) async fn connect(address: SocketAddr, by: By) -> Peer {
        Peer::connect_at(address, PATH, by).await
    }

    pub(crate) async fn connect_at(address: SocketAddr, path: &str, by: By) -> Peer {
        let mut peer = Peer::open_at(address, path, by).await;
        peer.send("40").await;
        peer.connected = peer.text().await;
        assert!(peer.connected.starts_with(r#"40{"sid":""#), "{}", peer.connected);
        if by == By::Upgrade {
            peer.upgrade_at(address, path).await;
        }
        peer
    }

    pub(crate) async fn upgrade(&mut self, address: SocketAddr) {
        self.upgrade_at(address, PATH).await;
    }

    async fn upgrade_at(&mut self, address: SocketAddr, path: &str) {
        let mut socket = websocket_at(address, path, Some(&self.sid)).await.unwrap();
        socket.send(Message::text("2probe")).await.unwrap();
        assert_eq!(soon("3probe", socket.next()).await.unwrap().unwrap(), Message::text("3probe"));
        socket.send(Message::text("5")).await.unwrap();
        self.way = Way::Websocket(Box::new(socket));
    }

    /// Gets its id.
    pub(crate) async fn hello(&mut self) {
        self.emit(r#"["GET-ID",{"requestId":"hello"}]"#).await;
        let welcome = self.receive().await;
        assert!(welcome.starts_with(r#"["GET-ID",{"requestID":"hello","userID":""#), "{welcome}");
        self.id = field(&welcome, "userID");
    }

    /// Makes a room of this type for twenty with the password `pw`, and gives its id.
    pub(crate) async fn create(&mut self, kind: u8) -> String {
        let body = format!(r#"{{"requestId":"c","maxUsers":20,"name":"n","password":"pw","type":{kind}}}"#);
        self.emit(&format!(r#"["CREATE-ROOM",{body}]"#)).await;
        field(&self.receive().await, "roomID")
    }

    pub(crate) async fn join(&mut self, room: &str) {
        self.emit(&format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#)).await;
        let answer = self.receive().await;
        assert!(answer.starts_with(r#"["JOIN-ROOM",{"requestID":"j""#), "{answer}");
    }

    pub(crate) async fn signal(&mut self, to: &Peer, room: &str, signal: &str) {
        self.emit(&signal_text(&to.id, room, signal)).await;
    }

    pub(crate) async fn emit(&mut self, text: &str) {
        self.send(&format!("42{text}")).await;
    }

    pub(crate) async fn emit_binary(&mut self, text: &str, attachments: &[Vec<u8>]) {
        let mut packets = vec![Packet::Text(format!("45{}-{text}", attachments.len()))];
        packets.extend(attachments.iter().cloned().map(Packet::Binary));
        self.send_all(&packets).await.unwrap();
    }

    /// An Engine.IO packet as it is.
    pub(crate) async fn send(&mut self, packet: &str) {
        self.send_all(&[Packet::Text(packet.to_owned())]).await.unwrap();
    }

    /// All in one request where it is polling. `Err`: the connection does not take them, or the status of an answer that
    /// is not "ok".
    pub(crate) async fn send_all(&mut self, packets: &[Packet]) -> Result<(), String> {
        match &mut self.way {
            Way::Websocket(socket) => {
                for packet in packets {
                    let message = match packet {
                        Packet::Text(text) => Message::text(text.as_str()),
                        Packet::Binary(bytes) => Message::binary(bytes.clone()),
                    };
                    soon("room to send", socket.feed(message)).await.map_err(|it| it.to_string())?;
                }
                soon("room to send", socket.flush()).await.map_err(|it| it.to_string())
            }
            Way::Polling(Polling { target, post, .. }) => {
                let text = |packet: &Packet| match packet {
                    Packet::Text(text) => text.clone(),
                    Packet::Binary(bytes) => format!("b{}", BASE64_STANDARD.encode(bytes)),
                };
                let body = packets.iter().map(text).collect::<Vec<_>>().join("\u{1e}");
                let cookie = self.cookie.iter().filter(|it| !it.is_empty()).map(|it| ("cookie", &**it));
                let post = post.next();
                post.send("POST", target, &cookie.collect::<Vec<_>>(), body.as_bytes()).await;
                let answer = post.answer("POST").await.ok_or("closed without an answer")?;
                if (answer.status, answer.text()) == (200, "ok") { Ok(()) } else { Err(answer.status.to_string()) }
            }
        }
    }

    /// One message of a websocket, in frames of so many bytes.
    pub(crate) async fn send_in_fragments(&mut self, packet: &str, n_bytes: usize) -> Result<(), Error> {
        let Way::Websocket(socket) = &mut self.way else { panic!("a poller has no frames") };
        let n_fragments = packet.len().div_ceil(n_bytes);
        for (n, part) in packet.as_bytes().chunks(n_bytes).enumerate() {
            let opcode = OpCode::Data(if n == 0 { Data::Text } else { Data::Continue });
            let frame = Frame::message(part.to_vec(), opcode, n + 1 == n_fragments);
            socket.send(Message::Frame(frame)).await?;
        }
        Ok(())
    }

    /// The next packet, pings answered and left out. `None`: the connection has ended.
    pub(crate) async fn packet(&mut self) -> Option<Packet> {
        loop {
            let packet = match self.taken.pop_front() {
                Some(packet) => packet,
                None => {
                    self.take().await?;
                    continue;
                }
            };
            match &packet {
                Packet::Text(text) if text == "1" => return None,
                Packet::Text(text) if text == "6" => (),
                Packet::Text(text) if text == "2" && self.answers_pings => {
                    let _ = self.send_all(&[Packet::Text("3".to_owned())]).await;
                }
                Packet::Text(_) | Packet::Binary(_) => return Some(packet),
            }
        }
    }

    /// Reads once, however much that gives.
    async fn take(&mut self) -> Option<()> {
        match &mut self.way {
            Way::Websocket(socket) => match soon("a message", socket.next()).await {
                Some(Ok(Message::Text(text))) => self.taken.push_back(Packet::Text(text.to_string())),
                Some(Ok(Message::Binary(bytes))) => self.taken.push_back(Packet::Binary(bytes.to_vec())),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => (),
            },
            Way::Polling(Polling { target, get, .. }) => {
                let cookie = self.cookie.iter().filter(|it| !it.is_empty()).map(|it| ("cookie", &**it));
                let get = get.next();
                get.send("GET", target, &cookie.collect::<Vec<_>>(), b"").await;
                let answer = get.answer("GET").await.filter(|it| it.status == 200)?;
                let set = answer.header("set-cookie").split(';').next().unwrap_or_default();
                if !set.is_empty() && self.cookie.is_some() {
                    self.cookie = Some(set.to_owned());
                }
                let packet = |text: &str| match text.strip_prefix('b') {
                    Some(binary) => Packet::Binary(BASE64_STANDARD.decode(binary).unwrap()),
                    None => Packet::Text(text.to_owned()),
                };
                self.taken.extend(answer.text().split('\u{1e}').filter(|it| !it.is_empty()).map(packet));
            }
        }
        Some(())
    }

    /// The next packet, which is a text.
    pub(crate) async fn text(&mut self) -> String {
        match self.packet().await {
            Some(Packet::Text(text)) => text,
            other => panic!("a text was to come, and not {other:?}"),
        }
    }

    /// The next event with its attachments. `None`: the connection has ended, or the server has closed the namespace.
    pub(crate) async fn event(&mut self) -> Option<Heard> {
        let packet = match self.packet().await? {
            Packet::Text(packet) => packet,
            Packet::Binary(bytes) => panic!("{} bytes that belong to no event", bytes.len()),
        };
        if let Some(text) = packet.strip_prefix("42") {
            return Some(Heard { text: text.to_owned(), attachments: Vec::new() });
        }
        let Some(rest) = packet.strip_prefix("45") else {
            assert_eq!(packet, "41", "neither an event nor an end");
            return None;
        };
        let (n_attachments, text) = rest.split_once('-').unwrap();
        let mut attachments = Vec::new();
        for _ in 0..n_attachments.parse().unwrap() {
            match self.packet().await {
                Some(Packet::Binary(bytes)) => attachments.push(bytes),
                other => panic!("an attachment was to come, and not {other:?}"),
            }
        }
        Some(Heard { text: text.to_owned(), attachments })
    }

    /// The text of the next event.
    pub(crate) async fn receive(&mut self) -> String {
        let heard = self.event().await.expect("the connection ended instead of an event");
        assert!(heard.attachments.is_empty(), "{heard:?}");
        heard.text
    }

    /// Asks for a room that is none. Gives what came before the answer; nothing that was sent before it is still unhandled.
    pub(crate) async fn fence(&mut self) -> Vec<Heard> {
        self.try_fence().await.expect("the connection ended instead of an answer to the fence")
    }

    /// `Err`: the connection ended, and what came before.
    pub(crate) async fn try_fence(&mut self) -> Result<Vec<Heard>, Vec<Heard>> {
        let mut before = Vec::new();
        let fence = Packet::Text(r#"42["JOIN-ROOM",{"requestId":"fence"}]"#.to_owned());
        if self.send_all(&[fence]).await.is_err() {
            return Err(before);
        }
        while let Some(heard) = self.event().await {
            if heard.text == r#"["TYPEERROR",{"type":3,"requestID":"fence"}]"# {
                return Ok(before);
            }
            before.push(heard);
        }
        Err(before)
    }

    /// Nothing came.
    pub(crate) async fn hears_nothing(&mut self) {
        assert_eq!(self.fence().await, []);
    }

    /// Waits until the server has ended the connection; events that come before are dropped.
    pub(crate) async fn ends(&mut self) {
        while self.packet().await.is_some() {}
    }

    /// Lets go of the connection without a word. A poller's server hears the close packet that a page sends when it goes,
    /// because a poller has no connection to break.
    pub(crate) async fn leave(mut self) {
        if let Way::Polling(_) = self.way {
            // Where the server has ended it already there is nobody to tell.
            let _ = self.send_all(&[Packet::Text("1".to_owned())]).await;
        }
    }

    /// Closes the websocket, as browsers do with 1001 for a page that goes.
    pub(crate) async fn close(mut self, code: Option<u16>) {
        let frame = code.map(|it| CloseFrame { code: it.into(), reason: "".into() });
        if let Way::Websocket(socket) = &mut self.way {
            soon("the close frame to be sent", socket.send(Message::Close(frame))).await.unwrap();
        }
    }

    /// The websocket's own bytes.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        match &mut self.way {
            Way::Websocket(socket) => socket.get_mut(),
            Way::Polling(_) => panic!("a poller has no stream of its own"),
        }
    }

    /// The addresses that a poller asks, its sid included.
    pub(crate) fn target(&self) -> &str {
        match &self.way {
            Way::Polling(it) => &it.target,
            Way::Websocket(_) => panic!("a websocket asks no address"),
        }
    }

    /// Ends the connection with a reset, as a machine that is gone would.
    pub(crate) fn reset(mut self) -> io::Result<()> {
        self.stream().set_zero_linger()
    }
}
