//! What a server of ours says of itself at `/health`, asked over one connection that is there before anything is measured.
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::Result;

/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// No load comes from this address, so that no limit of an address hides what is asked for.
const OWN_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 250);

pub(crate) struct Health(BufReader<TcpStream>);

impl Health {
    pub(crate) fn open(socket: SocketAddr) -> Result<Self> {
        let from = Socket::new(Domain::for_address(socket), Type::STREAM, None)?;
        if socket.is_ipv4() {
            from.bind(&SocketAddr::from((OWN_ADDRESS, 0)).into())?;
        }
        from.connect(&socket.into())?;
        let stream = TcpStream::from(from);
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The whole answer.
    pub(crate) fn ask(&mut self) -> Result<Value> {
        self.0.get_mut().write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        let mut body_bytes = 0;
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err("the server has ended the connection for /health".into());
            }
            if let Some(n) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                body_bytes = n.trim().parse()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; body_bytes];
        self.0.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// The reasons that the server has counted so far, with how often.
    pub(crate) fn reasons(&mut self) -> Result<BTreeMap<String, u64>> {
        let health = self.ask()?;
        let counted = health["reasons"].as_object();
        Ok(counted.into_iter().flatten().map(|(reason, n)| (reason.clone(), n.as_u64().unwrap_or_default())).collect())
    }
}
