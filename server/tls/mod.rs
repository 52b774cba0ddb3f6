//! The certificate: from files, which are read again when they change; from an authority; or made here. Says what browsers will
//! not like about it.
//!
//! **Invariant:** a certificate that works stays in use until there is another that does; a bad new one is reported and not
//! used, and no running connection notices a change.
mod acme;
mod files;
mod findings;
mod handshake;
mod kept;
mod self_client;
mod self_signed;
mod x509;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use axum_server::tls_rustls::RustlsConfig;
use rustls::{ServerConfig, pki_types::CertificateDer};
use tokio::{
    sync::Notify,
    task::spawn_blocking,
    time::{Instant, MissedTickBehavior, interval, interval_at},
};

pub use acme::{Acme, AcmeSettings, Challenges, Eab, lets_encrypt};
pub use files::TlsFault;
use files::{Loaded, Stamps};
pub use findings::Finding;
pub(crate) use handshake::Handshakes;
pub(crate) use self_client::self_client;
pub use self_signed::SelfSigned;

/// How often the files are looked at. A change is taken in once it has stood still for one look.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks from a read that failed for a reason that may pass (no free file descriptor, a network file system) to the next
/// try: one minute.
const LOOKS_TO_RETRY: u32 = 60;

/// How often findings about the certificate in use are logged.
const REPORT_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Where the certificate is, and what it is for.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    /// The certificate and its chain, PEM.
    pub cert: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
    /// The name by which people reach the server. Empty: not known.
    pub hostname: String,
}

/// A certificate in use. Clones of its configuration change with it.
#[derive(Clone, Debug)]
pub struct Certificate {
    config: RustlsConfig,
    /// Empty: there is none yet.
    chain: Vec<CertificateDer<'static>>,
    is_key_open: bool,
    /// Where an authority may ask who this is.
    challenges: Option<Challenges>,
    expiry: Expiry,
}

/// When the certificate in use ends. Clones follow each change of it.
#[derive(Clone, Debug)]
pub struct Expiry(Arc<AtomicU64>);

