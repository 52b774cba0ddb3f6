//! What a guest's datagrams are looked at for before str0m sees them: it makes room for every source and layer that a packet
//! names, before it knows whether the packet is the guest's.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Instant;

use crate::room::{Bucket, Pace};
use crate::sdp::{REPAIRED_STREAM_ID, STREAM_ID};

/// No browser's packets of sound and pictures are longer; with what goes around them here they still fit.
const RTP_BYTES_MAX: usize = 1_500;
/// Streams with their retransmissions, of a very long call.
const SOURCES_MAX: usize = 512;
/// Addresses that a guest may be looked for at, until another way is looked for: str0m keeps each of them.
const WAYS_MAX: usize = 100;
/// How many datagrams a guest may send.
const DATAGRAMS: Pace = Pace { burst: 20_000.0, per_second: 10_000.0 };

/// What one guest has sent so far.
#[derive(Debug)]
pub(super) struct Guard {
    datagrams: Bucket,
    sources: HashSet<u32>,
    ways: HashSet<SocketAddr>,
}

/// What a datagram is (RFC 7983), by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Stun,
    Dtls,
    Rtp,
    Rtcp,
    Other,
}

pub(crate) fn form(datagram: &[u8]) -> Form {
    match datagram {
        [0..=3, ..] => Form::Stun,
        [20..=63, ..] => Form::Dtls,
        // RFC 5761, section 4.
        [128..=191, 192..=223, ..] => Form::Rtcp,
        [128..=191, _, ..] => Form::Rtp,
        _ => Form::Other,
    }
}

impl Guard {
    pub(super) fn new() -> Self {
        Self { datagrams: Bucket::new(DATAGRAMS), sources: HashSet::new(), ways: HashSet::new() }
    }

    /// Whether a datagram may go on.
    pub(super) fn passes(&mut self, datagram: &[u8], now: Instant) -> bool {
        if !self.datagrams.take(now, 1.0) {
            return false;
        }
        match form(datagram) {
            Form::Rtp => datagram.len() <= RTP_BYTES_MAX && self.knows_source(datagram) && layer_is_known(datagram),
            Form::Other => false,
            Form::Stun | Form::Dtls | Form::Rtcp => true,
        }
    }

    /// Whether the guest may be at this address too.
    pub(super) fn takes_way(&mut self, source: SocketAddr) -> bool {
        self.ways.contains(&source) || (self.ways.len() < WAYS_MAX && self.ways.insert(source))
    }

    /// Both ends look for each other anew.
    pub(super) fn forget_ways(&mut self) {
        self.ways.clear();
    }

    fn knows_source(&mut self, packet: &[u8]) -> bool {
        let Some([a, b, c, d]) = packet.get(8..12) else { return false };
        let source = u32::from_be_bytes([*a, *b, *c, *d]);
        // Zero is Chromium's, for finding out what a connection bears.
        source == 0
            || self.sources.contains(&source)
            || (self.sources.len() < SOURCES_MAX && self.sources.insert(source))
    }
}

/// Whether a packet says no layer, or one of those that we have offered (RFC 8285, section 4.2).
fn layer_is_known(packet: &[u8]) -> bool {
    if packet.first().is_some_and(|first| first & 0x10 == 0) {
        return true;
    }
    let contributors = usize::from(packet.first().map_or(0, |first| first & 0x0f)) * 4;
    let Some([profile_a, profile_b, words_a, words_b]) = packet.get(12 + contributors..16 + contributors) else {
        return false;
    };
    let words = usize::from(u16::from_be_bytes([*words_a, *words_b]));
    let Some(mut rest) = packet.get(16 + contributors..16 + contributors + words * 4) else { return false };
    let two_bytes = match (profile_a, profile_b) {
        (0xbe, 0xde) => false,
        (0x10, low) if low & 0xf0 == 0 => true,
        _ => return true,
    };
    while let Some((&head, tail)) = rest.split_first() {
        let (id, length, tail) = match (head, two_bytes) {
            (0, _) => {
                rest = tail;
                continue;
            }
            (_, false) => (head >> 4, usize::from(head & 0x0f) + 1, tail),
            (_, true) => match tail.split_first() {
                Some((&length, tail)) => (head, usize::from(length), tail),
                None => return true,
            },
        };
        if id == 15 && !two_bytes {
            return true;
        }
        let Some((value, tail)) = tail.split_at_checked(length) else { return true };
        if (id == STREAM_ID.0 || id == REPAIRED_STREAM_ID.0) && !matches!(value, b"h" | b"m" | b"l") {
            return false;
        }
        rest = tail;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(source: u32, extensions: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x90, 96, 0, 1, 0, 0, 0, 0];
        packet.extend(source.to_be_bytes());
        packet.extend([0xbe, 0xde, 0, u8::try_from(extensions.len() / 4).expect("few")]);
        packet.extend(extensions);
        packet.extend([0; 40]);
        packet
    }

    #[test]
    fn sources_and_layers_are_bounded() {
        let now = Instant::now();
        let mut guard = Guard::new();
        let passed = (1..=2_000).filter(|source| guard.passes(&packet(*source, &[]), now)).count();
        assert_eq!(passed, SOURCES_MAX);
        assert!(guard.passes(&packet(1, &[0xa0, b'h', 0, 0]), now));
        assert!(!guard.passes(&packet(1, &[0xa0, b'x', 0, 0]), now));
        assert!(!guard.passes(&packet(1, &[0x10, 5, 0xb1, b'h', b'h', 0, 0, 0]), now));
    }

    #[test]
    fn broken_packets_do_not_pass() {
        let mut guard = Guard::new();
        let now = Instant::now();
        let whole = packet(1, &[0xa0, b'h', 0, 0]);
        for end in 0..20 {
            assert!(!guard.passes(&whole[..end.min(16)], now) || end == 0 || form(&whole[..end]) != Form::Rtp);
        }
        assert!(!guard.passes(&[0x90; 1_600], now) && !guard.passes(&[], now) && !guard.passes(&[70; 20], now));
    }
}
