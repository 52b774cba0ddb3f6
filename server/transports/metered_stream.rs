//! The bytes of a websocket on their way to and from a library, charged and bounded.
//!
//! **Invariants:** a frame is paid for before the library sees its last byte. What the library keeps because of what the
//! client does is held on its account: a message that is not complete, and buffers that have grown. A client that sends
//! pings and does not read the pongs is not read from either, because the library would keep them without bound. A stream
//! whose meter is aborted fails at once, whoever waits for it.
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::{
    frame_meter::{Frame, FrameEvent, FrameKind, FrameMeter},
    meter::Meter,
};
use crate::accounting::Reason;

/// Bytes of pongs that may wait for a client to read them.
const PONG_BYTES_MAX: u64 = 16 * 1024;

/// Of each of the library's two buffers, which a session's cost includes.
const BUFFER_BYTES: u64 = 1024;

/// What a protocol above websockets knows of its frames.
pub(super) trait FrameObserver: Send + Unpin {
    /// The client has sent a frame, which the library has not seen.
    ///
    /// # Errors
    /// The connection has to end.
    fn on_received(&mut self, frame: &Frame) -> Result<(), Reason>;

    /// The client was sent a frame.
    fn on_sent(&mut self, frame: &Frame);
}

/// A stream below a websocket of a server. Behind one pointer, because the libraries' tasks have room for several copies of a
/// stream.
pub(super) struct MeteredStream<S, O>(Box<Metered<S, O>>);

struct Metered<S, O> {
    inner: S,
    meter: Arc<Meter>,
    observer: O,
    traffic: Traffic,
}

#[derive(Default)]
struct Traffic {
    received: FrameMeter,
    sent: FrameMeter,
    /// Read already, and to be read again.
    peeked: Vec<u8>,
    /// Of pings that were read and whose pongs were not written.
    pong_bytes: u64,
    // The library's buffers keep the room that their largest content took.
    largest_read: u64,
    largest_written: u64,
    /// On the account.
    held: u64,
}

impl<S: AsyncRead + Unpin, O: FrameObserver> MeteredStream<S, O> {
    pub(super) fn new(inner: S, meter: Arc<Meter>, observer: O) -> Self {
        MeteredStream(Box::new(Metered { inner, meter, observer, traffic: Traffic::default() }))
    }

    /// Waits for the first bytes and leaves them to be read. 0: there will be none.
    pub(super) async fn peek(&mut self) -> io::Result<usize> {
        let mut peeked = vec![0; 64];
        let n_bytes = self.read(&mut peeked).await?;
        peeked.truncate(n_bytes);
        self.0.traffic.peeked = peeked;
        Ok(n_bytes)
    }

    pub(super) fn observer(&mut self) -> &mut O {
        &mut self.0.observer
    }
}

impl<S, O: FrameObserver> Metered<S, O> {
    fn on_bytes_read(&mut self, mut bytes: &[u8]) -> Result<(), Reason> {
        let account = self.meter.account();
        account.receive_bytes(bytes.len())?;
        while let Some(event) = self.traffic.received.next(&mut bytes) {
            match event {
                FrameEvent::Begin { n_message } => {
                    account.receive_messages(1)?;
                    // Before the library makes room for it.
                    if n_message > self.meter.limits().message_bytes_max as u64 {
                        return Err(Reason::MessageTooLong);
                    }
                }
                FrameEvent::End(frame) => {
                    if frame.kind == FrameKind::Ping {
                        self.traffic.pong_bytes += frame.n_bytes;
                    }
                    self.traffic.largest_read = self.traffic.largest_read.max(frame.n_bytes);
                    self.observer.on_received(&frame)?;
                }
            }
        }
        Ok(())
    }

    fn on_bytes_written(&mut self, mut bytes: &[u8]) {
        while let Some(event) = self.traffic.sent.next(&mut bytes) {
            if let FrameEvent::End(frame) = event {
                if frame.kind == FrameKind::Pong {
                    // A client's frame has a mask of four bytes.
                    self.set_pong_bytes(self.traffic.pong_bytes.saturating_sub(frame.n_bytes + 4));
                }
                self.observer.on_sent(&frame);
            }
        }
    }

    /// The connection below has a deadline for writes too.
    fn on_error(&self, error: io::Error) -> io::Error {
        if error.kind() == io::ErrorKind::TimedOut {
            self.meter.end(Reason::WriteTimeout);
        }
        error
    }

    fn set_pong_bytes(&mut self, n_bytes: u64) {
        let old = std::mem::replace(&mut self.traffic.pong_bytes, n_bytes);
        if old > PONG_BYTES_MAX && n_bytes <= PONG_BYTES_MAX {
            self.meter.wake_reader();
        }
    }

    fn hold(&mut self) {
        let read = self.traffic.largest_read.max(self.traffic.received.n_unfinished());
        let held = read.saturating_sub(BUFFER_BYTES) + self.traffic.largest_written.saturating_sub(BUFFER_BYTES);
        let old = std::mem::replace(&mut self.traffic.held, held);
        if held > old {
            self.meter.account().hold(held - old);
        } else if held < old {
            self.meter.account().release(old - held);
        }
    }
}

impl<S: AsyncRead + Unpin, O: FrameObserver> AsyncRead for MeteredStream<S, O> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self.0;
        this.meter.check_read(cx)?;
        if !this.traffic.peeked.is_empty() {
            let n_bytes = this.traffic.peeked.len().min(buf.remaining());
            buf.put_slice(&this.traffic.peeked[..n_bytes]);
            this.traffic.peeked = this.traffic.peeked.split_off(n_bytes);
            return Poll::Ready(Ok(()));
        }
        if this.traffic.pong_bytes > PONG_BYTES_MAX {
            // Whoever writes them wakes the reader.
            return Poll::Pending;
        }
        let n_before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf)).map_err(|error| this.on_error(error))?;
        let paid = this.on_bytes_read(&buf.filled()[n_before..]);
        this.hold();
        Poll::Ready(paid.map_err(|reason| {
            buf.set_filled(n_before);
            this.meter.end(reason);
            io::Error::new(io::ErrorKind::QuotaExceeded, reason.as_str())
        }))
    }
}

impl<S: AsyncWrite + Unpin, O: FrameObserver> AsyncWrite for MeteredStream<S, O> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self.0;
        this.meter.check_write(cx)?;
        // The library passes all that waits in its buffer.
        this.traffic.largest_written = this.traffic.largest_written.max(buf.len() as u64);
        this.hold();
        let written = Pin::new(&mut this.inner).poll_write(cx, buf);
        this.meter.on_write(written.is_pending());
        if let Poll::Ready(Ok(n_bytes)) = written {
            this.on_bytes_written(&buf[..n_bytes]);
        }
        written.map_err(|error| this.on_error(error))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self.0;
        this.meter.check_write(cx)?;
        let flushed = Pin::new(&mut this.inner).poll_flush(cx);
        this.meter.on_write(flushed.is_pending());
        if let Poll::Ready(Ok(())) = flushed {
            // The library flushes once its own buffer is empty.
            this.set_pong_bytes(0);
        }
        flushed.map_err(|error| this.on_error(error))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.inner).poll_shutdown(cx)
    }
}

impl<S, O> Drop for Metered<S, O> {
    fn drop(&mut self) {
        self.meter.account().release(self.traffic.held);
    }
}
