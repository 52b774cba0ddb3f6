//! Our own descriptions. What all sections share stands before the first (RFC 8839, section 5.4, and RFC 8122, section
//! 5), so that a section takes up little.

use std::fmt::Write;
use std::net::SocketAddr;

use super::codecs::Kind;
use super::description::{Description, Media, Section, Transport};
use super::{Said, Transceiver, Transceivers};

/// What a description of ours says of the connection.
#[derive(Debug)]
pub(crate) struct Ours<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) candidates: &'a [SocketAddr],
    /// Whether the guest sends a picture in several sizes where that is offered: over transceivers that it sends nothing on
    /// yet.
    pub(crate) layers: bool,
}

/// The sizes a picture may come in, the largest first.
pub(crate) const LAYERS: [&str; 3] = ["h", "m", "l"];

/// What a section that carries nothing says behind its first line.
const REJECTED: &str = "c=IN IP4 0.0.0.0\r\na=inactive\r\n";

/// Whether we share a codec with a guest's section, under the same number.
pub(super) fn has_codec(section: &Section, kind: Kind) -> bool {
    kind.codecs().iter().any(|codec| offers(section, codec.number, codec.name))
}

fn offers(section: &Section, number: u8, name: &str) -> bool {
    section.codecs.iter().any(|(it, said)| *it == number && said.eq_ignore_ascii_case(name))
}

impl Transceivers {
    /// An offer of what holds now. Nothing is answered until the guest has.
    pub(crate) fn write_offer(&mut self, ours: &Ours<'_>) -> String {
        self.version += 1;
        let mut text = self.head(
            ours,
            self.all.iter().filter(|transceiver| !transceiver.stopping).map(|transceiver| transceiver.mid.as_str()),
        );
        channels(&mut text, ours);
        for transceiver in &mut self.all {
            transceiver.offered = transceiver.target();
            if transceiver.stopping {
                rejected(
                    &mut text,
                    &format!("{} 0 UDP/TLS/RTP/SAVPF {}", transceiver.kind.name(), transceiver.kind.codecs()[0].number),
                );
                let _ = write!(text, "a=mid:{}\r\n", transceiver.mid);
            } else {
                transceiver.write(&mut text, None, ours.layers);
            }
        }
        text
    }

    /// An answer to an offer that has been taken.
    pub(crate) fn write_answer(&mut self, ours: &Ours<'_>, offer: &Description) -> String {
        self.version += 1;
        let lives = |section: &&Section| {
            !section.rejected
                && self
                    .get(&section.mid)
                    .is_some_and(|transceiver| !transceiver.stopping || transceiver.answered != Said::Stopped)
        };
        let mids: Vec<_> = offer.sections.iter().skip(1).filter(lives).map(|it| it.mid.clone()).collect();
        let mut text = self.head(ours, mids.iter().map(String::as_str));
        for section in &offer.sections {
            let transceiver =
                self.all.iter().find(|transceiver| transceiver.mid == section.mid && mids.contains(&transceiver.mid));
            match (section.media, transceiver) {
                (Media::Channels, _) => channels(&mut text, ours),
                (_, Some(transceiver)) => transceiver.write(&mut text, Some(section), ours.layers),
                (_, None) => {
                    rejected(&mut text, &section.form);
                    if !section.mid.is_empty() {
                        let _ = write!(text, "a=mid:{}\r\n", section.mid);
                    }
                }
            }
        }
        text
    }

    fn head<'a>(&self, ours: &Ours<'_>, mids: impl Iterator<Item = &'a str>) -> String {
        let Transport { ufrag, password, fingerprint, setup } = ours.transport;
        let mut text = format!("v=0\r\no=- {} {} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", SESSION, self.version);
        text.push_str("a=group:BUNDLE 0");
        mids.for_each(|mid| {
            let _ = write!(text, " {mid}");
        });
        let _ = write!(
            text,
            "\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS *\r\na=ice-lite\r\na=ice-ufrag:{ufrag}\r\n\
             a=ice-pwd:{password}\r\na=ice-options:trickle\r\na=fingerprint:{fingerprint}\r\na=setup:{setup}\r\n"
        );
        text
    }
}

/// Any number: a connection has one description of ours at a time.
const SESSION: u64 = 7_180_339_887;

/// Of host candidates (RFC 8445, section 5.1.2.1), the first one first.
const PRIORITY: usize = 2_130_706_431;

