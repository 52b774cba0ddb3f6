//! SRTP: AES in counter mode (RFC 3711, section 4.1.1) and AES-GCM (RFC 7714).

use aes::cipher::{Block, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes256};
use ring::aead::{self, Algorithm, LessSafeKey, UnboundKey};
use str0m_proto::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, Aes128CmSha1_80Cipher, CryptoError, SrtpProvider, SupportedAeadAes128Gcm,
    SupportedAeadAes256Gcm, SupportedAes128CmSha1_80,
};

const BLOCK_BYTES: usize = 16;
const TAG_BYTES: usize = 16;

#[derive(Debug)]
pub(super) struct Srtp;

impl SrtpProvider for Srtp {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        &Srtp
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &Srtp
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &Srtp
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        ecb_round::<Aes128>(key, input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        ecb_round::<Aes256>(key, input, output);
    }
}

/// A block by itself. str0m gives keys and blocks of the right length, and room for a block or more.
fn ecb_round<C: BlockCipherEncrypt + KeyInit>(key: &[u8], input: &[u8], output: &mut [u8]) {
    let Ok(cipher) = C::new_from_slice(key) else { return };
    let mut block = Block::<C>::default();
    block.iter_mut().zip(input).for_each(|(to, from)| *to = *from);
    cipher.encrypt_block(&mut block);
    output.iter_mut().zip(block.iter()).for_each(|(to, from)| *to = *from);
}

struct Counter(Aes128);

impl std::fmt::Debug for Counter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counter").finish_non_exhaustive()
    }
}

impl SupportedAes128CmSha1_80 for Srtp {
    fn create_cipher(&self, key: [u8; 16], _: bool) -> Box<dyn Aes128CmSha1_80Cipher> {
        Box::new(Counter(Aes128::new(&key.into())))
    }
}

/// So many blocks at once, as processors work on several side by side.
const BLOCKS: usize = 8;

impl Aes128CmSha1_80Cipher for Counter {
    fn encrypt(&mut self, iv: &[u8; 16], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        let output = output.get_mut(..input.len()).ok_or_else(too_small)?;
        let mut counter = u128::from_be_bytes(*iv);
        let pieces = output.chunks_mut(BLOCKS * BLOCK_BYTES).zip(input.chunks(BLOCKS * BLOCK_BYTES));
        for (to, from) in pieces {
            let mut blocks = [Block::<Aes128>::default(); BLOCKS];
            let used = from.len().div_ceil(BLOCK_BYTES);
            for block in blocks.iter_mut().take(used) {
                *block = counter.to_be_bytes().into();
                counter = counter.wrapping_add(1);
            }
            self.0.encrypt_blocks(&mut blocks[..used]);
            let stream = blocks.iter().flat_map(|block| block.iter());
            to.iter_mut().zip(from).zip(stream).for_each(|((to, from), key)| *to = from ^ key);
        }
        Ok(())
    }

    fn decrypt(&mut self, iv: &[u8; 16], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        self.encrypt(iv, input, output)
    }
}

fn too_small() -> CryptoError {
    CryptoError::Other("a buffer is too small".to_owned())
}

/// None where the key has another length than the algorithm's, which the types of str0m rule out.
#[derive(Debug)]
struct Gcm(Option<LessSafeKey>);

impl std::panic::UnwindSafe for Gcm {}
impl std::panic::RefUnwindSafe for Gcm {}

impl Gcm {
    fn new(algorithm: &'static Algorithm, key: &[u8]) -> Self {
        Self(UnboundKey::new(algorithm, key).ok().map(LessSafeKey::new))
    }

    fn key(&self) -> Result<&LessSafeKey, CryptoError> {
        self.0.as_ref().ok_or_else(|| CryptoError::Other("no key".to_owned()))
    }

    fn seal(&self, iv: [u8; 12], aad: &[u8], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        let place = output.get_mut(..input.len() + TAG_BYTES).ok_or_else(too_small)?;
        let (text, tag) = place.split_at_mut(input.len());
        text.copy_from_slice(input);
        let nonce = aead::Nonce::assume_unique_for_key(iv);
        let made = self
            .key()?
            .seal_in_place_separate_tag(nonce, aead::Aad::from(aad), text)
            .map_err(|_| CryptoError::Other("sealing failed".to_owned()))?;
        tag.copy_from_slice(made.as_ref());
        Ok(())
    }

