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
    Connection, Realm, RealmSettings, RelayLink, SessionHandle,
    cluster::{ChangeKind, Cluster},
    contributions::Contributions,
    cookies::Cookies,
    cuts::Cuts,
    effects::{Effects, Ended, HowToEnd},
    lasting::{Lasting, Lifetimes},
    passwords::PasswordAttempts,
    statistics::{Tally, Traffic},
    timers::{Due, Timers},
    token::TokenHash,
    waiting::{Holders, InboxFull, Waiting, WaitsFor},
};
use crate::{
    accounting::{Account, Holding, Ledger, Reason},
    ice::Ice,
    protocols::{Asked, CloseReason, Command, Frame, Incoming, SessionRequest},
    rooms::{PeerId, PeerMap, PeerSet, Request, Rooms, Timer},
};

/// Memory of a room with one member: its entry, its settings and its member's list.
pub(super) const ROOM_COST: u64 = 2 * 1024;

/// Where the transport can say it.
pub(super) const POLICY_VIOLATION: CloseReason = CloseReason { code: 1008, reason: "too much at a time" };

pub(super) struct State {
    pub(super) ice: Ice,
    pub(super) relay: Option<Arc<dyn RelayLink>>,
    pub(super) ledger: Ledger,
    pub(super) realms: Vec<RealmState>,
    pub(super) sessions: PeerMap<Session>,
    pub(super) lifetimes: Lifetimes,
    /// Sessions by the hash of a resume token.
    pub(super) tokens: HashMap<TokenHash, PeerId>,
    /// Sessions by cookie.
    pub(super) cookies: Cookies,
    /// Sessions without a connection.
    pub(super) n_away: usize,
    /// Of these: those whose memory is needed.
    pub(super) cuts: Arc<Cuts>,
    /// Whose session the connection with this number has now, where that has changed and the connection does not know.
    pub(super) rebound: HashMap<u64, PeerId>,
    pub(super) is_stopping: bool,
    /// Sessions that can come back and may be different from how they are kept.
    pub(super) changed: PeerSet,
    /// Whether anybody asks for what has changed.
    pub(super) is_kept: bool,
    pub(super) holders: Holders,
    pub(super) timers: Timers,
    pub(super) passwords: PasswordAttempts,
    pub(super) work: VecDeque<Work>,
    pub(super) effects: Effects,
    pub(super) n_connections: u64,
    pub(super) n_takeovers: u64,
    pub(super) tally: Tally,
    /// The rooms of one realm are shared with other nodes.
    pub(super) cluster: Option<Box<Cluster>>,
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
    pub(super) traffic: Traffic,
}

impl RealmState {
    /// Sessions, without the one that hosts stars.
    pub(super) fn n_clients(&self) -> usize {
        self.n_sessions - usize::from(self.rooms.has_service()).min(self.n_sessions)
    }

    /// After anything that may have made a room, ended one, or changed what its owner has said.
    pub(super) fn hold_rooms(&mut self) {
        self.held.resize(self.rooms.len() as u64 * ROOM_COST + self.rooms.owner_bytes() as u64);
    }
}

/// One participant.
pub(super) struct Session {
    pub(super) realm: Realm,
    /// Which connection it is: one that comes later under the same peer id has another number.
    pub(super) number: u64,
    /// `None`: it is away.
    pub(super) connection: Option<Arc<dyn Connection>>,
    pub(super) account: Arc<Account>,
    pub(super) waiting: Option<Box<Waiting>>,
    pub(super) contributions: Option<Box<Contributions>>,
    /// Its client can come back.
    pub(super) lasting: Option<Box<Lasting>>,
    /// Bytes that the rules keep because of what it said.
    pub(super) kept_bytes: u64,
    /// Its client is on its way to another node.
    pub(super) is_told_to_go: bool,
}

impl Session {
    /// What is held for it on its account.
    pub(super) fn held_bytes(&self) -> u64 {
        let inbox = self.waiting.as_ref().map_or(0, |it| it.inbox.n_bytes() as u64);
        self.kept_bytes + self.lasting.as_ref().map_or(0, |it| it.n_bytes()) + inbox
    }

