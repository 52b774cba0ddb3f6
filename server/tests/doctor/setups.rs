//! Servers and proxies as people set them up, right and wrong.
use std::{net::SocketAddr, sync::Arc};

use p2pchat_server::{
    app::App,
    doctor::{Report, examine, trusting},
};
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::harness::{Server, settings};

const NO_ROOTS: fn() -> Arc<ClientConfig> = || trusting(RootCertStore::empty()).unwrap();

pub(super) async fn examined(url: &str) -> Report {
    examine(url, None, NO_ROOTS()).await.unwrap()
}

/// By somebody who has this token.
pub(super) async fn examined_by(url: &str, token: &str) -> Report {
    examine(url, Some(token), NO_ROOTS()).await.unwrap()
}

/// A server with a relay.
pub(super) async fn relaying(overrides: &[(&str, &str)]) -> Server {
    let base = [("relay.enabled", "true"), ("relay.port", "0")];
    Server::with(&[&base, overrides].concat()).await
}

/// A server with a relay and a certificate.
pub(super) struct Secure {
    server: Server,
    trust: Arc<ClientConfig>,
    _folder: TempDir,
}

impl Secure {
    /// `name` is whose certificate it is.
    pub(super) async fn start(name: &str, is_old: bool) -> Secure {
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        if is_old {
            params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        }
        let certificate = params.self_signed(&key).unwrap();
        let base = [("relay.enabled", "true"), ("relay.port", "0")];
        let mut config = settings(&base, None);
        config.tls.enabled = true;
        (config.tls.cert_path, config.tls.key_path) = (folder.path().join("cert"), folder.path().join("key"));
        std::fs::write(&config.tls.cert_path, certificate.pem()).unwrap();
        std::fs::write(&config.tls.key_path, key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(certificate.der().to_vec())).unwrap();
        let server = Server::of(App::bind(config).await.unwrap());
        Secure { server, trust: trusting(roots).unwrap(), _folder: folder }
    }

    pub(super) async fn examined(&self) -> Report {
        self.examined_with(self.trust.clone()).await
    }

    pub(super) async fn examined_with(&self, trust: Arc<ClientConfig>) -> Report {
        examine(&format!("https://localhost:{}", self.server.address.port()), None, trust).await.unwrap()
    }
}

/// Where nobody listens.
pub(super) async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// What answers everything, and is not this server.
pub(super) async fn somebody_else() -> SocketAddr {
    serve(axum::Router::new().fallback(|| async { axum::http::StatusCode::NOT_FOUND })).await
}

/// What sends everybody to HTTPS, as proxies do on port 80.
pub(super) async fn redirect() -> SocketAddr {
    serve(axum::Router::new().fallback(|| async { axum::response::Redirect::permanent("https://else.example/") })).await
}

async fn serve(router: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = axum_server::from_tcp(listener.into_std().unwrap()).unwrap();
    tokio::spawn(server.serve(router.into_make_service()));
    address
}

/// A proxy that passes everything on but what asks for another protocol, as nginx does without being told to.
pub(super) async fn without_upgrades(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut near = BufReader::new(near);
                let mut far = TcpStream::connect(to).await.unwrap();
                let mut line = String::new();
                while near.read_line(&mut line).await.is_ok_and(|it| it > 2) {
                    let lower = line.to_ascii_lowercase();
                    if !lower.starts_with("upgrade:") && !lower.starts_with("connection:") {
                        far.write_all(line.as_bytes()).await.unwrap();
                    }
                    line.clear();
                }
                far.write_all(b"Connection: close\r\n\r\n").await.unwrap();
                let _ = copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    address
}
