//! What the lock guards: realms, sessions, and who waits for whose seat.
//!
//! **Invariant:** nothing here ends a connection; what has to end is handed back, for when the lock is free.
use std::{
    collections::HashMap,
    mem,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE};
use uuid::Uuid;

use super::{
    Connection, Count, Realm, SendQueueFull,
    takeover::{Pending, Takeover},
};
use crate::{
    accounting::Account,
    ice::Ice,
    protocols::{Answer, AnswerContext, CloseReason, Command, Frame, Protocol},
    rooms::{IdKind, Limits, Notification, PeerId, Reply, RoomId, Rooms, Timer},
};

/// Websockets have a code for it.
const GOING_AWAY: CloseReason = CloseReason { code: 1001, reason: "the server stops" };

pub(super) struct State {
    ice: Ice,
    realms: Vec<RealmState>,
    sessions: HashMap<PeerId, Session>,
    pub(super) takeovers: HashMap<u64, Takeover>,
    pub(super) pending: Pending,
    /// Of connections, ascending ids and takeovers alike.
    n_made: u64,
}

/// What a realm stands for.
struct RealmState {
    protocol: &'static dyn Protocol,
    rooms: Rooms,
    n_sessions: usize,
}

/// One participant. Outlives its connection in the types; nothing holds a session without a connection yet.
struct Session {
    realm: Realm,
    connection: Option<(u64, Arc<dyn Connection>)>,
    account: Arc<Account>,
}

/// What is to be done once the lock is free.
#[derive(Default)]
pub(super) struct Effects {
    /// To be ended; at once where there is nothing to be incoming.
    pub(super) connections: Vec<(Arc<dyn Connection>, Option<CloseReason>)>,
    /// To be given a term.
    pub(super) takeovers: Vec<u64>,
    /// To be set.
    pub(super) timers: Vec<(Realm, Timer)>,
}

impl Effects {
    pub(super) fn add(&mut self, more: Effects) {
        self.connections.extend(more.connections);
        self.takeovers.extend(more.takeovers);
        self.timers.extend(more.timers);
    }
}

impl State {
    pub(super) fn new(ice: Ice, pending: Pending) -> Self {
        let (realms, sessions, takeovers) = (Vec::new(), HashMap::new(), HashMap::new());
        State { ice, realms, sessions, takeovers, pending, n_made: 0 }
    }

    pub(super) fn open(&mut self, protocol: &'static dyn Protocol, limits: Limits) -> usize {
        self.realms.push(RealmState { protocol, rooms: Rooms::new(limits, protocol.policy()), n_sessions: 0 });
        self.realms.len() - 1
    }

    /// The new session's id, and its connection's number.
    pub(super) fn connect(
        &mut self,
        realm: Realm,
        connection: Arc<dyn Connection>,
        account: Arc<Account>,
    ) -> (PeerId, u64) {
        let number = self.number();
        let peer = PeerId::from(&*fresh_id(realm.protocol.policy().peer_ids, number));
        self.realms[realm.at].n_sessions += 1;
        self.sessions.insert(peer.clone(), Session { realm, connection: Some((number, connection)), account });
        (peer, number)
    }

    pub(super) fn is_current(&self, peer: &PeerId, connection: u64) -> bool {
        let current = self.sessions.get(peer).and_then(|it| it.connection.as_ref());
        current.is_some_and(|it| it.0 == connection)
    }

    /// Does what a peer asks, unless another holds what it wants and has to be asked first.
    pub(super) fn command(&mut self, from: &PeerId, realm: Realm, command: Command<'_>) -> Effects {
        let holders = self.realms[realm.at].rooms.current_holders(from, &command.request);
        if holders.is_empty() {
            self.settle(from, realm, command)
        } else {
            self.start_takeover(from, realm, command, holders)
        }
    }

    /// Does what a peer asks, or refuses it.
    pub(super) fn settle(&mut self, from: &PeerId, realm: Realm, command: Command<'_>) -> Effects {
        let number = self.number();
        let rooms = &mut self.realms[realm.at].rooms;
        let room_ids = realm.protocol.policy().room_ids;
        let (answer, notifications, timers) =
            match rooms.apply(from, command.request, || RoomId::from(&*fresh_id(room_ids, number))) {
                Ok(outcome) => (Ok(outcome.reply), outcome.notifications, outcome.timers),
                Err(rejection) => {
                    tracing::debug!(event = "rejected", reason = %rejection, peer = %from);
                    (Err(rejection), Vec::new(), Vec::new())
                }
            };
        let now_ms = now_ms();
        let ice = match &answer {
            Ok(Reply::Welcome { peer }) => self.ice.servers_for(peer.as_str(), now_ms / 1_000),
            _ => Vec::new(),
        };
        let mut effects =
            match realm.protocol.encode_answer(&command.request_id, &answer, &AnswerContext { ice: &ice, now_ms }) {
                Answer::Silence => Effects::default(),
                Answer::Say(frame) => self.send(from, frame),
                Answer::Close(reason) => {
                    tracing::info!(event = "disconnect", reason = reason.reason, peer = %from);
                    self.end_with(from, Some(reason))
                }
            };
        effects.add(self.notify(notifications));
        effects.timers.extend(timers.into_iter().map(|it| (realm, it)));
        effects
    }

