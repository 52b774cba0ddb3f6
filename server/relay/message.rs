//! STUN messages as they come in (RFC 8489, section 5): decoding without copying.
//!
//! **Invariant:** a [`Message`] is whole: its attributes fill it exactly, and its FINGERPRINT is right where it has one. What
//! stands after MESSAGE-INTEGRITY is not protected and is not read (section 14.5).
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::credentials::{IntegrityKey, hmac_sha1};

/// The magic cookie (RFC 8489, section 5).
pub(crate) const COOKIE: u32 = 0x2112_A442;
/// What FINGERPRINT is combined with (RFC 8489, section 14.7).
pub(crate) const FINGERPRINT_XOR: u32 = 0x5354_554E;
pub(crate) const HEADER_BYTES: usize = 20;
pub(crate) const INTEGRITY_BYTES: usize = 20;

/// Attribute types (RFC 8489, section 18.3; RFC 8656, section 18.4).
pub mod attribute {
    #![expect(missing_docs, reason = "the names are those of the registry")]
    pub const USERNAME: u16 = 0x0006;
    pub const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub const ERROR_CODE: u16 = 0x0009;
    pub const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
    pub const CHANNEL_NUMBER: u16 = 0x000C;
    pub const LIFETIME: u16 = 0x000D;
    pub const XOR_PEER_ADDRESS: u16 = 0x0012;
    pub const DATA: u16 = 0x0013;
    pub const REALM: u16 = 0x0014;
    pub const NONCE: u16 = 0x0015;
    pub const XOR_RELAYED_ADDRESS: u16 = 0x0016;
    pub const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
    pub const EVEN_PORT: u16 = 0x0018;
    pub const REQUESTED_TRANSPORT: u16 = 0x0019;
    pub const DONT_FRAGMENT: u16 = 0x001A;
    pub const MESSAGE_INTEGRITY_SHA256: u16 = 0x001C;
    pub const PASSWORD_ALGORITHM: u16 = 0x001D;
    pub const USERHASH: u16 = 0x001E;
    pub const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub const RESERVATION_TOKEN: u16 = 0x0022;
    pub const PRIORITY: u16 = 0x0024;
    pub const USE_CANDIDATE: u16 = 0x0025;
    pub const ADDITIONAL_ADDRESS_FAMILY: u16 = 0x8000;
    pub const ADDRESS_ERROR_CODE: u16 = 0x8001;
    pub const FINGERPRINT: u16 = 0x8028;
    pub const SOFTWARE: u16 = 0x8022;

    /// From here on a receiver skips what it does not know (RFC 8489, section 14).
    pub const OPTIONAL_FROM: u16 = 0x8000;
}

/// Attributes that have to be understood, and are.
const KNOWN: [u16; 20] = {
    use attribute::*;
    [
        USERNAME,
        ERROR_CODE,
        CHANNEL_NUMBER,
        LIFETIME,
        XOR_PEER_ADDRESS,
        DATA,
        REALM,
        NONCE,
        XOR_RELAYED_ADDRESS,
        REQUESTED_ADDRESS_FAMILY,
        EVEN_PORT,
        REQUESTED_TRANSPORT,
        DONT_FRAGMENT,
        MESSAGE_INTEGRITY_SHA256,
        PASSWORD_ALGORITHM,
        USERHASH,
        XOR_MAPPED_ADDRESS,
        RESERVATION_TOKEN,
        PRIORITY,
        USE_CANDIDATE,
    ]
};

/// The four classes of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Expects an answer.
    Request,
    /// Expects none.
    Indication,
    /// A success response.
    Success,
    /// An error response.
    Error,
}

/// The methods that a TURN server has to do with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of RFC 8489, section 18.2, and RFC 8656, section 18.3")]
pub enum Method {
    Binding = 1,
    Allocate = 3,
    Refresh = 4,
    Send = 6,
    Data = 7,
    CreatePermission = 8,
    ChannelBind = 9,
}

