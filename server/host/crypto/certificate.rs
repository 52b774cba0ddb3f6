//! Certificates of connections: their making, and the key within one that somebody shows.

use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use str0m_proto::crypto::dtls::DtlsCert;

/// A new one. Each connection has its own, since pages know by it that another one begins.
pub(super) fn generate() -> Option<DtlsCert> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).ok()?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "WebRTC");
    let certificate = params.self_signed(&key).ok()?;
    Some(DtlsCert { certificate: certificate.der().to_vec(), private_key: key.serialize_der() })
}

/// The curves of a certificate's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
}

const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

const SEQUENCE: u8 = 0x30;
const OBJECT_ID: u8 = 0x06;
const BIT_STRING: u8 = 0x03;
/// The version, which stands first where it is given (RFC 5280, section 4.1).
const VERSION: u8 = 0xa0;

/// The public key of a certificate, as a point of its curve. None for other kinds of keys, and for what is no certificate.
pub(super) fn public_key(certificate: &[u8]) -> Option<(Curve, &[u8])> {
    let (whole, _) = element(certificate, SEQUENCE)?;
    let (mut rest, _) = element(whole, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest, VERSION)?.1;
    }
    // Serial number, signature, issuer, validity, subject.
    for _ in 0..5 {
        rest = element(rest, *rest.first()?)?.1;
    }
    let (key, _) = element(rest, SEQUENCE)?;
    let (algorithm, bits) = element(key, SEQUENCE)?;
    let (kind, parameters) = element(algorithm, OBJECT_ID)?;
    let (curve, _) = element(parameters, OBJECT_ID)?;
    // The first byte says how many bits of the last one are not used.
    let (0, point) = element(bits, BIT_STRING)?.0.split_first()? else { return None };
    let curve = match curve {
        P256 => Curve::P256,
        P384 => Curve::P384,
        _ => return None,
    };
    (kind == EC_PUBLIC_KEY).then_some((curve, point))
}

/// The content of the first element, and what is behind it (X.690, section 8.1).
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 | 0x82 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    (found == tag).then(|| rest.split_at_checked(length))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_certificate_is_found_and_a_broken_one_has_none() {
        let made = generate().expect("a certificate");
        let (curve, point) = public_key(&made.certificate).expect("its key");
        assert_eq!((curve, point.len(), point[0]), (Curve::P256, 65, 4));
        for end in 0..made.certificate.len().min(200) {
            assert_eq!(public_key(&made.certificate[..end]), None);
        }
    }
}
