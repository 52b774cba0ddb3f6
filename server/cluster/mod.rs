//! This process as one node of several: takes what the sessions ask of the store and of other nodes to the store, and brings
//! back what comes of it.
//!
//! **Invariants:** what the sessions ask is asked in their order, and each question is answered once, within the time that the
//! settings allow: when the store does not answer, by saying so. Nothing is kept for a store that is away.
mod store;
mod wire;

use std::{
    collections::{BTreeMap, HashSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use redis::{PushInfo, PushKind, Value};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use crate::transports::Nodes;
use crate::{
    config::ClusterSettings,
    sessions::{
        Durations, Realm, Sessions,
        cluster::{ClusterCounts, Committed, HandedOver, NodeId, Outbox, ToCluster, Unavailable},
    },
};
use store::{Failed, Link, Store};
use wire::Message;

/// How long a node is believed to be there after it was last heard of.
const LEASE: Duration = Duration::from_secs(10);
/// Between two signs of life.
const RENEW_LEASE_EVERY: Duration = Duration::from_secs(3);
/// Between two looks at what must be kept in the store; a third of how long it is kept there.
const RENEW_EVERY: Duration = Duration::from_secs(60);
/// Between two attempts to reach the store.
const RETRY_EVERY: Duration = Duration::from_millis(200);
/// Asked in one go.
const AT_ONCE: usize = 256;
/// What waits for the store, at most. Frames for other nodes over it are lost, and counted.
const WAITING_MAX: usize = 65_536;
/// For the other nodes to hear that this one ends.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// What a node says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeInfo {
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
    info: Mutex<NodeInfo>,
    tasks: UnboundedSender<Task>,
    n_waiting: AtomicUsize,
    n_failures: AtomicU64,
    n_dropped: AtomicU64,
    table: Mutex<Table>,
}

struct Table {
    nodes: BTreeMap<NodeId, NodeInfo>,
    secret: Option<SecretString>,
    /// Of the store that was there before.
    store_name: Option<String>,
    is_up: bool,
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
        let is_lossy = matches!(message, ToCluster::Deliver { .. });
        if is_lossy && self.n_waiting.load(Ordering::Relaxed) >= WAITING_MAX {
            self.n_dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.n_waiting.fetch_add(1, Ordering::Relaxed);
        // The receiver lives as long as the process.
        drop(self.tasks.send(Task::Ask(message)));
    }
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
        let info = NodeInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            address: String::new(),
            started_s: now_s(),
            sessions: 0,
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        };
        let shared = Arc::new(Shared {
            sessions: sessions.clone(),
            own: own.clone(),
            timeout: Duration::from_millis(settings.timeout_ms),
            info: Mutex::new(info),
            tasks,
            n_waiting: AtomicUsize::new(0),
            n_failures: AtomicU64::new(0),
            n_dropped: AtomicU64::new(0),
            table: Mutex::new(Table {
                nodes: BTreeMap::new(),
                secret: None,
                store_name: None,
                is_up: false,
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
    pub fn nodes(&self) -> Vec<(NodeId, NodeInfo)> {
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
                    let mut line = Line { link, pushed, shared: &self.shared };
                    let failed = line.serve(&store, &mut queue).await;
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
            let fresh = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].map(|it| it.simple().to_string());
            let (name, secret) = link.name_and_secret(&store.keys, [&fresh[0], &fresh[1]]).await?;
            Ok::<_, Failed>((link, name, secret))
        };
        // Whoever asks meanwhile is not kept waiting.
        let (link, name, secret) = tokio::select! {
            connected = connecting => connected?,
            () = shared.refuse_all(queue) => return Err(Failed(String::new())),
        };
        let is_empty = {
            let mut table = shared.table();
            table.is_up = true;
            table.secret = Some(secret.into());
            table.store_name.replace(name.clone()).is_some_and(|it| it != name)
        };
        tracing::info!(event = "store", node = shared.own.as_str(), is_empty, "the cluster's store is reached");
        shared.sessions.on_store_back(is_empty);
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

/// One connection to the store while it holds.
struct Line<'a> {
    link: Link,
    /// What other nodes say.
    pushed: UnboundedReceiver<PushInfo>,
    shared: &'a Arc<Shared>,
}

impl Line<'_> {
    /// Until the store fails.
    async fn serve(&mut self, store: &Store, queue: &mut UnboundedReceiver<Task>) -> Failed {
        let mut leases = interval(RENEW_LEASE_EVERY);
        let mut renewals = interval(RENEW_EVERY);
        for it in [&mut leases, &mut renewals] {
            it.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let mut tasks = Vec::new();
        loop {
            let done = tokio::select! {
                biased;
                Some(push) = self.pushed.recv() => self.shared.hear(&push),
                _ = leases.tick() => self.renew_lease(store).await,
                _ = renewals.tick() => self.renew(store).await,
                _ = queue.recv_many(&mut tasks, AT_ONCE) => self.ask(store, tasks.drain(..).collect()).await,
            };
            if let Err(failed) = done {
                return failed;
            }
        }
    }

    /// Asks the store. What other nodes said before it answered is heard before its answer is.
    async fn run(&mut self, tasks: &redis::Pipeline) -> Result<Vec<Value>, Failed> {
        let begun = Instant::now();
        let answers = {
            let running = self.link.run(tasks);
            tokio::pin!(running);
            loop {
                tokio::select! {
                    Some(push) = self.pushed.recv() => self.shared.hear(&push)?,
                    answers = &mut running => break answers?,
                }
            }
        };
        while let Ok(push) = self.pushed.try_recv() {
            self.shared.hear(&push)?;
        }
        self.shared.table().durations.observe(begun.elapsed());
        Ok(answers)
    }

    /// Asks the store, and hands back what comes of it.
    async fn ask(&mut self, store: &Store, tasks: Vec<Task>) -> Result<(), Failed> {
        let shared = self.shared;
        let mut asked = redis::pipe();
        let keys = &store.keys;
        let mut goodbyes = Vec::new();
        for task in &tasks {
            match task {
                Task::Ask(ToCluster::Load { room }) => store::load(&mut asked, keys, room),
                Task::Ask(ToCluster::Commit(commit)) => store::commit(&mut asked, keys, commit),
                Task::Ask(ToCluster::Deliver { node, deliveries }) => {
                    store::deliver(&mut asked, keys, node, deliveries);
                }
                Task::Ask(ToCluster::FindSession { token, .. }) => {
                    asked.cmd("GET").arg(keys.session(token));
                }
                Task::Ask(ToCluster::SaveSession { token, session }) => {
                    let keep = store::millis(crate::sessions::cluster::KEEP);
                    asked.cmd("SET").arg(keys.session(token)).arg(wire::session(session)).arg("PX").arg(keep);
                }
                Task::Ask(ToCluster::DropSession { token }) => {
                    asked.cmd("DEL").arg(keys.session(token));
                }
                Task::Ask(ToCluster::AskForSession { node, peer, token, number }) => {
                    shared.table().asked.insert(*number);
                    store::say(&mut asked, keys, node, &wire::ask_for_session(&shared.own, *number, peer, token));
                }
                Task::Ask(ToCluster::HandOver { node, number, session }) => {
                    store::say(&mut asked, keys, node, &wire::hand_over(*number, session.as_ref()));
                }
                Task::Goodbye(_) => {
                    let others: Vec<_> = shared.table().nodes.keys().filter(|it| **it != shared.own).cloned().collect();
                    store::end_lease(&mut asked, keys, &shared.own);
                    others.iter().for_each(|it| store::say(&mut asked, keys, it, &wire::goodbye(&shared.own)));
                    goodbyes.push(2 + others.len());
                }
            }
        }
        let answers = match self.run(&asked).await {
            Ok(answers) => answers,
            Err(failed) => {
                tasks.into_iter().for_each(|it| shared.refuse(it));
                return Err(failed);
            }
        };
        let (mut answers, mut goodbyes) = (answers.into_iter(), goodbyes.into_iter());
        for task in tasks {
            match task {
                Task::Ask(asked) => {
                    shared.n_waiting.fetch_sub(1, Ordering::Relaxed);
                    shared.answer(asked, &answers.next().unwrap_or(Value::Nil));
                }
                Task::Goodbye(done) => {
                    answers.by_ref().take(goodbyes.next().unwrap_or_default()).for_each(drop);
                    let _ = done.send(());
                }
            }
        }
        Ok(())
    }

    async fn renew_lease(&mut self, store: &Store) -> Result<(), Failed> {
        let shared = self.shared;
        let info = {
            let mut info = shared.info.lock().unwrap_or_else(PoisonError::into_inner);
            info.sessions = shared.sessions.ledger().balance().n_sessions;
            serde_json::to_string(&*info).unwrap_or_default()
        };
        let mut tasks = redis::pipe();
        store::lease(&mut tasks, &store.keys, &shared.own, &info, LEASE);
        store::say(&mut tasks, &store.keys, &shared.own, &wire::echo());
        shared.table().echo = Some(Instant::now());
        let answers = self.run(&tasks).await?;
        let Some(nodes) = answers.first().and_then(store::leased) else { return Ok(()) };
        let nodes: BTreeMap<NodeId, NodeInfo> =
            nodes.into_iter().map(|(id, info)| (id, serde_json::from_str(&info).unwrap_or_default())).collect();
        let before = {
            let mut table = shared.table();
            table.leased_at = Instant::now();
            std::mem::replace(&mut table.nodes, nodes.clone())
        };
        for node in nodes.keys().filter(|it| !before.contains_key(it) && **it != shared.own) {
            tracing::info!(event = "node", node = node.as_str(), "a node is there");
        }
        let members = shared.sessions.nodes_of_members();
        for node in before.keys().chain(&members).filter(|it| !nodes.contains_key(it) && **it != shared.own) {
            shared.on_gone(node);
        }
        Ok(())
    }

    /// Keeps in the store what is of people here.
    async fn renew(&mut self, store: &Store) -> Result<(), Failed> {
        let shared = self.shared;
        let renewals = shared.sessions.renewals();
        let keys = &store.keys;
        let rooms = renewals.rooms.iter().map(|(room, keep)| (keys.room(room), *keep));
        let sessions = renewals.tokens.iter().map(|it| (keys.session(it), crate::sessions::cluster::KEEP));
        let all: Vec<_> = rooms.chain(sessions).collect();
        let mut is_missing = false;
        for some in all.chunks(AT_ONCE) {
            let mut tasks = redis::pipe();
            for (key, keep) in some {
                tasks.cmd("PEXPIRE").arg(key).arg(store::millis(*keep));
            }
            is_missing |= self.run(&tasks).await?.contains(&Value::Int(0));
        }
        if is_missing {
            // The store has forgotten something that people are in.
            shared.sessions.on_store_back(true);
        }
        Ok(())
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn on_lost(&self, failed: &Failed) {
        tracing::warn!(event = "store", error = %failed, "the cluster's store does not answer");
        self.n_failures.fetch_add(1, Ordering::Relaxed);
        self.table().is_up = false;
        self.sessions.on_store_lost();
    }

    /// Answers whatever is asked that there is no store. Never done.
    async fn refuse_all(&self, queue: &mut UnboundedReceiver<Task>) {
        while let Some(task) = queue.recv().await {
            self.refuse(task);
        }
        std::future::pending().await
    }

    async fn refuse_for(&self, queue: &mut UnboundedReceiver<Task>, time: Duration) {
        tokio::select! {
            () = sleep(time) => (),
            () = self.refuse_all(queue) => (),
        }
    }

    fn refuse(&self, task: Task) {
        let Task::Ask(asked) = task else { return };
        self.n_waiting.fetch_sub(1, Ordering::Relaxed);
        let sessions = &self.sessions;
        match asked {
            ToCluster::Load { room } => sessions.on_loaded(&room, Err(Unavailable)),
            ToCluster::Commit(commit) => sessions.on_committed(&commit.room, Committed::Unavailable),
            ToCluster::FindSession { number, .. } => sessions.on_session_found(number, Err(Unavailable)),
            ToCluster::AskForSession { number, .. } => sessions.on_handed_over(number, None),
            ToCluster::Deliver { .. } => drop(self.n_dropped.fetch_add(1, Ordering::Relaxed)),
            ToCluster::SaveSession { .. } | ToCluster::DropSession { .. } | ToCluster::HandOver { .. } => (),
        }
    }

    fn answer(self: &Arc<Self>, asked: ToCluster, answer: &Value) {
        let sessions = &self.sessions;
        let is_deaf = *answer == Value::Int(0);
        match asked {
            ToCluster::Load { room } => sessions.on_loaded(&room, store::loaded(answer).ok_or(Unavailable)),
            ToCluster::Commit(commit) => {
                let (committed, gone) =
                    store::committed(answer, &commit).unwrap_or((Committed::Unavailable, Vec::new()));
                sessions.on_committed(&commit.room, committed);
                gone.iter().for_each(|it| self.on_gone(it));
            }
            ToCluster::Deliver { node, deliveries } if is_deaf => {
                self.n_dropped.fetch_add(deliveries.len() as u64, Ordering::Relaxed);
                self.on_gone(&node);
            }
            ToCluster::FindSession { number, .. } => {
                sessions.on_session_found(number, Ok(store::text(answer).and_then(|it| wire::read_session(&it))));
            }
            ToCluster::AskForSession { node, number, .. } if is_deaf => {
                self.on_gone(&node);
                self.on_handed_over(number, None);
            }
            ToCluster::AskForSession { number, .. } => {
                let shared = self.clone();
                let late = async move {
                    sleep(shared.timeout).await;
                    shared.on_handed_over(number, None);
                };
                drop(tokio::spawn(late));
            }
            ToCluster::Deliver { .. }
            | ToCluster::SaveSession { .. }
            | ToCluster::DropSession { .. }
            | ToCluster::HandOver { .. } => (),
        }
    }

    /// The first answer counts.
    fn on_handed_over(&self, number: u64, session: Option<HandedOver>) {
        if self.table().asked.remove(&number) {
            self.sessions.on_handed_over(number, session);
        }
    }

    fn on_gone(&self, node: &NodeId) {
        self.table().nodes.remove(node);
        tracing::info!(event = "node", node = node.as_str(), "a node is gone");
        self.sessions.on_node_gone(node);
    }

    /// What another node says, or that the connection has broken.
    fn hear(&self, push: &PushInfo) -> Result<(), Failed> {
        if push.kind == PushKind::Disconnection {
            return Err(Failed("the connection broke".to_owned()));
        }
        let message = store::message(push).filter(|_| push.kind == PushKind::Message);
        let Some(message) = message.and_then(|(version, text)| wire::read(version, &text)) else { return Ok(()) };
        let sessions = &self.sessions;
        match message {
            Message::Changed { room, previous, version, deliveries } => {
                sessions.on_room_changed(&room, previous, version, deliveries);
            }
            Message::Deliver(deliveries) => sessions.on_deliveries(deliveries),
            Message::AskForSession { node, number, peer, token } => {
                sessions.on_asked_for_session(node, number, &peer, token);
            }
            Message::HandOver { number, session } => self.on_handed_over(number, session),
            Message::Goodbye(node) => self.on_gone(&node),
            Message::Echo => {
                let mut table = self.table();
                if let Some(said) = table.echo.take() {
                    table.bus_lag.observe(said.elapsed());
                }
            }
        }
        Ok(())
    }
}

fn take<T>(once: &Mutex<Option<T>>) -> Option<T> {
    once.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |it| it.as_secs())
}
