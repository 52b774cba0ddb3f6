//! TLS for the load: a certificate of its own, which the servers that it starts are told of by their settings, and a
//! connection's bytes without waiting.
use std::{
    fs,
    io::{self, ErrorKind, Read, Write},
    net::TcpStream as BlockingStream,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tempfile::TempDir;
use tokio::{io::Interest, net::TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};

use crate::Result;

const NAME: &str = "localhost";
/// How servers are told, ours and the floor.
const CERTIFICATE: &str = "P2PCHAT_TLS__CERT_PATH";
const KEY: &str = "P2PCHAT_TLS__KEY_PATH";

static TLS: OnceLock<Tls> = OnceLock::new();

struct Tls {
    folder: TempDir,
    client: Arc<ClientConfig>,
}

/// From now on everything goes through TLS.
pub(crate) fn switch_on() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
    fs::write(folder.path().join("cert"), made.cert.pem())?;
    fs::write(folder.path().join("key"), made.signing_key.serialize_pem())?;
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone())?;
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    TLS.set(Tls { folder, client: Arc::new(client) }).map_err(|_| "TLS is on already".into())
}

pub(crate) fn is_on() -> bool {
    TLS.get().is_some()
}

/// What tells a server of the certificate.
pub(crate) fn settings() -> Vec<(String, String)> {
    let file = |tls: &Tls, name: &str| tls.folder.path().join(name).display().to_string();
    TLS.get().map_or_else(Vec::new, |tls| {
        let is_on = ("P2PCHAT_TLS__ENABLED".to_owned(), "true".to_owned());
        vec![is_on, (CERTIFICATE.to_owned(), file(tls, "cert")), (KEY.to_owned(), file(tls, "key"))]
    })
}

/// What a server that was told of a certificate takes connections with.
pub(crate) fn acceptor() -> Result<Option<TlsAcceptor>> {
    let (Ok(certificate), Ok(key)) = (std::env::var(CERTIFICATE), std::env::var(KEY)) else { return Ok(None) };
    let certificate = CertificateDer::from_pem_file(Path::new(&certificate))?;
    let key = PrivateKeyDer::from_pem_file(Path::new(&key))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// Shakes hands with the far end. Nothing is to be done without TLS.
pub(crate) fn is_answered(stream: &mut BlockingStream) -> io::Result<()> {
    let Some(tls) = TLS.get() else { return Ok(()) };
    let mut connection = ClientConnection::new(tls.client.clone(), name()).map_err(io::Error::other)?;
    connection.complete_io(stream).map(|_| ())
}

/// None without TLS.
pub(crate) async fn connect(stream: TcpStream) -> io::Result<std::result::Result<TlsStream<TcpStream>, TcpStream>> {
    match TLS.get() {
        Some(tls) => Ok(Ok(TlsConnector::from(tls.client.clone()).connect(name(), stream).await?)),
        None => Ok(Err(stream)),
    }
}

fn name() -> ServerName<'static> {
    ServerName::try_from(NAME).unwrap_or_else(|_| unreachable!("it is a name"))
}

/// A connection's bytes, as they are or through TLS, without waiting for any.
pub(crate) struct Line {
    stream: TcpStream,
    tls: Option<Mutex<ClientConnection>>,
}

/// The socket as rustls wants it.
struct Socket<'a>(&'a TcpStream);

impl Read for Socket<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(bytes)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Line {
    pub(crate) fn plain(stream: TcpStream) -> Self {
        Line { stream, tls: None }
    }

    pub(crate) fn secure(stream: TlsStream<TcpStream>) -> Self {
        let (stream, connection) = stream.into_inner();
        Line { stream, tls: Some(Mutex::new(connection)) }
    }

    fn tls(&self) -> Option<MutexGuard<'_, ClientConnection>> {
        self.tls.as_ref().map(|it| it.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let Some(mut tls) = self.tls() else { return self.stream.try_write(bytes) };
        let taken = tls.writer().write(bytes)?;
        flush(&mut tls, &self.stream)?;
        if taken == 0 && !bytes.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    pub(crate) fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let Some(mut tls) = self.tls() else { return self.stream.try_read(bytes) };
        loop {
            match tls.reader().read(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Most servers end the connection after a close frame without TLS's own goodbye.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                other => return other,
            }
            tls.read_tls(&mut Socket(&self.stream))?;
            tls.process_new_packets().map_err(io::Error::other)?;
        }
    }

    /// Whether records wait for the socket, after another try.
    pub(crate) fn is_behind(&self) -> io::Result<bool> {
        let Some(mut tls) = self.tls() else { return Ok(false) };
        flush(&mut tls, &self.stream)?;
        Ok(tls.wants_write())
    }

    pub(crate) async fn ready(&self, interest: Interest) -> io::Result<()> {
        self.stream.ready(interest).await.map(|_| ())
    }
}

fn flush(tls: &mut ClientConnection, stream: &TcpStream) -> io::Result<()> {
    while tls.wants_write() {
        match tls.write_tls(&mut Socket(stream)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
