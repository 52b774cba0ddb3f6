//! Sessions and the connections that reach them; the only lock.
//!
//! **Invariants:** a session has an id of its own, which is not its transport's. Frames are queued under the lock, so that all
//! peers hear of things in the order in which they happened. No connection is ended and no log line is written while the lock
//! is held.
mod access;
mod at_rest;
pub mod cluster;
mod commands;
mod connection;
mod contributions;
mod cookies;
mod cuts;
mod durations;
mod effects;
mod hosting;
mod ids;
mod lasting;
mod overview;
mod owners;
mod passwords;
mod relay_link;
mod replay;
mod resuming;
mod sending;
mod state;
mod statistics;
mod stopping;
mod timers;
mod token;
mod tuning;
mod waiting;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    runtime::Handle,
    sync::Notify,
    time::{Instant, sleep_until},
};

pub use access::{AccessCheck, NoInvitations};
pub use at_rest::{Changes, KeptSession};
pub use connection::{Connection, Queued, SendQueueFull};
pub use durations::Durations;
pub use ids::IdKind;
pub use lasting::Lifetimes;
pub use overview::{Closed, PeerOverview, RoomOverview};
pub use owners::SignatureCheck;
pub use relay_link::RelayLink;
pub use statistics::{Count, EventKind, EventResult, RealmStatistics, ResumeResult, Statistics, Tally, Traffic};

use crate::{
    accounting::{Account, Ledger, Reason},
    ice::Ice,
    protocols::{DecodeError, Incoming, Protocol},
    rooms::{Compat, PeerId, Room, RoomId, Rules},
};
use cuts::Cuts;
use effects::Effects;
use state::State;

/// One protocol and all its rooms, which no other reaches.
#[derive(Clone, Copy)]
pub struct Realm {
    protocol: &'static dyn Protocol,
    signatures: &'static dyn SignatureCheck,
    at: usize,
}

/// What a realm is made of.
pub struct RealmSettings {
    /// The words.
    pub protocol: &'static dyn Protocol,
    /// The rules.
    pub rules: Rules,
    /// What the protocol's pages need beyond the rules.
    pub compat: Box<dyn Compat>,
    /// What peer ids look like.
    pub peer_ids: IdKind,
    /// What the ids of rooms look like that nobody named.
    pub room_ids: IdKind,
    /// Whether a room's owner has signed something.
    pub signatures: &'static dyn SignatureCheck,
    /// What invitations are worth.
    pub access: Arc<dyn AccessCheck>,
}

/// A connection's hold on its session. What a connection does is done with this, and not with the peer id, which others know.
pub struct SessionHandle {
    /// Changes once, when the client comes back as somebody else; under the sessions' lock, so that nobody sees a peer that the
    /// connection does not have.
    peer: Mutex<PeerId>,
    number: u64,
    realm: Realm,
}

/// Everything that is shared; clones are the same sessions.
#[derive(Clone)]
pub struct Sessions {
    shared: Arc<Shared>,
}

struct Shared {
    ledger: Ledger,
    is_stopping: AtomicBool,
    /// A task waits for the next timer.
    is_timing: AtomicBool,
    /// An earlier timer was started, or somebody is to end whose memory is needed.
    timer_started: Arc<Notify>,
    cuts: Arc<Cuts>,
    /// The last connection has ended.
    emptied: Notify,
    /// Something is different from how it is kept.
    changed: Notify,
    state: Mutex<State>,
}

impl SessionHandle {
    fn new(peer: PeerId, number: u64, realm: Realm) -> Self {
        SessionHandle { peer: Mutex::new(peer), number, realm }
    }

    /// What others call it.
    pub fn peer(&self) -> PeerId {
        self.peer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_peer(&self, peer: PeerId) {
        *self.peer.lock().unwrap_or_else(PoisonError::into_inner) = peer;
    }
}

impl Realm {
    /// Can its pages come back by a cookie?
    pub fn resumes_by_cookie(&self) -> bool {
        self.protocol.resumes_by_cookie()
    }

    /// Is this a message of this protocol?
    pub fn knows<'a>(&self, incoming: impl Into<Incoming<'a>>) -> bool {
        !matches!(self.protocol.decode(incoming.into()), Err(DecodeError::NotAnEvent | DecodeError::UnknownEvent))
    }
}

impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Realm({})", self.protocol.name())
    }
}

impl Sessions {
    /// No realms, no sessions.
    pub fn new(ice: Ice, ledger: Ledger, lifetimes: Lifetimes) -> Self {
        let timer_started = Arc::new(Notify::new());
        let cuts = Arc::new(Cuts::new(timer_started.clone()));
        Sessions {
            shared: Arc::new(Shared {
                is_stopping: AtomicBool::new(false),
                is_timing: AtomicBool::new(false),
                timer_started,
                emptied: Notify::new(),
                changed: Notify::new(),
                state: Mutex::new(State::new(ice, ledger.clone(), lifetimes, cuts.clone())),
                cuts,
                ledger,
            }),
        }
    }

    /// Where sessions have their accounts.
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// A new realm.
    pub fn open(&self, settings: RealmSettings) -> Realm {
        let RealmSettings { protocol, signatures, .. } = settings;
        Realm { protocol, signatures, at: self.state().open(settings) }
    }

    /// A new session, reached by `connection`. Where its protocol has it so, it is greeted.
    pub fn connect(&self, realm: Realm, connection: Arc<dyn Connection>, account: Arc<Account>) -> SessionHandle {
        let (peer, number) = self.with(|state| state.connect(realm, connection, account));
        tracing::debug!(event = "connect", protocol = realm.protocol.name(), %peer);
        SessionHandle::new(peer, number, realm)
    }

    /// The connection turns out to speak another protocol: its session there is a new one, and the one before is forgotten.
    pub fn turn(&self, who: SessionHandle, to: Realm) -> SessionHandle {
        match self.with_peer(&who, |state, peer| state.turn(peer, who.number, to)) {
            Some((peer, number)) => {
                tracing::debug!(event = "connect", protocol = to.protocol.name(), %peer);
                SessionHandle::new(peer, number, to)
            }
            None => who,
        }
    }

