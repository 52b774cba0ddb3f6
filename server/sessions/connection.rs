//! What the sessions asks of a connection, and how connections end.
use crate::protocols::{CloseReason, Frame};

/// The way to one peer. No command blocks.
pub trait Connection: Send + Sync {
    /// Takes a frame to send after all those before it.
    ///
    /// # Errors
    /// As much waits for this peer as may wait.
    fn send(&self, frame: Frame) -> Result<(), SendQueueFull>;

    /// Ends the connection at once, with all that waits on it.
    fn abort(&self);

    /// Ends the connection after what waits on it, and says why where the transport can.
    fn close(&self, _why: CloseReason) {
        self.abort();
    }

    /// Asks the client for a sign of life, which comes as [`on_alive`](super::Sessions::on_alive). Called for protocols alone
    /// whose policy ask for it.
    fn ping(&self) {}
}

/// The peer's queue is full. Its connection has to go: silence would look like order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendQueueFull;

/// How a connection came to its end, as far as the transport can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReason {
    /// The client incoming so, or its page is gone.
    ClientClosed,
    /// The connection broke without a word.
    TransportError,
    /// No answer to a ping.
    PingTimeout,
    /// The client sent what no client sends.
    ProtocolError,
    /// We ended it.
    ByServer,
}

impl DisconnectReason {
    /// The `reason=` of a log line.
    pub fn as_str(self) -> &'static str {
        match self {
            DisconnectReason::ClientClosed => "client_closed",
            DisconnectReason::TransportError => "transport_error",
            DisconnectReason::PingTimeout => "ping_timeout",
            DisconnectReason::ProtocolError => "protocol_error",
            DisconnectReason::ByServer => "by_server",
        }
    }
}
