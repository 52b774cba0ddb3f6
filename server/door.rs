//! How a connection comes in: TCP without delay, and TLS over it where there is a certificate.
//!
//! **Invariant:** one type of stream for both, so that the code that serves it is there once.
use std::{future::Future, io, pin::Pin, time::Duration};

use axum_server::{
    accept::{Accept, NoDelayAcceptor},
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

/// A plain connection is not to carry the room that a TLS one needs.
type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Takes connections in.
#[derive(Clone)]
pub(crate) struct Door {
    /// For a client to say its first byte; hyper's own patience begins after it.
    patience: Duration,
    tls: Option<RustlsAcceptor<NoDelayAcceptor>>,
}

impl Door {
    pub(crate) fn new(patience: Duration, certificate: Option<RustlsConfig>) -> Self {
        Door { patience, tls: certificate.map(|it| RustlsAcceptor::new(it).acceptor(NoDelayAcceptor)) }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Door {
    type Stream = Stream;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Stream, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let patience = self.patience;
        match &self.tls {
            None => Box::pin(async move {
                stream.set_nodelay(true)?;
                timeout(patience, stream.readable()).await??;
                Ok((Either::Left(stream), service))
            }),
            Some(tls) => {
                let handshake = tls.accept(stream, service);
                Box::pin(async move {
                    let (mut stream, service) = handshake.await?;
                    let (tcp, session) = stream.get_mut();
                    // It may have come together with the end of the handshake.
                    let has_said = session.process_new_packets().is_ok_and(|it| it.plaintext_bytes_to_read() > 0);
                    if !has_said {
                        timeout(patience, tcp.readable()).await??;
                    }
                    Ok((Either::Right(Box::new(stream)), service))
                })
            }
        }
    }
}
