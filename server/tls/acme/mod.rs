//! A certificate from an authority, by ACME (RFC 8555): asked for at the first start, kept in the state folder, and renewed for as
//! long as the server runs.
//!
//! **Invariants:** the certificate in use stays in use until there is another; nothing here ends the server; whatever goes wrong is
//! one line in the log, with the time of the next try.
mod account;
mod challenges;
mod client;
mod failure;
mod order;
mod schedule;

use std::{
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use instant_acme::{Account, CertificateIdentifier, LetsEncrypt};
use rustls::pki_types::Der;
use tokio::{
    sync::Notify,
    task::spawn_blocking,
    time::{Instant, interval_at, sleep, timeout},
};

pub use challenges::Challenges;
use client::Client;
use failure::Failure;
use schedule::{Next, Schedule, Window};

use super::{
    Certificate, CertificateFiles, REPORT_EVERY,
    files::{server_config, without_certificate},
    kept::{self, Kept, Purpose},
    x509::{self, Life},
};

const NAME: &str = "acme-certificate.json";

/// For one order, from asking to having the certificate.
const ORDER_TIMEOUT: Duration = Duration::from_mins(10);

/// The clock of a machine that sleeps goes on, and that of a wait may not.
const LOOK_EVERY: Duration = Duration::from_hours(1);

/// What to ask for, and whom.
#[derive(Clone, Default)]
pub struct AcmeSettings {
    /// Names in lower case, and addresses.
    pub names: Vec<String>,
    /// An e-mail address.
    pub contact: Option<String>,
    /// The url of the authority's directory.
    pub directory: String,
    /// The kind of certificate, in the authority's words.
    pub profile: Option<String>,
    /// What ties the account to another at the authority.
    pub eab: Option<Eab>,
    /// A PEM file with a root certificate for the directory itself.
    pub root: Option<PathBuf>,
    /// Where account and certificate are kept.
    pub folder: PathBuf,
    /// Whether plain HTTP is answered, too.
    pub has_http: bool,
    /// The name by which people reach the server. Empty: not known.
    pub hostname: String,
}

/// An external account (RFC 8555, section 7.3.4).
#[derive(Clone)]
pub struct Eab {
    /// As the authority calls it.
    pub key_id: String,
    /// What the two share.
    pub hmac_key: Vec<u8>,
}

impl AcmeSettings {
    fn has_address(&self) -> bool {
        self.names.iter().any(|it| it.parse::<IpAddr>().is_ok())
    }

    fn purpose(&self) -> Purpose {
        let mut names = self.names.clone();
        names.sort();
        Purpose { issuer: self.directory.clone(), names, profile: self.profile.clone().unwrap_or_default() }
    }
}

/// The directory of Let's Encrypt, or that for trying things out.
pub fn lets_encrypt(is_staging: bool) -> &'static str {
    if is_staging { LetsEncrypt::Staging.url() } else { LetsEncrypt::Production.url() }
}

/// A certificate that is asked for and renewed.
pub struct Acme {
    settings: AcmeSettings,
    challenges: Challenges,
    certificate: Certificate,
    files: CertificateFiles,
    /// Whether what is in use is for what is set.
    is_fitting: bool,
}

impl Acme {
    /// Takes what is kept. Asks nobody.
    ///
    /// # Errors
    /// What is asked for could not be kept, or nobody could be asked: one sentence.
    pub async fn open(settings: AcmeSettings) -> Result<Acme, String> {
        let path = settings.folder.join(NAME);
        let root = settings.root.clone();
        let looked = {
            let path = path.clone();
            spawn_blocking(move || {
                root.as_deref().map_or(Ok(Vec::new()), client::root_certificates)?;
                kept::prepare(&path)?;
                Ok::<_, String>(kept::read::<Kept>(&path))
            })
        };
        let kept = looked.await.map_err(|failed| failed.to_string())??.unwrap_or_else(|error| {
            tracing::warn!(event = "certificate", reason = "unusable", path = %path.display(), %error, "another one is ordered");
            None
        });
        let nothing = without_certificate().map_err(|error| error.to_string())?;
        let challenges = Challenges::default();
        let certificate = Certificate::new(nothing, Vec::new(), false, Some(challenges.clone()));
        let files = CertificateFiles { cert: path.clone(), key: path, hostname: settings.hostname.clone() };
        let mut acme = Acme { settings, challenges, certificate, files, is_fitting: false };
        // One from elsewhere may be one that nobody believes.
        if let Some(kept) = kept.filter(|it| it.purpose.issuer == acme.settings.directory) {
            match acme.put_in_use(&kept) {
                Ok(()) => {
                    acme.is_fitting = kept.purpose == acme.settings.purpose();
                    let (names, directory) = (kept.purpose.names.join(" "), &acme.settings.directory);
                    tracing::info!(event = "certificate", reason = "kept", names, directory);
                    acme.certificate.report(&acme.files);
                }
                Err(error) => {
                    tracing::warn!(event = "certificate", reason = "unusable", error, "another one is ordered")
                }
            }
        }
        Ok(acme)
    }

    /// What is in use; it follows what comes.
    #[must_use]
    pub fn certificate(&self) -> Certificate {
        self.certificate.clone()
    }

    /// What an authority may ask for by plain HTTP.
    #[must_use]
    pub fn challenges(&self) -> Challenges {
        self.challenges.clone()
    }