    /// From now on this account pays for it, and not the one that is handed back.
    pub(super) fn change_account(&mut self, account: Arc<Account>) -> Arc<Account> {
        let held = self.held_bytes();
        account.hold(held);
        let before = mem::replace(&mut self.account, account);
        before.release(held);
        before
    }
}

/// Something to be done before the lock is free.
pub(super) enum Work {
    /// `number`: of the connection that it is about. What was said of one that has ended meanwhile is not said of the next.
    End { peer: PeerId, number: u64, reason: Reason, how: HowToEnd },
    /// A session has waited for long enough. `retry`: others may have come first, and are then asked themselves.
    GoOn { peer: PeerId, number: u64, retry: bool },
}

impl State {
    pub(super) fn new(ice: Ice, ledger: Ledger, lifetimes: Lifetimes, cuts: Arc<Cuts>) -> Self {
        State {
            ice,
            relay: None,
            ledger,
            realms: Vec::new(),
            sessions: PeerMap::default(),
            lifetimes,
            tokens: HashMap::new(),
            cookies: Cookies::default(),
            n_away: 0,
            cuts,
            rebound: HashMap::new(),
            is_stopping: false,
            changed: PeerSet::default(),
            is_kept: false,
            holders: Holders::default(),
            timers: Timers::default(),
            passwords: PasswordAttempts::default(),
            work: VecDeque::new(),
            effects: Effects::default(),
            n_connections: 0,
            n_takeovers: 0,
            tally: Tally::default(),
            cluster: None,
        }
    }

    pub(super) fn open(&mut self, mut settings: RealmSettings) -> usize {
        let rooms = Rooms::new(settings.rules, mem::replace(&mut settings.compat, Box::new(crate::rooms::NoCompat)));
        self.is_kept |= settings.rules.policy.is_kept;
        let held = self.ledger.hold_nothing();
        let traffic = Traffic::default();
        self.realms.push(RealmState { settings, rooms, n_sessions: 0, n_ids: 0, held, traffic });
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
        let (connection, waiting, contributions, lasting) = (Some(connection), None, None, None);
        let is_told_to_go = false;
        let session = Session {
            realm,
            number,
            connection,
            account,
            waiting,
            contributions,
            lasting,
            kept_bytes: 0,
            is_told_to_go,
        };
        self.sessions.insert(peer.clone(), session);
        if let Some(command) = realm.protocol.on_connect() {
            self.command(&peer, command);
        }
        self.work_off();
        (peer, number)
    }

    /// A client has said something that its protocol understands. `text` is as it came, for a session that waits.
    pub(super) fn receive(&mut self, from: &PeerId, number: u64, command: Command<'_>, text: &Incoming<'_>) {
        if self.cookies.is_undecided(from)
            && let Some(peer) = self.decide(from, number, is_hello(&command))
        {
            return self.receive(&peer, number, command, text);
        }
        let Some(session) = self.sessions.get_mut(from).filter(|it| it.number == number) else { return };
        if session.lasting.is_some() {
            let is_counted = match &command.request {
                Asked::Rooms(Request::Hello { .. }) => false,
                Asked::Rooms(_) | Asked::Session(SessionRequest::IceServers) => true,
                Asked::Session(_) => false,
            };
            // What waits is handled later, and not to be said again.
            self.on_said(from, number, is_counted);
        }
        let Some(session) = self.sessions.get_mut(from) else { return };
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
        let (connection, account) = (session.connection.clone()?, session.account.clone());
        self.end(peer, Reason::ByServer, HowToEnd::Ended);
        self.work_off();
        Some(self.connect(to, connection, account))
    }

    /// Does everything that is due.
    pub(super) fn on_timers(&mut self, now: Instant) {
        self.end_cut();
        while let Some(due) = self.timers.next_due(now) {
            match due {
                Due::Rooms { realm, timer } => {
                    let there = &mut self.realms[realm.at];
                    let (notifications, next) = there.rooms.on_timer(&timer);
                    there.hold_rooms();
                    self.notify(notifications, None);
                    self.start_timers(realm, next);
                }
                Due::Takeover { asker, number } => self.on_takeover_timeout(&asker, number),
                Due::Grace { peer, number } => self.on_grace_over(&peer, number),
                Due::NodeGrace { room, peer, mark } => self.change_room(&room, ChangeKind::GraceOver { peer, mark }),
                Due::Adoption { peer } => self.on_adoption_timeout(&peer),
            }
            self.work_off();
        }
    }

