//! Accounting: who pays for what is queued, kept or computed, and how much there may be in all.
//!
//! **Invariants:** everything is charged to whoever causes it, before it is done. What is held is released by dropping what
//! holds it. Nothing here blocks or calls back into whoever asks, but for the `abort` of the greatest holder, which only
//! wakes that connection's task.
mod account;
mod addresses;
mod bucket;
mod connections;
mod holding;
mod machine;
mod memory;
mod reason;

use std::{
    hash::{DefaultHasher, Hash, Hasher as _},
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, Guard};
use tokio::time::Instant;

pub use account::Account;
pub use addresses::{Action, AddressKey, ClientAddress, NamedByProxy, ServerAddress};
pub use bucket::{Bucket, Rate};
pub use connections::{ConnectionCount, ListenerKind};
pub use holding::{ConnectionPermit, Holding};
pub use machine::default_total;
pub use memory::{MemoryState, Resident};
pub use reason::{Counters, Reason, ReasonKind};

use addresses::Addresses;
use connections::Connections;
use memory::Memory;

/// Every bound that concerns more than one message. Each is a setting of `[limits]`.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of memory for the whole process.
    pub memory_bytes_max: u64,
    /// TCP connections in all.
    pub connections_max: usize,
    /// TCP connections of one address.
    pub address_connections_max: usize,
    /// Sessions in all.
    pub sessions_max: usize,
    /// Sessions of one address.
    pub address_sessions_max: usize,
    /// Rooms in all.
    pub rooms_max: usize,
    /// New TCP connections of one address.
    pub address_connects: Rate,
    /// New sessions of one address.
    pub address_sessions: Rate,
    /// New rooms of one address.
    pub address_rooms: Rate,
    /// Requests for pages and files of one address.
    pub address_requests: Rate,
    /// Messages of one session, whatever is in them.
    pub messages: Rate,
    /// Bytes of one session.
    pub bytes: Rate,
    /// Bytes that one session causes to be sent to others.
    pub relayed_bytes: Rate,
    /// Bytes that pass the TURN relay from one session.
    pub media_bytes: Rate,
    /// Bytes that pass the TURN relay in all.
    pub all_media_bytes: Rate,
}

impl Default for Limits {
    /// No limits: for tests of anything else. The defaults of the settings stand in `default_config.toml`.
    fn default() -> Self {
        let free = Rate { per_second: 0, burst: 0 };
        Limits {
            memory_bytes_max: u64::MAX,
            connections_max: usize::MAX,
            address_connections_max: usize::MAX,
            sessions_max: usize::MAX,
            address_sessions_max: usize::MAX,
            rooms_max: usize::MAX,
            address_connects: free,
            address_sessions: free,
            address_rooms: free,
            address_requests: free,
            messages: free,
            bytes: free,
            relayed_bytes: free,
            media_bytes: free,
            all_media_bytes: free,
        }
    }
}

/// The accounts of the whole process. Clones are the same ledger.
#[derive(Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
}

struct Shared {
    limits: ArcSwap<Limits>,
    started: Instant,
    counters: Counters,
    memory: Memory,
    addresses: Mutex<Addresses>,
    connections: Connections,
    n_sessions: AtomicUsize,
    /// Of these: without a connection.
    n_away: AtomicUsize,
}

/// What the ledger says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// TCP connections that are open.
    pub n_connections: usize,
    /// The same by the kind of listener.
    pub connections: [ConnectionCount; ListenerKind::ALL.len()],
    /// Sessions, those of polling clients that have not connected yet and those without a connection included.
    pub n_sessions: usize,
    /// Of these: without a connection.
    pub n_away: usize,
    /// Addresses that are kept.
    pub n_addresses: usize,
    /// Memory.
    pub memory: MemoryState,
    /// The reasons that occurred, with how often.
    pub reasons: Vec<(Reason, u64)>,
}

