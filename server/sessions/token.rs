//! Resume tokens: what a client shows to get its session back.
//!
//! **Invariant:** of a token its hash alone is kept, so that nobody can come back as another with what the server knows.
use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

/// Random bytes of a token. Guessing one is hopeless, so that attempts are not counted.
const TOKEN_BYTES: usize = 32;

/// SHA-256 of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TokenHash(pub(super) [u8; 32]);

impl TokenHash {
    /// Of a token as it stands on the wire.
    pub(super) fn of(token: &str) -> Self {
        TokenHash(Sha256::digest(token.as_bytes()).into())
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// A token that nobody has. `None`: the system has no random bytes, and nobody can come back.
pub(super) fn fresh() -> Option<(SecretString, TokenHash)> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).ok()?;
    let token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let hash = TokenHash::of(&token);
    Some((token.into(), hash))
}

/// By which tokens one session can be had.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens {
    /// Given out last.
    pub(super) current: TokenHash,
    /// The one before, until the client shows by anything that it has the current one: its answer may be lost.
    pub(super) previous: Option<TokenHash>,
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn tokens_are_long_and_different_and_do_not_print() {
        let (one, other) = (fresh().unwrap(), fresh().unwrap());
        assert_eq!(one.0.expose_secret().len(), 43);
        assert!(one.1 != other.1 && one.1 == TokenHash::of(one.0.expose_secret()));
        assert_eq!(format!("{:?}", Tokens { current: one.1, previous: None }.current), "TokenHash(..)");
    }
}
