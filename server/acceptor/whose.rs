//! Whose connection it is: a trusted proxy says so before anything else, where the listener speaks the PROXY protocol.
//!
//! **Invariants:** of a connection whose other end is no trusted proxy not a byte is looked at here, so that nobody else is
//! believed. One of a trusted proxy always begins with the header: to guess whether there is one is what the specification
//! forbids (section 2), because whoever is behind a proxy that sends none could send their own.
use std::{io, net::SocketAddr, sync::atomic::Ordering};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    net::TcpStream,
};

use super::Acceptor;
use crate::{
    accounting::{ConnectionPermit, Reason},
    proxy_protocol::{self, BYTES_MAX, Malformed, Progress},
};

/// What is passed over of a header is read in pieces of this size.
const IGNORED_AT_A_TIME: usize = 256;

/// Why a connection of a proxy ends before it has begun.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unannounced {
    /// It ended without a word, as those do by which balancers see whether somebody listens.
    #[error("nothing came")]
    Silent,
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    Broken(#[from] io::Error),
}

impl Unannounced {
    pub(super) fn reason(&self) -> Reason {
        match self {
            Unannounced::Silent => Reason::ClientClosed,
            Unannounced::Malformed(_) => Reason::ProxyHeader,
            Unannounced::Broken(_) => Reason::TransportError,
        }
    }
}

impl Acceptor {
    /// Reads the header where there has to be one. Gives the address that the connection counts for from then on.
    pub(super) async fn announced(&self, stream: &mut TcpStream, from: SocketAddr) -> Result<SocketAddr, Unannounced> {
        if !self.speaks_proxy_protocol || !(self.is_proxy)(from.ip().to_canonical()) {
            return Ok(from);
        }
        let header = header(stream).await;
        if matches!(header, Err(Unannounced::Malformed(_))) && !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                address = %from.ip().to_canonical(),
                "a trusted proxy's connection did not begin with the header of the PROXY protocol, and was closed: have it \
                 send that (HAProxy: send-proxy-v2, nginx: proxy_protocol on), or set http.proxy_protocol to false; or, if it \
                 is no proxy, take it out of http.trusted_proxies"
            );
        }
        Ok(header?.unwrap_or(from))
    }

    /// Has the connection count for the client that a proxy has named.
    pub(super) fn pass_on(&self, permit: &mut ConnectionPermit, client: SocketAddr) -> Result<(), Reason> {
        let client = client.ip().to_canonical();
        let passed = permit.pass_on(client, (self.is_proxy)(client));
        passed.inspect_err(|reason| tracing::info!(event = "refused", what = "connection", reason = reason.as_str()))
    }
}

/// Reads a header and no more. `None`: it names nobody.
async fn header(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<SocketAddr>, Unannounced> {
    let mut buffer = [0; BYTES_MAX];
    let mut n_read = 0;
    loop {
        let (read, free) = buffer.split_at_mut(n_read);
        match proxy_protocol::read(read)? {
            Progress::Needs(n) => {
                let free = free.get_mut(..n).ok_or(Malformed)?;
                n_read += filled(stream, free, n_read == 0).await?;
            }
            Progress::Known { client, mut n_ignored } => {
                let mut ignored = [0; IGNORED_AT_A_TIME];
                while n_ignored > 0 {
                    let n = n_ignored.min(IGNORED_AT_A_TIME);
                    let (part, _) = ignored.split_at_mut(n);
                    n_ignored -= filled(stream, part, false).await?;
                }
                return Ok(client);
            }
        }
    }
}

/// Reads into all of `part`, or fewer bytes. `is_first`: nothing has been read before.
async fn filled(stream: &mut (impl AsyncRead + Unpin), part: &mut [u8], is_first: bool) -> Result<usize, Unannounced> {
    match stream.read(part).await? {
        0 if is_first => Err(Unannounced::Silent),
        0 => Err(Malformed.into()),
        n => Ok(n),
    }
}
