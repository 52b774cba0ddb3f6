//! The listener that other nodes of a cluster forward requests to.
use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use super::{
    PassedSockets, StartupError,
    listen::{self, Chosen},
    state,
};
use crate::{
    acceptor::{Acceptor, Speaks, Timeouts},
    accounting::Ledger,
    cluster::Cluster,
    config::Config,
    sessions::{Realm, Sessions},
    transports::{
        Nodes,
        socketio::{Forwarding, receiving},
    },
};

const CHOSEN: Chosen = Chosen { address: "cluster.listen", port: "cluster.listen" };

/// Looks whether the address that the other nodes are told is one of this machine, as they take it to be.
///
/// # Errors
/// It is not.
pub(super) fn check(config: &Config) -> Result<(), StartupError> {
    let Some(at) = config.cluster.at() else { return Ok(()) };
    // At any port: a server with these settings may be running.
    let any_port = SocketAddr::new(at.ip(), 0);
    match listen::open(any_port) {
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
            Err(StartupError::Settings(listen::no_address(at, &CHOSEN)))
        }
        _ => Ok(()),
    }
}

/// This server among others, if there are any.
pub(super) struct Node {
    /// `None`: its rooms are its own.
    pub(super) cluster: Option<Arc<Cluster>>,
    /// What requests for other nodes' sessions go by.
    pub(super) forwarding: Option<Arc<Forwarding>>,
    /// Where such requests come in.
    ports: Vec<TcpListener>,
    timeouts: Timeouts,
}

impl Node {
    /// Takes the port, if there are other nodes. `realm`: whose rooms are shared. `nodes`: how other nodes are found where that is
    /// not by the store. `answer_time`: for as long websockets may be silent.
    ///
    /// # Errors
    /// It cannot be had, or the settings make no sense.
    pub(super) fn bind(
        config: &Config,
        sessions: &Sessions,
        realm: Option<Realm>,
        nodes: Option<Arc<dyn Nodes>>,
        answer_time: Duration,
        passed: &mut PassedSockets,
    ) -> Result<Self, StartupError> {
        let cluster = state::cluster(config, sessions, realm)?;
        let nodes = nodes.or_else(|| cluster.clone().map(|it| it as Arc<dyn Nodes>));
        let forwarding = nodes.map(|it| Forwarding::new(it, sessions.ledger().clone()));
        let ports = match (config.cluster.at(), &forwarding) {
            (Some(at), Some(_)) => listen::bind(at, &CHOSEN, passed)?,
            _ => Vec::new(),
        };
        let node = Node { cluster, forwarding, ports, timeouts: Timeouts::new(answer_time) };
        if let Some((cluster, address)) = node.cluster.as_ref().zip(node.address()) {
            cluster.set_address(address);
        }
        Ok(node)
    }

    /// Where other nodes forward requests to.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.ports.first()?.local_addr().ok()
    }

    /// What takes in those requests, and where. `None`: nothing listens.
    pub(super) fn acceptor(self, ledger: Ledger) -> Option<(Acceptor, Vec<TcpListener>)> {
        let speaks = Speaks::Nodes(receiving(self.forwarding?));
        // A node has connections of many people, as a proxy has. Whoever is none is refused, and its connection closed.
        let acceptor = Acceptor::new(ledger, self.timeouts, Arc::new(|_| true), speaks);
        (!self.ports.is_empty()).then_some((acceptor, self.ports))
    }
}
