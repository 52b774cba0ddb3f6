//! Requests of polling that reach a node whose session they are not of. They are forwarded to the node that the session's id
//! names, and answered from there, so that no balancer has to send a client to one node always.
//!
//! **Invariants:** a request is forwarded once at most: the listener that takes forwarded ones ([`receiving`]) serves sessions of
//! its own node and nothing else. Nobody who does not know the cluster's secret can say whose a request is. Every wait for
//! another node has an end.
mod answer;
mod client;
mod headers;
mod receive;
mod tally;
mod tunnel;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, Weak,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    extract::Request,
    http::{Uri, uri::PathAndQuery},
};
use socketioxide::socket::Sid;
use tokio::sync::Semaphore;

use super::engine_io::EngineIo;
use crate::{
    accounting::Ledger,
    transports::nodes::{Nodes, marked, marked_sid, without_mark},
};
use client::Client;
pub use receive::receiving;
use tally::Tally;
pub use tally::{ForwardResult, ForwardStatistics};

/// Requests that are forwarded at a time. Each has a connection of its own, and with the usual range of ports Linux has 28,232
/// from one address to another.
const FORWARDED_MAX: usize = 25_000;

/// What all listeners of this node share towards the other nodes.
pub struct Forwarding {
    nodes: Arc<dyn Nodes>,
    ledger: Ledger,
    client: Client,
    free: Arc<Semaphore>,
    tally: Arc<Tally>,
    n_received: AtomicU64,
    /// Where sessions of this node are.
    endpoints: Mutex<Vec<Weak<EngineIo>>>,
}

impl Forwarding {
    /// Nothing is served yet. What is under way to other nodes is held in `ledger`.
    pub fn new(nodes: Arc<dyn Nodes>, ledger: Ledger) -> Arc<Self> {
        Arc::new(Forwarding {
            nodes,
            ledger,
            client: client::client(),
            free: Arc::new(Semaphore::new(FORWARDED_MAX)),
            tally: Arc::default(),
            n_received: AtomicU64::new(0),
            endpoints: Mutex::default(),
        })
    }

    /// What was forwarded since the start, and what was taken from other nodes.
    pub fn statistics(&self) -> ForwardStatistics {
        ForwardStatistics { results: self.tally.counts(), n_received: self.n_received.load(Ordering::Relaxed) }
    }

    pub(super) fn register(&self, endpoint: &Arc<EngineIo>) {
        self.endpoints().push(Arc::downgrade(endpoint));
    }

    /// The session id as clients are told it.
    pub(super) fn marked(&self, sid: &str) -> String {
        marked(self.nodes.own_mark(), sid)
    }

    /// Where the session of this request is, if it is at another node. Of a session of this node, the mark is taken off, so that
    /// what follows finds it. A mark that nobody has stays, and then nobody knows the session.
    pub(super) fn owner(&self, request: &mut Request) -> Option<String> {
        let query = request.uri().query()?;
        let (mark, _) = marked_sid(query)?;
        if mark != self.nodes.own_mark() {
            return self.nodes.address(mark);
        }
        if let Some(uri) = with_query(request.uri(), &without_mark(query)) {
            *request.uri_mut() = uri;
        }
        None
    }

    /// The endpoint at this path, if there is one: that which has the session, or else any, which then says that there is none.
    fn endpoint(&self, path: &str, sid: &str) -> Option<Arc<EngineIo>> {
        let sid = sid.parse::<Sid>().ok();
        let endpoints = self.endpoints();
        let mut there = endpoints.iter().filter_map(Weak::upgrade).filter(|it| it.is_at(path));
        let first = there.next()?;
        let has_it = |it: &Arc<EngineIo>| sid.is_some_and(|sid| it.has(sid));
        Some(if has_it(&first) { first } else { there.find(has_it).unwrap_or(first) })
    }

    fn endpoints(&self) -> MutexGuard<'_, Vec<Weak<EngineIo>>> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn with_query(uri: &Uri, query: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{}?{query}", uri.path())).ok()?);
    Uri::from_parts(parts).ok()
}
