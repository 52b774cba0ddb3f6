//! The messages of RFC 5769.
use std::net::SocketAddr;

use crate::{Class, Encoder, IntegrityKey, Message, Method, attribute};

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|it| u8::from_str_radix(std::str::from_utf8(it).unwrap(), 16).unwrap()).collect()
}

/// The password of sections 2.1 to 2.3, which is the key as it stands.
const SHORT_TERM: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";

const REQUEST: &str = "00010058 2112a442 b7e7a701bc34d686fa87dfae
    80220010 5354554e207465737420636c69656e74 00240004 6e0001ff 80290008 932ff9b151263b36
    00060009 6576746a3a68367659202020 00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2 80280004 e57a3bcf";

const IPV4_RESPONSE: &str = "0101003c 2112a442 b7e7a701bc34d686fa87dfae
    8022000b 7465737420766563746f7220 00200008 0001a147e112a643
    00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96";

const IPV6_RESPONSE: &str = "01010048 2112a442 b7e7a701bc34d686fa87dfae
    8022000b 7465737420766563746f7220 00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
    00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c";

const LONG_TERM_REQUEST: &str = "00010060 2112a442 78ad3433c6ad72c029da412e
    00060012 e3839ee38388e383aae38383e382afe382b90000
    0015001c 662f2f3439396b39353464364f4c33346f4c39465354767936347341
    0014000b 6578616d706c652e6f726700 00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666";

#[test]
fn a_request_is_read_and_its_sums_are_right() {
    let bytes = bytes(REQUEST);
    let message = Message::decode(&bytes).unwrap();
    assert_eq!((message.class(), message.method()), (Class::Request, Some(Method::Binding)));
    assert_eq!(message.text(attribute::USERNAME), Some("evtj:h6vY"));
    assert_eq!(message.text(attribute::SOFTWARE), Some("STUN test client"));
    assert_eq!(message.number(attribute::PRIORITY), Some(0x6e00_01ff));
    assert!(message.has_fingerprint() && message.is_signed_by(SHORT_TERM));
    assert!(!message.is_signed_by(b"VOkJxbRl1RmTxUk/WvJxBu"));
}

#[test]
fn responses_are_read_and_an_address_is_written_as_they_have_it() {
    for (hex, address) in
        [(IPV4_RESPONSE, "192.0.2.1:32853"), (IPV6_RESPONSE, "[2001:db8:1234:5678:11:2233:4455:6677]:32853")]
    {
        let bytes = bytes(hex);
        let message = Message::decode(&bytes).unwrap();
        let address: SocketAddr = address.parse().unwrap();
        assert_eq!((message.class(), message.address(attribute::XOR_MAPPED_ADDRESS)), (Class::Success, Some(address)));
        assert!(message.has_fingerprint() && message.is_signed_by(SHORT_TERM));
        let mut out = Vec::new();
        let written = Encoder::new(&mut out, Class::Success, Method::Binding, message.transaction());
        written.address(attribute::XOR_MAPPED_ADDRESS, address).finish(true);
        let value = message.get(attribute::XOR_MAPPED_ADDRESS).unwrap();
        assert_eq!(Message::decode(&out).unwrap().get(attribute::XOR_MAPPED_ADDRESS), Some(value));
    }
}

#[test]
fn a_long_term_credential_is_checked() {
    let bytes = bytes(LONG_TERM_REQUEST);
    let message = Message::decode(&bytes).unwrap();
    let username = "マトリックス";
    assert_eq!(message.text(attribute::USERNAME), Some(username));
    assert!(message.is_signed_with(&IntegrityKey::long_term(username, "example.org", "TheMatrIX")));
    assert!(!message.is_signed_with(&IntegrityKey::long_term(username, "example.org", "TheMatriX")));
}

#[test]
fn a_message_that_was_changed_anywhere_is_noticed() {
    let whole = bytes(REQUEST);
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            let is_taken =
                Message::decode(&changed).is_ok_and(|it| it.is_signed_by(SHORT_TERM) && it.has_fingerprint());
            assert!(!is_taken, "byte {at}, bit {bit}");
        }
    }
    for length in 0..whole.len() {
        assert!(Message::decode(&whole[..length]).is_err());
    }
}

#[test]
fn what_we_sign_is_signed_as_we_check_it() {
    let key = IntegrityKey::long_term("u", "r", "p");
    let mut out = Vec::new();
    for has_fingerprint in [false, true] {
        let message =
            Encoder::new(&mut out, Class::Request, Method::Refresh, [3; 12]).attribute(attribute::NONCE, b"abc");
        message.sign(&key).finish(has_fingerprint);
        let message = Message::decode(&out).unwrap();
        assert!(message.is_signed_with(&key) && message.has_fingerprint() == has_fingerprint);
        assert_eq!((message.get(attribute::NONCE), message.transaction()), (Some(&b"abc"[..]), [3; 12]));
        assert!(!message.is_signed_with(&IntegrityKey::long_term("u", "r", "q")));
    }
}
