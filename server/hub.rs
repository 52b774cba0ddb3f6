//! Sessions and the lines that reach them; the only lock.
//!
//! **Invariants:** a session is not a socket: its id is ours, and a line may end without it. Frames are said under the
//! lock, so that all peers hear things in the order in which they happened. No line is cut while the lock is held, because
//! a line that ends calls back into the hub.
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use uuid::Uuid;

use crate::{
    dialects::{Attachments, Call, Dialect, Frame},
    ice::Ice,
    rooms::{Limits, Notice, PeerId, Reply, RoomId, Rooms},
};

/// The way to one peer. Neither call blocks.
pub trait Line: Send + Sync {
    /// Takes a frame to send after all those before it.
    ///
    /// # Errors
    /// As much waits for this peer as may wait.
    fn say(&self, frame: Frame) -> Result<(), Overrun>;

    /// Ends the line at once, with all that waits on it.
    fn cut(&self);
}

/// The peer's queue is full. Its line has to go: silence would look like order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overrun;

/// How a line came to its end, as far as the transport can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// The client said so, or its page is gone.
    Closed,
    /// The connection broke without a word.
    Broken,
    /// No answer to a ping.
    Silent,
    /// The client sent what no client sends.
    Faulty,
    /// We ended it.
    Cut,
}

/// A line's hold on its session. What a line does is done with this, and not with the peer's id, which others know.
pub struct Attached {
    peer: PeerId,
    line: u64,
    dialect: &'static dyn Dialect,
}

/// Everything that is shared; clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    ice: Ice,
    is_stopping: AtomicBool,
    state: Mutex<State>,
}

struct State {
    rooms: Rooms,
    sessions: HashMap<PeerId, Session>,
    n_lines_made: u64,
}

/// One participant. Outlives its line in the types; nothing holds a session without a line yet.
struct Session {
    dialect: &'static dyn Dialect,
    line: Option<(u64, Arc<dyn Line>)>,
}

/// Lines to cut once the lock is free.
type Overruns = Vec<Arc<dyn Line>>;

impl Hub {
    /// No rooms, no sessions.
    pub fn new(limits: Limits, ice: Ice) -> Self {
        let state = State { rooms: Rooms::new(limits), sessions: HashMap::new(), n_lines_made: 0 };
        Hub { shared: Arc::new(Shared { ice, is_stopping: AtomicBool::new(false), state: Mutex::new(state) }) }
    }

    /// A new session, reached by `line`.
    pub fn connect(&self, dialect: &'static dyn Dialect, line: Arc<dyn Line>) -> Attached {
        let peer = PeerId::from(&*Uuid::new_v4().simple().to_string());
        let mut state = self.state();
        state.n_lines_made += 1;
        let number = state.n_lines_made;
        state.sessions.insert(peer.clone(), Session { dialect, line: Some((number, line)) });
        tracing::debug!(%peer, "a line began");
        Attached { peer, line: number, dialect }
    }

    /// Takes what a peer says. Done when it returns: what a peer sends is handled in the order sent.
    pub fn hear(&self, from: &Attached, text: &str, attachments: Attachments) {
        match from.dialect.decode(text, attachments) {
            Ok(call) => self.call(from, call),
            Err(malformed) => tracing::debug!(peer = %from.peer, %malformed, "ignored"),
        }
    }

    /// A line has ended, and with it its session.
    pub fn disconnect(&self, who: &Attached, end: LineEnd) {
        let mut state = self.state();
        let is_current = state.sessions.get(&who.peer).is_some_and(|it| it.line_number() == Some(who.line));
        if !is_current {
            return;
        }
        match end {
            LineEnd::Closed | LineEnd::Cut => tracing::debug!(peer = %who.peer, ?end, "a line ended"),
            LineEnd::Broken | LineEnd::Silent | LineEnd::Faulty => {
                tracing::info!(peer = %who.peer, ?end, "a line ended: {}", reason(end));
            }
        }
        let overruns = state.end(&who.peer);
        drop(state);
        cut(overruns);
    }

    /// Ends every line, so that clients look for another server at once. New ones are still taken.
    pub fn stop(&self) {
        self.shared.is_stopping.store(true, Ordering::Relaxed);
        let lines = self.state().sessions.values().filter_map(|it| it.line.clone()).map(|it| it.1).collect();
        cut(lines);
    }

    /// Has [`Hub::stop`] been called?
    pub fn is_stopping(&self) -> bool {
        self.shared.is_stopping.load(Ordering::Relaxed)
    }

    /// How many sessions and how many rooms there are.
    pub fn count(&self) -> (usize, usize) {
        let state = self.state();
        (state.sessions.len(), state.rooms.len())
    }

    fn call(&self, from: &Attached, call: Call<'_>) {
        let mut state = self.state();
        let (answer, notices) = match state.rooms.apply(&from.peer, call.request, fresh_room_id) {
            Ok(outcome) => (Ok(outcome.reply), outcome.notices),
            Err(refusal) => {
                tracing::debug!(peer = %from.peer, %refusal, "refused");
                (Err(refusal), Vec::new())
            }
        };
        let ice = match &answer {
            Ok(Reply::Welcome { peer }) => self.shared.ice.servers_for(peer.as_str(), now_s()),
            _ => Vec::new(),
        };
        let mut overruns = Overruns::new();
        if let Some(asker) = state.sessions.get(&from.peer)
            && let Some(frame) = asker.dialect.encode_answer(&call.tag, &answer, &ice)
        {
            overruns.extend(state.say(&from.peer, frame));
        }
        overruns.extend(state.tell(notices));
        drop(state);
        cut(overruns);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Tells everyone what there is to tell, and what follows from peers that cannot be told.
    fn tell(&mut self, notices: Vec<Notice<'_>>) -> Overruns {
        let mut overruns = Overruns::new();
        for Notice { to, event } in notices {
            if let Some(session) = self.sessions.get(&to) {
                let frame = session.dialect.encode_event(event);
                overruns.extend(self.say(&to, frame));
            }
        }
        overruns
    }

    /// Says a frame to one peer. Where that peer's queue is full its session ends, and others hear of it.
    fn say(&mut self, to: &PeerId, frame: Frame) -> Overruns {
        let line = self.sessions.get(to).and_then(|it| it.line.as_ref());
        match line.map(|(_, line)| line.say(frame)) {
            None | Some(Ok(())) => Overruns::new(),
            Some(Err(Overrun)) => {
                tracing::warn!(peer = %to, "a line ended: its queue is full because its client does not read");
                self.end(to)
            }
        }
    }

    fn end(&mut self, peer: &PeerId) -> Overruns {
        let line = self.sessions.remove(peer).and_then(|it| it.line);
        let notices = self.rooms.forget(peer);
        let mut overruns: Overruns = line.into_iter().map(|it| it.1).collect();
        overruns.extend(self.tell(notices));
        overruns
    }
}

impl Session {
    fn line_number(&self) -> Option<u64> {
        self.line.as_ref().map(|it| it.0)
    }
}

fn cut(lines: Overruns) {
    for line in lines {
        line.cut();
    }
}

fn reason(end: LineEnd) -> &'static str {
    match end {
        LineEnd::Closed => "the client closed it",
        LineEnd::Broken => "the connection broke",
        LineEnd::Silent => "the client did not answer a ping",
        LineEnd::Faulty => "the client sent what no client sends",
        LineEnd::Cut => "the server ended it",
    }
}

fn fresh_room_id() -> RoomId {
    RoomId::from(&*Uuid::new_v4().to_string())
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs())
}
