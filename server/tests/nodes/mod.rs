//! Several nodes in this process, which know of each other what the tests tell them. They share no rooms: here it is about
//! requests that reach another node than that of their session.
mod faults;
mod outsiders;
mod polling;
mod websocket;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use p2pchat_server::{
    app::{App, Given},
    transports::Nodes,
};
use secrecy::SecretString;

use crate::harness::{
    Server,
    exposition::{Page, scrape},
    settings,
    web::{Answer, Web},
};

const POLLING: &str = "/api/signaling/?EIO=4&transport=polling";
const SECRET: &str = "the-secret-of-this-cluster";
const UNKNOWN_SESSION: &str = r#"{"code":1,"message":"Session ID unknown"}"#;
const SECRET_HEADER: &str = "x-p2pchat-node-secret";
const CLIENT_HEADER: &str = "x-p2pchat-client";

/// Where each mark leads.
type Addresses = Arc<Mutex<BTreeMap<String, String>>>;

struct Told {
    mark: &'static str,
    secret: Option<&'static str>,
    addresses: Addresses,
}

impl Nodes for Told {
    fn own_mark(&self) -> &str {
        self.mark
    }

    fn address(&self, mark: &str) -> Option<String> {
        self.addresses.lock().unwrap().get(mark).cloned()
    }

    fn secret(&self) -> Option<SecretString> {
        self.secret.map(SecretString::from)
    }
}

/// Two nodes, `a1` and `b2`.
struct Cluster {
    a: Server,
    b: Server,
    addresses: Addresses,
}

impl Cluster {
    async fn start() -> Cluster {
        Cluster::with(&[]).await
    }

    async fn with(overrides: &[(&str, &str)]) -> Cluster {
        Cluster::of_secrets(overrides, [Some(SECRET); 2]).await
    }

    async fn of_secrets(overrides: &[(&str, &str)], secrets: [Option<&'static str>; 2]) -> Cluster {
        let addresses = Addresses::default();
        let a = node("a1", secrets[0], &addresses, overrides).await;
        let b = node("b2", secrets[1], &addresses, overrides).await;
        Cluster { a, b, addresses }
    }

    /// Has this mark lead somewhere else.
    fn lead(&self, mark: &str, address: impl ToString) {
        self.addresses.lock().unwrap().insert(mark.to_owned(), address.to_string());
    }

    /// By way of both, the first request at `a1`.
    fn both(&self) -> [SocketAddr; 2] {
        [self.a.address, self.b.address]
    }
}

async fn node(
    mark: &'static str,
    secret: Option<&'static str>,
    addresses: &Addresses,
    overrides: &[(&str, &str)],
) -> Server {
    let own = [("cluster.listen", "127.0.0.1:0"), ("metrics.listen", "true"), ("metrics.port", "0")];
    let nodes = Told { mark, secret, addresses: addresses.clone() };
    let config = settings(&[&own, overrides].concat(), None);
    let app = App::bind_with(config, Given { nodes: Some(Arc::new(nodes)), ..Given::default() }).await.unwrap();
    let server = Server::of(app);
    addresses.lock().unwrap().insert(mark.to_owned(), server.cluster.unwrap().to_string());
    server
}

/// A node's figures.
async fn figures(server: &Server) -> Page {
    scrape(server.metrics.unwrap()).await
}

fn forwarded(result: &str) -> String {
    format!(r#"p2pchat_forwarded_requests_total{{result="{result}"}}"#)
}

/// How many requests a node has forwarded, with this result.
async fn n_forwarded(server: &Server, result: &str) -> f64 {
    figures(server).await.value(&forwarded(result))
}

/// How many requests a node has taken from others.
async fn n_received(server: &Server) -> f64 {
    figures(server).await.value("p2pchat_forwarded_requests_received_total")
}

/// Waits until a node has forwarded one request with this result, and none with another.
async fn comes_to_one(server: &Server, result: &str) {
    let counted = async {
        while n_forwarded(server, result).await < 1.0 {
            tokio::task::yield_now().await;
        }
    };
    crate::harness::soon(result, counted).await;
    let all = figures(server).await;
    let counts = all.series.iter().filter(|it| it.0.starts_with("p2pchat_forwarded_requests_total"));
    assert_eq!(counts.map(|it| *it.1).sum::<f64>(), 1.0, "{result}");
}

async fn ask(address: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Answer {
    Web::to(address).await.ask("GET", target, headers, b"").await
}

/// A polling session at a node, by its id.
async fn session_at(address: SocketAddr) -> String {
    crate::harness::field(ask(address, POLLING, &[]).await.text(), "sid")
}
