//! Asks the server that runs by the same settings how it is: `--health-check`, for containers and monitors.
//!
//! **Invariant:** it goes by the settings alone, as the server did, so that port, TLS and address cannot differ.
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;

use super::settings;
use crate::{config::Config, proxy_protocol, tls};

/// For the whole conversation. Docker's own limit is longer, and says nothing when it ends a check.
const TIMEOUT: Duration = Duration::from_secs(4);

/// Whether the main listener takes people in.
///
/// # Errors
/// It cannot be reached, or says that it does not: a sentence for the operator.
pub async fn health_check(config: &Config) -> Result<(), String> {
    let port = config.http.port;
    if port == 0 {
        return Err("http.port is 0, so that nobody knows where the server listens: give it a port".to_owned());
    }
    let addresses = reachable(config.http.address).map(|it| SocketAddr::new(it, port));
    let status = timeout(TIMEOUT, ask(config, &addresses)).await;
    let status = status.map_err(|_| format!("the server on port {port} does not answer"))??;
    if status == StatusCode::OK { Ok(()) } else { Err(format!("the server on port {port} answers {status}")) }
}

/// This machine's own address, where the server listens on all; on one without IPv6 that is an IPv4 one.
fn reachable(address: IpAddr) -> [IpAddr; 2] {
    match address {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => [Ipv4Addr::LOCALHOST.into(); 2],
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => [Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()],
        other => [other; 2],
    }
}

/// Whether the server takes this connection for a trusted proxy's, which has to say whose it is.
fn is_proxy(config: &Config, stream: &TcpStream) -> bool {
    let proxies = settings::trusted_proxies(config).unwrap_or_default();
    config.http.proxy_protocol && stream.local_addr().is_ok_and(|it| proxies.trusts(it.ip()))
}

async fn ask(config: &Config, addresses: &[SocketAddr]) -> Result<StatusCode, String> {
    let name = if config.http.hostname.is_empty() { "localhost" } else { &config.http.hostname };
    let port = config.http.port;
    let cannot = |error: &dyn std::error::Error| format!("the server on port {port} cannot be asked: {error}");
    let mut stream = TcpStream::connect(addresses).await.map_err(|error| cannot(&error))?;
    if is_proxy(config, &stream) {
        stream.write_all(&proxy_protocol::LOCAL).await.map_err(|error| cannot(&error))?;
    }
    let stream = if config.tls.enabled {
        let client = TlsConnector::from(Arc::new(tls::self_client().map_err(|error| cannot(&error))?));
        let name = ServerName::try_from(name.to_owned()).map_err(|error| cannot(&error))?;
        Either::Right(client.connect(name, stream).await.map_err(|error| cannot(&error))?)
    } else {
        Either::Left(stream)
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| cannot(&error))?;
    tokio::spawn(connection);
    let request = Request::get("/health").header(header::HOST, name).body(Body::empty());
    let answer = sender.send_request(request.map_err(|error| cannot(&error))?).await;
    Ok(answer.map_err(|error| cannot(&error))?.status())
}
