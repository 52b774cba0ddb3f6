//! One session's account, and what else is held until it is dropped.
use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{AddressKey, Bucket, Ledger, Reason};

/// What one session holds and how fast it may go. Shared by its transport, which counts bytes before they are decoded, and by
/// the sessions, which count what they queue and relay.
pub struct Account {
    ledger: Ledger,
    address: AddressKey,
    /// The same for two connections of one browser at one address.
    client: u64,
    /// Held for its connection.
    cost: u64,
    held: AtomicU64,
    messages: Bucket,
    bytes: Bucket,
    relayed: Bucket,
    /// When anything of it was read last: nanoseconds on the ledger's clock, 0 for never.
    received_at: AtomicU64,
    /// One for all accounts that a session has one after another: its allocations at the relay keep the one they began with.
    media: Mutex<Option<Arc<Bucket>>>,
    /// Ends the connection without waiting for anything.
    abort: Mutex<Option<Abort>>,
    is_ending: AtomicBool,
    /// It has no connection, and may get another.
    is_away: AtomicBool,
    /// It counts as a session no more.
    is_closed: AtomicBool,
    /// Of whose address one is away in whose place it was opened. It has paid nothing.
    place: Mutex<Option<AddressKey>>,
    /// What it held when it was told to end.
    ending: AtomicU64,
    /// Its place among the holders.
    number: OnceLock<u64>,
}

type Abort = Arc<dyn Fn(Reason) + Send + Sync>;

/// Memory of a session without a connection, beside what it keeps: its entries and its timer.
pub(super) const AWAY_COST: u64 = 1024;

impl Account {
    pub(super) fn open(
        ledger: Ledger,
        address: AddressKey,
        client: u64,
        cost: u64,
        place: Option<AddressKey>,
    ) -> Arc<Self> {
        let account = Arc::new(Account {
            ledger,
            address,
            client,
            cost,
            held: AtomicU64::new(0),
            messages: Bucket::default(),
            bytes: Bucket::default(),
            relayed: Bucket::default(),
            received_at: AtomicU64::new(0),
            media: Mutex::default(),
            abort: Mutex::default(),
            is_ending: AtomicBool::new(false),
            is_away: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            place: Mutex::new(place),
            ending: AtomicU64::new(0),
            number: OnceLock::new(),
        });
        account.number.get_or_init(|| account.memory().enter(Arc::downgrade(&account)));
        account.hold(cost);
        account
    }

    /// Whose address it is.
    pub fn address(&self) -> AddressKey {
        self.address
    }

    /// The same for two connections of one browser at one address.
    pub fn client(&self) -> u64 {
        self.client
    }

