//! A STUN and TURN client, as browsers are, over UDP, TCP or TLS.
use std::{net::SocketAddr, sync::Arc, time::Duration};

use p2pchat_relay::{Class, Encoder, Frame, IntegrityKey, Message, Method, attribute, frame};
use rustls::ClientConfig;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UdpSocket,
    time::timeout,
};
use tokio_util::either::Either;

use super::site::{PATIENCE, Stream, Unreached, connect_tcp, connect_tls, resolve};

/// A datagram may be lost, so each is sent so often, and waited for so long in all.
const SENDS: u32 = 3;
const RESEND: Duration = Duration::from_secs(1);
const DATAGRAM_BYTES_MAX: usize = 2_048;
/// REQUESTED-TRANSPORT for UDP.
const UDP: [u8; 4] = [17, 0, 0, 0];

/// The parts of a `stun:` or `turn:` url (RFC 7064, RFC 7065).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IceUrl {
    pub is_turn: bool,
    pub over: Over,
    host: String,
    port: u16,
}

/// How packets go to a STUN or TURN server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Udp,
    Tcp,
    Tls,
}

impl Over {
    pub(super) fn name(self) -> &'static str {
        match self {
            Over::Udp => "UDP",
            Over::Tcp => "TCP",
            Over::Tls => "TLS",
        }
    }
}

impl IceUrl {
    pub(super) fn parse(url: &str) -> Option<IceUrl> {
        let (scheme, rest) = url.split_once(':')?;
        let (place, transport) = rest.split_once("?transport=").unwrap_or((rest, ""));
        let (is_turn, is_tls) = match scheme.to_ascii_lowercase().as_str() {
            "stun" => (false, false),
            "stuns" => (false, true),
            "turn" => (true, false),
            "turns" => (true, true),
            _ => return None,
        };
        let usual = if is_tls { 5349 } else { 3478 };
        let port = place.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
        let (host, port) = match port {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (place, usual),
        };
        let over = match (is_tls, transport) {
            (true, _) => Over::Tls,
            (false, "tcp") => Over::Tcp,
            (false, _) => Over::Udp,
        };
        Some(IceUrl { is_turn, over, host: host.to_owned(), port })
    }

    /// What has to be open on the way.
    pub(super) fn way(&self) -> String {
        let carrier = if self.over == Over::Udp { "UDP" } else { "TCP" };
        format!("{carrier} port {} of {}", self.port, self.host)
    }
}

enum Socket {
    Udp(UdpSocket),
    Stream(Box<Stream>, Vec<u8>),
}

/// One client of a STUN or TURN server.
pub(super) struct Turn {
    socket: Socket,
    login: (String, String),
    realm: String,
    nonce: Vec<u8>,
    /// Where others reach it, once it has an allocation.
    relayed: Option<SocketAddr>,
}

/// Why a request came to nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// In words: nobody answers, or nobody listens.
    Silence(String),
    /// The TLS of the server is not what browsers believe, in words.
    Untrusted(String),
    /// An error response, by its code.
    Code(u16),
}

