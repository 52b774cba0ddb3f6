//! How the process ends: first nobody new is sent here, then everybody is told, and what runs may end.
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{service_manager, state};
use crate::{acceptor::Shutdown, cluster::Cluster, sessions::Sessions, store::Keeper, telemetry};

/// For running answers to end when the server stops.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// For the last words of those who are told that the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// For those who were here to come back to other nodes.
const MOVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Ends what runs after so long. In a cluster people are sent to other nodes, and given up to them.
pub(super) async fn stop(
    drain: Duration,
    sessions: &Sessions,
    shutdown: Shutdown,
    cluster: Option<&Cluster>,
    keeper: Option<&Keeper>,
) {
    let moving = if cluster.is_some() { 2 * MOVE_TIMEOUT } else { Duration::ZERO };
    service_manager::stopping(drain + moving + ANSWER_TIMEOUT + 2 * DRAIN_TIMEOUT);
    sleep(drain).await;
    if cluster.is_some() {
        sessions.stop_gradually().await;
    }
    sessions.stop();
    // An answer that is not taken, or a request that is not sent to its end, is not waited for longer.
    let _ = timeout(ANSWER_TIMEOUT, shutdown.run()).await;
    // Those who are told that it stops are told so by tasks of their own.
    let _ = timeout(DRAIN_TIMEOUT, sessions.drained()).await;
    state::save(keeper).await;
    if let Some(cluster) = cluster {
        // Whoever comes back to another node is given up to it, with all that was kept.
        let _ = timeout(MOVE_TIMEOUT, sessions.moved_away()).await;
        cluster.leave().await;
    }
    telemetry::tell_omitted();
}
