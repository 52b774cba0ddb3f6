//! How a connection comes in: TCP without delay, and TLS over it where there is a certificate.
//!
//! **Invariants:** one type of stream for both, so that the code that serves it is there once. A client that never says
//! enough to tell its version of HTTP is not waited for: hyper's own handshake_timeout begins after that.
use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum_server::{
    accept::{Accept, NoDelayAcceptor},
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

/// How a connection of HTTP/2 begins (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A plain connection is not to carry the room that a TLS one needs.
type Stream = DeadlineStream<Either<TcpStream, Box<TlsStream<TcpStream>>>>;

/// Takes connections in.
#[derive(Clone)]
pub(crate) struct Acceptor {
    handshake_timeout: Duration,
    tls: Option<RustlsAcceptor<NoDelayAcceptor>>,
}

impl Acceptor {
    /// `handshake_timeout` is for a client to show its version of HTTP, from when its connection or its TLS stands.
    pub(crate) fn new(handshake_timeout: Duration, certificate: Option<RustlsConfig>) -> Self {
        Acceptor { handshake_timeout, tls: certificate.map(|it| RustlsAcceptor::new(it).acceptor(NoDelayAcceptor)) }
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Acceptor {
    type Stream = Stream;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Stream, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let handshake_timeout = self.handshake_timeout;
        match &self.tls {
            None => Box::pin(async move {
                stream.set_nodelay(true)?;
                Ok((DeadlineStream::new(Either::Left(stream), handshake_timeout), service))
            }),
            Some(tls) => {
                let handshake = tls.accept(stream, service);
                Box::pin(async move {
                    let (stream, service) = handshake.await?;
                    Ok((DeadlineStream::new(Either::Right(Box::new(stream)), handshake_timeout), service))
                })
            }
        }
    }
}

/// A stream that fails to be read when too much time goes by before its client has shown its version of HTTP.
pub(crate) struct DeadlineStream<S> {
    stream: S,
    /// Until the version is known.
    waiting: Option<Waiting>,
}

struct Waiting {
    end: Pin<Box<Sleep>>,
    /// Of the preface, so far.
    n_read: usize,
}

impl<S> DeadlineStream<S> {
    fn new(stream: S, handshake_timeout: Duration) -> Self {
        DeadlineStream { stream, waiting: Some(Waiting { end: Box::pin(sleep(handshake_timeout)), n_read: 0 }) }
    }
}

impl Waiting {
    /// Is what has come, with `bytes`, still no more than the beginning of the preface?
    fn goes_on(&mut self, bytes: &[u8]) -> bool {
        let expected = PREFACE.get(self.n_read..).unwrap_or_default();
        self.n_read += bytes.len();
        bytes.len() < expected.len() && expected.starts_with(bytes)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for DeadlineStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let this = &mut *self;
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let Some(waiting) = &mut this.waiting else { return read };
        if read.is_pending() {
            ready!(waiting.end.as_mut().poll(cx));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let bytes = buffer.filled().get(before..).unwrap_or_default();
        if bytes.is_empty() || !waiting.goes_on(bytes) {
            this.waiting = None;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for DeadlineStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

    /// What a client says, each word this long after the one before; whether the acceptor still listens a minute later.
    async fn is_heard(words: &[&[u8]], pause: Duration) -> bool {
        let (mut client, server) = duplex(1024);
        let mut server = DeadlineStream::new(server, HANDSHAKE_TIMEOUT);
        let listening = async {
            let mut said = Vec::new();
            server.read_to_end(&mut said).await.is_ok()
        };
        let talking = async {
            for word in words {
                client.write_all(word).await.unwrap();
                sleep(pause).await;
            }
            sleep(Duration::from_secs(60)).await;
            drop(client);
        };
        let (is_heard, ()) = tokio::join!(listening, talking);
        is_heard
    }

    #[tokio::test(start_paused = true)]
    async fn silence_and_half_a_preface_are_not_waited_for() {
        assert!(!is_heard(&[], Duration::ZERO).await);
        assert!(!is_heard(&[b"PRI * H"], Duration::ZERO).await);
        assert!(!is_heard(&[b"P", b"R", b"I", b" "], Duration::from_secs(4)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_shown_its_version_is_left_to_hyper() {
        assert!(is_heard(&[b"G"], Duration::ZERO).await);
        assert!(is_heard(&[b"P", b"OST"], Duration::from_secs(1)).await);
        assert!(is_heard(&[PREFACE], Duration::ZERO).await);
        assert!(is_heard(&[&PREFACE[..9], &PREFACE[9..]], Duration::from_secs(1)).await);
    }
}
