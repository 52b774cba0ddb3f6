//! The host of stars, and where its settings lead.
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use p2pchat_host::Limits;
use tokio::runtime::Handle;

use super::{StartupError, listen};
use crate::{
    accounting::Rate,
    config::Config,
    hosting::{Hosting, Ports, Settings},
    sessions::{Realm, Sessions},
    turn::TurnServer,
};

/// Half a second of what may be sent.
const BURST_DIVISOR: u64 = 2;

/// `None`: this server hosts nothing. `realm`: of P2PChat's own rooms. `media`: where its sockets are waited for.
///
/// # Errors
/// The port that is set cannot be had.
pub(super) fn bind(
    config: &Config,
    sessions: &Sessions,
    realm: Option<Realm>,
    relay: Option<Arc<TurnServer>>,
    media: &Handle,
) -> Result<Option<Arc<Hosting>>, StartupError> {
    let Some(realm) = realm.filter(|_| config.host.enabled) else { return Ok(None) };
    let _media = media.enter();
    let ports = Ports::bind(&addresses(config), config.host.port).map_err(|error| {
        StartupError::System(format!(
            "the host of stars cannot have UDP port {}, which host.port names: {error}",
            config.host.port
        ))
    })?;
    tracing::info!(at = ?ports.addresses().collect::<Vec<_>>(), "stars are hosted");
    Ok(Some(Hosting::new(settings(config), sessions, realm, ports, relay)))
}

/// Never done: without it the server goes on.
pub(super) async fn run(hosting: Arc<Hosting>) {
    if let Err(error) = hosting.run().await {
        tracing::error!(%error, "stars are not hosted any more");
    }
    std::future::pending().await
}

fn settings(config: &Config) -> Settings {
    let it = &config.host;
    let per_second = it.bits_per_second / 8;
    let bytes = Rate { per_second, burst: per_second / BURST_DIVISOR };
    let bits_per_second = if it.bits_per_second == 0 { u64::MAX } else { it.bits_per_second };
    let limits = Limits { bits_per_second, guests: config.rooms.peers_max };
    Settings { name: it.name.clone(), rooms_max: it.rooms_max, people_max: it.people_max, bytes, limits }
}

/// Those that are set, or the one at which pages are served, or those of this machine.
fn addresses(config: &Config) -> Vec<IpAddr> {
    if !config.host.addresses.is_empty() {
        return config.host.addresses.clone();
    }
    if !config.http.address.is_unspecified() {
        return vec![config.http.address];
    }
    let own = listen::own_addresses();
    if own.is_empty() { vec![Ipv4Addr::LOCALHOST.into()] } else { own }
}
