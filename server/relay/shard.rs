//! A part of all allocations, under a lock of its own: those whose clients' 5-tuples fall to it.
//!
//! **Invariant:** each allocation stands in all of `slots`, `by_client` and `by_relayed` or in none, and has one live entry
//! among the expiries, which comes up no later than it expires.
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use slab::Slab;

use crate::{
    addresses::{FIRST_PORT, is_local},
    allocation::{Allocation, Reach},
    host::{FiveTuple, Refusal},
    quotas::User,
};

/// Shards in all, a power of two.
pub(crate) const SHARDS: u16 = 16;

/// Each has pairs of ports, an even one and the next.
const PORTS_OF_SHARD: u16 = (65_536 / SHARDS as u32) as u16;

/// Whose a virtual port is.
pub(crate) fn shard_of_port(port: u16) -> u16 {
    (port >> 1) % SHARDS
}

pub(crate) struct Shard<T> {
    number: u16,
    slots: Slab<Box<Allocation<T>>>,
    by_client: HashMap<FiveTuple, u32>,
    by_relayed: HashMap<SocketAddr, u32>,
    expiries: BinaryHeap<Reverse<(u32, u32)>>,
    next_port: u16,
    n_indications: u64,
    pub(crate) n_packets: u64,
    pub(crate) n_bytes: u64,
}

/// A datagram on its way out of an allocation.
pub(crate) struct Departure {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) user: Arc<User>,
    pub(crate) is_virtual: bool,
    /// What is known of the two where `to` is a party's inside the server.
    pub(crate) reach: Option<Reach>,
}

/// A datagram for an allocation.
#[derive(Clone, Copy)]
pub(crate) struct Incoming<'a> {
    pub(crate) from: SocketAddr,
    /// Who sends it, if it is one of ours.
    pub(crate) user: Option<&'a Arc<User>>,
    pub(crate) n_bytes: usize,
    /// What the host has just said of the two, where there was no room to remember it.
    pub(crate) told: Option<Reach>,
}

/// What becomes of a datagram for an allocation.
pub(crate) enum Arrival {
    /// It is for this client.
    Deliver { client: FiveTuple, channel: Option<u16> },
    /// The host has to be asked whether the two may reach each other.
    Ask { user: Arc<User> },
}

impl<T> Shard<T> {
    pub(crate) fn new(number: u16, seed: u64) -> Self {
        Shard {
            number,
            slots: Slab::new(),
            by_client: HashMap::new(),
            by_relayed: HashMap::new(),
            expiries: BinaryHeap::new(),
            next_port: (seed >> 48) as u16 % PORTS_OF_SHARD,
            n_indications: seed,
            n_packets: 0,
            n_bytes: 0,
        }
    }

    /// The living allocation of a client.
    pub(crate) fn of_client(&mut self, client: &FiveTuple, now_s: u32) -> Option<&mut Allocation<T>> {
        let slot = *self.by_client.get(client)?;
        self.living(slot, now_s)
    }

    /// The living allocation that has a relayed address.
    pub(crate) fn of_relayed(&mut self, relayed: &SocketAddr, now_s: u32) -> Option<&mut Allocation<T>> {
        let slot = *self.by_relayed.get(relayed)?;
        self.living(slot, now_s)
    }

    fn living(&mut self, slot: u32, now_s: u32) -> Option<&mut Allocation<T>> {
        self.slots.get_mut(slot as usize).map(|it| &mut **it).filter(|it| it.until_s > now_s)
    }

    /// A virtual address that nobody has. `None`: all are taken.
    pub(crate) fn free_address(&mut self, ip: IpAddr, is_even: bool) -> Option<SocketAddr> {
        for _ in 0..PORTS_OF_SHARD {
            // One after another, so that a port that was freed is not in use again at once.
            self.next_port = (self.next_port + 1) % PORTS_OF_SHARD;
            let port = (self.next_port >> 1) * 2 * SHARDS + 2 * self.number + (self.next_port & 1);
            let address = SocketAddr::new(ip, port);
            let fits = port >= FIRST_PORT && (!is_even || port.is_multiple_of(2));
            if fits && !self.by_relayed.contains_key(&address) {
                return Some(address);
            }
        }
        None
    }

    /// Takes a new allocation in; neither its client nor its address has one.
    pub(crate) fn insert(&mut self, allocation: Allocation<T>) {
        let (client, relayed, until_s) = (allocation.five_tuple, allocation.relayed, allocation.until_s);
        let slot = self.slots.insert(Box::new(allocation)) as u32;
        self.by_client.insert(client, slot);
        self.by_relayed.insert(relayed, slot);
        self.expiries.push(Reverse((until_s, slot)));
        if self.expiries.len() > 2 * self.slots.len() + 64 {
            let slots = &self.slots;
            self.expiries
                .retain(|Reverse((at_s, slot))| slots.get(*slot as usize).is_some_and(|it| it.scheduled_s == *at_s));
        }
    }

    pub(crate) fn remove(&mut self, client: &FiveTuple) -> Option<Box<Allocation<T>>> {
        let slot = self.by_client.remove(client)?;
        let allocation = self.slots.try_remove(slot as usize)?;
        self.by_relayed.remove(&allocation.relayed);
        if self.slots.is_empty() {
            // What a crowd needed is given back.
            self.slots = Slab::new();
            self.by_client = HashMap::new();
            self.by_relayed = HashMap::new();
            self.expiries = BinaryHeap::new();
        }
        Some(allocation)
    }

