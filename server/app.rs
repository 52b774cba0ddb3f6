//! Puts the parts together: hub, socket.io, pages, certificate, listener.
use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use axum_server::{Handle, tls_rustls::RustlsConfig};
use hyper_util::rt::TokioTimer;
use tokio::{
    net::TcpSocket,
    signal::unix::{SignalKind, signal},
    sync::Notify,
};

use crate::{
    adapters::socketio,
    config::Config,
    dialects::p2pchat::P2pChat,
    door::Door,
    http::{self, Health, Site, Status},
    hub::Hub,
    tls,
};

/// Connections that the kernel may hold until we take them.
const BACKLOG: u32 = 4096;

/// For a client to say what it wants, and for running answers to end when the server stops.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the operator hears when the server cannot start: what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A file that a setting names is not as it should be.
    #[error("{0}")]
    Setting(String),
    /// The machine does not let us.
    #[error("{0}")]
    Machine(String),
}

/// A server that listens and does not answer yet.
pub struct App {
    listener: TcpListener,
    router: Router,
    hub: Hub,
    certificate: Option<RustlsConfig>,
    config: Config,
}

impl App {
    /// Reads the certificate, takes the port, and raises the limit on open files.
    ///
    /// # Errors
    /// A certificate or the port cannot be had. Needs a Tokio runtime.
    pub async fn bind(config: Config) -> Result<Self, Fault> {
        let certificate = certificate(&config).await?;
        let listener = listen(config.http.address, config.http.port)?;
        if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
            tracing::warn!(%error, "the limit on open files stays as it is, and with it the number of connections");
        }
        let hub = Hub::new(config.ice());
        let realm = hub.open(&P2pChat, config.limits());
        let site =
            Site { views: config.views(), signaling_path: config.signaling.path.clone(), https: config.tls.enabled };
        let started = Instant::now();
        let asked = hub.clone();
        let health = move || health(&asked, started);
        let router = http::router(site, health).merge(socketio::router(hub.clone(), realm, &config.wire()));
        Ok(App { listener, router, hub, certificate, config })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The address to open in a browser.
    pub fn url(&self) -> String {
        let (scheme, usual) = if self.certificate.is_some() { ("https", 443) } else { ("http", 80) };
        let http = &self.config.http;
        let port = self.address().map_or(http.port, |it| it.port());
        let name = match (&*http.hostname, http.address) {
            ("", address) if address.is_unspecified() || address.is_loopback() => "localhost".to_owned(),
            ("", IpAddr::V6(address)) => format!("[{address}]"),
            ("", address) => address.to_string(),
            (name, _) => name.to_owned(),
        };
        if port == usual { format!("{scheme}://{name}/") } else { format!("{scheme}://{name}:{port}/") }
    }

    /// What the operator should know although it is no fault.
    pub fn advice(&self) -> Option<String> {
        let port = self.address().map_or(self.config.http.port, |it| it.port());
        let has_original = self.config.views().is_some_and(|it| it.join("bundle.js").is_file());
        (has_original && port != 80 && port != 443).then(|| {
            format!(
                "the original frontend in {} connects to its host without a port, so that it works on port 80 (or 443 \
                 with TLS) alone; this server listens on {port}",
                self.config.http.views.display()
            )
        })
    }

    /// Answers until `stop` is done; then ends what runs.
    ///
    /// # Errors
    /// The listener fails.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let handle = Handle::new();
        let service = self.router.into_make_service();
        let mut server = axum_server::from_tcp(self.listener)?.handle(handle.clone());
        server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
        server.http_builder().http2().timer(TokioTimer::new()).keep_alive_interval(Some(PATIENCE));
        let tls = &self.config.tls;
        let serving = server.acceptor(Door::new(PATIENCE, self.certificate.clone())).serve(service);
        let hangup = Arc::new(Notify::new());
        let renewing = async {
            match self.certificate.clone() {
                None => std::future::pending().await,
                Some(certificate) => {
                    let (cert, key) = (tls.cert_path.clone(), tls.key_path.clone());
                    tls::reload_when_changed(certificate, cert, key, hangup.clone()).await;
                }
            }
        };
        let stopping = async {
            stop.await;
            tracing::info!("stopping");
            self.hub.stop();
            handle.graceful_shutdown(Some(PATIENCE));
            std::future::pending::<()>().await;
        };
        tokio::select! {
            served = serving => served,
            () = renewing => Ok(()),
            () = on_hangup(&hangup) => Ok(()),
            () = stopping => Ok(()),
        }
    }
}

/// Checks what settings point at, without starting anything.
///
/// # Errors
/// The certificate cannot be used.
pub async fn check(config: &Config) -> Result<(), Fault> {
    certificate(config).await.map(drop)
}

async fn certificate(config: &Config) -> Result<Option<RustlsConfig>, Fault> {
    let tls = &config.tls;
    if !tls.enabled {
        return Ok(None);
    }
    tls::load(&tls.cert_path, &tls.key_path).await.map(Some).map_err(|it| Fault::Setting(it.to_string()))
}

/// Done at the first SIGTERM or SIGINT; a second one ends the process at once.
///
/// # Errors
/// The system does not let us hear signals.
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut next = async move || {
        tokio::select! { _ = terminate.recv() => (), _ = interrupt.recv() => () }
    };
    Ok(async move {
        next().await;
        tokio::spawn(async move {
            next().await;
            std::process::exit(1);
        });
    })
}

/// Never done. SIGHUP means "read the certificate again", and with none to read it means nothing, instead of the end.
async fn on_hangup(reload: &Notify) {
    if let Ok(mut hangup) = signal(SignalKind::hangup()) {
        while hangup.recv().await.is_some() {
            reload.notify_one();
        }
    }
    std::future::pending().await
}

fn health(hub: &Hub, started: Instant) -> Health {
    let counts = hub.counts();
    let (peers, rooms) = (counts.iter().map(|it| it.n_peers).sum(), counts.iter().map(|it| it.n_rooms).sum());
    let status = if hub.is_stopping() { Status::Stopping } else { Status::Ok };
    Health { status, peers, rooms, version: env!("CARGO_PKG_VERSION"), uptime_s: started.elapsed().as_secs() }
}

fn listen(address: IpAddr, port: u16) -> Result<TcpListener, Fault> {
    let first = bind(SocketAddr::new(address, port));
    let bound = match (&first, address) {
        // A machine without IPv6: every address is then every IPv4 address.
        (Err(error), IpAddr::V6(Ipv6Addr::UNSPECIFIED)) if error.raw_os_error() == Some(AFNOSUPPORT) => {
            bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port))
        }
        _ => first,
    };
    bound.map_err(|error| {
        let at = SocketAddr::new(address, port);
        Fault::Machine(match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("port {port} is in use by another program: end it, or choose another with --port")
            }
            io::ErrorKind::PermissionDenied => format!(
                "port {port} may not be opened by this user: ports below 1024 need root or the capability \
                 CAP_NET_BIND_SERVICE; or choose another with --port"
            ),
            io::ErrorKind::AddrNotAvailable => {
                format!(
                    "{address} is no address of this machine: choose one of its own with --address, or \"::\" for all"
                )
            }
            _ => format!("cannot listen on {at}: {error}"),
        })
    })
}

/// `EAFNOSUPPORT` on Linux.
const AFNOSUPPORT: i32 = 97;

fn bind(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(BACKLOG)?.into_std()
}
