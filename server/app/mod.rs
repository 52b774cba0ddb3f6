//! Puts the parts together: sessions, protocols, pages, certificate, listeners.
mod admin;
mod certificate;
mod health_check;
mod hosting;
mod invitations;
mod listen;
mod metrics;
mod nodes;
mod passed_sockets;
mod realms;
mod relay;
mod reload;
mod routes;
mod service_manager;
pub mod settings;
mod signals;
mod signatures;
mod state;
mod stopping;
mod threads;
mod watch;

use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::Router;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{runtime::Handle, sync::Notify, task::JoinSet};

use crate::{
    acceptor::{Acceptor, IsProxy, Shutdown, Speaks, Timeouts},
    accounting::Ledger,
    config::Config,
    hosting::Hosting,
    http,
    protocols::{Protocol as _, p2pchat::P2pChat},
    sessions::Sessions,
    store::Keeper,
    tls::Certificate,
    transports::Nodes,
    turn::Port,
};
use admin::BoundAdmin;
use certificate::CertificateSource;
pub use health_check::health_check;
use invitations::Invitations;
pub use invitations::{Invite, invite};
use listen::Chosen;
use metrics::{BoundMetrics, Metrics};
use nodes::Node;
pub use passed_sockets::PassedSockets;
pub use realms::realm_settings;
use relay::BoundRelay;
use reload::Live;
pub use reload::{ReadSettings, Reload};
use routes::Common;
pub use signals::stop_signal;
pub use threads::Threads;

/// For a client of the relay to take anything of what is sent to it over TCP.
const RELAY_WRITE_TIMEOUT: Duration = Duration::from_secs(20);

const ADDRESS: &str = "--address, or \"::\" for all";
const MAIN: Chosen = Chosen { address: ADDRESS, port: "--port" };
const REDIRECT: Chosen = Chosen { address: ADDRESS, port: "tls.redirect_port" };

/// What the operator hears when the server cannot start: what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartupError {
    /// A file that a setting names is not as it should be.
    #[error("{0}")]
    Settings(String),
    /// The machine does not let us.
    #[error("{0}")]
    System(String),
}

/// What there is already when a server starts.
#[derive(Default)]
pub struct Given {
    /// Sockets that are open.
    pub passed: PassedSockets,
    /// The other nodes. `None`: those of the settings, if any.
    pub nodes: Option<Arc<dyn Nodes>>,
    /// Where the relay and hosted stars are worked on. `None`: where connections are.
    pub media: Option<Handle>,
}

/// A server that listens and does not answer yet.
pub struct App {
    /// The main one first.
    listeners: Vec<BoundListener>,
    sessions: Sessions,
    /// `None`: rooms end with the process.
    keeper: Option<Arc<Keeper>>,
    node: Node,
    certificate: CertificateSource,
    relay: Option<BoundRelay>,
    hosting: Option<Arc<Hosting>>,
    media: Handle,
    metrics: Option<BoundMetrics>,
    admin: Option<BoundAdmin>,
    /// `/health` says so before anything else changes.
    is_stopping: Arc<AtomicBool>,
    live: Live,
    reload: Option<Reload>,
}

/// A port that is taken, and what is served there.
struct BoundListener {
    /// One, or as many as the service manager has opened for it.
    ports: Vec<TcpListener>,
    router: Router,
    timeouts: Timeouts,
    tls: bool,
    proxy_protocol: bool,
    /// What plain HTTP is answered with where it speaks TLS.
    astray: Option<Router>,
}

impl App {
    /// Reads the certificate, takes the ports, and raises the limit on open files.
    ///
    /// # Errors
    /// A certificate or a port cannot be had. Needs a Tokio runtime.
    pub async fn bind(config: Config) -> Result<Self, StartupError> {
        App::bind_with(config, Given::default()).await
    }

