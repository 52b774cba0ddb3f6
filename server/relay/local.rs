//! Parties inside the server: the process opens virtual addresses for them, at which those reach them who are in a common room.
//!
//! **Invariant:** nothing is remembered here of whom a party reaches. The client's allocation keeps that, for both directions,
//! so that the bounds and the memory are its own.
use std::{
    collections::{HashMap, hash_map::Entry},
    net::SocketAddr,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use crate::{
    addresses::{FIRST_PORT, local_ip},
    host::{Host, Now, Refusal, Target},
    quotas::{User, Who},
    relay::{DATAGRAM_BYTES_MAX, Outcome, Relay},
    shard::Departure,
};

/// Memory that an address of a party takes, without what the process keeps for it.
pub const LOCAL_BYTES: usize = 512;

/// Addresses in all.
const LOCALS_MAX: usize = 4_096;

pub(crate) struct Locals<L> {
    table: RwLock<Table<L>>,
    /// What has come to parties.
    n_packets: AtomicU64,
    n_bytes: AtomicU64,
}

struct Table<L> {
    by_address: HashMap<SocketAddr, Local<L>>,
    by_peer: HashMap<Box<str>, Party>,
    last_port: u16,
    /// The last one that was given, as those of [`crate::quotas::Quotas`].
    generation: u32,
}

struct Local<L> {
    user: Arc<User>,
    kept: L,
}

/// A peer, and what it has here.
struct Party {
    user: Arc<User>,
    addresses: Vec<SocketAddr>,
}

impl<L: Clone> Locals<L> {
    pub(crate) fn new(seed: u64) -> Self {
        Locals {
            table: RwLock::new(Table {
                by_address: HashMap::new(),
                by_peer: HashMap::new(),
                last_port: (seed >> 48) as u16,
                generation: 0,
            }),
            n_packets: AtomicU64::new(0),
            n_bytes: AtomicU64::new(0),
        }
    }

    fn open(&self, peer: &str, is_ipv6: bool, kept: L) -> Result<SocketAddr, Refusal> {
        let mut table = self.write();
        if table.by_address.len() >= LOCALS_MAX {
            return Err(Refusal::TotalQuota);
        }
        let address = table.free_address(is_ipv6).ok_or(Refusal::NoCapacity)?;
        let fresh = table.next_generation();
        let party = match table.by_peer.entry(peer.into()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let user = Arc::new(User { name: Who::Peer(peer).name(), generation: AtomicU32::new(fresh) });
                entry.insert(Party { user, addresses: Vec::new() })
            }
        };
        party.addresses.push(address);
        let user = party.user.clone();
        table.by_address.insert(address, Local { user, kept });
        Ok(address)
    }

    /// What was kept for it: to be dropped without the lock.
    fn close(&self, address: &SocketAddr) -> Option<L> {
        let mut table = self.write();
        let Local { user, kept } = table.by_address.remove(address)?;
        if let Some(peer) = &user.name.peer
            && let Entry::Occupied(mut entry) = table.by_peer.entry(peer.clone())
        {
            entry.get_mut().addresses.retain(|it| it != address);
            if entry.get().addresses.is_empty() {
                entry.remove();
            }
        }
        table.give_back();
        Some(kept)
    }

    /// What was kept for all that this peer had: to be dropped without the lock.
    pub(crate) fn end_peer(&self, peer: &str) -> Vec<L> {
        // Most peers that end have nothing here, and many end at once.
        if !self.read().by_peer.contains_key(peer) {
            return Vec::new();
        }
        let mut table = self.write();
        let Some(Party { addresses, .. }) = table.by_peer.remove(peer) else { return Vec::new() };
        let ended = addresses.iter().filter_map(|it| table.by_address.remove(it)).map(|it| it.kept).collect();
        table.give_back();
        ended
    }

    /// What is remembered of this peer is asked again.
    pub(crate) fn on_rooms_changed(&self, peer: &str) {
        if !self.read().by_peer.contains_key(peer) {
            return;
        }
        let mut table = self.write();
        let fresh = table.next_generation();
        if let Some(party) = table.by_peer.get(peer) {
            party.user.generation.store(fresh, Ordering::Release);
        }
    }

    /// Whose an address is.
    pub(crate) fn user(&self, address: &SocketAddr) -> Option<Arc<User>> {
        self.read().by_address.get(address).map(|it| it.user.clone())
    }

    /// How many there are, and the datagrams and bytes that have come to them.
    pub(crate) fn counts(&self) -> (usize, u64, u64) {
        let n_locals = self.read().by_address.len();
        (n_locals, self.n_packets.load(Ordering::Relaxed), self.n_bytes.load(Ordering::Relaxed))
    }

    fn count(&self, n_bytes: usize) {
        self.n_packets.fetch_add(1, Ordering::Relaxed);
        self.n_bytes.fetch_add(n_bytes as u64, Ordering::Relaxed);
    }

    fn read(&self) -> RwLockReadGuard<'_, Table<L>> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table<L>> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L> Table<L> {
    /// One after another, so that a port that was freed is not in use again at once.
    fn free_address(&mut self, is_ipv6: bool) -> Option<SocketAddr> {
        for _ in 0..=LOCALS_MAX {
            self.last_port = self.last_port.checked_add(1).unwrap_or(FIRST_PORT).max(FIRST_PORT);
            let address = SocketAddr::new(local_ip(is_ipv6), self.last_port);
            if !self.by_address.contains_key(&address) {
                return Some(address);
            }
        }
        None
    }

    fn next_generation(&mut self) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        self.generation
    }

    /// What many needed, once there is none.
    fn give_back(&mut self) {
        if self.by_address.is_empty() {
            (self.by_address, self.by_peer) = (HashMap::new(), HashMap::new());
        }
    }
}

