//! From two PEM files to what rustls serves with, and a sentence for each way in which they can be something else.
//!
//! **Invariant:** no sentence holds anything of a key but its kind.
use std::{fmt, fs, io, os::unix::fs::MetadataExt as _, path::Path, sync::Arc, time::SystemTime};

use rustls::{
    ConfigBuilder, ServerConfig, WantsVerifier,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject as _},
    },
    server::ResolvesServerCertUsingSni,
};

use super::{CertificateFiles, findings};

/// What ring signs with, in words.
const WORKING_KEYS: &str = "keys that work are RSA of 2048 to 8192 bits, ECDSA on P-256 or P-384, and Ed25519";

/// What is wrong with the certificate or its key, and what to do about it, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFault {
    sentence: String,
    /// Whether the same files may be read later: the fault is the machine's, not theirs.
    pub(super) may_pass: bool,
}

impl TlsFault {
    pub(super) fn passing(sentence: String) -> Self {
        TlsFault { sentence, may_pass: true }
    }

    pub(super) fn lasting(sentence: String) -> Self {
        TlsFault { sentence, may_pass: false }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for TlsFault {}

/// Of the certificate and of the key; nothing for a file that is not there.
pub(super) type Stamps = [Option<Stamp>; 2];

/// Differs when a file was written, replaced, given other rights, or its link points elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
    /// The inode and when it changed.
    inode: (u64, i64, i64),
}

pub(super) fn stamps(files: &CertificateFiles) -> Stamps {
    [&files.cert, &files.key].map(|path| {
        let found = fs::metadata(path).ok()?;
        let inode = (found.ino(), found.ctime(), found.ctime_nsec());
        Some(Stamp { modified: found.modified().ok(), bytes: found.len(), inode })
    })
}

/// What the files hold.
pub(super) struct Loaded {
    pub(super) server: Arc<ServerConfig>,
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// Whether every user of this machine may read the key.
    pub(super) is_key_open: bool,
}

pub(super) fn load(files: &CertificateFiles) -> Result<Loaded, TlsFault> {
    let chain = chain(&files.cert)?;
    let secret = private_key(&files.key)?;
    let is_key_open = fs::metadata(&files.key).is_ok_and(|it| it.mode() & 0o004 != 0);
    let server = server_config(chain.clone(), secret).map_err(|error| unfit(files, &chain, &error))?;
    Ok(Loaded { server, chain, is_key_open })
}

/// Offers HTTP/2 and HTTP/1.1.
///
/// # Errors
/// The two do not belong together, or the key is of a kind that does not work.
pub(super) fn server_config(
    chain: Vec<CertificateDer<'static>>,
    secret: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut server = builder()?.with_no_client_auth().with_single_cert(chain, secret)?;
    server.alpn_protocols = protocols();
    Ok(Arc::new(server))
}

/// Serves nobody, for as long as there is no certificate: every handshake is refused.
///
/// # Errors
/// TLS cannot be set up.
pub(super) fn without_certificate() -> Result<Arc<ServerConfig>, rustls::Error> {
    let nothing = Arc::new(ResolvesServerCertUsingSni::new());
    let mut server = builder()?.with_no_client_auth().with_cert_resolver(nothing);
    server.alpn_protocols = protocols();
    Ok(Arc::new(server))
}

/// # Errors
/// TLS cannot be set up.
pub(super) fn builder() -> Result<ConfigBuilder<ServerConfig, WantsVerifier>, rustls::Error> {
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions()
}

fn protocols() -> Vec<Vec<u8>> {
    vec![b"h2".to_vec(), b"http/1.1".to_vec()]
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let found = bytes("certificate", path)?;
    let chain = CertificateDer::pem_slice_iter(&found).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| damaged("certificate", path, &error))?;
    if chain.is_empty() {
        let path = path.display();
        return Err(TlsFault::lasting(format!(
            "There is no certificate in {path}: {}; it must hold a PEM block that begins with \"BEGIN CERTIFICATE\".",
            what_instead(&found)
        )));
    }
    Ok(chain)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFault> {
    let found = bytes("private key", path)?;
    if is_encrypted(&found) {
        return Err(TlsFault::lasting(format!(
            "The private key {} is encrypted with a passphrase: decrypt it first (openssl pkey -in FILE -out NEWFILE).",
            path.display()
        )));
    }
    PrivateKeyDer::from_pem_slice(&found).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsFault::lasting(format!(
            "There is no private key in {}: {}; it must hold a PEM block that begins with \"BEGIN PRIVATE KEY\".",
            path.display(),
            what_instead(&found)
        )),
        other => damaged("private key", path, &other),
    })
}

