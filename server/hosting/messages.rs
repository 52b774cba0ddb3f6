//! What the session that hosts stars is told, as far as it looks at it.
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::rooms::RoomId;

/// Something that happened in a room that it hosts.
#[derive(Debug)]
pub(super) enum Heard<'a> {
    /// A member says something to it.
    Signal { room: RoomId, from: String, signal: &'a str },
    /// The room may be another than it was.
    Changed { room: RoomId },
    /// The owner has done something there.
    Acted { room: RoomId },
    /// A member has missed what was said to it.
    Returned { room: RoomId, peer: String },
}

#[derive(Deserialize)]
struct SignalBody<'a> {
    room: String,
    source: String,
    #[serde(borrow)]
    signal: &'a RawValue,
}

#[derive(Deserialize)]
struct Place {
    #[serde(rename = "roomID")]
    room: String,
    #[serde(rename = "userID", default)]
    peer: String,
}

#[derive(Deserialize)]
struct Newcomer {
    from: Place,
}

/// `None`: it is nothing that concerns a host.
pub(super) fn read(text: &str) -> Option<Heard<'_>> {
    let (name, body): (String, &RawValue) = serde_json::from_str(text).ok()?;
    let place = |it: Place| Heard::Changed { room: RoomId::from(&*it.room) };
    match &*name {
        "SIGNAL" => {
            let SignalBody { room, source, signal } = serde_json::from_str(body.get()).ok()?;
            Some(Heard::Signal { room: RoomId::from(&*room), from: source, signal: signal.get() })
        }
        "JOIN-ROOM" => serde_json::from_str(body.get()).ok().map(|it: Newcomer| place(it.from)),
        "RETURNED" => {
            let Place { room, peer } = serde_json::from_str(body.get()).ok()?;
            Some(Heard::Returned { room: RoomId::from(&*room), peer })
        }
        "DISCONNECTEDUSER" => serde_json::from_str(body.get()).ok().map(place),
        "OWNER-ACT" => {
            serde_json::from_str(body.get()).ok().map(|it: Place| Heard::Acted { room: RoomId::from(&*it.room) })
        }
        _ => None,
    }
}

/// What it says to a member. `signal` is JSON.
pub(super) fn signal(room: &RoomId, to: &str, signal: &str) -> String {
    let [to, room] = [to, room.as_str()].map(|it| serde_json::to_string(it).unwrap_or_default());
    format!(r#"["SIGNAL",{{"target":{to},"room":{room},"signal":{signal}}}]"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_a_host_is_read() {
        let heard = read(r#"["SIGNAL",{"target":"s","room":"r","signal":{"type":"answer", "sdp":"x"},"source":"a"}]"#);
        let Some(Heard::Signal { room, from, signal }) = heard else { panic!("{heard:?}") };
        assert_eq!((room.as_str(), &*from, signal), ("r", "a", r#"{"type":"answer", "sdp":"x"}"#));
        for text in [
            r#"["JOIN-ROOM",{"from":{"userID":"a","roomID":"r"}}]"#,
            r#"["DISCONNECTEDUSER",{"userID":"a","roomID":"r"}]"#,
        ] {
            let heard = read(text);
            assert!(matches!(&heard, Some(Heard::Changed { room }) if room.as_str() == "r"), "{text}: {heard:?}");
        }
        let heard = read(r#"["OWNER-ACT",{"roomID":"r","text":"t","key":"k","signature":"s"}]"#);
        assert!(matches!(&heard, Some(Heard::Acted { room }) if room.as_str() == "r"), "{heard:?}");
        let heard = read(r#"["RETURNED",{"userID":"a","roomID":"r"}]"#);
        assert!(matches!(&heard, Some(Heard::Returned { peer, .. }) if peer == "a"), "{heard:?}");
        for text in
            ["", "[]", r#"["SIGNAL",{}]"#, r#"["ROOM-KNOCK",{"roomID":"r"}]"#, r#"["JOIN-ROOM",{"requestID":"1"}]"#]
        {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_it_says_is_an_event() {
        let said = signal(&RoomId::from("r"), "a\"b", r#"{"type":"offer"}"#);
        assert_eq!(said, r#"["SIGNAL",{"target":"a\"b","room":"r","signal":{"type":"offer"}}]"#);
    }
}
