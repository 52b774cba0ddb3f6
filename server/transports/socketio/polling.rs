//! The bodies of polling: what a client posts, before the library has it, and what a poll is answered with, until it has left.
//!
//! **Invariants:** a posted body is charged as it comes and handed on packet by packet, until the session ends. A polled one
//! counts as waiting until it has been taken, in pieces that are no longer than the connection below takes at a time.
use std::{
    convert::Infallible,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::time::timeout;

use super::session::{EngineSession, Turn};
use crate::accounting::Reason;

/// Between packets of one body (Engine.IO 4, "HTTP long-polling").
const SEPARATOR: u8 = 0x1e;

/// For all of a posted body, however steadily it comes.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// Of a polled body at a time.
const PIECE_BYTES: usize = 16 * 1024;

/// A body that was received whole. Hands itself on packet by packet.
pub(super) struct PostedBody {
    session: Arc<EngineSession>,
    bytes: Bytes,
    /// On the account.
    held: u64,
    _turn: Turn,
}

impl PostedBody {
    /// # Errors
    /// The session has to end.
    pub(super) async fn receive(session: &Arc<EngineSession>, body: Body, turn: Turn) -> Result<Self, Reason> {
        let mut posted = PostedBody { session: session.clone(), bytes: Bytes::new(), held: 0, _turn: turn };
        tokio::select! {
            biased;
            () = session.meter.aborted() => Err(session.meter.reason().unwrap_or(Reason::ByServer)),
            read = timeout(BODY_TIMEOUT, posted.read(body)) => read.unwrap_or(Err(Reason::BodyTimeout)),
        }?;
        let n_packets = 1 + posted.bytes.iter().filter(|it| **it == SEPARATOR).count();
        session.meter.account().receive_messages(n_packets as u64)?;
        Ok(posted)
    }

    async fn read(&mut self, mut body: Body) -> Result<(), Reason> {
        let meter = self.session.meter.clone();
        let n_max = meter.limits().message_bytes_max;
        if body.size_hint().lower() > n_max as u64 {
            return Err(Reason::MessageTooLong);
        }
        let mut bytes = Vec::new();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let Ok(data) = frame.map_err(|_| Reason::TransportError)?.into_data() else { continue };
            meter.account().receive_bytes(data.len())?;
            if bytes.len() + data.len() > n_max {
                return Err(Reason::MessageTooLong);
            }
            meter.account().hold(data.len() as u64);
            self.held += data.len() as u64;
            bytes.extend_from_slice(&data);
        }
        self.bytes = bytes.into();
        Ok(())
    }

    fn on_packet(&self, packet: &[u8]) -> Result<(), Reason> {
        match packet.strip_prefix(b"b") {
            Some(base64) => self.session.on_binary(n_decoded(base64)),
            None => self.session.on_text(packet, packet.len() as u64),
        }
    }
}

impl HttpBody for PostedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.bytes.is_empty() || self.session.meter.reason().is_some() {
            return Poll::Ready(None);
        }
        let n_packet = self.bytes.iter().position(|it| *it == SEPARATOR).unwrap_or(self.bytes.len());
        if let Err(reason) = self.on_packet(&self.bytes[..n_packet]) {
            let reason = self.session.meter.end(reason);
            self.session.meter.abort(reason);
            return Poll::Ready(None);
        }
        let n_with_separator = self.bytes.len().min(n_packet + 1);
        Poll::Ready(Some(Ok(Frame::data(self.bytes.split_to(n_with_separator)))))
    }
}

impl Drop for PostedBody {
    fn drop(&mut self) {
        self.session.meter.account().release(self.held);
    }
}

/// The answer to a poll.
pub(super) struct PolledBody {
    session: Arc<EngineSession>,
    bytes: Bytes,
    /// Of what the session queued.
    n_frames: usize,
    n_bytes: u64,
    _turn: Turn,
}

impl PolledBody {
    pub(super) fn new(session: Arc<EngineSession>, bytes: Bytes, turn: Turn) -> Self {
        let (mut n_frames, mut n_bytes) = (0, 0);
        for packet in bytes.split(|it| *it == SEPARATOR) {
            match packet {
                b"2" => session.meter.on_ping_sent(),
                [b'4', b'2' | b'5', ..] => (n_frames, n_bytes) = (n_frames + 1, n_bytes + packet.len() as u64),
                [b'b', base64 @ ..] => (n_frames, n_bytes) = (n_frames + 1, n_bytes + n_decoded(base64)),
                _ => (),
            }
        }
        PolledBody { session, bytes, n_frames, n_bytes, _turn: turn }
    }
}

impl HttpBody for PolledBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let n_piece = self.bytes.len().min(PIECE_BYTES);
        if n_piece == 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(Frame::data(self.bytes.split_to(n_piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

impl Drop for PolledBody {
    fn drop(&mut self) {
        self.session.meter.unqueue(self.n_frames, self.n_bytes, self.bytes.is_empty());
    }
}

/// Bytes that a base64 text (RFC 4648, section 4) stands for.
fn n_decoded(base64: &[u8]) -> u64 {
    let n_padding = base64.iter().rev().take_while(|it| **it == b'=').count();
    ((base64.len() - n_padding) * 3 / 4) as u64
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};

    use super::n_decoded;

    #[test]
    fn what_base64_stands_for_is_known_without_decoding_it() {
        for n in 0..100 {
            assert_eq!(n_decoded(BASE64_STANDARD.encode(vec![7; n]).as_bytes()), n as u64);
        }
    }
}
