//! From the settings to what the parts of the server need: listeners with their protocols, limits, STUN and TURN.
//!
//! **Invariant:** every way from a setting to a part leads through here, and whatever passes [`check`] can be started with.
//! `config` knows no part, and no part knows `config`.
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{StartupError, certificate, invitations, realm_settings, relay};
use crate::{
    accounting::{self, Rate, default_total},
    cluster,
    config::{self, Config, one_of},
    http::{self, Features, HostingFeature, TrustedProxies},
    ice::{Access, ConfiguredServer, Ice, Login},
    protocols::{self, Protocol, Transport, p2pchat::P2pChat},
    rooms::{Limits, RoomPolicy, Rules},
    sessions::{Lifetimes, RealmSettings},
    transports::TransportLimits,
};

/// A listener with everything that it needs.
#[derive(Clone)]
pub struct Listener {
    /// The address and port to listen on.
    pub at: SocketAddr,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Whether connections of trusted proxies begin with the header of the PROXY protocol.
    pub proxy_protocol: bool,
    /// Whether browsers may be told to reach this host by TLS alone, on whatever port (RFC 6797, section 8.3).
    pub is_https_only: bool,
    /// What is spoken, in the order of [`protocols::ALL`].
    pub protocols: Vec<&'static dyn Protocol>,
    /// The origins whose pages may connect, as [`crate::transports::Origins::new`] takes them.
    pub origins: Vec<String>,
    /// Its folder of pages.
    pub views: Option<PathBuf>,
}

/// What the settings alone do not show to be wrong, because it takes knowing the parts that they are for.
///
/// # Errors
/// A protocol is unknown, two things on one listener want the same path, a trusted proxy has no address, or as
/// [`check_cluster`].
pub fn check(config: &Config) -> Result<(), StartupError> {
    trusted_proxies(config)?;
    relay::turn_settings(config)?;
    check_base_path(config)?;
    listeners(config)?;
    check_cluster(config)
}

/// Whether this server can be one of several, where it is to be.
///
/// # Errors
/// The store's addresses are none, or nothing here can be shared.
pub fn check_cluster(config: &Config) -> Result<(), StartupError> {
    if !config.cluster.is_on() {
        return Ok(());
    }
    if !config.listeners().iter().any(is_own) {
        return Err(StartupError::Settings(
            "cluster.redis is set, and no listener speaks p2pchat: the rooms of other protocols cannot be shared"
                .to_owned(),
        ));
    }
    if config.host.enabled {
        return Err(StartupError::Settings(
            "cluster.redis and host.enabled are both set: the stars that a server hosts are its own, and cannot be shared with \
             other nodes"
                .to_owned(),
        ));
    }
    cluster::check(&config.cluster).map_err(StartupError::Settings)
}

/// Whether it speaks P2PChat's own protocol.
fn is_own(listener: &config::Listener) -> bool {
    listener.protocols.iter().any(|it| it == P2pChat.name())
}

/// A proxy may take the base path off or not, so that nothing of our own may be below it.
fn check_base_path(config: &Config) -> Result<(), StartupError> {
    let base = &config.http.base_path;
    if base != "/" && (config.signaling.path.starts_with(base) || http::is_taken(base)) {
        return Err(StartupError::Settings(format!(
            "http.base_path is {base:?}, and the server has something of its own at {base}: choose another path"
        )));
    }
    Ok(())
}

/// The proxies that are believed about whom a request is for.
///
/// # Errors
/// One is neither an address nor a network.
pub fn trusted_proxies(config: &Config) -> Result<TrustedProxies, StartupError> {
    TrustedProxies::new(&config.http.trusted_proxies).map_err(|odd| {
        StartupError::Settings(format!(
            "http.trusted_proxies holds {odd:?}: each must be an address or a network, as \"10.0.0.0/8\""
        ))
    })
}

