//! The cryptography of connections, with ring and the block cipher beside it: str0m and dimpl leave it to whoever uses
//! them, and their own choices would bring a second library of it into the executable.

mod certificate;
mod dtls;
mod exchange;
mod hashing;
mod signing;
mod srtp;
mod suites;

use std::sync::{Arc, OnceLock};

use str0m::config::CryptoProvider;

/// What every connection is made with. It is the same one for all, those of guests in tests included.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let provider = PROVIDER.get_or_init(|| {
        Arc::new(CryptoProvider {
            srtp_provider: &srtp::Srtp,
            sha1_hmac_provider: &hashing::Hashing,
            sha256_provider: &hashing::Hashing,
            dtls_provider: &dtls::Dtls,
        })
    });
    Arc::clone(provider)
}

/// Any number.
pub(crate) fn random() -> u32 {
    let mut bytes = [0; 4];
    // Where there is none, connections fail, and not here.
    let _ = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes);
    u32::from_be_bytes(bytes)
}
