//! What a guest's connection understands: Opus and VP8.

use std::net::SocketAddr;
use std::time::Instant;

use str0m::net::Protocol;
use str0m::{Candidate, Rtc, RtcConfig};

use crate::crypto;

pub(super) fn connection(address: SocketAddr, now: Instant) -> Rtc {
    let config = RtcConfig::new().set_crypto_provider(crypto::provider()).set_rtp_mode(true);
    let config = config.clear_codecs().enable_opus(true).enable_vp8(true);
    let mut rtc = config.build(now);
    rtc.add_local_candidate(Candidate::host(address, Protocol::Udp).expect("a candidate"));
    rtc
}

/// A section as it is, or one that has ended with a codec for each of its formats.
pub(super) fn with_codecs(section: &str) -> String {
    let mut words = section.lines().next().unwrap_or_default().split(' ');
    let codec = if words.next() == Some("audio") { "opus/48000/2" } else { "VP8/90000" };
    if words.next() != Some("0") || section.contains("a=rtpmap:") {
        return section.to_owned();
    }
    let codecs: String = words.skip(1).map(|format| format!("a=rtpmap:{format} {codec}\r\n")).collect();
    format!("{section}{codecs}")
}