impl Ledger {
    /// Nothing is held yet.
    pub fn new(limits: Limits) -> Self {
        Ledger {
            shared: Arc::new(Shared {
                limits: ArcSwap::from_pointee(limits),
                started: Instant::now(),
                counters: Counters::default(),
                memory: Memory::new(limits.memory_bytes_max),
                addresses: Mutex::default(),
                connections: Connections::default(),
                n_sessions: AtomicUsize::new(0),
                n_away: AtomicUsize::new(0),
            }),
        }
    }

    /// The bounds in force. Not to be kept: they may be others a moment later.
    pub fn limits(&self) -> Guard<Arc<Limits>> {
        self.shared.limits.load()
    }

    /// Other bounds from now on. What there is beyond them already stays, and nothing comes in until there is room again.
    pub fn set_limits(&self, limits: Limits) {
        self.shared.memory.set_max(limits.memory_bytes_max);
        self.shared.limits.store(Arc::new(limits));
    }

    /// Takes a TCP connection of this address in; it counts until the permit is dropped. `cost` is the memory that it needs
    /// from the start.
    ///
    /// # Errors
    /// There are too many, or they come too fast, or memory is full. The reason is counted.
    pub fn admit_connection(
        &self,
        listener: ListenerKind,
        address: IpAddr,
        cost: u64,
    ) -> Result<ConnectionPermit, Reason> {
        self.admit_from(listener, address, cost, Action::Connect)
    }

    /// As [`Ledger::admit_connection`], of an address that may be a proxy: it may open connections for many people, and each
    /// counts for the address until [`ConnectionPermit::disown`].
    ///
    /// # Errors
    /// As there.
    pub fn admit_proxy_connection(
        &self,
        listener: ListenerKind,
        address: IpAddr,
        cost: u64,
    ) -> Result<ConnectionPermit, Reason> {
        self.admit_from(listener, address, cost, Action::ProxyConnect)
    }

    fn admit_from(
        &self,
        listener: ListenerKind,
        address: IpAddr,
        cost: u64,
        action: Action,
    ) -> Result<ConnectionPermit, Reason> {
        let (now, limits) = (self.now(), self.limits());
        let key = AddressKey::from(address);
        let admitted = || {
            self.shared.memory.admit(cost)?;
            let mut addresses = self.addresses();
            addresses.act(key, action, &limits, now)?;
            if self.n_connections() >= limits.connections_max {
                return Err(Reason::ConnectionsMax);
            }
            addresses.open_connection(key, &limits, now)
        };
        admitted().inspect_err(|reason| self.count(*reason))?;
        self.shared.connections.open(listener);
        Ok(ConnectionPermit::new(self.clone(), listener, key, cost))
    }

    /// One more connection of this address, which was counted in all before.
    fn open_connection(&self, key: AddressKey, is_proxy: bool) -> Result<(), Reason> {
        let (now, limits) = (self.now(), self.limits());
        let action = if is_proxy { Action::ProxyConnect } else { Action::Connect };
        let opened = || {
            let mut addresses = self.addresses();
            addresses.act(key, action, &limits, now)?;
            addresses.open_connection(key, &limits, now)
        };
        opened().inspect_err(|reason| self.count(*reason))
    }

    /// Opens the account of a new session of this address. `user_agent` tells browsers there apart; `cost` is the memory that it needs from the start.
    ///
    /// # Errors
    /// There are too many, or they come too fast, or memory is full. The reason is counted.
    pub fn open_account(&self, address: IpAddr, user_agent: &[u8], cost: u64) -> Result<Arc<Account>, Reason> {
        let (now, limits) = (self.now(), self.limits());
        let key = AddressKey::from(address);
        let admitted = || {
            self.shared.memory.admit(cost)?;
            let (all, away) = (&self.shared.n_sessions, &self.shared.n_away);
            let (all, away) = (all.load(Ordering::Relaxed), away.load(Ordering::Relaxed));
            if addresses::is_full(all, away, limits.sessions_max) {
                return Err(Reason::SessionsMax);
            }
            self.addresses().open_session(key, &limits, now)
        };
        let place = admitted().inspect_err(|reason| self.count(*reason))?;
        self.shared.n_sessions.fetch_add(1, Ordering::Relaxed);
        Ok(Account::open(self.clone(), key, hash(&(key, user_agent)), cost, place))
    }

