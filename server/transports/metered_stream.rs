//! The bytes of a websocket on their way to and from a library, charged and bounded.
//!
//! **Invariants:** a frame is paid for before the library sees its last byte. What the library keeps because of what the
//! client does is held on its account: a message that is not complete, and buffers that have grown; so is what was read
//! before the library asked for it. A client that sends pings and does not read the pongs is not read from either, because
//! the library would keep them without bound. A stream whose meter is aborted fails at once, whoever waits for it.
use std::{
    cell::RefCell,
    future::poll_fn,
    io::{self, Cursor},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Buf as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    frame_meter::{Frame, FrameEvent, FrameKind, FrameMeter},
    meter::Meter,
};
use crate::accounting::Reason;

/// Bytes of pongs that may wait for a client to read them.
const PONG_BYTES_MAX: u64 = 16 * 1024;

/// What a library is to read at once. This much of each of its two buffers is in a session's cost.
pub(super) const BUFFER_BYTES: usize = 256;

/// What is read from the system at once: a few signals with their descriptions.
const READ_BYTES: usize = 8 * 1024;

thread_local! {
    /// For all connections of a thread, so that a library's buffer can be small and a signal still takes one system call.
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

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
    /// Read and paid for before the library asked for it.
    ahead: Cursor<Vec<u8>>,
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
        poll_fn(|cx| {
            self.0.meter.check_read(cx)?;
            self.0.poll_receive(cx, &mut ReadBuf::new(&mut []))
        })
        .await?;
        Ok(self.0.traffic.ahead.remaining())
    }

    pub(super) fn observer(&mut self) -> &mut O {
        &mut self.0.observer
    }
}

impl<S: AsyncRead + Unpin, O: FrameObserver> Metered<S, O> {
    /// Reads and pays. What is more than `buf` takes waits in `ahead`.
    fn poll_receive(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        READ.with_borrow_mut(|bytes| {
            let mut read = ReadBuf::new(bytes);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut read)).map_err(|error| self.on_error(error))?;
            let paid = self.on_bytes_read(read.filled());
            if paid.is_ok() {
                let (now, later) = read.filled().split_at(buf.remaining().min(read.filled().len()));
                buf.put_slice(now);
                self.traffic.ahead = Cursor::new(later.to_vec());
            }
            self.hold();
            Poll::Ready(paid.map_err(|reason| {
                self.meter.end(reason);
                io::Error::new(io::ErrorKind::QuotaExceeded, reason.as_str())
            }))
        })
    }
}

impl<S, O: FrameObserver> Metered<S, O> {
    fn on_bytes_read(&mut self, mut bytes: &[u8]) -> Result<(), Reason> {
        let account = self.meter.account();
        let now = account.ledger().now();
        account.receive_bytes_at(bytes.len(), now)?;
        while let Some(event) = self.traffic.received.next(&mut bytes) {
            match event {
                FrameEvent::Begin { n_message } => {
                    account.receive_messages_at(1, now)?;
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
        let traffic = &self.traffic;
        let read = traffic.largest_read.max(traffic.received.n_unfinished());
        let grown = |n_bytes: u64| n_bytes.saturating_sub(BUFFER_BYTES as u64);
        let held = grown(read) + grown(traffic.largest_written) + traffic.ahead.get_ref().capacity() as u64;
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
        let ahead = &mut this.traffic.ahead;
        if ahead.has_remaining() {
            let n_bytes = ahead.remaining().min(buf.remaining());
            ahead.copy_to_slice(buf.initialize_unfilled_to(n_bytes));
            buf.advance(n_bytes);
            if !ahead.has_remaining() {
                *ahead = Cursor::default();
                this.hold();
            }
            return Poll::Ready(Ok(()));
        }
        if this.traffic.pong_bytes > PONG_BYTES_MAX {
            // Whoever writes them wakes the reader.
            return Poll::Pending;
        }
        this.poll_receive(cx, buf)
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;
    use crate::{accounting::Ledger, transports::test_server::LIMITS};

    struct Unobserved;

    impl FrameObserver for Unobserved {
        fn on_received(&mut self, _: &Frame) -> Result<(), Reason> {
            Ok(())
        }

        fn on_sent(&mut self, _: &Frame) {}
    }

    #[tokio::test]
    async fn what_is_read_before_the_library_asks_is_kept_and_held_until_it_does() {
        let account = Ledger::new(Default::default()).open_account(Ipv4Addr::LOCALHOST.into(), b"", 0).unwrap();
        let (mut client, inner) = duplex(64 * 1024);
        let mut stream = MeteredStream::new(inner, Meter::new(account.clone(), Arc::new(LIMITS)), Unobserved);
        // Frames of eight bytes, more of them than are read at once.
        let sent = [0x82, 0x82, 0, 0, 0, 0, 1, 2].repeat(2 * READ_BYTES / 8);
        client.write_all(&sent).await.unwrap();
        assert_eq!(stream.peek().await.unwrap(), READ_BYTES);
        assert_eq!(account.held(), READ_BYTES as u64);
        let mut received = vec![0; 100];
        stream.read_exact(&mut received).await.unwrap();
        assert_eq!(account.held(), READ_BYTES as u64);
        received.resize(sent.len(), 0);
        stream.read_exact(&mut received[100..]).await.unwrap();
        assert!(received == sent, "what comes out is what came in");
        assert_eq!(account.held(), 0);
    }
}
