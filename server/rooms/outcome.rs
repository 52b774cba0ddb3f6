//! What a request leads to: a reply to the peer that made it and notifications to others, or a rejection.
use std::{borrow::Cow, collections::VecDeque, fmt, ops::Range, sync::Arc};

use bytes::Bytes;

use super::{Denial, Knock, Name, PeerId, RoomId, RoomSummary, SignedAct, Timer};

/// What one peer sends to another. The server passes it on and never looks inside.
#[derive(Clone)]
pub struct Payload<'a> {
    /// The kind of signal, where its protocol tells.
    pub kind: SignalKind,
    /// The text as it came.
    pub text: Cow<'a, str>,
    /// Spans of `text`, in bytes and in ascending order, that name the sender. The last is replaced by the sender's name; an
    /// empty one is where it is inserted.
    pub sender_spans: Vec<Range<usize>>,
    /// Binary parts that travel with the text, in the order of its placeholders.
    pub attachments: VecDeque<Bytes>,
}

/// The role of a signal in making a connection (RFC 8829, JSEP).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// Unknown: it is passed on as it is.
    Opaque,
    /// A session description to be answered.
    Offer,
    /// The answer to one.
    Answer,
    /// An ICE candidate.
    Candidate,
}

/// What a granted request leads to.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// For the peer that made the request.
    pub reply: Reply,
    /// For others, in the order in which they are to be sent.
    pub notifications: Vec<Notification<'a>>,
    /// Timers to start.
    pub timers: Vec<Timer>,
}

/// One event for one peer.
#[derive(Debug)]
pub struct Notification<'a> {
    /// The receiver.
    pub to: PeerId,
    /// What has happened.
    pub event: Event<'a>,
}

/// The answer to a request that was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The peer has its id.
    Welcome {
        /// That id.
        peer: PeerId,
    },
    /// A room was made, with the peer in it.
    Created {
        /// The room's id.
        room: RoomId,
        /// What is in force there.
        summary: RoomSummary,
    },
    /// The peer is a member now.
    Joined {
        /// What is in force there.
        summary: RoomSummary,
    },
    /// The peer is a member now, and gets the other members.
    Entered {
        /// The room's id.
        room: RoomId,
        /// Earlier members, in the order in which they came.
        others: Vec<PeerId>,
        /// Whether the room was made for it.
        is_new: bool,
    },
    /// The other members of the peer's room.
    Members {
        /// In the order in which they came.
        others: Vec<PeerId>,
    },
    /// The peer has that name.
    Named {
        /// The name.
        name: Name,
    },
    /// The room's settings are changed.
    Updated {
        /// What is in force now.
        summary: RoomSummary,
    },
    /// The peer is the host now.
    HostTaken,
    /// The owner's word is heard.
    Acted,
    /// The peer waits at the door.
    Waiting {
        /// Of the owner's last word.
        number: u64,
    },
    /// The peer has left.
    Left,
    /// The signal is passed on.
    Sent,
    /// Nobody has the name that the signal is for. It is kept for whoever takes it.
    Kept,
}

/// What has happened, for a peer that did not cause it.
#[derive(Debug)]
pub enum Event<'a> {
    /// A peer joined.
    PeerJoined {
        /// The room.
        room: RoomId,
        /// The peer.
        peer: PeerId,
        /// Everyone who is there now, where the policy is to announce both ways; else nobody.
        present: Arc<[PeerId]>,
    },
    /// A peer left, or its session ended.
    PeerLeft {
        /// The room.
        room: RoomId,
        /// The peer.
        peer: PeerId,
    },
    /// A star has another host, or none until somebody comes who can be it.
    HostChanged {
        /// The room.
        room: RoomId,
        /// The host.
        host: Option<PeerId>,
        /// Everyone who is there now.
        members: Arc<[PeerId]>,
    },
    /// The room's owner has done something, for clients that know of owners.
    OwnerActed {
        /// The room.
        room: RoomId,
        /// What, and the proof of it.
        signed: Arc<SignedAct>,
    },
    /// Somebody waits at the door of a room, or does not any more; for clients that know of owners.
    Knocked {
        /// The room.
        room: RoomId,
        /// Who, and what they are called.
        knock: Knock,
        /// Whether they wait.
        on: bool,
    },
    /// A member has come back who has missed what was said to it, for a service that hosts the room.
    PeerReturned {
        /// The room.
        room: RoomId,
        /// The peer.
        peer: PeerId,
    },
    /// Something happens to its room that its people should know.
    RoomAlert {
        /// The room.
        room: RoomId,
        /// What happens.
        alert: Alert,
    },
    /// A signal.
    Signal {
        /// The sender.
        from: PeerId,
        /// The sender's name, where peers reach each other by names.
        name: Option<Name>,
        /// What is passed on.
        payload: Payload<'a>,
    },
}

