//! What a request leads to: a reply to the asker and notifications to others, or a rejection that changes nothing.
use std::{borrow::Cow, collections::VecDeque, fmt, ops::Range, sync::Arc};

use bytes::Bytes;

use super::{Name, PeerId, RoomId, RoomSummary, Timer};

/// What one peer says to another. The server carries it and never looks inside.
#[derive(Clone)]
pub struct Payload<'a> {
    /// What kind of signal it is, where its protocol tells.
    pub kind: SignalKind,
    /// The text as it came.
    pub text: Cow<'a, str>,
    /// The places in `text`, in bytes and in ascending order, where the sender's name goes; an empty one is inserted.
    pub sender_spans: Vec<Range<usize>>,
    /// Binary parts that travel with the text, in the order of its placeholders.
    pub attachments: VecDeque<Bytes>,
}

/// Its place in the making of a connection (RFC 8829, JSEP).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// Not notified: it is passed on as it is.
    Opaque,
    /// A description to be answered.
    Offer,
    /// The answer to one.
    Answer,
    /// A way to reach its sender.
    Candidate,
}

/// What is done when the answer is yes.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// For the asker.
    pub reply: Reply,
    /// For others, in the order in which they are to be notified.
    pub notifications: Vec<Notification<'a>>,
    /// What is to be seen to later.
    pub timers: Vec<Timer>,
}

/// One event for one peer.
#[derive(Debug)]
pub struct Notification<'a> {
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
        summary: RoomSummary,
    },
    /// The asker is in.
    Joined {
        /// What the room is.
        summary: RoomSummary,
    },
    /// The asker is in, and is notified of the room's other members.
    Entered {
        /// Its name.
        room: RoomId,
        /// Who was there before, in the order in which they came. Empty in a room that was made for the asker.
        others: Vec<PeerId>,
        /// Whether the room was made for the asker.
        is_new: bool,
    },
    /// Who is in the asker's room beside itself.
    Members {
        /// In the order in which they came.
        others: Vec<PeerId>,
    },
    /// The asker has that name.
    Named {
        /// As it asked.
        name: Name,
    },
    /// The room's settings are changed.
    Updated {
        /// What is in force now.
        summary: RoomSummary,
    },
    /// The asker is out.
    Left,
    /// The signal is on its way.
    Sent,
    /// Nobody has the name that it is for. It is kept for whoever takes it.
    Kept,
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
        /// Everyone who is there now, where the policy is to announce both ways; else nobody.
        present: Arc<[PeerId]>,
    },
    /// Someone left, or was lost.
    PeerLeft {
        /// Where.
        room: RoomId,
        /// Who.
        peer: PeerId,
    },
    /// Something happens at the door of its room that its people should know.
    RoomAlert {
        /// The room.
        room: RoomId,
        /// What happens.
        alert: Alert,
    },
    /// Someone says something to it.
    Signal {
        /// Who says it.
        from: PeerId,
        /// What the sender calls itself, where it was by that that it reached it.
        name: Option<Name>,
        /// What it says.
        payload: Payload<'a>,
    },
}

/// What happens at the door of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// Somebody is trying passwords.
    PasswordAttempts {
        /// How many were wrong so far, from one address.
        n_wrong: u32,
    },
}

/// Why the answer is no. SignalKind of the protocol, not a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
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
    /// As many rooms as a peer may be in, the asker is in.
    #[error("in too many rooms")]
    TooManyRooms,
    /// A living peer has that name.
    #[error("the name is taken")]
    NameTaken,
    /// The asker has no name, or nobody has the one that it calls.
    #[error("nobody has that name")]
    NoSuchName,
    /// An offer has been made to the asker that it has not answered, and that one stands.
    #[error("another offer came first")]
    Glare,
    /// As much of the asker's waits for others as may wait.
    #[error("too much is kept")]
    TooMuchKept,
    /// Too many wrong passwords, too many rooms from one address, or memory is full: later it may be granted.
    #[error("too much is going on")]
    Busy,
    /// The settings asked for make no sense.
    #[error("the settings make no sense")]
    BadSettings,
}

/// A signal on its way to one peer. `name` is the sender's, where it was by names that they found each other.
pub fn signal_to<'a>(to: &PeerId, from: &PeerId, name: Option<&Name>, payload: Payload<'a>) -> Notification<'a> {
    Notification { to: to.clone(), event: Event::Signal { from: from.clone(), name: name.cloned(), payload } }
}

impl Payload<'_> {
    /// In bytes, what it costs to keep it.
    pub fn cost(&self) -> usize {
        size_of::<Payload<'static>>() + self.text.len() + self.attachments.iter().map(Bytes::len).sum::<usize>()
    }

    /// For longer than the request that it came with.
    pub fn kept(self) -> Payload<'static> {
        let Payload { kind, text, sender_spans, attachments } = self;
        Payload { kind, text: Cow::Owned(text.into_owned()), sender_spans, attachments }
    }
}

// A payload must not reach a log by way of `{:?}`.
impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.text.len())
    }
}

impl<'a> Outcome<'a> {
    /// A reply with notifications and no timers.
    pub fn new(reply: Reply, notifications: Vec<Notification<'a>>) -> Self {
        Outcome { reply, notifications, timers: Vec::new() }
    }

    /// A reply that nobody else hears of.
    pub fn reply(reply: Reply) -> Self {
        Outcome::new(reply, Vec::new())
    }
}
