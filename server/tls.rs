//! The certificate: reads it, and reads it again when its files change. Invariant: once the server runs it always has
//! a certificate that works; a bad new one is reported and not used, and no running connection notifications a change.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum_server::tls_rustls::RustlsConfig;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject as _},
    },
};
use tokio::{
    sync::Notify,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

/// How often the files are looked at. A change is taken in once it has stood still for one look.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is wrong with the certificate or its key, and what to do about it, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFault(String);

impl std::fmt::Display for TlsFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsFault {}

/// Reads a certificate with its chain and its private key, both PEM. Offers HTTP/2 and HTTP/1.1.
///
/// # Errors
/// When a file cannot be read, holds no certificate or key, or the two do not belong together.
pub async fn load(cert: &Path, key: &Path) -> Result<RustlsConfig, TlsFault> {
    Ok(RustlsConfig::from_config(read(cert, key).await?))
}

/// Watches both files for as long as it is polled and swaps the certificate in `config`. `now` makes it read them at
/// once, changed or not, as for SIGHUP.
pub async fn reload_when_changed(config: RustlsConfig, cert: PathBuf, key: PathBuf, now: Arc<Notify>) {
    let mut watch = Watch::new(config, cert, key);
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let reload = tokio::select! {
            () = now.notified() => watch.reload().await,
            _ = looks.tick() => watch.look().await,
        };
        match reload {
            Reload::Nothing => {}
            Reload::Swapped => tracing::info!(cert = %watch.cert.display(), "new certificate in use"),
            Reload::Kept(fault) => {
                tracing::error!(%fault, "the new certificate cannot be used, the old one stays in use");
            }
        }
    }
}

/// What came of looking at the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reload {
    /// They are as they were, or are still changing.
    Nothing,
    /// New connections get what they hold now.
    Swapped,
    /// They are bad; the former certificate stays. Incoming once for each state of the files.
    Kept(TlsFault),
}

/// The files as they were when last read, and the certificate made of them. Has no clock: its owner says when to look.
#[derive(Debug)]
pub struct Watch {
    config: RustlsConfig,
    cert: PathBuf,
    key: PathBuf,
    read: Option<Stamps>,
    seen: Option<Stamps>,
}

impl Watch {
    /// Begins with what `load` made of the two files.
    #[must_use]
    pub fn new(config: RustlsConfig, cert: PathBuf, key: PathBuf) -> Watch {
        Watch { config, cert, key, read: None, seen: None }
    }

    /// Looks whether the files have changed, and reads them once they are the same at two looks: a certificate and its
    /// key are rarely replaced in one go, and half of the new pair is a fault nobody needs to hear of.
    pub async fn look(&mut self) -> Reload {
        let now = Some(self.stamps().await);
        let is_first = self.read.is_none();
        let (is_settled, is_new) = (self.seen == now, self.read != now);
        self.seen = now;
        if !is_settled || !is_new {
            return Reload::Nothing;
        }
        match self.reload().await {
            // They may have changed between `load` and the first look; they hardly ever have.
            Reload::Swapped if is_first => Reload::Nothing,
            other => other,
        }
    }

    /// Reads the files, changed or not.
    pub async fn reload(&mut self) -> Reload {
        // Taken before reading: what changes meanwhile is then noticed at the next look.
        let stamps = self.stamps().await;
        (self.read, self.seen) = (Some(stamps), Some(stamps));
        match read(&self.cert, &self.key).await {
            Ok(config) => {
                self.config.reload_from_config(config);
                Reload::Swapped
            }
            Err(fault) => Reload::Kept(fault),
        }
    }

    async fn stamps(&self) -> Stamps {
        let (cert, key) = (self.cert.clone(), self.key.clone());
        spawn_blocking(move || [stamp(&cert), stamp(&key)]).await.unwrap_or_default()
    }
}

/// Of the certificate and of the key; nothing for a file that is not there.
type Stamps = [Option<Stamp>; 2];

/// Differs when a file was written, replaced, given other rights, or its link points elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    /// The inode and when it changed, where there are such things.
    inode: (u64, i64, i64),
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let inode = {
        use std::os::unix::fs::MetadataExt as _;
        (found.ino(), found.ctime(), found.ctime_nsec())
    };
    #[cfg(not(unix))]
    let inode = (0, 0, 0);
    Some(Stamp { modified: found.modified().ok(), bytes: found.len(), inode })
}

async fn read(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsFault> {
    let (cert, key) = (cert.to_owned(), key.to_owned());
    let made = spawn_blocking(move || make(&cert, &key)).await;
    made.unwrap_or_else(|err| Err(TlsFault(format!("Reading the certificate was broken off: {err}."))))
}

fn make(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsFault> {
    let chain = CertificateDer::pem_slice_iter(&bytes("certificate", cert)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|err| damaged("certificate", cert, &err))?;
    if chain.is_empty() {
        return Err(TlsFault(format!(
            "There is no certificate in {}: it must hold a PEM block that begins with \"BEGIN CERTIFICATE\".",
            cert.display()
        )));
    }
    let secret = PrivateKeyDer::from_pem_slice(&bytes("private key", key)?).map_err(|err| match err {
        pem::Error::NoItemsFound => TlsFault(format!(
            "There is no private key in {}: it must hold a PEM block that begins with \"BEGIN PRIVATE KEY\", and one \
             with a passphrase must be decrypted first (openssl pkey -in FILE -out NEWFILE).",
            key.display()
        )),
        other => damaged("private key", key, &other),
    })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|err| TlsFault(format!("TLS cannot be set up: {err}.")))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|err| unfit(cert, key, &err))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn bytes(what: &str, path: &Path) -> Result<Vec<u8>, TlsFault> {
    fs::read(path).map_err(|err| {
        let path = path.display();
        TlsFault(match err.kind() {
            io::ErrorKind::NotFound => {
                format!("The {what} {path} does not exist: correct the path in the settings, or put the file there.")
            }
            io::ErrorKind::PermissionDenied => {
                format!("The {what} {path} may not be read: give the user this server runs as the right to.")
            }
            _ => format!("The {what} {path} cannot be read ({err}): put a PEM file there."),
        })
    })
}

fn damaged(what: &str, path: &Path, err: &pem::Error) -> TlsFault {
    TlsFault(format!("The {what} {} is damaged ({err}): put an intact PEM file there.", path.display()))
}

fn unfit(cert: &Path, key: &Path, err: &rustls::Error) -> TlsFault {
    let (cert, key) = (cert.display(), key.display());
    TlsFault(match err {
        rustls::Error::InconsistentKeys(_) => format!(
            "The private key {key} does not belong to the certificate {cert}: give the pair that was made together, \
             with the server's own certificate before its chain."
        ),
        _ => format!("The certificate {cert} and the private key {key} cannot be used ({err}): have them made anew."),
    })
}
