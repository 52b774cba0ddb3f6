//! The cryptography of tokens: three algorithms, done by ring, which TLS is done with as well. The library of tokens asks for a
//! provider of the whole process.
//!
//! **Invariant:** no other algorithm is known here, so that a token that names one is refused, "none" above all.
use std::sync::Once;

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
    signature::{Error, Signer, Verifier},
};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
        UnparsedPublicKey,
    },
};

static PROVIDER: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

/// Has to be called before a token is read or made. Keys as JWK, for which there is nothing here, are used nowhere.
pub(super) fn provide() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // It fails where somebody else has provided one, which nobody here does.
        let _ = PROVIDER.install_default();
    });
}

struct Checked {
    algorithm: Algorithm,
    key: Vec<u8>,
}

struct Signing {
    algorithm: Algorithm,
    key: Vec<u8>,
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    is_known(*algorithm, key.family() == algorithm.family())?;
    Ok(Box::new(Checked { algorithm: *algorithm, key: key.try_get_as_bytes()?.to_vec() }))
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    is_known(*algorithm, key.family() == algorithm.family())?;
    Ok(Box::new(Signing { algorithm: *algorithm, key: key.as_bytes().to_vec() }))
}

fn is_known(algorithm: Algorithm, is_of_key: bool) -> Result<()> {
    let is_ours = matches!(algorithm, Algorithm::HS256 | Algorithm::ES256 | Algorithm::EdDSA);
    if is_ours && is_of_key { Ok(()) } else { Err(ErrorKind::InvalidAlgorithm.into()) }
}

impl Verifier<Vec<u8>> for Checked {
    fn verify(&self, text: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let is_right = match self.algorithm {
            Algorithm::HS256 => hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &self.key), text, signature).is_ok(),
            Algorithm::ES256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.key).verify(text, signature).is_ok()
            }
            Algorithm::EdDSA => UnparsedPublicKey::new(&ED25519, &self.key).verify(text, signature).is_ok(),
            _ => false,
        };
        if is_right { Ok(()) } else { Err(Error::new()) }
    }
}

impl JwtVerifier for Checked {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Signer<Vec<u8>> for Signing {
    fn try_sign(&self, text: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        match self.algorithm {
            Algorithm::HS256 => Ok(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.key), text).as_ref().to_vec()),
            Algorithm::ES256 => {
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.key, &random);
                let signed = key.map_err(|_| Error::new())?.sign(&random, text);
                signed.map(|it| it.as_ref().to_vec()).map_err(|_| Error::new())
            }
            Algorithm::EdDSA => {
                // openssl's keys come without their public half.
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&self.key).map_err(|_| Error::new())?;
                Ok(key.sign(text).as_ref().to_vec())
            }
            _ => Err(Error::new()),
        }
    }
}

impl JwtSigner for Signing {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
