//! Who may ask: nonces without state, and keys from credentials that expire.
//!
//! **Invariant:** nothing is kept for a question. A nonce is a checksum over a window of time and the 5-tuple that asked, so
//! that whoever repeats it can hear at that address.
use std::net::{IpAddr, SocketAddr};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use p2pchat_ice::shared_secret_password;
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use crate::{host::FiveTuple, quotas::Who};

/// Bytes of a checksum that a nonce carries.
const NONCE_SUM_BYTES: usize = 12;
/// Bytes of a nonce: its window, and its checksum.
const NONCE_BYTES: usize = 4 + NONCE_SUM_BYTES;

/// Seconds for which a nonce is current; it is taken for as long again. Browsers give up on 438 to Allocate, so that it has
/// to last from the 401 to the repeated request however slow a device is.
const NONCE_WINDOW_S: u64 = 3_600;

/// A block of SHA-1, to which HMAC fills keys up (RFC 2104).
const BLOCK_BYTES: usize = 64;

/// An HMAC-SHA1.
#[derive(Clone, Copy)]
pub(crate) struct Sum([u8; 20]);

impl Sum {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// In constant time.
    pub(crate) fn is(&self, other: &[u8]) -> bool {
        self.0.ct_eq(other).into()
    }
}

pub(crate) fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> Sum {
    let mut block = [0; BLOCK_BYTES];
    if key.len() > BLOCK_BYTES {
        block[..20].copy_from_slice(&Sha1::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut mac = Hmac::<Sha1>::new(&block.into());
    parts.iter().for_each(|it| mac.update(it));
    Sum(mac.finalize().into_bytes().into())
}

/// The key of a long-term credential (RFC 8489, section 9.2.2).
#[derive(Clone, PartialEq, Eq)]
pub struct IntegrityKey([u8; 16]);

impl IntegrityKey {
    /// For a name and a password in a realm.
    pub fn long_term(username: &str, realm: &str, password: &str) -> Self {
        let mut md5 = Md5::new();
        for part in [username, ":", realm, ":", password] {
            md5.update(part);
        }
        IntegrityKey(md5.finalize().into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// One name and password for pages that cannot ask for credentials.
#[derive(Clone)]
pub struct FixedLogin {
    /// Without a colon, so that it is no name of a peer.
    pub username: String,
    /// The operator's.
    pub password: SecretString,
}

/// What credentials are checked with.
pub struct Credentials {
    /// What clients see as REALM.
    pub realm: String,
    /// Passwords are made with it.
    pub secret: SecretString,
    /// Beside the passwords that expire.
    pub fixed: Option<FixedLogin>,
    /// Nonces are made with it: random, and of this process alone.
    pub nonce_key: [u8; 32],
}

/// Who a username is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    pub(crate) who: Who<'a>,
    /// Until when its credentials are good, in seconds since 1970. `None`: for ever.
    pub(crate) expiry_s: Option<u64>,
}

impl Credentials {
    /// The nonce for a 5-tuple at this time, in seconds of the relay's clock.
    pub(crate) fn nonce(&self, five_tuple: &FiveTuple, now_s: u64) -> String {
        let window = window(now_s);
        let mut bytes = [0; NONCE_BYTES];
        bytes[..4].copy_from_slice(&window.to_be_bytes());
        bytes[4..].copy_from_slice(&self.nonce_sum(five_tuple, window));
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Is it one of ours for this 5-tuple, from this window of time or the one before, or from `kept`?
    pub(crate) fn is_fresh(&self, nonce: &[u8], five_tuple: &FiveTuple, now_s: u64, kept: Option<u32>) -> Option<u32> {
        let mut bytes = [0; NONCE_BYTES];
        if BASE64_URL_SAFE_NO_PAD.decode_slice(nonce, &mut bytes) != Ok(NONCE_BYTES) {
            return None;
        }
        let (from, sum) = bytes.split_first_chunk::<4>()?;
        let (from, current) = (u32::from_be_bytes(*from), window(now_s));
        let is_current = from == current || from.checked_add(1) == Some(current) || Some(from) == kept;
        let is_ours = bool::from(self.nonce_sum(five_tuple, from).ct_eq(sum));
        (is_current && is_ours).then_some(from)
    }

    fn nonce_sum(&self, five_tuple: &FiveTuple, window: u32) -> [u8; NONCE_SUM_BYTES] {
        let mut server = [0; 16];
        if let Some(ip) = five_tuple.server {
            server = ip_bytes(ip);
        }
        let stream = five_tuple.stream.map_or(0, u32::from).to_be_bytes();
        let SocketAddrParts { ip, port } = parts(five_tuple.client);
        let sum = hmac_sha1(&self.nonce_key, &[&window.to_be_bytes(), &stream, &server, &ip, &port]);
        let mut short = [0; NONCE_SUM_BYTES];
        short.copy_from_slice(&sum.0[..NONCE_SUM_BYTES]);
        short
    }

    /// Who it is for, and with which key they sign. `None`: it is no username of ours.
    pub(crate) fn look_up<'a>(&self, username: &'a str) -> Option<(Identity<'a>, IntegrityKey)> {
        if let Some(fixed) = self.fixed.as_ref().filter(|it| it.username == username) {
            let key = IntegrityKey::long_term(username, &self.realm, fixed.password.expose_secret());
            return Some((Identity { who: Who::Fixed, expiry_s: None }, key));
        }
        let (expiry, id) = username.split_once(':')?;
        let identity = Identity { who: Who::Peer(id), expiry_s: Some(expiry.parse().ok()?) };
        let password = shared_secret_password(self.secret.expose_secret(), username);
        Some((identity, IntegrityKey::long_term(username, &self.realm, password.expose_secret())))
    }
}

fn window(now_s: u64) -> u32 {
    (now_s / NONCE_WINDOW_S) as u32
}

struct SocketAddrParts {
    ip: [u8; 16],
    port: [u8; 2],
}

fn parts(address: SocketAddr) -> SocketAddrParts {
    SocketAddrParts { ip: ip_bytes(address.ip()), port: address.port().to_be_bytes() }
}

fn ip_bytes(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}