    /// As [`App::bind`], with what there is already.
    ///
    /// # Errors
    /// As there.
    pub async fn bind_with(config: Config, given: Given) -> Result<Self, StartupError> {
        let Given { mut passed, nodes, media } = given;
        let media = media.unwrap_or_else(Handle::current);
        let settings = settings::listeners(&config)?;
        let certificate = certificate::open(&config).await?;
        let proxies = settings::trusted_proxies(&config)?;
        let invitations = Invitations::open(&config.access)?;
        let ledger = Ledger::new(settings::limits(&config));
        let sessions = Sessions::new(settings::ice(&config), ledger.clone(), settings::lifetimes(&config));
        // First of all, so that a second server changes nothing of what the first one keeps.
        let ports = settings.iter().map(|it| listen::bind(it.at, &MAIN, &mut passed)).collect::<Result<Vec<_>, _>>()?;
        let plain = config.redirect_at().map(|it| listen::bind(it, &REDIRECT, &mut passed)).transpose()?;
        let store = state::open(&config).await;
        let realms = routes::realms(&sessions, &config, &settings, store.is_some(), &invitations);
        let own_realm = realms.get(P2pChat.name()).copied();
        let keeper = state::keeper(store, &sessions, own_realm);
        let answer_time = settings.iter().map(|it| routes::answer_time(&config, it)).max().unwrap_or_default();
        let node = Node::bind(&config, &sessions, own_realm, nodes, answer_time, &mut passed)?;
        let shared = http::Shared::new(ledger, proxies.clone());
        let relay = relay::bind(&config, &sessions, &mut passed)?;
        let turn = relay.as_ref().map(|it| it.server.clone());
        let hosting = hosting::bind(&config, &sessions, own_realm, turn.clone(), &media)?;
        let metrics = Metrics::new(&sessions, turn.clone(), hosting.clone(), certificate.certificate(), &node);
        let forwarding = node.forwarding.as_ref();
        let common = Common { sessions: &sessions, shared: &shared, realms: &realms, metrics: &metrics, forwarding };
        let (started, is_stopping) = (Instant::now(), Arc::new(AtomicBool::new(false)));
        let mut listeners = Vec::new();
        for (listener, ports) in settings.into_iter().zip(ports) {
            let health = watch::health(&sessions, turn.clone(), node.cluster.clone(), is_stopping.clone(), started);
            let astray = listener.tls.then(|| certificate::astray(&config, &shared));
            listeners.push(BoundListener {
                ports,
                router: routes::router(&config, &listener, &common, health),
                timeouts: Timeouts::new(routes::answer_time(&config, &listener)),
                tls: listener.tls,
                proxy_protocol: listener.proxy_protocol,
                astray,
            });
        }
        if let Some(ports) = plain {
            listeners.push(certificate::redirecting(ports, &config, &certificate, &shared, listeners.first()));
        }
        if let Some((relay, listener)) = turn.as_ref().zip(listeners.iter().find(|it| it.tls))
            && let Some(at) = listener.ports.first().and_then(|it| it.local_addr().ok())
        {
            relay.set_https_port(at.port());
        }
        raise_open_file_limit();
        let metrics = metrics.bind(&config, &mut passed)?;
        passed.left_over().iter().for_each(|it| tracing::warn!("{it}"));
        let admin = admin::bind(&config, &sessions, turn.clone(), node.cluster.clone());
        let config = Mutex::new(config);
        let files = certificate.files();
        let live = Live { sessions: sessions.clone(), realms, proxies, relay: turn, files, config };
        Ok(App {
            listeners,
            sessions,
            keeper,
            node,
            certificate,
            relay,
            hosting,
            media,
            metrics,
            admin,
            is_stopping,
            live,
            reload: None,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.sockets().next().map_or_else(|| Err(io::ErrorKind::NotFound.into()), TcpListener::local_addr)
    }

    /// Where it listens beside that.
    ///
    /// # Errors
    /// The system does not say.
    pub fn further_addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.sockets().skip(1).map(TcpListener::local_addr).collect()
    }

    fn sockets(&self) -> impl Iterator<Item = &TcpListener> {
        self.listeners.iter().flat_map(|it| &it.ports)
    }

    /// The address to open in a browser.
    pub fn url(&self) -> String {
        url(&self.live.config(), self.main_port())
    }

    /// What to tell whoever is to open it, beside its address; ends with a line's end.
    pub fn greeting(&self) -> Option<String> {
        self.certificate.greeting(&self.live.config(), self.main_port())
    }

    /// Where the relay has UDP and TCP, if it has.
    pub fn relay_port(&self) -> Option<u16> {
        self.relay.as_ref()?.port.as_ref()?.number().ok()
    }

    /// Where metrics have their own listener, if they have one.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref()?.address().ok()
    }

    /// Where other nodes forward requests to, if they do.
    pub fn cluster_address(&self) -> Option<SocketAddr> {
        self.node.address()
    }

    /// What the operator should know although it is no fault, a sentence each.
    pub fn advice(&self) -> Vec<String> {
        settings::advice(&self.live.config(), self.main_port())
    }

    fn main_port(&self) -> u16 {
        self.address().map_or_else(|_| self.live.config().http.port, |it| it.port())
    }

    /// Has settings read again at each SIGHUP. Without it, the certificate alone is looked at then.
    pub fn reload_by(mut self, reload: Reload) -> Self {
        self.reload = Some(reload);
        self
    }

