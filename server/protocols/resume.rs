//! What a client asks of its session instead of the rooms: to come back when its connection broke, and what belongs to that.
//!
//! **Invariant:** a resume token never prints.
use p2pchat_rooms::{Membership, Request};
use secrecy::SecretString;

/// What a message asks for.
#[derive(Debug)]
pub enum Asked<'a> {
    /// Something of the rooms.
    Rooms(Request<'a>),
    /// Something of the session itself.
    Session(SessionRequest),
}

/// What a client asks of its session.
#[derive(Debug)]
pub enum SessionRequest {
    /// A peer id under which it can come back; or the one that it had.
    Hello {
        /// As in [`Request::Hello`].
        alerts: bool,
        /// `None`: it has been nobody before.
        resume: Option<ResumeRequest>,
    },
    /// The client has received so many events in all.
    Acknowledge {
        /// Counted from its first hello on.
        received: u64,
    },
    /// Its page is being closed or loaded again.
    Closing,
    /// STUN and TURN servers with fresh credentials.
    IceServers,
}

/// By what a client shows that a session is its own, and how far the two had come.
#[derive(Debug)]
pub struct ResumeRequest {
    /// From the answer to an earlier hello.
    pub token: SecretString,
    /// Events that the client has received.
    pub received: u64,
    /// Events that the client has sent, where it says so.
    pub sent: Option<u64>,
}

/// What a client hears with its id if it can come back.
#[derive(Debug)]
pub struct ResumeAnswer {
    /// For its next hello.
    pub token: SecretString,
    /// How long its session outlives its connection, in seconds.
    pub grace_s: u64,
    /// `None`: it is a new session.
    pub resumed: Option<Resumed>,
}

/// How a session that was resumed goes on.
#[derive(Debug)]
pub struct Resumed {
    /// Events of the client that were handled.
    pub received: u64,
    /// Whether all that the client has not received follows.
    pub is_complete: bool,
    /// The rooms that it is in.
    pub rooms: Vec<Membership>,
}