impl<H: Host> Relay<H> {
    /// Opens a virtual address for a party inside the server, which clients reach as this peer's: those who are in a common room
    /// with it. It lasts until [`Relay::close_local`], or until the peer ends. `kept`: what [`Relay::local`] hands out.
    ///
    /// # Errors
    /// There are as many as may be.
    pub fn open_local(&self, peer: &str, is_ipv6: bool, kept: H::Local) -> Result<SocketAddr, Refusal> {
        self.locals.open(peer, is_ipv6, kept)
    }

    /// The address is nobody's any more.
    pub fn close_local(&self, address: SocketAddr) {
        drop(self.locals.close(&address));
    }

    /// What is kept for an open address: for whom [`Target::Local`] is.
    pub fn local(&self, address: &SocketAddr) -> Option<H::Local> {
        self.locals.read().by_address.get(address).map(|it| it.kept.clone())
    }

    /// Takes a datagram of a party for a client: `from` its own open address, `to` a client's relayed one. It passes where the
    /// client has a permission for `from`, shares a room with the party, and may have so many bytes. What is to be sent stands in
    /// `out` afterwards.
    ///
    /// Of somebody with the fixed login it is not known who is in which room: such a client has to have asked for `from` itself,
    /// and reaches it once it was sent something from there.
    pub fn send_local(&self, now: Now, from: SocketAddr, to: SocketAddr, data: &[u8], out: &mut Vec<u8>) -> Outcome {
        out.clear();
        if data.len() > DATAGRAM_BYTES_MAX {
            return Outcome::refused(Refusal::Malformed);
        }
        match self.locals.user(&from) {
            Some(user) => self.arrive(now, from, Some(&user), to, data, out),
            None => Outcome::refused(Refusal::Mismatch),
        }
    }

    /// What a client has sent to the address of a party.
    pub(crate) fn arrive_at_local(&self, now: Now, departure: Departure, data: &[u8], out: &mut Vec<u8>) -> Outcome {
        let Departure { from, to, user, reach, .. } = departure;
        let Some(local) = self.locals.user(&to) else { return Outcome::refused(Refusal::NoPeer) };
        let generations = (local.generation(), user.generation());
        // The answer is the same for both directions, and stands at the client.
        let known = reach.filter(|it| it.generations == generations);
        let ask = || {
            let number = self.shard_of_relayed(from)?;
            self.ask(number, (to, &local), (from, &user), now.clock_s)
        };
        match known.or_else(ask) {
            Some(reach) if reach.is_allowed => (),
            Some(_) => return Outcome::refused(Refusal::NoCommonRoom),
            None => return Outcome::refused(Refusal::NoPermission),
        }
        self.locals.count(data.len());
        out.extend_from_slice(data);
        Outcome { target: Some(Target::Local { from, to }), refusal: None }
    }
}
