//! Hashes, their keyed form, and randomness.

use dimpl::crypto::{Buf, HashAlgorithm, HashContext, HashProvider, HmacProvider, SecureRandom};
use dimpl::{CryptoError, CryptoOperation};
use ring::rand::SecureRandom as _;
use ring::{digest, hmac, rand};
use str0m_proto::Sha1HmacProvider;
use str0m_proto::crypto::Sha256Provider;

#[derive(Debug)]
pub(super) struct Hashing;

impl Sha1HmacProvider for Hashing {
    fn sha1_hmac(&self, key: &[u8], payloads: &[&[u8]]) -> [u8; 20] {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
        let mut context = hmac::Context::with_key(&key);
        payloads.iter().for_each(|payload| context.update(payload));
        sized(context.sign().as_ref())
    }
}

impl Sha256Provider for Hashing {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        sized(digest::digest(&digest::SHA256, data).as_ref())
    }
}

/// The first bytes, as many as there are.
fn sized<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut().zip(bytes).for_each(|(out, byte)| *out = *byte);
    out
}

struct Running(digest::Context);

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

impl std::panic::UnwindSafe for Running {}
impl std::panic::RefUnwindSafe for Running {}

impl HashContext for Running {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn clone_and_finalize(&self, out: &mut Buf) {
        out.clear();
        out.extend_from_slice(self.0.clone().finish().as_ref());
    }
}

impl HashProvider for Hashing {
    /// All suites that we have hash with these two.
    fn create_hash(&self, algorithm: HashAlgorithm) -> Box<dyn HashContext> {
        let algorithm = match algorithm {
            HashAlgorithm::SHA384 => &digest::SHA384,
            _ => &digest::SHA256,
        };
        Box::new(Running(digest::Context::new(algorithm)))
    }
}

impl HmacProvider for Hashing {
    fn hmac(&self, hash: HashAlgorithm, key: &[u8], data: &[u8], out: &mut [u8]) -> Result<usize, CryptoError> {
        let algorithm = match hash {
            HashAlgorithm::SHA256 => hmac::HMAC_SHA256,
            HashAlgorithm::SHA384 => hmac::HMAC_SHA384,
            _ => return Err(CryptoError::UnsupportedHmacHash(hash)),
        };
        let tag = hmac::sign(&hmac::Key::new(algorithm, key), data);
        let tag = tag.as_ref();
        let place = out.get_mut(..tag.len()).ok_or(CryptoError::OperationFailed(CryptoOperation::ComputeHmac))?;
        place.copy_from_slice(tag);
        Ok(tag.len())
    }
}

impl SecureRandom for Hashing {
    fn fill(&self, buf: &mut [u8]) -> Result<(), CryptoError> {
        rand::SystemRandom::new().fill(buf).map_err(|_| CryptoError::OperationFailed(CryptoOperation::Sign))
    }
}
