//! Cipher suites of handshakes. Browsers have all of them.

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use dimpl::crypto::{
    Aad, Buf, Cipher, Dtls12CipherSuite, Dtls13CipherSuite, HashAlgorithm, Nonce, SupportedDtls12CipherSuite,
    SupportedDtls13CipherSuite, TmpBuf,
};
use dimpl::{CryptoError, CryptoOperation};
use ring::aead::{self, Algorithm, LessSafeKey, UnboundKey};

const TAG_BYTES: usize = 16;

#[derive(Debug)]
struct Suite12 {
    suite: Dtls12CipherSuite,
    hash: HashAlgorithm,
    algorithm: &'static Algorithm,
    /// Of the nonce, which the record carries the rest of.
    fixed_iv_bytes: usize,
}

impl std::panic::UnwindSafe for Suite12 {}
impl std::panic::RefUnwindSafe for Suite12 {}

pub(super) static SUITES_12: &[&dyn SupportedDtls12CipherSuite] = &[
    &Suite12 {
        suite: Dtls12CipherSuite::ECDHE_ECDSA_AES128_GCM_SHA256,
        hash: HashAlgorithm::SHA256,
        algorithm: &aead::AES_128_GCM,
        fixed_iv_bytes: 4,
    },
    &Suite12 {
        suite: Dtls12CipherSuite::ECDHE_ECDSA_AES256_GCM_SHA384,
        hash: HashAlgorithm::SHA384,
        algorithm: &aead::AES_256_GCM,
        fixed_iv_bytes: 4,
    },
    &Suite12 {
        suite: Dtls12CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
        hash: HashAlgorithm::SHA256,
        algorithm: &aead::CHACHA20_POLY1305,
        fixed_iv_bytes: 12,
    },
];

impl SupportedDtls12CipherSuite for Suite12 {
    fn suite(&self) -> Dtls12CipherSuite {
        self.suite
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        self.hash
    }

    fn key_lengths(&self) -> (usize, usize, usize) {
        (0, self.algorithm.key_len(), self.fixed_iv_bytes)
    }

    fn explicit_nonce_len(&self) -> usize {
        aead::NONCE_LEN - self.fixed_iv_bytes
    }

    fn tag_len(&self) -> usize {
        TAG_BYTES
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        Sealing::boxed(self.algorithm, key)
    }
}

/// Only one of DTLS 1.3: dimpl wants some, and connections here are of 1.2.
#[derive(Debug)]
struct Aes128Gcm13;

pub(super) static SUITES_13: &[&dyn SupportedDtls13CipherSuite] = &[&Aes128Gcm13];

impl SupportedDtls13CipherSuite for Aes128Gcm13 {
    fn suite(&self) -> Dtls13CipherSuite {
        Dtls13CipherSuite::AES_128_GCM_SHA256
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    fn key_len(&self) -> usize {
        aead::AES_128_GCM.key_len()
    }

    fn iv_len(&self) -> usize {
        aead::NONCE_LEN
    }

    fn tag_len(&self) -> usize {
        TAG_BYTES
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        Sealing::boxed(&aead::AES_128_GCM, key)
    }

    fn encrypt_sn(&self, sn_key: &[u8], sample: &[u8; 16]) -> [u8; 16] {
        let mut block = (*sample).into();
        if let Ok(cipher) = Aes128::new_from_slice(sn_key) {
            cipher.encrypt_block(&mut block);
        }
        block.into()
    }
}

#[derive(Debug)]
struct Sealing(LessSafeKey);

impl std::panic::UnwindSafe for Sealing {}
impl std::panic::RefUnwindSafe for Sealing {}

impl Sealing {
    fn boxed(algorithm: &'static Algorithm, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        let key =
            UnboundKey::new(algorithm, key).map_err(|_| CryptoError::OperationFailed(CryptoOperation::CreateCipher))?;
        Ok(Box::new(Self(LessSafeKey::new(key))))
    }
}

impl Cipher for Sealing {
    fn encrypt(&mut self, plaintext: &mut Buf, aad: Aad, nonce: Nonce) -> Result<(), CryptoError> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce.0);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, aead::Aad::from(&aad[..]), plaintext.as_mut())
            .map_err(|_| CryptoError::OperationFailed(CryptoOperation::Encrypt))?;
        plaintext.extend_from_slice(tag.as_ref());
        Ok(())
    }

    fn decrypt(&mut self, ciphertext: &mut TmpBuf, aad: Aad, nonce: Nonce) -> Result<(), CryptoError> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce.0);
        let length = self
            .0
            .open_in_place(nonce, aead::Aad::from(&aad[..]), ciphertext.as_mut())
            .map_err(|_| CryptoError::OperationFailed(CryptoOperation::Decrypt))?
            .len();
        ciphertext.truncate(length);
        Ok(())
    }
}
