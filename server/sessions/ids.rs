//! Fresh ids for peers and rooms.
use base64::{Engine as _, prelude::BASE64_URL_SAFE};
use uuid::Uuid;

/// What fresh ids look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    /// 36 characters, as RFC 9562 makes them of random bits.
    Long,
    /// 32 random hexadecimal digits.
    Hex,
    /// 10 random characters of `A-Za-z0-9_-`.
    Short,
    /// `u` and a number that grows from one to the next, at a fixed width, so that as texts, too, they sort by age. They can
    /// be guessed.
    Ascending,
}

impl IdKind {
    /// An id that nobody has. `number` grows from one to the next.
    pub(super) fn fresh(self, number: u64) -> String {
        match self {
            IdKind::Long => Uuid::new_v4().to_string(),
            IdKind::Hex => Uuid::new_v4().simple().to_string(),
            // 58 random bits: the first character would hold the UUID's variant.
            IdKind::Short => BASE64_URL_SAFE.encode(&Uuid::new_v4().as_bytes()[8..])[1..].chars().take(10).collect(),
            IdKind::Ascending => format!("u{number:012}"),
        }
    }
}