    /// Answers until `stop` is done; then ends what runs. First `/health` says for `http.drain_s` that it is stopping, while
    /// everything goes on; then sessions are told and nothing new is taken; then answers that run may end.
    ///
    /// # Errors
    /// A listener fails.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let url = self.url();
        let App { listeners, sessions, keeper, node, certificate, relay, metrics, admin, is_stopping, live, .. } = self;
        let (hosting, media, reload) = (self.hosting, self.media, self.reload);
        let (cluster, keeper) = (node.cluster.clone(), keeper.as_deref());
        let reload = reload.map_or_else(|| Reload::new(None), Ok)?;
        let shutdown = Shutdown::default();
        let mut serving = JoinSet::new();
        if let Some(hosting) = hosting {
            serving.spawn_on(hosting::run(hosting.clone()), &media);
            // Before anybody can ask for one.
            hosting.begins().await;
        }
        let in_use = certificate.certificate();
        let acceptor = |speaks, timeouts| {
            let proxies = live.proxies.clone();
            let is_proxy: IsProxy = Arc::new(move |address| proxies.trusts(address));
            Acceptor::new(sessions.ledger().clone(), timeouts, is_proxy, speaks)
        };
        let turn = relay.as_ref().map(|it| relay::carry(&it.server));
        for BoundListener { ports, router, timeouts, tls, proxy_protocol, astray } in listeners {
            let acceptor = Acceptor {
                certificate: in_use.as_ref().filter(|_| tls).map(Certificate::handshakes),
                speaks_proxy_protocol: proxy_protocol,
                astray,
                ..acceptor(Speaks::Http { router, turn: turn.clone() }, timeouts)
            };
            serve_all(&mut serving, acceptor, ports, &shutdown)?;
        }
        if let Some(BoundRelay { server, port }) = relay {
            let (udp, tcp) = port.map(Port::split).unzip();
            if let (Some(tcp), Some(turn)) = (tcp, turn) {
                let acceptor = acceptor(Speaks::Turn(turn), Timeouts::new(RELAY_WRITE_TIMEOUT));
                let _media = media.enter();
                serve_all(&mut serving, acceptor, tcp, &shutdown)?;
            }
            serving.spawn_on(relay::serve(server, udp.unwrap_or_default()), &media);
        }
        if let Some(metrics) = metrics {
            let (acceptor, ports) = metrics.acceptor();
            serve_all(&mut serving, acceptor, ports, &shutdown)?;
        }
        if let Some((acceptor, ports)) = node.acceptor(sessions.ledger().clone()) {
            serve_all(&mut serving, acceptor, ports, &shutdown)?;
        }
        let hangup = Arc::new(Notify::new());
        let renewing = certificate.keep_good(hangup.clone());
        let stopping = async {
            stop.await;
            tracing::info!("stopping");
            is_stopping.store(true, Ordering::Relaxed);
            let drain = Duration::from_secs(live.config().http.drain_s);
            stopping::stop(drain, &sessions, shutdown, cluster.as_deref(), keeper).await;
        };
        service_manager::ready(&url);
        tokio::select! {
            () = stopping => Ok(()),
            () = renewing => Ok(()),
            () = reload.run(&live, &hangup) => Ok(()),
            () = admin::serve(admin) => Ok(()),
            () = service_manager::keep_alive(&sessions) => Ok(()),
            () = watch::memory(sessions.ledger()) => Ok(()),
            () = state::run(keeper, cluster.as_deref()) => Ok(()),
            Some(Err(failed)) = serving.join_next() => Err(io::Error::other(failed)),
        }
    }
}

/// Has an acceptor take in what comes to any of these sockets.
fn serve_all(
    serving: &mut JoinSet<()>,
    acceptor: Acceptor,
    ports: Vec<TcpListener>,
    shutdown: &Shutdown,
) -> io::Result<()> {
    let acceptor = Arc::new(acceptor);
    for port in ports {
        let port = tokio::net::TcpListener::from_std(port)?;
        serving.spawn(acceptor.clone().serve(port, shutdown.clone()));
    }
    Ok(())
}

/// One connection is one open file: as many as this user may have.
fn raise_open_file_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "the limit on open files stays as it is, and with it the number of connections");
    }
}

/// Checks what settings point at, without starting anything.
///
/// # Errors
/// Settings do not go together, or the certificate cannot be used.
pub async fn check(config: &Config) -> Result<(), StartupError> {
    settings::check(config)?;
    nodes::check(config)?;
    Invitations::open(&config.access)?;
    certificate::check(config).await
}

/// The address to open in a browser, of a server with these settings whose main listener has this port.
pub fn url(config: &Config, port: u16) -> String {
    let (scheme, usual) = if config.tls.enabled { ("https", 443) } else { ("http", 80) };
    let http = &config.http;
    let host = |name: &str| if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
    let name = match (&*http.hostname, http.address) {
        ("", _) if !config.tls.acme.names.is_empty() => {
            config.tls.acme.names.first().map_or_else(String::new, |it| host(it))
        }
        ("", address) if address.is_unspecified() || address.is_loopback() => "localhost".to_owned(),
        ("", address) => host(&address.to_string()),
        (name, _) => name.to_owned(),
    };
    let port = if port == usual { String::new() } else { format!(":{port}") };
    format!("{scheme}://{name}{port}{}", http.base_path)
}
