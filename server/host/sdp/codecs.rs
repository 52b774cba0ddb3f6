//! What is offered of codecs and header extensions, and by which numbers. Few of them: whoever sends may be seen by
//! everybody then, and descriptions stay short. The numbers are those that Chromium gives by itself.

/// Sound or pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Audio,
    Video,
}

/// A payload type, with that of its retransmissions (RFC 4588).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codec {
    pub(crate) number: u8,
    pub(crate) resend: Option<u8>,
    /// As `a=rtpmap` has it.
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static str,
}

pub(crate) const OPUS: Codec =
    Codec { number: 111, resend: None, name: "opus/48000/2", parameters: "minptime=10;useinbandfec=1" };
pub(crate) const VP8: Codec = Codec { number: 96, resend: Some(97), name: "VP8/90000", parameters: "" };
pub(crate) const H264: Codec = Codec {
    number: 109,
    resend: Some(114),
    name: "H264/90000",
    parameters: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
};

impl Kind {
    pub(super) fn codecs(self) -> &'static [Codec] {
        match self {
            Kind::Audio => &[OPUS],
            Kind::Video => &[VP8, H264],
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Audio => "audio",
            Kind::Video => "video",
        }
    }

    /// Header extensions (RFC 8285) by their numbers.
    pub(super) fn extensions(self) -> &'static [(u8, &'static str)] {
        match self {
            Kind::Audio => &[AUDIO_LEVEL, TRANSPORT_CC, MID],
            Kind::Video => &[TRANSPORT_CC, MID],
        }
    }
}

pub(crate) const AUDIO_LEVEL: (u8, &str) = (1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level");
pub(crate) const TRANSPORT_CC: (u8, &str) =
    (3, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01");
pub(crate) const MID: (u8, &str) = (4, "urn:ietf:params:rtp-hdrext:sdes:mid");
pub(crate) const STREAM_ID: (u8, &str) = (10, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id");
pub(crate) const REPAIRED_STREAM_ID: (u8, &str) = (11, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id");
