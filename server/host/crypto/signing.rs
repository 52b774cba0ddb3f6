//! Signatures of handshakes: ours, and those of whoever shows a certificate.

use dimpl::crypto::{
    Buf, HashAlgorithm, KeyProvider, NamedGroup, SignatureAlgorithm, SignatureVerifier, SigningKey, check_verify_scheme,
};
use dimpl::{CryptoError, CryptoOperation};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, UnparsedPublicKey};

use super::certificate::{Curve, public_key};

#[derive(Debug)]
pub(super) struct Keys;

impl KeyProvider for Keys {
    /// Our certificates have keys of one kind.
    fn load_private_key(&self, key_der: &[u8]) -> Result<Box<dyn SigningKey>, CryptoError> {
        let algorithm = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
        EcdsaKeyPair::from_pkcs8(algorithm, key_der, &SystemRandom::new())
            .map(|key| Box::new(Key(key)) as Box<dyn SigningKey>)
            .map_err(|_| CryptoError::InvalidPrivateKey)
    }
}

#[derive(Debug)]
struct Key(EcdsaKeyPair);

impl std::panic::UnwindSafe for Key {}
impl std::panic::RefUnwindSafe for Key {}

impl SigningKey for Key {
    fn sign(&mut self, data: &[u8], hash_alg: HashAlgorithm, out: &mut Buf) -> Result<(), CryptoError> {
        if hash_alg != HashAlgorithm::SHA256 {
            return Err(CryptoError::SigningKeyUnsupportedHash { group: NamedGroup::Secp256r1, hash: hash_alg });
        }
        let signed =
            self.0.sign(&SystemRandom::new(), data).map_err(|_| CryptoError::OperationFailed(CryptoOperation::Sign))?;
        out.clear();
        out.extend_from_slice(signed.as_ref());
        Ok(())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    fn supported_hash_algorithms(&self) -> &[HashAlgorithm] {
        &[HashAlgorithm::SHA256]
    }
}

impl SignatureVerifier for Keys {
    fn verify_signature(
        &self,
        cert_der: &[u8],
        data: &[u8],
        signature: &[u8],
        hash_alg: HashAlgorithm,
        sig_alg: SignatureAlgorithm,
    ) -> Result<(), CryptoError> {
        let (curve, point) = public_key(cert_der).ok_or(CryptoError::CertificateParseFailed)?;
        let group = match curve {
            Curve::P256 => NamedGroup::Secp256r1,
            Curve::P384 => NamedGroup::Secp384r1,
        };
        check_verify_scheme(sig_alg, hash_alg, group)?;
        let algorithm = match (curve, hash_alg) {
            (Curve::P256, HashAlgorithm::SHA256) => &signature::ECDSA_P256_SHA256_ASN1,
            (Curve::P256, _) => &signature::ECDSA_P256_SHA384_ASN1,
            (Curve::P384, HashAlgorithm::SHA256) => &signature::ECDSA_P384_SHA256_ASN1,
            (Curve::P384, _) => &signature::ECDSA_P384_SHA384_ASN1,
        };
        let failed = CryptoError::SignatureVerificationFailed { signature: sig_alg, hash: hash_alg, group };
        UnparsedPublicKey::new(algorithm, point).verify(data, signature).map_err(|_| failed)
    }
}
