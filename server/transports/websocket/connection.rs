//! One websocket from its first byte to its last: who is heard, what is sent, and when it is over.
//!
//! **Invariant:** a client that does not read holds up nobody but itself: reading and the clock go on beside a writer that
//! waits, and a cut ends all three.
use std::{pin::pin, time::Duration};

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, MissedTickBehavior, interval_at, timeout, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::{CapacityError, ProtocolError},
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};

use super::send_queue::{Outgoing, SendQueue, SendQueueReceiver};
use crate::{accounting::Reason, protocols::CloseReason, transports::TransportLimits};

/// For a client to take its leave once it has been told to.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

const TOO_LONG: CloseReason = CloseReason { code: 1009, reason: "the message is too long" };
const NOT_UTF8: CloseReason = CloseReason { code: 1007, reason: "the text is not UTF-8" };
const BROKEN_RULES: CloseReason = CloseReason { code: 1002, reason: "this is not how websockets are spoken" };

/// Who listens to a client.
pub(in crate::transports) trait MessageHandler: Send {
    /// A text or a binary message.
    fn receive(&mut self, message: &Message);

    /// The client has answered a ping.
    fn on_alive(&mut self);

    /// The connection is over. Incoming once, as soon as it is so.
    fn end(&mut self, end: Reason);
}

/// How reading or writing came to its end, and what the client is to be told.
type Ended = (Reason, Option<CloseReason>);

/// Done when the connection has ended.
pub(in crate::transports) async fn run<S: AsyncRead + AsyncWrite + Unpin + Send>(
    stream: S,
    send_queue: &SendQueue,
    waiting: SendQueueReceiver,
    wire: TransportLimits,
    mut handler: impl MessageHandler,
) {
    let config = WebSocketConfig::default()
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_message_size(Some(wire.message_bytes_max))
        .max_frame_size(Some(wire.message_bytes_max));
    let (mut sink, mut stream) = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await.split();
    let ended = {
        let mut reading = pin!(read(&mut stream, wire, &mut handler));
        let mut writing = pin!(write(&mut sink, send_queue, waiting, wire));
        tokio::select! {
            biased;
            () = send_queue.aborted() => None,
            ended = &mut reading => Some(ended),
            ended = &mut writing => Some(ended),
        }
    };
    handler.end(ended.map_or(Reason::ByServer, |it| it.0));
    let Some((_, reason)) = ended else { return };
    let goodbye = async {
        if let Some(CloseReason { code, reason }) = reason {
            let close = CloseFrame { code: code.into(), reason: reason.into() };
            sink.send(Message::Close(Some(close))).await.ok()?;
        }
        // Its own close, if it has not come yet; what it says before that is lost.
        while let Some(Ok(_)) = stream.next().await {}
        Some(())
    };
    let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
}

async fn read<S>(stream: &mut S, wire: TransportLimits, handler: &mut impl MessageHandler) -> Ended
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    loop {
        // Whatever it says shows that it lives.
        let deadline = Instant::now() + wire.ping_interval + wire.ping_timeout;
        match timeout_at(deadline, stream.next()).await {
            Err(_) => return (Reason::PingTimeout, None),
            Ok(Some(Ok(message @ (Message::Text(_) | Message::Binary(_))))) => handler.receive(&message),
            Ok(Some(Ok(Message::Pong(_)))) => handler.on_alive(),
            Ok(Some(Ok(Message::Ping(_) | Message::Frame(_)))) => (),
            Ok(Some(Ok(Message::Close(_)))) => return (Reason::ClientClosed, None),
            Ok(None) => return (Reason::ClientClosed, None),
            Ok(Some(Err(error))) => return fault(&error),
        }
    }
}

async fn write<S>(sink: &mut S, send_queue: &SendQueue, mut waiting: SendQueueReceiver, wire: TransportLimits) -> Ended
where
    S: Sink<Message, Error = Error> + Unpin,
{
    let mut pings = interval_at(Instant::now() + wire.ping_interval, wire.ping_interval);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ping = || Message::Ping(Vec::new().into());
    loop {
        let outgoing = tokio::select! {
            biased;
            // First, so that a queue that never empties does not keep them from going out.
            _ = pings.tick() => Some(Outgoing::Ping),
            outgoing = waiting.recv() => outgoing,
        };
        let sent = match outgoing {
            Some(Outgoing::Message(message)) => {
                let n_bytes = message.len();
                let sent = sink.send(message).await;
                send_queue.sent(n_bytes);
                sent
            }
            Some(Outgoing::Ping) => {
                let sent = sink.send(ping()).await;
                send_queue.ping_sent();
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

fn fault(error: &Error) -> Ended {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => (Reason::ClientClosed, None),
        Error::Capacity(CapacityError::MessageTooLong { .. }) => (Reason::ProtocolError, Some(TOO_LONG)),
        Error::Utf8(_) => (Reason::ProtocolError, Some(NOT_UTF8)),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) | Error::Io(_) => (Reason::TransportError, None),
        _ => (Reason::ProtocolError, Some(BROKEN_RULES)),
    }
}
