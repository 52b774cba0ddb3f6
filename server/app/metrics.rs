//! Figures for Prometheus: where they come from, and their own listener.
//!
//! **Invariant:** that listener has a ledger of its own. However full the server is, its figures can be read; and whoever
//! reads them takes nothing from the people whom the server is for.
use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::Router;
use secrecy::SecretString;

use super::{PassedSockets, StartupError, listen, nodes::Node};
use crate::{
    acceptor::{Acceptor, Speaks, Timeouts},
    accounting::{Ledger, Limits},
    cluster::Cluster,
    config::Config,
    hosting::Hosting,
    http::{self, Frontend, RenderMetrics, Site, TrustedProxies},
    metrics::{Figures, Format, Forwarded, Process},
    sessions::Sessions,
    tls::{Certificate, Expiry},
    transports::socketio::{ForwardResult, Forwarding},
    turn::TurnServer,
};

/// Those who read them are few.
const CONNECTIONS_MAX: usize = 64;

/// For a reader that does not read.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// Where the figures come from.
#[derive(Clone)]
pub(super) struct Metrics {
    sessions: Sessions,
    relay: Option<Arc<TurnServer>>,
    hosting: Option<Arc<Hosting>>,
    expiry: Option<Expiry>,
    forwarding: Option<Arc<Forwarding>>,
    cluster: Option<Arc<Cluster>>,
    started: SystemTime,
}

/// A listener that is not served yet.
pub(super) struct BoundMetrics {
    ports: Vec<TcpListener>,
    router: Router,
    ledger: Ledger,
}

impl Metrics {
    pub(super) fn new(
        sessions: &Sessions,
        relay: Option<Arc<TurnServer>>,
        hosting: Option<Arc<Hosting>>,
        certificate: Option<Certificate>,
        node: &Node,
    ) -> Self {
        let (forwarding, cluster) = (node.forwarding.clone(), node.cluster.clone());
        let expiry = certificate.map(|it| it.expiry());
        let (sessions, started) = (sessions.clone(), SystemTime::now());
        Metrics { sessions, relay, hosting, expiry, forwarding, cluster, started }
    }

    /// The route beside the pages of a listener, where there is a token.
    pub(super) fn beside(&self, pages: Router, config: &Config, shared: &http::Shared) -> Router {
        match config.metrics.token() {
            Some(token) => pages.merge(self.route(shared, Some(token))),
            None => pages,
        }
    }

    /// Takes the port of their own listener, if they are to have one.
    ///
    /// # Errors
    /// It cannot be had.
    pub(super) fn bind(
        &self,
        config: &Config,
        passed: &mut PassedSockets,
    ) -> Result<Option<BoundMetrics>, StartupError> {
        let Some(at) = config.metrics.at() else { return Ok(None) };
        let mut ports = passed.take_tcp(at);
        if ports.is_empty() {
            ports.push(listen::open(at).map_err(|error| {
                StartupError::System(format!(
                    "the listener of the metrics cannot have port {} of {}: {error}",
                    at.port(),
                    at.ip()
                ))
            })?);
        }
        let ledger = Ledger::new(Limits { connections_max: CONNECTIONS_MAX, ..Limits::default() });
        let shared = http::Shared::new(ledger.clone(), TrustedProxies::default());
        let router = self.route(&shared, config.metrics.token());
        let site = Site {
            views: None,
            signaling_path: config.signaling.path.clone(),
            frontend: Frontend::Foreign,
            https: false,
            https_only: false,
            frame_ancestors: Vec::new(),
            base_path: "/".to_owned(),
            proxy_protocol: false,
            features: http::Features { hosting: None },
        };
        Ok(Some(BoundMetrics { ports, router: http::front(router, &site, &shared), ledger }))
    }

    fn route(&self, shared: &http::Shared, token: Option<&SecretString>) -> Router {
        let metrics = self.clone();
        let render: RenderMetrics = Arc::new(move |is_open_metrics| {
            let format = if is_open_metrics { Format::OpenMetrics } else { Format::Prometheus };
            metrics.figures().render(format).ok()
        });
        http::metrics(shared, self.sessions.ledger().clone(), token, render)
    }

    fn figures(&self) -> Figures {
        let ledger = self.sessions.ledger();
        Figures {
            version: env!("CARGO_PKG_VERSION"),
            process: Process::now(self.started),
            balance: ledger.balance(),
            reasons: ledger.counted().collect(),
            sessions: self.sessions.statistics(),
            relay: self.relay.as_ref().map(|it| it.stats()),
            hosting: self.hosting.as_ref().map(|it| it.figures()),
            forwarded: self.forwarding.as_deref().map(forwarded),
            cluster: self.cluster.as_ref().map(|it| it.figures()),
            certificate_expiry_s: self.expiry.as_ref().map(Expiry::unix_s),
        }
    }
}

fn forwarded(forwarding: &Forwarding) -> Forwarded {
    let statistics = forwarding.statistics();
    let names = ForwardResult::ALL.iter().map(|it| it.as_str());
    Forwarded { results: names.zip(statistics.results).collect(), n_received: statistics.n_received }
}

impl BoundMetrics {
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.ports.first().map_or_else(|| Err(io::ErrorKind::NotFound.into()), TcpListener::local_addr)
    }

    /// What takes connections in, and the sockets to which they come.
    pub(super) fn acceptor(self) -> (Acceptor, Vec<TcpListener>) {
        let speaks = Speaks::Http { router: self.router, turn: None };
        (Acceptor::new(self.ledger, Timeouts::new(WRITE_TIMEOUT), Arc::new(|_| false), speaks), self.ports)
    }
}
