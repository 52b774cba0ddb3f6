//! Whose a datagram is.

use std::net::SocketAddr;
use std::time::Instant;

use super::{AT_ONCE, StarHost};
use crate::connection::{Form, form};
use crate::words::LinkId;

/// Addresses that one guest may be reached at.
const ADDRESSES_MAX: usize = 20;

impl StarHost {
    /// Whether a datagram is for this host. What comes from an address that has shown no credentials is for nobody unless
    /// it shows some.
    pub fn accepts(&self, source: SocketAddr, _destination: SocketAddr, datagram: &[u8]) -> bool {
        self.guest_of(source, datagram).is_some()
    }

    fn guest_of(&self, source: SocketAddr, datagram: &[u8]) -> Option<LinkId> {
        match form(datagram) {
            Form::Stun => self.ufrags.get(user_of(datagram)?).copied(),
            Form::Other => None,
            Form::Dtls | Form::Rtp | Form::Rtcp => self.addresses.get(&source).copied(),
        }
    }

    /// A datagram that has come to one of the candidates.
    pub fn on_datagram(&mut self, source: SocketAddr, destination: SocketAddr, datagram: &[u8], now: Instant) {
        self.at(now);
        let Some(id) = self.guest_of(source, datagram) else { return };
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if connection.receive(source, destination, datagram, now) {
            self.met_at(source, id);
        }
        self.drain(id);
        if self.connections.get(&id).is_some_and(|it| it.next <= now + AT_ONCE) {
            self.touch(id);
        }
        self.settle();
    }

    fn met_at(&mut self, source: SocketAddr, id: LinkId) {
        if self.addresses.get(&source) == Some(&id) {
            return;
        }
        let known = self.addresses.values().filter(|it| **it == id).count();
        if known >= ADDRESSES_MAX {
            self.addresses.retain(|_, it| *it != id);
        }
        self.addresses.insert(source, id);
    }
}

/// Our part of the user name in a request of ICE (RFC 8445, section 7.2.2): what stands before the colon.
fn user_of(datagram: &[u8]) -> Option<&str> {
    const REQUEST: [u8; 2] = [0, 1];
    const USERNAME: u16 = 6;
    const HEAD_BYTES: usize = 20;
    let mut rest = datagram.strip_prefix(&REQUEST).and_then(|_| datagram.get(HEAD_BYTES..))?;
    while let [kind_a, kind_b, length_a, length_b, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*length_a, *length_b]));
        let value = tail.get(..length)?;
        if u16::from_be_bytes([*kind_a, *kind_b]) == USERNAME {
            return std::str::from_utf8(value).ok()?.split(':').next();
        }
        rest = tail.get(length.next_multiple_of(4)..)?;
    }
    None
}
