//! Requests to an authority: HTTPS, each over a connection of its own.
//!
//! **Invariant:** every request ends, within [`TIMEOUT`] and with a bounded answer.
//!
//! Not `instant-acme`'s own client: it verifies by the platform, brings a pool of connections, and bounds neither time nor
//! answers.
use std::{
    error::Error as _,
    fs,
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderValue, Request, Response, StatusCode, Uri, header},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

/// For one request, its connection included.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Chains of certificates have some 10 kB.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Clones are the same.
#[derive(Clone)]
pub(super) struct Client {
    trust: Arc<ClientConfig>,
    /// What the authority said last about when to come back.
    retry_after: Arc<Mutex<Option<Duration>>>,
}

impl Client {
    /// Believes what this system believes, and `root`. Reads files.
    ///
    /// # Errors
    /// There is nobody to believe, or `root` is no certificate: one sentence.
    pub(super) fn new(root: Option<&Path>) -> Result<Client, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = root {
            roots.add_parsable_certificates(root_certificates(path)?);
        }
        if roots.is_empty() {
            return Err("this system has no list of certificate authorities: install ca-certificates".to_owned());
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().map_err(|it| it.to_string())?;
        let trust = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
        Ok(Client { trust, retry_after: Arc::default() })
    }

    /// How long the authority wants to be left alone, if it said so.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        *self.retry_after.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, String> {
        let (mut parts, body) = request.into_parts();
        let authority = parts.uri.authority().cloned().ok_or("the authority names an address without a host")?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let cannot = |what: &str| format!("{authority} {what}");
        let name = ServerName::try_from(host.to_owned()).map_err(|_| cannot("is no host"))?;
        let tcp = TcpStream::connect((host, authority.port_u16().unwrap_or(443))).await;
        let tcp = tcp.map_err(|error| cannot(&format!("cannot be reached ({error})")))?;
        let tls = TlsConnector::from(self.trust.clone()).connect(name, tcp).await.map_err(|error| {
            cannot(&format!(
                "cannot be spoken to ({error}): the root certificate of a private authority is set as tls.acme.root_cert_path"
            ))
        })?;
        let broken = |error: hyper::Error| {
            let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            cannot(&format!("broke the connection off ({cause})"))
        };
        let (mut sender, connection) = http1::handshake(TokioIo::new(tls)).await.map_err(broken)?;
        tokio::spawn(connection);
        let path = parts.uri.path_and_query().map_or("/", |it| it.as_str());
        parts.uri = path.parse::<Uri>().map_err(|_| cannot("names an address that is none"))?;
        let host = HeaderValue::try_from(authority.as_str()).map_err(|_| cannot("is no host"))?;
        parts.headers.insert(header::HOST, host);
        let response = sender.send_request(Request::from_parts(parts, body)).await.map_err(broken)?;
        let (parts, body) = Response::into_parts(response);
        self.note(parts.status, parts.headers.get(header::RETRY_AFTER));
        let body = to_bytes(Body::new(body), ANSWER_BYTES_MAX).await;
        let body = body.map_err(|_| cannot("gives an answer that does not end"))?;
        Ok(BytesResponse { parts, body: Box::new(body) })
    }

    fn note(&self, status: StatusCode, header: Option<&HeaderValue>) {
        if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = header.and_then(|it| it.to_str().ok()?.trim().parse().ok()).map(Duration::from_secs);
            *self.retry_after.lock().unwrap_or_else(PoisonError::into_inner) = seconds;
        }
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.clone();
        Box::pin(async move {
            let host = request.uri().host().unwrap_or_default().to_owned();
            let answer = timeout(TIMEOUT, client.ask(request)).await;
            let answer = answer.unwrap_or_else(|_| Err(format!("{host} does not answer")));
            answer.map_err(|sentence| Error::Other(sentence.into()))
        })
    }
}

/// # Errors
/// It cannot be read, or holds none: one sentence.
pub(super) fn root_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let cannot =
        |why: &dyn std::fmt::Display| format!("tls.acme.root_cert_path, {}, cannot be used: {why}", path.display());
    let text = fs::read(path).map_err(|error| cannot(&error))?;
    let found = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>().map_err(|error| cannot(&error))?;
    if found.is_empty() {
        return Err(cannot(&"it holds no PEM block that begins with \"BEGIN CERTIFICATE\""));
    }
    Ok(found)
}
