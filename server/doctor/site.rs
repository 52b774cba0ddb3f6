//! The address that the doctor looks at, and requests to it as a browser would send them.
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderName, Request, Response, StatusCode, Uri, header, request},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{CertificateError, ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::either::Either;

use crate::tls;

/// For one connection, and for one answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// For each of a name's addresses: one may lead nowhere.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(3);
const BODY_BYTES_MAX: usize = 1 << 20;

/// Status, headers and body.
pub(super) type Answer = (StatusCode, header::HeaderMap, Bytes);

pub(super) type Stream = Either<TcpStream, TlsStream<TcpStream>>;

/// A server by its address.
pub(super) struct Site {
    pub is_https: bool,
    /// Without brackets.
    pub host: String,
    pub port: u16,
    /// As it was given, beginning and ending in a slash.
    pub path: String,
    pub addresses: Vec<SocketAddr>,
    pub trust: Arc<ClientConfig>,
}

/// Why there is no connection.
pub(super) enum Unreached {
    /// In words.
    Tcp(String),
    /// It speaks TLS, and a browser would not believe it.
    Certificate(String),
    /// What is there does not speak TLS.
    Tls(String),
}

impl Site {
    /// # Errors
    /// It is no address of a page, in words.
    pub(super) fn parse(url: &str, trust: Arc<ClientConfig>) -> Result<Site, String> {
        let has_scheme = url.contains("://");
        let whole = if has_scheme { url.to_owned() } else { format!("https://{url}") };
        let no_url = || format!("{url} is no address of a page, as https://chat.example.org/ is");
        let uri: Uri = whole.parse().map_err(|_| no_url())?;
        if whole.contains('@') {
            return Err(no_url());
        }
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(no_url()),
        };
        let host = uri.host().filter(|it| !it.is_empty()).ok_or_else(no_url)?;
        let path = format!("{}/", uri.path().trim_end_matches('/'));
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        Ok(Site { is_https, host: bare(host), port, path, addresses: Vec::new(), trust })
    }

    /// Looks the name up.
    ///
    /// # Errors
    /// It leads nowhere, in words.
    pub(super) async fn resolve(&mut self) -> Result<(), String> {
        self.addresses = resolve(&self.host, self.port).await?;
        Ok(())
    }

    /// As it stands in a browser's address bar, and in `Origin`.
    pub(super) fn origin(&self) -> String {
        let (scheme, usual) = if self.is_https { ("https", 443) } else { ("http", 80) };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let port = if self.port == usual { String::new() } else { format!(":{}", self.port) };
        format!("{scheme}://{host}{port}")
    }

    /// Whether browsers give pages from here microphone and camera (W3C Secure Contexts, section 3.1).
    pub(super) fn is_secure(&self) -> bool {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        let is_local = host == "localhost" || host.ends_with(".localhost");
        self.is_https || is_local || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
    }

    pub(super) async fn connect(&self) -> Result<Stream, Unreached> {
        let tcp = connect_tcp(&self.addresses).await.map_err(Unreached::Tcp)?;
        if !self.is_https {
            return Ok(Either::Left(tcp));
        }
        connect_tls(tcp, &self.host, self.trust.clone()).await.map(Either::Right)
    }

    /// A path of the server's own as it is reached from here. It begins with a slash.
    pub(super) fn below(&self, path: &str) -> String {
        format!("{}{path}", self.path.trim_end_matches('/'))
    }

    /// The answer to a path, asked with further headers over a connection of its own.
    ///
    /// # Errors
    /// There is none, in words.
    pub(super) async fn ask_with(&self, path: &str, headers: &[(HeaderName, &str)]) -> Result<Answer, String> {
        let request = headers.iter().fold(self.request("GET", path), |it, (name, value)| it.header(name, *value));
        self.send(PATIENCE, request, "").await
    }

    /// One request over a connection of its own.
    ///
    /// # Errors
    /// There is no answer, in words.
    pub(super) async fn ask(&self, method: &str, path: &str, body: &str) -> Result<Answer, String> {
        self.ask_within(PATIENCE, method, path, body).await
    }

    /// The same with more patience.
    ///
    /// # Errors
    /// As there.
    pub(super) async fn ask_within(
        &self,
        patience: Duration,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<Answer, String> {
        let request = self.request(method, path).header(header::CONTENT_TYPE, "text/plain;charset=UTF-8");
        self.send(patience, request, body).await
    }

    async fn send(&self, patience: Duration, request: request::Builder, body: &str) -> Result<Answer, String> {
        let request = request.body(Body::from(body.to_owned())).map_err(|error| error.to_string())?;
        let stream = self.connect().await.map_err(Unreached::into_text)?;
        let asking = async {
            let (mut sender, connection) = http1::handshake::<_, Body>(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            let (parts, body) = Response::into_parts(sender.send_request(request).await?);
            let body = to_bytes(Body::new(body), BODY_BYTES_MAX).await.unwrap_or_default();
            Ok::<_, hyper::Error>((parts.status, parts.headers, body))
        };
        let answer =
            timeout(patience, asking).await.map_err(|_| format!("no answer within {} s", patience.as_secs()))?;
        answer.map_err(|error| error.to_string())
    }

    /// What every request of a page has.
    pub(super) fn request(&self, method: &str, path: &str) -> request::Builder {
        let origin = self.origin();
        let host = origin.split_once("://").map_or("", |it| it.1).to_owned();
        Request::builder().method(method).uri(path).header(header::HOST, host).header(header::ORIGIN, origin)
    }
}

impl Unreached {
    pub(super) fn into_text(self) -> String {
        match self {
            Unreached::Tcp(text) | Unreached::Certificate(text) | Unreached::Tls(text) => text,
        }
    }
}

fn bare(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}

pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let name = bare(host);
    let found = timeout(PATIENCE, tokio::net::lookup_host((&*name, port))).await;
    let found: Vec<_> = found.ok().and_then(Result::ok).map(Iterator::collect).unwrap_or_default();
    if found.is_empty() {
        return Err(format!("{host} leads to no address: has it a record in the DNS, an A or AAAA?"));
    }
    Ok(found)
}

/// By the first address that answers, as browsers go on to the next.
pub(super) async fn connect_tcp(addresses: &[SocketAddr]) -> Result<TcpStream, String> {
    let mut last = "it has no address".to_owned();
    for address in addresses {
        match timeout(ADDRESS_PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error.to_string(),
            Err(_) => last = format!("no answer within {} s", ADDRESS_PATIENCE.as_secs()),
        }
    }
    Err(last)
}

pub(super) async fn connect_tls(
    stream: TcpStream,
    host: &str,
    trust: Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, Unreached> {
    let name = ServerName::try_from(bare(host)).map_err(|error| Unreached::Tls(error.to_string()))?;
    let connecting = timeout(PATIENCE, TlsConnector::from(trust).connect(name, stream)).await;
    let connected = connecting.map_err(|_| Unreached::Tls("it does not answer in TLS".to_owned()))?;
    connected.map_err(|error| {
        let tls = error.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>());
        match tls {
            Some(rustls::Error::InvalidCertificate(fault)) => Unreached::Certificate(certificate_words(fault, host)),
            _ => Unreached::Tls(format!("it does not answer in TLS ({error})")),
        }
    })
}

fn certificate_words(fault: &CertificateError, host: &str) -> String {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the certificate has expired: renew it, and see that the server reads the new one".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet: is the clock of one of the machines wrong?".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the certificate is for another name than {host}")
        }
        CertificateError::Other(_) if format!("{fault:?}").contains("CaUsedAsEndEntity") => {
            "the certificate is self-signed, and browsers warn of it".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "the certificate was issued by nobody that browsers know, or its file lacks the certificates between (the full \
             chain)"
                .to_owned()
        }
        other => format!("the certificate will not do: {other:?}"),
    }
}

