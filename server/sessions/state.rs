//! What the lock guards: realms, sessions, who waits, and what is to be done next.
//!
//! **Invariants:** `sessions[peer]` is the only way to a request, so that a session that has ended is not heard on any path.
//! Endings are a work list and never recurse: what one of them leads to is done after it. Nothing here ends a connection or
//! writes a log line; both are handed back as [`Effects`], for when the lock is free.
use std::{
    collections::{HashMap, VecDeque},
    mem,
    sync::Arc,
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{
    Connection, Count, Queued, Realm, RealmSettings, RelayLink, SendQueueFull,
    contributions::{COUNTED_FROM, Contributions, ENDED_AT},
    passwords::PasswordAttempts,
    timers::{Due, Timers},
    waiting::{Holders, InboxFull, Waiting},
};
use crate::{
    accounting::{Account, Holding, Ledger, Reason},
    ice::Ice,
    protocols::{CloseReason, Command, Frame, Incoming},
    rooms::{Notification, PeerId, Rejection, Rooms, Timer},
};

/// Memory of a room with one member: its entry, its settings and its member's list.
pub(super) const ROOM_COST: u64 = 2 * 1024;

/// Websockets have a code for it (RFC 6455, section 7.4.1).
const GOING_AWAY: CloseReason = CloseReason { code: 1001, reason: "the server stops" };

/// Where the transport can say it.
const POLICY_VIOLATION: CloseReason = CloseReason { code: 1008, reason: "too much at a time" };

pub(super) struct State {
    pub(super) ice: Ice,
    pub(super) relay: Option<Arc<dyn RelayLink>>,
    pub(super) ledger: Ledger,
    pub(super) realms: Vec<RealmState>,
    pub(super) sessions: HashMap<PeerId, Session>,
    pub(super) holders: Holders,
    pub(super) timers: Timers,
    pub(super) passwords: PasswordAttempts,
    pub(super) work: VecDeque<Work>,
    pub(super) effects: Effects,
    pub(super) n_connections: u64,
    pub(super) n_takeovers: u64,
}

/// All rooms of one protocol.
pub(super) struct RealmState {
    pub(super) settings: RealmSettings,
    pub(super) rooms: Rooms,
    pub(super) n_sessions: usize,
    /// Ids that were made so far.
    pub(super) n_ids: u64,
    /// The memory of its rooms.
    pub(super) held: Holding,
}

/// One participant.
pub(super) struct Session {
    pub(super) realm: Realm,
    /// Which connection it is: one that comes later under the same peer id has another number.
    pub(super) number: u64,
    pub(super) connection: Arc<dyn Connection>,
    pub(super) account: Arc<Account>,
    pub(super) waiting: Option<Box<Waiting>>,
    pub(super) contributions: Option<Box<Contributions>>,
    /// Bytes that the rules keep because of what it said.
    pub(super) kept_bytes: u64,
}

/// Something to be done before the lock is free.
pub(super) enum Work {
    End {
        peer: PeerId,
        reason: Reason,
        how: HowToEnd,
    },
    /// A session has waited for long enough. `retry`: others may have come first, and are then asked themselves.
    Resume {
        peer: PeerId,
        number: u64,
        retry: bool,
    },
}

/// What becomes of the connection of a session that ends.
#[derive(Clone, Copy)]
pub(super) enum HowToEnd {
    /// It has ended itself.
    Ended,
    /// Without a word.
    Abort,
    /// After what waits for it.
    Close(CloseReason),
}

/// What is to be done once the lock is free.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) ended: Vec<Ended>,
    pub(super) passwords: Vec<(PeerId, u32)>,
    /// Where the log wants to know it.
    pub(super) rejected: Vec<(PeerId, Rejection)>,
    /// Who has entered or left a room, and who is to be told.
    pub(super) moved: Vec<PeerId>,
    pub(super) relay: Option<Arc<dyn RelayLink>>,
}

/// A session that has ended.
pub(super) struct Ended {
    pub(super) peer: PeerId,
    pub(super) reason: Reason,
    pub(super) connection: Arc<dyn Connection>,
    how: HowToEnd,
}

impl Ended {
    pub(super) fn end_connection(&self) {
        match self.how {
            HowToEnd::Ended => (),
            HowToEnd::Abort => self.connection.abort(self.reason),
            HowToEnd::Close(why) => self.connection.close(why),
        }
    }
}