    /// Brings an expiry forward that comes up too late after a change of `until_s`.
    pub(crate) fn reschedule(&mut self, client: &FiveTuple) {
        let Some(slot) = self.by_client.get(client) else { return };
        let Some(it) = self.slots.get_mut(*slot as usize).filter(|it| it.until_s < it.scheduled_s) else { return };
        it.scheduled_s = it.until_s;
        self.expiries.push(Reverse((it.until_s, *slot)));
    }

    /// Removes one allocation that is over, if there is any.
    pub(crate) fn expire(&mut self, now_s: u32) -> Option<Box<Allocation<T>>> {
        while let Some(Reverse((at_s, slot))) = self.expiries.peek().copied().filter(|it| it.0.0 <= now_s) {
            self.expiries.pop();
            let Some(it) = self.slots.get_mut(slot as usize).filter(|it| it.scheduled_s == at_s) else { continue };
            if it.until_s <= now_s {
                let client = it.five_tuple;
                return self.remove(&client);
            }
            // It was refreshed since.
            it.scheduled_s = it.until_s;
            self.expiries.push(Reverse((it.until_s, slot)));
        }
        None
    }

    pub(crate) fn next_deadline_s(&self) -> Option<u32> {
        self.expiries.peek().map(|it| it.0.0)
    }

    /// ChannelData of a client. `charge` says whether so much may pass.
    pub(crate) fn leave_by_channel(
        &mut self,
        client: &FiveTuple,
        channel: u16,
        now_s: u32,
        charge: impl FnOnce(&T) -> bool,
    ) -> Result<Departure, Refusal> {
        let allocation = self.of_client(client, now_s).ok_or(Refusal::Mismatch)?;
        let to = allocation.bound_to(channel, now_s).ok_or(Refusal::NoPermission)?;
        depart(allocation, to, now_s, charge)
    }

    /// A Send indication of a client.
    pub(crate) fn leave_by_send(
        &mut self,
        client: &FiveTuple,
        to: SocketAddr,
        now_s: u32,
        charge: impl FnOnce(&T) -> bool,
        on_growth: impl FnOnce(&mut Allocation<T>),
    ) -> Result<Departure, Refusal> {
        let allocation = self.of_client(client, now_s).ok_or(Refusal::Mismatch)?;
        if !allocation.is_permitted(to.ip(), now_s) {
            return Err(Refusal::NoPermission);
        }
        if allocation.keeps_names(to.ip()) && !allocation.has_named(to) {
            allocation.name(to, now_s)?;
            on_growth(allocation);
        }
        depart(allocation, to, now_s, charge)
    }

    /// A datagram for the allocation with the address `to`. `charge` says whether so much may pass from inside the server.
    pub(crate) fn arrive(
        &mut self,
        incoming: Incoming<'_>,
        to: SocketAddr,
        now_s: u32,
        charge: impl FnOnce(&T) -> bool,
    ) -> Result<Arrival, Refusal> {
        let Incoming { from, user, n_bytes, told } = incoming;
        let allocation = self.of_relayed(&to, now_s).ok_or(Refusal::NoPeer)?;
        if !allocation.is_permitted(from.ip(), now_s) {
            return Err(Refusal::NoPermission);
        }
        let sender = allocation.sender(from, now_s);
        let is_inside = is_local(from.ip());
        if let Some(user) = user.filter(|_| allocation.is_virtual || is_inside) {
            let generations = (user.generation(), allocation.user.generation());
            match (&user.name.peer, &allocation.user.name.peer) {
                (Some(one), Some(other)) if one == other => (),
                (Some(_), Some(_)) => match told.or(sender.reach).filter(|it| it.generations == generations) {
                    Some(Reach { is_allowed: true, .. }) => (),
                    Some(_) => return Err(Refusal::NoCommonRoom),
                    None => return Ok(Arrival::Ask { user: allocation.user.clone() }),
                },
                // Nothing is known of who has the fixed login. Both ends have to have asked for each other, which they do
                // when they were introduced by signalling.
                _ if !sender.is_named => return Err(Refusal::NoPermission),
                // That the party has asked for the client is kept here as well.
                _ if is_inside => allocation.remember(from, Reach { is_allowed: true, generations }, now_s),
                _ => (),
            }
        }
        if is_inside && !charge(&allocation.ticket) {
            return Err(Refusal::ByteRate);
        }
        let arrival = Arrival::Deliver { client: allocation.five_tuple, channel: sender.channel };
        self.n_packets += 1;
        self.n_bytes += n_bytes as u64;
        Ok(arrival)
    }

    /// A transaction id for an indication, which nobody answers.
    pub(crate) fn next_transaction(&mut self) -> [u8; 12] {
        self.n_indications = self.n_indications.wrapping_add(1);
        let mut transaction = [0; 12];
        transaction[..8].copy_from_slice(&self.n_indications.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        transaction[8..10].copy_from_slice(&self.number.to_be_bytes());
        transaction
    }
}

fn depart<T>(
    allocation: &Allocation<T>,
    to: SocketAddr,
    now_s: u32,
    charge: impl FnOnce(&T) -> bool,
) -> Result<Departure, Refusal> {
    if !charge(&allocation.ticket) {
        return Err(Refusal::ByteRate);
    }
    let Allocation { relayed, user, is_virtual, .. } = allocation;
    let reach = if is_local(to.ip()) { allocation.sender(to, now_s).reach } else { None };
    Ok(Departure { from: *relayed, to, user: user.clone(), is_virtual: *is_virtual, reach })
}
