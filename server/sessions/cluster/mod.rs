//! Rooms that several nodes share. A node is one process. A room is kept in a store that all of them reach, with the node of each
//! member beside it, and every change of it is compared and set there before anybody hears of it. Signals go straight to the
//! node that has their receiver.
//!
//! Nothing here does input or output: what is asked of the store and of other nodes goes into an [`Outbox`], and what comes of
//! it is handed in by the calls of [`Sessions`] below.
//!
//! **Invariants:** a room that nobody here is in, or waits for, is not known here. One change of a room is under way at a time
//! on one node; what is decided is decided on the version that the store has. A member whose home is this node has a session
//! here, or is about to leave.
mod changes;
mod returning;
mod shared_rooms;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    fmt,
    sync::Arc,
    time::Duration,
};

use super::{Realm, Sessions, state::State, token::TokenHash};
use crate::{
    protocols::Frame,
    rooms::{PeerId, PeerMap, PeerSet, Room, RoomId},
};
pub(super) use changes::ChangeKind;
use changes::Changing;
use returning::Returning;

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
    /// 0: there is no such room.
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
    Conflict(Version),
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

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClusterCounts {
    /// Changes of rooms that were done.
    pub n_commits: u64,
    /// Changes that had to be planned again, because another node was faster.
    pub n_conflicts: u64,
    /// Frames that went to other nodes.
    pub n_sent: u64,
    /// Frames that came from other nodes.
    pub n_received: u64,
    /// Frames for peers whose node is gone.
    pub n_lost: u64,
    /// Sessions that came here from another node that was there, and from one that was gone.
    pub n_moved: u64,
    /// Of these: without what was kept for them.
    pub n_adopted: u64,
}

/// What must be renewed in the store for it to go on there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renewals {
    /// Rooms with members here, and for how long they are kept.
    pub rooms: Vec<(RoomId, Duration)>,
    /// Hashes of resume tokens.
    pub tokens: Vec<[u8; 32]>,
}

/// Longer than it takes a node to renew what it has.
pub const KEEP: Duration = Duration::from_secs(180);

/// For another node to take in a session that was handed over.
const ADOPTION_TIMEOUT: Duration = Duration::from_secs(10);

/// What one node knows of the cluster.
pub(super) struct Cluster {
    pub(super) realm: Realm,
    pub(super) own: NodeId,
    outbox: Arc<dyn Outbox>,
    rooms: HashMap<RoomId, Entry>,
    /// Clients that came back by a token of another node.
    returning: BTreeMap<u64, Returning>,
    /// Hashes of resume tokens under which the store has a session of this node.
    saved: HashSet<TokenHash>,
    /// Sessions that were handed over and have not been taken in yet.
    moving: PeerMap<NodeId>,
    /// Sessions that came here from another node, while rooms still say that they are there.
    adopting: PeerSet,
    n_numbers: u64,
    /// The store does not answer.
    is_down: bool,
    counts: ClusterCounts,
}

/// One room of those that nodes share.
#[derive(Default)]
pub(super) struct Entry {
    /// The version that is known here; 0: none.
    version: u64,
    homes: Vec<(PeerId, Home)>,
    changing: Option<Changing>,
    waiting: VecDeque<ChangeKind>,
    /// A change was sent, and it is not known what came of it.
    is_doubtful: bool,
    /// The store did not answer; it goes on when it does.
    is_stalled: bool,
}

impl Cluster {
    fn push(&self, message: ToCluster) {
        self.outbox.push(message);
    }

    fn number(&mut self) -> u64 {
        self.n_numbers += 1;
        self.n_numbers
    }
}

impl Sessions {
    /// From now on the rooms of this realm are shared with other nodes.
    pub fn join_cluster(&self, realm: Realm, own: NodeId, outbox: Arc<dyn Outbox>) {
        self.with(|state| {
            state.is_kept = true;
            state.cluster = Some(Box::new(Cluster {
                realm,
                own,
                outbox,
                rooms: HashMap::new(),
                returning: BTreeMap::new(),
                saved: HashSet::new(),
                moving: PeerMap::default(),
                adopting: PeerSet::default(),
                n_numbers: 0,
                is_down: false,
                counts: ClusterCounts::default(),
            }));
        });
    }

    /// The answer to [`ToCluster::Load`].
    pub fn on_loaded(&self, room: &RoomId, loaded: Result<Version, Unavailable>) {
        self.with(|state| {
            state.on_loaded(room, loaded);
            state.work_off();
        });
    }

    /// The answer to [`ToCluster::Commit`].
    pub fn on_committed(&self, room: &RoomId, committed: Committed) {
        self.with(|state| {
            state.on_committed(room, committed);
            state.work_off();
        });
    }

