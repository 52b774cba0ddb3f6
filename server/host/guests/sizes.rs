//! A guest whose pictures come in several sizes at once.

use std::time::Instant;

use serde_json::json;
use str0m::Rtc;
use str0m::media::{Mid, Rid};
use str0m::rtp::RtpWrite;

use super::guest::Guest;

pub(super) const SIZES: [&str; 3] = ["h", "m", "l"];

pub(super) fn declare_sizes(rtc: &mut Rtc, mid: Mid) {
    let mut api = rtc.direct_api();
    for size in SIZES.map(Rid::from) {
        if api.stream_tx_by_mid(mid, Some(size)).is_none() {
            let (ssrc, resend) = (api.new_ssrc(), api.new_ssrc());
            api.declare_stream_tx(ssrc, Some(resend), mid, Some(size));
        }
    }
}

/// A picture in one of its sizes.
#[derive(Clone, Copy)]
pub struct Picture {
    pub size: &'static str,
    /// It needs no other.
    pub key: bool,
    /// As a camera has it whose pictures are 3,000 apart.
    pub time: u32,
    pub height: u16,
    pub packets: usize,
    pub bytes: usize,
}

impl Guest {
    /// It sends its pictures in several sizes where it is offered that.
    pub fn layered(mut self) -> Self {
        self.caps["layers"] = json!(true);
        self
    }

    /// It comes back to a call, and its downlink took so much before.
    pub(super) fn whose_downlink_takes(mut self, bits_per_second: u32) -> Self {
        self.takes = Some(bits_per_second);
        self
    }

    /// All sizes of its pictures come from other sources from now on, and count from the beginning.
    pub fn sources_anew(&mut self) {
        for (mid, _) in self.transceivers.iter().filter(|(_, it)| it.1 == "video") {
            let mut api = self.rtc.direct_api();
            for size in SIZES.map(Rid::from) {
                let old = api.stream_tx_by_mid(*mid, Some(size)).map(|it| it.ssrc());
                old.map(|it| api.remove_stream_tx(it));
                self.sequence.insert((*mid, Some(size)), 7);
            }
            declare_sizes(&mut self.rtc, *mid);
        }
    }

    /// Sends a picture in one of its sizes, in so many packets. The last byte of each says which.
    pub fn send_size(&mut self, stream: &str, picture: &Picture, now: Instant) {
        let found = self.transceivers.iter().find(|(_, it)| it.0 == stream && it.1 == "video");
        let Some(mid) = found.map(|(mid, _)| *mid) else { return };
        let Picture { size, key, time, height, packets, bytes } = *picture;
        let rid = (!size.is_empty()).then(|| Rid::from(size));
        for n in 0..packets {
            // Each size counts from somewhere else.
            let first = 500 * u64::from(size.bytes().next().unwrap_or(0));
            let sequence = self.sequence.entry((mid, rid)).or_insert(first);
            *sequence += 1;
            let (sequence, number) = (*sequence, 0x8000 | (time / 3_600) as u16 & 0x7fff);
            let [low, high] = height.to_le_bytes();
            let [a, b] = number.to_be_bytes();
            let start = if n == 0 { 0x90 } else { 0x80 };
            let mut payload =
                vec![start, 0xe0, a, b, number as u8, 0, u8::from(!key), 0, 0, 0x9d, 0x01, 0x2a, 0, 0, low, high];
            payload.resize(bytes, 0);
            let mut payload = self.stamped(payload, now);
            payload.extend(size.bytes());
            let mut api = self.rtc.direct_api();
            let Some(tx) = api.stream_tx_by_mid(mid, rid) else { return };
            let time = time.wrapping_add(u32::from(size.bytes().next().unwrap_or(0)) << 20);
            let packet = RtpWrite::new(96.into(), sequence.into(), time, now, payload).nackable(true);
            tx.write_rtp(packet.marker(n + 1 == packets));
            self.tick(now);
        }
    }

    /// The stream that comes on a transceiver, as the last offer says.
    pub fn stream_on(&self, mid: Mid) -> Option<&str> {
        let section = self.offers.last()?.split("\r\nm=").find(|it| it.contains(&format!("a=mid:{mid}\r\n")))?;
        section.lines().find_map(|line| line.strip_prefix("a=msid:")?.split(' ').next())
    }
}
