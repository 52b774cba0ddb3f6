//! What is held until it is dropped and is no session's: TCP connections, and memory.
use std::{
    fmt,
    net::IpAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Semaphore;

use super::{AddressKey, Ledger, ListenerKind, Reason};

/// A TCP connection that was taken in. It counts until this is dropped.
pub struct ConnectionPermit {
    holding: Holding,
    listener: ListenerKind,
    address: AddressKey,
    /// Whether it counts for its address, and not only in all.
    is_own: AtomicBool,
    /// Counts the files that its answers hold open.
    files: OnceLock<Arc<Semaphore>>,
}

impl ConnectionPermit {
    pub(super) fn new(ledger: Ledger, listener: ListenerKind, address: AddressKey, cost: u64) -> Self {
        ConnectionPermit {
            holding: Holding::new(ledger, cost),
            listener,
            address,
            is_own: AtomicBool::new(true),
            files: OnceLock::new(),
        }
    }

    /// What bounds the files that its answers hold open, made when the first of them is opened.
    pub fn files(&self, new: impl FnOnce() -> Arc<Semaphore>) -> Arc<Semaphore> {
        self.files.get_or_init(new).clone()
    }

    /// It turns out to carry requests of others, as a proxy's does: it does not count for its own address any more.
    pub fn disown(&self) {
        if self.is_own.swap(false, Ordering::Relaxed) {
            self.ledger().addresses().close_connection(self.address);
        }
    }

    /// It turns out to be this client's, for whom a proxy made it: it counts for the client from now on, and for the proxy no
    /// longer. `is_proxy`: the client may be a proxy itself, and open connections for many people.
    ///
    /// # Errors
    /// The client has too many, or opens them too fast. The reason is counted.
    pub fn pass_on(&mut self, client: IpAddr, is_proxy: bool) -> Result<(), Reason> {
        let client = AddressKey::from(client);
        self.ledger().open_connection(client, is_proxy)?;
        self.disown();
        (self.address, self.is_own) = (client, AtomicBool::new(true));
        Ok(())
    }

    /// Whose connection it is.
    pub fn address(&self) -> AddressKey {
        self.address
    }

    /// Where it counts.
    pub fn ledger(&self) -> &Ledger {
        &self.holding.ledger
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.disown();
        self.ledger().shared.connections.close(self.listener);
    }
}

/// Memory that is held until this is dropped.
pub struct Holding {
    ledger: Ledger,
    n_bytes: u64,
}

impl Holding {
    pub(super) fn new(ledger: Ledger, n_bytes: u64) -> Self {
        if let Some(greatest) = ledger.shared.memory.add(n_bytes) {
            ledger.cut(&greatest);
        }
        Holding { ledger, n_bytes }
    }
}

impl Holding {
    /// Holds as much from now on.
    pub fn resize(&mut self, n_bytes: u64) {
        let memory = &self.ledger.shared.memory;
        memory.remove(self.n_bytes);
        self.n_bytes = n_bytes;
        if let Some(greatest) = memory.add(n_bytes) {
            self.ledger.cut(&greatest);
        }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.ledger.shared.memory.remove(self.n_bytes);
    }
}

impl fmt::Debug for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Holding({} bytes)", self.n_bytes)
    }
}
