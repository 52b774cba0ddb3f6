//! Finds where the values of a JSON text begin and end (RFC 8259), and refuses what is no JSON, in one pass and without
//! recursion: what is passed on to others has to be a text that their `JSON.parse` takes, and nothing else is asked of it.
//!
//! **Invariants:** it takes what serde_json takes, with any number and any escaped surrogate. It allocates nothing for fewer
//! than 65 levels.

use memchr::memchr2;

/// A place in a text. Every step returns `None` where the text is no JSON; the place is then nowhere in particular.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// No byte of the text is below a space, so that none within a string is.
    is_printable: bool,
}

/// Which of the arrays and objects around a place are objects.
#[derive(Default)]
struct Nesting {
    depth: usize,
    /// Of the innermost up to 64 levels, the last one lowest.
    inner: u64,
    outer: Vec<u64>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // Of all bytes, which the compiler looks at many at a time.
        let is_printable = text.bytes().fold(u8::MAX, u8::min) >= b' ';
        Scanner { text, at: 0, is_printable }
    }

    /// Bytes before the place.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next byte that is no white space. It is not passed.
    pub(super) fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let n_blank = rest.iter().take_while(|it| matches!(it, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.at += n_blank;
        rest.get(n_blank).copied()
    }

    /// Passes this byte, and the white space before it.
    pub(super) fn pass(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Nothing follows but white space.
    pub(super) fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// Passes a comma before another item, or the byte that ends the list. Whether there is another one.
    pub(super) fn goes_on(&mut self, closing: u8) -> Option<bool> {
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b',' => Some(true),
            _ if byte == closing => Some(false),
            _ => None,
        }
    }

    /// Passes the start of a list. Whether anything is in it; if not, its end is passed too.
    pub(super) fn opens(&mut self, opening: u8, closing: u8) -> Option<bool> {
        self.pass(opening)?;
        let is_empty = self.peek()? == closing;
        self.at += usize::from(is_empty);
        Some(!is_empty)
    }

    /// Passes a string; its text, with its quotes.
    pub(super) fn string(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        self.pass_string()?;
        Some(&self.text[start..self.at])
    }

    /// Passes a name and the colon behind it; its text, with its quotes.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        let name = self.string()?;
        self.pass(b':')?;
        Some(name)
    }

    /// Passes any value; its text.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        self.pass_value()?;
        Some(&self.text[start..self.at])
    }

    fn pass_value(&mut self) -> Option<()> {
        let mut nesting = Nesting::default();
        loop {
            match self.peek()? {
                b'{' => {
                    if self.opens(b'{', b'}')? {
                        nesting.enter(true);
                        self.name()?;
                        continue;
                    }
                }
                b'[' => {
                    if self.opens(b'[', b']')? {
                        nesting.enter(false);
                        continue;
                    }
                }
                b'"' => self.pass_string()?,
                b't' => self.pass_word("true")?,
                b'f' => self.pass_word("false")?,
                b'n' => self.pass_word("null")?,
                _ => self.pass_number()?,
            }
            // A value is complete, and with it perhaps what surrounds it.
            loop {
                let Some(is_object) = nesting.is_in_object() else { return Some(()) };
                if self.goes_on(if is_object { b'}' } else { b']' })? {
                    if is_object {
                        self.name()?;
                    }
                    break;
                }
                nesting.leave();
            }
        }
    }

    fn pass_string(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        if *bytes.get(at)? != b'"' {
            return None;
        }
        at += 1;
        loop {
            let n_plain = memchr2(b'"', b'\\', &bytes[at..])?;
            let plain = &bytes[at..at + n_plain];
            if !self.is_printable && plain.iter().any(|it| *it < b' ') {
                return None;
            }
            at += n_plain;
            // Escapes come in pairs: lines end in two.
            while bytes[at] == b'\\' {
                at += n_escape(&bytes[at..])?;
                bytes.get(at)?;
            }
            if bytes[at] == b'"' {
                self.at = at + 1;
                return Some(());
            }
        }
    }

    fn pass_word(&mut self, word: &str) -> Option<()> {
        self.text.as_bytes()[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn pass_number(&mut self) -> Option<()> {
        self.pass_one(|it| it == b'-');
        if !self.pass_one(|it| it == b'0') {
            self.pass_digits()?;
        }
        if self.pass_one(|it| it == b'.') {
            self.pass_digits()?;
        }
        if self.pass_one(|it| it == b'e' || it == b'E') {
            self.pass_one(|it| it == b'+' || it == b'-');
            self.pass_digits()?;
        }
        Some(())
    }

    fn pass_one(&mut self, is_it: impl Fn(u8) -> bool) -> bool {
        let passes = self.text.as_bytes().get(self.at).is_some_and(|it| is_it(*it));
        self.at += usize::from(passes);
        passes
    }

    fn pass_digits(&mut self) -> Option<()> {
        let n_digits = self.text.as_bytes()[self.at..].iter().take_while(|it| it.is_ascii_digit()).count();
        self.at += n_digits;
        (n_digits > 0).then_some(())
    }
}

impl Nesting {
    fn enter(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.inner);
        }
        self.inner = self.inner << 1 | u64::from(is_object);
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.inner >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.inner = self.outer.pop().unwrap_or_default();
        }
    }

    /// `None`: the place is in neither.
    fn is_in_object(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.inner & 1 == 1)
    }
}