impl Method {
    fn from_number(number: u16) -> Option<Self> {
        use Method::*;
        [Binding, Allocate, Refresh, Send, Data, CreatePermission, ChannelBind]
            .into_iter()
            .find(|it| *it as u16 == number)
    }
}

/// The type of a message: method and class, interleaved (RFC 8489, section 5, figure 3).
pub(crate) fn message_type(class: Class, method: Method) -> u16 {
    let method = method as u16;
    let class = match class {
        Class::Request => 0,
        Class::Indication => 0x010,
        Class::Success => 0x100,
        Class::Error => 0x110,
    };
    (method & 0xF) | (method & 0x70) << 1 | (method & 0xF80) << 2 | class
}

/// Not a STUN message, or one that contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a STUN message")]
pub struct Malformed;

/// A message that was checked, in the bytes that it came in.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    /// Length of the attributes that count.
    protected: usize,
}

/// An attribute in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// See [`attribute`].
    pub kind: u16,
    /// Without padding.
    pub value: &'a [u8],
}

impl<'a> Message<'a> {
    /// Checks a whole message.
    ///
    /// # Errors
    /// It is none.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let length = usize::from(u16_at(bytes, 2).ok_or(Malformed)?);
        let is_stun = bytes.first().is_some_and(|it| it & 0xC0 == 0) && u32_at(bytes, 4) == Some(COOKIE);
        if !is_stun || bytes.len() != HEADER_BYTES + length || !length.is_multiple_of(4) {
            return Err(Malformed);
        }
        let (mut at, mut protected) = (HEADER_BYTES, None);
        while at < bytes.len() {
            let (kind, value, next) = attribute_at(bytes, at).ok_or(Malformed)?;
            match kind {
                attribute::MESSAGE_INTEGRITY if protected.is_none() => protected = Some(at),
                attribute::FINGERPRINT => {
                    let sum = crc32fast::hash(bytes.get(..at).ok_or(Malformed)?) ^ FINGERPRINT_XOR;
                    if next != bytes.len() || value != sum.to_be_bytes() {
                        return Err(Malformed);
                    }
                    protected.get_or_insert(at);
                }
                _ => (),
            }
            at = next;
        }
        if at != bytes.len() {
            return Err(Malformed);
        }
        Ok(Message { bytes, protected: protected.unwrap_or(bytes.len()) })
    }

    /// Its class.
    pub fn class(&self) -> Class {
        match self.message_type() & 0x110 {
            0 => Class::Request,
            0x010 => Class::Indication,
            0x100 => Class::Success,
            _ => Class::Error,
        }
    }

    /// Its method. `None`: one that is not ours.
    pub fn method(&self) -> Option<Method> {
        let it = self.message_type();
        Method::from_number((it & 0xF) | (it & 0xE0) >> 1 | (it & 0x3E00) >> 2)
    }

    fn message_type(&self) -> u16 {
        u16_at(self.bytes, 0).unwrap_or_default()
    }

    /// The transaction id.
    pub fn transaction(&self) -> [u8; 12] {
        array_at(self.bytes, 8).unwrap_or_default()
    }

    /// The attributes that count, in their order.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        attributes(self.bytes.get(..self.protected).unwrap_or_default(), HEADER_BYTES)
    }

    /// The first of this kind; further ones do not count (RFC 8489, section 14).
    pub fn get(&self, kind: u16) -> Option<&'a [u8]> {
        self.attributes().find(|it| it.kind == kind).map(|it| it.value)
    }

    /// As [`Message::get`], for a text.
    pub fn text(&self, kind: u16) -> Option<&'a str> {
        std::str::from_utf8(self.get(kind)?).ok()
    }

    /// As [`Message::get`], for a number of 32 bits.
    pub fn number(&self, kind: u16) -> Option<u32> {
        Some(u32::from_be_bytes(self.get(kind)?.try_into().ok()?))
    }

    /// As [`Message::get`], for an address.
    pub fn address(&self, kind: u16) -> Option<SocketAddr> {
        decode_xor_address(self.get(kind)?, &self.transaction())
    }

    /// Every address of this kind. `None` stands for one that is none.
    pub fn addresses(&self, kind: u16) -> impl Iterator<Item = Option<SocketAddr>> + use<'a> {
        let transaction = self.transaction();
        self.attributes().filter(move |it| it.kind == kind).map(move |it| decode_xor_address(it.value, &transaction))
    }

    /// Kinds of attributes in it that have to be understood and are not (RFC 8489, section 6.3.1).
    pub(crate) fn unknown(&self) -> impl Iterator<Item = u16> + use<'a> {
        self.attributes().map(|it| it.kind).filter(|it| *it < attribute::OPTIONAL_FROM && !KNOWN.contains(it))
    }

    pub(crate) fn has_unknown(&self) -> bool {
        self.unknown().next().is_some()
    }

    /// Does it end with a FINGERPRINT?
    pub fn has_fingerprint(&self) -> bool {
        self.unprotected().any(|it| it.kind == attribute::FINGERPRINT)
    }

    /// Has it a MESSAGE-INTEGRITY, right or wrong?
    pub fn has_integrity(&self) -> bool {
        self.unprotected().any(|it| it.kind == attribute::MESSAGE_INTEGRITY)
    }

    /// Was it made by somebody who knows this key?
    pub fn is_signed_with(&self, key: &IntegrityKey) -> bool {
        self.is_signed_by(key.as_bytes())
    }

    pub(crate) fn is_signed_by(&self, key: &[u8]) -> bool {
        let Some(Attribute { kind: attribute::MESSAGE_INTEGRITY, value }) = self.unprotected().next() else {
            return false;
        };
        let (Some(head), Some(rest)) = (self.bytes.get(..2), self.bytes.get(4..self.protected)) else { return false };
        // The length is what it would be if the message ended with this attribute.
        let Ok(length) = u16::try_from(self.protected + 4 + INTEGRITY_BYTES - HEADER_BYTES) else { return false };
        hmac_sha1(key, &[head, &length.to_be_bytes(), rest]).is(value)
    }

    /// What stands from MESSAGE-INTEGRITY on.
    fn unprotected(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        attributes(self.bytes, self.protected)
    }
}

