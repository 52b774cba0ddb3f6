//! This process as one node of several: takes what the sessions ask of the store and of other nodes to the store, and brings
//! back what comes of it.
//!
//! **Invariants:** what the sessions ask is asked in their order, and each question is answered once, within the time that the
//! settings allow: when the store does not answer, by saying so. Nothing is kept for a store that is away.
mod answers;
mod connection;
mod relays;
mod store;
mod wire;

use std::{
    collections::{BTreeMap, HashSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use redis::PushInfo;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
    time::{Instant, timeout},
};

use crate::transports::Nodes;
use crate::{
    config::ClusterSettings,
    sessions::{
        Durations, Realm, Sessions,
        cluster::{ClusterCounts, NodeId, Outbox, ToCluster},
    },
};
use connection::Connection;
use store::{Failed, Link, Store};

/// Between two attempts to reach the store.
const RETRY_EVERY: Duration = Duration::from_millis(200);
/// What waits for the store, at most, and how many bytes of frames. Frames for other nodes over it are lost, and counted.
const WAITING_MAX: usize = 65_536;
const WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;
/// For the other nodes to hear that this one ends.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// What a node says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRecord {
    /// The server's version.
    #[serde(default)]
    pub version: String,
    /// Where it takes requests that other nodes pass on: "host:port". Empty: it takes none.
    #[serde(default)]
    pub address: String,
    /// When it began, in seconds since 1970, by its own clock.
    #[serde(default)]
    pub started_s: u64,
    /// Sessions that it has.
    #[serde(default)]
    pub sessions: usize,
    /// Of the system.
    #[serde(default)]
    pub host: String,
    /// Where everybody reaches its relay, as urls. Empty: it has none, or none that has an address for everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relay: Vec<String>,
}

/// What is to be known of the cluster at one moment.
#[derive(Clone, Debug)]
pub struct ClusterFigures {
    /// Whether the store answers.
    pub is_up: bool,
    /// Nodes with a lease, this one included, as this node has last heard.
    pub n_nodes: usize,
    /// Since this node's lease was renewed.
    pub lease_age: Duration,
    /// How long the store took, for each time that it was asked.
    pub store: Durations,
    /// How long a message of this node to itself took.
    pub bus_lag: Durations,
    /// How often it did not answer.
    pub n_failures: u64,
    /// Waits for the store.
    pub n_waiting: usize,
    /// What the sessions count.
    pub counts: ClusterCounts,
}

/// This node.
pub struct Cluster {
    shared: Arc<Shared>,
    queue: Mutex<Option<UnboundedReceiver<Task>>>,
    store: Mutex<Option<Store>>,
}

struct Shared {
    sessions: Sessions,
    own: NodeId,
    /// For the store, or another node, to answer.
    timeout: Duration,
    info: Mutex<NodeRecord>,
    tasks: UnboundedSender<Task>,
    n_waiting: AtomicUsize,
    /// Of frames that wait.
    waiting_bytes: AtomicUsize,
    n_failures: AtomicU64,
    n_dropped: AtomicU64,
    table: Mutex<Table>,
}

struct Table {
    nodes: BTreeMap<NodeId, NodeRecord>,
    /// Where everybody reaches the relays of nodes.
    relays: BTreeMap<NodeId, Vec<String>>,
    secret: Option<SecretString>,
    /// Of the store that was there before.
    store_name: Option<String>,
    is_up: bool,
    /// Since then it does not answer.
    lost_at: Option<Instant>,
    leased_at: Instant,
    durations: Durations,
    /// When this node last said something to itself that it has not heard.
    echo: Option<Instant>,
    bus_lag: Durations,
    /// Questions to other nodes that are not answered.
    asked: HashSet<u64>,
}

enum Task {
    Ask(ToCluster),
    Goodbye(oneshot::Sender<()>),
}

impl Outbox for Shared {
    fn push(&self, message: ToCluster) {
        if let ToCluster::Deliver { deliveries, .. } = &message {
            let n_bytes = message.n_bytes() + self.waiting_bytes.load(Ordering::Relaxed);
            if self.n_waiting.load(Ordering::Relaxed) >= WAITING_MAX || n_bytes > WAITING_BYTES_MAX {
                self.n_dropped.fetch_add(deliveries.len() as u64, Ordering::Relaxed);
                return;
            }
        }
        self.n_waiting.fetch_add(1, Ordering::Relaxed);
        self.waiting_bytes.fetch_add(message.n_bytes(), Ordering::Relaxed);
        // The receiver lives as long as the process.
        drop(self.tasks.send(Task::Ask(message)));
    }
}

/// Whether the store can be looked for by these settings. Nothing is asked of it.
///
/// # Errors
/// They make no sense, in one sentence that names the setting.
pub fn check(settings: &ClusterSettings) -> Result<(), String> {
    Store::new(settings).map(drop)
}

