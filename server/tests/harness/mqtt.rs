//! A client of MQTT 3.1.1 over a websocket, packet by packet. What it hears is told in JSON, as the recording has it.
use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::HeaderValue},
};

use super::soon;

pub(crate) const ACK: &str =
    r#"{"type":"register-ack","from":"server","success":true,"message":"Registration successful"}"#;
pub(crate) const TAKEN: &str = r#"{"type":"register-ack","from":"server","success":false,"message":"Username taken!"}"#;

pub(crate) struct Mqtt {
    pub(crate) socket: WebSocketStream<TcpStream>,
    /// Which of the names that it offered the server took.
    pub(crate) protocol: String,
    pub(crate) name: String,
    read: Vec<u8>,
    n_packets: u16,
}

/// A packet: its first byte, its length, and the rest.
pub(crate) fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
    let (mut bytes, mut n) = (vec![first], rest.len());
    loop {
        let more = if n > 127 { 128 } else { 0 };
        bytes.push(u8::try_from(n % 128).unwrap() | more);
        n /= 128;
        if more == 0 {
            return [bytes, rest.to_vec()].concat();
        }
    }
}

fn text(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

/// `level` is 4 for 3.1.1; a keep-alive of 0 promises nothing.
pub(crate) fn connect(level: u8, name: &str, keep_alive_s: u8) -> Vec<u8> {
    let properties: &[u8] = if level == 5 { &[0] } else { &[] };
    packet(0x10, &[&text("MQTT")[..], &[level, 2, 0, keep_alive_s], properties, &text(name)].concat())
}

/// `flags` are those of the first byte: 2 for quality 1, 4 for quality 2, 1 for retain.
pub(crate) fn publish(flags: u8, id: Option<u16>, topic: &str, payload: &[u8]) -> Vec<u8> {
    let id = id.map(u16::to_be_bytes);
    packet(0x30 | flags, &[&text(topic)[..], id.as_ref().map_or(&[], |it| it), payload].concat())
}

impl Mqtt {
    pub(crate) async fn open(address: SocketAddr) -> Mqtt {
        Mqtt::offering(address, "mqtt", None).await.unwrap()
    }

    /// With these names in place of `mqtt`, as a page of this origin. `Err`: the status in place of a websocket.
    pub(crate) async fn offering(address: SocketAddr, names: &str, origin: Option<&str>) -> Result<Mqtt, u16> {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut request = format!("ws://{address}/").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_str(names).unwrap());
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", HeaderValue::from_str(origin).unwrap());
        }
        match soon("the upgrade", client_async(request, stream)).await {
            Ok((socket, answer)) => {
                let protocol = answer.headers()["sec-websocket-protocol"].to_str().unwrap().to_owned();
                Ok(Mqtt { socket, protocol, name: String::new(), read: Vec::new(), n_packets: 0 })
            }
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// As the page does it: CONNECT, SUBSCRIBE, and nothing registered yet.
    pub(crate) async fn arrive(address: SocketAddr, name: &str) -> Mqtt {
        let mut client = Mqtt::open(address).await;
        name.clone_into(&mut client.name);
        client.send(&connect(4, name, 60)).await;
        assert_eq!(client.receive().await, r#"["CONNACK",0]"#);
        client.subscribe(&[&format!("{name}/incoming")]).await;
        assert_eq!(client.receive().await, r#"["SUBACK",[0]]"#);
        client
    }

    /// And registered.
    pub(crate) async fn named(address: SocketAddr, name: &str) -> Mqtt {
        let mut client = Mqtt::arrive(address, name).await;
        client.register().await;
        assert_eq!(client.hear_payload().await, ACK);
        client
    }

    pub(crate) async fn register(&mut self) {
        let name = self.name.clone();
        self.publish("system/register", &json!({"type": "register", "from": name, "username": name}).to_string()).await;
    }

    pub(crate) async fn subscribe(&mut self, filters: &[&str]) {
        let entries: Vec<u8> = filters.iter().flat_map(|it| [text(it), vec![0]].concat()).collect();
        let id = self.id();
        self.send(&packet(0x82, &[&id.to_be_bytes(), &entries[..]].concat())).await;
    }

    pub(crate) async fn unsubscribe(&mut self, filters: &[&str]) {
        let entries: Vec<u8> = filters.iter().flat_map(|it| text(it)).collect();
        let id = self.id();
        self.send(&packet(0xa2, &[&id.to_be_bytes(), &entries[..]].concat())).await;
    }

    pub(crate) async fn publish(&mut self, topic: &str, payload: &str) {
        self.send(&publish(0, None, topic, payload.as_bytes())).await;
    }

    /// For a packet that has to be told from others.
    pub(crate) fn id(&mut self) -> u16 {
        self.n_packets += 1;
        self.n_packets
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).await.unwrap();
    }

    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        soon("room to send", self.socket.send(Message::binary(bytes.to_vec()))).await
    }

    /// The next packet. `Err`: the close code, or 1006 where there was none.
    pub(crate) async fn try_hear(&mut self) -> Result<String, u16> {
        loop {
            if let Some(packet) = self.take() {
                return Ok(packet);
            }
            match soon("a packet", self.socket.next()).await {
                Some(Ok(Message::Binary(bytes))) => self.read.extend_from_slice(&bytes),
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(Message::Close(None))) => return Err(1005),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => (),
                Some(Ok(other)) => panic!("{other:?}"),
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    pub(crate) async fn receive(&mut self) -> String {
        self.try_hear().await.unwrap_or_else(|code| panic!("closed with {code} instead of a packet"))
    }

    /// What the next packet, a PUBLISH to its own mailbox, holds.
    pub(crate) async fn hear_payload(&mut self) -> String {
        let packet: Vec<String> = serde_json::from_str(&self.receive().await).unwrap();
        assert_eq!(packet[..2], ["PUBLISH".to_owned(), format!("{}/incoming", self.name)]);
        packet[2].clone()
    }

    /// What came before the answer to a ping: all that was sent before it is handled then. `Err`: and then it ended.
    pub(crate) async fn try_fence(&mut self) -> Result<Vec<String>, Vec<String>> {
        let mut before = Vec::new();
        // It may have ended already, and there may be something to hear still.
        let _ = self.try_send(&packet(0xc0, &[])).await;
        loop {
            match self.try_hear().await {
                Ok(heard) if heard == r#"["PINGRESP"]"# => return Ok(before),
                Ok(heard) => before.push(heard),
                Err(_) => return Err(before),
            }
        }
    }

    pub(crate) async fn fence(&mut self) -> Vec<String> {
        self.try_fence().await.expect("closed instead of an answer to a ping")
    }

    fn take(&mut self) -> Option<String> {
        let (mut n_bytes, mut at) = (0, 1);
        loop {
            let byte = usize::from(*self.read.get(at)?);
            n_bytes += (byte & 127) << (7 * (at - 1));
            at += 1;
            if byte < 128 {
                break;
            }
        }
        let rest = self.read.get(at..at + n_bytes)?.to_vec();
        let first = self.read[0];
        self.read.drain(..at + n_bytes);
        Some(shown(first, &rest))
    }
}

fn shown(first: u8, rest: &[u8]) -> String {
    let id = |name: &str| json!([name, u16::from_be_bytes([rest[0], rest[1]])]);
    let packet = match first >> 4 {
        2 => json!(["CONNACK", rest[1]]),
        3 => {
            let (topic, payload) = rest[2..].split_at(usize::from(u16::from_be_bytes([rest[0], rest[1]])));
            assert_eq!(first, 0x30, "quality 0, and no flags");
            json!(["PUBLISH", std::str::from_utf8(topic).unwrap(), std::str::from_utf8(payload).unwrap()])
        }
        4 => id("PUBACK"),
        5 => id("PUBREC"),
        7 => id("PUBCOMP"),
        9 => json!(["SUBACK", rest[2..]]),
        11 => id("UNSUBACK"),
        13 => json!(["PINGRESP"]),
        kind => panic!("a server sends no packet of type {kind}"),
    };
    packet.to_string()
}
