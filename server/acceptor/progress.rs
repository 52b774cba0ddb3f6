//! What is going on at one connection, and how long it may go on like that.
//!
//! **Invariant:** a connection is always under some deadline: one of these, or one of the body or the write that it waits
//! for, or, once it has been upgraded, that of whoever took it over.
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::accounting::{ConnectionPermit, Holding, Ledger, Reason};

/// How long a connection may take over what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// For a proxy's header and a TLS handshake, and from there to the first request.
    pub(crate) handshake: Duration,
    /// From the first byte of a later request's head to its last.
    pub(crate) head: Duration,
    /// Without a request. Longer than the 60 s for which balancers keep idle connections, so that it is they who close them:
    /// the other way round a request may meet a connection that is just being closed.
    pub(crate) idle: Duration,
    /// For [`PROGRESS_BYTES`] of a request's body, or its end.
    pub(crate) body: Duration,
    /// For the client to take [`PROGRESS_BYTES`] of an answer, or its end.
    pub(crate) write: Duration,
    /// For the client to take anything of what is sent to it over an upgraded connection.
    pub(crate) upgraded_write: Duration,
}

impl Timeouts {
    /// Those of a listener whose websockets may be silent for `upgraded_write`.
    pub(crate) fn new(upgraded_write: Duration) -> Self {
        let s = Duration::from_secs;
        Timeouts { handshake: s(10), head: s(10), idle: s(75), body: s(30), write: s(30), upgraded_write }
    }
}

/// Less than this within its time is no progress: a client that takes or gives single bytes would be served for days. It
/// comes to 546 bytes a second, which is slower than any line that carries a call.
pub(crate) const PROGRESS_BYTES: usize = 16 * 1024;

/// For the last bytes of an answer, and for the other side's end, once no more requests are taken.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// What the parts of one connection share. The permit counts until the last of them is gone.
pub(super) struct Connection {
    pub(super) permit: Arc<ConnectionPermit>,
    pub(super) timeouts: Arc<Timeouts>,
    is_upgraded: AtomicBool,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    accepted: Instant,
    /// Since when there has been no request, nor anything of an answer that was taken.
    idle_since: Instant,
    /// Since when bytes have come that belong to no request yet.
    head_since: Option<Instant>,
    /// Since when no more requests are taken.
    closing_since: Option<Instant>,
    n_requests: u64,
    n_running: usize,
    is_http2: bool,
}

impl Connection {
    pub(super) fn new(permit: ConnectionPermit, timeouts: Arc<Timeouts>) -> Arc<Self> {
        let accepted = Instant::now();
        let progress = Progress {
            accepted,
            idle_since: accepted,
            head_since: None,
            closing_since: None,
            n_requests: 0,
            n_running: 0,
            is_http2: false,
        };
        Arc::new(Connection {
            permit: Arc::new(permit),
            timeouts,
            is_upgraded: AtomicBool::new(false),
            progress: Mutex::new(progress),
        })
    }

    pub(super) fn ledger(&self) -> &Ledger {
        self.permit.ledger()
    }

    /// Bytes came in.
    pub(super) fn on_read(&self) {
        if self.is_upgraded() {
            return;
        }
        let mut progress = self.progress();
        if progress.n_running == 0 && progress.head_since.is_none() {
            progress.head_since = Some(Instant::now());
        }
    }

    /// Bytes were taken. hyper has let go of a short answer's body long before all of it is on its way.
    pub(super) fn on_write(&self) {
        if self.is_upgraded() {
            return;
        }
        let mut progress = self.progress();
        // Over HTTP/2 much is written that answers no request, such as pings.
        if !progress.is_http2 {
            progress.idle_since = Instant::now();
            progress.head_since = progress.head_since.map(|_| progress.idle_since);
        }
    }

    /// A request's head is complete. The request is running until what this returns is dropped.
    pub(super) fn begin(self: &Arc<Self>, is_http2: bool) -> Running {
        let mut progress = self.progress();
        progress.n_requests += 1;
        progress.n_running += 1;
        progress.is_http2 = is_http2;
        progress.head_since = None;
        drop(progress);
        let mut held = self.ledger().hold_nothing();
        held.resize(REQUEST_COST);
        Running { connection: self.clone(), _held: held }
    }

    /// It speaks no HTTP any more.
    pub(super) fn upgrade(&self) {
        self.is_upgraded.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_upgraded(&self) -> bool {
        self.is_upgraded.load(Ordering::Relaxed)
    }

    /// It is to end when what runs has been answered.
    pub(super) fn close(&self) {
        self.progress().closing_since.get_or_insert_with(Instant::now);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.progress().closing_since.is_some()
    }

    /// When it has to end for want of a request, and why. `None`: something else times what it waits for.
    pub(super) fn deadline(&self) -> Option<(Instant, Reason)> {
        let progress = self.progress();
        let Timeouts { handshake, head, idle, .. } = *self.timeouts;
        if self.is_upgraded() || progress.n_running > 0 {
            return None;
        }
        if let Some(since) = progress.closing_since {
            return Some((since.max(progress.idle_since) + CLOSE_TIMEOUT, Reason::ByServer));
        }
        if progress.n_requests == 0 {
            return Some((progress.accepted + handshake, Reason::HandshakeTimeout));
        }
        match progress.head_since {
            // Between requests, clients of HTTP/2 say much that begins none, such as pings.
            Some(since) if !progress.is_http2 => Some((since + head, Reason::HandshakeTimeout)),
            _ => Some((progress.idle_since + idle, Reason::IdleTimeout)),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Memory of a request beside its body: its tasks, heads and what HTTP/2 keeps of its stream.
const REQUEST_COST: u64 = 4 * 1024;

/// A request that has not been answered whole. It is charged; whether there is room for it is for whoever answers to ask,
/// because those who are there are to be served when nobody new is.
pub(super) struct Running {
    connection: Arc<Connection>,
    _held: Holding,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut progress = self.connection.progress();
        progress.n_running = progress.n_running.saturating_sub(1);
        progress.idle_since = Instant::now();
        progress.head_since = None;
    }
}
