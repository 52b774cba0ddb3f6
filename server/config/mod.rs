//! Settings: `default_config.toml` (compiled in) ← a file ← the environment ← flags.
//!
//! **Invariants:** defaults have one home, the commented file; a setting exists when it stands there, and an unknown one is
//! refused by name. What settings are for is not known here: this module is plain data and imports no other, and
//! `app::settings` makes of it what the parts need.
mod access;
mod admin;
mod bounds;
mod cluster;
mod differences;
mod host;
mod ice;
mod listeners;
mod metrics;
mod original;
mod relay;
mod sources;
mod tls;

use std::{net::IpAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

pub use access::{AccessSettings, TokenAlgorithm, Tokens, WhoMay};
pub use admin::{AdminSettings, NO_SOCKET, runtime_folder};
pub use cluster::ClusterSettings;
use differences::hidden;
pub use host::HostSettings;
pub use ice::{IceServer, IceSettings};
pub use listeners::{Listener, ListenerSettings, one_of};
pub use metrics::MetricsSettings;
pub use relay::RelaySettings;
pub use sources::{BadSetting, Flags, read, state_folder, usual_places};
pub use tls::{Acme, Tls};

/// The compiled-in settings, commented.
pub const DEFAULTS: &str = include_str!("../../default_config.toml");

/// Everything that can be set. What each means stands in `default_config.toml`.
// No `Default`: the defaults have one home.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct Config {
    pub http: Http,
    pub tls: Tls,
    pub signaling: Signaling,
    pub sessions: SessionSettings,
    pub rooms: Rooms,
    pub access: AccessSettings,
    pub limits: LimitSettings,
    pub state: StateSettings,
    pub ice: IceSettings,
    pub relay: RelaySettings,
    pub host: HostSettings,
    pub cluster: ClusterSettings,
    pub metrics: MetricsSettings,
    pub admin: AdminSettings,
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
    pub frame_ancestors: Vec<String>,
    pub listeners: Vec<ListenerSettings>,
    pub trusted_proxies: Vec<String>,
    pub proxy_protocol: bool,
    pub base_path: String,
    pub drain_s: u64,
    pub threads: usize,
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

/// `[sessions]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct SessionSettings {
    pub grace_s: u64,
    pub reload_grace_s: u64,
    pub replay_frames_max: usize,
    pub replay_bytes_max: u64,
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
    pub linger_s: u64,
    pub hand_over: bool,
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

/// `[state]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct StateSettings {
    pub dir: String,
}

/// In the place of a folder: what there is ends with the process.
pub const IN_MEMORY: &str = "memory";

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
    /// As a settings file, its secrets hidden.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).map_or_else(|error| format!("# {error}\n"), |it| differences::without_marks(&it))
    }

    /// What types alone do not say.
    fn check(&self) -> Result<(), String> {
        check_path("signaling.path", "/api/signaling/", &self.signaling.path)?;
        if self.http.base_path != "/" {
            check_path("http.base_path", "/chat/", &self.http.base_path)?;
        }
        check_hostname(&self.http.hostname)?;
        bounds::check(self)?;
        self.tls.check(&self.http.hostname)?;
        self.check_listeners()?;
        self.access.check()?;
        self.ice.check()?;
        self.metrics.check(&self.listeners())?;
        self.check_cluster()?;
        self.host.check()?;
        self.relay.check()
    }

    fn check_cluster(&self) -> Result<(), String> {
        let listeners = self.listeners();
        let further = [("metrics.port", self.metrics.at()), ("tls.redirect_port", self.redirect_at())];
        let further = further.into_iter().filter_map(|(name, at)| Some((name, at?)));
        self.cluster.check(listeners.iter().map(|it| (&*it.name, it.at)).chain(further))
    }
}

/// Longer ones do not fit into what proxies and logs keep of a request.
const PATH_BYTES_MAX: usize = 200;

/// `like` shows how such a path looks.
fn check_path(name: &str, like: &str, path: &str) -> Result<(), String> {
    let allowed = |it: char| it.is_ascii_alphanumeric() || "/-._~".contains(it);
    let is_between_slashes = path.starts_with('/') && path.ends_with('/') && path.len() > 1;
    if !is_between_slashes || !path.chars().all(allowed) || path.contains("//") {
        return Err(format!(
            "{name} is {path:?}: it must begin and end with a slash and hold letters, digits and -._~, as {like:?} does"
        ));
    }
    // Browsers take these out of an address before they ask for it, so that nobody could ever ask for this one.
    if path.split('/').any(|it| it == "." || it == "..") {
        return Err(format!("{name} is {path:?}: \".\" and \"..\" cannot be parts of it"));
    }
    if path.len() > PATH_BYTES_MAX {
        return Err(format!("{name} has {} characters: {PATH_BYTES_MAX} are the most", path.len()));
    }
    Ok(())
}

/// A name by which people reach the server (RFC 1123, section 2.1), or an IPv4 address.
fn check_hostname(hostname: &str) -> Result<(), String> {
    let is_label = |it: &str| {
        let is_inside = it.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
        (1..=63).contains(&it.len()) && is_inside && !it.starts_with('-') && !it.ends_with('-')
    };
    if hostname.is_empty() || (hostname.len() <= 253 && hostname.split('.').all(is_label)) {
        return Ok(());
    }
    Err(format!(
        "http.hostname is {hostname:?}: it must be a bare name, without a scheme, port or path, as \"chat.example.org\" is"
    ))
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
