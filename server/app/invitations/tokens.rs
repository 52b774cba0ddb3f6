//! Signed tokens (JSON Web Tokens, RFC 7519) by which an operator invites people: what they claim, and whose signature counts.
//!
//! **Invariants:** the algorithm is the one that is set, whatever a token says of itself. A token without an end is none. The
//! time is handed in.
use std::path::Path;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, errors::ErrorKind};
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, pem::PemObject as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::crypto;
use crate::{
    config,
    rooms::{Denial, Grant, RoomId},
};

/// Clocks of operators and servers differ. Seconds.
const LEEWAY: f64 = 60.0;

/// A name that a room's people see, in UTF-16 units, as pages have them.
const NAME_UNITS_MAX: usize = 60;

/// What stands before the bytes of a key in a PEM file (RFC 5480, RFC 8410).
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const ED25519_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What a token says. docs/invitations.md explains it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct Claims {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) room: Option<String>,
    #[serde(default)]
    pub(super) rights: Vec<String>,
    /// Seconds since 1970, perhaps with a fraction, as the next.
    pub(super) exp: f64,
    #[serde(default)]
    pub(super) nbf: Option<f64>,
}

/// A token in the making.
#[derive(Serialize)]
struct Signed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    rights: &'a [String],
    exp: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    iss: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    aud: &'a str,
}

/// By what tokens are checked.
pub(super) struct Keys {
    key: DecodingKey,
    validation: Validation,
}

impl Keys {
    /// As the settings have it; `None` where they have no key.
    ///
    /// # Errors
    /// The file with the key cannot be used, in a sentence.
    pub(super) fn open(settings: &config::Tokens) -> Result<Option<Self>, String> {
        if !settings.has_key() {
            return Ok(None);
        }
        crypto::provide();
        let (algorithm, path) = (algorithm(settings.algorithm), &settings.public_key_path);
        let key = match algorithm {
            Algorithm::HS256 => DecodingKey::from_secret(settings.secret.expose_secret().as_bytes())
                .map_err(|_| "access.tokens.secret is empty".to_owned())?,
            Algorithm::ES256 => DecodingKey::from_ec_der(&public_key(path, &P256_PREFIX, 65)?),
            _ => DecodingKey::from_ed_der(&public_key(path, &ED25519_PREFIX, 32)?),
        };
        let mut validation = Validation::new(algorithm);
        // By our own clock, below.
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        let mut required = vec!["exp"];
        if !settings.issuer.is_empty() {
            validation.set_issuer(&[&settings.issuer]);
            required.push("iss");
        }
        if !settings.audience.is_empty() {
            validation.set_audience(&[&settings.audience]);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        Ok(Some(Keys { key, validation }))
    }

    /// What a token grants.
    ///
    /// # Errors
    /// It is none of ours, or its time is over, or it is meant for somebody else.
    pub(super) fn read(&self, token: &str, now: u64) -> Result<Grant, Denial> {
        let claims = match decode::<Claims>(token, &self.key, &self.validation) {
            Ok(it) => it.claims,
            Err(error) => {
                return Err(match error.kind() {
                    // Signed by whom we believe, all the same.
                    ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience | ErrorKind::MissingRequiredClaim(_) => {
                        Denial::NotGranted
                    }
                    _ => Denial::BadToken,
                });
            }
        };
        let now = now as f64;
        if claims.exp + LEEWAY < now {
            return Err(Denial::ExpiredToken);
        }
        let is_early = claims.nbf.is_some_and(|it| it - LEEWAY > now);
        let is_odd = claims.room.as_ref().is_some_and(|it| !RoomId::can_be_named(it));
        if is_early || is_odd {
            return Err(Denial::NotGranted);
        }
        let may = |right: &str| claims.rights.iter().any(|it| it == right);
        let name = claims.name.as_ref().filter(|it| !it.is_empty() && it.encode_utf16().count() <= NAME_UNITS_MAX);
        Ok(Grant {
            create: may("create"),
            join: may("join"),
            own: may("own"),
            room: claims.room.as_deref().map(RoomId::from),
            name: name.cloned(),
        })
    }
}

/// Signs a token with the secret of the settings, or with the private key in a file.
///
/// # Errors
/// The key cannot be used, in a sentence.
pub(super) fn sign(settings: &config::Tokens, key: Option<&Path>, claims: &Claims) -> Result<SecretString, String> {
    crypto::provide();
    let algorithm = algorithm(settings.algorithm);
    let private = || {
        let path = key.ok_or("access.tokens.algorithm is one with a public key: name the private one with --key")?;
        let read = PrivatePkcs8KeyDer::from_pem_file(path);
        read.map(|it| it.secret_pkcs8_der().to_vec())
            .map_err(|it| format!("{}: {it}; a private key as `openssl genpkey` writes it is expected", path.display()))
    };
    let key = match algorithm {
        Algorithm::HS256 => EncodingKey::from_secret(settings.secret.expose_secret().as_bytes())
            .map_err(|_| "access.tokens.secret is empty: set one, as `openssl rand -hex 32` makes them".to_owned())?,
        Algorithm::ES256 => EncodingKey::from_ec_der(&private()?),
        _ => EncodingKey::from_ed_der(&private()?),
    };
    let Claims { name, room, rights, exp, .. } = claims;
    let (iss, aud) = (&*settings.issuer, &*settings.audience);
    let signed = Signed { name: name.as_deref(), room: room.as_deref(), rights, exp: *exp as u64, iss, aud };
    let token = encode(&Header::new(algorithm), &signed, &key);
    token.map(SecretString::from).map_err(|_| format!("the key is none for {algorithm:?}"))
}

fn algorithm(settings: config::TokenAlgorithm) -> Algorithm {
    match settings {
        config::TokenAlgorithm::Hs256 => Algorithm::HS256,
        config::TokenAlgorithm::Es256 => Algorithm::ES256,
        config::TokenAlgorithm::EdDsa => Algorithm::EdDSA,
    }
}

/// The bytes of a public key in a PEM file, which stand behind `prefix` there.
fn public_key(path: &Path, prefix: &[u8], n_bytes: usize) -> Result<Vec<u8>, String> {
    let name = path.display();
    let read = SubjectPublicKeyInfoDer::from_pem_file(path);
    let der = read.map_err(|it| format!("access.tokens.public_key_path is {name}, which cannot be read: {it}"))?;
    let bytes = der.strip_prefix(prefix).filter(|it| it.len() == n_bytes);
    bytes.map(<[u8]>::to_vec).ok_or_else(|| {
        format!("access.tokens.public_key_path is {name}, which holds no public key for access.tokens.algorithm")
    })
}
