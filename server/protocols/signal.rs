//! A `SIGNAL`: its target, its room, and the same text with `source` set. Nothing else is looked at.
//!
//! **Invariant:** what `JSON.parse` would make of the text is the same before and after, `source` aside: lone surrogates,
//! long numbers, doubled and escaped keys stay as they were sent.
use std::{borrow::Cow, ops::Range};

use p2pchat_rooms::{Payload, SignalKind};
use serde::Deserialize;

use super::{
    Attachments, DecodeError,
    json::{self, Body, Fields},
};

/// The original passes about 4,100 levels on and drops 20,000.
pub(super) const DEPTH_MAX: usize = 4_000;

/// Members that name the sender. An honest signal has one or none.
const SENDERS_MAX: usize = 8;

/// More make a newer socket.io client give up its own connection (socket.io-parser 4.2.7, `maxAttachments`).
const ATTACHMENTS_MAX: usize = 10;

/// What the server has to know of a signal.
#[derive(Debug)]
pub struct Envelope<'a> {
    /// The peer that receives it.
    pub target: Cow<'a, str>,
    /// The room that both are in.
    pub room: Cow<'a, str>,
    /// The rest.
    pub payload: Payload<'a>,
}

impl<'a> Envelope<'a> {
    /// Reads a whole event, `["SIGNAL",{…}]`; its name is not looked at.
    ///
    /// # Errors
    /// It has no target or no content, or it would harm its receiver.
    pub fn read(event: &'a str, attachments: Attachments) -> Result<Self, DecodeError> {
        match json::read_event(event).ok_or(DecodeError::NotAnEvent)?.body {
            Body::Object(fields) => Self::of(&fields, attachments),
            Body::Text(_) | Body::Other => Err(DecodeError::Body),
        }
    }

    /// As [`Envelope::read`], of an event that was read before.
    pub(super) fn of(fields: &Fields<'a>, attachments: Attachments) -> Result<Self, DecodeError> {
        let body = fields.text;
        let signal = fields.raw("signal").ok_or(DecodeError::Body)?;
        let target = fields.text("target").ok_or(DecodeError::Body)?;
        let room = fields.text("room").ok_or(DecodeError::Body)?;
        if signal == "null" {
            return Err(DecodeError::Body);
        }
        if json::is_deeper_than(body, DEPTH_MAX) {
            return Err(DecodeError::TooDeep);
        }
        if attachments.len() > ATTACHMENTS_MAX {
            return Err(DecodeError::TooManyAttachments);
        }
        if !placeholders_fit(body, attachments.len()) {
            return Err(DecodeError::Placeholder);
        }
        let sender_spans = sender_spans(body, fields, "source").ok_or(DecodeError::Body)?;
        Ok(Envelope {
            target,
            room,
            payload: Payload { kind: SignalKind::Opaque, text: Cow::Borrowed(body), sender_spans, attachments },
        })
    }
}

/// The whole event for the target: the text as it came, with `source` set to the sender, who is named without quotes
/// or backslashes.
pub fn stamp_sender(payload: &Payload<'_>, source: &str) -> String {
    let mut text = String::with_capacity(payload.text.len() + source.len() + 32);
    text.push_str("[\"SIGNAL\",");
    stamp(&mut text, payload, "source", &["\"", source, "\""]);
    text.push(']');
    text
}

/// Where in an object's text the sender's name goes: at the last member of this key, which is the one that counts (ECMA-262,
/// JSON.parse); where there is none, one is appended to the members that there are. The spans before the last hide members
/// that a sender has put there for whoever believes the first.
pub(super) fn sender_spans(object: &str, fields: &Fields<'_>, key: &str) -> Option<Vec<Range<usize>>> {
    let mut spans: Vec<_> = fields.all(key).take(SENDERS_MAX + 1).filter_map(|it| json::span(object, it)).collect();
    if spans.len() > SENDERS_MAX {
        return None;
    }
    if spans.is_empty() {
        let brace = object.rfind('}')?;
        spans.push(brace..brace);
    }
    Some(spans)
}

/// Appends an object's text with the sender's name, which is JSON in parts, as the member of this key. The text grows by the
/// name once, however often the key stands there.
pub(super) fn stamp(text: &mut String, payload: &Payload<'_>, key: &str, name: &[&str]) {
    let object = &*payload.text;
    let mut copied = 0;
    for (n, Range { start, end }) in payload.sender_spans.iter().cloned().enumerate() {
        text.push_str(&object[copied..start]);
        if start == end {
            text.extend([",\"", key, "\":"]);
        }
        if n + 1 == payload.sender_spans.len() {
            text.extend(name.iter().copied());
        } else {
            text.push('0');
        }
        copied = end;
    }
    text.push_str(&object[copied..]);
}

