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
mod held;
mod messages;
mod planning;
mod relays;
mod returning;
mod shared_rooms;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use super::{Realm, Sessions, state::State, token::TokenHash};
use crate::{
    ice::RoomMark,
    rooms::{PeerId, PeerMap, PeerSet, RoomId},
};
pub(super) use changes::ChangeKind;
use changes::{Changing, Lost};
use held::Held;
pub use messages::{
    Commit, Committed, Delivery, HandedOver, Home, NodeId, Outbox, SavedSession, SharedRoom, ToCluster, Unavailable,
    Version,
};
use relays::Relays;
pub use relays::{Given, LeftMember};
use returning::Returning;

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
    /// Frames for peers that have left meanwhile, or whose node was not to be reached for too long.
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

impl Renewals {
    /// Is there nothing?
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty() && self.tokens.is_empty()
    }
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
    moving: PeerMap<Moving>,
    /// Sessions that came here from another node, while rooms still say that they are there.
    adopting: PeerSet,
    /// Frames for members that are not to be reached.
    held: Held,
    relays: Relays,
    n_numbers: u64,
    /// The store does not answer.
    is_down: bool,
    counts: ClusterCounts,
}

/// A session on its way to another node.
struct Moving {
    to: NodeId,
    /// Where it was a member, or waited.
    rooms: Vec<RoomId>,
}

/// One room of those that nodes share.
#[derive(Default)]
pub(super) struct Entry {
    /// The version that is known here; 0: none.
    version: u64,
    homes: Vec<(PeerId, Home)>,
    /// What stands for it at relays, once that was asked for.
    mark: Option<RoomMark>,
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
                held: Held::default(),
                relays: Relays::default(),
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

    /// What [`ToCluster::Deliver`] was to pass on was heard by nobody. `node`: which did not hear it; `None`: it was not said, since
    /// the store is away.
    pub fn on_undelivered(&self, node: Option<&NodeId>, number: u64, deliveries: Vec<Delivery>) {
        self.with(|state| {
            state.on_undelivered(node, number, deliveries);
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

    /// The store answers again, after it was away from this node for so long. `is_empty`: it has lost what it had.
    pub fn on_store_back(&self, is_empty: bool, away: Duration) {
        let lost = match is_empty {
            true => Lost::Everything,
            // What others have ended meanwhile may be forgotten by now.
            false if away >= KEEP => Lost::Nothing,
            false => Lost::Rooms,
        };
        self.with(|state| {
            state.on_store_back(lost);
            state.work_off();
        });
    }

    /// What was to be renewed is not there any more.
    pub fn on_missing(&self, missing: Renewals) {
        self.with(|state| {
            let rooms = missing.rooms.into_iter().map(|it| it.0).collect();
            state.on_missing(rooms, missing.tokens.into_iter().map(TokenHash).collect());
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
