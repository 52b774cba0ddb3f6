//! Settings: `default_config.toml` (compiled in) ← a file ← the environment ← flags.
//!
//! **Invariant:** defaults have one home, the commented file; a setting exists when it stands there, and an unknown one is
//! refused by name.
mod listeners;
mod original;
mod sources;

use std::{net::IpAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize, Serializer};

pub use listeners::{Listener, ListenerSettings};
pub use sources::{BadSetting, Flags, read, usual_places};

use crate::{
    ice::{Access, ConfiguredServer, Ice, Login},
    rooms::Limits,
    transports::TransportLimits,
};

/// The compiled-in settings, commented.
pub const DEFAULTS: &str = include_str!("../../default_config.toml");

/// With less the process would refuse its first client.
const MEMORY_BYTES_MIN: u64 = 64 * 1024 * 1024;

/// Everything that can be set. What each means stands in `default_config.toml`.
// No `Default`: the defaults have one home.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct Config {
    pub http: Http,
    pub tls: Tls,
    pub signaling: Signaling,
    pub rooms: Rooms,
    pub limits: LimitSettings,
    pub ice: IceSettings,
    pub log: Log,
}

/// `[http]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct Http {
    pub address: IpAddr,
    pub port: u16,
    pub hostname: String,
    pub views: PathBuf,
    pub preset: String,
    pub protocols: Vec<String>,
    pub origins: Vec<String>,
    pub listeners: Vec<ListenerSettings>,
    pub trusted_proxies: Vec<String>,
    pub drain_s: u64,
}

/// `[tls]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct Tls {
    pub enabled: bool,
    pub key_path: PathBuf,
    pub cert_path: PathBuf,
}

/// `[signaling]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct Signaling {
    pub path: String,
    pub message_bytes_max: usize,
    pub frames_waiting_max: usize,
    pub bytes_waiting_max: u64,
    pub ping_interval_ms: u64,
    pub ping_timeout_ms: u64,
    pub quick_ping_interval_ms: u64,
    pub quick_ping_timeout_ms: u64,
}

/// `[rooms]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct Rooms {
    pub peers_max: usize,
    pub open_peers_max: usize,
    pub rooms_per_peer_max: usize,
    pub name_units_max: usize,
    pub password_units_max: usize,
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct LimitSettings {
    pub memory_bytes_max: u64,
    pub connections_max: usize,
    pub address_connections_max: usize,
    pub address_connections_per_second: u64,
    pub address_connections_burst: u64,
    pub sessions_max: usize,
    pub address_sessions_max: usize,
    pub address_sessions_per_second: u64,
    pub address_sessions_burst: u64,
    pub rooms_max: usize,
    pub address_rooms_per_second: u64,
    pub address_rooms_burst: u64,
    pub address_requests_per_second: u64,
    pub address_requests_burst: u64,
    pub messages_per_second: u64,
    pub messages_burst: u64,
    pub bytes_per_second: u64,
    pub bytes_burst: u64,
    pub relayed_bytes_per_second: u64,
    pub relayed_bytes_burst: u64,
}

/// `[ice]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct IceSettings {
    pub servers: Vec<IceServer>,
    pub credential_ttl_s: u64,
}

