//! A server in this process, and clients that speak to it over real sockets on loopback. No socket.io library on the
//! client's side: what stands on the wire is what the tests see.
//!
//! **Invariant:** nothing here sleeps. What should come is waited for; that nothing came is shown by a fence, a request
//! whose answer proves that all before it was handled.
pub(crate) mod exposition;
pub(crate) mod log;
pub(crate) mod mqtt;
pub(crate) mod packet;
pub(crate) mod peer;
pub(crate) mod plain;
pub(crate) mod web;

use std::{future::Future, io, net::SocketAddr, path::PathBuf, sync::LazyLock, time::Duration};

use p2pchat_server::{
    app::{App, Given, StartupError},
    config::{self, Config, Flags},
};
use tokio::{
    runtime::{self, Runtime},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

pub(crate) use peer::{By, EVERY_WAY, Heard, Peer};
use web::Web;

/// Where the tests' servers speak socket.io.
pub(crate) const PATH: &str = "/api/signaling/";

/// No wait ends by it unless something is broken; long, because machines that run tests may be slow.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for the thing itself, and fails with its name where it does not come.
pub(crate) async fn soon<T>(what: &str, it: impl Future<Output = T>) -> T {
    timeout(PATIENCE, it).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Every test comes from one address, and does in a moment what people do in an hour.
const NO_RATES: [(&str, &str); 7] = [
    ("limits.address_connections_per_second", "0"),
    ("limits.address_sessions_per_second", "0"),
    ("limits.address_rooms_per_second", "0"),
    ("limits.address_requests_per_second", "0"),
    ("limits.messages_per_second", "0"),
    ("limits.bytes_per_second", "0"),
    ("limits.relayed_bytes_per_second", "0"),
];

/// Settings by their names in `default_config.toml`, as if the environment had set them. Without limits on how fast anything
/// may go, but for those that are set.
pub(crate) fn settings(overrides: &[(&str, &str)], views: Option<PathBuf>) -> Config {
    limited_settings(&[&NO_RATES, overrides].concat(), views)
}

/// The same with the limits that are the default.
pub(crate) fn limited_settings(overrides: &[(&str, &str)], views: Option<PathBuf>) -> Config {
    let flags = Flags { address: Some("127.0.0.1".to_owned()), port: Some(0), views, ..Flags::default() };
    let variable = |name: &str| format!("P2PCHAT_{}", name.replace('.', "__").to_uppercase());
    // Many servers run at once here, and one alone can have the relay's port.
    let overrides = [&[("relay.enabled", "false")], overrides].concat();
    let environment = overrides.iter().map(|(name, text)| (variable(name), (*text).to_owned()));
    config::read(&flags, &[], environment).unwrap().0
}

/// Threads for what is passed on by UDP, apart from those of a test's connections, as the executable has them.
static MEDIA: LazyLock<Runtime> =
    LazyLock::new(|| runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

pub(crate) async fn bind(config: Config) -> Result<App, StartupError> {
    App::bind_with(config, Given { media: Some(MEDIA.handle().clone()), ..Given::default() }).await
}

/// A server that serves until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) relay_port: Option<u16>,
    /// The metrics' own listener.
    pub(crate) metrics: Option<SocketAddr>,
    /// Where other nodes forward requests to.
    pub(crate) cluster: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<io::Result<()>>,
}

impl Server {
    pub(crate) async fn start() -> Server {
        Server::with(&[]).await
    }

    pub(crate) async fn with(overrides: &[(&str, &str)]) -> Server {
        Server::run(settings(overrides, None)).await
    }

    pub(crate) async fn run(config: Config) -> Server {
        Server::of(bind(config).await.unwrap())
    }

    pub(crate) fn of(app: App) -> Server {
        let (address, relay_port) = (app.address().unwrap(), app.relay_port());
        let (metrics, cluster) = (app.metrics_address(), app.cluster_address());
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(app.serve(async {
            // A dropped sender is a dropped server: its task is aborted, and nothing is to be said.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        }));
        Server { address, relay_port, metrics, cluster, stop: Some(stop), serving }
    }

    /// Until the store that it shares with other nodes answers, and there are so many nodes.
    pub(crate) async fn comes_to_nodes(&self, n_nodes: u64) {
        soon("the store, and the other nodes", async {
            loop {
                let health = Web::to(self.address).await.ask("GET", "/health", &[], b"").await;
                let health: serde_json::Value = serde_json::from_str(health.text()).unwrap();
                if health["cluster"]["store"] == true && health["cluster"]["nodes"] == n_nodes {
                    return;
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    pub(crate) async fn peer(&self, by: By) -> Peer {
        Peer::connect(self.address, by).await
    }

    /// A peer that has its id.
    pub(crate) async fn guest(&self, by: By) -> Peer {
        let mut peer = self.peer(by).await;
        peer.hello().await;
        peer
    }

    /// Two peers that share a mesh, and its id.
    pub(crate) async fn pair(&self, by: By) -> (Peer, Peer, String) {
        let (mut one, mut other) = (self.guest(by).await, self.guest(by).await);
        let room = one.create(0).await;
        other.join(&room).await;
        assert!(one.receive().await.starts_with(r#"["JOIN-ROOM",{"from""#));
        (one, other, room)
    }

    /// How many peers and rooms `/health` counts.
    pub(crate) async fn count(&self) -> (u64, u64) {
        let answer = Web::to(self.address).await.ask("GET", "/health", &[], b"").await;
        assert_eq!(answer.status, 200);
        let health: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        (health["peers"].as_u64().unwrap(), health["rooms"].as_u64().unwrap())
    }

    /// Waits until `/health` counts so many peers and rooms.
    pub(crate) async fn comes_to(&self, expected: (u64, u64)) {
        self.settles(&format!("{expected:?} peers and rooms"), |it| it == expected).await;
    }

    pub(crate) async fn comes_to_peers(&self, n_peers: u64) {
        self.settles(&format!("{n_peers} peers"), |it| it.0 == n_peers).await;
    }

    async fn settles(&self, what: &str, is_it: impl Fn((u64, u64)) -> bool) {
        let mut last = (0, 0);
        let settled = async {
            loop {
                last = self.count().await;
                if is_it(last) {
                    break;
                }
                tokio::task::yield_now().await;
            }
        };
        if timeout(PATIENCE, settled).await.is_err() {
            panic!("waited in vain for {what}; there are {last:?}");
        }
    }

    /// As a signal to the process would.
    pub(crate) fn say_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(crate) async fn ends(&mut self) {
        soon("the end of the server", &mut self.serving).await.unwrap().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Two members of a room say something to each other and hear it.
pub(crate) async fn exchange(one: &mut Peer, other: &mut Peer, room: &str) {
    for n in 0..2 {
        let (from, to) = if n == 0 { (&mut *one, &mut *other) } else { (&mut *other, &mut *one) };
        from.signal(to, room, &format!("{{\"n\":{n}}}")).await;
        let expected = format!(
            r#"["SIGNAL",{{"target":"{}","room":"{room}","signal":{{"n":{n}}},"source":"{}"}}]"#,
            to.id, from.id
        );
        assert_eq!(to.receive().await, expected);
    }
}

/// A text in a JSON object, wherever it stands.
pub(crate) fn field(text: &str, name: &str) -> String {
    let start = format!("\"{name}\":\"");
    let rest = text.split_once(&start).unwrap_or_else(|| panic!("no {name} in {text}")).1;
    rest.split_once('"').unwrap().0.to_owned()
}
