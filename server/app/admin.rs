//! The admin socket of this server, as the settings have it.
use std::{path::Path, sync::Arc, time::Instant};

use crate::{
    admin::{AdminSocket, Figures, Served},
    config::{self, Config},
    sessions::Sessions,
    turn::TurnServer,
};

/// A socket that is not served yet.
pub(super) struct BoundAdmin {
    socket: AdminSocket,
    served: Served,
}

/// `None`: there is to be none, or it cannot be had, which the log says.
pub(super) fn bind(config: &Config, sessions: &Sessions, relay: Option<Arc<TurnServer>>) -> Option<BoundAdmin> {
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
            Some(BoundAdmin { socket, served: Served { sessions: sessions.clone(), figures: Arc::new(figures) } })
        }
        Err(error) => {
            tracing::warn!(path, %error, "the admin socket cannot be had, so that p2pchat-server rooms and its like do not work");
            None
        }
    }
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