/// One of `ice.servers`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a table with urls")]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct IceServer {
    // Without any it is refused by name.
    #[serde(default)]
    pub urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, serialize_with = "hidden", skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    #[serde(default, serialize_with = "hidden", skip_serializing_if = "Option::is_none")]
    pub shared_secret: Option<String>,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// How P2PChat's own are spoken to.
    pub fn wire(&self) -> TransportLimits {
        self.wire_with(self.signaling.ping_interval_ms, self.signaling.ping_timeout_ms)
    }

    /// How everybody else is: whoever is gone is missed within seconds.
    pub fn fast_ping(&self) -> TransportLimits {
        self.wire_with(self.signaling.quick_ping_interval_ms, self.signaling.quick_ping_timeout_ms)
    }

    fn wire_with(&self, ping_interval_ms: u64, ping_timeout_ms: u64) -> TransportLimits {
        TransportLimits {
            message_bytes_max: self.signaling.message_bytes_max,
            frames_waiting_max: self.signaling.frames_waiting_max,
            bytes_waiting_max: self.signaling.bytes_waiting_max,
            ping_interval: Duration::from_millis(ping_interval_ms),
            ping_timeout: Duration::from_millis(ping_timeout_ms),
        }
    }

    /// What a room of P2PChat's own may be at most.
    pub fn limits(&self) -> Limits {
        let Rooms { peers_max, rooms_per_peer_max, name_units_max, password_units_max, .. } = self.rooms;
        Limits { peers_max, rooms_per_peer_max, name_units_max, password_units_max }
    }

    /// What anybody else's room may be at most.
    pub fn open_limits(&self) -> Limits {
        Limits { peers_max: self.rooms.open_peers_max, ..self.limits() }
    }

    /// What clients are told of STUN and TURN.
    pub fn ice(&self) -> Ice {
        let server = |it: &IceServer| {
            let login = it.username.clone().zip(it.credential.clone());
            let access = match (login, it.shared_secret.clone()) {
                (_, Some(secret)) => Access::SharedSecret(secret),
                (Some((username, credential)), None) => Access::Fixed(Login { username, credential }),
                (None, None) => Access::Open,
            };
            ConfiguredServer { urls: it.urls.clone(), access }
        };
        Ice { servers: self.ice.servers.iter().map(server).collect(), credential_ttl_s: self.ice.credential_ttl_s }
    }

    /// As a settings file, its secrets hidden.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_else(|error| format!("# {error}\n"))
    }

    /// What types alone do not say.
    fn check(&self) -> Result<(), String> {
        let Signaling { path, message_bytes_max, frames_waiting_max, bytes_waiting_max, .. } = &self.signaling;
        let allowed = |it: char| it.is_ascii_alphanumeric() || "/-._~".contains(it);
        if !(path.starts_with('/') && path.ends_with('/') && path.len() > 1 && path.chars().all(allowed))
            || path.contains("//")
        {
            return Err(format!(
                "signaling.path is {path:?}: it must begin and end with a slash and hold pending_offers, digits and -._~, as \
                 \"/api/signaling/\" does"
            ));
        }
        let name = |it: char| it.is_ascii_alphanumeric() || "-.".contains(it);
        if !self.http.hostname.chars().all(name) {
            return Err(format!(
                "http.hostname is {:?}: it must be a bare name, without a scheme, port or path, as \"chat.example.org\" is",
                self.http.hostname
            ));
        }
        let at_least = [
            ("signaling.message_bytes_max", *message_bytes_max as u64, 1_000),
            ("signaling.frames_waiting_max", *frames_waiting_max as u64, 16),
            ("signaling.bytes_waiting_max", *bytes_waiting_max, *message_bytes_max as u64),
            ("signaling.ping_interval_ms", self.signaling.ping_interval_ms, 100),
            ("signaling.ping_timeout_ms", self.signaling.ping_timeout_ms, 100),
            ("signaling.quick_ping_interval_ms", self.signaling.quick_ping_interval_ms, 100),
            ("signaling.quick_ping_timeout_ms", self.signaling.quick_ping_timeout_ms, 100),
            ("rooms.peers_max", self.rooms.peers_max as u64, 1),
            ("rooms.open_peers_max", self.rooms.open_peers_max as u64, 1),
            ("rooms.rooms_per_peer_max", self.rooms.rooms_per_peer_max as u64, 1),
        ];
        if let Some((name, value, least)) = at_least.into_iter().find(|it| it.1 < it.2) {
            return Err(format!("{name} is {value}: it must be {least} or more"));
        }
        self.limits.check(*message_bytes_max as u64)?;
        self.check_listeners()?;
        self.ice.servers.iter().try_for_each(IceServer::check)
    }
}

impl LimitSettings {
    fn check(&self, message_bytes_max: u64) -> Result<(), String> {
        let memory = self.memory_bytes_max;
        if memory != 0 && memory < MEMORY_BYTES_MIN {
            return Err(format!("limits.memory_bytes_max is {memory}: it must be {MEMORY_BYTES_MIN} or more, or 0"));
        }
        // A burst below the least that is ever taken at once would let nothing pass at all.
        let bursts = [
            ("address_connections", self.address_connections_per_second, self.address_connections_burst, 1),
            ("address_sessions", self.address_sessions_per_second, self.address_sessions_burst, 1),
            ("address_rooms", self.address_rooms_per_second, self.address_rooms_burst, 1),
            ("address_requests", self.address_requests_per_second, self.address_requests_burst, 1),
            ("messages", self.messages_per_second, self.messages_burst, 1),
            ("bytes", self.bytes_per_second, self.bytes_burst, message_bytes_max.saturating_mul(2)),
            (
                "relayed_bytes",
                self.relayed_bytes_per_second,
                self.relayed_bytes_burst,
                message_bytes_max.saturating_mul(2),
            ),
        ];
        match bursts.into_iter().find(|(_, per_second, burst, least)| *per_second > 0 && burst < least) {
            Some((name, _, burst, least)) => Err(format!(
                "limits.{name}_burst is {burst}: it must be {least} or more, or limits.{name}_per_second 0 for no limit"
            )),
            None => Ok(()),
        }
    }
}

impl IceServer {
    fn check(&self) -> Result<(), String> {
        let schemes = ["stun:", "stuns:", "turn:", "turns:"];
        if self.urls.is_empty() {
            return Err("an entry of ice.servers has no urls: name at least one, as \"stun:stun.example.org\"".into());
        }
        if let Some(url) = self.urls.iter().find(|url| !schemes.iter().any(|it| url.starts_with(it))) {
            return Err(format!("ice.servers has the url {url:?}: it must begin with stun:, stuns:, turn: or turns:"));
        }
        if self.username.is_some() != self.credential.is_some() {
            return Err(format!("ice.servers entry {}: username and credential go together", self.urls[0]));
        }
        if self.username.is_some() && self.shared_secret.is_some() {
            let url = &self.urls[0];
            return Err(format!("ice.servers entry {url}: give either a username and credential or a shared_secret"));
        }
        Ok(())
    }
}

// By hand, for a sentence without our own names for things.
impl TryFrom<String> for LogFormat {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match &*text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("it is {text:?}, and \"text\" or \"json\" is expected")),
        }
    }
}

fn hidden<S: Serializer>(_: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("(hidden)")
}

// Credentials must not reach a log by way of `{:?}`.
impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IceServer({})", self.urls.join(", "))
    }
}
