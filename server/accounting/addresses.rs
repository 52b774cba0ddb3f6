//! What one address costs: its connections and sessions, and how fast it makes new ones. An IPv4 address, or the /64 of an
//! IPv6 address, which is what one customer gets (RFC 6177).
//!
//! **Invariant:** an address is kept as long as it has something open or owes something, and no longer.
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use super::{Bucket, Limits, Reason};

/// An address for the purpose of limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressKey(IpAddr);

/// Of sessions that were there before the process began.
const NOWHERE: AddressKey = AddressKey(IpAddr::V6(Ipv6Addr::UNSPECIFIED));

/// Where a request comes from: the connection's other end, or what a trusted proxy says about it. In a request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// In a request's extensions where a trusted proxy has named the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedByProxy;

/// Where a request's connection was taken: our address there, and the port. In a request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerAddress(pub SocketAddr);

/// What an address does that is limited by rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It opens a TCP connection.
    Connect,
    /// It opens a TCP connection, and may be a proxy.
    ProxyConnect,
    /// It makes a room.
    CreateRoom,
    /// It asks for a page or a file.
    Request,
}

/// A proxy may open connections as fast as so many addresses.
const PEOPLE_BEHIND_PROXY: u64 = 20;

/// Below this many, nothing is cleared away.
const SWEEP_FROM: usize = 1_024;

#[derive(Debug, Default)]
pub(super) struct Addresses {
    known: HashMap<AddressKey, Address>,
    /// When there are as many, those that owe nothing are forgotten.
    sweep_at: usize,
}

#[derive(Debug, Default)]
struct Address {
    n_connections: usize,
    n_sessions: usize,
    /// Of these: without a connection.
    n_away: usize,
    /// Sessions that may begin without paying, in the place of those that are away.
    n_places: usize,
    connects: Bucket,
    sessions: Bucket,
    rooms: Bucket,
    requests: Bucket,
}

impl From<IpAddr> for AddressKey {
    fn from(address: IpAddr) -> Self {
        AddressKey(match address.to_canonical() {
            IpAddr::V4(it) => it.into(),
            IpAddr::V6(it) => {
                let [a, b, c, d, ..] = it.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        })
    }
}

impl Addresses {
    /// One action more of this address, if its rate allows it.
    pub(super) fn act(
        &mut self,
        key: AddressKey,
        action: Action,
        limits: &Limits,
        now: Duration,
    ) -> Result<(), Reason> {
        let address = self.entry(key, now);
        let (bucket, rate, reason) = match action {
            Action::Connect => (&address.connects, limits.address_connects, Reason::AddressConnectionRate),
            Action::ProxyConnect => {
                (&address.connects, limits.address_connects.times(PEOPLE_BEHIND_PROXY), Reason::AddressConnectionRate)
            }
            Action::CreateRoom => (&address.rooms, limits.address_rooms, Reason::AddressRoomRate),
            Action::Request => (&address.requests, limits.address_requests, Reason::AddressRequestRate),
        };
        if bucket.take(rate, 1, now) { Ok(()) } else { Err(reason) }
    }

    pub(super) fn open_connection(&mut self, key: AddressKey, limits: &Limits, now: Duration) -> Result<(), Reason> {
        let address = self.entry(key, now);
        if address.n_connections >= limits.address_connections_max {
            return Err(Reason::AddressConnectionsMax);
        }
        address.n_connections += 1;
        Ok(())
    }

    /// Opens a session. Those that are away come back without paying for another, and without standing in their own way: whose
    /// place this one has, if it may be one of them. It pays when it turns out to be none.
    pub(super) fn open_session(
        &mut self,
        key: AddressKey,
        limits: &Limits,
        now: Duration,
    ) -> Result<Option<AddressKey>, Reason> {
        // Whoever was here before the process began may come back from anywhere.
        let place = [key, NOWHERE].into_iter().find(|it| self.known.get(it).is_some_and(|it| it.n_places > 0));
        let address = self.entry(key, now);
        if place.is_none() && !address.sessions.take(limits.address_sessions, 1, now) {
            return Err(Reason::AddressSessionRate);
        }
        if is_full(address.n_sessions, address.n_away, limits.address_sessions_max) {
            return Err(Reason::AddressSessionsMax);
        }
        address.n_sessions += 1;
        if let Some(place) = place {
            self.entry(place, now).n_places -= 1;
        }
        Ok(place)
    }

