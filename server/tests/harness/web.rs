//! HTTP/1.1 by hand, over one connection: what is sent is exactly what the test says.
use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::soon;

/// One connection.
pub(crate) struct Web {
    pub(crate) stream: TcpStream,
    /// Read, and not yet taken.
    pub(crate) ahead: Vec<u8>,
}

/// Connections to several servers, taken in turn.
pub(crate) struct InTurn {
    webs: Vec<Web>,
    n_taken: usize,
}

impl InTurn {
    pub(crate) async fn to(addresses: &[SocketAddr]) -> InTurn {
        let mut webs = Vec::new();
        for &address in addresses {
            webs.push(Web::to(address).await);
        }
        InTurn { webs, n_taken: 0 }
    }

    pub(crate) fn next(&mut self) -> &mut Web {
        let n = self.n_taken % self.webs.len();
        self.n_taken += 1;
        &mut self.webs[n]
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header's text, empty where it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|it| it.0 == name).map_or("", |it| &it.1)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Web {
    pub(crate) async fn to(address: SocketAddr) -> Web {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Web { stream, ahead: Vec::new() }
    }

    pub(crate) async fn ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.send(method, target, headers, body).await;
        self.answer(method).await.unwrap_or_else(|| panic!("{method} {target}: closed without an answer"))
    }

    pub(crate) async fn send(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) {
        let host = if headers.iter().any(|it| it.0 == "host") { "" } else { "host: 127.0.0.1\r\n" };
        let mut request = format!("{method} {target} HTTP/1.1\r\n{host}");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if method == "POST" || !body.is_empty() {
            request += &format!("content-length: {}\r\n", body.len());
        }
        let mut bytes = (request + "\r\n").into_bytes();
        bytes.extend_from_slice(body);
        // A server that has seen enough closes; what it said stands in its answer.
        let _ = self.stream.write_all(&bytes).await;
    }

    /// The status with which a path is answered. `None`: the connection ended.
    pub(crate) async fn answer_to(mut self, path: &str) -> Option<u16> {
        self.send("GET", path, &[], b"").await;
        self.answer("GET").await.map(|it| it.status)
    }

    /// `None`: the connection ended.
    pub(crate) async fn answer(&mut self, method: &str) -> Option<Answer> {
        let head_end = loop {
            match find(&self.ahead, b"\r\n\r\n") {
                Some(at) => break at,
                None if self.more().await => (),
                None => return None,
            }
        };
        let head = String::from_utf8(self.ahead.drain(..head_end + 4).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let header = |line: &str| line.split_once(':').map(|it| (it.0.to_lowercase(), it.1.trim().to_owned()));
        let headers = lines.filter_map(header).collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        if method != "HEAD" && !matches!(status, 101 | 204 | 304) {
            answer.body = self.body(&answer).await?;
        }
        Some(answer)
    }

    async fn body(&mut self, answer: &Answer) -> Option<Vec<u8>> {
        if answer.header("transfer-encoding") == "chunked" {
            let mut body = Vec::new();
            loop {
                let line = self.line().await?;
                let n_bytes = usize::from_str_radix(line.trim(), 16).unwrap();
                body.extend(self.take(n_bytes).await?);
                self.line().await?;
                if n_bytes == 0 {
                    return Some(body);
                }
            }
        }
        match answer.header("content-length") {
            "" => {
                while self.more().await {}
                Some(std::mem::take(&mut self.ahead))
            }
            length => self.take(length.parse().unwrap()).await,
        }
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            match find(&self.ahead, b"\r\n") {
                Some(at) => return Some(String::from_utf8(self.ahead.drain(..at + 2).collect()).unwrap()),
                None if self.more().await => (),
                None => return None,
            }
        }
    }

    async fn take(&mut self, n_bytes: usize) -> Option<Vec<u8>> {
        while self.ahead.len() < n_bytes {
            if !self.more().await {
                return None;
            }
        }
        Some(self.ahead.drain(..n_bytes).collect())
    }

    /// `false`: the connection ended.
    async fn more(&mut self) -> bool {
        soon("bytes from the server", self.stream.read_buf(&mut self.ahead)).await.is_ok_and(|n| n > 0)
    }
}

pub(crate) fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|it| it == part)
}
