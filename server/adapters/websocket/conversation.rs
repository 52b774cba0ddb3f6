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

use super::outbox::{Outbox, Outgoing, Waiting};
use crate::{adapters::Wire, dialects::Farewell, hub::LineEnd};

/// For a client to take its leave once it has been told to.
const GOODBYE: Duration = Duration::from_secs(2);

const TOO_LONG: Farewell = Farewell { code: 1009, reason: "the message is too long" };
const NOT_UTF8: Farewell = Farewell { code: 1007, reason: "the text is not UTF-8" };
const BROKEN_RULES: Farewell = Farewell { code: 1002, reason: "this is not how websockets are spoken" };

/// Who listens to a client.
pub(in crate::adapters) trait Ear: Send {
    /// A text or a binary message.
    fn hear(&mut self, message: &Message);

    /// The client has answered a ping.
    fn is_alive(&mut self);

    /// The conversation is over. Said once, as soon as it is so.
    fn end(&mut self, end: LineEnd);
}

/// How reading or writing came to its end, and what the client is to be told.
type Ended = (LineEnd, Option<Farewell>);

/// Done when the connection has ended.
pub(in crate::adapters) async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send>(
    stream: S,
    outbox: &Outbox,
    waiting: Waiting,
    wire: Wire,
    mut ear: impl Ear,
) {
    let config = WebSocketConfig::default()
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_message_size(Some(wire.message_bytes_max))
        .max_frame_size(Some(wire.message_bytes_max));
    let (mut sink, mut stream) = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await.split();
    let ended = {
        let mut reading = pin!(read(&mut stream, wire, &mut ear));
        let mut writing = pin!(write(&mut sink, outbox, waiting, wire));
        tokio::select! {
            biased;
            () = outbox.is_cut() => None,
            ended = &mut reading => Some(ended),
            ended = &mut writing => Some(ended),
        }
    };
    ear.end(ended.map_or(LineEnd::Cut, |it| it.0));
    let Some((_, farewell)) = ended else { return };
    let goodbye = async {
        if let Some(Farewell { code, reason }) = farewell {
            let close = CloseFrame { code: code.into(), reason: reason.into() };
            sink.send(Message::Close(Some(close))).await.ok()?;
        }
        // Its own close, if it has not come yet; what it says before that is lost.
        while let Some(Ok(_)) = stream.next().await {}
        Some(())
    };
    let _ = timeout(GOODBYE, goodbye).await;
}

async fn read<S>(stream: &mut S, wire: Wire, ear: &mut impl Ear) -> Ended
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    loop {
        // Whatever it says shows that it lives.
        let deadline = Instant::now() + wire.ping_interval + wire.ping_timeout;
        match timeout_at(deadline, stream.next()).await {
            Err(_) => return (LineEnd::Silent, None),
            Ok(Some(Ok(message @ (Message::Text(_) | Message::Binary(_))))) => ear.hear(&message),
            Ok(Some(Ok(Message::Pong(_)))) => ear.is_alive(),
            Ok(Some(Ok(Message::Ping(_) | Message::Frame(_)))) => (),
            Ok(Some(Ok(Message::Close(_)))) => return (LineEnd::Closed, None),
            Ok(None) => return (LineEnd::Closed, None),
            Ok(Some(Err(error))) => return fault(&error),
        }
    }
}

async fn write<S>(sink: &mut S, outbox: &Outbox, mut waiting: Waiting, wire: Wire) -> Ended
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
            _ = pings.tick() => Some(Outgoing::Probe),
            outgoing = waiting.recv() => outgoing,
        };
        let sent = match outgoing {
            Some(Outgoing::Message(message)) => {
                let n_bytes = message.len();
                let sent = sink.send(message).await;
                outbox.sent(n_bytes);
                sent
            }
            Some(Outgoing::Probe) => {
                let sent = sink.send(ping()).await;
                outbox.probe_sent();
                sent
            }
            Some(Outgoing::Close(farewell)) => return (LineEnd::Cut, Some(farewell)),
            None => return (LineEnd::Cut, None),
        };
        if sent.is_err() {
            return (LineEnd::Broken, None);
        }
    }
}

fn fault(error: &Error) -> Ended {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => (LineEnd::Closed, None),
        Error::Capacity(CapacityError::MessageTooLong { .. }) => (LineEnd::Faulty, Some(TOO_LONG)),
        Error::Utf8(_) => (LineEnd::Faulty, Some(NOT_UTF8)),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) | Error::Io(_) => (LineEnd::Broken, None),
        _ => (LineEnd::Faulty, Some(BROKEN_RULES)),
    }
}