/// The bounds of the whole process, and of the addresses and sessions in it. In the settings 0 stands for none. Bursts of
/// bytes are two of the longest messages at least, or such a message could never pass.
pub fn limits(config: &Config) -> accounting::Limits {
    let it = &config.limits;
    let two_messages = (config.signaling.message_bytes_max as u64).saturating_mul(2);
    let most = |it: usize| if it == 0 { usize::MAX } else { it };
    let rate = |per_second: u64, burst: u64| Rate { per_second, burst };
    accounting::Limits {
        memory_bytes_max: if it.memory_bytes_max == 0 { default_total() } else { it.memory_bytes_max },
        connections_max: most(it.connections_max),
        address_connections_max: most(it.address_connections_max),
        sessions_max: most(it.sessions_max),
        address_sessions_max: most(it.address_sessions_max),
        rooms_max: most(it.rooms_max),
        address_connects: rate(it.address_connections_per_second, it.address_connections_burst),
        address_sessions: rate(it.address_sessions_per_second, it.address_sessions_burst),
        address_rooms: rate(it.address_rooms_per_second, it.address_rooms_burst),
        address_requests: rate(it.address_requests_per_second, it.address_requests_burst),
        messages: rate(it.messages_per_second, it.messages_burst),
        bytes: rate(it.bytes_per_second, it.bytes_burst.max(two_messages)),
        relayed_bytes: rate(it.relayed_bytes_per_second, it.relayed_bytes_burst.max(two_messages)),
        media_bytes: rate(config.relay.peer_bytes_per_second, config.relay.peer_bytes_burst),
        all_media_bytes: rate(config.relay.bytes_per_second, config.relay.bytes_burst),
    }
}

/// Every listener, the main one first.
///
/// # Errors
/// As [`check`].
pub fn listeners(config: &Config) -> Result<Vec<Listener>, StartupError> {
    let settings = config.listeners();
    // One that is open to this machine alone is reached as localhost, which is another host.
    let is_plain = |it: &config::Listener| !it.tls && !it.at.ip().to_canonical().is_loopback();
    // And where browsers insist, they let nobody past a certificate that nobody vouches for.
    let is_https_only = !settings.iter().any(is_plain) && !config.tls.self_signed
        // The rest of the host is for others to decide on.
        && config.http.base_path == "/";
    let listeners = settings.into_iter().map(|it| listener(it, &config.signaling.path, is_https_only));
    listeners.collect::<Result<_, _>>().map_err(StartupError::Settings)
}

fn listener(settings: config::Listener, signaling_path: &str, is_https_only: bool) -> Result<Listener, String> {
    let config::Listener { name, at, tls, proxy_protocol, protocols: names, origins, views } = settings;
    let known = || protocols::ALL.iter().map(|it| it.name());
    if let Some(unknown) = names.iter().find(|it| !known().any(|known| known == *it)) {
        return Err(format!("{name} has the protocol {unknown:?}: each must be {}", one_of(known())));
    }
    if names.is_empty() {
        return Err(format!("{name} has no protocols: name at least one, {}", one_of(known())));
    }
    let protocols: Vec<_> = protocols::ALL.iter().filter(|it| names.iter().any(|name| name == it.name())).collect();
    let own = [
        ("/health/", "the health page"),
        ("/ready/", "readiness"),
        ("/live/", "liveness"),
        ("/metrics/", "metrics"),
        ("/proxy-check/", "the proxy check"),
        ("/features/", "the list of features"),
    ];
    let mut taken = own.to_vec();
    for protocol in &protocols {
        let path = match protocol.transport() {
            Transport::SocketIo => signaling_path,
            Transport::SocketIoAt(own) => own,
            Transport::Websocket | Transport::Mqtt => continue,
        };
        if let Some((_, other)) = taken.iter().find(|it| it.0 == path) {
            return Err(format!(
                "{name} would have both {} and {other} at {path}: choose another signaling.path",
                protocol.name()
            ));
        }
        taken.push((path, protocol.name()));
    }
    Ok(Listener {
        at,
        tls,
        proxy_protocol,
        is_https_only: tls && is_https_only,
        protocols: protocols.into_iter().copied().collect(),
        origins,
        views,
    })
}

