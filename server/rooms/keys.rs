//! Rooms that an invitation brings back: their ids follow from a key that the invitation carries, so that nobody without it
//! can take the id.
use std::fmt;

use sha2::{Digest as _, Sha256};

use super::{Fingerprint, RoomId};

/// Characters of a key: base64url of 16 random bytes.
const KEY_CHARACTERS: usize = 22;

/// The key of a room. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RoomKey(String);

/// What the maker of a room knows alone: SHA-256 of a secret, by which it may take the host's place again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HostSecret(pub [u8; 32]);

impl RoomKey {
    /// `None`: it is no key.
    pub fn new(text: &str) -> Option<Self> {
        let is_key = |it: u8| it.is_ascii_alphanumeric() || it == b'-' || it == b'_';
        (text.len() == KEY_CHARACTERS && text.bytes().all(is_key)).then(|| RoomKey(text.to_owned()))
    }

    /// The id of its room: a UUID of version 8 (RFC 9562, section 5.8) from the SHA-256 of the key, and of the fingerprint of the
    /// room's founder where it has one. Under that id nobody else can be it.
    pub fn room(&self, founder: Option<Fingerprint>) -> RoomId {
        let founder = founder.map(|it| format!(" {it}")).unwrap_or_default();
        let digest = Sha256::digest(format!("p2pchat room {}{founder}", self.0));
        let mut bytes: Vec<u8> = digest.iter().copied().take(16).collect();
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut id = String::with_capacity(36);
        for (n, byte) in bytes.iter().enumerate() {
            if [4, 6, 8, 10].contains(&n) {
                id.push('-');
            }
            id.push_str(&format!("{byte:02x}"));
        }
        RoomId::from(&*id)
    }
}

impl HostSecret {
    /// Who knows this secret.
    pub fn of(secret: &str) -> Self {
        HostSecret(Sha256::digest(secret.as_bytes()).into())
    }
}

impl fmt::Debug for RoomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoomKey(..)")
    }
}

impl fmt::Debug for HostSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_follows_from_its_key() {
        // The first 16 bytes of `printf %s 'p2pchat room AAAAAAAAAAAAAAAAAAAAAA' | sha256sum`, version and variant set.
        let key = RoomKey::new("AAAAAAAAAAAAAAAAAAAAAA").unwrap();
        assert_eq!(key.room(None).as_str(), "003a90e2-3712-8a12-bc07-6c057f805b30");
        // The same of `p2pchat room AAAAAAAAAAAAAAAAAAAAAA 000102030405060708090a0b0c0d0e0f`.
        let founder = Fingerprint::new("000102030405060708090a0b0c0d0e0f");
        assert_eq!(key.room(founder).as_str(), "ee924209-8073-8193-aebe-b7a824ef3020");
        assert_eq!(format!("{key:?} {:?}", HostSecret::of("x")), "RoomKey(..) HostSecret(..)");
    }

    #[test]
    fn a_key_is_22_characters_of_base64url() {
        assert!(RoomKey::new("abcXYZ0123456789-_abcd").is_some());
        for text in
            ["", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA=", "äAAAAAAAAAAAAAAAAAAAA"]
        {
            assert!(RoomKey::new(text).is_none(), "{text}");
        }
    }
}
