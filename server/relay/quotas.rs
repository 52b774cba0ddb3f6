//! Who has how many allocations: a peer, an address, and all together.
use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use p2pchat_ice::{MemberName, RoomMark};

use crate::host::{FiveTuple, Refusal};

/// Bounds of allocations.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of one peer. Twenty people take some 500: several for each connection, over UDP, TCP and TLS, IPv4 and IPv6, and the
    /// old and the new ones at once while ICE restarts.
    pub per_peer: usize,
    /// Of one address: of an IPv4 address, or a /64 of IPv6.
    pub per_address: usize,
    /// In all.
    pub total: usize,
}

/// Who has shown credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who<'a> {
    /// Whoever knows the operator's password.
    Fixed,
    /// A peer whose session is here.
    Peer(&'a str),
    /// A member of a room, wherever its session is.
    Member(MemberName<'a>),
}

impl Who<'_> {
    pub(crate) fn name(&self) -> Name {
        match self {
            Who::Fixed => Name { peer: None, room: None },
            Who::Peer(peer) => Name { peer: Some((*peer).into()), room: None },
            Who::Member(it) => Name { peer: Some(it.peer.into()), room: Some(it.room) },
        }
    }

    /// Of its credentials, where they have one.
    fn number(&self) -> u64 {
        match self {
            Who::Fixed | Who::Peer(_) => 0,
            Who::Member(it) => it.number,
        }
    }

    pub(crate) fn is(&self, name: &Name) -> bool {
        let (peer, room) = match self {
            Who::Fixed => (None, None),
            Who::Peer(peer) => (Some(*peer), None),
            Who::Member(it) => (Some(it.peer), Some(it.room)),
        };
        name.peer.as_deref() == peer && name.room == room
    }
}

/// What somebody is called here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    /// The peer id; `None` for the fixed login.
    pub(crate) peer: Option<Box<str>>,
    /// Of a member of that room, wherever its session is.
    pub(crate) room: Option<RoomMark>,
}

/// Somebody with allocations.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) name: Name,
    /// Changes whenever the peer enters or leaves a room, so that what was remembered about it is asked again.
    pub(crate) generation: AtomicU32,
}

impl User {
    pub(crate) fn generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }
}

#[derive(Debug)]
pub(crate) struct Quotas {
    limits: Limits,
    users: HashMap<Name, Holdings>,
    addresses: HashMap<IpAddr, usize>,
    total: usize,
    /// The last one that was given. None comes again: what is remembered of somebody who had an address is not taken for what
    /// is known of who has it next.
    generation: u32,
}

#[derive(Debug)]
struct Holdings {
    user: Arc<User>,
    /// Each with the number of the credentials that it was opened with.
    five_tuples: Vec<(FiveTuple, u64)>,
}

impl Quotas {
    pub(crate) fn new(limits: Limits) -> Self {
        Quotas { limits, users: HashMap::new(), addresses: HashMap::new(), total: 0, generation: 0 }
    }

    /// One allocation more; it counts until [`Quotas::release`].
    pub(crate) fn reserve(&mut self, who: &Who<'_>, five_tuple: FiveTuple) -> Result<Arc<User>, Refusal> {
        let name = who.name();
        let address = quota_address(five_tuple.client.ip());
        if self.total >= self.limits.total {
            return Err(Refusal::TotalQuota);
        }
        if self.addresses.get(&address).is_some_and(|it| *it >= self.limits.per_address) {
            return Err(Refusal::AddressQuota);
        }
        // The fixed login is everybody's, so that the other bounds have to do.
        let per_peer = if name.peer.is_some() { self.limits.per_peer } else { usize::MAX };
        if self.users.get(&name).is_some_and(|it| it.five_tuples.len() >= per_peer) || per_peer == 0 {
            return Err(Refusal::PeerQuota);
        }
        let fresh = self.next_generation();
        let holdings = match self.users.entry(name) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let user = Arc::new(User { name: entry.key().clone(), generation: AtomicU32::new(fresh) });
                entry.insert(Holdings { user, five_tuples: Vec::new() })
            }
        };
        holdings.five_tuples.push((five_tuple, who.number()));
        *self.addresses.entry(address).or_default() += 1;
        self.total += 1;
        Ok(holdings.user.clone())
    }

    /// Does the allocation still count? Not if its owner was forgotten while it was made.
    pub(crate) fn counts(&self, user: &Arc<User>, five_tuple: &FiveTuple) -> bool {
        let holdings = self.users.get(&user.name).filter(|it| Arc::ptr_eq(&it.user, user));
        holdings.is_some_and(|it| it.five_tuples.iter().any(|it| it.0 == *five_tuple))
    }

    pub(crate) fn release(&mut self, user: &Arc<User>, five_tuple: &FiveTuple) {
        let Some(holdings) = self.users.get_mut(&user.name).filter(|it| Arc::ptr_eq(&it.user, user)) else { return };
        let Some(at) = holdings.five_tuples.iter().position(|it| it.0 == *five_tuple) else { return };
        holdings.five_tuples.swap_remove(at);
        if holdings.five_tuples.is_empty() {
            self.users.remove(&user.name);
        }
        self.release_address(five_tuple);
    }

    /// Nothing of this peer counts any more but what it has as a member of rooms. What it had.
    pub(crate) fn forget(&mut self, peer: &str) -> Vec<FiveTuple> {
        self.forget_up_to(Name { peer: Some(peer.into()), room: None }, u64::MAX)
    }

    /// Nothing counts any more that this member of a room opened with credentials up to this number. What that is.
    pub(crate) fn forget_member(&mut self, peer: &str, room: RoomMark, number: u64) -> Vec<FiveTuple> {
        self.forget_up_to(Name { peer: Some(peer.into()), room: Some(room) }, number)
    }

    fn forget_up_to(&mut self, name: Name, number: u64) -> Vec<FiveTuple> {
        let Some(Holdings { five_tuples, .. }) = self.users.get_mut(&name) else { return Vec::new() };
        let forgotten: Vec<_> = five_tuples.extract_if(.., |it| it.1 <= number).map(|it| it.0).collect();
        if five_tuples.is_empty() {
            self.users.remove(&name);
        }
        forgotten.iter().for_each(|it| self.release_address(it));
        forgotten
    }

    fn release_address(&mut self, five_tuple: &FiveTuple) {
        self.total -= 1;
        if let Entry::Occupied(mut entry) = self.addresses.entry(quota_address(five_tuple.client.ip())) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }

    /// What is remembered of this peer is asked again.
    pub(crate) fn on_rooms_changed(&mut self, peer: &str) {
        let fresh = self.next_generation();
        if let Some(holdings) = self.users.get(&Who::Peer(peer).name()) {
            holdings.user.generation.store(fresh, Ordering::Release);
        }
    }

    fn next_generation(&mut self) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        self.generation
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(crate) fn n_users(&self) -> usize {
        self.users.len()
    }
}

/// A person has a whole /64 of IPv6.
fn quota_address(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
    }
}
