//! Sessions and the connections that reach them; the only lock.
//!
//! **Invariants:** a session is not a socket: its id is ours, and a connection may end without it. Frames are incoming under the
//! lock, so that all peers hear things in the order in which they happened. No connection is ended while the lock is held, because
//! a connection that ends calls back into the sessions.
mod connection;
mod state;
mod takeover;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::runtime::Handle;

pub use connection::{Connection, Queued, SendQueueFull};

use crate::{
    accounting::{Account, Ledger, Reason},
    ice::Ice,
    protocols::{DecodeError, Incoming, Protocol},
    rooms::{Limits, PeerId},
};
use state::{Effects, State};
use takeover::Pending;

/// From one look at who is left to the next, when the server stops.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// One protocol and all its rooms, which no other reaches.
#[derive(Clone, Copy)]
pub struct Realm {
    protocol: &'static dyn Protocol,
    at: usize,
}

/// A connection's hold on its session. What a connection does is done with this, and not with the peer's id, which others know.
pub struct SessionHandle {
    peer: PeerId,
    connection: u64,
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
    pending: Pending,
    state: Mutex<State>,
}

impl SessionHandle {
    /// What others command it.
    pub fn peer(&self) -> &PeerId {
        &self.peer
    }
}

impl Realm {
    /// Would this protocol have incoming that?
    pub fn knows<'a>(&self, incoming: impl Into<Incoming<'a>>) -> bool {
        !matches!(self.protocol.decode(incoming.into()), Err(DecodeError::NotAnEvent | DecodeError::UnknownEvent))
    }
}

impl Sessions {
    /// No realms, no sessions.
    pub fn new(ice: Ice, ledger: Ledger) -> Self {
        let pending = Pending::default();
        let state = Mutex::new(State::new(ice, pending.clone()));
        Sessions { shared: Arc::new(Shared { ledger, is_stopping: AtomicBool::new(false), pending, state }) }
    }

    /// Where sessions have their accounts.
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// A new realm for a protocol.
    pub fn open(&self, protocol: &'static dyn Protocol, limits: Limits) -> Realm {
        Realm { protocol, at: self.state().open(protocol, limits) }
    }

    /// A new session, reached by `connection`. Where its protocol has it so, it is greeted.
    pub fn connect(&self, realm: Realm, connection: Arc<dyn Connection>, account: Arc<Account>) -> SessionHandle {
        let mut state = self.state();
        let (peer, connection) = state.connect(realm, connection, account);
        self.begin(state, SessionHandle { peer, connection, realm })
    }

    /// The connection turns out to speak another protocol: its session there is a new one, and the one before is forgotten.
    pub fn turn(&self, who: SessionHandle, to: Realm) -> SessionHandle {
        let mut state = self.state();
        let Some((peer, connection, effects)) = state.turn(&who.peer, to) else { return who };
        let attached = self.begin(state, SessionHandle { peer, connection, realm: to });
        self.run_effects(effects);
        attached
    }

    /// Takes what a peer says. Done when it returns: what a peer sends is handled in the order sent.
    pub fn receive<'a>(&self, from: &SessionHandle, incoming: impl Into<Incoming<'a>>) {
        let effects = if self.shared.pending.is_none() {
            match from.realm.protocol.decode(incoming.into()) {
                Ok(command) => self.state().command(&from.peer, from.realm, command),
                Err(error) => return tracing::debug!(event = "ignored", reason = %error, peer = %from.peer),
            }
        } else {
            self.state().receive(&from.peer, from.realm, incoming.into())
        };
        self.run_effects(effects);
    }

    /// The peer has shown that it lives: it has answered a [`Connection::ping`].
    pub fn on_alive(&self, who: &SessionHandle) {
        let effects = self.state().on_alive(&who.peer);
        self.run_effects(effects);
    }

    /// A connection has ended, and with it its session.
    pub fn disconnect(&self, who: &SessionHandle, end: Reason) {
        let mut state = self.state();
        if !state.is_current(&who.peer, who.connection) {
            return;
        }
        let (peer, reason) = (&who.peer, end.as_str());
        match end {
            Reason::ClientClosed | Reason::ByServer => {
                tracing::debug!(event = "disconnect", reason, %peer);
            }
            _ => {
                tracing::info!(event = "disconnect", reason, %peer);
            }
        }
        let effects = state.end(&who.peer);
        drop(state);
        self.run_effects(effects);
    }

    /// Ends every connection, so that clients look for another server at once. New ones are still taken.
    pub fn stop(&self) {
        self.shared.is_stopping.store(true, Ordering::Relaxed);
        let everyone = self.state().close_all();
        self.run_effects(everyone);
    }

    /// Done when nobody is left.
    pub async fn drained(&self) {
        while self.counts().iter().any(|it| it.n_peers > 0) {
            tokio::time::sleep(POLL_INTERVAL).await;
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

    fn begin(&self, mut state: MutexGuard<'_, State>, attached: SessionHandle) -> SessionHandle {
        let SessionHandle { peer, realm, .. } = &attached;
        tracing::debug!(event = "connect", protocol = realm.protocol.name(), %peer);
        let effects = realm.protocol.on_connect().map(|it| state.command(peer, *realm, it)).unwrap_or_default();
        drop(state);
        self.run_effects(effects);
        attached
    }

    fn run_effects(&self, effects: Effects) {
        for (connection, reason) in effects.connections {
            match reason {
                Some(reason) => connection.close(reason),
                None => connection.abort(Reason::ByServer),
            }
        }
        for number in effects.takeovers {
            self.start_liveness_timeout(number);
        }
        for (realm, timer) in effects.timers {
            self.after(timer.after, move |state| state.on_timer(realm, &timer));
        }
    }

    /// DeferredMessage.
    fn after(&self, a_while: Duration, what: impl FnOnce(&mut State) -> Effects + Send + 'static) {
        let sessions = self.clone();
        let later = async move {
            tokio::time::sleep(a_while).await;
            let effects = what(&mut sessions.state());
            sessions.run_effects(effects);
        };
        // Without a runtime nothing is served, and nobody waits.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(later);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