impl Cluster {
    /// A node of a cluster in which the rooms of this realm are shared. Nothing is asked of the store before [`Cluster::run`].
    ///
    /// # Errors
    /// The settings make no sense.
    pub fn new(settings: &ClusterSettings, sessions: &Sessions, realm: Realm) -> Result<Self, String> {
        let store = Store::new(settings)?;
        let (tasks, queue) = unbounded_channel();
        let own = NodeId::from(&uuid::Uuid::new_v4().simple().to_string()[..12]);
        let info = NodeRecord {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            address: String::new(),
            started_s: now_s(),
            sessions: 0,
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            relay: Vec::new(),
        };
        let shared = Arc::new(Shared {
            sessions: sessions.clone(),
            own: own.clone(),
            timeout: Duration::from_millis(settings.timeout_ms),
            info: Mutex::new(info),
            tasks,
            n_waiting: AtomicUsize::new(0),
            waiting_bytes: AtomicUsize::new(0),
            n_failures: AtomicU64::new(0),
            n_dropped: AtomicU64::new(0),
            table: Mutex::new(Table {
                nodes: BTreeMap::new(),
                relays: BTreeMap::new(),
                secret: None,
                store_name: None,
                is_up: false,
                lost_at: None,
                leased_at: Instant::now(),
                durations: Durations::default(),
                echo: None,
                bus_lag: Durations::default(),
                asked: HashSet::new(),
            }),
        });
        sessions.join_cluster(realm, own, shared.clone());
        sessions.on_store_lost();
        Ok(Cluster { shared, queue: Mutex::new(Some(queue)), store: Mutex::new(Some(store)) })
    }

    /// Where other nodes reach this one.
    pub fn set_address(&self, address: SocketAddr) {
        self.shared.info.lock().unwrap_or_else(PoisonError::into_inner).address = address.to_string();
    }

    /// This node's id.
    pub fn own(&self) -> &NodeId {
        &self.shared.own
    }

    /// Every node that has a lease, as this one has last heard.
    pub fn nodes(&self) -> Vec<(NodeId, NodeRecord)> {
        self.shared.table().nodes.iter().map(|(id, info)| (id.clone(), info.clone())).collect()
    }

    /// Has the store ever answered?
    pub fn is_ready(&self) -> bool {
        self.shared.table().store_name.is_some()
    }

    /// Does the store answer?
    pub fn is_up(&self) -> bool {
        self.shared.table().is_up
    }

    /// What is to be known of it.
    pub fn figures(&self) -> ClusterFigures {
        let shared = &self.shared;
        let mut counts = shared.sessions.cluster_counts().unwrap_or_default();
        counts.n_lost += shared.n_dropped.load(Ordering::Relaxed);
        let table = shared.table();
        ClusterFigures {
            is_up: table.is_up,
            n_nodes: table.nodes.len(),
            lease_age: table.leased_at.elapsed(),
            store: table.durations.clone(),
            bus_lag: table.bus_lag.clone(),
            n_failures: shared.n_failures.load(Ordering::Relaxed),
            n_waiting: shared.n_waiting.load(Ordering::Relaxed),
            counts,
        }
    }

    /// Never done. To be called once.
    pub async fn run(&self) {
        let (queue, store) = (take(&self.queue), take(&self.store));
        let (Some(mut queue), Some(mut store)) = (queue, store) else { return std::future::pending().await };
        let mut is_told = false;
        loop {
            // Of its own for each connection: what the one before said in the end is of no use.
            let (pushes, pushed) = unbounded_channel();
            match self.connect(&mut store, &mut queue, pushes).await {
                Ok(link) => {
                    is_told = false;
                    let mut connection = Connection::new(link, pushed, &self.shared);
                    let failed = connection.serve(&store, &mut queue).await;
                    self.shared.on_lost(&failed);
                }
                Err(error) => {
                    if !is_told {
                        tracing::warn!(event = "store", %error, "the cluster's store cannot be reached");
                    }
                    is_told = true;
                    self.shared.refuse_for(&mut queue, RETRY_EVERY).await;
                }
            }
        }
    }

    /// Tells the other nodes that this one ends, so that they do not wait for it.
    pub async fn leave(&self) {
        let (done, told) = oneshot::channel();
        if self.shared.tasks.send(Task::Goodbye(done)).is_ok() {
            let _ = timeout(GOODBYE_TIMEOUT, told).await;
        }
    }

    async fn connect(
        &self,
        store: &mut Store,
        queue: &mut UnboundedReceiver<Task>,
        pushes: UnboundedSender<PushInfo>,
    ) -> Result<Link, Failed> {
        let shared = &self.shared;
        let connecting = async {
            let mut link = store.connect(&shared.own, pushes).await?;
            let (name, secret) = link.name_and_secret(&store.keys).await?;
            Ok::<_, Failed>((link, name, secret))
        };
        // Whoever asks meanwhile is not kept waiting.
        let (link, name, secret) = tokio::select! {
            connected = connecting => connected?,
            () = shared.refuse_all(queue) => return Err(Failed(String::new())),
        };
        shared.on_reached(name, secret);
        Ok(link)
    }
}

impl Nodes for Cluster {
    fn own_mark(&self) -> &str {
        self.shared.own.as_str()
    }

    fn address(&self, mark: &str) -> Option<String> {
        let table = self.shared.table();
        table.nodes.get(&NodeId::from(mark)).map(|it| it.address.clone()).filter(|it| !it.is_empty())
    }

    fn secret(&self) -> Option<SecretString> {
        self.shared.table().secret.clone()
    }
}

fn take<T>(once: &Mutex<Option<T>>) -> Option<T> {
    once.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |it| it.as_secs())
}
