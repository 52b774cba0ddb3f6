//! STUN messages and ChannelData as they go out.
use std::net::{IpAddr, SocketAddr};

use crate::{
    credentials::{IntegrityKey, hmac_sha1},
    message::{
        COOKIE, Class, FINGERPRINT_XOR, HEADER_BYTES, INTEGRITY_BYTES, Method, address_mask, attribute, message_type,
    },
};

/// Writes one message into a buffer, which it empties first.
#[derive(Debug)]
pub struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    transaction: [u8; 12],
}

impl<'a> Encoder<'a> {
    /// The header of a message without attributes.
    pub fn new(out: &'a mut Vec<u8>, class: Class, method: Method, transaction: [u8; 12]) -> Self {
        out.clear();
        out.extend_from_slice(&message_type(class, method).to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&COOKIE.to_be_bytes());
        out.extend_from_slice(&transaction);
        Encoder { out, transaction }
    }

    /// Adds an attribute. One that is longer than 65,535 bytes, which no datagram could bring, is left out.
    pub fn attribute(self, kind: u16, value: &[u8]) -> Self {
        if let Ok(length) = u16::try_from(value.len()) {
            self.out.extend_from_slice(&kind.to_be_bytes());
            self.out.extend_from_slice(&length.to_be_bytes());
            self.out.extend_from_slice(value);
            self.out.resize(self.out.len().next_multiple_of(4), 0);
        }
        self
    }

    /// Adds an address, XORed.
    pub fn address(self, kind: u16, address: SocketAddr) -> Self {
        let (value, length) = xor_address(address, &self.transaction);
        self.attribute(kind, value.get(..length).unwrap_or_default())
    }

    /// Adds ERROR-CODE (RFC 8489, section 14.8).
    pub fn error(self, code: u16, reason: &str) -> Self {
        let mut value = vec![0, 0, (code / 100) as u8, (code % 100) as u8];
        value.extend_from_slice(reason.as_bytes());
        self.attribute(attribute::ERROR_CODE, &value)
    }

    /// Adds MESSAGE-INTEGRITY; after it only [`Encoder::finish`].
    pub fn sign(mut self, key: &IntegrityKey) -> Self {
        self.set_length(4 + INTEGRITY_BYTES);
        let sum = hmac_sha1(key.as_bytes(), &[self.out]);
        self.attribute(attribute::MESSAGE_INTEGRITY, sum.as_bytes())
    }

    /// Ends the message, with a FINGERPRINT if asked for.
    pub fn finish(mut self, has_fingerprint: bool) {
        if has_fingerprint {
            self.set_length(8);
            let sum = crc32fast::hash(self.out) ^ FINGERPRINT_XOR;
            self = self.attribute(attribute::FINGERPRINT, &sum.to_be_bytes());
        }
        self.set_length(0);
    }

    /// The length of what is there and of `more` bytes that follow.
    fn set_length(&mut self, more: usize) {
        let length = u16::try_from(self.out.len() - HEADER_BYTES + more).unwrap_or(u16::MAX);
        if let Some(place) = self.out.get_mut(2..4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }
}

/// The value of an XORed address attribute, and its length (RFC 8489, section 14.2).
fn xor_address(address: SocketAddr, transaction: &[u8; 12]) -> ([u8; 20], usize) {
    let mut value = [0; 20];
    let port = address.port() ^ (COOKIE >> 16) as u16;
    value[2..4].copy_from_slice(&port.to_be_bytes());
    match address.ip() {
        IpAddr::V4(ip) => {
            value[1] = 1;
            value[4..8].copy_from_slice(&(u32::from(ip) ^ COOKIE).to_be_bytes());
            (value, 8)
        }
        IpAddr::V6(ip) => {
            value[1] = 2;
            value[4..20].copy_from_slice(&(u128::from(ip) ^ address_mask(transaction)).to_be_bytes());
            (value, 20)
        }
    }
}

/// ChannelData (RFC 8656, section 12.4), padded over TCP and TLS (section 12.5).
pub(crate) fn channel_data(out: &mut Vec<u8>, channel: u16, data: &[u8], is_padded: bool) {
    out.clear();
    let Ok(length) = u16::try_from(data.len()) else { return };
    out.extend_from_slice(&channel.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(data);
    if is_padded {
        out.resize(out.len().next_multiple_of(4), 0);
    }
}