impl State {
    pub(super) fn new(ice: Ice, ledger: Ledger) -> Self {
        State {
            ice,
            relay: None,
            ledger,
            realms: Vec::new(),
            sessions: HashMap::new(),
            holders: Holders::default(),
            timers: Timers::default(),
            passwords: PasswordAttempts::default(),
            work: VecDeque::new(),
            effects: Effects::default(),
            n_connections: 0,
            n_takeovers: 0,
        }
    }

    pub(super) fn open(&mut self, mut settings: RealmSettings) -> usize {
        let rooms = Rooms::new(settings.rules, mem::replace(&mut settings.compat, Box::new(crate::rooms::NoCompat)));
        let held = self.ledger.hold_nothing();
        self.realms.push(RealmState { settings, rooms, n_sessions: 0, n_ids: 0, held });
        self.realms.len() - 1
    }

    /// The new session's id, and its connection's number.
    pub(super) fn connect(
        &mut self,
        realm: Realm,
        connection: Arc<dyn Connection>,
        account: Arc<Account>,
    ) -> (PeerId, u64) {
        let there = &mut self.realms[realm.at];
        there.n_sessions += 1;
        there.n_ids += 1;
        let peer = PeerId::from(&*there.settings.peer_ids.fresh(there.n_ids));
        self.n_connections += 1;
        let number = self.n_connections;
        let (waiting, contributions) = (None, None);
        let session = Session { realm, number, connection, account, waiting, contributions, kept_bytes: 0 };
        self.sessions.insert(peer.clone(), session);
        if let Some(command) = realm.protocol.on_connect() {
            self.command(&peer, command);
        }
        self.work_off();
        (peer, number)
    }

    /// A client has said something that its protocol understands. `text` is as it came, for a session that waits.
    pub(super) fn receive(&mut self, from: &PeerId, number: u64, command: Command<'_>, text: &Incoming<'_>) {
        let Some(session) = self.sessions.get_mut(from).filter(|it| it.number == number) else { return };
        let Some(waiting) = &mut session.waiting else {
            self.command(from, command);
            return self.work_off();
        };
        match waiting.inbox.push(text) {
            Ok(n_bytes) => session.account.hold(n_bytes as u64),
            Err(InboxFull) => self.end(from, Reason::InboxFull, HowToEnd::Close(POLICY_VIOLATION)),
        }
        self.work_off();
    }

    /// A connection has ended.
    pub(super) fn disconnect(&mut self, peer: &PeerId, number: u64, reason: Reason) {
        if self.is_current(peer, number) {
            self.end(peer, reason, HowToEnd::Ended);
            self.work_off();
        }
    }

    /// Moves a connection to another realm, where it is a new peer.
    pub(super) fn turn(&mut self, peer: &PeerId, number: u64, to: Realm) -> Option<(PeerId, u64)> {
        let session = self.sessions.get(peer).filter(|it| it.number == number)?;
        let (connection, account) = (session.connection.clone(), session.account.clone());
        self.end(peer, Reason::ByServer, HowToEnd::Ended);
        self.work_off();
        Some(self.connect(to, connection, account))
    }

    /// Does everything that is due.
    pub(super) fn on_timers(&mut self, now: Instant) {
        while let Some(due) = self.timers.next_due(now) {
            match due {
                Due::Rooms { realm, timer } => {
                    let (notifications, next) = self.realms[realm.at].rooms.on_timer(&timer);
                    self.notify(notifications, None);
                    self.start_timers(realm, next);
                }
                Due::Takeover { asker, number } => self.on_takeover_timeout(&asker, number),
            }
            self.work_off();
        }
    }

    /// Ends every connection after what waits for it.
    pub(super) fn close_all(&mut self) {
        for session in self.sessions.values() {
            session.connection.close(GOING_AWAY);
        }
    }

    pub(super) fn counts(&self) -> Vec<Count> {
        let count = |it: &RealmState| Count {
            protocol: it.settings.protocol.name(),
            n_peers: it.n_sessions,
            n_rooms: it.rooms.len(),
        };
        self.realms.iter().map(count).collect()
    }

    pub(super) fn n_sessions(&self) -> usize {
        self.sessions.len()
    }

    pub(super) fn take_effects(&mut self) -> Effects {
        let mut effects = mem::take(&mut self.effects);
        effects.moved = self.realms.iter_mut().flat_map(|it| it.rooms.take_moved()).collect();
        effects.relay = self.relay.clone().filter(|_| !effects.moved.is_empty() || !effects.ended.is_empty());
        effects
    }

