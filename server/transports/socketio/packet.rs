//! The text packets of a socket.io client on a websocket: Engine.IO, revision 4, around socket.io, revision 5
//! (<https://socket.io/docs/v4/engine-io-protocol/>, <https://socket.io/docs/v4/socket-io-protocol/>).
//!
//! **Invariant:** no packet is copied, and what an event says is not looked at.

/// What a text packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// The client goes.
    Close,
    /// A heartbeat.
    Heartbeat,
    /// It wants to speak in this namespace.
    Connect { namespace: &'a str },
    /// It leaves the only namespace that there is.
    Disconnect,
    /// `["NAME", …]`, and how many attachments follow.
    Event { text: &'a str, n_attachments: usize },
    /// An answer to nothing that was asked, and how many attachments follow.
    Acknowledgement { n_attachments: usize },
    /// For a namespace that there is not. It is ignored, with the attachments that follow.
    Elsewhere { n_attachments: usize },
}

/// The namespace that everybody is in.
pub(super) const ROOT: &str = "/";

/// No packet that a client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadPacket;

impl<'a> Packet<'a> {
    /// # Errors
    /// It is no packet, or none of those that a client sends.
    pub(super) fn read(packet: &'a str) -> Result<Self, BadPacket> {
        match packet.as_bytes() {
            [b'1', ..] => Ok(Packet::Close),
            // A probe belongs to an upgrade, which is over.
            [b'2' | b'3', b'p', b'r', b'o', b'b', b'e'] => Err(BadPacket),
            [b'2' | b'3', ..] => Ok(Packet::Heartbeat),
            [b'4', ..] => Packet::read_message(&packet[1..]),
            _ => Err(BadPacket),
        }
    }

    fn read_message(message: &'a str) -> Result<Self, BadPacket> {
        let kind = message.bytes().next().ok_or(BadPacket)?;
        let mut rest = message.get(1..).ok_or(BadPacket)?;
        let n_attachments = match kind {
            b'5' | b'6' => {
                let (number, text) = rest.split_once('-').ok_or(BadPacket)?;
                rest = text;
                is_number(number).then(|| number.parse().ok()).flatten().ok_or(BadPacket)?
            }
            _ => 0,
        };
        let mut namespace = ROOT;
        if rest.starts_with('/') {
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
        }
        let text = rest.trim_start_matches(|it: char| it.is_ascii_digit());
        let has_id = text.len() < rest.len();
        match kind {
            b'0' => Ok(Packet::Connect { namespace }),
            b'1' | b'2' | b'5' if namespace != ROOT => Ok(Packet::Elsewhere { n_attachments }),
            b'1' => Ok(Packet::Disconnect),
            b'2' | b'5' => Ok(Packet::Event { text, n_attachments }),
            b'3' | b'6' if has_id => Ok(Packet::Acknowledgement { n_attachments }),
            _ => Err(BadPacket),
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BadPacket, Packet, ROOT};

    #[test]
    fn what_clients_send_is_understood() {
        let event = |text, n_attachments| Packet::Event { text, n_attachments };
        for (packet, read) in [
            ("1", Packet::Close),
            ("3", Packet::Heartbeat),
            ("40", Packet::Connect { namespace: ROOT }),
            (r#"40{"token":"1"}"#, Packet::Connect { namespace: ROOT }),
            (r#"40/a,{"token":1}"#, Packet::Connect { namespace: "/a" }),
            ("40/a", Packet::Connect { namespace: "/a" }),
            ("41", Packet::Disconnect),
            ("41/a,", Packet::Elsewhere { n_attachments: 0 }),
            (r#"42["A",1]"#, event(r#"["A",1]"#, 0)),
            (r#"42/,["A"]"#, event(r#"["A"]"#, 0)),
            (r#"4212["A"]"#, event(r#"["A"]"#, 0)),
            (r#"42/a,["A"]"#, Packet::Elsewhere { n_attachments: 0 }),
            (r#"452-["A",1]"#, event(r#"["A",1]"#, 2)),
            (r#"450-["A",1]"#, event(r#"["A",1]"#, 0)),
            (r#"452-/a,7["A",1]"#, Packet::Elsewhere { n_attachments: 2 }),
            ("431[]", Packet::Acknowledgement { n_attachments: 0 }),
            ("461-1[]", Packet::Acknowledgement { n_attachments: 1 }),
        ] {
            assert_eq!(Packet::read(packet), Ok(read), "{packet}");
        }
    }

    #[test]
    fn what_no_client_sends_is_refused() {
        for packet in [
            "",
            "0",
            "0{}",
            "2probe",
            "3probe",
            "4",
            "43[]",
            "44{}",
            "45[]",
            "45-[]",
            "45x-[]",
            "45+1-[]",
            "46[]",
            "461-[]",
            "47",
            "4é",
            "5",
            "6",
            "b",
            "bAAAA",
            "x",
            "é",
            "4599999999999999999999-[]",
        ] {
            assert_eq!(Packet::read(packet), Err(BadPacket), "{packet}");
        }
    }

    proptest! {
        #[test]
        fn no_text_whatever_does_harm(text in "[0-6]{0,3}[-/,0-9é\\[\\]{}\"a-b]{0,9}") {
            let _ = Packet::read(&text);
        }
    }
}
