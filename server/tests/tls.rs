//! HTTPS on loopback with certificates made on the spot: what is offered, what is refused, and what a change does.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::{Router, routing::get};
use axum_server::tls_rustls::RustlsConfig;
use p2pchat_server::tls::{Reload, Watch, load, reload_when_changed};
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
    cert: PathBuf,
    key: PathBuf,
}

fn files(pair: &Pair) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let files = Files { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem"), _folder: folder };
    files.put_cert(&pair.cert);
    files.put_key(&pair.key);
    files
}

impl Files {
    fn put_cert(&self, text: &str) {
        replace(&self.cert, text);
    }

    fn put_key(&self, text: &str) {
        replace(&self.key, text);
    }

    async fn config(&self) -> RustlsConfig {
        load(&self.cert, &self.key).await.unwrap()
    }

    /// Why they cannot be used.
    async fn fault(&self) -> String {
        load(&self.cert, &self.key).await.unwrap_err().to_string()
    }

    fn watch(&self, config: &RustlsConfig) -> Watch {
        Watch::new(config.clone(), self.cert.clone(), self.key.clone())
    }
}

/// By renaming, as certbot does: the clock of a file system may be too coarse to tell two writes apart.
fn replace(path: &std::path::Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
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
    let address = serve(files(&pair).config().await);
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
    has(&files, &["no private key in", "key.pem", "openssl pkey"]).await;
    files.put_key(&one.key.replace("-----END", "!!!!-----END"));
    has(&files, &["key.pem", "damaged"]).await;
    files.put_cert(&one.key);
    has(&files, &["no certificate in", "cert.pem", "BEGIN CERTIFICATE"]).await;
    files.put_cert("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    files.put_key(&one.key);
    has(&files, &["cert.pem", "cannot be used"]).await;
    fs::remove_file(&files.cert).unwrap();
    has(&files, &["cert.pem", "does not exist"]).await;
    fs::create_dir(&files.cert).unwrap();
    has(&files, &["cert.pem", "cannot be read"]).await;
    assert!(!files.fault().await.contains('\n'));
}

#[tokio::test]
async fn a_new_pair_is_shown_to_newcomers_and_drops_nobody() {
    let (old, new) = (pair(), pair());
    let files = files(&old);
    let config = files.config().await;
    let (address, now) = (serve(config.clone()), Arc::new(Notify::new()));
    tokio::spawn(reload_when_changed(config, files.cert.clone(), files.key.clone(), now.clone()));
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
    let config = files.config().await;
    let address = serve(config.clone());
    let mut watch = files.watch(&config);
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
async fn a_bad_file_is_told_once_and_the_old_certificate_stays() {
    let (old, new) = (pair(), pair());
    let files = files(&old);
    let config = files.config().await;
    let address = serve(config.clone());
    let mut watch = files.watch(&config);
    assert_eq!((watch.look().await, watch.look().await), (Reload::Nothing, Reload::Nothing));
    files.put_cert("half a fi");
    let (first, second, third) = (watch.look().await, watch.look().await, watch.look().await);
    assert!(matches!(&second, Reload::Kept(fault) if fault.to_string().contains("cert.pem")), "{second:?}");
    assert_eq!((first, third), (Reload::Nothing, Reload::Nothing));
    assert_eq!(shown(address, &[&old, &new]).await, old.der);

    fs::remove_file(&files.key).unwrap();
    let (first, second, third) = (watch.look().await, watch.look().await, watch.look().await);
    assert!(matches!(second, Reload::Kept(_)), "{second:?}");
    assert_eq!((first, third), (Reload::Nothing, Reload::Nothing));

    files.put_cert(&new.cert);
    files.put_key(&new.key);
    assert_eq!((watch.look().await, watch.look().await), (Reload::Nothing, Reload::Swapped));
    assert_eq!(shown(address, &[&old, &new]).await, new.der);
}
