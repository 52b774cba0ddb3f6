//! JSON as `JSON.parse` would take it, read without building a tree: the last of equal keys counts, lone surrogates and
//! numbers beyond any type are no reason to refuse a text.
//!
//! **Invariant:** what is borrowed points into the text that was read, so that it can be found again in it.
use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// `["NAME", body, …]` gives the name and the text of the body; what follows is not looked at.
pub(super) fn read_event(text: &str) -> Option<(Cow<'_, str>, &str)> {
    serde_json::from_str::<Event<'_>>(text).ok().map(|Event(name, body)| (name, body))
}

/// The members of an object that have one of the wanted names, in the order in which they stand there.
pub(super) struct Fields<'a>(Vec<(Cow<'a, [u8]>, &'a str)>);

impl<'a> Fields<'a> {
    /// `None`: not an object.
    pub(super) fn read(body: &'a str) -> Option<Self> {
        serde_json::from_str(body).ok()
    }

    /// The text of every value with this key.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(it, _)| **it == *key.as_bytes()).map(|(_, value)| *value)
    }

    /// The text of the value that counts.
    pub(super) fn raw(&self, key: &str) -> Option<&'a str> {
        self.all(key).last()
    }

    /// A string. Halves of surrogate pairs become replacement characters.
    pub(super) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        text(self.raw(key)?)
    }

    /// A number, as a double; infinite where it is beyond one.
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        let raw = self.raw(key)?;
        // The text is JSON, so that what begins like a number is one, and no `inf` or `nan`.
        raw.starts_with(|it: char| it == '-' || it.is_ascii_digit()).then(|| raw.parse().ok())?
    }
}

/// The string that this text of a JSON value stands for. `None`: another kind of value.
pub(super) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let Key(bytes) = serde_json::from_str(raw).ok()?;
    Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Does this JSON text nest deeper than `depth_max` arrays and objects?
pub(super) fn is_deeper_than(json: &str, depth_max: usize) -> bool {
    // A level takes two bytes, its brackets.
    if json.len() <= 2 * depth_max {
        return false;
    }
    let (mut depth, mut at) = (0, 0);
    while let Some(byte) = json.as_bytes().get(at) {
        match byte {
            b'[' | b'{' if depth == depth_max => return true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            b'"' => at = string_end(json, at) - 1,
            _ => (),
        }
        at += 1;
    }
    false
}

/// The end of the string that begins at `start`, past its closing quote.
pub(super) fn string_end(json: &str, start: usize) -> usize {
    let mut escaped = false;
    let closing = json.bytes().enumerate().skip(start + 1).find(|&(_, byte)| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    closing.map_or(json.len(), |(at, _)| at + 1)
}

struct Event<'a>(Cow<'a, str>, &'a str);

impl<'de> Deserialize<'de> for Event<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = Event<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event with a body")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let Key(name) = seq.next_element()?.ok_or_else(|| A::Error::custom("no name"))?;
                let body: &RawValue = seq.next_element()?.ok_or_else(|| A::Error::custom("no body"))?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                let name = match name {
                    Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
                    Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
                };
                Ok(Event(name, body.get()))
            }
        }
        deserializer.deserialize_seq(Parts)
    }
}

// By hand, because a derived struct refuses doubled keys.
impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(4);
                while let Some(Key(key)) = map.next_key()? {
                    members.push((key, map.next_value::<&RawValue>()?.get()));
                }
                Ok(Fields(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A string as bytes: one with a lone surrogate is no `str`.
struct Key<'a>(Cow<'a, [u8]>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsBytes;
        impl<'de> Visitor<'de> for AsBytes {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_bytes<E>(self, v: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(v)))
            }
            fn visit_bytes<E>(self, v: &[u8]) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(v.to_vec())))
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(v.as_bytes())))
            }
            fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(v.as_bytes().to_vec())))
            }
        }
        deserializer.deserialize_bytes(AsBytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, is_deeper_than, read_event, text};

    #[test]
    fn an_event_has_a_name_and_a_body_and_the_rest_is_dropped() {
        assert_eq!(read_event(r#"["A",{"b": 1 },2,[3]]"#), Some(("A".into(), r#"{"b": 1 }"#)));
        assert_eq!(read_event(r#"["\u0041",null]"#), Some(("A".into(), "null")));
        for text in ["", "{}", "[]", r#"["A"]"#, r#"[1,2]"#, r#"[{},1]"#, r#"["A",]"#, r#"["A",1]x"#, r#"["A",1"#] {
            assert_eq!(read_event(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_of_equal_keys_counts_however_they_are_spelt() {
        let fields = Fields::read(r#"{"a":1,"b":"x","\u0061":"\ud83d\ude00\ud800"}"#).unwrap();
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["1", r#""\ud83d\ude00\ud800""#]);
        assert!(fields.text("a").unwrap().starts_with("😀\u{fffd}"));
        assert_eq!((fields.text("b").as_deref(), fields.text("c")), (Some("x"), None));
    }

    #[test]
    fn a_number_is_a_double_and_nothing_else_is_a_number() {
        let fields = Fields::read(r#"{"a":-1.5,"b":1e400,"c":"7","d":null,"e":false}"#).unwrap();
        assert_eq!((fields.number("a"), fields.number("b")), (Some(-1.5), Some(f64::INFINITY)));
        assert_eq!([fields.number("c"), fields.number("d"), fields.number("e")], [None; 3]);
    }

    #[test]
    fn only_a_string_is_a_text() {
        assert_eq!(text(r#""a\"b""#).as_deref(), Some("a\"b"));
        assert_eq!([text("1"), text("null"), text("[]")], [None, None, None]);
    }

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        assert!(is_deeper_than("[[[]]]", 2));
        assert!(!is_deeper_than("[[],[]]     ", 2));
        assert!(!is_deeper_than(r#"["[[[\"[[["]"#, 2));
    }
}
