//! Descriptions of guests (RFC 8866), read as far as anything here makes use of them.

use super::codecs::Kind;

/// Our own pages stop there too.
const BYTES_MAX: usize = 200_000;
const SECTIONS_MAX: usize = 300;
const SSRCS_MAX: usize = 16;
const LIST_MAX: usize = 64;

/// What a description says of the connection, and of each section.
#[derive(Debug, Default)]
pub(crate) struct Description {
    pub(crate) transport: Transport,
    pub(super) sections: Vec<Section>,
}

/// Each is of characters that may stand in a description of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transport {
    pub(crate) ufrag: String,
    pub(crate) password: String,
    pub(crate) fingerprint: String,
    pub(crate) setup: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    Of(Kind),
    Channels,
    Other,
}

#[derive(Debug)]
pub(super) struct Section {
    pub(super) media: Media,
    /// The first line of it without the port, for an answer that takes nothing of it.
    pub(super) form: String,
    pub(super) mid: String,
    pub(super) rejected: bool,
    pub(super) sends: bool,
    pub(super) receives: bool,
    /// The id of the stream that a track belongs to.
    pub(super) stream: Option<String>,
    /// Sources, with those of their retransmissions.
    pub(super) ssrcs: Vec<(u32, Option<u32>)>,
    /// Names of codecs by their numbers.
    pub(super) codecs: Vec<(u8, String)>,
    pub(super) extensions: Vec<(u8, String)>,
    /// The sizes that the guest sends a picture in.
    pub(super) layers: Vec<String>,
}

/// Characters of a token (RFC 8866, section 9), as many as anybody needs.
pub(crate) fn is_token(text: &str) -> bool {
    let token = |byte: u8| matches!(byte, 0x21 | 0x23..=0x27 | 0x2a..=0x2b | 0x2d..=0x2e | 0x30..=0x39 | 0x41..=0x5a | 0x5e..=0x7e);
    (1..=100).contains(&text.len()) && text.bytes().all(token)
}

/// `ice-char` (RFC 8839, section 5.4).
fn is_ice(text: &str) -> bool {
    (4..=256).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'/'))
}

fn is_fingerprint(text: &str) -> bool {
    (10..=250).contains(&text.len())
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b':' | b' '))
}

/// `None` for what no connection can be made with.
pub(crate) fn parse(text: &str) -> Option<Description> {
    if text.len() > BYTES_MAX {
        return None;
    }
    let mut found = Description::default();
    for line in text.lines() {
        let (kind, value) = line.split_once('=')?;
        match kind {
            "m" if found.sections.len() < SECTIONS_MAX => found.sections.push(Section::new(value)?),
            "m" => return None,
            "a" => {
                let (name, value) = value.split_once(':').unwrap_or((value, ""));
                found.transport.attribute(name, value);
                if let Some(section) = found.sections.last_mut() {
                    section.attribute(name, value);
                }
            }
            _ => {}
        }
    }
    let Transport { ufrag, password, fingerprint, .. } = &found.transport;
    let complete = is_ice(ufrag) && is_ice(password) && is_fingerprint(fingerprint) && !found.sections.is_empty();
    complete.then_some(found)
}

impl Transport {
    /// What stands first counts; all sections share one connection.
    fn attribute(&mut self, name: &str, value: &str) {
        let place = match name {
            "ice-ufrag" => &mut self.ufrag,
            "ice-pwd" => &mut self.password,
            "fingerprint" => &mut self.fingerprint,
            "setup" => &mut self.setup,
            _ => return,
        };
        if place.is_empty() {
            value.trim().clone_into(place);
        }
    }
}

impl Section {
    fn new(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (kind, port) = (words.next()?, words.next()?);
        let media = match kind {
            "audio" => Media::Of(Kind::Audio),
            "video" => Media::Of(Kind::Video),
            "application" => Media::Channels,
            _ => Media::Other,
        };
        let harmless = |word: &&str| word.len() <= 40 && word.bytes().all(|it| it.is_ascii_graphic());
        let rest: Vec<_> = words.take(2).filter(harmless).collect();
        let form = match (media, rest.as_slice()) {
            (Media::Other, _) => "audio 0 UDP/TLS/RTP/SAVPF 0".to_owned(),
            (_, [protocol, format]) => format!("{kind} 0 {protocol} {format}"),
            _ => return None,
        };
        Some(Self {
            media,
            form,
            mid: String::new(),
            rejected: port == "0",
            sends: true,
            receives: true,
            stream: None,
            ssrcs: Vec::new(),
            codecs: Vec::new(),
            extensions: Vec::new(),
            layers: Vec::new(),
        })
    }

