//! TCP connections that are open and that were taken in, by the kind of listener that they came in at.
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What is spoken at a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenerKind {
    /// HTTP and websockets, without TLS.
    Http,
    /// The same over TLS, and TURN over TLS.
    Https,
    /// TURN over TCP.
    Relay,
    /// HTTP with other nodes of the cluster.
    Nodes,
}

impl ListenerKind {
    /// Every kind, in the order of the counters.
    pub const ALL: [ListenerKind; 4] =
        [ListenerKind::Http, ListenerKind::Https, ListenerKind::Relay, ListenerKind::Nodes];
}

/// The connections of one kind of listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionCount {
    /// Where they came in.
    pub listener: ListenerKind,
    /// Open now.
    pub n_open: usize,
    /// Taken in since the start.
    pub n_accepted: u64,
}

#[derive(Debug, Default)]
pub(super) struct Connections([Counters; ListenerKind::ALL.len()]);

#[derive(Debug, Default)]
struct Counters {
    n_open: AtomicUsize,
    n_accepted: AtomicU64,
}

impl Connections {
    pub(super) fn open(&self, listener: ListenerKind) {
        let counters = self.of(listener);
        counters.n_open.fetch_add(1, Ordering::Relaxed);
        counters.n_accepted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn close(&self, listener: ListenerKind) {
        self.of(listener).n_open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Of all kinds.
    pub(super) fn n_open(&self) -> usize {
        self.0.iter().map(|it| it.n_open.load(Ordering::Relaxed)).sum()
    }

    pub(super) fn counts(&self) -> [ConnectionCount; ListenerKind::ALL.len()] {
        ListenerKind::ALL.map(|listener| {
            let Counters { n_open, n_accepted } = self.of(listener);
            let (n_open, n_accepted) = (n_open.load(Ordering::Relaxed), n_accepted.load(Ordering::Relaxed));
            ConnectionCount { listener, n_open, n_accepted }
        })
    }

    fn of(&self, listener: ListenerKind) -> &Counters {
        let [http, https, relay, nodes] = &self.0;
        match listener {
            ListenerKind::Http => http,
            ListenerKind::Https => https,
            ListenerKind::Relay => relay,
            ListenerKind::Nodes => nodes,
        }
    }
}
