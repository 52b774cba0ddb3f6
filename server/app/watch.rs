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

/// Nobody has been there for so long.
const QUIET: Duration = Duration::from_secs(1);
/// Between two times that code is given back, where people come and go.
const GIVE_BACK_EVERY: Duration = Duration::from_secs(10);

/// Never done.
pub(super) async fn memory(ledger: &Ledger) {
    let mut told = Instant::now();
    let mut quiet = Quiet::new();
    loop {
        ledger.measure(Resident::of_this_process());
        if told.elapsed() >= LOOK_SELDOM {
            telemetry::tell_omitted();
            told = Instant::now();
        }
        let is_idle = ledger.n_connections() == 0;
        if quiet.begins(is_idle, Instant::now()) {
            give_back_files();
        }
        tokio::time::sleep(if is_idle { LOOK_SELDOM } else { LOOK_EVERY }).await;
    }
}

/// Says when it is quiet: after the start, and after people have come and gone.
#[derive(Debug)]
struct Quiet {
    since: Option<Instant>,
    /// It has been said since somebody was there last.
    is_said: bool,
    said_at: Option<Instant>,
}

impl Quiet {
    const fn new() -> Self {
        Quiet { since: None, is_said: false, said_at: None }
    }

    /// `is_idle`: nobody is there now.
    fn begins(&mut self, is_idle: bool, now: Instant) -> bool {
        if !is_idle {
            (self.since, self.is_said) = (None, false);
            return false;
        }
        let since = *self.since.get_or_insert(now);
        let is_soon = self.said_at.is_some_and(|at| now < at + GIVE_BACK_EVERY);
        if self.is_said || is_soon || now < since + QUIET {
            return false;
        }
        (self.is_said, self.said_at) = (true, Some(now));
        true
    }
}

/// What only the start or a crowd has used need not stay in memory.
fn give_back_files() {
    #[cfg(target_os = "linux")]
    if let Err(error) = p2pchat_resident::give_back_files() {
        tracing::debug!(%error, "code that nobody uses stays in memory");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_quiet_after_the_start_and_after_each_crowd_but_not_at_every_turn() {
        let start = Instant::now();
        let mut quiet = Quiet::new();
        let mut at = |seconds: u64, is_idle| quiet.begins(is_idle, start + Duration::from_secs(seconds));
        assert!(!at(0, true) && at(1, true) && !at(2, true), "once");
        assert!(!at(90, false) && !at(91, true) && at(92, true) && !at(93, true), "after a crowd");
        assert!(!at(95, false) && !at(96, true) && !at(101, true), "not so soon again");
        assert!(at(102, true) && !at(300, true), "later it is");
    }
}
