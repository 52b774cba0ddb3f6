//! What browsers will not like about a certificate that works, and what endangers its key.
//!
//! **Invariant:** pure; the time comes in as an argument.
use std::time::{Duration, SystemTime};

use rustls::pki_types::{CertificateDer, ServerName};
use webpki::{EndEntityCert, Error};

use super::{
    CertificateFiles, TlsFault,
    x509::{life, verified_at},
};

/// How long before its end a certificate is warned about: automatic renewal has failed several times by then.
const WARN_BEFORE: Duration = Duration::from_secs(14 * SECONDS_A_DAY);

/// Of one that lives for days, the same goes for the last part of its life: it is renewed before half or a third of it is left.
const WARN_IN_LAST: u32 = 5;

const SECONDS_A_DAY: u64 = 24 * 3600;

/// Names of a certificate in one sentence, at most.
const NAMES_MAX: usize = 5;

/// Something that the operator should see to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// One of a closed list, for whoever counts or filters.
    pub reason: &'static str,
    /// What is wrong and what to do about it.
    pub sentence: String,
    /// Whether browsers refuse the certificate already.
    pub is_grave: bool,
}

pub(super) fn of(
    chain: &[CertificateDer<'_>],
    is_key_open: bool,
    files: &CertificateFiles,
    now: SystemTime,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |reason, is_grave, sentence| findings.push(Finding { reason, sentence, is_grave });
    let (path, key) = (files.cert.display(), files.key.display());
    let certs: Vec<_> = chain.iter().map(EndEntityCert::try_from).collect();
    for (n, cert) in certs.iter().enumerate() {
        // The root may lie in the file; browsers go by their own.
        let is_issuer = n > 0;
        let Ok(cert) = cert else {
            say(
                "chain_damaged",
                false,
                format!("Certificate {} in {path} cannot be read: have the chain made anew.", n + 1),
            );
            continue;
        };
        if is_issuer && is_self_signed(cert) {
            continue;
        }
        let whose = if is_issuer {
            format!("The certificate of an issuer in {path}")
        } else {
            format!("The certificate {path}")
        };
        match validity(cert, now) {
            Validity::Ended(days) => {
                say("expired", true, format!("{whose} expired {days} days ago: renew it; browsers refuse it."));
            }
            Validity::NotYet(days) => say(
                "not_yet_valid",
                true,
                format!(
                    "{whose} is valid in {days} days only: check this machine's clock; browsers refuse it until then."
                ),
            ),
            Validity::EndsSoon(days) => {
                say("expires_soon", false, format!("{whose} expires in {days} days: see why it was not renewed."));
            }
            Validity::Long => {}
        }
    }
    let parsed: Vec<_> = certs.iter().flatten().collect();
    if let Some(leaf) = parsed.first() {
        if let Some(sentence) = other_names(leaf, files) {
            say("wrong_name", false, sentence);
        }
        if parsed.len() == 1 && chain.len() == 1 && !is_self_signed(leaf) {
            let sentence = format!(
                "The certificate {path} stands alone in its file, without that of its issuer: many devices will refuse \
                 it, unless a root signed it directly; give the whole chain (certbot: fullchain.pem)."
            );
            say("chain_incomplete", false, sentence);
        }
    }
    if parsed.windows(2).any(|pair| matches!(pair, [cert, next] if cert.issuer() != next.subject())) {
        let sentence = format!(
            "The certificates in {path} do not follow one another: the server's own comes first, and each one after it \
             is that of the issuer of the one before."
        );
        say("chain_order", false, sentence);
    }
    if is_key_open {
        let sentence =
            format!("Every user of this machine may read the private key {key}: take the right away (chmod o-r).");
        say("key_readable", false, sentence);
    }
    findings
}

/// Why `new` is not to take the place of `current`: browsers would refuse it, and do not refuse the one in use.
pub(super) fn worse_than(
    current: &[CertificateDer<'_>],
    new: &[CertificateDer<'_>],
    files: &CertificateFiles,
    now: SystemTime,
) -> Option<TlsFault> {
    let of = |chain: &[CertificateDer<'_>]| Some(validity(&EndEntityCert::try_from(chain.first()?).ok()?, now));
    let path = files.cert.display();
    match (of(current)?, of(new)?) {
        (Validity::Ended(_) | Validity::NotYet(_), _) => None,
        (_, Validity::Ended(days)) => {
            Some(TlsFault::lasting(format!("The certificate {path} expired {days} days ago.")))
        }
        (_, Validity::NotYet(days)) => {
            Some(TlsFault::passing(format!("The certificate {path} is valid in {days} days only.")))
        }
        (_, Validity::EndsSoon(_) | Validity::Long) => None,
    }
}

/// The kind of a certificate's key, if it is none that works.
pub(super) fn odd_key(cert: &CertificateDer<'_>) -> Option<&'static str> {
    let key = EndEntityCert::try_from(cert).ok()?.subject_public_key_info();
    // Object identifiers as they stand in DER (RFC 5480, RFC 8017, RFC 8410, RFC 3279).
    let kinds: [(&[u8], &str); 6] = [
        (&[6, 5, 0x2b, 0x81, 4, 0, 0x23], "ECDSA on P-521"),
        (&[6, 5, 0x2b, 0x81, 4, 0, 0x0a], "ECDSA on secp256k1"),
        (&[6, 3, 0x2b, 0x65, 0x71], "Ed448"),
        (&[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1], "DSA"),
        (&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0a], "RSA for PSS alone"),
        (&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1], "RSA of another length"),
    ];
    kinds.iter().find(|(id, _)| key.windows(id.len()).any(|it| it == *id)).map(|it| it.1)
}

/// How a certificate stands to a moment; the days are rounded down.
enum Validity {
    NotYet(u64),
    Long,
    EndsSoon(u64),
    Ended(u64),
}

fn validity(cert: &EndEntityCert<'_>, now: SystemTime) -> Validity {
    let now_s = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let days = |seconds: u64| seconds / SECONDS_A_DAY;
    match verified_at(cert, now_s) {
        Some(Error::CertExpired { not_after, .. }) => Validity::Ended(days(now_s.saturating_sub(not_after.as_secs()))),
        Some(Error::CertNotValidYet { not_before, .. }) => {
            Validity::NotYet(days(not_before.as_secs().saturating_sub(now_s)))
        }
        _ => match verified_at(cert, now_s + warn_before(cert).as_secs()) {
            Some(Error::CertExpired { not_after, .. }) => {
                Validity::EndsSoon(days(not_after.as_secs().saturating_sub(now_s)))
            }
            _ => Validity::Long,
        },
    }
}

fn warn_before(cert: &EndEntityCert<'_>) -> Duration {
    life(cert).map_or(WARN_BEFORE, |it| WARN_BEFORE.min(it.whole() / WARN_IN_LAST))
}

fn is_self_signed(cert: &EndEntityCert<'_>) -> bool {
    cert.issuer() == cert.subject()
}

/// What to say when the certificate is not for the server's name.
fn other_names(leaf: &EndEntityCert<'_>, files: &CertificateFiles) -> Option<String> {
    let hostname = ServerName::try_from(&*files.hostname).ok()?;
    leaf.verify_is_valid_for_subject_name(&hostname).err()?;
    let names: Vec<_> = leaf.valid_dns_names().take(NAMES_MAX).collect();
    let names = if names.is_empty() { "names no host".to_owned() } else { format!("is for {}", names.join(", ")) };
    Some(format!(
        "The certificate {} {names}, and http.hostname is {}: browsers refuse it there.",
        files.cert.display(),
        files.hostname
    ))
}