    /// Opens the account of a session that was there before the process began, and is away.
    pub fn open_earlier_account(&self) -> Arc<Account> {
        let key = self.addresses().open_earlier_session(self.now());
        self.shared.n_sessions.fetch_add(1, Ordering::Relaxed);
        let account = Account::open(self.clone(), key, 0, account::AWAY_COST, None);
        account.go_away();
        account
    }

    /// Opens the account of a part of the server that takes part as clients do. It counts as no session.
    ///
    /// # Errors
    /// Memory is full. The reason is counted.
    pub fn open_service_account(&self, cost: u64) -> Result<Arc<Account>, Reason> {
        self.admit(cost)?;
        let address = IpAddr::from(Ipv4Addr::LOCALHOST);
        let account = Account::open(self.clone(), AddressKey::from(address), 0, cost, None);
        account.count_as_none();
        Ok(account)
    }

    /// One action more of this address.
    ///
    /// # Errors
    /// Its rate does not allow it. The reason is counted.
    pub fn act(&self, address: AddressKey, action: Action) -> Result<(), Reason> {
        let now = self.now();
        let acted = self.addresses().act(address, action, &self.limits(), now);
        acted.inspect_err(|reason| self.count(*reason))
    }

    /// May so much be held beside what is held now? Holds nothing.
    ///
    /// # Errors
    /// Memory is full. The reason is counted.
    pub fn admit(&self, n_bytes: u64) -> Result<(), Reason> {
        self.shared.memory.admit(n_bytes).inspect_err(|reason| self.count(*reason))
    }

    /// Holds memory that is no session's, until it is dropped.
    ///
    /// # Errors
    /// Memory is full. The reason is counted.
    pub fn hold(&self, n_bytes: u64) -> Result<Holding, Reason> {
        self.admit(n_bytes)?;
        Ok(Holding::new(self.clone(), n_bytes))
    }

    /// For memory that is nobody's in particular, such as that of rooms. It holds nothing yet.
    pub fn hold_nothing(&self) -> Holding {
        Holding::new(self.clone(), 0)
    }

    /// Counts a reason.
    pub fn count(&self, reason: Reason) {
        self.shared.counters.count(reason);
    }

    /// Every reason with how often it occurred, be it never.
    pub fn counted(&self) -> impl Iterator<Item = (Reason, u64)> {
        self.shared.counters.all()
    }

    /// Takes in what the process really occupies, and cuts the greatest holder where that is too much. Called several times a
    /// second.
    pub fn measure(&self, resident: Resident) {
        if let Some(cut) = self.shared.memory.measure(resident) {
            self.cut(&cut);
        }
    }

    /// What there is now.
    pub fn balance(&self) -> Balance {
        Balance {
            n_connections: self.n_connections(),
            connections: self.shared.connections.counts(),
            n_sessions: self.shared.n_sessions.load(Ordering::Relaxed),
            n_away: self.shared.n_away.load(Ordering::Relaxed),
            n_addresses: self.addresses().len(),
            memory: self.shared.memory.state(),
            reasons: self.shared.counters.all().filter(|(_, n)| *n > 0).collect(),
        }
    }

    /// TCP connections that are open.
    pub fn n_connections(&self) -> usize {
        self.shared.connections.n_open()
    }

    /// Time since the ledger was opened: the clock of all its buckets.
    pub fn now(&self) -> Duration {
        self.shared.started.elapsed()
    }

    fn cut(&self, account: &Account) {
        self.count(Reason::MemoryCut);
        tracing::warn!(event = "memory", reason = Reason::MemoryCut.as_str(), held_bytes = account.held());
        account.abort(Reason::MemoryCut);
    }

    fn addresses(&self) -> MutexGuard<'_, Addresses> {
        self.shared.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
