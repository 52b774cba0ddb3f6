//! A certificate that this server makes itself, for networks without a domain: nobody vouches for it, so that browsers ask once
//! whether to go on, and then hand out camera and microphone.
//!
//! **Invariant:** it stays the same for as long as it can, because browsers ask again about another one.
use std::{
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use sha2::{Digest as _, Sha256};
use tokio::{
    sync::Notify,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use super::{
    Certificate, CertificateFiles, REPORT_EVERY,
    files::server_config,
    kept::{self, Kept, Purpose},
    x509,
};

const NAME: &str = "self-signed.json";

/// As long as devices of Apple take one for, less a day for clocks that differ (398 days).
const LIFE: Duration = Duration::from_hours(397 * 24);

/// So long before its end another one is made.
const RENEW_BEFORE: Duration = Duration::from_hours(30 * 24);

/// For clocks that are behind.
const BEGIN_BEFORE: Duration = Duration::from_hours(24);

/// A certificate of this server's own.
pub struct SelfSigned {
    names: Vec<String>,
    /// `None`: it ends with the process.
    path: Option<PathBuf>,
    certificate: Certificate,
}

impl SelfSigned {
    /// Takes the one that is kept in the folder, or makes one for these names and addresses.
    ///
    /// # Errors
    /// It can neither be made nor kept: one sentence.
    pub async fn open(names: Vec<String>, folder: Option<PathBuf>) -> Result<SelfSigned, String> {
        let path = folder.map(|it| it.join(NAME));
        let wanted = names.clone();
        let opened = spawn_blocking(move || -> Result<_, String> {
            let kept = match &path {
                None => None,
                Some(path) => {
                    kept::prepare(path)?;
                    kept::read::<Kept>(path).unwrap_or_default()
                }
            };
            let kept =
                kept.and_then(|it| Some((it.decode()?.0, it))).filter(|it| !is_due(&it.0, &wanted, SystemTime::now()));
            let kept = match kept {
                Some((_, kept)) => kept,
                None => {
                    let made = make(&wanted)?;
                    path.as_deref().map_or(Ok(()), |it| kept::write(it, &made)).map_err(|error| error.to_string())?;
                    made
                }
            };
            let (chain, key) = kept.decode().ok_or("the certificate that was made is damaged")?;
            let server = server_config(chain.clone(), key).map_err(|error| error.to_string())?;
            Ok((path, Certificate::new(server, chain, false, None)))
        });
        let (path, certificate) = opened.await.map_err(|failed| failed.to_string())??;
        Ok(SelfSigned { names, path, certificate })
    }

    /// What is in use; it follows what comes.
    #[must_use]
    pub fn certificate(&self) -> Certificate {
        self.certificate.clone()
    }

    /// Its SHA-256, as browsers show it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.certificate)
    }

    /// Makes another one in time, for as long as it is polled.
    pub async fn run(mut self, now: Arc<Notify>) {
        let mut looks = interval(REPORT_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = now.notified() => {}
            }
            if !is_due(&self.certificate.chain, &self.names, SystemTime::now()) {
                continue;
            }
            match SelfSigned::open(self.names.clone(), self.path.as_ref().and_then(|it| it.parent()).map(Into::into))
                .await
            {
                Ok(new) => {
                    let Certificate { config, chain, .. } = new.certificate;
                    self.certificate.replace(config.get_inner(), chain, false);
                    let fingerprint = self.fingerprint();
                    tracing::info!(
                        event = "certificate",
                        reason = "renewed",
                        fingerprint,
                        "browsers ask about it once more"
                    );
                }
                Err(error) => {
                    tracing::error!(event = "certificate", reason = "unusable", %error, "no other certificate can be made");
                    let files = CertificateFiles { cert: NAME.into(), key: NAME.into(), hostname: String::new() };
                    self.certificate.report(&files);
                }
            }
        }
    }
}

fn fingerprint(certificate: &Certificate) -> String {
    let digest = certificate.chain.first().map(Sha256::digest).unwrap_or_default();
    digest.iter().map(|it| format!("{it:02X}")).collect::<Vec<_>>().join(":")
}

/// Whether another one is to be made. Addresses of IPv6 change by themselves, and browsers ask about each of them anyway.
fn is_due(chain: &[rustls::pki_types::CertificateDer<'_>], names: &[String], now: SystemTime) -> bool {
    let lasts = x509::life_of(chain).is_some_and(|it| it.begins <= now && now + RENEW_BEFORE < it.ends);
    let lasting = names.iter().filter(|it| !matches!(it.parse(), Ok(IpAddr::V6(_))));
    !lasts || !lasting.into_iter().all(|it| x509::is_for(chain, it))
}

fn make(names: &[String]) -> Result<Kept, String> {
    let text = |error: rcgen::Error| format!("a certificate cannot be made ({error})");
    let mut params = CertificateParams::new(names).map_err(text)?;
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    params.not_before = date_time_ymd(1970, 1, 1) + since_1970.saturating_sub(BEGIN_BEFORE);
    params.not_after = params.not_before + LIFE;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "P2PChat, self-signed");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(text)?;
    let cert = params.self_signed(&key).map_err(text)?;
    let purpose = Purpose { issuer: String::new(), names: names.to_vec(), profile: String::new() };
    Ok(Kept::new(purpose, &[cert.der().clone()], key.serialized_der()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|it| (*it).to_owned()).collect()
    }

    #[tokio::test]
    async fn it_stays_the_same_until_it_ends_or_is_to_be_for_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let open = async |it: &[&str]| SelfSigned::open(names(it), Some(folder.path().to_owned())).await.unwrap();
        let first = open(&["localhost", "192.0.2.1", "2001:db8::1"]).await;
        assert_eq!(first.fingerprint().len(), 32 * 3 - 1);
        let chain = &first.certificate.chain;
        assert!(["localhost", "192.0.2.1", "2001:db8::1"].iter().all(|it| x509::is_for(chain, it)));
        for same in [&["localhost", "192.0.2.1"][..], &["localhost", "2001:db8::2"]] {
            assert_eq!(open(same).await.fingerprint(), first.fingerprint());
        }
        let other = open(&["localhost", "192.0.2.2"]).await;
        assert_ne!(other.fingerprint(), first.fingerprint());
        let life = x509::life_of(&other.certificate.chain).unwrap();
        assert!(is_due(&other.certificate.chain, &[], life.ends - RENEW_BEFORE));
        assert!(!is_due(&other.certificate.chain, &[], life.ends - RENEW_BEFORE - Duration::from_secs(1)));
        // A damaged file is as none.
        std::fs::write(folder.path().join(NAME), "{").unwrap();
        assert_ne!(open(&["localhost"]).await.fingerprint(), other.fingerprint());
    }

    #[tokio::test]
    async fn without_a_folder_it_is_made_anew_each_time() {
        let open = async || SelfSigned::open(names(&["localhost"]), None).await.unwrap().fingerprint();
        assert_ne!(open().await, open().await);
    }
}
