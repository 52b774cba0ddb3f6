//! Certificates by themselves, of the executable: from a real ACME server on loopback (Pebble, where it is installed), from a
//! small one made here for what that does not know, and made by the server itself.
mod fake;
mod pebble;
mod refused;
mod self_signed;

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{Running, Signal};
use crate::harness::soon;

/// Longer than anything here takes unless something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// The certificate with which an ACME server serves its directory, and what it is believed by.
struct Directory {
    folder: TempDir,
}

impl Directory {
    fn new() -> Directory {
        let folder = tempfile::tempdir().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::IpAddress([127, 0, 0, 1].into()));
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &ca).unwrap();
        for (name, text) in [("root.pem", ca.pem()), ("cert.pem", cert.pem()), ("key.pem", key.serialize_pem())] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Directory { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn root(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.path("root.pem")).unwrap()
    }
}

/// A server that gets its certificate from there.
fn settings(names: &[&str], port: u16, path: &str, root: &Path, state: &Path, more: &str) -> String {
    format!(
        "[relay]\nenabled = false\n[state]\ndir = {state:?}\n[tls]\n{more}\n[tls.acme]\nnames = {names:?}\ndirectory_url = \
         \"https://127.0.0.1:{port}/{path}\"\nroot_cert_path = {root:?}\n"
    )
}

/// A process whose log is read while it runs.
struct Logged {
    running: Running,
    lines: mpsc::Receiver<String>,
    seen: Vec<String>,
}

impl Logged {
    fn start(config: &str) -> Logged {
        let mut running = Running::start(&[], config);
        let (say, lines) = mpsc::channel();
        let log = BufReader::new(running.child.stderr.take().unwrap());
        thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    break;
                }
            }
        });
        Logged { running, lines, seen: Vec::new() }
    }

    /// The next line with all these words.
    fn hear(&mut self, words: &[&str]) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("waited in vain for {words:?} after {:#?}", self.seen));
            self.seen.push(line.clone());
            if words.iter().all(|it| line.contains(it)) {
                return line;
            }
        }
    }

    /// Its last line is there once it has ended.
    fn end(mut self) -> Vec<String> {
        self.running.signal(Signal::TERM);
        self.running.child.wait().unwrap();
        self.seen.extend(self.lines.iter());
        self.seen.clone()
    }

    fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// As `systemctl reload` does.
    fn hurry(&self) {
        self.running.signal(Signal::HUP);
    }
}

/// Believes any certificate, to look at it.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// `root`: who is believed; `None`: anybody.
async fn connect(
    to: SocketAddr,
    name: &str,
    root: Option<&CertificateDer<'static>>,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut roots = RootCertStore::empty();
    let mut config = match root {
        Some(root) => {
            roots.add(root.clone()).unwrap();
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        None => builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody)).with_no_client_auth(),
    };
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connecting = async { TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(to).await?).await };
    soon("a handshake", connecting).await
}

/// The certificate that a new connection is shown.
async fn shown(to: SocketAddr) -> CertificateDer<'static> {
    let stream = connect(to, "localhost", None, "http/1.1").await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

/// Asks on a connection that stays open; the answer's head and body.
async fn ask(stream: &mut TlsStream<TcpStream>, path: &str) -> String {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let answered = async {
        loop {
            assert_ne!(stream.read_buf(&mut said).await.unwrap(), 0, "the connection was closed");
            let text = String::from_utf8_lossy(&said).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let head = head.to_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|it| it.lines().next()?.parse().ok());
            if length.is_some_and(|it: usize| body.len() >= it) {
                return text;
            }
        }
    };
    soon(path, answered).await
}

/// One that nobody has. It is known before its owner begins.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
