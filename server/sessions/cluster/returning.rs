//! Clients that come back to another node than the one that they were at. The node that has the session gives it up, with what
//! it has kept for its client; where that node is gone, the session is taken in from the store. Either way it is then here as if
//! its connection had just broken here, and is resumed by the rules of any other.
use super::{
    HandedOver, Moving, NodeId, SavedSession, ToCluster, Unavailable, Version,
    changes::{ChangeKind, Planned},
    shared_rooms::news,
};
use crate::{
    accounting::Reason,
    protocols::{CloseReason, RequestId, ResumeRequest},
    rooms::{PeerId, Room, RoomId},
    sessions::{
        effects::{Ended, HowToEnd},
        lasting::{Credential, Lasting},
        state::{Session, State},
        token::{TokenHash, Tokens},
        waiting::{Inbox, Waiting, WaitsFor},
    },
};

/// A websocket's close code for a server that cannot do it now (IANA's registry of them).
const TRY_AGAIN: CloseReason = CloseReason { code: 1013, reason: "try again" };

/// A client that has shown a token that this node does not know.
pub(in crate::sessions) struct Returning {
    /// Nobody yet: its connection.
    from: PeerId,
    request_id: RequestId,
    alerts: bool,
    request: ResumeRequest,
    shown: TokenHash,
    session: Option<SavedSession>,
    /// Rooms in which it has not been taken in yet.
    n_pending: usize,
    n_adopted: usize,
    /// The store did not answer.
    is_unavailable: bool,
    /// Its rooms as its client has heard of them.
    known: Vec<(RoomId, Room)>,
}

impl State {
    /// Looks for the session of a token in the store.
    pub(in crate::sessions) fn find_session(
        &mut self,
        from: &PeerId,
        request_id: RequestId,
        alerts: bool,
        request: ResumeRequest,
        shown: TokenHash,
    ) {
        let (Some(cluster), Some(session)) = (self.cluster.as_mut(), self.sessions.get_mut(from)) else { return };
        if session.waiting.is_some() {
            return self.hello_anew(from, request_id, alerts, true);
        }
        if cluster.is_down {
            return self.send_away(from);
        }
        let number = cluster.number();
        session.waiting = Some(Box::new(Waiting { number, what: WaitsFor::Store, inbox: Inbox::default() }));
        let from = from.clone();
        let returning = Returning {
            from,
            request_id,
            alerts,
            request,
            shown,
            session: None,
            n_pending: 0,
            n_adopted: 0,
            is_unavailable: false,
            known: Vec::new(),
        };
        cluster.returning.insert(number, returning);
        cluster.push(ToCluster::FindSession { token: shown.0, number });
    }

    /// What the store has under a token.
    pub(in crate::sessions) fn on_session_found(
        &mut self,
        number: u64,
        session: Result<Option<SavedSession>, Unavailable>,
    ) {
        let Some(cluster) = &mut self.cluster else { return };
        let Some(returning) = cluster.returning.get_mut(&number) else { return };
        let Ok(session) = session else { return self.give_back(number) };
        let Some(session) = session else { return self.begin_anew(number) };
        let (node, peer, token) = (session.node.clone(), session.peer.clone(), returning.shown.0);
        returning.session = Some(session);
        if node == cluster.own || self.sessions.contains_key(&peer) {
            // It was here, and has ended; or somebody else has just come back by this token.
            return self.begin_anew(number);
        }
        cluster.push(ToCluster::AskForSession { node, peer, token, number });
    }

    /// What the node of the session has given up.
    pub(in crate::sessions) fn on_handed_over(&mut self, number: u64, handed_over: Option<HandedOver>) {
        let Some(cluster) = &mut self.cluster else { return };
        let (realm, Some(returning)) = (cluster.realm, cluster.returning.get_mut(&number)) else { return };
        let Some(session) = returning.session.clone() else { return };
        let shown = returning.shown;
        // Where its client has gone again, it is taken in all the same, and waits here.
        if self.sessions.contains_key(&session.peer) {
            return self.begin_anew(number);
        }
        cluster.moving.remove(&session.peer);
        returning.n_pending = session.rooms.len();
        cluster.counts.n_moved += 1;
        cluster.counts.n_adopted += u64::from(handed_over.is_none());
        returning.known = handed_over.as_ref().map(|it| it.rooms.clone()).unwrap_or_default();
        if let Some(given) = handed_over.as_ref().map(|it| it.given.clone()).filter(|it| !it.is_empty()) {
            cluster.relays.given.insert(session.peer.clone(), given);
        }
        let tokens = Tokens { current: shown, previous: None };
        let lasting = Box::new(match handed_over {
            Some(it) => Lasting::moved(tokens, it),
            None => Lasting::earlier(tokens),
        });
        let SavedSession { peer, alerts, rooms, .. } = session;
        cluster.adopting.insert(peer.clone());
        self.n_connections += 1;
        let (own_number, account) = (self.n_connections, self.ledger.open_earlier_account());
        account.hold(lasting.n_bytes());
        self.wait_for(&peer, own_number, &account, self.lifetimes.grace);
        self.tokens.insert(shown, peer.clone());
        self.insert_away(peer.clone(), realm, own_number, account, lasting);
        self.realms[realm.at].rooms.know(&peer, alerts);
        for room in rooms {
            self.change_room(&room, ChangeKind::Adopt { peer: peer.clone(), returning: number });
        }
    }

