//! Sound and pictures on a connection: what str0m is told of lines and sources, and packets in and out.

use str0m::media::{KeyframeRequestKind, MediaKind, Mid, Rid};
use str0m::rtp::RtpWrite;

use super::Connection;
use crate::lines::Kind;

/// Sources on one line; a browser has one, or one for each size that comes without a name.
const LINE_SOURCES_MAX: usize = 2;

impl Connection {
    /// Tells str0m of the lines as they are now.
    pub(super) fn declare(&mut self) {
        let Self { rtc, lines, declared, .. } = self;
        let gone: Vec<Mid> = declared.keys().copied().filter(|mid| lines.get(mid).is_none()).collect();
        let mut api = rtc.direct_api();
        for mid in gone {
            declared.remove(&mid);
            api.remove_media(mid);
        }
        for line in lines.iter().filter(|line| !line.mid.is_empty()) {
            let mid = Mid::from(line.mid.as_str());
            let expected = declared.entry(mid).or_insert_with(|| {
                let (kind, resend) = match line.kind {
                    Kind::Audio => (MediaKind::Audio, None),
                    Kind::Video => (MediaKind::Video, Some(line.resend_ssrc.into())),
                };
                api.declare_media(mid, kind);
                api.declare_stream_tx(line.ssrc.into(), resend, mid, None);
                Vec::new()
            });
            // Of sizes nobody knows which source is which, and packets say it themselves.
            let named = line.layers.is_empty();
            let sources: Vec<_> = line.sources.iter().take(LINE_SOURCES_MAX).filter(|_| named).copied().collect();
            for old in expected.iter().filter(|old| !sources.iter().any(|(main, _)| main == *old)) {
                api.remove_stream_rx((*old).into());
            }
            expected.retain(|old| sources.iter().any(|(main, _)| main == old));
            for (main, resend) in sources {
                // A source is another line's already: hostile, and the first one keeps it.
                if expected.contains(&main) || api.stream_rx(&main.into()).is_some_and(|it| it.mid() != mid) {
                    continue;
                }
                expected.push(main);
                let stream = api.expect_stream_rx(main.into(), resend.map(Into::into), mid, None);
                stream.suppress_nack(resend.is_none());
            }
        }
    }

    /// Which line, and which size on it, a source is.
    pub(crate) fn place_of(&mut self, source: str0m::rtp::Ssrc) -> Option<(Mid, Option<Rid>)> {
        self.rtc.direct_api().stream_rx(&source).map(|stream| (stream.mid(), stream.rid()))
    }

    /// Sends a packet on a line.
    pub(crate) fn write(&mut self, mid: Mid, packet: RtpWrite) {
        if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(mid, None) {
            stream.write_rtp(packet);
        }
    }

    /// Asks the guest for a key frame.
    pub(crate) fn ask_for_key_frame(&mut self, mid: Mid, rid: Option<Rid>) -> bool {
        let mut api = self.rtc.direct_api();
        let Some(stream) = api.stream_rx_by_mid(mid, rid) else { return false };
        stream.request_keyframe(KeyframeRequestKind::Pli);
        true
    }
}