    /// Does what there is to do until there is nothing left.
    pub(super) fn work_off(&mut self) {
        while let Some(work) = self.work.pop_front() {
            match work {
                Work::End { peer, reason, how } => self.end_now(&peer, reason, how),
                Work::Resume { peer, number, retry } => self.resume(&peer, number, retry),
            }
        }
    }

    pub(super) fn end(&mut self, peer: &PeerId, reason: Reason, how: HowToEnd) {
        self.work.push_back(Work::End { peer: peer.clone(), reason, how });
    }

    fn end_now(&mut self, peer: &PeerId, reason: Reason, how: HowToEnd) {
        let Some(session) = self.sessions.remove(peer) else { return };
        let Session { realm, connection, account, waiting, kept_bytes, .. } = session;
        account.release(kept_bytes + waiting.as_ref().map_or(0, |it| it.inbox.n_bytes() as u64));
        for holder in waiting.into_iter().flat_map(|it| it.silent) {
            self.holders.remove(&holder, peer);
        }
        let there = &mut self.realms[realm.at];
        there.n_sessions -= 1;
        let notifications = there.rooms.forget(peer);
        there.held.resize(there.rooms.len() as u64 * ROOM_COST);
        if reason != Reason::MemoryCut {
            // That one was counted when it was cut.
            self.ledger.count(reason);
        }
        self.effects.ended.push(Ended { peer: peer.clone(), reason, connection, how });
        self.notify(notifications, None);
        // Whoever waited for it tries again, in the order in which they asked.
        for asker in self.askers_in_order(peer) {
            if let Some(waiting) = self.waiting(&asker) {
                waiting.silent.remove(peer);
                let number = waiting.number;
                self.work.push_back(Work::Resume { peer: asker, number, retry: true });
            }
        }
    }

    /// Tells everyone what there is to tell. `cause` pays for it.
    pub(super) fn notify(&mut self, notifications: Vec<Notification<'_>>, cause: Option<&PeerId>) {
        let mut n_bytes = 0;
        for Notification { to, event } in notifications {
            if let Some(session) = self.sessions.get(&to)
                && let Some(frame) = session.realm.protocol.encode_event(event)
            {
                n_bytes += frame_bytes(&frame);
                self.send(&to, frame, cause);
            }
        }
        if n_bytes > 0
            && let Some(cause) = cause
            && let Some(session) = self.sessions.get(cause)
            && let Err(reason) = session.account.relay(n_bytes)
        {
            self.end(cause, reason, HowToEnd::Close(POLICY_VIOLATION));
        }
    }

    /// Queues a frame for one peer. Where its queue is nearly full, whoever filled it ends if the peer reads, and the peer
    /// itself if it does not.
    pub(super) fn send(&mut self, to: &PeerId, frame: Frame, cause: Option<&PeerId>) {
        let Some(session) = self.sessions.get_mut(to) else { return };
        let n_bytes = frame_bytes(&frame);
        match session.connection.send(frame) {
            Ok(Queued { fullness, .. }) if fullness < COUNTED_FROM => session.contributions = None,
            Ok(Queued { fullness, taken_bytes }) => {
                let now = self.ledger.now();
                let contributions =
                    session.contributions.get_or_insert_with(|| Box::new(Contributions::new(taken_bytes, now)));
                contributions.sample(taken_bytes, now);
                if let Some(cause) = cause.filter(|it| *it != to) {
                    contributions.add(cause, n_bytes);
                }
                if fullness >= ENDED_AT
                    && let Some(flooder) = contributions.take_flooder(taken_bytes)
                {
                    self.end(&flooder, Reason::Flooding, HowToEnd::Close(POLICY_VIOLATION));
                }
            }
            Err(SendQueueFull) => self.end(to, Reason::SendQueueFull, HowToEnd::Abort),
        }
    }

    pub(super) fn start_timers(&mut self, realm: Realm, timers: impl IntoIterator<Item = Timer>) {
        for timer in timers {
            self.timers.start(Instant::now() + timer.after, Due::Rooms { realm, timer });
        }
    }

    pub(super) fn is_current(&self, peer: &PeerId, number: u64) -> bool {
        self.sessions.get(peer).is_some_and(|it| it.number == number)
    }
}

fn frame_bytes(frame: &Frame) -> usize {
    frame.text.len() + frame.attachments.iter().map(Bytes::len).sum::<usize>()
}
