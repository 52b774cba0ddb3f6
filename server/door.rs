//! How a connection comes in: TCP without delay, and TLS over it where there is a certificate.
//!
//! **Invariant:** one type of stream for both, so that the code that serves it is there once.
use std::{future::Future, io, pin::Pin};

use axum_server::{
    accept::{Accept, NoDelayAcceptor},
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

/// A plain connection is not to carry the room that a TLS one needs.
type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Takes connections in.
#[derive(Clone)]
pub(crate) struct Door {
    tls: Option<RustlsAcceptor<NoDelayAcceptor>>,
}

impl Door {
    pub(crate) fn new(certificate: Option<RustlsConfig>) -> Self {
        Door { tls: certificate.map(|it| RustlsAcceptor::new(it).acceptor(NoDelayAcceptor)) }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Door {
    type Stream = Stream;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Stream, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        match &self.tls {
            None => {
                let ready = stream.set_nodelay(true).map(|()| (Either::Left(stream), service));
                Box::pin(std::future::ready(ready))
            }
            Some(tls) => {
                let handshake = tls.accept(stream, service);
                Box::pin(async { handshake.await.map(|(stream, service)| (Either::Right(Box::new(stream)), service)) })
            }
        }
    }
}
