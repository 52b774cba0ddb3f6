//! What a request leads to: a reply to the asker and notices to others, or a refusal that changes nothing.
use std::{collections::VecDeque, fmt, ops::Range};

use bytes::Bytes;

use super::{PeerId, RoomId, room::Card};

/// What one peer says to another. The server carries it and never looks inside.
pub struct Payload<'a> {
    /// The text as it came.
    pub text: &'a str,
    /// The places in `text`, in bytes and in ascending order, where the sender's name goes; an empty one is inserted.
    pub source_at: Vec<Range<usize>>,
    /// Binary parts that travel with the text, in the order of its placeholders.
    pub attachments: VecDeque<Bytes>,
}

/// What is done when the answer is yes.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// For the asker.
    pub reply: Reply,
    /// For others, in the order in which they are to be told.
    pub notices: Vec<Notice<'a>>,
}

/// One event for one peer.
#[derive(Debug)]
pub struct Notice<'a> {
    /// Who hears it.
    pub to: PeerId,
    /// What it hears.
    pub event: Event<'a>,
}

/// The answer to a request that was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The asker has its id.
    Welcome {
        /// That id.
        peer: PeerId,
    },
    /// A room was made, with the asker in it.
    Created {
        /// Its name.
        room: RoomId,
        /// What is in force there.
        card: Card,
    },
    /// The asker is in.
    Joined {
        /// What the room is.
        card: Card,
    },
    /// The room's settings are changed.
    Updated {
        /// What is in force now.
        card: Card,
    },
    /// The asker is out.
    Left,
    /// The signal is on its way.
    Sent,
}

/// What a peer hears without having asked.
#[derive(Debug)]
pub enum Event<'a> {
    /// Someone came.
    PeerJoined {
        /// Where.
        room: RoomId,
        /// Who.
        peer: PeerId,
    },
    /// Someone left, or was lost.
    PeerLeft {
        /// Where.
        room: RoomId,
        /// Who.
        peer: PeerId,
    },
    /// A member of one of its rooms says something to it alone.
    Signal {
        /// Who says it.
        from: PeerId,
        /// What it says.
        payload: Payload<'a>,
    },
}

/// Why the answer is no. Part of the protocol, not a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The asker has not said hello.
    #[error("the asker has no id yet")]
    NoId,
    /// The asker has said hello before.
    #[error("the asker has its id already")]
    HasId,
    /// No room has that name, or it ended with its host.
    #[error("no such room")]
    NoSuchRoom,
    /// The password is not the room's very password, or none was given.
    #[error("wrong password")]
    WrongPassword,
    /// As many are in as may be.
    #[error("the room is full")]
    RoomFull,
    /// The asker is in that room.
    #[error("already in the room")]
    AlreadyThere,
    /// The asker, or the one it names, is not in that room.
    #[error("not a member of the room")]
    NotAMember,
    /// Only a star's host changes its room.
    #[error("not the host of a star")]
    NotTheHost,
    /// The settings asked for make no sense.
    #[error("the settings make no sense")]
    BadSettings,
}

// A payload must not reach a log by way of `{:?}`.
impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.text.len())
    }
}

impl Outcome<'_> {
    pub(super) fn reply(reply: Reply) -> Self {
        Outcome { reply, notices: Vec::new() }
    }
}
