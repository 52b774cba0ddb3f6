//! What nodes keep in the store, and what they say to it and to each other. Plain values; how they are written is not known here.
use std::{fmt, sync::Arc, time::Duration};

use super::{Given, LeftMember};
use crate::{
    protocols::Frame,
    rooms::{PeerId, Room, RoomId},
    sessions::state::frame_bytes,
};

/// One process of a cluster.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// The id as it stands in the store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for NodeId {
    fn from(text: &str) -> Self {
        NodeId(text.into())
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a member is, or somebody who waits at the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// `None`: its node is gone, and its client may come back to another.
    pub node: Option<NodeId>,
    /// Its client can come back.
    pub returns: bool,
    /// Where its node is gone: which time that was.
    pub mark: u64,
}

/// A room as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRoom {
    /// The room.
    pub room: Room,
    /// Of everybody who is in it, or waits at its door.
    pub homes: Vec<(PeerId, Home)>,
}

/// A version of a room. Versions grow, also from a room that has ended to the next one of the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// 0: the store knows nothing of such a room. It knows for a while of one that has ended.
    pub number: u64,
    /// `None`: there is no such room.
    pub value: Option<SharedRoom>,
}

/// A frame for one peer of another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Whom it is for.
    pub to: PeerId,
    /// What is sent.
    pub frame: Frame,
    /// It says who has come, has gone or is the host, which whoever knows the room's newer version knows.
    pub is_implied: bool,
}

/// A session as the store keeps it, under the hash of each of its resume tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSession {
    /// Whose it is.
    pub peer: PeerId,
    /// Its node.
    pub node: NodeId,
    /// As in a hello.
    pub alerts: bool,
    /// The rooms that it may be in.
    pub rooms: Vec<RoomId>,
}

/// What a node gives to another to which a client has come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedOver {
    /// Events that were queued for the client, and that came from it.
    pub n_sent: u64,
    /// Events that came from it.
    pub n_received: u64,
    /// The last of what was sent.
    pub replay: Vec<Frame>,
    /// Its rooms as its client has heard of them.
    pub rooms: Vec<(RoomId, Room)>,
    /// What it was given of relays.
    pub given: Vec<Given>,
}

/// What is asked of the store and of other nodes. Whoever takes it answers each question once, within moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToCluster {
    /// The room as it is; answered by [`Sessions::on_loaded`].
    Load {
        /// Which.
        room: RoomId,
    },
    /// To set it, if it is as it was; answered by [`Sessions::on_committed`].
    Commit(Box<Commit>),
    /// To pass on frames.
    Deliver {
        /// To this node.
        node: NodeId,
        /// Grows from one to the next, so that what nobody has heard keeps its place.
        number: u64,
        /// In this order.
        deliveries: Vec<Delivery>,
    },
    /// Whose resume token has this hash; answered by [`Sessions::on_session_found`].
    FindSession {
        /// SHA-256 of the token.
        token: [u8; 32],
        /// Comes back with the answer.
        number: u64,
    },
    /// To keep a session.
    SaveSession {
        /// SHA-256 of a token by which it can be had.
        token: [u8; 32],
        /// The session.
        session: SavedSession,
    },
    /// To forget it.
    DropSession {
        /// SHA-256 of a token by which it can be had no more.
        token: [u8; 32],
    },
    /// To give up a session whose client has come here; answered by [`Sessions::on_handed_over`].
    AskForSession {
        /// The node that has it.
        node: NodeId,
        /// Whose it is.
        peer: PeerId,
        /// SHA-256 of the token that its client has shown.
        token: [u8; 32],
        /// Comes back with the answer.
        number: u64,
    },
    /// The answer to a node that has asked for a session. `None`: it is not here.
    HandOver {
        /// Who has asked.
        node: NodeId,
        /// Of its question.
        number: u64,
        /// What is given to it.
        session: Option<HandedOver>,
    },
    /// To end what a member has at the relay of a room that it has left.
    LeftRelay {
        /// The node of the relay.
        node: NodeId,
        /// Who has left.
        left: LeftMember,
    },
}

impl ToCluster {
    /// Of the frames that it passes on for clients.
    pub fn n_bytes(&self) -> usize {
        match self {
            ToCluster::Deliver { deliveries, .. } => deliveries.iter().map(|it| frame_bytes(&it.frame)).sum(),
            _ => 0,
        }
    }
}

/// One change of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The room.
    pub room: RoomId,
    /// The version that was changed.
    pub expected: u64,
    /// The new version is greater than this.
    pub above: u64,
    /// What it becomes. `None`: it ends.
    pub value: Option<SharedRoom>,
    /// For how long it is kept when no node says that it has members there.
    pub keep: Duration,
    /// Nodes that are told at the same moment, and what their peers are to hear.
    pub told: Vec<(NodeId, Vec<Delivery>)>,
}

/// What came of a [`Commit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is done.
    Done {
        /// The new version.
        number: u64,
    },
    /// The room has another version.
    Conflict(Box<Version>),
    /// The store did not answer. It may have been done all the same.
    Unavailable,
}

/// The store did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// Takes what is asked of the store and of other nodes. No call blocks. What is taken is asked in the order of the calls.
pub trait Outbox: Send + Sync {
    /// Takes one thing.
    fn push(&self, message: ToCluster);
}
