//! One allocation: its permissions, its channels, and what is remembered about those that it talks with.
//!
//! **Invariant:** a channel has one peer and a peer one channel (RFC 8656, section 12). Everything in here has a bound.
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use crate::{
    addresses::is_local,
    host::{FiveTuple, Refusal},
    quotas::User,
};

/// Seconds (RFC 8656, sections 9 and 12).
const PERMISSION_S: u32 = 300;
const CHANNEL_S: u32 = 600;

/// Of one allocation. A page makes one for each connection, and the other end of it has some twelve candidates.
const PERMISSIONS_MAX: usize = 64;
const PEERS_MAX: usize = 64;

/// Memory of an allocation without permissions and peers, its places in the indexes included.
pub(crate) const ALLOCATION_BYTES: usize = 768;

pub(crate) struct Allocation<T> {
    pub(crate) five_tuple: FiveTuple,
    pub(crate) user: Arc<User>,
    pub(crate) relayed: SocketAddr,
    pub(crate) is_virtual: bool,
    pub(crate) ticket: T,
    /// The window of the nonce that made it: taken as long as it lives, because clients do not get over 438 for some methods.
    pub(crate) nonce_window: u32,
    /// The Allocate that made it, and the lifetime that it was told: a repeated one gets the same answer.
    pub(crate) made_by: [u8; 12],
    pub(crate) granted_s: u32,
    pub(crate) until_s: u32,
    /// When its entry among the expiries comes up.
    pub(crate) scheduled_s: u32,
    permissions: Vec<Permission>,
    peers: Vec<Peer>,
}

#[derive(Clone, Copy)]
struct Permission {
    ip: IpAddr,
    until_s: u32,
}

/// A transport address that it talks with.
#[derive(Clone, Copy)]
struct Peer {
    address: SocketAddr,
    /// 0 is none.
    channel: u16,
    channel_until_s: u32,
    /// This side named the address itself, in a request or by sending to it.
    is_named: bool,
    reach: Option<Reach>,
}

/// What the host said about the owner of an address.
#[derive(Clone, Copy)]
pub(crate) struct Reach {
    pub(crate) is_allowed: bool,
    /// Generations of both users when it was asked.
    pub(crate) generations: (u32, u32),
}

/// What is known about a sender at its receiver.
pub(crate) struct Sender {
    pub(crate) channel: Option<u16>,
    pub(crate) is_named: bool,
    pub(crate) reach: Option<Reach>,
}

impl<T> Allocation<T> {
    #[expect(clippy::too_many_arguments, reason = "each field has to be given once")]
    pub(crate) fn new(
        five_tuple: FiveTuple,
        user: Arc<User>,
        relayed: SocketAddr,
        is_virtual: bool,
        ticket: T,
        nonce_window: u32,
        made_by: [u8; 12],
        (now_s, granted_s): (u32, u32),
    ) -> Self {
        let until_s = now_s.saturating_add(granted_s);
        Allocation {
            five_tuple,
            user,
            relayed,
            is_virtual,
            ticket,
            nonce_window,
            made_by,
            granted_s,
            until_s,
            scheduled_s: until_s,
            permissions: Vec::new(),
            peers: Vec::new(),
        }
    }

    /// Bytes of memory that it takes now.
    pub(crate) fn bytes(&self) -> usize {
        ALLOCATION_BYTES
            + self.permissions.capacity() * size_of::<Permission>()
            + self.peers.capacity() * size_of::<Peer>()
    }

    pub(crate) fn is_permitted(&self, ip: IpAddr, now_s: u32) -> bool {
        self.permissions.iter().any(|it| it.ip == ip && it.until_s > now_s)
    }

    /// Installs or refreshes a permission.
    pub(crate) fn permit(&mut self, ip: IpAddr, now_s: u32) -> Result<(), Refusal> {
        let until_s = now_s.saturating_add(PERMISSION_S);
        if let Some(it) = self.permissions.iter_mut().find(|it| it.ip == ip) {
            it.until_s = until_s;
            return Ok(());
        }
        if self.permissions.len() >= PERMISSIONS_MAX {
            self.permissions.retain(|it| it.until_s > now_s);
        }
        if self.permissions.len() >= PERMISSIONS_MAX {
            return Err(Refusal::TotalQuota);
        }
        self.permissions.push(Permission { ip, until_s });
        Ok(())
    }

    /// Binds a channel, or refreshes it.
    pub(crate) fn bind(&mut self, channel: u16, address: SocketAddr, now_s: u32) -> Result<(), Refusal> {
        let is_bound = |it: &Peer| it.channel != 0 && it.channel_until_s > now_s;
        let clashes = |it: &Peer| is_bound(it) && (it.channel == channel) != (it.address == address);
        if self.peers.iter().any(clashes) {
            return Err(Refusal::BadRequest);
        }
        self.peers.iter_mut().filter(|it| it.channel == channel && it.address != address).for_each(|it| it.channel = 0);
        let peer = self.peer(address, now_s)?;
        (peer.channel, peer.channel_until_s) = (channel, now_s.saturating_add(CHANNEL_S));
        peer.is_named = true;
        self.permit(address.ip(), now_s)
    }

    /// Where a channel leads.
    pub(crate) fn bound_to(&self, channel: u16, now_s: u32) -> Option<SocketAddr> {
        let bound = self.peers.iter().find(|it| it.channel == channel && it.channel_until_s > now_s);
        bound.map(|it| it.address)
    }

    /// Does it matter whether this side has named an address there?
    pub(crate) fn keeps_names(&self, ip: IpAddr) -> bool {
        self.is_virtual || is_local(ip)
    }

    /// This side wants to talk with that address.
    pub(crate) fn name(&mut self, address: SocketAddr, now_s: u32) -> Result<(), Refusal> {
        self.peer(address, now_s)?.is_named = true;
        Ok(())
    }

    pub(crate) fn has_named(&self, address: SocketAddr) -> bool {
        self.peers.iter().any(|it| it.address == address && it.is_named)
    }

    /// What is known about the sender of a datagram.
    pub(crate) fn sender(&self, address: SocketAddr, now_s: u32) -> Sender {
        match self.peers.iter().find(|it| it.address == address) {
            None => Sender { channel: None, is_named: false, reach: None },
            Some(it) => Sender {
                channel: Some(it.channel).filter(|channel| *channel != 0 && it.channel_until_s > now_s),
                is_named: it.is_named,
                reach: it.reach,
            },
        }
    }

    /// Remembers what the host said about the owner of an address. Without room for it it is asked again.
    pub(crate) fn remember(&mut self, address: SocketAddr, reach: Reach, now_s: u32) {
        if let Ok(peer) = self.peer(address, now_s) {
            peer.reach = Some(reach);
        }
    }

    fn peer(&mut self, address: SocketAddr, now_s: u32) -> Result<&mut Peer, Refusal> {
        if let Some(at) = self.peers.iter().position(|it| it.address == address) {
            return self.peers.get_mut(at).ok_or(Refusal::TotalQuota);
        }
        if self.peers.len() >= PEERS_MAX {
            self.peers.retain(|it| it.channel != 0 && it.channel_until_s > now_s);
        }
        if self.peers.len() >= PEERS_MAX {
            return Err(Refusal::TotalQuota);
        }
        self.peers.push(Peer { address, channel: 0, channel_until_s: 0, is_named: false, reach: None });
        self.peers.last_mut().ok_or(Refusal::TotalQuota)
    }
}
