//! What looks after the process as a whole while it serves: its memory, and what the log left out.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::relay;
use crate::{
    accounting::{Ledger, Resident},
    cluster::Cluster,
    http::{ClusterState, Count, Health, Memory, Status},
    protocols::{Protocol as _, p2pchat::P2pChat},
    sessions::Sessions,
    telemetry,
    turn::TurnServer,
};

/// Between two looks at the process's memory. In that time two cores can fill some 100 MiB.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The same while nobody is there.
const LOOK_SELDOM: Duration = Duration::from_secs(1);

/// Never done.
pub(super) async fn memory(ledger: &Ledger) {
    let mut told = Instant::now();
    loop {
        ledger.measure(Resident::of_this_process());
        if told.elapsed() >= LOOK_SELDOM {
            telemetry::tell_omitted();
            told = Instant::now();
        }
        let is_idle = ledger.n_connections() == 0;
        tokio::time::sleep(if is_idle { LOOK_SELDOM } else { LOOK_EVERY }).await;
    }
}

/// What `/health` says.
pub(super) fn health(
    sessions: &Sessions,
    relay: Option<Arc<TurnServer>>,
    cluster: Option<Arc<Cluster>>,
    is_stopping: Arc<AtomicBool>,
    started: Instant,
) -> impl Fn() -> Health + Clone + Send + Sync + 'static {
    let sessions = sessions.clone();
    move || {
        let is_stopping = is_stopping.load(Ordering::Relaxed);
        health_now(&sessions, relay.as_deref(), cluster.as_deref(), is_stopping, started)
    }
}

fn health_now(
    sessions: &Sessions,
    relay: Option<&TurnServer>,
    cluster: Option<&Cluster>,
    is_stopping: bool,
    started: Instant,
) -> Health {
    let counts = sessions.counts();
    let (peers, rooms) = (counts.iter().map(|it| it.n_peers).sum(), counts.iter().map(|it| it.n_rooms).sum());
    let is_plain = counts.iter().all(|it| it.protocol == P2pChat.name());
    let count = |it: &crate::sessions::Count| (it.protocol, Count { peers: it.n_peers, rooms: it.n_rooms });
    let balance = sessions.ledger().balance();
    let memory = balance.memory;
    Health {
        status: match cluster {
            _ if is_stopping || sessions.is_stopping() => Status::Stopping,
            Some(cluster) if !cluster.is_ready() => Status::Starting,
            _ => Status::Ok,
        },
        peers,
        rooms,
        protocols: counts.iter().filter(|_| !is_plain).map(count).collect(),
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: started.elapsed().as_secs(),
        connections: balance.n_connections,
        sessions: balance.n_sessions,
        memory: Memory { held: memory.held, resident: memory.resident, max: memory.max, is_full: memory.is_full },
        relay: relay.map(relay::health),
        cluster: cluster.map(|it| ClusterState {
            node: it.own().as_str().to_owned(),
            nodes: it.nodes().len(),
            store: it.is_up(),
        }),
        reasons: balance.reasons.into_iter().map(|(reason, n)| (reason.as_str(), n)).collect(),
    }
}
