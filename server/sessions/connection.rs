//! What sessions ask of a connection.
use crate::{
    accounting::Reason,
    ice::ReachedAs,
    protocols::{CloseReason, Frame},
};

/// The way to one peer. No call blocks.
pub trait Connection: Send + Sync {
    /// Queues a frame after all those before it. What is queued is held on the session's account until it is sent.
    ///
    /// # Errors
    /// As much waits for this peer as may wait.
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull>;

    /// Ends the connection at once, with all that waits for it.
    fn abort(&self, reason: Reason);

    /// Ends the connection after what waits for it, and says why where the transport can.
    fn close(&self, _why: CloseReason) {
        self.abort(Reason::ByServer);
    }

    /// Asks the client for a sign of life, which comes as [`on_alive`](super::Sessions::on_alive). Called for protocols alone
    /// whose policy asks for it.
    fn ping(&self) {}

    /// By which name the client reached this server, where the transport knows it.
    fn reached_as(&self) -> Option<&ReachedAs> {
        None
    }
}

/// What waits for a peer once a frame is queued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queued {
    /// How full its send queue is, in 256ths.
    pub fullness: u8,
    /// Bytes that the client has taken since its connection began. Grows as long as the client reads.
    pub taken_bytes: u64,
}

/// The peer's queue is full. Somebody has to go: silence would look like order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendQueueFull;