    fn open(&self, iv: [u8; 12], aads: &[&[u8]], input: &[u8], output: &mut [u8]) -> Result<usize, CryptoError> {
        let failed = |_| CryptoError::Other("opening failed".to_owned());
        let length = input.len().checked_sub(TAG_BYTES).ok_or_else(too_small)?;
        let nonce = aead::Nonce::assume_unique_for_key(iv);
        let joined;
        let aad = match aads {
            [one] => *one,
            several => {
                joined = several.concat();
                &joined[..]
            }
        };
        let (text, tag) = input.split_at(length);
        let place = output.get_mut(..length).ok_or_else(too_small)?;
        place.copy_from_slice(text);
        let tag: aead::Tag = tag.try_into().map_err(failed)?;
        self.key()?
            .open_in_place_separate_tag(nonce, aead::Aad::from(aad), tag, place, 0..)
            .map_err(|_| CryptoError::Other("opening failed".to_owned()))?;
        Ok(length)
    }
}

impl SupportedAeadAes128Gcm for Srtp {
    fn create_cipher(&self, key: [u8; 16], _: bool) -> Box<dyn AeadAes128GcmCipher> {
        Box::new(Gcm::new(&aead::AES_128_GCM, &key))
    }
}

impl SupportedAeadAes256Gcm for Srtp {
    fn create_cipher(&self, key: [u8; 32], _: bool) -> Box<dyn AeadAes256GcmCipher> {
        Box::new(Gcm::new(&aead::AES_256_GCM, &key))
    }
}

impl AeadAes128GcmCipher for Gcm {
    fn encrypt(&mut self, iv: &[u8; 12], aad: &[u8], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        self.seal(*iv, aad, input, output)
    }

    fn decrypt(
        &mut self,
        iv: &[u8; 12],
        aads: &[&[u8]],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, CryptoError> {
        self.open(*iv, aads, input, output)
    }
}

impl AeadAes256GcmCipher for Gcm {
    fn encrypt(&mut self, iv: &[u8; 12], aad: &[u8], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        self.seal(*iv, aad, input, output)
    }

    fn decrypt(
        &mut self,
        iv: &[u8; 12],
        aads: &[&[u8]],
        input: &[u8],
        output: &mut [u8],
    ) -> Result<usize, CryptoError> {
        self.open(*iv, aads, input, output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counter_mode_is_that_of_the_published_example() {
        // RFC 3711, appendix B.2: the key stream, which is what zeros become.
        let key = [0x2B, 0x7E, 0x15, 0x16, 0x28, 0xAE, 0xD2, 0xA6, 0xAB, 0xF7, 0x15, 0x88, 0x09, 0xCF, 0x4F, 0x3C];
        let iv = [0xF0, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0, 0];
        let mut cipher = SupportedAes128CmSha1_80::create_cipher(&Srtp, key, true);
        let mut stream = [0; 200];
        cipher.encrypt(&iv, &[0; 200], &mut stream).expect("enough room");
        assert_eq!(stream[..4], [0xE0, 0x3E, 0xAD, 0x09]);
        assert_eq!(stream[16..20], [0xD2, 0x35, 0x13, 0x16]);
        // Across the edge between two lots of blocks it goes on as if there were none.
        let mut second = [0; 72];
        let mut at_eight = iv;
        at_eight[15] = 8;
        cipher.encrypt(&at_eight, &[0; 72], &mut second).expect("enough room");
        assert_eq!(stream[128..], second);
    }

    #[test]
    fn what_is_sealed_opens_again_and_nothing_else_does() {
        let gcm = Gcm::new(&aead::AES_128_GCM, &[7; 16]);
        let mut sealed = [0; 5 + TAG_BYTES];
        gcm.seal([1; 12], b"header of 12", b"hello", &mut sealed).expect("room");
        let mut opened = [0; 5];
        assert_eq!(gcm.open([1; 12], &[b"header ", b"of 12"], &sealed, &mut opened).ok(), Some(5));
        assert_eq!(&opened, b"hello");
        sealed[0] ^= 1;
        assert!(gcm.open([1; 12], &[b"header of 12"], &sealed, &mut opened).is_err());
        assert!(gcm.open([1; 12], &[b"header of 12"], &[0; 3], &mut opened).is_err());
    }
}
