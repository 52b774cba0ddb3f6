//! `[access]` and `[access.tokens]`: who may make rooms and join them.
//!
//! **Invariant:** where somebody has to be invited there is something to be invited by.
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::hidden;

/// Of HS256 a key as long as its hash (RFC 7518, section 3.2). Shorter ones can be guessed from a token alone.
const SECRET_BYTES_MIN: usize = 32;

/// Guesses are slowed down, so that a password may be shorter than a secret.
const PASSWORD_CHARS_MIN: usize = 8;

/// `[access]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct AccessSettings {
    pub create: WhoMay,
    pub join: WhoMay,
    #[serde(serialize_with = "hidden")]
    pub password: SecretString,
    pub tokens: Tokens,
}

/// `[access.tokens]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct Tokens {
    pub algorithm: TokenAlgorithm,
    #[serde(serialize_with = "hidden")]
    pub secret: SecretString,
    pub public_key_path: PathBuf,
    pub issuer: String,
    pub audience: String,
}

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum WhoMay {
    /// Whoever asks.
    Everyone,
    /// Whoever has the server's password or a token.
    Invited,
}

/// By what tokens are signed (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub enum TokenAlgorithm {
    /// HMAC with SHA-256, by a secret that both sides know.
    #[serde(rename = "HS256")]
    Hs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Tokens {
    /// Whether there is a key by which tokens are checked.
    pub fn has_key(&self) -> bool {
        !self.secret.expose_secret().is_empty() || !self.public_key_path.as_os_str().is_empty()
    }
}

impl AccessSettings {
    /// Whether anybody has to be invited for anything.
    pub fn is_restricted(&self) -> bool {
        self.create == WhoMay::Invited || self.join == WhoMay::Invited
    }

    /// What types alone do not say. Never repeats a secret.
    pub(super) fn check(&self) -> Result<(), String> {
        let (password, secret) = (self.password.expose_secret(), self.tokens.secret.expose_secret());
        if self.is_restricted() && password.is_empty() && !self.tokens.has_key() {
            return Err(
                "access.create or access.join is \"invited\", and nobody can be: set access.password, or a key of \
                        access.tokens"
                    .to_owned(),
            );
        }
        if !password.is_empty() && password.chars().count() < PASSWORD_CHARS_MIN {
            return Err(format!("access.password must have {PASSWORD_CHARS_MIN} or more characters, or none"));
        }
        let has_file = !self.tokens.public_key_path.as_os_str().is_empty();
        match self.tokens.algorithm {
            TokenAlgorithm::Hs256 if has_file => {
                Err("access.tokens.public_key_path is set, and access.tokens.algorithm is \
                                                      \"HS256\", which has no public key: choose \"ES256\" or \"EdDSA\""
                    .to_owned())
            }
            TokenAlgorithm::Hs256 if !secret.is_empty() && secret.len() < SECRET_BYTES_MIN => Err(format!(
                "access.tokens.secret must have {SECRET_BYTES_MIN} or more bytes, as `openssl rand -hex 32` makes them; or none"
            )),
            TokenAlgorithm::Es256 | TokenAlgorithm::EdDsa if !secret.is_empty() => {
                Err("access.tokens.secret is set, and access.tokens.algorithm is one with a public key: set \
                     access.tokens.public_key_path in its place, or choose \"HS256\""
                    .to_owned())
            }
            _ => Ok(()),
        }
    }
}

// By hand, for sentences without our own names for things.
impl TryFrom<String> for WhoMay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match &*text {
            "everyone" => Ok(WhoMay::Everyone),
            "invited" => Ok(WhoMay::Invited),
            _ => Err(format!("it is {text:?}, and \"everyone\" or \"invited\" is expected")),
        }
    }
}

impl TryFrom<String> for TokenAlgorithm {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match &*text {
            "HS256" => Ok(TokenAlgorithm::Hs256),
            "ES256" => Ok(TokenAlgorithm::Es256),
            "EdDSA" => Ok(TokenAlgorithm::EdDsa),
            _ => Err(format!("it is {text:?}, and \"HS256\", \"ES256\" or \"EdDSA\" is expected")),
        }
    }
}