    /// Orders and renews for as long as it is polled. `now`: what is due is not waited with, as for SIGHUP.
    pub async fn run(mut self, now: Arc<Notify>) {
        let mut schedule = Schedule::new(self.life().filter(|_| self.is_fitting), chance());
        let mut reports = interval_at(Instant::now() + REPORT_EVERY, REPORT_EVERY);
        loop {
            match schedule.next(SystemTime::now()) {
                Next::AskWindow => schedule.answered(SystemTime::now(), self.window().await),
                Next::Order => self.order(&mut schedule).await,
                Next::Wait(wait) => tokio::select! {
                    () = now.notified() => schedule.hurry(),
                    () = sleep(wait.min(LOOK_EVERY)) => {}
                    _ = reports.tick() => self.certificate.report(&self.files),
                },
            }
        }
    }

    async fn order(&mut self, schedule: &mut Schedule) {
        let client = match self.client().await {
            Ok(client) => client,
            Err(failure) => return self.failed(schedule, &failure, None),
        };
        let replaces = self.identifier().filter(|_| schedule.has_window());
        let ordering = order::obtain(&self.settings, &self.challenges, &client, replaces, schedule.n_failed());
        let ordered = timeout(ORDER_TIMEOUT, ordering).await;
        let ordered = ordered.unwrap_or_else(|_| Err(Failure::new("the authority did not come to an end in time")));
        let taken = match ordered {
            Ok(kept) => self.take(kept).await,
            Err(failure) => Err(failure),
        };
        match taken {
            Ok(life) => {
                schedule.obtained(SystemTime::now(), life, chance());
                let names = self.settings.names.join(" ");
                tracing::info!(event = "certificate", reason = "renewed", names, days = days(life.whole()));
                self.certificate.report(&self.files);
            }
            Err(failure) => self.failed(schedule, &failure, client.retry_after()),
        }
    }

    /// Uses and keeps a new certificate.
    async fn take(&mut self, kept: Kept) -> Result<Life, Failure> {
        self.put_in_use(&kept).map_err(Failure::new)?;
        let Some(life) = self.life() else { return Err(Failure::new("the certificate that was issued has no dates")) };
        self.is_fitting = true;
        let path = self.files.cert.clone();
        let written = spawn_blocking(move || kept::write(&path, &kept)).await;
        if let Err(error) = written.unwrap_or_else(|failed| Err(failed.into())) {
            let path = self.files.cert.display();
            tracing::error!(
                event = "certificate",
                reason = "not_kept",
                %error,
                "the new certificate is in use, but cannot be kept in {path}: another one is ordered at the next start"
            );
        }
        Ok(life)
    }

    fn put_in_use(&mut self, kept: &Kept) -> Result<(), String> {
        let (chain, key) = kept.decode().ok_or("it is damaged")?;
        let server = server_config(chain.clone(), key).map_err(|error| format!("it cannot be used ({error})"))?;
        self.certificate.replace(server, chain, false);
        Ok(())
    }

    fn failed(&self, schedule: &mut Schedule, failure: &Failure, retry_after: Option<Duration>) {
        let wait = schedule.failed(SystemTime::now(), retry_after, chance());
        let names = self.settings.names.join(" ");
        let next_try_s = wait.as_secs();
        let minutes = next_try_s.div_ceil(60);
        if self.certificate.chain.is_empty() {
            tracing::error!(
                event = "certificate",
                reason = "not_issued",
                names,
                next_try_s,
                "There is no certificate, and HTTPS waits for one: {failure}. The next try is in {minutes} minutes; systemctl \
                 reload, or SIGHUP, has it at once."
            );
        } else {
            tracing::warn!(
                event = "certificate",
                reason = "not_issued",
                names,
                next_try_s,
                "The certificate was not renewed, and the former one stays in use: {failure}. The next try is in {minutes} \
                 minutes."
            );
        }
    }

    /// When the authority would like the certificate in use to be renewed, and when to ask again.
    async fn window(&self) -> Option<(Window, Duration)> {
        match self.ask_window().await {
            Ok(answer) => Some(answer),
            Err(failure) => {
                tracing::debug!(event = "certificate", "the authority tells no time for renewing: {failure}");
                None
            }
        }
    }

    async fn ask_window(&self) -> Result<(Window, Duration), Failure> {
        let id = self.identifier().ok_or_else(|| Failure::new("the certificate names no issuer"))?;
        let account: Account = account::open(&self.settings, &self.client().await?).await?;
        let (info, again) = account.renewal_info(&id).await?;
        let window = info.suggested_window;
        let at = |seconds: i64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs());
        Ok((Window { begins: at(window.start.unix_timestamp()), ends: at(window.end.unix_timestamp()) }, again))
    }

    async fn client(&self) -> Result<Client, Failure> {
        let root = self.settings.root.clone();
        let client = spawn_blocking(move || Client::new(root.as_deref())).await;
        client.unwrap_or_else(|failed| Err(failed.to_string())).map_err(Failure::new)
    }

    /// By what the authority knows the certificate in use.
    fn identifier(&self) -> Option<CertificateIdentifier<'static>> {
        let (key, serial) = x509::renewal_id(&self.certificate.chain).filter(|_| self.is_fitting)?;
        Some(CertificateIdentifier::new(Der::from_slice(&key), Der::from_slice(&serial)).into_owned())
    }

    fn life(&self) -> Option<Life> {
        x509::life_of(&self.certificate.chain)
    }
}

fn days(time: Duration) -> u64 {
    time.as_secs() / (24 * 3_600)
}

/// From 0 to 1, by chance; the middle where the system has none.
fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |it| f64::from(it) / f64::from(u32::MAX))
}
