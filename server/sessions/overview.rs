//! What whoever runs the server may see of rooms and sessions, and end.
//!
//! **Invariants:** ids and numbers alone: no name of a person or room, no password, no address, nothing that anybody says. Ids
//! are copied under the lock, and the rest a few at a time, so that however many there are, nobody waits for it.
use super::{
    Realm, Sessions,
    cluster::ChangeKind,
    effects::HowToEnd,
    state::{RealmState, State},
};
use crate::{
    accounting::Reason,
    protocols::CloseReason,
    rooms::{PeerId, Room, RoomId, Topology},
};

/// Looked at while the lock is held once.
const AT_ONCE: usize = 64;

const CLOSED: CloseReason = CloseReason { code: 1008, reason: "closed by the operator" };

/// A room as its operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomOverview {
    /// What is spoken there.
    pub protocol: &'static str,
    /// Its id.
    pub id: RoomId,
    /// Whether one of its members is the host.
    pub topology: Topology,
    /// Its members.
    pub n_peers: usize,
    /// Of these: those whose connection broke, and who may come back.
    pub n_away: usize,
    /// How many may be in it.
    pub peers_max: usize,
    /// It has an owner.
    pub is_owned: bool,
    /// Its owner lets nobody in.
    pub is_locked: bool,
    /// The operator has closed it.
    pub is_closed: bool,
}

/// A session as its operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerOverview {
    /// What it speaks.
    pub protocol: &'static str,
    /// Its id.
    pub id: PeerId,
    /// Its connection broke, and it may come back.
    pub is_away: bool,
    /// How many rooms it is in.
    pub n_rooms: usize,
    /// Memory that is held for it, in bytes.
    pub held_bytes: u64,
}

/// What an id that was closed was the id of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// Rooms: one in each protocol at most.
    pub n_rooms: usize,
    /// Sessions.
    pub n_peers: usize,
}

impl Sessions {
    /// All rooms, in pieces, each seen at a moment of its own. A room that ends meanwhile may be missing.
    pub fn rooms(&self) -> impl Iterator<Item = Vec<RoomOverview>> {
        let ids: Vec<(usize, RoomId)> = {
            let state = self.state();
            let of_realm =
                |(at, realm): (usize, &RealmState)| realm.rooms.ids().map(|id| (at, id.clone())).collect::<Vec<_>>();
            state.realms.iter().enumerate().flat_map(of_realm).collect()
        };
        let sessions = self.clone();
        pieces(ids).map(move |ids| {
            let state = sessions.state();
            ids.into_iter().filter_map(|(at, id)| state.room_overview(at, id)).collect()
        })
    }

    /// All sessions, as [`Sessions::rooms`].
    pub fn peers(&self) -> impl Iterator<Item = Vec<PeerOverview>> {
        let ids: Vec<PeerId> = self.state().sessions.keys().cloned().collect();
        let sessions = self.clone();
        pieces(ids).map(move |ids| {
            let state = sessions.state();
            ids.into_iter().filter_map(|id| state.peer_overview(id)).collect()
        })
    }

    /// Closes what has this id: a room, for everybody in it, and for as long as rooms are kept that nobody is in; or a session.
    pub fn close(&self, id: &str) -> Closed {
        let closed = self.with(|state| state.close(id));
        if closed.n_rooms > 0 {
            // Not which: whoever knows a room's id can try passwords.
            tracing::info!(event = "closed", what = "room", reason = Reason::ByOperator.as_str());
        }
        closed
    }
}

/// So many at a time.
fn pieces<T>(all: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut all = all.into_iter();
    std::iter::from_fn(move || Some(all.by_ref().take(AT_ONCE).collect::<Vec<_>>()).filter(|it| !it.is_empty()))
}

impl State {
    fn room_overview(&self, at: usize, id: RoomId) -> Option<RoomOverview> {
        let realm = &self.realms[at];
        let room: &Room = realm.rooms.room(&id)?;
        let is_away = |it: &&PeerId| self.sessions.get(*it).is_some_and(|it| it.connection.is_none());
        Some(RoomOverview {
            protocol: realm.settings.protocol.name(),
            topology: room.topology,
            n_peers: room.members.len(),
            n_away: room.members.iter().filter(is_away).count(),
            peers_max: room.settings.peers_max,
            is_owned: room.moderation.is_some(),
            is_locked: room.moderation.as_ref().is_some_and(|it| it.is_locked),
            is_closed: room.is_closed,
            id,
        })
    }

    fn peer_overview(&self, id: PeerId) -> Option<PeerOverview> {
        let session = self.sessions.get(&id)?;
        let realm = &self.realms[session.realm.at];
        Some(PeerOverview {
            protocol: realm.settings.protocol.name(),
            is_away: session.connection.is_none(),
            n_rooms: realm.rooms.n_rooms_of(&id),
            held_bytes: session.account.held(),
            id,
        })
    }

    fn close(&mut self, id: &str) -> Closed {
        let (room, peer) = (RoomId::from(id), PeerId::from(id));
        let mut closed = Closed::default();
        for at in 0..self.realms.len() {
            let there = &mut self.realms[at];
            let realm = Realm { protocol: there.settings.protocol, signatures: there.settings.signatures, at };
            if self.cluster.as_ref().is_some_and(|it| it.realm.at == at) {
                if there.rooms.room(&room).is_some_and(|it| !it.is_closed) {
                    closed.n_rooms += 1;
                    self.ledger.count(Reason::ByOperator);
                    self.change_room(&room, ChangeKind::Close);
                }
                continue;
            }
            let Some(ended) = there.rooms.close(&room) else { continue };
            there.hold_rooms();
            closed.n_rooms += 1;
            self.ledger.count(Reason::ByOperator);
            self.notify(ended.notifications, None);
            self.start_timers(realm, ended.timers);
            ended.members.iter().for_each(|it| self.count_kept(it, realm));
        }
        if closed.n_rooms == 0 && self.sessions.contains_key(&peer) {
            closed.n_peers = 1;
            self.end(&peer, Reason::ByOperator, HowToEnd::Close(CLOSED));
        }
        self.work_off();
        closed
    }
}