impl Expiry {
    fn of(chain: &[CertificateDer<'_>]) -> Self {
        Expiry(Arc::new(AtomicU64::new(x509::not_after_s(chain))))
    }

    fn follow(&self, chain: &[CertificateDer<'_>]) {
        self.0.store(x509::not_after_s(chain), Ordering::Relaxed);
    }

    /// In seconds since 1970.
    #[must_use]
    pub fn unix_s(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Reads a certificate with its chain and its private key, both PEM. Offers HTTP/2 and HTTP/1.1.
///
/// # Errors
/// When a file cannot be read, holds no certificate or key, or the two do not belong together.
pub async fn load(files: &CertificateFiles) -> Result<Certificate, TlsFault> {
    let Loaded { server, chain, is_key_open } = read(files).await?;
    Ok(Certificate::new(server, chain, is_key_open, None))
}

impl Certificate {
    fn new(
        server: Arc<ServerConfig>,
        chain: Vec<CertificateDer<'static>>,
        is_key_open: bool,
        challenges: Option<Challenges>,
    ) -> Certificate {
        let expiry = Expiry::of(&chain);
        Certificate { config: RustlsConfig::from_config(server), chain, is_key_open, challenges, expiry }
    }

    /// From the next handshake on.
    fn replace(&mut self, server: Arc<ServerConfig>, chain: Vec<CertificateDer<'static>>, is_key_open: bool) {
        self.config.reload_from_config(server);
        self.expiry.follow(&chain);
        (self.chain, self.is_key_open) = (chain, is_key_open);
    }

    /// What rustls serves with; it follows each change of the certificate.
    #[must_use]
    pub fn config(&self) -> RustlsConfig {
        self.config.clone()
    }

    /// What acceptors take.
    pub(crate) fn handshakes(&self) -> Handshakes {
        Handshakes { config: self.config.clone(), challenges: self.challenges.clone() }
    }

    /// When it ends.
    #[must_use]
    pub fn expiry(&self) -> Expiry {
        self.expiry.clone()
    }

    /// What browsers, or whoever is after the key, will make of it at `now`.
    #[must_use]
    pub fn findings(&self, files: &CertificateFiles, now: SystemTime) -> Vec<Finding> {
        findings::of(&self.chain, self.is_key_open, files, now)
    }

    /// Logs [`Self::findings`] of this moment.
    pub fn report(&self, files: &CertificateFiles) {
        for Finding { reason, sentence, is_grave } in self.findings(files, SystemTime::now()) {
            if is_grave {
                tracing::error!(event = "certificate", reason, "{sentence}");
            } else {
                tracing::warn!(event = "certificate", reason, "{sentence}");
            }
        }
    }
}

/// Watches both files for as long as it is polled and swaps the certificate when they change; reports once a day what is
/// wrong with the one in use. `now` makes it read them at once, changed or not, as for SIGHUP; they may be others then.
pub async fn reload_when_changed(certificate: Certificate, files: Arc<ArcSwap<CertificateFiles>>, now: Arc<Notify>) {
    let mut watch = Watch::new(certificate, files.load().as_ref().clone());
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reports = interval_at(Instant::now() + REPORT_EVERY, REPORT_EVERY);
    loop {
        let reload = tokio::select! {
            () = now.notified() => {
                watch.files = files.load().as_ref().clone();
                watch.reload().await
            }
            _ = looks.tick() => watch.look().await,
            _ = reports.tick() => {
                watch.certificate.report(&watch.files);
                continue;
            }
        };
        match reload {
            Reload::Nothing => {}
            Reload::Swapped => {
                tracing::info!(event = "certificate", reason = "renewed", cert = %watch.files.cert.display());
                watch.certificate.report(&watch.files);
            }
            Reload::Kept(fault) => {
                tracing::error!(
                    event = "certificate",
                    reason = "unusable",
                    "{fault} The former certificate stays in use."
                );
            }
        }
    }
}

/// What came of looking at the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reload {
    /// They are as they were, are still changing, or fail as they did before.
    Nothing,
    /// New connections get what they hold now.
    Swapped,
    /// They are bad; the former certificate stays. Told once for each fault.
    Kept(TlsFault),
}

/// The files as they were when last read, and the certificate made of them. Has no clock: its owner says when to look.
#[derive(Debug)]
pub struct Watch {
    certificate: Certificate,
    files: CertificateFiles,
    read: Option<Stamps>,
    seen: Option<Stamps>,
    /// The fault that was told, until the files are good again.
    told: Option<TlsFault>,
    /// Looks until a fault that may have passed is tried again; 0 for none.
    retry_in: u32,
}

impl Watch {
    /// Begins with what `load` made of the two files.
    #[must_use]
    pub fn new(certificate: Certificate, files: CertificateFiles) -> Watch {
        Watch { certificate, files, read: None, seen: None, told: None, retry_in: 0 }
    }

    /// Looks whether the files have changed, and reads them once they are the same at two looks: a certificate and its
    /// key are rarely replaced in one go, and half of the new pair is a fault nobody needs to hear of.
    pub async fn look(&mut self) -> Reload {
        let now = Some(self.stamps().await);
        let is_first = self.read.is_none();
        let (is_settled, is_new) = (self.seen == now, self.read != now);
        self.seen = now;
        let is_due = self.retry_in == 1;
        self.retry_in = self.retry_in.saturating_sub(1);
        if !is_settled || !(is_new || is_due) {
            return Reload::Nothing;
        }
        let told = self.told.clone();
        match self.reload().await {
            // They may have changed between `load` and the first look; they hardly ever have.
            Reload::Swapped if is_first => Reload::Nothing,
            Reload::Kept(fault) if is_due && told.as_ref() == Some(&fault) => Reload::Nothing,
            other => other,
        }
    }

    /// Reads the files, changed or not.
    pub async fn reload(&mut self) -> Reload {
        // Taken before reading: what changes meanwhile is then noticed at the next look.
        let stamps = self.stamps().await;
        (self.read, self.seen) = (Some(stamps), Some(stamps));
        match read(&self.files).await {
            Err(fault) => self.failed(fault),
            Ok(Loaded { server, chain, is_key_open }) => {
                let current = &self.certificate.chain;
                if let Some(fault) = findings::worse_than(current, &chain, &self.files, SystemTime::now()) {
                    return self.failed(fault);
                }
                self.certificate.replace(server, chain, is_key_open);
                (self.told, self.retry_in) = (None, 0);
                Reload::Swapped
            }
        }
    }

    fn failed(&mut self, fault: TlsFault) -> Reload {
        self.retry_in = if fault.may_pass { LOOKS_TO_RETRY } else { 0 };
        self.told = Some(fault.clone());
        Reload::Kept(fault)
    }

    async fn stamps(&self) -> Stamps {
        let files = self.files.clone();
        spawn_blocking(move || files::stamps(&files)).await.unwrap_or_default()
    }
}

async fn read(files: &CertificateFiles) -> Result<Loaded, TlsFault> {
    let files = files.clone();
    let loaded = spawn_blocking(move || files::load(&files)).await;
    loaded.unwrap_or_else(|error| Err(TlsFault::passing(format!("Reading the certificate was broken off: {error}."))))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Which no file shows: the descriptors had run out, and the files are as they were.
    #[tokio::test]
    async fn a_read_that_failed_for_a_passing_reason_is_tried_again_after_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let files = CertificateFiles {
            cert: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
            hostname: String::new(),
        };
        fs::write(&files.cert, made.cert.pem()).unwrap();
        fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        let mut watch = Watch::new(load(&files).await.unwrap(), files.clone());
        let stamps = Some(watch.stamps().await);
        (watch.read, watch.seen) = (stamps, stamps);
        let passing = TlsFault::passing("no free file descriptor".to_owned());
        assert_eq!(watch.failed(passing.clone()), Reload::Kept(passing));
        for _ in 1..LOOKS_TO_RETRY {
            assert_eq!(watch.look().await, Reload::Nothing);
        }
        assert_eq!(watch.look().await, Reload::Swapped);
        assert_eq!(
            watch.failed(TlsFault::lasting("damaged".to_owned())),
            Reload::Kept(TlsFault::lasting("damaged".to_owned()))
        );
        for _ in 0..2 * LOOKS_TO_RETRY {
            assert_eq!(watch.look().await, Reload::Nothing, "what is wrong with the files stays wrong");
        }
    }
}