/// May this text travel with so many attachments? The target's socket.io client closes its own connection over a
/// placeholder that points nowhere, so that one member could throw out another. Without attachments it looks for none.
fn placeholders_fit(body: &str, n_attachments: usize) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Placeholder {
        #[serde(rename = "_placeholder")]
        is_one: bool,
        num: usize,
    }
    let fits = |object: &str| {
        let mut only_this = serde_json::Deserializer::from_str(object);
        Placeholder::deserialize(&mut only_this).is_ok_and(|it| it.is_one && it.num < n_attachments)
    };
    // A scan and not a parse, so that strings may contain anything. The text is known to be JSON.
    let mut open = Vec::new();
    let mut at = 0;
    while n_attachments > 0 && at < body.len() {
        let mut end = at + 1;
        match body.as_bytes()[at] {
            b'{' | b'[' => open.push(at),
            b'}' | b']' => drop(open.pop()),
            b'"' => {
                end = json::string_end(body, at);
                let is_key = body[end..].trim_start().starts_with(':');
                if is_key
                    && json::text(&body[at..end]).as_deref() == Some("_placeholder")
                    && !open.last().is_some_and(|&start| fits(&body[start..]))
                {
                    return false;
                }
            }
            _ => (),
        }
        at = end;
    }
    true
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Attachments, DecodeError, Envelope, stamp_sender};

    fn event(body: &str) -> String {
        format!(r#"["SIGNAL",{body},"dropped"]"#)
    }
    fn relayed(body: &str) -> String {
        stamp_sender(&Envelope::read(&event(body), Attachments::new()).unwrap().payload, "ME")
    }
    fn refused(body: &str, n_attachments: usize) -> DecodeError {
        let attachments = std::iter::repeat_n(Bytes::from_static(b"x"), n_attachments).collect();
        Envelope::read(&event(body), attachments).unwrap_err()
    }

    #[test]
    fn source_is_appended_or_set_where_it_stands() {
        assert_eq!(
            relayed(r#"{"target":"t","room":"r","signal":1}"#),
            r#"["SIGNAL",{"target":"t","room":"r","signal":1,"source":"ME"}]"#
        );
        assert_eq!(
            relayed(r#"{"source":null,"target":"t", "room":"r","signal":{},"sour\u0063e" : {"a":"}"} }"#),
            r#"["SIGNAL",{"source":0,"target":"t", "room":"r","signal":{},"sour\u0063e" : "ME" }]"#
        );
    }

    #[test]
    fn a_signal_grows_by_the_senders_name_once() {
        let body = |n: usize| format!(r#"{{{}"target":"t","room":"r","signal":1}}"#, r#""source":0,"#.repeat(n));
        let name = "n".repeat(300);
        for n in 0..=8 {
            let event = event(&body(n));
            let stamped = stamp_sender(&Envelope::read(&event, Attachments::new()).unwrap().payload, &name);
            assert!(stamped.len() <= body(n).len() + name.len() + 32, "{n}");
        }
        assert_eq!(refused(&body(9), 0), DecodeError::Body);
        assert_eq!(refused(&body(80_000), 0), DecodeError::Body);
    }

    #[test]
    fn nothing_else_is_touched() {
        let body = r#"{"k":1,"k":2,"10":1,"2":1,"\ud800":"\udfff","n":[1e400,1.0,12345678901234567890],"#.to_owned()
            + r#""target":"t","room":"r","signal":[{"source":"x"}]}"#;
        let expected = format!(r#"["SIGNAL",{},"source":"ME"}}]"#, &body[..body.len() - 1]);
        assert_eq!(relayed(&body), expected);
    }

    #[test]
    fn the_last_of_doubled_fields_decides() {
        let event = event(r#"{"target":"x","target":"t","room":"x","room":"r","signal":null,"signal":1}"#);
        let envelope = Envelope::read(&event, Attachments::new()).unwrap();
        assert_eq!((&*envelope.target, &*envelope.room), ("t", "r"));
        assert_eq!(refused(r#"{"target":"t","room":"r","signal":1,"signal":null}"#, 0), DecodeError::Body);
    }

    #[test]
    fn what_is_for_nobody_or_says_nothing_is_dropped() {
        for body in [
            "null",
            "5",
            r#""str""#,
            "[]",
            "{}",
            r#"{"target":"t","room":"r"}"#,
            r#"{"target":"t","room":"r","signal":null}"#,
            r#"{"target":1,"room":"r","signal":1}"#,
            r#"{"target":"t","room":["r"],"signal":1}"#,
        ] {
            assert_eq!(refused(body, 0), DecodeError::Body, "{body}");
        }
    }

    #[test]
    fn two_hundred_levels_pass_and_twenty_thousand_do_not() {
        let nested = |levels: usize| {
            format!(r#"{{"target":"t","room":"r","signal":{}{}}}"#, "[".repeat(levels), "]".repeat(levels))
        };
        assert!(relayed(&nested(200)).contains("[[[["));
        assert!(relayed(&nested(3_999)).contains("[[[["));
        assert_eq!(refused(&nested(4_000), 0), DecodeError::TooDeep);
        assert_eq!(refused(&nested(20_000), 0), DecodeError::TooDeep);
    }

    #[test]
    fn ten_attachments_pass_and_eleven_do_not() {
        let body = r#"{"target":"t","room":"r","signal":1}"#;
        let attachments = |n: usize| std::iter::repeat_n(Bytes::from_static(b"x"), n).collect();
        assert!(Envelope::read(&event(body), attachments(10)).is_ok());
        assert_eq!(refused(body, 11), DecodeError::TooManyAttachments);
    }

    #[test]
    fn a_placeholder_must_point_at_an_attachment() {
        let with = |signal: &str| format!(r#"{{"target":"t","room":"r","signal":{signal}}}"#);
        let fits = with(r#"[{"_placeholder":true,"num":0},{"num":1,"_placeholder":true},"\"_placeholder\":"]"#);
        let attachments = [Bytes::from_static(b"a"), Bytes::from_static(b"b")].into();
        assert!(Envelope::read(&event(&fits), attachments).is_ok());
        for signal in [
            r#"{"_placeholder":true,"num":7}"#,
            r#"{"_placeholder":true,"num":-1}"#,
            r#"{"_placeholder":true,"num":"splice"}"#,
            r#"{"_placeholder":true,"num":0,"num":"x"}"#,
            r#"{"_pl\u0061ceholder":true,"num":1}"#,
            r#"{"_placeholder":true}"#,
        ] {
            assert_eq!(refused(&with(signal), 1), DecodeError::Placeholder, "{signal}");
            assert!(relayed(&with(signal)).contains(signal), "without attachments nobody looks for placeholders");
        }
    }
}