    fn attribute(&mut self, name: &str, value: &str) {
        match name {
            "mid" if is_mid(value) => value.clone_into(&mut self.mid),
            // Sections that share the first one's connection may say no port of their own (RFC 8843, section 7.2).
            "bundle-only" => self.rejected = false,
            "sendrecv" => (self.sends, self.receives) = (true, true),
            "sendonly" => (self.sends, self.receives) = (true, false),
            "recvonly" => (self.sends, self.receives) = (false, true),
            "inactive" => (self.sends, self.receives) = (false, false),
            "msid" if self.stream.is_none() => {
                let stream = value.split(' ').next().filter(|it| *it != "-" && is_token(it));
                self.stream = stream.map(str::to_owned);
            }
            "ssrc" => {
                let ssrc = value.split(' ').next().and_then(|it| it.parse().ok());
                let Some(ssrc) = ssrc else { return };
                let known = self.ssrcs.iter().any(|(main, repair)| *main == ssrc || *repair == Some(ssrc));
                if !known && self.ssrcs.len() < SSRCS_MAX {
                    self.ssrcs.push((ssrc, None));
                }
            }
            "ssrc-group" => {
                let mut words = value.split(' ');
                if words.next() != Some("FID") {
                    return;
                }
                let mut numbers = words.filter_map(|it| it.parse().ok());
                let (Some(main), Some(repair)) = (numbers.next(), numbers.next()) else { return };
                self.ssrcs.retain(|(it, _)| *it != main && *it != repair);
                if self.ssrcs.len() < SSRCS_MAX {
                    self.ssrcs.push((main, Some(repair)));
                }
            }
            "rtpmap" => list(&mut self.codecs, value),
            "extmap" => list(&mut self.extensions, value),
            "simulcast" => {
                let sends = value.split_once("send ").map(|(_, rest)| rest.split(' ').next().unwrap_or(""));
                let layers = sends.unwrap_or("").split(';').map(|it| it.trim_start_matches('~'));
                self.layers = layers.filter(|it| is_mid(it)).take(3).map(str::to_owned).collect();
            }
            _ => {}
        }
    }
}

/// What names sections and layers: so long that str0m keeps it whole.
fn is_mid(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_alphanumeric())
}

fn list(entries: &mut Vec<(u8, String)>, value: &str) {
    let Some((number, rest)) = value.split_once(' ') else { return };
    // An extension's number may say a direction.
    let number = number.split('/').next().and_then(|it| it.parse().ok());
    let Some(number) = number.filter(|_| entries.len() < LIST_MAX && rest.len() <= 200) else { return };
    entries.push((number, rest.split(' ').next().unwrap_or("").to_owned()));
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) const HEAD: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
        a=fingerprint:sha-256 AA:BB:CC:DD\r\na=setup:active\r\na=mid:0\r\na=sctp-port:5000\r\n";

    #[test]
    fn a_browser_s_answer_is_read() {
        let text = format!(
            "{HEAD}m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=sendonly\r\na=msid:{{one}} two\r\n\
             a=ssrc-group:FID 11 12\r\na=ssrc:11 cname:x\r\na=ssrc:12 cname:x\r\na=rtpmap:96 VP8/90000\r\n\
             a=extmap:3/sendrecv http://x\r\na=simulcast:send h;~m;l\r\n"
        );
        let found = parse(&text).expect("a description");
        assert_eq!(found.transport.fingerprint, "sha-256 AA:BB:CC:DD");
        let section = &found.sections[1];
        assert_eq!((section.sends, section.receives, section.stream.as_deref()), (true, false, Some("{one}")));
        assert_eq!(
            (&section.ssrcs[..], &section.layers[..]),
            (&[(11, Some(12))][..], &["h", "m", "l"].map(str::to_owned)[..])
        );
        assert_eq!((section.codecs[0].1.as_str(), section.extensions[0].0), ("VP8/90000", 3));
    }

    #[test]
    fn what_no_connection_can_be_made_with_is_nothing() {
        assert!(parse("").is_none());
        assert!(parse("v=0\r\n").is_none());
        assert!(parse(&HEAD.replace("ice-pwd", "x")).is_none());
        assert!(parse(&HEAD.replace("AA:BB", "\u{e9}")).is_none());
        assert!(parse(&format!("{HEAD}{}", "m=audio 9 X 1\r\n".repeat(400))).is_none());
        assert!(parse(&format!("{HEAD}m=audio\r\n")).is_none());
        // A line that is no line ends the matter.
        assert!(parse(&format!("{HEAD}nonsense\r\n")).is_none());
    }
}
