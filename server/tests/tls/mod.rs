//! HTTPS on loopback with certificates made on the spot: what is offered, what is refused, and what a change does.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod findings;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use axum::{Router, routing::get};
use axum_server::tls_rustls::RustlsConfig;
use p2pchat_server::tls::{Certificate, CertificateFiles, Finding, Reload, Watch, load, reload_when_changed};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Notify,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A certificate and its key, as PEM and as the client sees it.
struct Pair {
    cert: String,
    key: String,
    der: CertificateDer<'static>,
}

fn pair() -> Pair {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    Pair { cert: made.cert.pem(), key: made.signing_key.serialize_pem(), der: made.cert.der().clone() }
}

struct Files {
    _folder: TempDir,
    paths: CertificateFiles,
}

fn files(pair: &Pair) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let paths = CertificateFiles { cert, key, hostname: "localhost".to_owned() };
    let files = Files { paths, _folder: folder };
    files.put_cert(&pair.cert);
    files.put_key(&pair.key);
    files
}

impl Files {
    fn put_cert(&self, text: &str) {
        replace(&self.paths.cert, text.as_bytes());
    }

    fn put_key(&self, text: &str) {
        replace(&self.paths.key, text.as_bytes());
    }

    async fn load(&self) -> Certificate {
        load(&self.paths).await.unwrap()
    }

    /// Why they cannot be used.
    async fn fault(&self) -> String {
        load(&self.paths).await.unwrap_err().to_string()
    }

    /// What is said of them at a moment, by its reason.
    async fn findings(&self, now: SystemTime) -> Vec<Finding> {
        self.load().await.findings(&self.paths, now)
    }

    fn watch(&self, certificate: &Certificate) -> Watch {
        Watch::new(certificate.clone(), self.paths.clone())
    }
}

/// By renaming, as certbot does: the clock of a file system may be too coarse to tell two writes apart.
fn replace(path: &Path, bytes: &[u8]) {
    let new = path.with_extension("new");
    fs::write(&new, bytes).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(new, path).unwrap();
}

fn serve(config: RustlsConfig) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let pages = Router::new().route("/", get(async || "hello"));
    let server = axum_server::from_tcp_rustls(listener, config).unwrap();
    tokio::spawn(server.serve(pages.into_make_service()));
    address
}

