//! The relay over real sockets: two peers in a room, who got their credentials as pages do, by UDP, TCP and TLS.
pub(crate) mod client;
mod figures;
mod handing_out;
mod inside;
mod talking;

use std::{net::SocketAddr, path::PathBuf};

use p2pchat_server::{
    app::App,
    config::{Config, ListenerSettings},
};
use tempfile::TempDir;

use crate::harness::{self, By, Peer, Server, field, settings, web::Web};
use client::{Turn, Way};

/// A server with a relay, and HTTPS on a port of its own.
struct Relaying {
    server: Server,
    relay: SocketAddr,
    https: SocketAddr,
    certificate: Vec<u8>,
    /// When that ends, in seconds since 1970.
    ends_s: i64,
    _folder: TempDir,
}

impl Relaying {
    async fn start() -> Relaying {
        Relaying::with(&[]).await
    }

    async fn with(overrides: &[(&str, &str)]) -> Relaying {
        let base = [("relay.enabled", "true"), ("relay.port", "0")];
        let mut config = settings(&[&base, overrides].concat(), None);
        let folder = tempfile::tempdir().unwrap();
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2100, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        (config.tls.cert_path, config.tls.key_path) = (folder.path().join("cert"), folder.path().join("key"));
        std::fs::write(&config.tls.cert_path, made.pem()).unwrap();
        std::fs::write(&config.tls.key_path, key.serialize_pem()).unwrap();
        config.http.listeners = vec![https_listener()];
        let app = harness::bind(config).await.unwrap();
        let (relay, https) = (app.relay_port().unwrap(), app.further_addresses().unwrap()[0]);
        let server = Server::of(app);
        let relay = SocketAddr::new(server.address.ip(), relay);
        let ends_s = params.not_after.unix_timestamp();
        Relaying { server, relay, https, certificate: made.der().to_vec(), ends_s, _folder: folder }
    }

    /// A peer with its credentials.
    async fn guest(&self) -> Guest {
        let mut peer = self.server.peer(By::Websocket).await;
        let servers = ice_servers(&mut peer).await;
        Guest { username: field(&servers, "username"), password: field(&servers, "credential"), peer }
    }

    /// Two in a room.
    async fn pair(&self) -> (Guest, Guest, String) {
        let (mut one, mut other) = (self.guest().await, self.guest().await);
        let room = one.peer.create(0).await;
        other.peer.join(&room).await;
        assert!(one.peer.receive().await.starts_with(r#"["JOIN-ROOM",{"from""#));
        (one, other, room)
    }

    async fn turn(&self, guest: &Guest, way: Way) -> Turn {
        Turn::connect(self, way, &guest.username, &guest.password).await
    }

    /// A part of what `/health` says.
    async fn health(&self, part: &str) -> serde_json::Value {
        let answer = Web::to(self.server.address).await.ask("GET", "/health", &[], b"").await;
        let health: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        health[part].clone()
    }

    async fn count_of(&self, reason: &str) -> u64 {
        self.health("reasons").await[reason].as_u64().unwrap_or_default()
    }
}

fn https_listener() -> ListenerSettings {
    let protocols = Some(vec!["p2pchat".to_owned()]);
    ListenerSettings {
        port: Some(0),
        protocols,
        tls: Some(true),
        views: None::<PathBuf>,
        ..ListenerSettings::default()
    }
}

/// A peer, and what it was given for the relay.
struct Guest {
    peer: Peer,
    username: String,
    password: String,
}

/// Says hello; the `iceServers` of the answer as they stand there.
async fn ice_servers(peer: &mut Peer) -> String {
    peer.emit(r#"["GET-ID",{"requestId":"hello"}]"#).await;
    let welcome = peer.receive().await;
    peer.id = field(&welcome, "userID");
    welcome.split_once(r#""iceServers":"#).map_or_else(String::new, |it| it.1.strip_suffix("}]").unwrap().to_owned())
}

/// A server whose settings are changed once more before it starts.
async fn bind(overrides: &[(&str, &str)], change: impl FnOnce(&mut Config)) -> Result<App, String> {
    let mut config = settings(overrides, None);
    change(&mut config);
    App::bind(config).await.map_err(|it| it.to_string())
}