/// The limits and pings of P2PChat's own connections.
pub fn transport_limits(config: &Config) -> TransportLimits {
    limits_with(config, config.signaling.ping_interval_ms, config.signaling.ping_timeout_ms)
}

/// Those of every other protocol: whoever is gone is missed within seconds.
pub fn fast_ping(config: &Config) -> TransportLimits {
    limits_with(config, config.signaling.quick_ping_interval_ms, config.signaling.quick_ping_timeout_ms)
}

fn limits_with(config: &Config, ping_interval_ms: u64, ping_timeout_ms: u64) -> TransportLimits {
    TransportLimits {
        message_bytes_max: config.signaling.message_bytes_max,
        frames_waiting_max: config.signaling.frames_waiting_max,
        bytes_waiting_max: config.signaling.bytes_waiting_max,
        ping_interval: Duration::from_millis(ping_interval_ms),
        ping_timeout: Duration::from_millis(ping_timeout_ms),
    }
}

/// How long sessions outlive their connections.
pub fn lifetimes(config: &Config) -> Lifetimes {
    let config::SessionSettings { grace_s, reload_grace_s, replay_frames_max, replay_bytes_max } = config.sessions;
    Lifetimes {
        grace: Duration::from_secs(grace_s),
        reload_grace: Duration::from_secs(reload_grace_s),
        replay_frames_max,
        replay_bytes_max,
    }
}

/// Where nothing is set, state is kept in this folder.
pub fn with_state_folder(mut config: Config, usual: Option<PathBuf>) -> Config {
    if let Some(usual) = usual.filter(|_| config.state.dir.is_empty()) {
        config.state.dir = usual.display().to_string();
    }
    config
}

/// Where no admin socket is set, it is in the runtime folder, or in the one in which state is kept.
pub fn with_admin_socket(mut config: Config, runtime_folder: Option<&Path>) -> Config {
    let state = state_folder(&config);
    config.admin.choose(runtime_folder, state.as_deref());
    config
}

/// The folder in which state is kept. `None`: in memory alone.
pub fn state_folder(config: &Config) -> Option<PathBuf> {
    let dir = Some(&config.state.dir).filter(|it| !it.is_empty() && *it != config::IN_MEMORY);
    dir.map(PathBuf::from)
}

/// The rules for the rooms of a protocol. `is_kept`: its own rooms outlive the process.
pub fn rules(config: &Config, protocol: &'static dyn Protocol, is_kept: bool) -> Rules {
    realm(config, protocol, is_kept).rules
}

/// The realm of a protocol. As for [`rules`].
pub fn realm(config: &Config, protocol: &'static dyn Protocol, is_kept: bool) -> RealmSettings {
    let is_own = protocol.name() == P2pChat.name();
    let mut realm = realm_settings(protocol, if is_own { room_limits(config) } else { open_room_limits(config) });
    if is_own {
        lasting_rooms(config, &mut realm.rules.policy, is_kept);
        invitations::apply(&config.access, &mut realm.rules.policy);
    }
    realm
}

/// How long P2PChat's own rooms outlive their members, and stars their hosts.
fn lasting_rooms(config: &Config, policy: &mut RoomPolicy, is_kept: bool) {
    policy.is_kept = is_kept;
    policy.linger = Duration::from_secs(config.rooms.linger_s);
    policy.hand_over = config.rooms.hand_over;
}

/// The limits of P2PChat's own rooms.
pub fn room_limits(config: &Config) -> Limits {
    let config::Rooms { peers_max, rooms_per_peer_max, name_units_max, password_units_max, .. } = config.rooms;
    Limits { peers_max, rooms_per_peer_max, name_units_max, password_units_max }
}

