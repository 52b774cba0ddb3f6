//! The memory of the whole process: what is counted as held, and what the system says that it occupies.
//!
//! Counting is exact about what clients queue and estimates what their connections cost; it is there at once. What the
//! system says is true and comes late. Either of them over its bound refuses new work, and ends the greatest holder where
//! that does not help.
use std::{
    collections::HashMap,
    fs,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{Account, Reason};

/// What the process occupies with nobody connected, and what the allocator keeps beside what is in use.
const BASE_BYTES: u64 = 16 * 1024 * 1024;

/// What somebody keeps who is away, and whose end frees enough to be worth it.
const AWAY_BYTES_MUCH: u64 = 32 * 1024;

/// Memory that the process occupies, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Resident(pub u64);

/// What is known of the process's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryState {
    /// The bound.
    pub max: u64,
    /// Counted as held.
    pub held: u64,
    /// As last measured; 0 where the system does not say.
    pub resident: u64,
    /// Whether new work is refused.
    pub is_full: bool,
}

#[derive(Debug)]
pub(super) struct Memory {
    max: AtomicU64,
    held: AtomicU64,
    /// Of what is held: by those that were told to end.
    ending: AtomicU64,
    resident: AtomicU64,
    /// So that the log tells of it once, when it begins and when it is over.
    was_full: AtomicBool,
    holders: Mutex<Holders>,
}

#[derive(Debug, Default)]
struct Holders {
    by_number: HashMap<u64, Weak<Account>>,
    n_made: u64,
}

impl Resident {
    /// What the system says about this process; 0 where it does not (proc_pid_statm(5)).
    pub fn of_this_process() -> Self {
        let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let pages = text.split(' ').nth(1).and_then(|it| it.parse::<u64>().ok()).unwrap_or_default();
        Resident(pages.saturating_mul(page_bytes()))
    }
}

fn page_bytes() -> u64 {
    rustix::param::page_size() as u64
}

impl Memory {
    pub(super) fn new(max: u64) -> Self {
        Memory {
            max: AtomicU64::new(max),
            held: AtomicU64::new(0),
            ending: AtomicU64::new(0),
            resident: AtomicU64::new(0),
            was_full: AtomicBool::new(false),
            holders: Mutex::default(),
        }
    }

    /// May so much new work begin? Changes nothing.
    pub(super) fn admit(&self, n_bytes: u64) -> Result<(), Reason> {
        let resident = self.resident.load(Ordering::Relaxed);
        let fits = self.counted().saturating_add(n_bytes) <= self.counted_max() && resident <= self.max() / 10 * 9;
        if self.was_full.load(Ordering::Relaxed) == fits {
            self.was_full.store(!fits, Ordering::Relaxed);
            let (held_bytes, max_bytes, resident_bytes) = (self.counted(), self.max(), resident);
            if fits {
                tracing::info!(event = "memory", reason = "memory_free", held_bytes, resident_bytes, max_bytes);
            } else {
                tracing::warn!(event = "memory", reason = "memory_full", held_bytes, resident_bytes, max_bytes);
            }
        }
        if fits { Ok(()) } else { Err(Reason::MemoryFull) }
    }

    /// Counts what is held from now on. The account to cut, where it is too much.
    pub(super) fn add(&self, n_bytes: u64) -> Option<Arc<Account>> {
        self.held.fetch_add(n_bytes, Ordering::Relaxed);
        if self.counted() <= self.counted_max() { None } else { self.greatest(0) }
    }

    pub(super) fn remove(&self, n_bytes: u64) {
        self.held.fetch_sub(n_bytes, Ordering::Relaxed);
    }

    /// An account was told to end, and what it holds is as good as free.
    pub(super) fn add_ending(&self, n_bytes: u64) {
        self.ending.fetch_add(n_bytes, Ordering::Relaxed);
    }

    pub(super) fn remove_ending(&self, n_bytes: u64) {
        self.ending.fetch_sub(n_bytes, Ordering::Relaxed);
    }

    pub(super) fn measure(&self, Resident(bytes): Resident) -> Option<Arc<Account>> {
        self.resident.store(bytes, Ordering::Relaxed);
        // What is held by little ones is no one's to end; more of them is refused.
        let max = self.max();
        let least = max / 1_000;
        if bytes > max / 100 * 97 { self.greatest(least) } else { None }
    }

    pub(super) fn state(&self) -> MemoryState {
        MemoryState {
            max: self.max(),
            held: self.held.load(Ordering::Relaxed),
            resident: self.resident.load(Ordering::Relaxed),
            is_full: self.admit(0).is_err(),
        }
    }

    /// A place in the list of those that can be cut.
    pub(super) fn enter(&self, account: Weak<Account>) -> u64 {
        let mut holders = self.holders();
        holders.n_made += 1;
        let number = holders.n_made;
        holders.by_number.insert(number, account);
        number
    }

    pub(super) fn leave(&self, number: u64) {
        let mut holders = self.holders();
        holders.by_number.remove(&number);
        if holders.by_number.capacity() > 4 * holders.by_number.len().max(64) {
            holders.by_number.shrink_to_fit();
        }
    }

    /// The one that holds most, and more than `least`, of those that were not told to end before. Whoever is away and keeps
    /// much goes before all who are there.
    fn greatest(&self, least: u64) -> Option<Arc<Account>> {
        let holders: Vec<_> = self.holders().by_number.values().filter_map(Weak::upgrade).collect();
        let living = holders.into_iter().filter(|it| !it.is_ending() && it.held() > least);
        living.max_by_key(|it| (it.is_away() && it.held() >= AWAY_BYTES_MUCH, it.held()))
    }

    pub(super) fn set_max(&self, max: u64) {
        self.max.store(max, Ordering::Relaxed);
    }

    fn max(&self) -> u64 {
        self.max.load(Ordering::Relaxed)
    }

    fn counted(&self) -> u64 {
        self.held.load(Ordering::Relaxed).saturating_sub(self.ending.load(Ordering::Relaxed))
    }

    fn counted_max(&self) -> u64 {
        let max = self.max();
        max.saturating_sub(BASE_BYTES).max(max / 2)
    }

    fn holders(&self) -> MutexGuard<'_, Holders> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
