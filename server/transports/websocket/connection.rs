//! One websocket from its first byte to its last: what is read and handed on, what is written, and when it is over.
//!
//! **Invariant:** a client that does not read holds up nobody but itself: reading and the deadlines go on beside a writer
//! that waits, and an abort ends all three.
use std::{pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::send_queue::{Outgoing, SendQueue, SendQueueReceiver};
use crate::{
    accounting::Reason,
    protocols::CloseReason,
    transports::{
        frame_meter::{Frame, FrameKind},
        meter::Meter,
        metered_stream::{BUFFER_BYTES, FrameObserver, MeteredStream},
    },
};

/// For a client to answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

const NOT_UTF8: CloseReason = CloseReason { code: 1007, reason: "the text is not UTF-8" };
const BROKEN_RULES: CloseReason = CloseReason { code: 1002, reason: "this breaks the rules of websockets" };

/// Takes what a client sends.
pub(in crate::transports) trait MessageHandler: Send {
    /// What asks for a sign of life.
    fn ping() -> Message {
        Message::Ping(Bytes::new())
    }

    /// A text or a binary message.
    fn receive(&mut self, message: &Message);

    /// The client has answered a ping.
    fn on_alive(&mut self);

    /// Its page is being closed, or loaded again: the browser closes with code 1001 (RFC 6455, section 7.4.1). A page that is
    /// being closed may not come to say so itself.
    fn on_going_away(&mut self) {}

    /// The connection is over. Called once, as soon as that is so.
    fn end(&mut self, reason: Reason);
}

/// Why reading or writing came to its end, and what the client is to be told.
type Ended = (Reason, Option<CloseReason>);

/// Done when the connection has ended.
pub(in crate::transports) async fn run<S: AsyncRead + AsyncWrite + Unpin + Send, H: MessageHandler>(
    stream: S,
    observer: impl FrameObserver,
    send_queue: &SendQueue,
    waiting: SendQueueReceiver,
    mut handler: H,
) {
    let meter = send_queue.meter();
    // The stream bounds what the library buffers; what it does not know is how long a message may be in all.
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(meter.limits().message_bytes_max))
        .max_frame_size(Some(meter.limits().message_bytes_max));
    let stream = MeteredStream::new(stream, meter.clone(), observer);
    let (mut sink, mut stream) = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await.split();
    let (reason, close) = {
        let mut reading = pin!(read(&mut stream, meter, &mut handler));
        let mut writing = pin!(write(&mut sink, send_queue, waiting, H::ping));
        // In any order: tokio lets a task do so much at a time, and a client that never stops talking, or never stops being
        // talked to, would use it all up for whichever came first.
        tokio::select! {
            reason = meter.expired() => (reason, close_reason(reason)),
            ended = &mut reading => ended,
            ended = &mut writing => ended,
        }
    };
    let reason = meter.end(reason);
    handler.end(reason);
    let goes_on = close.is_some() || reason == Reason::ClientClosed;
    let goodbye = async {
        if let Some(CloseReason { code, reason }) = close {
            let frame = CloseFrame { code: code.into(), reason: reason.into() };
            sink.send(Message::Close(Some(frame))).await.ok()?;
        }
        // The client's own close, if it has not come yet, and the answer to it; what comes before that is lost.
        while let Some(Ok(_)) = stream.next().await {}
        Some(())
    };
    if goes_on {
        let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
    }
}

/// Every message of ours is what the send queue counts.
pub(in crate::transports) struct OwnFrames(pub(in crate::transports) Arc<Meter>);

impl FrameObserver for OwnFrames {
    fn on_received(&mut self, frame: &Frame) -> Result<(), Reason> {
        if frame.kind == FrameKind::Pong {
            self.0.on_pong();
        }
        Ok(())
    }

    fn on_sent(&mut self, frame: &Frame) {
        match frame.kind {
            FrameKind::Ping => self.0.on_ping_sent(),
            FrameKind::Text | FrameKind::Binary => self.0.unqueue(1, frame.n_message, true),
            FrameKind::Pong | FrameKind::Close | FrameKind::Reserved => (),
        }
    }
}

async fn read<S>(stream: &mut S, meter: &Meter, handler: &mut impl MessageHandler) -> Ended
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    let mut n_answers = 0;
    while let Some(message) = stream.next().await {
        match message {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                if meter.reason().is_none() {
                    handler.receive(&message);
                }
            }
            // One that nobody asked for is no answer.
            Ok(Message::Pong(_)) => {
                let n_before = std::mem::replace(&mut n_answers, meter.n_answers());
                if n_before < n_answers {
                    handler.on_alive();
                }
            }
            Ok(Message::Ping(_) | Message::Frame(_)) => (),
            Ok(Message::Close(close)) => {
                if close.is_some_and(|it| it.code == CloseCode::Away) {
                    handler.on_going_away();
                }
                return (Reason::ClientClosed, None);
            }
            Err(error) => return failure(&error, meter),
        }
    }
    (Reason::ClientClosed, None)
}

async fn write<S>(sink: &mut S, send_queue: &SendQueue, mut waiting: SendQueueReceiver, ping: fn() -> Message) -> Ended
where
    S: Sink<Message, Error = Error> + Unpin,
{
    let meter = send_queue.meter();
    let ping_interval = meter.limits().ping_interval;
    let mut pings = interval_at(Instant::now() + ping_interval, ping_interval);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let outgoing = tokio::select! {
            biased;
            // First, so that a queue that never empties does not keep them from going out.
            _ = pings.tick() => {
                // Whoever has not answered the last one is not asked again before it is gone.
                if meter.is_asked() {
                    continue;
                }
                Some(Outgoing::Ping)
            }
            outgoing = waiting.recv() => outgoing,
        };
        let sent = match outgoing {
            Some(Outgoing::Message(message)) => sink.send(message).await,
            Some(Outgoing::Ping) => {
                let sent = sink.send(ping()).await;
                send_queue.on_ping_sent();
                sent
            }
            Some(Outgoing::Close(reason)) => return (Reason::ByServer, Some(reason)),
            None => return (Reason::ByServer, None),
        };
        if sent.is_err() {
            return (Reason::TransportError, None);
        }
    }
}

fn failure(error: &Error, meter: &Meter) -> Ended {
    // The stream fails for a reason of ours.
    if let Some(reason) = meter.reason() {
        return (reason, close_reason(reason));
    }
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => (Reason::ClientClosed, None),
        Error::Utf8(_) => (Reason::ProtocolError, Some(NOT_UTF8)),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) | Error::Io(_) => (Reason::TransportError, None),
        _ => (Reason::ProtocolError, Some(BROKEN_RULES)),
    }
}

/// What a client is told that may still read (RFC 6455, section 7.4.1).
fn close_reason(reason: Reason) -> Option<CloseReason> {
    let (code, text) = match reason {
        Reason::MessageTooLong => (1009, "the message is too long"),
        Reason::MessageRate | Reason::ByteRate => (1008, "too much in too short a time"),
        Reason::KeepAliveTimeout => (1002, "nothing was received for too long"),
        _ => return None,
    };
    Some(CloseReason { code, reason: text })
}