/// The limits of rooms in which anybody makes one by coming in.
pub fn open_room_limits(config: &Config) -> Limits {
    Limits { peers_max: config.rooms.open_peers_max, ..room_limits(config) }
}

/// What pages may offer.
pub fn features(config: &Config) -> Features {
    let peers_max = config.rooms.peers_max.min(config.host.people_max);
    Features { hosting: config.host.enabled.then_some(HostingFeature { peers_max }) }
}

/// The STUN and TURN servers that clients are told of.
pub fn ice(config: &Config) -> Ice {
    let server = |it: &config::IceServer| {
        let login = it.username.clone().zip(it.credential.clone());
        let access = match (login, it.shared_secret.clone()) {
            (_, Some(secret)) => Access::SharedSecret(secret),
            (Some((username, credential)), None) => Access::Fixed(Login { username, credential }),
            (None, None) => Access::Open,
        };
        ConfiguredServer { urls: it.urls.clone(), access }
    };
    Ice { servers: config.ice.servers.iter().map(server).collect(), credential_ttl_s: config.ice.credential_ttl_s }
}

/// Browsers look servers up one after another, and Firefox complains from the fifth on.
const ICE_URLS_GOOD: usize = 4;

/// What the operator should know although it is no fault, a sentence each. `port` is what the main listener got.
pub fn advice(config: &Config, port: u16) -> Vec<String> {
    let mut advice = certificate::advice(config, port);
    let listeners = config.listeners();
    if let Some(views) = listeners.first().filter(|it| is_own(it)).and_then(|it| it.views.as_deref())
        && views.join("bundle.js").is_file()
        && port != 80
        && port != 443
    {
        advice.push(format!(
            "the original frontend in {} connects to its host without a port, so that it works on port 80 (or 443 with \
             TLS) alone; this server listens on {port}",
            views.display()
        ));
    }
    for listener in listeners.iter().filter(|it| !is_own(it)) {
        if let Some(views) = listener.views.as_deref().filter(|it| !it.join("index.html").is_file()) {
            let (name, views) = (&listener.name, views.display());
            advice.push(format!("{name} has the folder {views}, which holds no index.html: its address shows no page"));
        }
    }
    if config.access.is_restricted() && listeners.iter().any(|it| it.protocols.iter().any(|it| it != P2pChat.name())) {
        advice.push(
            "access.create or access.join is \"invited\", which is so for P2PChat's own rooms alone: the other protocols that are \
             served here are open to everyone"
                .to_owned(),
        );
    }
    let n_urls: usize = config.ice.servers.iter().map(|it| it.urls.len()).sum();
    if n_urls == 0 && !config.relay.enabled && listeners.iter().any(is_own) {
        advice.push(
            "relay.enabled is false and ice.servers is empty, so that people reach each other inside one network only: \
             switch the relay on, or set a STUN and a TURN server (docs/deployment.md says how)"
                .to_owned(),
        );
    }
    let n_own = match (config.relay.enabled, config.relay.urls.len()) {
        (false, _) => 0,
        // STUN, and TURN over UDP, TCP and perhaps TLS.
        (true, 0) => 3 + usize::from(config.tls.enabled),
        (true, n) => n,
    };
    if n_urls > 0 && n_urls + n_own > ICE_URLS_GOOD {
        advice.push(format!(
            "ice.servers have {n_urls} urls and the relay of this server {n_own}, and more than {ICE_URLS_GOOD} in all make \
             browsers connect slowly"
        ));
    }
    match (config.cluster.is_on(), config.cluster.at()) {
        (true, None) => advice.push(
            "cluster.listen is empty, so that other nodes cannot hand over requests of clients that poll: set it, or have the \
             balancer send each client to one node always (docs/deployment.md says how)"
                .to_owned(),
        ),
        (false, Some(_)) => advice.push(
            "cluster.listen is set, and cluster.redis is empty: there are no other nodes, and nothing comes in there"
                .to_owned(),
        ),
        _ => {}
    }
    advice
}
