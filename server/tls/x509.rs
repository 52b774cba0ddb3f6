//! What is read of certificates: how long they live, which names they are for, and by what an authority knows them.
//!
//! **Invariant:** certificates are read by `webpki`, as rustls and its clients do, but for the one extension that it skips.
use std::time::{Duration, SystemTime};

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};

/// The end of the year 9999, after which no certificate is valid (RFC 5280, section 4.1.2.5), and a second.
const END_OF_TIME_S: u64 = 253_402_300_800;

/// The extension that names the key of a certificate's issuer, as its object identifier stands in DER (RFC 5280, section
/// 4.2.1.1).
const AUTHORITY_KEY_IDENTIFIER: [u8; 5] = [6, 3, 0x55, 0x1d, 0x23];

/// From when to when a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) begins: SystemTime,
    pub(super) ends: SystemTime,
}

impl Life {
    pub(super) fn whole(&self) -> Duration {
        self.ends.duration_since(self.begins).unwrap_or_default()
    }
}

/// That of the server's own certificate.
pub(super) fn life_of(chain: &[CertificateDer<'_>]) -> Option<Life> {
    life(&EndEntityCert::try_from(chain.first()?).ok()?)
}

/// When it ends, in seconds since 1970. 0: there is none, or it cannot be read.
pub(super) fn not_after_s(chain: &[CertificateDer<'_>]) -> u64 {
    life_of(chain).and_then(|it| it.ends.duration_since(SystemTime::UNIX_EPOCH).ok()).map_or(0, |it| it.as_secs())
}

pub(super) fn life(cert: &EndEntityCert<'_>) -> Option<Life> {
    let at = |time: UnixTime| SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs());
    match (verified_at(cert, 0)?, verified_at(cert, END_OF_TIME_S)?) {
        (Error::CertNotValidYet { not_before, .. }, Error::CertExpired { not_after, .. }) => {
            Some(Life { begins: at(not_before), ends: at(not_after) })
        }
        _ => None,
    }
}

/// Dates are the first thing that `webpki` verifies. Without roots everything fails after that, which says nothing here.
pub(super) fn verified_at(cert: &EndEntityCert<'_>, at_s: u64) -> Option<Error> {
    let at = UnixTime::since_unix_epoch(Duration::from_secs(at_s));
    cert.verify_for_usage(&[], &[], &[], at, KeyUsage::server_auth(), None, None).err()
}

/// Whether browsers take the server's own certificate for one of this name or address.
pub(super) fn is_for(chain: &[CertificateDer<'_>], name: &str) -> bool {
    let leaf = chain.first().and_then(|it| EndEntityCert::try_from(it).ok());
    let name = ServerName::try_from(name).ok();
    leaf.zip(name).is_some_and(|(leaf, name)| leaf.verify_is_valid_for_subject_name(&name).is_ok())
}

/// By what its authority knows the server's own certificate: the key identifier of the issuer, and the serial number, each the
/// content of its DER (RFC 9773, section 4.1).
pub(super) fn renewal_id(chain: &[CertificateDer<'_>]) -> Option<(Vec<u8>, Vec<u8>)> {
    let der = chain.first()?;
    let serial = EndEntityCert::try_from(der).ok()?.serial().to_vec();
    let width = AUTHORITY_KEY_IDENTIFIER.len();
    let places = (0..der.len()).filter(|it| der[*it..].starts_with(&AUTHORITY_KEY_IDENTIFIER));
    let key = places.into_iter().find_map(|it| key_identifier(&der[it + width..]))?;
    Some((key.to_vec(), serial))
}

/// What follows the extension's object identifier.
fn key_identifier(after: &[u8]) -> Option<&[u8]> {
    const BOOLEAN: u8 = 1;
    const OCTETS: u8 = 4;
    const SEQUENCE: u8 = 0x30;
    const KEY: u8 = 0x80;
    let (tag, content, rest) = tlv(after)?;
    let (tag, content) = if tag == BOOLEAN { tlv(rest).map(|it| (it.0, it.1))? } else { (tag, content) };
    let (inner, content, _) = tlv(content).filter(|_| tag == OCTETS)?;
    let (key, content, _) = tlv(content).filter(|_| inner == SEQUENCE)?;
    (key == KEY).then_some(content)
}

/// The first element of DER: its tag, its content, and what follows it.
fn tlv(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        ..=0x7f => (usize::from(length), rest),
        0x81 => rest.split_first().map(|(it, rest)| (usize::from(*it), rest))?,
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn a_certificate_is_read() {
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer_id = ca.key_identifier(&key);
        let issuer = CertifiedIssuer::self_signed(ca, key).unwrap();
        let mut params = CertificateParams::new(["a.example".to_owned(), "192.0.2.1".to_owned()]).unwrap();
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(vec![0x80, 7].into());
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2026, 1, 11));
        let leaf = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        let chain = [leaf.der().clone()];

        let life = life_of(&chain).unwrap();
        assert_eq!(life.begins, SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600));
        assert_eq!(life.whole(), Duration::from_secs(10 * 24 * 3600));
        assert_eq!((not_after_s(&chain), not_after_s(&[])), (1_768_089_600, 0));
        for (name, is_it) in [("a.example", true), ("192.0.2.1", true), ("b.example", false), ("192.0.2.2", false)] {
            assert_eq!(is_for(&chain, name), is_it, "{name}");
        }
        // A serial number whose first bit is set begins with a zero, lest it be negative.
        assert_eq!(renewal_id(&chain), Some((issuer_id, vec![0, 0x80, 7])));
        assert_eq!(renewal_id(&[]), None);
        let self_made = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        assert_eq!(renewal_id(&[self_made.cert.der().clone()]), None, "it names no issuer's key");
    }
}
