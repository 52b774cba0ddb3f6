//! Adapters: bind a transport library to the sessions. Each library is named in one folder.
pub mod mqtt;
mod origins;
pub mod socketio;
pub mod websocket;

use std::time::Duration;

pub use origins::Origins;

/// Bounds and times of a line, whatever carries it.
#[derive(Clone, Copy, Debug)]
pub struct TransportLimits {
    /// Bytes of one message.
    pub message_bytes_max: usize,
    /// Frames that may wait for one peer; the room for them is taken as they come.
    pub frames_waiting_max: usize,
    /// Bytes that may wait for one peer.
    pub bytes_waiting_max: u64,
    /// Between two pings.
    pub ping_interval: Duration,
    /// For the answer to one.
    pub ping_timeout: Duration,
}