fn attributes(bytes: &[u8], mut at: usize) -> impl Iterator<Item = Attribute<'_>> {
    std::iter::from_fn(move || {
        let (kind, value, next) = attribute_at(bytes, at)?;
        at = next;
        Some(Attribute { kind, value })
    })
}

/// Its kind, its value, and where the next one begins.
fn attribute_at(bytes: &[u8], at: usize) -> Option<(u16, &[u8], usize)> {
    let length = usize::from(u16_at(bytes, at + 2)?);
    let value = bytes.get(at + 4..at + 4 + length)?;
    Some((u16_at(bytes, at)?, value, at + 4 + length.next_multiple_of(4)))
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_be_bytes)
}

/// What an IPv6 address is combined with: the cookie, then the transaction id.
pub(crate) fn address_mask(transaction: &[u8; 12]) -> u128 {
    let low = transaction.iter().fold(0u128, |mask, byte| mask << 8 | u128::from(*byte));
    u128::from(COOKIE) << 96 | low
}

/// RFC 8489, section 14.2.
fn decode_xor_address(value: &[u8], transaction: &[u8; 12]) -> Option<SocketAddr> {
    let port = u16_at(value, 2)? ^ (COOKIE >> 16) as u16;
    let ip: IpAddr = match (value.get(1)?, value.len()) {
        (1, 8) => Ipv4Addr::from(u32_at(value, 4)? ^ COOKIE).into(),
        (2, 20) => Ipv6Addr::from(u128::from_be_bytes(array_at(value, 4)?) ^ address_mask(transaction)).into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}
