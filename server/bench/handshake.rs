//! How a browser opens a WebSocket to the server: its request, its kilobyte of headers, and a source address to spare.
use std::{
    error::Error,
    fmt::{self, Display},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicU32, Ordering},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::{
    Result,
    tls::{self, Line},
};

/// Connections that share one source address. An address has 28,000 ports, and an ended connection keeps its for 60 s.
const CONNECTIONS_PER_SOURCE: u32 = 2_000;
const SOURCES: u32 = 200;
const ANSWER_BYTES_MAX: usize = 4096;

/// What a Chromium sends along; servers that keep the request pay for it.
pub(crate) const BROWSER_HEADERS: &str = "Connection: Upgrade\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
    Safari/537.36\r\n\
    Upgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-GB,en;q=0.9,de-DE;q=0.8,de;q=0.7,en-US;q=0.6\r\n\
    Cookie: theme=dark; consent=2026-01-12T09%3A41%3A07.123Z%7Cnecessary%2Cpreferences; \
    _ga=GA1.1.1234567890.1760000000; _ga_ABCDEFGHIJ=GS2.1.s1760000000$o12$g1$t1760001234$j60$l0$h0; \
    session=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5\
    MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
/// The answer that RFC 6455 gives to its sample key above.
const ACCEPTED: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The answer to a request for a WebSocket, where it is none: its first line.
#[derive(Debug)]
pub(crate) struct Refused(String);

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the WebSocket handshake was refused: {}", self.0)
    }
}

impl Error for Refused {}

/// Where a server is reached.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) socket: SocketAddr,
    pub(crate) path: String,
}

/// An open WebSocket, and what the server has already said on it.
pub(crate) async fn open(Address { socket, path }: &Address) -> Result<(Line, Vec<u8>)> {
    match tls::connect(connect(*socket).await?).await? {
        Ok(mut stream) => {
            let said = shake_hands(&mut stream, *socket, path).await?;
            Ok((Line::secure(stream), said))
        }
        Err(mut stream) => {
            let said = shake_hands(&mut stream, *socket, path).await?;
            Ok((Line::plain(stream), said))
        }
    }
}

/// What the server has already said behind its answer.
async fn shake_hands(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    socket: SocketAddr,
    path: &str,
) -> Result<Vec<u8>> {
    let scheme = if tls::is_on() { "https" } else { "http" };
    let request = format!(
        "GET {path}?EIO=4&transport=websocket HTTP/1.1\r\nHost: {socket}\r\nOrigin: {scheme}://{socket}\r\n{BROWSER_HEADERS}"
    );
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::with_capacity(1024);
    let body_at = loop {
        let n = stream.read_buf(&mut answer).await?;
        if let Some(at) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if n == 0 || answer.len() > ANSWER_BYTES_MAX {
            return Err("no answer to the WebSocket handshake".into());
        }
    };
    let said = answer.split_off(body_at);
    let head = String::from_utf8_lossy(&answer);
    if !head.starts_with("HTTP/1.1 101") || !head.contains(ACCEPTED) {
        return Err(Refused(head.lines().next().unwrap_or_default().to_owned()).into());
    }
    if head.to_ascii_lowercase().contains("sec-websocket-extensions") {
        return Err("the server compresses, and this generator does not speak permessage-deflate".into());
    }
    Ok(said)
}

async fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let socket = match to.ip() {
        IpAddr::V4(_) => {
            let source = MADE.fetch_add(1, Ordering::Relaxed) / CONNECTIONS_PER_SOURCE % SOURCES;
            let socket = TcpSocket::new_v4()?;
            socket.bind((Ipv4Addr::from_bits(Ipv4Addr::new(127, 0, 0, 2).to_bits() + source), 0).into())?;
            socket
        }
        IpAddr::V6(_) => TcpSocket::new_v6()?,
    };
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
