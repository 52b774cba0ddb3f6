//! Key exchanges of handshakes.

use dimpl::crypto::{ActiveKeyExchange, Buf, NamedGroup, SupportedKxGroup};
use dimpl::{CryptoError, CryptoOperation};
use ring::agreement::{self, Algorithm, EphemeralPrivateKey, UnparsedPublicKey};
use ring::rand::SystemRandom;

#[derive(Debug)]
struct Group {
    name: NamedGroup,
    algorithm: &'static Algorithm,
}

impl std::panic::UnwindSafe for Group {}
impl std::panic::RefUnwindSafe for Group {}

pub(super) static GROUPS: &[&dyn SupportedKxGroup] = &[
    &Group { name: NamedGroup::X25519, algorithm: &agreement::X25519 },
    &Group { name: NamedGroup::Secp256r1, algorithm: &agreement::ECDH_P256 },
    &Group { name: NamedGroup::Secp384r1, algorithm: &agreement::ECDH_P384 },
];

impl SupportedKxGroup for Group {
    fn name(&self) -> NamedGroup {
        self.name
    }

    fn start_exchange(&self, mut buf: Buf) -> Result<Box<dyn ActiveKeyExchange>, CryptoError> {
        let failed = |_| CryptoError::OperationFailed(CryptoOperation::Sign);
        let secret = EphemeralPrivateKey::generate(self.algorithm, &SystemRandom::new()).map_err(failed)?;
        let public = secret.compute_public_key().map_err(failed)?;
        buf.clear();
        buf.extend_from_slice(public.as_ref());
        let Self { name, algorithm } = self;
        Ok(Box::new(Exchange { name: *name, algorithm, secret, public: buf }))
    }
}

struct Exchange {
    name: NamedGroup,
    algorithm: &'static Algorithm,
    secret: EphemeralPrivateKey,
    public: Buf,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::panic::UnwindSafe for Exchange {}
impl std::panic::RefUnwindSafe for Exchange {}

impl ActiveKeyExchange for Exchange {
    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn complete(self: Box<Self>, peer_pub: &[u8], out: &mut Buf) -> Result<(), CryptoError> {
        let theirs = UnparsedPublicKey::new(self.algorithm, peer_pub);
        agreement::agree_ephemeral(self.secret, &theirs, |shared| {
            out.clear();
            out.extend_from_slice(shared);
        })
        .map_err(|_| CryptoError::InvalidPublicKey(self.name))
    }

    fn group(&self) -> NamedGroup {
        self.name
    }
}