/// Believes what this system believes.
///
/// # Errors
/// TLS cannot be had, in words.
pub fn system_trust() -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err("this system has no list of certificate authorities: install ca-certificates".to_owned());
    }
    trusting(roots)
}

/// Believes these.
///
/// # Errors
/// TLS cannot be had, in words.
pub fn trusting(roots: RootCertStore) -> Result<Arc<ClientConfig>, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// Believes everybody, to look further where the certificate was found at fault.
pub(super) fn blind_trust() -> Result<Arc<ClientConfig>, String> {
    tls::self_client().map(Arc::new).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Site, blind_trust};

    fn site(url: &str) -> Site {
        Site::parse(url, blind_trust().unwrap()).unwrap()
    }

    #[test]
    fn addresses_are_read_as_a_browser_would() {
        let it = site("chat.example.org");
        assert_eq!((it.is_https, it.port, &*it.path), (true, 443, "/"));
        assert_eq!(it.origin(), "https://chat.example.org");
        let it = site("http://[::1]:8080/chat/");
        assert_eq!((&*it.host, it.port, &*it.path), ("::1", 8080, "/chat/"));
        assert_eq!(it.origin(), "http://[::1]:8080");
        for odd in ["ftp://a", "https://", "", "a b", "mailto:a@b"] {
            assert!(Site::parse(odd, blind_trust().unwrap()).is_err(), "{odd}");
        }
    }

    #[test]
    fn browsers_give_devices_to_secure_pages_alone() {
        for secure in ["https://a", "http://localhost:8080", "http://a.localhost", "http://127.0.0.9", "http://[::1]"] {
            assert!(site(secure).is_secure(), "{secure}");
        }
        for plain in ["http://a", "http://192.168.1.5:8080", "http://localhost.example.org"] {
            assert!(!site(plain).is_secure(), "{plain}");
        }
    }
}
