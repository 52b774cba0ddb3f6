//! What an authority is shown when it looks whether a name leads to this server: by TLS on the port of HTTPS (TLS-ALPN-01, RFC
//! 8737; for addresses RFC 8738), or by HTTP on port 80 (HTTP-01, RFC 8555, section 8.3).
//!
//! **Invariant:** nothing is shown but while an order is under way, and nothing of the account's key but its fingerprint.
use std::{
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use instant_acme::{ChallengeType, KeyAuthorization};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring::sign::any_supported_type,
    pki_types::PrivatePkcs8KeyDer,
    server::{ClientHello, NoServerSessionStorage},
    sign::{CertifiedKey, SingleCertAndKey},
};

use crate::tls::files;

/// What an authority says that it speaks (RFC 8737, section 6.2).
const PROTOCOL: &[u8] = b"acme-tls/1";

/// How a name is shown to lead here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// On the port of HTTPS.
    TlsAlpn,
    /// On port 80.
    Http,
}

impl Way {
    pub(super) fn kind(self) -> ChallengeType {
        match self {
            Way::TlsAlpn => ChallengeType::TlsAlpn01,
            Way::Http => ChallengeType::Http01,
        }
    }

    /// Where authorities look for it.
    pub(super) fn port(self) -> u16 {
        match self {
            Way::TlsAlpn => 443,
            Way::Http => 80,
        }
    }
}

/// The way to take, of those that the authority offers and this server has: after a failure the other one, because what is in
/// front of this server may let only one of them through. `None`: there is none.
pub(super) fn choose(offered: &[ChallengeType], has_http: bool, n_failed: u32) -> Option<Way> {
    let is_usable = |it: &Way| offered.contains(&it.kind()) && (*it != Way::Http || has_http);
    let usable: Vec<_> = [Way::TlsAlpn, Way::Http].into_iter().filter(is_usable).collect();
    usable.iter().cycle().nth(n_failed as usize % 2).copied()
}

/// The answers of the order under way. Clones are the same.
#[derive(Clone, Default)]
pub struct Challenges(Arc<Mutex<Answers>>);

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenges").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Answers {
    /// By the name in the client's greeting.
    tls: BTreeMap<String, Arc<ServerConfig>>,
    /// By token.
    http: BTreeMap<String, String>,
}

impl Challenges {
    /// What to show at `/.well-known/acme-challenge/` with this token.
    pub fn http_answer(&self, token: &str) -> Option<String> {
        self.answers().http.get(token).cloned()
    }

    /// What to greet this client with in place of the server's certificate, if it is an authority that looks for its challenge.
    pub(in crate::tls) fn answer_to(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        let mut protocols = hello.alpn()?;
        if protocols.next() != Some(PROTOCOL) || protocols.next().is_some() {
            return None;
        }
        self.answers().tls.get(&hello.server_name()?.to_ascii_lowercase()).cloned()
    }

    /// # Errors
    /// The name is none that a certificate can be for.
    pub(super) fn set_tls(&self, name: &str, key: &KeyAuthorization) -> Result<(), String> {
        let config = challenge_config(name, key.digest().as_ref()).map_err(|error| error.to_string())?;
        self.answers().tls.insert(greeted_as(name), Arc::new(config));
        Ok(())
    }

    pub(super) fn set_http(&self, token: &str, key: &KeyAuthorization) {
        self.answers().http.insert(token.to_owned(), key.as_str().to_owned());
    }

    pub(super) fn clear(&self) {
        *self.answers() = Answers::default();
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A certificate for that name alone, with the digest of the key authorization in it.
fn challenge_config(name: &str, digest: &[u8]) -> Result<ServerConfig, Box<dyn std::error::Error>> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let cert = params.self_signed(&key)?;
    let secret = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    // Not `with_single_cert`, which reads the certificate and knows no such extension.
    let shown = CertifiedKey::new(vec![cert.der().clone()], any_supported_type(&secret)?);
    let shown = Arc::new(SingleCertAndKey::from(shown));
    let mut config = files::builder()?.with_no_client_auth().with_cert_resolver(shown);
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    // Nobody comes back to it.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// The name that the authority greets with: an address cannot stand there, so that it is written as for a look-up of its name
/// (RFC 8738, section 6).
fn greeted_as(name: &str) -> String {
    match name.parse() {
        Ok(IpAddr::V4(address)) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        Ok(IpAddr::V6(address)) => {
            let nibbles = address.octets().into_iter().rev().flat_map(|it| [it & 15, it >> 4]);
            nibbles.map(|it| format!("{it:x}.")).chain(["ip6.arpa".to_owned()]).collect()
        }
        Err(_) => name.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_one_that_both_have_and_after_a_failure_the_other() {
        let all = [ChallengeType::Dns01, ChallengeType::Http01, ChallengeType::TlsAlpn01];
        let chosen = |offered, has_http| [0, 1, 2].map(|it| choose(offered, has_http, it));
        assert_eq!(chosen(&all, true), [Some(Way::TlsAlpn), Some(Way::Http), Some(Way::TlsAlpn)]);
        assert_eq!(chosen(&all, false), [Some(Way::TlsAlpn); 3]);
        assert_eq!(chosen(&all[..2], true), [Some(Way::Http); 3]);
        assert_eq!(chosen(&all[..2], false), [None; 3], "there is nothing on port 80");
        assert_eq!(chosen(&all[..1], true), [None; 3], "no record can be written into the DNS");
    }

    #[test]
    fn a_challenge_is_shown_with_its_own_protocol_alone() {
        for name in ["chat.example", "192.0.2.10", "2001:db8::1"] {
            let config = challenge_config(name, &[7; 32]).unwrap();
            assert_eq!(config.alpn_protocols, [PROTOCOL]);
        }
        assert!(challenge_config("ä", &[7; 32]).is_err());
    }

    #[test]
    fn an_address_is_greeted_by_its_name_in_the_dns() {
        for (name, greeted) in [
            ("Chat.Example", "chat.example"),
            ("192.0.2.10", "10.2.0.192.in-addr.arpa"),
            ("2001:db8::2:1", "1.0.0.0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"),
        ] {
            assert_eq!(greeted_as(name), greeted);
        }
    }
}