    /// Another node has changed a room that somebody here is in. `previous`: the version that it changed.
    pub fn on_room_changed(&self, room: &RoomId, previous: u64, version: Version, deliveries: Vec<Delivery>) {
        self.with(|state| {
            state.on_room_changed(room, previous, version, deliveries);
            state.work_off();
        });
    }

    /// Another node passes on frames.
    pub fn on_deliveries(&self, deliveries: Vec<Delivery>) {
        self.with(|state| {
            state.deliver(deliveries, false);
            state.work_off();
        });
    }

    /// The answer to [`ToCluster::FindSession`].
    pub fn on_session_found(&self, number: u64, session: Result<Option<SavedSession>, Unavailable>) {
        self.with(|state| {
            state.on_session_found(number, session);
            state.work_off();
        });
    }

    /// The answer to [`ToCluster::AskForSession`]. `None`: the node does not have it, is gone, or did not answer.
    pub fn on_handed_over(&self, number: u64, session: Option<HandedOver>) {
        self.with(|state| {
            state.on_handed_over(number, session);
            state.work_off();
        });
    }

    /// Another node asks for a session whose client has come to it.
    pub fn on_asked_for_session(&self, node: NodeId, number: u64, peer: &PeerId, token: [u8; 32]) {
        self.with(|state| {
            state.hand_over(node, number, peer, token);
            state.work_off();
        });
    }

    /// A node is gone. Its members may come back to any other.
    pub fn on_node_gone(&self, node: &NodeId) {
        self.with(|state| {
            state.on_node_gone(node);
            state.work_off();
        });
    }

    /// The store does not answer.
    pub fn on_store_lost(&self) {
        self.with(|state| {
            if let Some(cluster) = &mut state.cluster {
                cluster.is_down = true;
            }
        });
    }

    /// The store answers again. `is_empty`: it has lost what it had.
    pub fn on_store_back(&self, is_empty: bool) {
        self.with(|state| {
            state.on_store_back(is_empty);
            state.work_off();
        });
    }

    /// Nodes at which people are with whom somebody here shares a room.
    pub fn nodes_of_members(&self) -> BTreeSet<NodeId> {
        let state = self.state();
        let homes = state.cluster.iter().flat_map(|it| it.rooms.values()).flat_map(|it| &it.homes);
        homes.filter_map(|it| it.1.node.clone()).collect()
    }

    /// What is to be renewed in the store.
    pub fn renewals(&self) -> Renewals {
        self.state().renewals()
    }

    /// What is counted of the cluster. `None`: there is none.
    pub fn cluster_counts(&self) -> Option<ClusterCounts> {
        self.state().cluster.as_ref().map(|it| it.counts)
    }
}

impl State {
    /// Are the rooms of this realm shared with other nodes?
    pub(super) fn is_shared(&self, realm: Realm) -> bool {
        self.cluster.as_ref().is_some_and(|it| it.realm.at == realm.at)
    }

    /// Keeps in the store what has changed of sessions.
    pub(super) fn save_sessions(&mut self) {
        if self.cluster.is_none() || self.changed.is_empty() {
            return;
        }
        for peer in std::mem::take(&mut self.changed) {
            self.save_session(&peer, None);
        }
    }

    /// `entering`: a room that it may be in a moment from now.
    fn save_session(&mut self, peer: &PeerId, entering: Option<&RoomId>) {
        let Some(kept) = self.kept(peer) else { return };
        let Some(cluster) = &mut self.cluster else { return };
        let realm = &self.realms[cluster.realm.at];
        let mut rooms = realm.rooms.whereabouts(peer);
        rooms.extend(entering.filter(|it| !rooms.contains(it)).cloned());
        for token in kept.tokens {
            let session = SavedSession {
                peer: peer.clone(),
                node: cluster.own.clone(),
                alerts: kept.peer.alerts,
                rooms: rooms.clone(),
            };
            if !session.rooms.is_empty() {
                cluster.saved.insert(TokenHash(token));
                cluster.push(ToCluster::SaveSession { token, session });
            } else if cluster.saved.remove(&TokenHash(token)) {
                // In no room there is nothing to come back to.
                cluster.push(ToCluster::DropSession { token });
            }
        }
    }

    /// Nobody comes back by this token any more, to no node.
    pub(super) fn drop_saved(&mut self, token: TokenHash) {
        if let Some(cluster) = &mut self.cluster
            && cluster.saved.remove(&token)
        {
            cluster.push(ToCluster::DropSession { token: token.0 });
        }
    }

    fn renewals(&self) -> Renewals {
        let Some(cluster) = &self.cluster else { return Renewals::default() };
        let realm = &self.realms[cluster.realm.at];
        let rooms = cluster.rooms.iter().filter(|it| it.1.version > 0);
        let rooms = rooms.filter_map(|(id, _)| Some((id.clone(), realm.keep(realm.rooms.room(id)?)))).collect();
        Renewals { rooms, tokens: cluster.saved.iter().map(|it| it.0).collect() }
    }
}
