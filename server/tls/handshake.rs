//! How a TLS connection begins: with the server's certificate, or with the answer to an authority that looks whether this
//! server is who it says it is.
//!
//! **Invariant:** a connection that an authority made for its challenge carries nothing else (RFC 8737, section 3).
use std::io;

use axum_server::tls_rustls::RustlsConfig;
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor, server::TlsStream};

use super::acme::Challenges;

/// What acceptors begin connections with; it follows each change of the certificate.
#[derive(Clone)]
pub(crate) struct Handshakes {
    pub(super) config: RustlsConfig,
    /// Where an authority may ask.
    pub(super) challenges: Option<Challenges>,
}

impl Handshakes {
    /// `None`: it was an authority, it has seen what it came for, and the connection is over.
    ///
    /// # Errors
    /// The other side speaks no TLS that we do, or there is no certificate yet.
    pub(crate) async fn begin<S>(&self, stream: S) -> io::Result<Option<TlsStream<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Some(challenges) = &self.challenges else {
            return TlsAcceptor::from(self.config.get_inner()).accept(stream).await.map(Some);
        };
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let answer = challenges.answer_to(&begun.client_hello());
        match answer {
            None => begun.into_stream(self.config.get_inner()).await.map(Some),
            Some(answer) => {
                let mut stream = begun.into_stream(answer).await?;
                // It may be gone already.
                let _ = stream.shutdown().await;
                Ok(None)
            }
        }
    }
}
