//! Sessions and the connections that reach them; the only lock.
//!
//! **Invariants:** a session has an id of its own, which is not its transport's. Frames are queued under the lock, so that all
//! peers hear of things in the order in which they happened. No connection is ended and no log line is written while the lock
//! is held.
mod commands;
mod connection;
mod contributions;
mod ids;
mod passwords;
mod relay_link;
mod state;
mod timers;
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

pub use connection::{Connection, Queued, SendQueueFull};
pub use ids::IdKind;
pub use relay_link::RelayLink;

use crate::{
    accounting::{Account, Ledger, Reason},
    ice::Ice,
    protocols::{DecodeError, Incoming, Protocol},
    rooms::{Compat, PeerId, Rules},
};
use state::{Effects, State};

/// One protocol and all its rooms, which no other reaches.
#[derive(Clone, Copy)]
pub struct Realm {
    protocol: &'static dyn Protocol,
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
}

/// A connection's hold on its session. What a connection does is done with this, and not with the peer id, which others know.
pub struct SessionHandle {
    peer: PeerId,
    number: u64,
    realm: Realm,
}

/// How many there are in one realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The protocol.
    pub protocol: &'static str,
    /// Sessions.
    pub n_peers: usize,
    /// Rooms.
    pub n_rooms: usize,
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
    /// An earlier timer was started.
    timer_started: Notify,
    /// The last session has ended.
    emptied: Notify,
    state: Mutex<State>,
}

impl SessionHandle {
    /// What others call it.
    pub fn peer(&self) -> &PeerId {
        &self.peer
    }
}

impl Realm {
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
    pub fn new(ice: Ice, ledger: Ledger) -> Self {
        Sessions {
            shared: Arc::new(Shared {
                is_stopping: AtomicBool::new(false),
                is_timing: AtomicBool::new(false),
                timer_started: Notify::new(),
                emptied: Notify::new(),
                state: Mutex::new(State::new(ice, ledger.clone())),
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
        let protocol = settings.protocol;
        Realm { protocol, at: self.state().open(settings) }
    }

    /// A new session, reached by `connection`. Where its protocol has it so, it is greeted.
    pub fn connect(&self, realm: Realm, connection: Arc<dyn Connection>, account: Arc<Account>) -> SessionHandle {
        let (peer, number) = self.with(|state| state.connect(realm, connection, account));
        tracing::debug!(event = "connect", protocol = realm.protocol.name(), %peer);
        SessionHandle { peer, number, realm }
    }

    /// The connection turns out to speak another protocol: its session there is a new one, and the one before is forgotten.
    pub fn turn(&self, who: SessionHandle, to: Realm) -> SessionHandle {
        match self.with(|state| state.turn(&who.peer, who.number, to)) {
            Some((peer, number)) => {
                tracing::debug!(event = "connect", protocol = to.protocol.name(), %peer);
                SessionHandle { peer, number, realm: to }
            }
            None => who,
        }
    }

    /// Takes a message of a client. It is handled when this returns, unless the session waits for something; what a client
    /// sends is handled in the order sent.
    pub fn receive<'a>(&self, from: &SessionHandle, message: impl Into<Incoming<'a>>) {
        let message = message.into();
        let copy = Incoming { attachments: message.attachments.clone(), ..message };
        match from.realm.protocol.decode(message) {
            Ok(command) => self.with(|state| state.receive(&from.peer, from.number, command, &copy)),
            Err(error) => tracing::debug!(event = "ignored", reason = %error, peer = %from.peer),
        }
    }

    /// The peer has answered a [`Connection::ping`].
    pub fn on_alive(&self, who: &SessionHandle) {
        self.with(|state| state.on_alive(&who.peer, who.number));
    }

    /// A connection has ended, and with it its session.
    pub fn disconnect(&self, who: &SessionHandle, reason: Reason) {
        self.with(|state| state.disconnect(&who.peer, who.number, reason));
    }

    /// Ends every connection, so that clients look for another server at once. New ones are still taken.
    pub fn stop(&self) {
        self.shared.is_stopping.store(true, Ordering::Relaxed);
        self.with(State::close_all);
    }

    /// Done when nobody is left.
    pub async fn drained(&self) {
        loop {
            let emptied = self.shared.emptied.notified();
            if self.state().n_sessions() == 0 {
                return;
            }
            emptied.await;
        }
    }

    /// Has [`Sessions::stop`] been called?
    pub fn is_stopping(&self) -> bool {
        self.shared.is_stopping.load(Ordering::Relaxed)
    }

    /// How many sessions and rooms there are, in the order in which realms were opened.
    pub fn counts(&self) -> Vec<Count> {
        self.state().counts()
    }

    /// Timers that are running.
    pub fn n_timers(&self) -> usize {
        self.state().timers.len()
    }

    /// Does everything that is due at `now`. Without a runtime nobody else does.
    pub fn on_timers(&self, now: Instant) {
        self.with(|state| state.on_timers(now));
    }

    /// Works on the state, and does afterwards what must not be done under the lock.
    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state();
        let deadline = state.timers.next_deadline();
        let result = work(&mut state);
        let effects = state.take_effects();
        let (is_empty, next) = (state.n_sessions() == 0, state.timers.next_deadline());
        drop(state);
        if next.is_some_and(|next| deadline.is_none_or(|it| next < it)) {
            self.time_next();
        }
        self.run(effects, is_empty);
        result
    }

    fn run(&self, effects: Effects, is_empty: bool) {
        let Effects { ended, passwords, rejected, moved, relay } = effects;
        if let Some(relay) = relay {
            moved.iter().for_each(|it| relay.on_moved(it));
            ended.iter().for_each(|it| relay.on_ended(&it.peer));
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
                Reason::ClientClosed | Reason::ByServer => tracing::debug!(event = "disconnect", reason, %peer),
                Reason::TransportError | Reason::PingTimeout | Reason::ProtocolError | Reason::KeepAliveTimeout => {
                    tracing::info!(event = "disconnect", reason, %peer);
                }
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
