//! Which addresses allocations have, and what is at an address.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::{host::Host, relay::Relay, shard::shard_of_port};

/// What leads to no datagram on any network: documentation addresses (RFC 5737, RFC 3849). Browsers drop loopback and
/// link-local ones.
const VIRTUAL_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const VIRTUAL_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 1);

/// The same, of parties inside the server. Apart from those of clients, so that it shows without a look at any table.
const LOCAL_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const LOCAL_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 2);

/// Virtual ports below are well known ones, which browsers take for no candidate's.
pub(crate) const FIRST_PORT: u16 = 1_024;

/// Under which clients have virtual ports.
pub(crate) fn virtual_ip(is_ipv6: bool) -> IpAddr {
    if is_ipv6 { VIRTUAL_V6.into() } else { VIRTUAL_V4.into() }
}

/// Under which parties inside the server have ports.
pub(crate) fn local_ip(is_ipv6: bool) -> IpAddr {
    if is_ipv6 { LOCAL_V6.into() } else { LOCAL_V4.into() }
}

/// Can it be a party's inside the server, and nobody else's?
pub(crate) fn is_local(ip: IpAddr) -> bool {
    ip == LOCAL_V4 || ip == LOCAL_V6
}

impl<H: Host> Relay<H> {
    /// May an allocation have anything to do with this address?
    pub(crate) fn is_reachable(&self, address: SocketAddr) -> bool {
        match &self.networks {
            None => true,
            Some(_) if is_local(address.ip()) => self.locals.user(&address).is_some(),
            Some(networks) => networks.allows(address.ip()) || self.shard_of_relayed(address).is_some(),
        }
    }

    /// Is there anybody at this address of whom a permission could be needed?
    pub(crate) fn is_worth_keeping(&self, ip: IpAddr) -> bool {
        self.networks.is_some() || ip == VIRTUAL_V4 || ip == VIRTUAL_V6 || is_local(ip)
    }

    /// Where the allocation of a client stands that has this address, if there is one.
    pub(crate) fn shard_of_relayed(&self, relayed: SocketAddr) -> Option<u16> {
        if self.networks.is_some() {
            return self.real().get(&relayed).copied();
        }
        (relayed.ip() == VIRTUAL_V4 || relayed.ip() == VIRTUAL_V6).then(|| shard_of_port(relayed.port()))
    }
}