/// Bytes of the escape sequence at the start.
fn n_escape(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => bytes.get(2..6)?.iter().all(u8::is_ascii_hexdigit).then_some(6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::Scanner;

    fn whole(text: &str) -> Option<&str> {
        let mut scanner = Scanner::new(text);
        let value = scanner.value()?;
        scanner.end()?;
        Some(value)
    }

    fn by_the_library(text: &str) -> Option<&str> {
        serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get)
    }

    #[test]
    fn it_takes_what_the_library_takes() {
        let texts = [
            "",
            " ",
            "1",
            "-0",
            "01",
            "1.",
            ".5",
            "-",
            "1e",
            "1e+5",
            "1E-05",
            "1e400",
            "+1",
            "nul",
            "null",
            "nulls",
            "true ",
            "\u{b}1",
            " [ ] ",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{}",
            "{ }",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "{\"a\":1}}",
            "[[]",
            "[{]}",
            "{\"a\":[}",
            "\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\u00zz\"",
            "\"a\nb\"",
            "\"a\u{7f}é😀\"",
            "\"12345678\\n\"",
            "[\"\t\"]",
            "\"1234567\u{1f}\"",
        ];
        for text in texts {
            assert_eq!(whole(text), by_the_library(text), "{text:?}");
        }
    }

    #[test]
    fn levels_beyond_a_word_are_told_apart() {
        let mixed = |n: usize| -> (String, String) {
            let kind = |it: usize| it.is_multiple_of(3) || it.is_multiple_of(7);
            let open = (0..n).map(|it| if kind(it) { "{\"a\":" } else { "[" }).collect();
            (open, (0..n).rev().map(|it| if kind(it) { '}' } else { ']' }).collect())
        };
        for n in [1, 63, 64, 65, 127, 128, 129, 300, 20_000] {
            let (open, close) = mixed(n);
            let text = format!("{open}0{close}");
            assert_eq!(whole(&text), Some(&*text), "{n}");
            assert_eq!(whole(&format!("{open}0{}", &close[1..])), None, "{n}");
            let swapped = if close.starts_with('}') { "]" } else { "}" };
            assert_eq!(whole(&format!("{open}0{swapped}{}", &close[1..])), None, "{n}");
        }
    }

    proptest! {
        #[test]
        fn whatever_it_is_both_agree(text in "[\\[\\]{}:,\"\\\\ 0-9eE.+\\-truefalsn\u{1}é]{0,24}") {
            prop_assert_eq!(whole(&text), by_the_library(&text));
        }

        #[test]
        fn a_byte_changed_in_json_is_seen_alike(
            value in any_json(), at in any::<prop::sample::Index>(), other in "[\\[\\]{}:,\"\\\\ 0e\u{1f}]"
        ) {
            prop_assert_eq!(whole(&value), by_the_library(&value));
            let places: Vec<_> = value.char_indices().map(|it| it.0).collect();
            let at = *at.get(&places);
            let end = at + value[at..].chars().next().unwrap().len_utf8();
            let changed = format!("{}{other}{}", &value[..at], &value[end..]);
            prop_assert_eq!(whole(&changed), by_the_library(&changed), "{}", changed);
        }
    }

    fn any_json() -> impl Strategy<Value = String> {
        let string = "([a-z0-9é😀]|\\\\[nrtu\"\\\\]|\\\\u[0-9a-f]{4}){0,20}".prop_map(|it| format!("\"{it}\""));
        let plain = "(-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,9})?)|null|true|false";
        let leaf = prop_oneof![string, plain.prop_map(|it| it)];
        leaf.prop_recursive(5, 40, 5, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..5).prop_map(|it| format!("[{}]", it.join(" ,")));
            let object = prop::collection::vec(("[a-z]{0,9}", inner), 0..5).prop_map(|it| {
                let members: Vec<_> = it.iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
                format!("{{{}}}", members.join(","))
            });
            prop_oneof![list, object]
        })
    }
}