/// What happens to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// Somebody is trying passwords.
    PasswordAttempts {
        /// How many were wrong so far, from one address.
        n_wrong: u32,
    },
    /// Whoever runs the server has closed the room, and nobody is in it any more.
    Closed,
}

/// Why a request was refused. Part of the protocol, not a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The peer has not said hello.
    #[error("the asker has no id yet")]
    NoId,
    /// The peer has said hello before.
    #[error("the asker has its id already")]
    HasId,
    /// No room has that id, or it ended with its host.
    #[error("no such room")]
    NoSuchRoom,
    /// The password is not the room's very password, or none was given.
    #[error("wrong password")]
    WrongPassword,
    /// The room has as many members as it may have.
    #[error("the room is full")]
    RoomFull,
    /// Its owner lets nobody in.
    #[error("the room is locked")]
    RoomLocked {
        /// Of the owner's last word.
        number: u64,
    },
    /// Its owner has ended it.
    #[error("the owner has ended the room")]
    RoomEnded {
        /// Of the owner's last word.
        number: u64,
    },
    /// Its owner has removed the peer.
    #[error("the owner has removed the asker")]
    KeptOut,
    /// Its owner lets people in one by one, and has not let in the peer. Clients that know of owners wait instead.
    #[error("not let in yet")]
    NotLetInYet {
        /// Of the owner's last word.
        number: u64,
    },
    /// Its owner has not let in the peer.
    #[error("the owner has sent the asker away")]
    SentAway,
    /// The word is not signed with the key of the room's owner, or the room has no owner.
    #[error("not the owner of the room")]
    NotTheOwner,
    /// The owner's word is older than another one, or can do nothing now.
    #[error("the owner's word came too late")]
    Outdated,
    /// The peer is a member already.
    #[error("already in the room")]
    AlreadyThere,
    /// The peer, or the one that it addresses, is not a member.
    #[error("not a member of the room")]
    NotAMember,
    /// A room has that id, which follows from a key.
    #[error("there is a room with that id")]
    IdTaken,
    /// Only the host of a star changes its room.
    #[error("not the host of a star")]
    NotTheHost,
    /// The peer is in as many rooms as it may be in.
    #[error("in too many rooms")]
    TooManyRooms,
    /// A living peer has that name.
    #[error("the name is taken")]
    NameTaken,
    /// The peer has no name, or nobody has the one that it addresses.
    #[error("nobody has that name")]
    NoSuchName,
    /// The peer has received an offer that it has not answered, and that one stands (glare).
    #[error("another offer came first")]
    Glare,
    /// As much is kept of what the peer sent as may be kept.
    #[error("too much is kept")]
    TooMuchKept,
    /// Too many wrong passwords, too many rooms from one address, or memory is full: later it may be granted.
    #[error("too much is going on")]
    Busy,
    /// The operator has not invited the peer to make or join the room; for clients that know of invitations.
    #[error("not invited: {0:?}")]
    NotInvited(Denial),
    /// The server has forgotten the room, and the peer may not bring it back, as others may; for clients that know of invitations.
    #[error("the room is not open yet")]
    NotOpenYet,
    /// The server hosts no stars, or no more of them at the moment; for clients that ask it to.
    #[error("the server hosts no more stars")]
    NotHosted,
    /// The settings asked for make no sense.
    #[error("the settings make no sense")]
    BadSettings,
}

impl Rejection {
    /// What a client hears that knows nothing of owners: a room that nobody may come into is full, and one that was ended is
    /// gone.
    pub(super) fn without_owner(self) -> Self {
        match self {
            Rejection::RoomLocked { .. } | Rejection::KeptOut | Rejection::NotLetInYet { .. } | Rejection::SentAway => {
                Rejection::RoomFull
            }
            Rejection::RoomEnded { .. } | Rejection::NotHosted => Rejection::NoSuchRoom,
            other => other,
        }
    }
}

/// A signal for one peer. `name` is the sender's, where peers reach each other by names.
pub fn signal_to<'a>(to: &PeerId, from: &PeerId, name: Option<&Name>, payload: Payload<'a>) -> Notification<'a> {
    Notification { to: to.clone(), event: Event::Signal { from: from.clone(), name: name.cloned(), payload } }
}

impl Payload<'_> {
    /// Bytes that it takes to keep it.
    pub fn cost(&self) -> usize {
        size_of::<Payload<'static>>() + self.text.len() + self.attachments.iter().map(Bytes::len).sum::<usize>()
    }

    /// A copy that outlives the request that it came with.
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