impl Turn {
    /// A client with an allocation. Of a name's addresses it takes the first that gives one.
    pub(super) async fn allocated(
        url: &IceUrl,
        trust: Arc<ClientConfig>,
        username: &str,
        credential: &str,
    ) -> Result<Turn, Failure> {
        let mut failure = None;
        for address in resolve(&url.host, url.port).await.map_err(Failure::Silence)? {
            let trying = async {
                let login = (username.to_owned(), credential.to_owned());
                let mut turn = Turn::over(connect(url, address, trust.clone()).await?, login);
                turn.allocate().await?;
                Ok(turn)
            };
            match trying.await {
                Ok(turn) => return Ok(turn),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or(Failure::Code(0)))
    }

    /// Our address as a STUN server sees it, likewise.
    pub(super) async fn bound(url: &IceUrl, trust: Arc<ClientConfig>) -> Result<SocketAddr, Failure> {
        let mut failure = None;
        for address in resolve(&url.host, url.port).await.map_err(Failure::Silence)? {
            let trying = async {
                let socket = connect(url, address, trust.clone()).await?;
                Turn::over(socket, (String::new(), String::new())).bind().await
            };
            match trying.await {
                Ok(mapped) => return Ok(mapped),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or(Failure::Code(0)))
    }

    /// Gives the allocation back. One that cannot be reached any more ends by itself.
    pub(super) async fn release(&mut self) {
        let _ = self.ask(Method::Refresh, &[(attribute::LIFETIME, &[0; 4])], None).await;
    }

    fn over(socket: Socket, login: (String, String)) -> Turn {
        Turn { socket, login, realm: String::new(), nonce: Vec::new(), relayed: None }
    }

    /// Our address as the server sees it.
    async fn bind(&mut self) -> Result<SocketAddr, Failure> {
        let answer = self.ask(Method::Binding, &[], None).await?;
        let message = Message::decode(&answer).ok();
        let mapped = message.and_then(|it| it.address(attribute::XOR_MAPPED_ADDRESS));
        mapped.ok_or_else(|| Failure::Silence("the answer holds no address".to_owned()))
    }

    /// Asks for an allocation as browsers do: first without credentials.
    async fn allocate(&mut self) -> Result<(), Failure> {
        let transport = [(attribute::REQUESTED_TRANSPORT, &UDP[..])];
        let answer = match self.ask(Method::Allocate, &transport, None).await {
            Err(Failure::Code(401 | 438)) => self.ask(Method::Allocate, &transport, None).await?,
            other => other?,
        };
        self.relayed = Message::decode(&answer).ok().and_then(|it| it.address(attribute::XOR_RELAYED_ADDRESS));
        Ok(())
    }

    /// Lets `other` send to this one.
    pub(super) async fn permit(&mut self, other: &Turn) -> Result<(), Failure> {
        self.ask(Method::CreatePermission, &[], other.relayed).await.map(|_| ())
    }

    /// Sends data to `other` until it is there.
    pub(super) async fn reaches(&mut self, other: &mut Turn, data: &[u8]) -> bool {
        let Some(to) = other.relayed else { return false };
        let mut out = Vec::new();
        let indication = Encoder::new(&mut out, Class::Indication, Method::Send, [7; 12]);
        indication.address(attribute::XOR_PEER_ADDRESS, to).attribute(attribute::DATA, data).finish(false);
        for _ in 0..SENDS {
            if self.send(&out).await.is_err() {
                return false;
            }
            let arriving = async {
                while let Some(bytes) = other.receive().await {
                    let message = Message::decode(&bytes).ok().filter(|it| it.method() == Some(Method::Data));
                    if message.is_some_and(|it| it.get(attribute::DATA) == Some(data)) {
                        return true;
                    }
                }
                false
            };
            match timeout(RESEND, arriving).await {
                Ok(arrived) => return arrived,
                Err(_) => continue,
            }
        }
        false
    }

    async fn ask(
        &mut self,
        method: Method,
        extra: &[(u16, &[u8])],
        peer: Option<SocketAddr>,
    ) -> Result<Vec<u8>, Failure> {
        let mut transaction = [0; 12];
        getrandom::fill(&mut transaction).map_err(|error| Failure::Silence(error.to_string()))?;
        let request = self.encode(method, transaction, extra, peer);
        let (sends, wait) = match self.socket {
            Socket::Udp(_) => (SENDS, RESEND),
            Socket::Stream(..) => (1, PATIENCE),
        };
        let mut is_closed = false;
        for _ in 0..sends {
            self.send(&request).await.map_err(Failure::Silence)?;
            match timeout(wait, self.answer(transaction)).await {
                Ok(Some(answer)) => return self.read(answer),
                Ok(None) => is_closed = true,
                Err(_) => {}
            }
        }
        Err(Failure::Silence(match is_closed {
            true => "the connection was closed".to_owned(),
            false => format!("no answer within {} s", (wait * sends).as_secs()),
        }))
    }

    fn encode(
        &self,
        method: Method,
        transaction: [u8; 12],
        extra: &[(u16, &[u8])],
        peer: Option<SocketAddr>,
    ) -> Vec<u8> {
        let mut out = Vec::new();
        let mut request = Encoder::new(&mut out, Class::Request, method, transaction);
        for (kind, value) in extra {
            request = request.attribute(*kind, value);
        }
        if let Some(peer) = peer {
            request = request.address(attribute::XOR_PEER_ADDRESS, peer);
        }
        if !self.nonce.is_empty() {
            let (username, password) = &self.login;
            request = request.attribute(attribute::USERNAME, username.as_bytes());
            request = request.attribute(attribute::REALM, self.realm.as_bytes());
            request = request.attribute(attribute::NONCE, &self.nonce);
            request = request.sign(&IntegrityKey::long_term(username, &self.realm, password));
        }
        request.finish(true);
        out
    }

    async fn answer(&mut self, transaction: [u8; 12]) -> Option<Vec<u8>> {
        loop {
            let bytes = self.receive().await?;
            if Message::decode(&bytes).is_ok_and(|it| it.transaction() == transaction) {
                return Some(bytes);
            }
        }
    }

    fn read(&mut self, answer: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let Ok(message) = Message::decode(&answer) else {
            return Err(Failure::Silence("the answer makes no sense".to_owned()));
        };
        if let Some(nonce) = message.get(attribute::NONCE) {
            self.nonce = nonce.to_owned();
            self.realm = message.text(attribute::REALM).unwrap_or_default().to_owned();
        }
        match (message.class(), message.get(attribute::ERROR_CODE)) {
            (Class::Success, _) => Ok(answer),
            (_, Some([_, _, class, number, ..])) => Err(Failure::Code(u16::from(*class) * 100 + u16::from(*number))),
            _ => Err(Failure::Code(0)),
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let sent = match &mut self.socket {
            Socket::Udp(socket) => socket.send(bytes).await.map(|_| ()),
            Socket::Stream(stream, _) => {
                async {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                }
                .await
            }
        };
        sent.map_err(|error| error.to_string())
    }

    /// The next message; `None` when nothing comes any more.
    async fn receive(&mut self) -> Option<Vec<u8>> {
        match &mut self.socket {
            Socket::Udp(socket) => {
                let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
                let n_bytes = socket.recv(&mut buffer).await.ok()?;
                buffer.truncate(n_bytes);
                Some(buffer)
            }
            Socket::Stream(stream, read) => loop {
                if let Frame::Whole { length, next } = frame(read).ok()? {
                    let message = read.get(..length)?.to_owned();
                    read.drain(..next);
                    return Some(message);
                }
                if stream.read_buf(read).await.ok()? == 0 {
                    return None;
                }
            },
        }
    }
}

async fn connect(url: &IceUrl, address: SocketAddr, trust: Arc<ClientConfig>) -> Result<Socket, Failure> {
    let silence = |error: std::io::Error| Failure::Silence(error.to_string());
    if url.over == Over::Udp {
        let any: SocketAddr = if address.is_ipv4() { ([0; 4], 0).into() } else { ([0u16; 8], 0).into() };
        let socket = UdpSocket::bind(any).await.map_err(silence)?;
        socket.connect(address).await.map_err(silence)?;
        return Ok(Socket::Udp(socket));
    }
    let tcp = connect_tcp(&[address]).await.map_err(Failure::Silence)?;
    let stream = if url.over == Over::Tls {
        Either::Right(connect_tls(tcp, &url.host, trust).await.map_err(|it| match it {
            Unreached::Certificate(text) => Failure::Untrusted(text),
            Unreached::Tcp(text) | Unreached::Tls(text) => Failure::Silence(text),
        })?)
    } else {
        Either::Left(tcp)
    };
    Ok(Socket::Stream(Box::new(stream), Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::{IceUrl, Over};

    #[test]
    fn urls_are_read() {
        let read = |url: &str| IceUrl::parse(url).map(|it| (it.is_turn, it.over, it.host, it.port));
        assert_eq!(read("stun:a"), Some((false, Over::Udp, "a".to_owned(), 3478)));
        assert_eq!(read("turn:a:5?transport=tcp"), Some((true, Over::Tcp, "a".to_owned(), 5)));
        assert_eq!(read("turns:[::1]:443?transport=tcp"), Some((true, Over::Tls, "[::1]".to_owned(), 443)));
        assert_eq!(read("turns:[::1]"), Some((true, Over::Tls, "[::1]".to_owned(), 5349)));
        assert_eq!((read("http://a"), read("turn:a:70000")), (None, None));
    }
}
