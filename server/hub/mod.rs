//! Sessions and the lines that reach them; the only lock.
//!
//! **Invariants:** a session is not a socket: its id is ours, and a line may end without it. Frames are said under the
//! lock, so that all peers hear things in the order in which they happened. No line is ended while the lock is held, because
//! a line that ends calls back into the hub.
mod contests;
mod line;
mod state;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::runtime::Handle;

pub use line::{Line, LineEnd, Overrun};

use crate::{
    dialects::{Dialect, Malformed, Said},
    ice::Ice,
    rooms::{Limits, PeerId},
};
use contests::Pending;
use state::{Aftermath, State};

/// From one look at who is left to the next, when the server stops.
const GLANCE: Duration = Duration::from_millis(10);

/// One vocabulary and all its rooms, which no other reaches.
#[derive(Clone, Copy)]
pub struct Realm {
    dialect: &'static dyn Dialect,
    at: usize,
}

/// A line's hold on its session. What a line does is done with this, and not with the peer's id, which others know.
pub struct Attached {
    peer: PeerId,
    line: u64,
    realm: Realm,
}

/// How many there are in one realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The vocabulary.
    pub dialect: &'static str,
    /// Sessions.
    pub n_peers: usize,
    /// Rooms.
    pub n_rooms: usize,
}

/// Everything that is shared; clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    is_stopping: AtomicBool,
    pending: Pending,
    state: Mutex<State>,
}

impl Attached {
    /// What others call it.
    pub fn peer(&self) -> &PeerId {
        &self.peer
    }
}

impl Realm {
    /// Would this vocabulary have said that?
    pub fn knows<'a>(&self, said: impl Into<Said<'a>>) -> bool {
        !matches!(self.dialect.decode(said.into()), Err(Malformed::NotAnEvent | Malformed::UnknownEvent))
    }
}

impl Hub {
    /// No realms, no sessions.
    pub fn new(ice: Ice) -> Self {
        let pending = Pending::default();
        let state = Mutex::new(State::new(ice, pending.clone()));
        Hub { shared: Arc::new(Shared { is_stopping: AtomicBool::new(false), pending, state }) }
    }

    /// A new realm for a vocabulary.
    pub fn open(&self, dialect: &'static dyn Dialect, limits: Limits) -> Realm {
        Realm { dialect, at: self.state().open(dialect, limits) }
    }

    /// A new session, reached by `line`. Where its vocabulary has it so, it is greeted.
    pub fn connect(&self, realm: Realm, line: Arc<dyn Line>) -> Attached {
        let mut state = self.state();
        let (peer, line) = state.connect(realm, line);
        self.begin(state, Attached { peer, line, realm })
    }

    /// The line turns out to speak another vocabulary: its session there is a new one, and the one before is forgotten.
    pub fn turn(&self, who: Attached, to: Realm) -> Attached {
        let mut state = self.state();
        let Some((peer, line, aftermath)) = state.turn(&who.peer, to) else { return who };
        let attached = self.begin(state, Attached { peer, line, realm: to });
        self.see_to(aftermath);
        attached
    }

    /// Takes what a peer says. Done when it returns: what a peer sends is handled in the order sent.
    pub fn hear<'a>(&self, from: &Attached, said: impl Into<Said<'a>>) {
        let aftermath = if self.shared.pending.is_none() {
            match from.realm.dialect.decode(said.into()) {
                Ok(call) => self.state().call(&from.peer, from.realm, call),
                Err(malformed) => return tracing::debug!(peer = %from.peer, %malformed, "ignored"),
            }
        } else {
            self.state().hear(&from.peer, from.realm, said.into())
        };
        self.see_to(aftermath);
    }

    /// The peer has shown that it lives: it has answered a [`Line::probe`].
    pub fn is_alive(&self, who: &Attached) {
        let aftermath = self.state().prove(&who.peer);
        self.see_to(aftermath);
    }

    /// A line has ended, and with it its session.
    pub fn disconnect(&self, who: &Attached, end: LineEnd) {
        let mut state = self.state();
        if !state.is_current(&who.peer, who.line) {
            return;
        }
        match end {
            LineEnd::Closed | LineEnd::Cut => tracing::debug!(peer = %who.peer, ?end, "a line ended"),
            LineEnd::Broken | LineEnd::Silent | LineEnd::Faulty => {
                tracing::info!(peer = %who.peer, ?end, "a line ended: {}", end.reason());
            }
        }
        let aftermath = state.end(&who.peer);
        drop(state);
        self.see_to(aftermath);
    }

    /// Ends every line, so that clients look for another server at once. New ones are still taken.
    pub fn stop(&self) {
        self.shared.is_stopping.store(true, Ordering::Relaxed);
        let everyone = self.state().farewell_to_all();
        self.see_to(everyone);
    }

    /// Done when nobody is left.
    pub async fn is_deserted(&self) {
        while self.counts().iter().any(|it| it.n_peers > 0) {
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Has [`Hub::stop`] been called?
    pub fn is_stopping(&self) -> bool {
        self.shared.is_stopping.load(Ordering::Relaxed)
    }

    /// How many sessions and rooms there are, in the order in which realms were opened.
    pub fn counts(&self) -> Vec<Count> {
        self.state().counts()
    }

    fn begin(&self, mut state: MutexGuard<'_, State>, attached: Attached) -> Attached {
        let Attached { peer, realm, .. } = &attached;
        tracing::debug!(%peer, dialect = realm.dialect.name(), "a line began");
        let aftermath = realm.dialect.opening().map(|it| state.call(peer, *realm, it)).unwrap_or_default();
        drop(state);
        self.see_to(aftermath);
        attached
    }

    fn see_to(&self, aftermath: Aftermath) {
        for (line, farewell) in aftermath.lines {
            match farewell {
                Some(farewell) => line.close(farewell),
                None => line.cut(),
            }
        }
        for number in aftermath.contests {
            self.set_a_term(number);
        }
        for (realm, alarm) in aftermath.alarms {
            self.after(alarm.after, move |state| state.ring(realm, &alarm));
        }
    }

    /// Later.
    fn after(&self, a_while: Duration, what: impl FnOnce(&mut State) -> Aftermath + Send + 'static) {
        let hub = self.clone();
        let later = async move {
            tokio::time::sleep(a_while).await;
            let aftermath = what(&mut hub.state());
            hub.see_to(aftermath);
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