    /// Opens a session that was there before the process began, and is away.
    pub(super) fn open_earlier_session(&mut self, now: Duration) -> AddressKey {
        self.entry(NOWHERE, now).n_sessions += 1;
        NOWHERE
    }

    /// A session that had a place without paying is a new one.
    pub(super) fn pay(
        &mut self,
        key: AddressKey,
        place: AddressKey,
        limits: &Limits,
        now: Duration,
    ) -> Result<(), Reason> {
        self.give_place_back(place);
        let address = self.entry(key, now);
        if address.sessions.take(limits.address_sessions, 1, now) { Ok(()) } else { Err(Reason::AddressSessionRate) }
    }

    /// A session has lost its connection.
    pub(super) fn go_away(&mut self, key: AddressKey) {
        if let Some(address) = self.known.get_mut(&key) {
            address.n_away += 1;
        }
        self.give_place_back(key);
    }

    fn give_place_back(&mut self, key: AddressKey) {
        if let Some(address) = self.known.get_mut(&key) {
            address.n_places = address.n_away.min(address.n_places + 1);
        }
    }

    pub(super) fn close_connection(&mut self, key: AddressKey) {
        if let Some(address) = self.known.get_mut(&key) {
            address.n_connections = address.n_connections.saturating_sub(1);
        }
    }

    /// `place`: whose place it had without paying.
    pub(super) fn close_session(&mut self, key: AddressKey, is_away: bool, place: Option<AddressKey>) {
        if let Some(place) = place {
            self.give_place_back(place);
        }
        if let Some(address) = self.known.get_mut(&key) {
            address.n_sessions = address.n_sessions.saturating_sub(1);
            address.n_away = address.n_away.saturating_sub(usize::from(is_away));
            address.n_places = address.n_places.min(address.n_away);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    fn entry(&mut self, key: AddressKey, now: Duration) -> &mut Address {
        if self.known.len() >= self.sweep_at.max(SWEEP_FROM) && !self.known.contains_key(&key) {
            self.known.retain(|_, it| !it.is_idle(now));
            self.known.shrink_to(SWEEP_FROM);
            // Twice what is left: clearing away costs a constant a new address.
            self.sweep_at = self.known.len() * 2;
        }
        self.known.entry(key).or_default()
    }
}

/// Are there so many sessions that no other may begin? Those that are away do not keep themselves from coming back; with
/// them there are twice as many at most.
pub(super) fn is_full(n_sessions: usize, n_away: usize, max: usize) -> bool {
    n_sessions.saturating_sub(n_away) >= max || n_sessions >= max.saturating_mul(2)
}

impl Address {
    fn is_idle(&self, now: Duration) -> bool {
        let buckets = [&self.connects, &self.sessions, &self.rooms, &self.requests];
        self.n_connections == 0 && self.n_sessions == 0 && buckets.into_iter().all(|it| it.is_full(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounting::Rate;

    fn key(text: &str) -> AddressKey {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_proxy_connects_for_many_people_and_not_without_end() {
        let limits = Limits { address_connects: Rate { per_second: 2, burst: 3 }, ..Limits::default() };
        let mut addresses = Addresses::default();
        let mut taken = |action| {
            let act = |_: &u32| addresses.act(key("192.0.2.1"), action, &limits, Duration::ZERO).is_ok();
            (0..1_000).take_while(act).count()
        };
        assert_eq!(taken(Action::ProxyConnect), 60);
        assert_eq!(taken(Action::Connect), 0, "both come out of one bucket");
    }

    #[test]
    fn a_network_of_version_6_is_one_address_and_version_4_in_6_is_version_4() {
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }

    #[test]
    fn addresses_that_owe_nothing_are_forgotten() {
        let (mut addresses, limits) = (Addresses::default(), Limits::default());
        let network = |n: u32| AddressKey::from(IpAddr::from(n.to_be_bytes()));
        for n in 0..100_000 {
            let now = Duration::from_secs(u64::from(n));
            addresses.act(network(n), Action::Connect, &limits, now).unwrap();
        }
        assert!(addresses.len() <= 2 * SWEEP_FROM, "{}", addresses.len());
        addresses.open_connection(network(7), &limits, Duration::ZERO).unwrap();
        for n in 0..10_000 {
            addresses.act(network(n), Action::Connect, &limits, Duration::from_secs(200_000 + u64::from(n))).unwrap();
        }
        assert!(addresses.known.contains_key(&network(7)), "one with a connection is kept");
    }
}