    pub(super) fn n_connected(&self) -> usize {
        self.sessions.len() - self.n_away
    }

    pub(super) fn take_effects(&mut self) -> Effects {
        let mut effects = mem::take(&mut self.effects);
        effects.moved.extend(self.realms.iter_mut().flat_map(|it| it.rooms.take_moved()));
        if self.cluster.is_some() {
            let ended: Vec<_> = effects.ended.iter().filter(|it| !it.is_away).map(|it| it.peer.clone()).collect();
            effects.left = self.tell_relays(&effects.moved, &ended);
        }
        effects.relay = self.relay.clone().filter(|_| !effects.moved.is_empty() || !effects.ended.is_empty());
        effects
    }

    /// Does what there is to do until there is nothing left.
    pub(super) fn work_off(&mut self) {
        while let Some(work) = self.work.pop_front() {
            match work {
                Work::End { peer, number, reason, how } => {
                    if self.is_current(&peer, number) {
                        self.end_now(&peer, reason, how);
                    }
                }
                Work::GoOn { peer, number, retry } => self.go_on(&peer, number, retry),
            }
        }
    }

    pub(super) fn end(&mut self, peer: &PeerId, reason: Reason, how: HowToEnd) {
        if let Some(number) = self.sessions.get(peer).map(|it| it.number) {
            self.work.push_back(Work::End { peer: peer.clone(), number, reason, how });
        }
    }

    pub(super) fn end_now(&mut self, peer: &PeerId, reason: Reason, how: HowToEnd) {
        if self.can_come_back(peer, reason) {
            return self.go_away(peer, reason, how);
        }
        let Some(session) = self.sessions.remove(peer) else { return };
        session.account.release(session.held_bytes());
        let Session { realm, connection, waiting, lasting, .. } = session;
        if let Some(lasting) = lasting {
            self.forget_credential(peer, &lasting);
            self.note_change(peer);
        }
        if connection.is_none() {
            self.n_away -= 1;
            self.timers.stop_grace(peer);
        }
        if let Some(WaitsFor::Holders { silent, .. }) = waiting.map(|it| it.what) {
            silent.iter().for_each(|it| self.holders.remove(it, peer));
        }
        self.realms[realm.at].n_sessions -= 1;
        self.end_hosting(realm.at, peer);
        let (notifications, timers) = if self.is_shared(realm) {
            self.leave_everywhere(peer);
            Default::default()
        } else {
            let there = &mut self.realms[realm.at];
            let forgotten = there.rooms.forget(peer);
            there.hold_rooms();
            forgotten
        };
        if reason != Reason::MemoryCut {
            // That one was counted when it was cut.
            self.ledger.count(reason);
        }
        self.effects.ended.push(Ended { peer: peer.clone(), reason, is_away: false, connection, how });
        self.notify(notifications, None);
        self.start_timers(realm, timers);
        // Whoever waited for it tries again, in the order in which they asked.
        for asker in self.askers_in_order(peer) {
            if let Some((number, silent)) = self.silent(&asker) {
                silent.remove(peer);
                self.work.push_back(Work::GoOn { peer: asker, number, retry: true });
            }
        }
    }

    pub(super) fn start_timers(&mut self, realm: Realm, timers: impl IntoIterator<Item = Timer>) {
        for timer in timers {
            self.timers.start(Instant::now() + timer.after, Due::Rooms { realm, timer });
        }
    }

    /// Lets a connection speak for the session that it has now.
    pub(super) fn rebind(&mut self, handle: &SessionHandle) {
        if !self.rebound.is_empty()
            && let Some(peer) = self.rebound.remove(&handle.number)
        {
            handle.set_peer(peer);
        }
    }

    pub(super) fn is_current(&self, peer: &PeerId, number: u64) -> bool {
        self.sessions.get(peer).is_some_and(|it| it.number == number)
    }
}

fn is_hello(command: &Command<'_>) -> bool {
    matches!(&command.request, Asked::Rooms(Request::Hello { .. }) | Asked::Session(SessionRequest::Hello { .. }))
}

pub(super) fn frame_bytes(frame: &Frame) -> usize {
    frame.text.len() + frame.attachments.iter().map(Bytes::len).sum::<usize>()
}