    /// Where it is kept.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How its connection is ended, from now on. `abort` must neither block nor call anything that takes a lock for longer
    /// than a moment.
    pub fn on_abort(&self, abort: impl Fn(Reason) + Send + Sync + 'static) {
        *self.abort.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(abort));
        if self.is_ending() {
            self.abort(Reason::MemoryCut);
        }
    }

    /// Its connection broke, and it waits for another: what the connection cost is free. It still counts as a session of its
    /// address, and another of that address may begin in its place.
    pub fn go_away(&self) {
        if !self.is_away.swap(true, Ordering::Relaxed) {
            self.release(self.cost.saturating_sub(AWAY_COST));
            self.ledger.shared.n_away.fetch_add(1, Ordering::Relaxed);
            self.ledger.addresses().go_away(self.address);
        }
    }

    /// Does it have no connection?
    pub fn is_away(&self) -> bool {
        self.is_away.load(Ordering::Relaxed)
    }

    /// It is no session that came back, but a new one. To be said once that is known.
    ///
    /// # Errors
    /// It was opened in the place of one that is away, and the rate of its address does not allow a new one. The reason is
    /// counted by whoever ends the session for it.
    pub fn pay(&self) -> Result<(), Reason> {
        match self.take_place() {
            Some(place) => self.ledger.addresses().pay(self.address, place, &self.ledger.limits(), self.ledger.now()),
            None => Ok(()),
        }
    }

    /// Takes over from the account that its session had before: it is no new one, and goes on as fast as that one might.
    pub fn succeed(&self, earlier: &Account) {
        self.take_place();
        self.messages.continue_from(&earlier.messages);
        self.bytes.continue_from(&earlier.bytes);
        self.relayed.continue_from(&earlier.relayed);
        *self.media.lock().unwrap_or_else(PoisonError::into_inner) = Some(earlier.media());
        // Somebody may hold it for longer, such as the relay; it is no session any more.
        earlier.close();
    }

    /// It is no session's.
    pub(super) fn count_as_none(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    fn close(&self) {
        if !self.is_closed.swap(true, Ordering::Relaxed) {
            let (is_away, place) = (self.is_away(), self.take_place());
            self.ledger.addresses().close_session(self.address, is_away, place);
            self.ledger.shared.n_sessions.fetch_sub(1, Ordering::Relaxed);
            if is_away {
                self.ledger.shared.n_away.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// One message of so many bytes, whatever is in it. To be said before it is decoded.
    ///
    /// # Errors
    /// Its rate does not allow it. The reason is counted by whoever ends the session for it.
    pub fn receive(&self, n_bytes: usize) -> Result<(), Reason> {
        self.receive_messages(1)?;
        self.receive_bytes(n_bytes)
    }

    /// As [`Account::receive`], of messages alone.
    ///
    /// # Errors
    /// As there.
    pub fn receive_messages(&self, n: u64) -> Result<(), Reason> {
        self.receive_messages_at(n, self.ledger.now())
    }

    /// As [`Account::receive_messages`], for whoever knows the time on the ledger's clock.
    ///
    /// # Errors
    /// As there.
    pub fn receive_messages_at(&self, n: u64, now: Duration) -> Result<(), Reason> {
        let taken = self.messages.take(self.ledger.limits().messages, n, now);
        if taken { Ok(()) } else { Err(Reason::MessageRate) }
    }

    /// When anything of it was read last, on the ledger's clock: what it says is handled before more is read. `None`: never.
    pub fn received_at(&self) -> Option<Duration> {
        Some(self.received_at.load(Ordering::Relaxed)).filter(|it| *it > 0).map(Duration::from_nanos)
    }

    /// As [`Account::receive`], of bytes alone.
    ///
    /// # Errors
    /// As there.
    pub fn receive_bytes(&self, n_bytes: usize) -> Result<(), Reason> {
        self.receive_bytes_at(n_bytes, self.ledger.now())
    }

    /// As [`Account::receive_bytes`], for whoever knows the time on the ledger's clock.
    ///
    /// # Errors
    /// As there.
    pub fn receive_bytes_at(&self, n_bytes: usize, now: Duration) -> Result<(), Reason> {
        self.received_at.store(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let taken = self.bytes.take(self.ledger.limits().bytes, n_bytes as u64, now);
        if taken { Ok(()) } else { Err(Reason::ByteRate) }
    }

    /// So many bytes are sent to others because of what it said.
    ///
    /// # Errors
    /// As for [`Account::receive`].
    pub fn relay(&self, n_bytes: usize) -> Result<(), Reason> {
        let taken = self.relayed.take(self.ledger.limits().relayed_bytes, n_bytes as u64, self.ledger.now());
        if taken { Ok(()) } else { Err(Reason::RelayRate) }
    }

    /// So many bytes pass the TURN relay from it.
    ///
    /// # Errors
    /// Its rate does not allow it.
    pub fn relay_media(&self, n_bytes: usize) -> Result<(), Reason> {
        let taken = self.media().take(self.ledger.limits().media_bytes, n_bytes as u64, self.ledger.now());
        if taken { Ok(()) } else { Err(Reason::RelayByteRate) }
    }

    fn media(&self) -> Arc<Bucket> {
        self.media.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().clone()
    }

    /// So many bytes more are kept for it. Where that is too much in all, the greatest holder is cut, be it this one.
    pub fn hold(&self, n_bytes: u64) {
        self.held.fetch_add(n_bytes, Ordering::Relaxed);
        if let Some(greatest) = self.memory().add(n_bytes) {
            self.ledger.cut(&greatest);
        }
    }

    /// So many of the bytes that were held for it are not any more.
    pub fn release(&self, n_bytes: u64) {
        self.held.fetch_sub(n_bytes, Ordering::Relaxed);
        self.memory().remove(n_bytes);
    }

    /// Bytes that are held for it.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Was it told to end?
    pub fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Ends its connection.
    pub fn abort(&self, reason: Reason) {
        if !self.is_ending.swap(true, Ordering::Relaxed) {
            let held = self.held();
            self.ending.store(held, Ordering::Relaxed);
            self.memory().add_ending(held);
        }
        let abort = self.abort.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(abort) = abort {
            abort(reason);
        }
    }

    fn take_place(&self) -> Option<AddressKey> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn memory(&self) -> &super::Memory {
        &self.ledger.shared.memory
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let memory = self.memory();
        if let Some(number) = self.number.get() {
            memory.leave(*number);
        }
        memory.remove_ending(self.ending.load(Ordering::Relaxed));
        memory.remove(self.held());
        self.close();
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({} bytes held)", self.held())
    }
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, sync::atomic::AtomicUsize};

    use super::*;
    use crate::accounting::{Limits, ListenerKind::Http, Rate, Resident};

    const MIB: u64 = 1024 * 1024;
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn ledger(memory_bytes_max: u64) -> Ledger {
        Ledger::new(Limits { memory_bytes_max, ..Limits::default() })
    }

    fn told(account: &Arc<Account>) -> Arc<AtomicUsize> {
        let told = Arc::new(AtomicUsize::new(0));
        let n = told.clone();
        account.on_abort(move |_| {
            n.fetch_add(1, Ordering::Relaxed);
        });
        told
    }

    #[test]
    fn over_the_total_the_greatest_holder_is_cut_once_and_new_work_is_refused() {
        let ledger = ledger(100 * MIB);
        let [small, great, other] = [(); 3].map(|()| ledger.open_account(HERE, b"", 0).unwrap());
        let cut = [&small, &great, &other].map(told);
        small.hold(20 * MIB);
        great.hold(40 * MIB);
        other.hold(24 * MIB);
        assert_eq!(cut.clone().map(|it| it.load(Ordering::Relaxed)), [0, 0, 0]);
        assert!(ledger.open_account(HERE, b"", MIB).is_err());
        // Whoever comes over it, the greatest goes, and what it holds is as good as free.
        small.hold(1);
        small.hold(30 * MIB);
        assert_eq!(cut.clone().map(|it| it.load(Ordering::Relaxed)), [0, 1, 0]);
        other.hold(20 * MIB);
        assert_eq!(cut.map(|it| it.load(Ordering::Relaxed)), [1, 1, 0]);
        let balance = ledger.balance();
        assert!(
            balance.reasons.contains(&(Reason::MemoryCut, 2)) && balance.reasons.contains(&(Reason::MemoryFull, 1))
        );
        drop((small, great, other));
        assert_eq!(ledger.balance().memory.held, 0);
        assert!(ledger.open_account(HERE, b"", MIB).is_ok());
    }

    #[test]
    fn what_the_system_measures_counts_too() {
        let ledger = ledger(100 * MIB);
        let account = ledger.open_account(HERE, b"", MIB).unwrap();
        let cut = told(&account);
        ledger.measure(Resident(91 * MIB));
        assert!(ledger.open_account(HERE, b"", 0).is_err() && cut.load(Ordering::Relaxed) == 0);
        ledger.measure(Resident(98 * MIB));
        assert_eq!(cut.load(Ordering::Relaxed), 1);
        ledger.measure(Resident(50 * MIB));
        assert!(ledger.open_account(HERE, b"", 0).is_ok());
        assert!(Resident::of_this_process().0 > 0);
    }

    #[test]
    fn connections_and_sessions_count_until_they_are_dropped() {
        let limits =
            Limits { address_connections_max: 2, connections_max: 3, address_sessions_max: 2, ..Limits::default() };
        let ledger = Ledger::new(limits);
        let there: IpAddr = "192.0.2.1".parse().unwrap();
        let mut permits =
            vec![ledger.admit_connection(Http, HERE, 1).unwrap(), ledger.admit_connection(Http, HERE, 1).unwrap()];
        assert_eq!(ledger.admit_connection(Http, HERE, 1).err(), Some(Reason::AddressConnectionsMax));
        permits.push(ledger.admit_connection(Http, there, 1).unwrap());
        assert_eq!(ledger.admit_connection(Http, there, 1).err(), Some(Reason::ConnectionsMax));
        permits.remove(0);
        assert!(ledger.admit_connection(Http, there, 1).is_ok());
        let sessions = [ledger.open_account(HERE, b"", 5).unwrap(), ledger.open_account(HERE, b"", 5).unwrap()];
        assert_eq!(ledger.open_account(HERE, b"", 5).err(), Some(Reason::AddressSessionsMax));
        drop((sessions, permits));
        let balance = ledger.balance();
        assert_eq!((balance.n_connections, balance.n_sessions, balance.memory.held), (0, 0, 0));
    }

    #[test]
    fn a_session_pays_for_messages_for_bytes_and_for_what_it_causes() {
        let limits = Limits {
            messages: Rate { per_second: 1, burst: 3 },
            bytes: Rate { per_second: 1, burst: 100 },
            relayed_bytes: Rate { per_second: 1, burst: 50 },
            ..Limits::default()
        };
        let account = Ledger::new(limits).open_account(HERE, b"", 0).unwrap();
        assert_eq!(account.receive(100), Ok(()));
        assert_eq!(account.receive(2), Err(Reason::ByteRate));
        assert_eq!(account.receive(0), Ok(()));
        assert_eq!(account.receive(0), Err(Reason::MessageRate));
        assert_eq!([account.relay(50), account.relay(2)], [Ok(()), Err(Reason::RelayRate)]);
    }
}
