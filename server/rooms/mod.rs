//! The rules of rooms: who is where, who may enter, who must be told, and when a room ends.
//!
//! **Invariants:** plain data in, plain data out. Nothing in this folder reads a clock or a random source, takes a lock,
//! logs, awaits, or knows what a socket is; fresh ids are handed in. [`step`] works on one room; [`Rooms`] only finds the
//! room and remembers who is in which.
mod access;
mod acts;
mod at_rest;
mod closing;
mod compat;
mod entering;
mod hosting;
mod ids;
mod keys;
mod limits;
mod membership;
mod moderation;
mod names;
mod outcome;
mod policy;
mod registry;
mod room;
#[cfg(test)]
mod scenarios;
mod shared;
mod step;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod timers;
mod topology;

use std::borrow::Cow;

pub use access::{Access, Admission, Credential, Denial, Grant};
pub use at_rest::KnownPeer;
pub use closing::ClosedRoom;
pub use compat::{Compat, NamedSignal, NoCompat, RoomSignal};
pub use hosting::{HostedRoom, Hosting, Served};
pub use ids::{Name, PeerId, PeerMap, PeerSet, RoomId};
pub use keys::{HostSecret, RoomKey};
pub use limits::Limits;
pub use membership::Membership;
pub use moderation::{Act, Fingerprint, Knock, Moderation, OwnersWord, Ownership, SignedAct};
pub use names::Names;
pub use outcome::{Alert, Event, Notification, Outcome, Payload, Rejection, Reply, SignalKind, signal_to};
pub use policy::{RoomPolicy, Rules};
pub use registry::Rooms;
pub use room::{Password, Room, RoomSettings, RoomSummary};
pub use shared::{Change, Plan};
pub use step::{Lasting, RoomCommand, Step, step};
pub use timers::{Timer, TimerKind};
pub use topology::Topology;

/// What a peer asks for.
#[derive(Clone, Debug)]
pub enum Request<'a> {
    /// A peer id, without which nothing else is granted.
    Hello {
        /// Whether the client knows what to do with [`Event::RoomAlert`].
        alerts: bool,
    },
    /// A new room with the asker in it. `None`: the settings made no sense.
    Create {
        /// Before the limits are applied, and the topology, which never changes.
        settings: Option<(RoomSettings, Topology)>,
        /// From which its id follows, so that an invitation brings it back.
        key: Option<RoomKey>,
        /// As in [`Request::Join`].
        can_host: Option<u8>,
        /// Who may take the host's place again.
        host_secret: Option<HostSecret>,
        /// Whose key commands the room. Only a room with a key can have an owner.
        founder: Option<Fingerprint>,
        /// As in [`Request::Join`].
        aware: bool,
        /// By what the asker may make it, where not everybody may.
        access: Access,
    },
    /// To join a room.
    Join {
        /// The room to join.
        room: RoomId,
        /// `None`: none was given, which is never the right one.
        password: Option<Password>,
        /// What to make the room from if it is not there any more.
        restore: Option<Box<Restore>>,
        /// How fit the peer is to be a star's host, from 0 (not at all) to 100. `None`: its client does not know that hosts
        /// change.
        can_host: Option<u8>,
        /// Its client knows that rooms have owners.
        aware: bool,
        /// By which the owner comes into a room that is locked or ended.
        word: Option<Box<OwnersWord>>,
        /// What the asker is called, for the owner of a room at whose door it has to wait.
        name: String,
        /// By what the asker may join it, where not everybody may, or make it again.
        access: Access,
    },
    /// To do what only the owner may do.
    Act {
        /// What. `None`: it made no sense.
        word: Option<Box<OwnersWord>>,
    },
    /// To be the host of a star that the asker is in.
    TakeHost {
        /// The room.
        room: RoomId,
        /// By which the asker shows that it made the room.
        host_secret: Option<HostSecret>,
    },
    /// To join a room that is made if it does not exist, with no password. `None`: a room under a fresh id.
    Enter {
        /// The room to enter.
        room: Option<RoomId>,
    },
    /// The other members of the asker's room.
    Members,
    /// A display name. One living peer has it at a time, and a peer has at most one.
    Claim {
        /// The name.
        name: Name,
    },
    /// New settings for the asker's own star. `None`: they made no sense; answered to the host of an existing star alone.
    Update {
        /// The room to change.
        room: RoomId,
        /// Before the limits are applied.
        settings: Option<RoomSettings>,
    },
    /// To leave a room.
    Leave {
        /// The room to leave.
        room: RoomId,
    },
    /// A signal for others.
    Signal {
        /// Its receivers.
        to: Address<'a>,
        /// What is passed on.
        payload: Payload<'a>,
    },
}

/// What a room is made from again, by somebody who has its key.
#[derive(Clone, Debug)]
pub struct Restore {
    /// From which the room's id follows.
    pub key: RoomKey,
    /// Before the limits are applied; the password is the request's.
    pub settings: RoomSettings,
    /// How its members connect.
    pub topology: Topology,
    /// Who may take the host's place again.
    pub host_secret: Option<HostSecret>,
    /// From whom the room's id follows, too.
    pub founder: Option<Fingerprint>,
}

impl Restore {
    /// The id of the room that it makes.
    pub fn room(&self) -> RoomId {
        self.key.room(self.founder)
    }
}

impl Request<'_> {
    /// To make a room as original pages do.
    pub fn create(settings: Option<(RoomSettings, Topology)>) -> Self {
        Request::Create {
            settings,
            key: None,
            can_host: None,
            host_secret: None,
            founder: None,
            aware: false,
            access: Access::none(),
        }
    }

    /// To join a room as original pages do.
    pub fn join(room: RoomId, password: Option<Password>) -> Self {
        Request::Join {
            room,
            password,
            restore: None,
            can_host: None,
            aware: false,
            word: None,
            name: String::new(),
            access: Access::none(),
        }
    }
}

/// The receivers of a signal. As texts: most requests are signals, and ids would be copies.
#[derive(Clone, Debug)]
pub enum Address<'a> {
    /// One member of a room that the sender is in.
    Member {
        /// That room.
        room: Cow<'a, str>,
        /// The member.
        peer: Cow<'a, str>,
    },
    /// One other member of the room that the sender joined last.
    Peer(Cow<'a, str>),
    /// All other members of the room that the sender joined last.
    Broadcast,
    /// Whoever has this name; the sender needs a name itself.
    Named(Cow<'a, str>),
}
