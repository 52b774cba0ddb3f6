//! The relay's port, and where its settings lead.
use std::{
    io, mem,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::Arc,
};

use secrecy::ExposeSecret as _;

use super::{PassedSockets, StartupError, listen};
use crate::{
    acceptor::{ByteStream, CarryTurn},
    accounting::Reason,
    config::{self, Config, RelaySettings},
    http,
    protocols::{Protocol as _, p2pchat::P2pChat},
    relay::{FixedLogin, Limits, Networks},
    sessions::Sessions,
    turn::{self, Port, RealSockets, TurnServer},
};

/// A relay that is not served yet.
pub(super) struct BoundRelay {
    pub(super) server: Arc<TurnServer>,
    pub(super) port: Option<Port>,
}

/// The relay, unless nobody would be told of it.
///
/// # Errors
/// A port that is set cannot be had, or a network is none.
pub(super) fn bind(
    config: &Config,
    sessions: &Sessions,
    passed: &mut PassedSockets,
) -> Result<Option<BoundRelay>, StartupError> {
    let settings = &config.relay;
    let is_told = config.listeners().iter().any(|it| it.protocols.iter().any(|it| it == P2pChat.name()));
    if !settings.enabled || !is_told && settings.username.is_empty() {
        return Ok(None);
    }
    let turn = turn_settings(config)?;
    let port = port(config.http.address, settings, passed)?;
    let number = port.as_ref().map(Port::number).transpose().map_err(system)?;
    let server = TurnServer::new(turn, sessions, number).map_err(system)?;
    Ok(Some(BoundRelay { server, port }))
}

/// As long as its socket is good.
pub(super) async fn serve(server: Arc<TurnServer>, udp: Vec<UdpSocket>) {
    if let Err(error) = server.run(udp).await {
        tracing::error!(%error, "the relay serves no UDP any more");
    }
}

/// What the relay is made of.
///
/// # Errors
/// A network is none, or real relay sockets have no address.
pub(super) fn turn_settings(config: &Config) -> Result<turn::Settings, StartupError> {
    let it = &config.relay;
    let limits = Limits {
        per_peer: it.peer_allocations_max,
        per_address: it.address_allocations_max,
        total: it.allocations_max,
    };
    let fixed = FixedLogin { username: it.username.clone(), password: it.password.clone() };
    Ok(turn::Settings {
        limits,
        fixed: Some(fixed).filter(|it| !it.username.is_empty() && !it.password.expose_secret().is_empty()),
        real: real_sockets(it)?,
        told: told(config),
    })
}

/// What clients are told of the relay.
pub(super) fn told(config: &Config) -> turn::Told {
    let config::RelaySettings { urls, host, .. } = &config.relay;
    turn::Told {
        urls: urls.clone(),
        host: Some(host).filter(|it| !it.is_empty()).map(|it| in_url(it)),
        credential_ttl_s: config.ice.credential_ttl_s,
    }
}

/// An IPv6 address stands in brackets there.
fn in_url(host: &str) -> String {
    if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() }
}

fn real_sockets(settings: &RelaySettings) -> Result<Option<(RealSockets, Networks)>, StartupError> {
    let Some(ports) = settings.ports() else { return Ok(None) };
    let own = listen::own_addresses();
    let public = if settings.relay_addresses.is_empty() { own.clone() } else { settings.relay_addresses.clone() };
    if public.is_empty() {
        let sentence = "relay.relay_ports is set, and this machine has no address: set relay.relay_addresses";
        return Err(StartupError::Settings(sentence.to_owned()));
    }
    let all_own = own.into_iter().chain(public.iter().copied());
    let networks = Networks::new(&settings.denied_networks, &settings.allowed_networks, all_own);
    let networks = networks.map_err(|odd| {
        StartupError::Settings(format!(
            "relay.denied_networks or relay.allowed_networks holds {:?}: each must be an address or a network, as \
             \"10.0.0.0/8\"",
            odd.0
        ))
    })?;
    Ok(Some((RealSockets::new(ports, public), networks)))
}

/// UDP and TCP. `None`: the port that is the default is in use.
fn port(address: IpAddr, settings: &RelaySettings, passed: &mut PassedSockets) -> Result<Option<Port>, StartupError> {
    let number = settings.port;
    let at = SocketAddr::new(address, number);
    let (mut tcp, mut udp) = (passed.take_tcp(at), passed.take_udp(at));
    let mut bind = |address: IpAddr| {
        let open_tcp = |at| match mem::take(&mut tcp) {
            passed if passed.is_empty() => Ok(vec![listen::open(at)?]),
            passed => Ok(passed),
        };
        Port::bind(SocketAddr::new(address, number), open_tcp, mem::take(&mut udp))
    };
    let bound = match bind(address) {
        // A machine without IPv6.
        Err(error) if listen::lacks_ipv6(&error) && address == IpAddr::from(Ipv6Addr::UNSPECIFIED) => {
            bind(Ipv4Addr::UNSPECIFIED.into())
        }
        bound => bound,
    };
    match bound {
        Ok(port) => Ok(Some(port)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && !settings.is_port_set => {
            tracing::warn!(
                port = number,
                "the port of the relay is in use by another program, so that calls that need a relay may fail: end it, or \
                 choose another with relay.port"
            );
            Ok(None)
        }
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(StartupError::System(format!(
            "port {number}, which relay.port names, is in use by another program: end it, or choose another"
        ))),
        Err(error) => Err(StartupError::System(format!("the relay cannot have port {number} of {address}: {error}"))),
    }
}

/// How an acceptor hands its streams to the relay.
pub(super) fn carry(server: &Arc<TurnServer>) -> CarryTurn {
    let server = server.clone();
    Arc::new(move |stream: Box<dyn ByteStream>, client| {
        let server = server.clone();
        Box::pin(async move { server.carry(stream, client).await })
            as std::pin::Pin<Box<dyn Future<Output = Reason> + Send>>
    })
}

/// What `/health` says.
pub(super) fn health(server: &TurnServer) -> http::RelayCount {
    let stats = server.stats();
    http::RelayCount {
        allocations: stats.n_allocations,
        peers: stats.n_peers,
        packets: stats.n_packets,
        bytes: stats.n_bytes,
    }
}

fn system(error: io::Error) -> StartupError {
    StartupError::System(format!("the relay cannot be started: {error}"))
}
