//! A connection's bytes, below TLS, HTTP and websockets: ends the connection when its client does not take what is written, and
//! has whoever sends much wait for the others' turns; and between TLS and HTTP: notes that something came or went.
use std::{
    future::Future as _,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::coop::{consume_budget, unconstrained},
    time::{Sleep, sleep},
};

use super::progress::{Connection, PROGRESS_BYTES};
use crate::accounting::Reason;

/// Of what a task may do before others have their turn (`tokio::task::coop`), a read takes one part in 128, however much it
/// reads. Here it takes one more for each so many bytes, or several thousand pings that come at once would be answered first.
const PART_BYTES: usize = 512;

/// A socket that fails, reading included, once a write has waited too long. What the system's own buffers take counts as
/// read, so that a client that reads nothing fails once these are full, whatever it says in the meantime. Right above the
/// socket, because TLS has a buffer of its own, into which the answers to pings would go on being written.
pub(super) struct DeadlineStream<S> {
    stream: S,
    connection: Arc<Connection>,
    /// While the client is behind with reading; there is no timer in the ordinary case.
    behind: Option<Behind>,
    has_failed: bool,
    /// Whoever reads does not hear of the writer's failure otherwise.
    reader: Option<Waker>,
}

struct Behind {
    end: Pin<Box<Sleep>>,
    /// Taken since it fell behind.
    n_bytes: usize,
    /// The last write had to wait.
    is_pending: bool,
}

impl<S> DeadlineStream<S> {
    pub(super) fn new(stream: S, connection: Arc<Connection>) -> Self {
        DeadlineStream { stream, connection, behind: None, has_failed: false, reader: None }
    }

    /// A write took so many bytes.
    fn took(&mut self, n_bytes: usize) {
        let is_upgraded = self.connection.is_upgraded();
        if let Some(behind) = &mut self.behind {
            behind.n_bytes += n_bytes;
            behind.is_pending = false;
            if behind.n_bytes >= PROGRESS_BYTES || is_upgraded && n_bytes > 0 {
                self.behind = None;
            }
        }
    }

    /// A write, a flush or a shutdown waits for the client.
    fn waits(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let timeouts = &self.connection.timeouts;
        let timeout = if self.connection.is_upgraded() { timeouts.upgraded_write } else { timeouts.write };
        let behind =
            self.behind.get_or_insert_with(|| Behind { end: Box::pin(sleep(timeout)), n_bytes: 0, is_pending: true });
        behind.is_pending = true;
        if pin!(unconstrained(behind.end.as_mut())).poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.behind = None;
        self.has_failed = true;
        self.connection.ledger().count(Reason::WriteTimeout);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }

    fn check(&self) -> io::Result<()> {
        if self.has_failed { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }

    fn written(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => self.waits(cx).map(Err),
            Poll::Ready(Ok(n_bytes)) => {
                self.took(n_bytes);
                written
            }
            Poll::Ready(Err(_)) => written,
        }
    }

    fn flushed(&mut self, cx: &mut Context<'_>, flushed: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        match flushed {
            Poll::Pending => self.waits(cx).map(Err),
            Poll::Ready(_) => {
                // To flush a plain socket does nothing, and so says nothing about a write that waits.
                if self.behind.as_ref().is_some_and(|it| !it.is_pending) {
                    self.behind = None;
                }
                flushed
            }
        }
    }
}

/// So many bytes have been read. When the turn is over, the next read waits until the others have had theirs.
fn uses_up_turn(cx: &mut Context<'_>, n_bytes: usize) {
    let has_turn = |_: &usize| pin!(consume_budget()).poll(cx).is_ready();
    let _ = (0..n_bytes / PART_BYTES).take_while(has_turn).count();
}

impl<S: AsyncRead + Unpin> AsyncRead for DeadlineStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        uses_up_turn(cx, buffer.filled().len() - before);
        if read.is_pending() && !self.reader.as_ref().is_some_and(|it| it.will_wake(cx.waker())) {
            self.reader = Some(cx.waker().clone());
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for DeadlineStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.flushed(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.flushed(cx, shut)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Tells its connection that bytes of HTTP came or went.
pub(super) struct NotedStream<S> {
    stream: S,
    connection: Arc<Connection>,
}

impl<S> NotedStream<S> {
    pub(super) fn new(stream: S, connection: Arc<Connection>) -> Self {
        NotedStream { stream, connection }
    }

    fn written(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.connection.on_write();
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for NotedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.connection.on_read();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for NotedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(written)
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
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// A stream whose first byte was looked at.
pub(super) struct Prefixed<S> {
    first: u8,
    is_read: bool,
    stream: S,
}

impl<S> Prefixed<S> {
    pub(super) fn new(first: u8, stream: S) -> Self {
        Prefixed { first, is_read: false, stream }
    }

    pub(super) fn first(&self) -> u8 {
        self.first
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_read || buffer.remaining() == 0 {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        buffer.put_slice(&[self.first]);
        self.is_read = true;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
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
