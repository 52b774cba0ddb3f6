//! What the hub asks of a line, and how lines end.
use crate::dialects::{Farewell, Frame};

/// The way to one peer. No call blocks.
pub trait Line: Send + Sync {
    /// Takes a frame to send after all those before it.
    ///
    /// # Errors
    /// As much waits for this peer as may wait.
    fn say(&self, frame: Frame) -> Result<(), Overrun>;

    /// Ends the line at once, with all that waits on it.
    fn cut(&self);

    /// Ends the line after what waits on it, and says why where the transport can.
    fn close(&self, _why: Farewell) {
        self.cut();
    }

    /// Asks the client for a sign of life, which comes as [`is_alive`](super::Hub::is_alive). Called for vocabularies alone
    /// whose customs ask for it.
    fn probe(&self) {}
}

/// The peer's queue is full. Its line has to go: silence would look like order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overrun;

/// How a line came to its end, as far as the transport can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// The client said so, or its page is gone.
    Closed,
    /// The connection broke without a word.
    Broken,
    /// No answer to a ping.
    Silent,
    /// The client sent what no client sends.
    Faulty,
    /// We ended it.
    Cut,
}

impl LineEnd {
    pub(super) fn reason(self) -> &'static str {
        match self {
            LineEnd::Closed => "the client closed it",
            LineEnd::Broken => "the connection broke",
            LineEnd::Silent => "the client did not answer a ping",
            LineEnd::Faulty => "the client sent what no client sends",
            LineEnd::Cut => "the server ended it",
        }
    }
}
