//! The listener that other nodes of a cluster forward requests to.
use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use super::{PassedSockets, StartupError, listen};
use crate::{
    acceptor::{Acceptor, Shutdown, Speaks, Timeouts},
    accounting::Ledger,
    config::Config,
    transports::socketio::{Forwarding, receiving},
};

/// A listener that is not served yet.
pub(super) struct BoundNodes {
    port: TcpListener,
    forwarding: Arc<Forwarding>,
    timeouts: Timeouts,
}

/// Takes the port, if there are other nodes. `answer_time`: for as long websockets may be silent.
///
/// # Errors
/// It cannot be had.
pub(super) fn bind(
    config: &Config,
    forwarding: Option<&Arc<Forwarding>>,
    answer_time: Duration,
    passed: &mut PassedSockets,
) -> Result<Option<BoundNodes>, StartupError> {
    let Some(at) = config.cluster.at() else { return Ok(None) };
    let Some(forwarding) = forwarding else {
        tracing::warn!(%at, "cluster.listen is set, and there are no other nodes: nothing listens there");
        return Ok(None);
    };
    let port = listen::bind(at, "cluster.listen", passed)?;
    Ok(Some(BoundNodes { port, forwarding: forwarding.clone(), timeouts: Timeouts::new(answer_time) }))
}

impl BoundNodes {
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.port.local_addr()
    }

    /// Until `shutdown`.
    ///
    /// # Errors
    /// The listener cannot be used.
    pub(super) fn serve(self, ledger: Ledger, shutdown: Shutdown) -> io::Result<impl Future<Output = ()>> {
        let speaks = Speaks::Nodes(receiving(self.forwarding));
        // A node has connections of many people, as a proxy has. Whoever is none is refused, and its connection closed.
        let acceptor = Acceptor::new(ledger, self.timeouts, Arc::new(|_| true), speaks);
        let listener = tokio::net::TcpListener::from_std(self.port)?;
        Ok(acceptor.serve(listener, shutdown))
    }
}
