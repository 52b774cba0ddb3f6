//! TLS between the socket and what is spoken: its buffer does not pass for a client that reads.
use futures_util::FutureExt as _;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{PrivateKeyDer, ServerName},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;

fn configs() -> (ServerConfig, ClientConfig) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let server = server.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    (server, client.with_root_certificates(roots).with_no_client_auth())
}

/// It answers each byte with one, as pongs answer pings.
#[tokio::test(start_paused = true)]
async fn answers_to_pings_that_nobody_reads_are_no_progress() {
    let upgrade = async move |mut request: Request<Body>| {
        let upgrade = request.extensions_mut().remove::<OnUpgrade>().unwrap();
        tokio::spawn(async move {
            let mut stream = TokioIo::new(upgrade.await.unwrap());
            let mut ping = [0; 1];
            while stream.read_exact(&mut ping).await.is_ok() {
                // It does not wait for them to go out, as tungstenite does not for pongs.
                let wrote = [stream.write_all(&ping).now_or_never(), stream.flush().now_or_never()];
                if wrote.iter().flatten().any(Result::is_err) {
                    break;
                }
            }
        });
        (StatusCode::SWITCHING_PROTOCOLS, [(header::CONNECTION, "upgrade"), (header::UPGRADE, "x")])
    };
    let ledger = Ledger::new(Limits::default());
    let acceptor = Acceptor::new(
        ledger.clone(),
        Timeouts::new(UPGRADED_WRITE),
        Arc::new(|_| false),
        Speaks::Http { router: Router::new(), turn: None },
    );
    let router = Router::new().route("/", get(upgrade));
    let (server, client) = configs();
    let (near, far) = duplex(2048);
    let connection = Connection::new(
        ledger.admit_connection(ListenerKind::Https, HERE, TLS_COST).unwrap(),
        acceptor.timeouts.clone(),
    );
    let carrying = tokio::spawn(async move {
        let stream = DeadlineStream::new(near, connection.clone());
        let stream = TlsAcceptor::from(Arc::new(server)).accept(stream).await.unwrap();
        acceptor.carry(&router, stream, connection, ENDS, CancellationToken::new()).await;
    });
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = TlsConnector::from(Arc::new(client)).connect(name, far).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n").await.unwrap();
    let mut heard = [0; 12];
    client.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"HTTP/1.1 101");
    carrying.await.unwrap();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(600) {
        let pinged = async { client.write_all(b"3").await.is_ok() && client.flush().await.is_ok() };
        if !timeout(Duration::from_secs(60), pinged).await.unwrap_or(false) {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(ledger.balance().reasons, [(Reason::WriteTimeout, 1)], "after {:?}", began.elapsed());
    assert_eq!(ledger.n_connections(), 0);
}
