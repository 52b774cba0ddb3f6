//! The admin socket of this server, as the settings have it.
use std::{
    path::Path,
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use crate::{
    admin::{AdminSocket, Figures, NodeLine, Served},
    cluster::{Cluster, NodeRecord},
    config::{self, Config},
    sessions::{Sessions, cluster::NodeId},
    turn::TurnServer,
};

/// A socket that is not served yet.
pub(super) struct BoundAdmin {
    socket: AdminSocket,
    served: Served,
}

/// `None`: there is to be none, or it cannot be had, which the log says.
pub(super) fn bind(
    config: &Config,
    sessions: &Sessions,
    relay: Option<Arc<TurnServer>>,
    cluster: Option<Arc<Cluster>>,
) -> Option<BoundAdmin> {
    let path = &config.admin.socket;
    if path.is_empty() || path == config::NO_SOCKET {
        return None;
    }
    match AdminSocket::bind(Path::new(path)) {
        Ok(socket) => {
            let (started, counted) = (Instant::now(), sessions.clone());
            let figures = move || {
                let relay = relay.as_ref().map(|it| it.stats());
                Figures::new(started.elapsed().as_secs(), counted.ledger().balance(), counted.statistics(), relay)
            };
            let nodes = move || cluster.as_ref().map(|it| node_lines(it)).unwrap_or_default();
            let (sessions, figures, nodes) = (sessions.clone(), Arc::new(figures), Arc::new(nodes));
            Some(BoundAdmin { socket, served: Served { sessions, figures, nodes } })
        }
        Err(error) => {
            tracing::warn!(path, %error, "the admin socket cannot be had, so that p2pchat-server rooms and its like do not work");
            None
        }
    }
}

/// Every node that this one knows.
fn node_lines(cluster: &Cluster) -> Vec<NodeLine> {
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let line = |(id, info): (NodeId, NodeRecord)| NodeLine {
        own: id == *cluster.own(),
        id: id.as_str().to_owned(),
        host: info.host,
        address: info.address,
        version: info.version,
        uptime_s: now_s.saturating_sub(info.started_s),
        sessions: info.sessions,
    };
    cluster.nodes().into_iter().map(line).collect()
}

/// Never done.
pub(super) async fn serve(bound: Option<BoundAdmin>) {
    match bound {
        Some(BoundAdmin { socket, served }) => {
            tracing::info!(path = %socket.path().display(), "the operator's commands come in there");
            socket.serve(served).await;
        }
        None => std::future::pending().await,
    }
}
