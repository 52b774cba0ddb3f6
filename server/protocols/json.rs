//! JSON as `JSON.parse` would take it, read without building a tree: the last of equal keys counts, lone surrogates and
//! numbers beyond any type are no reason to refuse a text.
//!
//! **Invariant:** what is borrowed points into the text that was read, so that its position there can be computed.
use std::{borrow::Cow, fmt, ops::Range};

use serde::de::{Deserializer as _, Error, Visitor};

use super::json_scan::Scanner;

/// `["NAME", body, …]`; what follows the body is not looked at, and a missing body is none of the kinds that are understood.
pub(super) struct Event<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) body: Body<'a>,
}

pub(super) enum Body<'a> {
    Object(Fields<'a>),
    Text(Cow<'a, str>),
    /// Neither of the two.
    Other,
}

/// Names, unescaped, and the texts of their values.
type Members<'a> = Vec<(Cow<'a, [u8]>, &'a str)>;

/// An object: its text, and its members in the order in which they stand there.
pub(super) struct Fields<'a> {
    pub(super) text: &'a str,
    members: Members<'a>,
}

/// An object. `None`: not JSON, or not an object.
pub(super) fn read_object(text: &str) -> Option<Fields<'_>> {
    let mut scanner = Scanner::new(text);
    let members = members(&mut scanner)?;
    scanner.end()?;
    Some(Fields { text, members })
}

/// The texts of an array's values. `None`: not JSON, or not an array.
pub(super) fn read_array(text: &str) -> Option<Vec<&str>> {
    let mut scanner = Scanner::new(text);
    let mut values = Vec::new();
    let mut is_open = scanner.opens(b'[', b']')?;
    while is_open {
        values.push(scanner.value()?);
        is_open = scanner.goes_on(b']')?;
    }
    scanner.end()?;
    Some(values)
}

/// A text as it stands in JSON.
pub(super) fn quoted(text: &str) -> String {
    // A text cannot fail to serialise.
    serde_json::to_string(text).unwrap_or_default()
}

/// `None`: not JSON, or not an array that begins with a name.
pub(super) fn read_event(text: &str) -> Option<Event<'_>> {
    let mut scanner = Scanner::new(text);
    if !scanner.opens(b'[', b']')? {
        return None;
    }
    let name = match bytes(scanner.string()?)? {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    };
    let mut body = Body::Other;
    let mut is_open = scanner.goes_on(b']')?;
    if is_open {
        body = read_body(text, &mut scanner)?;
        is_open = scanner.goes_on(b']')?;
    }
    while is_open {
        scanner.value()?;
        is_open = scanner.goes_on(b']')?;
    }
    scanner.end()?;
    Some(Event { name, body })
}

fn read_body<'a>(whole: &'a str, scanner: &mut Scanner<'a>) -> Option<Body<'a>> {
    if scanner.peek()? == b'{' {
        let start = scanner.at();
        let members = members(scanner)?;
        return Some(Body::Object(Fields { text: &whole[start..scanner.at()], members }));
    }
    let value = scanner.value()?;
    Some(text(value).map_or(Body::Other, Body::Text))
}

fn members<'a>(scanner: &mut Scanner<'a>) -> Option<Members<'a>> {
    let mut members = Vec::with_capacity(4);
    let mut is_open = scanner.opens(b'{', b'}')?;
    while is_open {
        members.push((bytes(scanner.name()?)?, scanner.value()?));
        is_open = scanner.goes_on(b'}')?;
    }
    Some(members)
}

/// The span of `part`, which was borrowed from `whole`. By the addresses of the two: a search could find an equal text
/// elsewhere. `None`: it was borrowed from another text.
pub(super) fn span(whole: &str, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (start + part.len() <= whole.len()).then(|| start..start + part.len())
}

impl<'a> Fields<'a> {
    /// The text of every value with this key.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.members.iter().filter(move |(it, _)| **it == *key.as_bytes()).map(|(_, value)| *value)
    }

    /// The text of the last value with this key, which is the one that counts.
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

/// The string that this text of a JSON value stands for; halves of surrogate pairs become replacement characters. `None`:
/// another kind of value.
pub(super) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    match bytes(raw)? {
        Cow::Borrowed(_) => Some(Cow::Borrowed(inner)),
        Cow::Owned(bytes) => Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())),
    }
}

/// The bytes of a string, which is no `str` if it has a lone surrogate.
fn bytes(raw: &str) -> Option<Cow<'_, [u8]>> {
    struct Unescaped;
    impl Visitor<'_> for Unescaped {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
            Ok(bytes.to_vec())
        }
    }
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    if !inner.contains(&b'\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::Deserializer::from_str(raw).deserialize_bytes(Unescaped).ok().map(Cow::Owned)
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

#[cfg(test)]
mod tests {
    use super::{Body, Fields, is_deeper_than, quoted, read_array, read_event, read_object, text};

    fn fields(event: &str) -> Fields<'_> {
        match read_event(event).map(|it| it.body) {
            Some(Body::Object(fields)) => fields,
            _ => panic!("no object in {event}"),
        }
    }

    #[test]
    fn an_event_has_a_name_and_a_body_and_the_rest_is_dropped() {
        assert_eq!(read_event(r#"["\u0041",{"b": 1 },2,[3]]"#).unwrap().name, "A");
        assert_eq!(fields(r#" [ "{\"{" , {"b": {"}":1} ,"c":"}" } ,{"d":2}]"#).text, r#"{"b": {"}":1} ,"c":"}" }"#);
        assert!(matches!(read_event(r#"["A","x"]"#).unwrap().body, Body::Text(text) if text == "x"));
        for rest in ["", ",null", ",true", ",-1", ",1", ",1.5", ",[{}]"] {
            let text = format!(r#"["A"{rest}]"#);
            assert!(matches!(read_event(&text).unwrap().body, Body::Other), "{rest}");
        }
        for text in ["", "{}", "[]", "[1,2]", r#"[{},1]"#, r#"["A",]"#, r#"["A",1]x"#, r#"["A",1"#] {
            assert!(read_event(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_object_and_an_array_are_read_without_their_values() {
        let object = read_object(r#" {"a":[1e400,"\ud800"],"a":2} "#).unwrap();
        assert_eq!((object.raw("a"), object.raw("b")), (Some("2"), None));
        assert_eq!(read_array(r#"["a", {"b":[1]},1e400]"#).unwrap(), [r#""a""#, r#"{"b":[1]}"#, "1e400"]);
        for text in ["", "1", "[}", "{]", r#"{"a":1}x"#, r#"{"a"}"#, "[1,]"] {
            assert!(read_object(text).is_none() && read_array(text).is_none(), "{text}");
        }
        assert!(read_object("[]").is_none() && read_array("{}").is_none());
        assert_eq!(quoted("a\"b\\"), r#""a\"b\\""#);
    }

    #[test]
    fn the_last_of_equal_keys_counts_however_they_are_spelt() {
        let fields = fields(r#"["A",{"a":1,"b":"x","\u0061":"\ud83d\ude00\ud800"}]"#);
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["1", r#""\ud83d\ude00\ud800""#]);
        assert!(fields.text("a").unwrap().starts_with("😀\u{fffd}"));
        assert_eq!((fields.text("b").as_deref(), fields.text("c")), (Some("x"), None));
    }

    #[test]
    fn a_number_is_a_double_and_nothing_else_is_a_number() {
        let fields = fields(r#"["A",{"a":-1.5,"b":1e400,"c":"7","d":null,"e":false}]"#);
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