async fn connect(to: SocketAddr, trusted: &[&Pair], protocols: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    for pair in trusted {
        roots.add(pair.der.clone()).unwrap();
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(to).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

/// The certificate a new connection is shown.
async fn shown(to: SocketAddr, trusted: &[&Pair]) -> CertificateDer<'static> {
    let stream = connect(to, trusted, &[]).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

/// Asks for the page and leaves the connection open.
async fn hello(stream: &mut TlsStream<TcpStream>) {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    while !said.ends_with(b"hello") {
        assert_ne!(stream.read_buf(&mut said).await.unwrap(), 0, "the connection was closed");
    }
}

#[tokio::test]
async fn http_2_is_offered_first_and_http_1_is_there() {
    let pair = pair();
    let address = serve(files(&pair).load().await.config());
    for (offers, taken) in [(vec!["http/1.1", "h2"], "h2"), (vec!["http/1.1"], "http/1.1")] {
        let stream = connect(address, &[&pair], &offers).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(taken.as_bytes()));
    }
    hello(&mut connect(address, &[&pair], &["http/1.1"]).await.unwrap()).await;
}

#[tokio::test]
async fn a_fault_names_the_file_and_the_way_out() {
    let (one, other) = (pair(), pair());
    let has = async |files: &Files, words: &[&str]| {
        let fault = files.fault().await;
        assert!(words.iter().all(|it| fault.contains(it)), "{fault}");
    };
    let files = files(&one);
    files.put_key(&other.key);
    has(&files, &["key.pem", "cert.pem", "does not belong to"]).await;
    files.put_key("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    has(&files, &["key.pem", "encrypted", "openssl pkey"]).await;
    files.put_key(&one.key.replace("-----END", "!!!!-----END"));
    has(&files, &["key.pem", "damaged"]).await;
    files.put_cert(&one.key);
    has(&files, &["no certificate in", "cert.pem", "that is a private key", "BEGIN CERTIFICATE"]).await;
    files.put_cert("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    files.put_key(&one.key);
    has(&files, &["cert.pem", "cannot be used"]).await;
    fs::remove_file(&files.paths.cert).unwrap();
    has(&files, &["cert.pem", "does not exist"]).await;
    fs::create_dir(&files.paths.cert).unwrap();
    has(&files, &["cert.pem", "cannot be read"]).await;
    assert!(!files.fault().await.contains('\n'));
}

#[tokio::test]
async fn a_new_pair_is_shown_to_newcomers_and_drops_nobody() {
    let (old, new) = (pair(), pair());
    let files = files(&old);
    let certificate = files.load().await;
    let (address, now) = (serve(certificate.config()), Arc::new(Notify::new()));
    let paths = Arc::new(ArcSwap::from_pointee(files.paths.clone()));
    tokio::spawn(reload_when_changed(certificate, paths, now.clone()));
    let mut running = connect(address, &[&old], &["http/1.1"]).await.unwrap();
    hello(&mut running).await;

    files.put_cert(&new.cert);
    files.put_key(&new.key);
    now.notify_one();
    let swapped = async { while shown(address, &[&old, &new]).await != new.der {} };
    timeout(Duration::from_secs(20), swapped).await.expect("the new certificate is in use");
    hello(&mut running).await;
    assert!(connect(address, &[&old], &[]).await.is_err());
}

#[tokio::test]
async fn a_change_is_taken_in_once_it_stands_still() {
    let (old, new) = (pair(), pair());
    let files = files(&old);
    let certificate = files.load().await;
    let address = serve(certificate.config());
    let mut watch = files.watch(&certificate);
    for _ in 0..4 {
        assert_eq!(watch.look().await, Reload::Nothing);
    }
    files.put_cert(&new.cert);
    assert_eq!(watch.look().await, Reload::Nothing, "half of a new pair is waited with");
    files.put_key(&new.key);
    assert_eq!(watch.look().await, Reload::Nothing);
    assert_eq!(shown(address, &[&old, &new]).await, old.der);
    assert_eq!(watch.look().await, Reload::Swapped);
    assert_eq!(shown(address, &[&old, &new]).await, new.der);
    assert_eq!(watch.look().await, Reload::Nothing);
}

#[tokio::test]
async fn a_byte_order_mark_before_a_file_is_none_of_it() {
    let pair = pair();
    let files = files(&pair);
    files.put_cert(&format!("\u{feff}{}", pair.cert));
    files.put_key(&format!("\u{feff}{}", pair.key));
    assert_eq!(shown(serve(files.load().await.config()), &[&pair]).await, pair.der);
}

#[tokio::test]
async fn a_bad_file_is_told_once_and_the_old_certificate_stays() {
    let (old, new) = (pair(), pair());
    let files = files(&old);
    let certificate = files.load().await;
    let address = serve(certificate.config());
    let mut watch = files.watch(&certificate);
    assert_eq!((watch.look().await, watch.look().await), (Reload::Nothing, Reload::Nothing));
    files.put_cert("half a fi");
    let (first, second, third) = (watch.look().await, watch.look().await, watch.look().await);
    assert!(matches!(&second, Reload::Kept(fault) if fault.to_string().contains("cert.pem")), "{second:?}");
    assert_eq!((first, third), (Reload::Nothing, Reload::Nothing));
    assert_eq!(shown(address, &[&old, &new]).await, old.der);

    fs::remove_file(&files.paths.key).unwrap();
    let (first, second, third) = (watch.look().await, watch.look().await, watch.look().await);
    assert!(matches!(second, Reload::Kept(_)), "{second:?}");
    assert_eq!((first, third), (Reload::Nothing, Reload::Nothing));

    files.put_cert(&new.cert);
    files.put_key(&new.key);
    assert_eq!((watch.look().await, watch.look().await), (Reload::Nothing, Reload::Swapped));
    assert_eq!(shown(address, &[&old, &new]).await, new.der);
}

#[tokio::test]
async fn what_a_file_is_instead_of_what_it_should_be_is_told_in_words() {
    let one = pair();
    let files = files(&one);
    let block = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n").into_bytes();
    let der = one.der.to_vec();
    for (content, words) in [
        (block("CERTIFICATE REQUEST"), "a request for a certificate"),
        (block("TRUSTED CERTIFICATE"), "openssl x509"),
        (block("PKCS7"), "openssl pkcs7"),
        (der.clone(), "it is DER"),
        (vec![0x30, 0x82, 9, 9, 2, 1, 3, 0x30, 0x82], "openssl pkcs12"),
        (Vec::new(), "the file is empty"),
        (b"hello".to_vec(), "it holds no PEM block"),
    ] {
        replace(&files.paths.cert, &content);
        let fault = files.fault().await;
        assert!(fault.contains(words) && fault.contains("cert.pem") && !fault.contains('\n'), "{fault}");
    }
    files.put_cert(&one.cert);
    let old_way =
        b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n".to_vec();
    for (content, words) in [
        (old_way, "encrypted with a passphrase"),
        (block("EC PARAMETERS"), "the name of a curve"),
        (block("PUBLIC KEY"), "the public half"),
        (block("OPENSSH PRIVATE KEY"), "a key for SSH"),
        (block("PRIVATE KEY"), "Ed25519"),
        (one.cert.clone().into_bytes(), "that is a certificate"),
        (der, "it is DER"),
    ] {
        replace(&files.paths.key, &content);
        let fault = files.fault().await;
        assert!(fault.contains(words) && fault.contains("key.pem") && !fault.contains('\n'), "{fault}");
    }
    // What openssl writes for an EC key: the curve's name, then the key.
    let key = format!("{}{}", String::from_utf8(block("EC PARAMETERS")).unwrap(), one.key);
    files.put_key(&key);
    files.load().await;
}

#[tokio::test]
async fn a_file_that_is_missing_is_told_once_however_often_it_is_tried() {
    let (old, new) = (pair(), pair());
    let files = files(&old);
    let certificate = files.load().await;
    let mut watch = files.watch(&certificate);
    assert_eq!((watch.look().await, watch.look().await), (Reload::Nothing, Reload::Nothing));
    let (cert, key) = (files.paths.cert.clone(), files.paths.key.clone());
    let locked = key.with_extension("locked");
    replace(&cert, new.cert.as_bytes());
    replace(&key, new.key.as_bytes());
    fs::rename(&key, &locked).unwrap();
    assert_eq!(watch.look().await, Reload::Nothing);
    assert!(matches!(watch.look().await, Reload::Kept(_)));
    for _ in 0..150 {
        assert_eq!(watch.look().await, Reload::Nothing, "it is told once");
    }
    fs::rename(&locked, &key).unwrap();
    assert_eq!((watch.look().await, watch.look().await), (Reload::Nothing, Reload::Swapped));
    assert_eq!(shown(serve(certificate.config()), &[&new]).await, new.der);
}