    /// The session was taken in in one of its rooms, or is in that room no more.
    pub(in crate::sessions) fn on_adopted(&mut self, number: u64, _room: &RoomId, is_done: bool) {
        let Some(cluster) = &mut self.cluster else { return };
        let Some(returning) = cluster.returning.get_mut(&number) else { return };
        returning.n_pending = returning.n_pending.saturating_sub(1);
        returning.n_adopted += usize::from(is_done);
        if returning.n_pending > 0 {
            return;
        }
        let Some(session) = &returning.session else { return };
        let peer = session.peer.clone();
        cluster.adopting.remove(&peer);
        // Relays of rooms in which it was not taken in hear of it now.
        self.effects.moved.push(peer.clone());
        if returning.n_adopted == 0 || !self.sessions.contains_key(&peer) {
            let is_unavailable = returning.is_unavailable;
            self.end_now(&peer, Reason::GraceOver, HowToEnd::Ended);
            return if is_unavailable { self.give_back(number) } else { self.begin_anew(number) };
        }
        let Some(returning) = cluster.returning.remove(&number) else { return };
        let Returning { from, request_id, request, shown, .. } = returning;
        let Some(fresh) = crate::sessions::token::fresh() else { return };
        let Some(waiting) = self.sessions.get_mut(&from).and_then(|it| it.waiting.take()) else { return };
        let account = self.sessions.get(&from).map(|it| it.account.clone());
        self.resume(&from, &peer, shown, fresh, request_id, &request);
        if let Some(account) = account {
            self.work_inbox(&peer, &account, waiting.inbox);
        }
    }

    /// The store did not answer: the client keeps its token, and tries again, perhaps at another node.
    fn give_back(&mut self, number: u64) {
        let Some(cluster) = &mut self.cluster else { return };
        if let Some(returning) = cluster.returning.remove(&number) {
            self.send_away(&returning.from);
        }
    }

    fn send_away(&mut self, from: &PeerId) {
        self.ledger.count(Reason::StoreUnavailable);
        self.end(from, Reason::ByServer, HowToEnd::Close(TRY_AGAIN));
    }

    /// No answer came to what would have taken a session in.
    pub(in crate::sessions) fn on_unavailable(&mut self, number: u64) {
        if let Some(returning) = self.cluster.as_mut().and_then(|it| it.returning.get_mut(&number)) {
            returning.is_unavailable = true;
        }
    }

    /// The client gets a session like any other.
    fn begin_anew(&mut self, number: u64) {
        let Some(cluster) = &mut self.cluster else { return };
        let Some(Returning { from, request_id, alerts, .. }) = cluster.returning.remove(&number) else { return };
        let Some(session) = self.sessions.get_mut(&from) else { return };
        let Some(waiting) = session.waiting.take_if(|it| it.number == number) else { return };
        let account = session.account.clone();
        self.hello_anew(&from, request_id, alerts, true);
        self.work_inbox(&from, &account, waiting.inbox);
    }

    /// Gives up a session, if it is here, to a node to which its client has come.
    pub(in crate::sessions) fn hand_over(&mut self, node: NodeId, number: u64, peer: &PeerId, token: [u8; 32]) {
        let session = self.give_up(&node, peer, TokenHash(token));
        if let Some(cluster) = &self.cluster {
            cluster.push(ToCluster::HandOver { node, number, session });
        }
    }

    fn give_up(&mut self, node: &NodeId, peer: &PeerId, token: TokenHash) -> Option<HandedOver> {
        let realm = self.cluster.as_ref()?.realm;
        let is_here = self.tokens.get(&token) == Some(peer);
        let is_idle = |it: &&mut Session| it.realm.at == realm.at && it.waiting.is_none();
        self.sessions.get_mut(peer).filter(|_| is_here).filter(is_idle)?;
        let session = self.sessions.remove(peer)?;
        let given = self.give_up_relays(peer);
        session.account.release(session.held_bytes());
        let Session { connection, lasting, .. } = session;
        let lasting = lasting?;
        if let Credential::Tokens(tokens) = lasting.credential() {
            // In the store they are the other node's now.
            for token in [Some(tokens.current), tokens.previous].into_iter().flatten() {
                self.tokens.remove(&token);
                if let Some(cluster) = &mut self.cluster {
                    cluster.saved.remove(&token);
                }
            }
        }
        self.changed.remove(peer);
        self.realms[realm.at].n_sessions -= 1;
        match connection {
            Some(connection) => {
                self.ledger.count(Reason::Resumed);
                self.effects.ended.push(Ended::moved(peer, Some(connection)));
            }
            None => {
                self.n_away -= 1;
                self.timers.stop_grace(peer);
                self.effects.ended.push(Ended::moved(peer, None));
            }
        }
        let rooms = self.realms[realm.at].rooms.whereabouts(peer);
        if let Some(cluster) = &mut self.cluster {
            cluster.moving.insert(peer.clone(), Moving { to: node.clone(), rooms: rooms.clone() });
        }
        self.start_adoption_timer(peer);
        let there = &self.realms[realm.at].rooms;
        let rooms = rooms.into_iter().filter_map(|it| Some((it.clone(), there.room(&it)?.clone())));
        Some(lasting.hand_over(rooms.collect(), given))
    }

    /// Where a member's node is now this one. Its client hears what has changed since it was given up.
    pub(in crate::sessions) fn plan_adoption(
        &mut self,
        room: &RoomId,
        base: &Version,
        peer: &PeerId,
        returning: u64,
    ) -> Planned {
        let mut next = base.value.clone();
        let Some(cluster) = &self.cluster else { return Planned::default() };
        for (_, home) in next.iter_mut().flat_map(|it| &mut it.homes).filter(|it| it.0 == *peer) {
            home.node = Some(cluster.own.clone());
        }
        let known = cluster.returning.get(&returning).and_then(|it| it.known.iter().find(|it| it.0 == *room));
        let told = news(room, known.map(|it| &it.1), next.as_ref());
        let mut deliveries = self.deliveries(told);
        deliveries.retain(|it| it.to == *peer);
        Planned { next, deliveries, ..Planned::default() }
    }
}
