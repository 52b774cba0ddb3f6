//! Text that others wrote, cut where the pages cut it: in units of UTF-16, and never within a character.

use std::borrow::Cow;

/// The first characters, `units_max` units at most.
pub(super) fn cut(text: &str, units_max: usize) -> &str {
    // No character takes more units than bytes.
    if text.len() <= units_max {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, character)| {
        units += character.len_utf16();
        units > units_max
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// The same of a text that may be owned.
pub(super) fn cut_owned(text: Cow<'_, str>, units_max: usize) -> String {
    cut(&text, units_max).to_owned()
}

/// An id of theirs. Those are never cut, since a cut id names somebody else.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 200
}

/// What somebody's stay is called: 128 random bits in base64url.
pub(super) fn is_stay(text: &str) -> bool {
    text.len() == 22 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What a message is called.
pub(super) fn is_message_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':'))
}

/// What pages that others have made call what they talk about.
pub(super) fn is_topic(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'/' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("a😀b", 2), "a");
        assert_eq!(cut("a😀b", 3), "a😀");
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("", 0), "");
    }
}
