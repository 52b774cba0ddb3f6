//! The control on one session's way out: counts what waits for its client, and shuts it from another task.
//!
//! socketioxide's writer waits for its peer without limit, and neither the heartbeat nor the disconnect handler gets past
//! a writer that waits: a peer that stops reading would keep its seat and its queue for as long as it likes.
use std::{
    io,
    pin::Pin,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;
use socketioxide::socket::Sid;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::engine_io::EngineIo;
use crate::accounting::Account;

/// Lives as long as its session, whatever transport that has.
pub(super) struct ConnectionControl {
    pub(super) account: Arc<Account>,
    is_shut: AtomicBool,
    /// A websocket carries the session, or is about to.
    is_websocket: AtomicBool,
    bytes_said: AtomicU64,
    bytes_taken: AtomicU64,
    // One reader and one writer may wait on a websocket, each with a waker of its own.
    reader: AtomicWaker,
    writer: AtomicWaker,
    /// Of a session that began with polling: where to strike it off when it ends.
    entry: OnceLock<(Sid, Weak<EngineIo>)>,
}

impl ConnectionControl {
    pub(super) fn new(account: Arc<Account>) -> Self {
        ConnectionControl {
            account,
            is_shut: AtomicBool::new(false),
            is_websocket: AtomicBool::new(false),
            bytes_said: AtomicU64::new(0),
            bytes_taken: AtomicU64::new(0),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
            entry: OnceLock::new(),
        }
    }

    /// From here on every read and write of the websocket fails, those already waiting included.
    pub(super) fn shut(&self) {
        self.is_shut.store(true, Ordering::SeqCst);
        self.reader.wake();
        self.writer.wake();
    }

    /// Bytes that were incoming and that no transport has taken yet.
    pub(super) fn bytes_waiting(&self) -> u64 {
        self.bytes_said.load(Ordering::Relaxed).saturating_sub(self.bytes_taken.load(Ordering::Relaxed))
    }

    /// One caller at a time.
    pub(super) fn incoming(&self, n_bytes: usize) {
        // Framing is counted where bytes are taken and not here: without this the difference would add up to a credit.
        self.bytes_said.fetch_max(self.bytes_taken.load(Ordering::Relaxed), Ordering::Relaxed);
        self.bytes_said.fetch_add(n_bytes as u64, Ordering::Relaxed);
    }

    /// What a transport took, its framing included.
    pub(super) fn taken(&self, n_bytes: u64) {
        self.bytes_taken.fetch_add(n_bytes, Ordering::Relaxed);
    }

    /// Marks the session as carried by a websocket. `false`: it is already.
    pub(super) fn claim_websocket(&self) -> bool {
        !self.is_websocket.swap(true, Ordering::SeqCst)
    }

    pub(super) fn is_websocket(&self) -> bool {
        self.is_websocket.load(Ordering::SeqCst)
    }

    pub(super) fn enter(&self, sid: Sid, engine_io: Weak<EngineIo>) {
        self.entry.get_or_init(|| (sid, engine_io));
    }

    fn check(&self, waiting: &AtomicWaker, cx: &Context<'_>) -> io::Result<()> {
        waiting.register(cx.waker());
        if self.is_shut.load(Ordering::SeqCst) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

impl Drop for ConnectionControl {
    fn drop(&mut self) {
        if let Some((sid, engine_io)) = self.entry.take()
            && let Some(engine_io) = engine_io.upgrade()
        {
            engine_io.remove(sid);
        }
    }
}

/// A websocket's bytes, through a control.
pub(super) struct ControlledStream<S, G> {
    inner: S,
    pub(super) control: Arc<ConnectionControl>,
    /// Read already, and to be read again.
    head: Vec<u8>,
    /// Dropped with the stream: what must end with the connection goes there.
    pub(super) guard: Option<G>,
}

impl<S: AsyncRead + Unpin, G: Unpin> ControlledStream<S, G> {
    pub(super) fn new(inner: S, control: Arc<ConnectionControl>) -> Self {
        ControlledStream { inner, control, head: Vec::new(), guard: None }
    }

    /// Waits for the first bytes and leaves them to be read. 0: there will be none.
    pub(super) async fn peek(&mut self) -> io::Result<usize> {
        let mut head = vec![0; 64];
        let n_bytes = self.read(&mut head).await?;
        head.truncate(n_bytes);
        self.head = head;
        Ok(n_bytes)
    }
}

impl<S: AsyncRead + Unpin, G: Unpin> AsyncRead for ControlledStream<S, G> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.control.check(&self.control.reader, cx)?;
        if !self.head.is_empty() {
            let n_bytes = self.head.len().min(buf.remaining());
            buf.put_slice(&self.head[..n_bytes]);
            self.head = self.head.split_off(n_bytes);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin, G: Unpin> AsyncWrite for ControlledStream<S, G> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.control.check(&self.control.writer, cx)?;
        let written = Pin::new(&mut self.inner).poll_write(cx, buf);
        if let Poll::Ready(Ok(n_bytes)) = written {
            self.control.taken(n_bytes as u64);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.control.check(&self.control.writer, cx)?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