    /// Takes a message of a client. It is handled when this returns, unless the session waits for something; what a client
    /// sends is handled in the order sent. `false`: it is not even an event, and was ignored.
    pub fn receive<'a>(&self, from: &SessionHandle, message: impl Into<Incoming<'a>>) -> bool {
        let message = message.into();
        let copy = Incoming { attachments: message.attachments.clone(), ..message };
        match from.realm.protocol.decode(message) {
            Ok(mut command) => {
                self.check_owner(from.realm, &mut command);
                self.check_access(from, &mut command);
                self.with_peer(from, |state, peer| state.receive(peer, from.number, command, &copy));
                true
            }
            Err(error) => {
                // Its sender has counted it.
                self.with_peer(from, |state, peer| {
                    state.on_said(peer, from.number, true);
                    state.realms[from.realm.at].traffic.count(EventKind::Unknown, EventResult::Malformed);
                });
                tracing::debug!(event = "ignored", reason = %error, peer = %from.peer());
                error != DecodeError::NotAnEvent
            }
        }
    }

    /// The browser of this connection returns a cookie: by it alone its page can come back. `true`: it may have come back just
    /// now, and [`Sessions::on_silence`] is to be called after a while.
    pub fn on_cookie(&self, who: &SessionHandle, cookie: &str) -> bool {
        self.with_peer(who, |state, peer| state.on_cookie(peer, who.number, cookie))
    }

    /// A connection that may be one that came back has said nothing for a while.
    pub fn on_silence(&self, who: &SessionHandle) {
        self.with_peer(who, |state, peer| state.on_silence(peer, who.number));
    }

    /// Can clients come back at all?
    pub fn keeps_sessions(&self) -> bool {
        !self.state().lifetimes.grace.is_zero()
    }

    /// The peer has answered a [`Connection::ping`].
    pub fn on_alive(&self, who: &SessionHandle) {
        self.with_peer(who, |state, peer| state.on_alive(peer, who.number));
    }

    /// The client's page is being closed, or loaded again, as its browser says.
    pub fn on_going_away(&self, who: &SessionHandle) {
        self.with_peer(who, |state, peer| {
            if state.is_current(peer, who.number) {
                state.closing(peer);
                state.work_off();
            }
        });
    }

    /// A connection has ended, and with it its session, unless its client can come back.
    pub fn disconnect(&self, who: &SessionHandle, reason: Reason) {
        self.with_peer(who, |state, peer| state.disconnect(peer, who.number, reason));
    }

    /// Done when something may be different from how it is kept.
    pub async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// What may be different since the last time.
    pub fn take_changes(&self) -> Changes {
        self.state().take_changes()
    }

    /// Takes in what was kept. Everybody is away, and has the grace time to come back.
    pub fn take_in(&self, realm: Realm, rooms: Vec<(RoomId, Room)>, sessions: Vec<KeptSession>) {
        self.with(|state| state.take_in(realm, rooms, sessions));
    }

    /// Timers that are running.
    pub fn n_timers(&self) -> usize {
        self.state().timers.len()
    }

    /// Does everything that is due at `now`. Without a runtime nobody else does.
    pub fn on_timers(&self, now: Instant) {
        self.with(|state| state.on_timers(now));
    }

    /// Works on the state for the session that a connection has now.
    fn with_peer<R>(&self, who: &SessionHandle, work: impl FnOnce(&mut State, &PeerId) -> R) -> R {
        self.with(|state| {
            state.rebind(who);
            let result = work(state, &who.peer());
            state.rebind(who);
            result
        })
    }

    /// Works on the state, and does afterwards what must not be done under the lock.
    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state();
        let deadline = state.timers.next_deadline();
        let result = work(&mut state);
        let effects = state.take_effects();
        state.save_sessions();
        let has_changed = state.has_changed();
        let (is_empty, next) = (state.n_connected() == 0, state.timers.next_deadline());
        drop(state);
        if has_changed {
            self.shared.changed.notify_one();
        }
        if next.is_some_and(|next| deadline.is_none_or(|it| next < it)) {
            self.time_next();
        }
        self.run(effects, is_empty);
        result
    }

    fn run(&self, effects: Effects, is_empty: bool) {
        let Effects { ended, passwords, rejected, resumed, moved, relay, left } = effects;
        if let Some(relay) = relay {
            moved.iter().for_each(|it| relay.on_moved(it));
            ended.iter().filter(|it| !it.is_away).for_each(|it| relay.on_ended(&it.peer));
            left.iter().for_each(|it| relay.on_member_left(it));
        }
        for peer in resumed {
            tracing::info!(event = "resume", %peer);
        }
        for (peer, rejection) in rejected {
            tracing::debug!(event = "rejected", reason = %rejection, %peer);
        }
        for (peer, n_wrong) in passwords {
            tracing::info!(event = "password_attempts", reason = Reason::PasswordAttempts.as_str(), n_wrong, %peer);
        }
        if is_empty && !ended.is_empty() {
            self.shared.emptied.notify_waiters();
        }
        for it in ended {
            it.end_connection();
            let (peer, reason) = (&it.peer, it.reason.as_str());
            match it.reason {
                _ if it.is_away => tracing::info!(event = "away", reason, %peer),
                Reason::ClientClosed | Reason::ByServer => tracing::debug!(event = "disconnect", reason, %peer),
                Reason::TransportError
                | Reason::PingTimeout
                | Reason::ProtocolError
                | Reason::KeepAliveTimeout
                | Reason::GraceOver
                | Reason::SeatGiven
                | Reason::ByOperator => tracing::info!(event = "disconnect", reason, %peer),
                _ => tracing::warn!(event = "disconnect", reason, %peer),
            }
        }
    }

    /// Wakes the task that waits for the next timer, or starts it. It ends when there is none.
    fn time_next(&self) {
        if self.shared.is_timing.swap(true, Ordering::SeqCst) {
            return self.shared.timer_started.notify_one();
        }
        let sessions = self.clone();
        let timing = async move {
            loop {
                if sessions.shared.cuts.is_any() {
                    sessions.with(State::end_cut);
                }
                let next = sessions.state().timers.next_deadline();
                let Some(next) = next else {
                    sessions.shared.is_timing.store(false, Ordering::SeqCst);
                    // One may have been started just now.
                    if sessions.state().timers.next_deadline().is_some() {
                        sessions.time_next();
                    }
                    return;
                };
                tokio::select! {
                    () = sleep_until(next) => sessions.on_timers(Instant::now()),
                    () = sessions.shared.timer_started.notified() => (),
                }
            }
        };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(timing)),
            // Whoever has no runtime calls `on_timers`.
            Err(_) => self.shared.is_timing.store(false, Ordering::SeqCst),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
