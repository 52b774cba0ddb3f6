//! What Debian's Pebble does not know: profiles, and the authority's own word on when to renew (ARI, RFC 9773). A small ACME server
//! that believes everybody and checks no signature, and remembers what it was asked.
use std::{
    sync::{Mutex, MutexGuard},
    time::SystemTime,
};

use axum::{
    Json, Router,
    extract::{Path as At, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};
use axum_server::tls_rustls::RustlsConfig;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rcgen::{PublicKeyData, SignatureAlgorithm, date_time_ymd};
use serde_json::{Value, json};

use super::*;

/// What stands before the point in the public key of a P-256 certificate request (RFC 5480).
const P256: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

struct Authority {
    url: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    orders: Vec<Value>,
    certificates: Vec<String>,
    /// What it was asked the time of renewal for.
    asked: Vec<String>,
    /// When it says that all are to be renewed.
    window: Option<(&'static str, &'static str)>,
}

/// The public key of a request.
struct Point(Vec<u8>);

impl PublicKeyData for Point {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl Authority {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// What is asked for, of a request that nobody checks.
    fn payload(jws: &Value) -> Value {
        let payload = BASE64_URL_SAFE_NO_PAD.decode(jws["payload"].as_str().unwrap()).unwrap();
        serde_json::from_slice(&payload).unwrap()
    }

    fn order(&self, n: usize, status: &str) -> Value {
        let url = &self.url;
        let mut order = self.seen().orders[n].clone();
        let n_names = order["identifiers"].as_array().unwrap().len();
        order["status"] = status.into();
        order["authorizations"] = (0..n_names).map(|it| format!("{url}/authorization/{n}/{it}")).collect();
        order["finalize"] = format!("{url}/finalize/{n}").into();
        order["certificate"] = format!("{url}/certificate/{n}").into();
        order
    }

    fn issue(&self, n: usize, csr: &[u8]) -> String {
        let at = csr.windows(P256.len()).position(|it| it == P256).unwrap() + P256.len();
        let names = self.seen().orders[n]["identifiers"].as_array().unwrap().clone();
        let names: Vec<_> = names.iter().map(|it| it["value"].as_str().unwrap().to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.use_authority_key_identifier_extension = true;
        params.not_before = date_time_ymd(1970, 1, 1) + SystemTime::UNIX_EPOCH.elapsed().unwrap();
        params.not_after = params.not_before + Duration::from_hours(160);
        let leaf = params.signed_by(&Point(csr[at..at + 65].to_vec()), &self.issuer).unwrap();
        leaf.pem() + &self.issuer.pem()
    }
}

type Shared = State<Arc<Authority>>;

fn answer(status: StatusCode, location: String, body: Value) -> Response {
    (status, [("replay-nonce", "bm9uY2U".to_owned()), ("location", location)], Json(body)).into_response()
}

fn url(it: &Authority, path: &str) -> String {
    format!("{}/{path}", it.url)
}

fn routes() -> Router<Arc<Authority>> {
    Router::new()
        .route(
            "/directory",
            get(async |State(it): Shared| {
                Json(json!({
                    "newNonce": url(&it, "nonce"), "newAccount": url(&it, "account"), "newOrder": url(&it, "order"),
                    "revokeCert": url(&it, "-"), "keyChange": url(&it, "-"), "renewalInfo": url(&it, "renewal"),
                    "meta": { "profiles": { "classic": "long", "shortlived": "for addresses" } },
                }))
            }),
        )
        .route("/nonce", any(async || answer(StatusCode::OK, String::new(), Value::Null)))
        .route(
            "/account",
            post(async |State(it): Shared| {
                answer(StatusCode::CREATED, url(&it, "account/1"), json!({"status": "valid"}))
            }),
        )
        .route(
            "/order",
            post(async |State(it): Shared, Json(jws): Json<Value>| {
                it.seen().orders.push(Authority::payload(&jws));
                let n = it.seen().orders.len() - 1;
                answer(StatusCode::CREATED, url(&it, &format!("order/{n}")), it.order(n, "ready"))
            }),
        )
        .route(
            "/order/{n}",
            post(async |State(it): Shared, At(n): At<usize>| {
                let status = if it.seen().certificates.len() > n { "valid" } else { "ready" };
                answer(StatusCode::OK, String::new(), it.order(n, status))
            }),
        )
        .route(
            "/authorization/{n}/{name}",
            post(async |State(it): Shared, At((n, name)): At<(usize, usize)>| {
                let identifier = it.seen().orders[n]["identifiers"][name].clone();
                let body = json!({"status": "valid", "identifier": identifier, "challenges": []});
                answer(StatusCode::OK, String::new(), body)
            }),
        )
        .route(
            "/finalize/{n}",
            post(async |State(it): Shared, At(n): At<usize>, Json(jws): Json<Value>| {
                let csr = Authority::payload(&jws)["csr"].as_str().unwrap().to_owned();
                let issued = it.issue(n, &BASE64_URL_SAFE_NO_PAD.decode(csr).unwrap());
                it.seen().certificates.push(issued);
                answer(StatusCode::OK, String::new(), it.order(n, "valid"))
            }),
        )
        .route(
            "/certificate/{n}",
            post(async |State(it): Shared, At(n): At<usize>| {
                ([("replay-nonce", "bm9uY2U")], it.seen().certificates[n].clone())
            }),
        )
        .route(
            "/renewal/{id}",
            get(async |State(it): Shared, At(id): At<String>| {
                it.seen().asked.push(id);
                let Some((start, end)) = it.seen().window else { return StatusCode::NOT_FOUND.into_response() };
                let body = json!({"suggestedWindow": {"start": start, "end": end}});
                ([("retry-after", "21600")], Json(body)).into_response()
            }),
        )
}

async fn start(directory: &Directory) -> (u16, Arc<Authority>) {
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("https://127.0.0.1:{port}");
    let authority = Arc::new(Authority { url, issuer, seen: Mutex::default() });
    let cert = CertificateDer::from_pem_file(directory.path("cert.pem")).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::from_pem_file(directory.path("key.pem")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = RustlsConfig::from_config(Arc::new(config.with_single_cert(vec![cert], key).unwrap()));
    let server = axum_server::from_tcp_rustls(listener, config).unwrap();
    tokio::spawn(server.serve(routes().with_state(authority.clone()).into_make_service()));
    (port, authority)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_gets_its_profile_and_the_authority_says_when_it_is_renewed() {
    let (directory, state) = (Directory::new(), tempfile::tempdir().unwrap());
    let (port, authority) = start(&directory).await;
    // Far in the future: what the certificate's own dates would make of it comes before that.
    authority.seen().window = Some(("2096-01-01T00:00:00Z", "2096-01-02T00:00:00Z"));
    let names = ["localhost", "127.0.0.1", "::1"];
    let settings = settings(&names, port, "directory", &directory.path("root.pem"), state.path(), "");
    let mut server = Logged::start(&settings);
    server.hear(&["reason=\"renewed\""]);
    let issuer = CertificateDer::from(authority.issuer.der().to_vec());
    let mut open = connect(server.address(), "127.0.0.1", Some(&issuer), "http/1.1").await.unwrap();
    ask(&mut open, "/health").await;
    let first = shown(server.address()).await;
    {
        let seen = authority.seen();
        let order = &seen.orders[0];
        assert_eq!((&order["profile"], &order["replaces"]), (&json!("shortlived"), &Value::Null));
        assert_eq!(order["identifiers"][1], json!({"type": "ip", "value": "127.0.0.1"}));
    }
    // It has to revoke what it issued, so that the time for renewing is past.
    authority.seen().window = Some(("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"));
    server.hurry();
    server.hear(&["reason=\"renewed\""]);
    let second = shown(server.address()).await;
    assert_ne!(first, second);
    ask(&mut open, "/health").await;
    {
        let seen = authority.seen();
        let known_as = seen.asked.first().unwrap();
        assert_eq!(seen.orders.len(), 2);
        assert_eq!(
            seen.orders[1]["replaces"],
            json!(known_as),
            "the authority is told which one it takes the place of"
        );
    }
}
