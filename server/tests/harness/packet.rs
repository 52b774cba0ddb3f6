//! What clients send and hear, as values.
/// An Engine.IO packet as it stands on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    Text(String),
    Binary(Vec<u8>),
}

/// A socket.io event: `["NAME",…]` and its attachments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) text: String,
    pub(crate) attachments: Vec<Vec<u8>>,
}

/// A signal as its sender says it; `signal` is JSON.
pub(crate) fn signal_text(to: &str, room: &str, signal: &str) -> String {
    format!(r#"["SIGNAL",{{"target":"{to}","room":"{room}","signal":{signal}}}]"#)
}
