//! DTLS 1.2 of dimpl, with our cryptography.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use dimpl::Config;
use dimpl::crypto::CryptoProvider;
use str0m_proto::crypto::dtls::{DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion};
use str0m_proto::crypto::{CryptoError, DtlsVersion};

use super::hashing::Hashing;
use super::signing::Keys;
use super::{certificate, exchange, suites};

#[derive(Debug)]
pub(super) struct Dtls;

/// Made once: dimpl tries everything out when it is given a provider.
fn config() -> Result<Arc<Config>, CryptoError> {
    static CONFIG: OnceLock<Option<Arc<Config>>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let provider = CryptoProvider {
            kx_groups: exchange::GROUPS,
            signature_verification: &Keys,
            key_provider: &Keys,
            secure_random: &Hashing,
            hash_provider: &Hashing,
            hmac_provider: &Hashing,
            cipher_suites: suites::SUITES_12,
            dtls13_cipher_suites: suites::SUITES_13,
        };
        // Where a handshake comes from, ICE has found out already, and cookies would tell nothing more.
        let builder = Config::builder().use_server_cookie(false).with_crypto_provider(provider);
        builder.build().ok().map(Arc::new)
    });
    config.clone().ok_or_else(|| CryptoError::Other("no settings for DTLS".to_owned()))
}

impl DtlsProvider for Dtls {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        certificate::generate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        _: DtlsVersion,
        _: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        Ok(Box::new(Instance(dimpl::Dtls::new_12(config()?, cert.clone(), now))))
    }
}

struct Instance(dimpl::Dtls);

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance").finish_non_exhaustive()
    }
}

impl std::panic::UnwindSafe for Instance {}
impl std::panic::RefUnwindSafe for Instance {}

impl DtlsInstance for Instance {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        self.0.poll_output(buf)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<(), DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn dimpl_is_content_with_our_cryptography() {
        // It seals, signs and agrees by itself, and compares with what others have published.
        super::config().expect("settings");
    }
}