    /// Does what had to wait.
    pub(super) fn on_timer(&mut self, realm: Realm, timer: &Timer) -> Effects {
        let (notifications, next) = self.realms[realm.at].rooms.on_timer(timer);
        let mut effects = self.notify(notifications);
        effects.timers.extend(next.map(|it| (realm, it)));
        effects
    }

    /// Moves a connection to another realm, where it is a new peer.
    pub(super) fn turn(&mut self, peer: &PeerId, to: Realm) -> Option<(PeerId, u64, Effects)> {
        let session = self.sessions.get_mut(peer)?;
        let ((_, connection), account) = (session.connection.take()?, session.account.clone());
        let effects = self.end(peer);
        let (peer, number) = self.connect(to, connection, account);
        Some((peer, number, effects))
    }

    /// Ends a session. Its connection is cut.
    pub(super) fn end(&mut self, peer: &PeerId) -> Effects {
        self.end_with(peer, None)
    }

    pub(super) fn close_all(&self) -> Effects {
        let connections = self.sessions.values().filter_map(|it| it.connection.clone());
        Effects {
            connections: connections.map(|(_, connection)| (connection, Some(GOING_AWAY))).collect(),
            ..Effects::default()
        }
    }

    pub(super) fn counts(&self) -> Vec<Count> {
        let count =
            |it: &RealmState| Count { protocol: it.protocol.name(), n_peers: it.n_sessions, n_rooms: it.rooms.len() };
        self.realms.iter().map(count).collect()
    }

    pub(super) fn connection(&self, peer: &PeerId) -> Option<&Arc<dyn Connection>> {
        self.sessions.get(peer)?.connection.as_ref().map(|it| &it.1)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.n_made += 1;
        self.n_made
    }

    /// Tells everyone what there is to tell, and what follows from peers that cannot be told.
    fn notify(&mut self, notifications: Vec<Notification<'_>>) -> Effects {
        let mut effects = Effects::default();
        for Notification { to, event } in notifications {
            if let Some(session) = self.sessions.get(&to)
                && let Some(frame) = session.realm.protocol.encode_event(event)
            {
                effects.add(self.send(&to, frame));
            }
        }
        effects
    }

    /// Says a frame to one peer. Where that peer's queue is full its session ends, and others hear of it.
    fn send(&mut self, to: &PeerId, frame: Frame) -> Effects {
        match self.connection(to).map(|it| it.send(frame)) {
            None | Some(Ok(_)) => Effects::default(),
            Some(Err(SendQueueFull)) => {
                tracing::warn!(event = "disconnect", reason = "send_queue_full", peer = %to);
                self.end(to)
            }
        }
    }

    fn end_with(&mut self, peer: &PeerId, reason: Option<CloseReason>) -> Effects {
        let Some(mut session) = self.sessions.remove(peer) else { return Effects::default() };
        let ground = &mut self.realms[session.realm.at];
        ground.n_sessions -= 1;
        let notifications = ground.rooms.forget(peer);
        let connections = mem::take(&mut session.connection).into_iter().map(|it| (it.1, reason)).collect();
        let mut effects = Effects { connections, ..Effects::default() };
        effects.add(self.notify(notifications));
        effects.add(self.on_peer_gone(peer));
        effects
    }
}

/// An id that nobody has. `number` grows from one to the next.
fn fresh_id(kind: IdKind, number: u64) -> String {
    match kind {
        IdKind::Long => Uuid::new_v4().to_string(),
        IdKind::Hex => Uuid::new_v4().simple().to_string(),
        // 58 random bits: the first character would hold the UUID's variant.
        IdKind::Short => BASE64_URL_SAFE.encode(&Uuid::new_v4().as_bytes()[8..])[1..].chars().take(10).collect(),
        IdKind::Ascending => format!("u{number:012}"),
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_millis());
    u64::try_from(since).unwrap_or(u64::MAX)
}