/// As PKCS #8 says it, or as OpenSSL did before that (RFC 1421).
fn is_encrypted(found: &[u8]) -> bool {
    labels(found).iter().any(|it| it == "ENCRYPTED PRIVATE KEY") || holds(found, b"Proc-Type: 4,ENCRYPTED")
}

/// What a file is that is not what it should be, in words.
fn what_instead(found: &[u8]) -> String {
    if found.is_empty() {
        return "the file is empty".to_owned();
    }
    if let Some(label) = labels(found).first() {
        let advice = match &**label {
            "CERTIFICATE" => "that is a certificate",
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
                "that is a request for a certificate, to be sent to the authority that answers with one"
            }
            "TRUSTED CERTIFICATE" => "that is OpenSSL's own format: convert it (openssl x509 -in FILE -out NEWFILE)",
            "PKCS7" => "that is PKCS #7: convert it (openssl pkcs7 -print_certs -in FILE -out NEWFILE)",
            "EC PARAMETERS" => "that is the name of a curve, and the key that follows it is missing",
            "PUBLIC KEY" => "that is the public half of a key",
            "OPENSSH PRIVATE KEY" => "that is a key for SSH",
            label if label.ends_with("PRIVATE KEY") => "that is a private key",
            _ => "that is something else",
        };
        return format!("it holds \"BEGIN {label}\", and {advice}");
    }
    // DER begins with a SEQUENCE; PKCS #12 goes on with its version, 3 (RFC 7292, section 4).
    match found {
        [0x30, 0x82, _, _, 2, 1, 3, ..] | [0x30, 0x80, 2, 1, 3, ..] => {
            "it is PKCS #12 (.p12, .pfx): take both files out of it (openssl pkcs12 -in FILE -nodes)".to_owned()
        }
        [0x30, 0x80..=0x84, ..] => {
            "it is DER, which is PEM's content in binary: convert it (openssl x509 or openssl pkey, -inform DER)"
                .to_owned()
        }
        _ => "it holds no PEM block".to_owned(),
    }
}

/// What its PEM blocks are called.
fn labels(found: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(found);
    let label = |line: &str| Some(line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----")?.to_owned());
    text.lines().filter_map(label).collect()
}

fn holds(found: &[u8], what: &[u8]) -> bool {
    found.windows(what.len()).any(|it| it == what)
}

fn bytes(what: &str, path: &Path) -> Result<Vec<u8>, TlsFault> {
    // Some editors put a byte order mark before the first line.
    let without_mark = |found: Vec<u8>| found.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(found);
    fs::read(path).map(without_mark).map_err(|error| {
        let path = path.display();
        TlsFault::passing(match error.kind() {
            io::ErrorKind::NotFound => {
                format!("The {what} {path} does not exist: correct the path in the settings, or put the file there.")
            }
            io::ErrorKind::PermissionDenied => {
                format!("The {what} {path} may not be read: give the user this server runs as the right to.")
            }
            _ => format!("The {what} {path} cannot be read ({error}): put a PEM file there."),
        })
    })
}

fn damaged(what: &str, path: &Path, error: &pem::Error) -> TlsFault {
    TlsFault::lasting(format!("The {what} {} is damaged ({error}): put an intact PEM file there.", path.display()))
}

fn unfit(files: &CertificateFiles, chain: &[CertificateDer<'_>], error: &rustls::Error) -> TlsFault {
    let (cert, key) = (files.cert.display(), files.key.display());
    TlsFault::lasting(match error {
        rustls::Error::InconsistentKeys(_) => format!(
            "The private key {key} does not belong to the certificate {cert}: give the pair that was made together, \
             with the server's own certificate before its chain."
        ),
        // The provider says only that it could not load the key.
        rustls::Error::General(_) => {
            let kind = chain.first().and_then(findings::odd_key).unwrap_or("damaged, or of another kind");
            format!("The private key {key} cannot be used: it is {kind}, and {WORKING_KEYS}.")
        }
        _ => format!("The certificate {cert} cannot be used ({error}): have it made anew."),
    })
}