fn channels(text: &mut String, ours: &Ours<'_>) {
    text.push_str("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n");
    for (at, address) in ours.candidates.iter().enumerate() {
        let priority = PRIORITY.saturating_sub(at << 8);
        let _ = write!(
            text,
            "a=candidate:{} 1 udp {priority} {} {} typ host\r\n",
            at + 1,
            address.ip().to_canonical(),
            address.port()
        );
    }
    text.push_str("a=mid:0\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n");
}

fn rejected(text: &mut String, form: &str) {
    let _ = write!(text, "m={form}\r\n{REJECTED}");
}

impl Transceiver {
    /// `to`: what is answered to, where this is an answer.
    fn write(&self, text: &mut String, to: Option<&Section>, layers: bool) {
        let Self { mid, kind, ssrc, resend_ssrc, .. } = self;
        let taken = |number: u8, name: &str| to.is_none_or(|it| offers(it, number, name));
        let codecs: Vec<_> = kind.codecs().iter().filter(|codec| taken(codec.number, codec.name)).collect();
        let _ = write!(text, "m={} 9 UDP/TLS/RTP/SAVPF", kind.name());
        let resend = |codec: &super::Codec| codec.resend.filter(|number| taken(*number, "rtx/90000"));
        for codec in &codecs {
            let _ = write!(text, " {}", codec.number);
            if let Some(number) = resend(codec) {
                let _ = write!(text, " {number}");
            }
        }
        let sends = match to {
            None => self.sends.as_ref(),
            Some(section) => self.sends.as_ref().filter(|it| section.receives && self.answered == Said::Sends(it.id)),
        };
        let receives = to.is_none_or(|it| it.sends);
        let direction = match (sends.is_some(), receives) {
            (true, true) => "sendrecv",
            (true, false) => "sendonly",
            (false, true) => "recvonly",
            (false, false) => "inactive",
        };
        let _ = write!(text, "\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n");
        let extension =
            |number: u8, name: &str| to.is_none_or(|it| it.extensions.iter().any(|(n, s)| *n == number && s == name));
        // An answer takes what is offered and no more.
        let open = to.is_none() && self.comes.is_none();
        let layered = layers && *kind == Kind::Video && (open || !self.layers.is_empty());
        let more: &[(u8, &str)] = if layered { &[super::STREAM_ID, super::REPAIRED_STREAM_ID] } else { &[] };
        for (number, name) in kind.extensions().iter().chain(more).filter(|(number, name)| extension(*number, name)) {
            let _ = write!(text, "a=extmap:{number} {name}\r\n");
        }
        for codec in codecs {
            let (number, name, parameters) = (codec.number, codec.name, codec.parameters);
            let _ = write!(text, "a=rtpmap:{number} {name}\r\na=rtcp-fb:{number} transport-cc\r\n");
            if *kind == Kind::Video {
                let _ = write!(
                    text,
                    "a=rtcp-fb:{number} ccm fir\r\na=rtcp-fb:{number} nack\r\na=rtcp-fb:{number} nack pli\r\n"
                );
            }
            if !parameters.is_empty() {
                let _ = write!(text, "a=fmtp:{number} {parameters}\r\n");
            }
            if let Some(resend) = resend(codec) {
                let _ = write!(text, "a=rtpmap:{resend} rtx/90000\r\na=fmtp:{resend} apt={number}\r\n");
            }
        }
        if layered {
            let offered = |layer: &&str| to.is_none() || self.layers.iter().any(|it| it == layer);
            let taken: Vec<_> = LAYERS.into_iter().filter(offered).collect();
            for layer in &taken {
                let _ = write!(text, "a=rid:{layer} recv\r\n");
            }
            let _ = write!(text, "a=simulcast:recv {}\r\n", taken.join(";"));
        }
        if let Some(sends) = sends {
            let _ = write!(text, "a=msid:{} t{}\r\n", sends.track.stream, sends.id);
            if *kind == Kind::Video {
                let _ = write!(text, "a=ssrc-group:FID {ssrc} {resend_ssrc}\r\n");
            }
            // Chromium takes the first one for the one that is not of retransmissions.
            let _ = write!(text, "a=ssrc:{ssrc} cname:host\r\n");
            if *kind == Kind::Video {
                let _ = write!(text, "a=ssrc:{resend_ssrc} cname:host\r\n");
            }
        }
    }
}
