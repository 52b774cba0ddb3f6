//! A TURN client, as browsers are: over UDP, TCP or TLS.
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use p2pchat_server::relay::{Class, Encoder, Frame, IntegrityKey, Message, Method, attribute, frame};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::Relaying;
use crate::harness::soon;

/// How a client reaches the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Udp,
    Tcp,
    /// On the port of HTTPS.
    Tls,
}

pub(super) const WAYS: [Way; 3] = [Way::Udp, Way::Tcp, Way::Tls];

trait ByteStream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> ByteStream for S {}

enum Socket {
    Udp(UdpSocket),
    Stream(Box<dyn ByteStream>, Vec<u8>),
}

pub(crate) struct Turn {
    socket: Socket,
    username: String,
    password: String,
    realm: String,
    nonce: Vec<u8>,
    n_requests: u8,
    pub(crate) relayed: SocketAddr,
}

/// A TLS connection, as HTTPS clients or TURN clients make it.
pub(super) async fn tls(relaying: &Relaying, protocols: &[&str]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(relaying.certificate.clone())).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(relaying.https).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap()
}

impl Turn {
    pub(super) async fn connect(relaying: &Relaying, way: Way, username: &str, password: &str) -> Turn {
        let socket = match way {
            Way::Udp => return Turn::by_udp(relaying.relay, username, password).await,
            Way::Tcp => Socket::Stream(Box::new(TcpStream::connect(relaying.relay).await.unwrap()), Vec::new()),
            Way::Tls => Socket::Stream(Box::new(tls(relaying, &[]).await), Vec::new()),
        };
        Turn::over(socket, username, password)
    }

    /// By UDP, to a relay that is no part of this process.
    pub(crate) async fn by_udp(relay: SocketAddr, username: &str, password: &str) -> Turn {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket.connect(relay).await.unwrap();
        Turn::over(Socket::Udp(socket), username, password)
    }

    fn over(socket: Socket, username: &str, password: &str) -> Turn {
        Turn {
            socket,
            username: username.to_owned(),
            password: password.to_owned(),
            realm: String::new(),
            nonce: Vec::new(),
            n_requests: 0,
            relayed: SocketAddr::from(([0; 4], 0)),
        }
    }

    pub(super) async fn with_same_login(&self, relaying: &Relaying, way: Way) -> Turn {
        Turn::connect(relaying, way, &self.username, &self.password).await
    }

    pub(super) async fn send_raw(&mut self, bytes: &[u8]) {
        match &mut self.socket {
            Socket::Udp(socket) => drop(socket.send(bytes).await.unwrap()),
            Socket::Stream(stream, _) => {
                let mut padded = bytes.to_owned();
                padded.resize(bytes.len().next_multiple_of(4), 0);
                stream.write_all(&padded).await.unwrap();
                stream.flush().await.unwrap();
            }
        }
    }

    /// The next message; `None` when the stream has ended.
    pub(super) async fn receive(&mut self) -> Option<Vec<u8>> {
        let receiving = async {
            match &mut self.socket {
                Socket::Udp(socket) => {
                    let mut buffer = vec![0; 2_048];
                    let n = socket.recv(&mut buffer).await.unwrap();
                    buffer.truncate(n);
                    Some(buffer)
                }
                Socket::Stream(stream, read) => loop {
                    if let Frame::Whole { length, next } = frame(read).unwrap() {
                        let message = read[..length].to_owned();
                        read.drain(..next);
                        return Some(message);
                    }
                    if stream.read_buf(read).await.unwrap_or_default() == 0 {
                        return None;
                    }
                },
            }
        };
        soon("a message of the relay", receiving).await
    }

    fn encode(&mut self, method: Method, extra: &[(u16, &[u8])], peer: Option<SocketAddr>) -> Vec<u8> {
        self.n_requests += 1;
        let mut out = Vec::new();
        let mut request = Encoder::new(&mut out, Class::Request, method, [self.n_requests; 12]);
        for (kind, value) in extra {
            request = request.attribute(*kind, value);
        }
        if let Some(peer) = peer {
            request = request.address(attribute::XOR_PEER_ADDRESS, peer);
        }
        if !self.nonce.is_empty() {
            request = request.attribute(attribute::USERNAME, self.username.as_bytes());
            request = request.attribute(attribute::REALM, self.realm.as_bytes());
            request = request.attribute(attribute::NONCE, &self.nonce);
            request = request.sign(&IntegrityKey::long_term(&self.username, &self.realm, &self.password));
        }
        request.finish(true);
        out
    }

    /// The code of the answer, 0 for success.
    pub(super) async fn ask(&mut self, method: Method, extra: &[(u16, &[u8])], peer: Option<SocketAddr>) -> u16 {
        let request = self.encode(method, extra, peer);
        self.send_raw(&request).await;
        let answer = self.receive().await.unwrap();
        let message = Message::decode(&answer).unwrap();
        assert_eq!(message.transaction(), [self.n_requests; 12]);
        if let Some(nonce) = message.get(attribute::NONCE) {
            self.nonce = nonce.to_owned();
            self.realm = message.text(attribute::REALM).unwrap().to_owned();
        }
        if let Some(relayed) = message.address(attribute::XOR_RELAYED_ADDRESS) {
            self.relayed = relayed;
        }
        message.get(attribute::ERROR_CODE).map_or(0, |it| u16::from(it[2]) * 100 + u16::from(it[3]))
    }

    /// As browsers do: first without credentials.
    pub(crate) async fn allocate(&mut self) -> u16 {
        let transport = [(attribute::REQUESTED_TRANSPORT, &[17u8, 0, 0, 0][..])];
        self.nonce.clear();
        assert_eq!(self.ask(Method::Allocate, &transport, None).await, 401);
        self.ask(Method::Allocate, &transport, None).await
    }

    pub(crate) async fn refresh(&mut self) -> u16 {
        self.ask(Method::Refresh, &[], None).await
    }

    pub(crate) async fn permit(&mut self, peer: SocketAddr) -> u16 {
        self.ask(Method::CreatePermission, &[], Some(peer)).await
    }

    pub(super) async fn bind(&mut self, peer: SocketAddr) -> u16 {
        self.ask(Method::ChannelBind, &[(attribute::CHANNEL_NUMBER, &[0x40, 0, 0, 0])], Some(peer)).await
    }

    pub(crate) async fn send(&mut self, to: SocketAddr, data: &[u8]) {
        let mut out = Vec::new();
        let indication = Encoder::new(&mut out, Class::Indication, Method::Send, [0; 12]);
        indication.address(attribute::XOR_PEER_ADDRESS, to).attribute(attribute::DATA, data).finish(false);
        self.send_raw(&out).await;
    }

    /// On the channel of [`Turn::bind`].
    pub(super) async fn send_by_channel(&mut self, data: &[u8]) {
        let length = u16::try_from(data.len()).unwrap();
        self.send_raw(&[&[0x40, 0][..], &length.to_be_bytes(), data].concat()).await;
    }

    /// The data of the next message, which came by the channel or as an indication.
    pub(crate) async fn data(&mut self) -> Vec<u8> {
        let bytes = self.receive().await.unwrap();
        if bytes[0] == 0x40 {
            return bytes[4..].to_owned();
        }
        let message = Message::decode(&bytes).unwrap();
        assert_eq!(message.method(), Some(Method::Data));
        message.get(attribute::DATA).unwrap().to_owned()
    }
}
