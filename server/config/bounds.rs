//! The bounds of every number that can be set.
//!
//! **Invariant:** each number in `default_config.toml` has a row here, and whatever lies within its row can be started and
//! served with: queues are allocated by it, timers run by it, browsers add it up.
use std::ops::RangeInclusive;

use super::Config;

/// A number by its name in the settings, how to read it, and what it may be.
type Row = (&'static str, fn(&Config) -> u64, RangeInclusive<u64>);

/// An hour. A browser adds interval and timeout up in a timer that ends after 2^31 ms.
const PING_MS_MAX: u64 = 3_600_000;

/// Past it a mesh, in which everybody is connected to everybody, works for nobody.
const PEERS_MAX: u64 = 1_000;

/// More than one machine has of anything.
const COUNT_MAX: u64 = 1_000_000_000;

/// The least that a bound of memory may be.
const MEMORY_BYTES_MIN: u64 = 64 * 1024 * 1024;

/// The longest payload of UDP.
const DATAGRAM_BYTES: u64 = 65_507;

/// Each has a virtual port of its own.
const ALLOCATIONS_MAX: u64 = 60_000;

const ROWS: &[Row] = &[
    // 0 lets the system choose.
    ("http.port", |it| it.http.port.into(), 0..=65_535),
    // An hour is long enough for any load balancer.
    ("http.drain_s", |it| it.http.drain_s, 0..=3_600),
    // No machine has more cores.
    ("http.threads", |it| it.http.threads as u64, 1..=1_024),
    // 0: none.
    ("tls.redirect_port", |it| it.tls.redirect_port.into(), 0..=65_535),
    // The longest session descriptions have some 100 kB; whole messages are held in memory.
    ("signaling.message_bytes_max", |it| it.signaling.message_bytes_max as u64, 1_000..=100_000_000),
    ("signaling.frames_waiting_max", |it| it.signaling.frames_waiting_max as u64, 16..=1_000_000),
    ("signaling.bytes_waiting_max", |it| it.signaling.bytes_waiting_max, 1_000..=1_073_741_824),
    ("signaling.ping_interval_ms", |it| it.signaling.ping_interval_ms, 100..=PING_MS_MAX),
    ("signaling.ping_timeout_ms", |it| it.signaling.ping_timeout_ms, 100..=PING_MS_MAX),
    ("signaling.quick_ping_interval_ms", |it| it.signaling.quick_ping_interval_ms, 100..=PING_MS_MAX),
    ("signaling.quick_ping_timeout_ms", |it| it.signaling.quick_ping_timeout_ms, 100..=PING_MS_MAX),
    // An hour: longer than anybody waits for somebody who is gone.
    ("sessions.grace_s", |it| it.sessions.grace_s, 0..=3_600),
    ("sessions.reload_grace_s", |it| it.sessions.reload_grace_s, 0..=300),
    ("sessions.replay_frames_max", |it| it.sessions.replay_frames_max as u64, 0..=1_000_000),
    ("sessions.replay_bytes_max", |it| it.sessions.replay_bytes_max, 0..=1_073_741_824),
    // A room of one is none.
    ("rooms.peers_max", |it| it.rooms.peers_max as u64, 2..=PEERS_MAX),
    ("rooms.open_peers_max", |it| it.rooms.open_peers_max as u64, 2..=PEERS_MAX),
    ("rooms.rooms_per_peer_max", |it| it.rooms.rooms_per_peer_max as u64, 1..=10_000),
    ("rooms.name_units_max", |it| it.rooms.name_units_max as u64, 1..=1_000),
    // Longer passwords are cut; of one unit they would all be guessed.
    ("rooms.password_units_max", |it| it.rooms.password_units_max as u64, 8..=1_000),
    // 30 days: longer than anybody looks at an invitation.
    ("rooms.linger_s", |it| it.rooms.linger_s, 0..=2_592_000),
    // A minute is longer than anybody waits for an answer.
    ("cluster.timeout_ms", |it| it.cluster.timeout_ms, 10..=60_000),
    // 0: a part of the machine's. Below 64 MiB an empty server and what the allocator keeps are most of it.
    ("limits.memory_bytes_max", |it| it.limits.memory_bytes_max, 0..=1 << 48),
    ("limits.connections_max", |it| it.limits.connections_max as u64, 0..=COUNT_MAX),
    ("limits.address_connections_max", |it| it.limits.address_connections_max as u64, 0..=COUNT_MAX),
    ("limits.address_connections_per_second", |it| it.limits.address_connections_per_second, 0..=COUNT_MAX),
    ("limits.address_connections_burst", |it| it.limits.address_connections_burst, 0..=COUNT_MAX),
    ("limits.sessions_max", |it| it.limits.sessions_max as u64, 0..=COUNT_MAX),
    ("limits.address_sessions_max", |it| it.limits.address_sessions_max as u64, 0..=COUNT_MAX),
    ("limits.address_sessions_per_second", |it| it.limits.address_sessions_per_second, 0..=COUNT_MAX),
    ("limits.address_sessions_burst", |it| it.limits.address_sessions_burst, 0..=COUNT_MAX),
    ("limits.rooms_max", |it| it.limits.rooms_max as u64, 0..=COUNT_MAX),
    ("limits.address_rooms_per_second", |it| it.limits.address_rooms_per_second, 0..=COUNT_MAX),
    ("limits.address_rooms_burst", |it| it.limits.address_rooms_burst, 0..=COUNT_MAX),
    ("limits.address_requests_per_second", |it| it.limits.address_requests_per_second, 0..=COUNT_MAX),
    ("limits.address_requests_burst", |it| it.limits.address_requests_burst, 0..=COUNT_MAX),
    ("limits.messages_per_second", |it| it.limits.messages_per_second, 0..=COUNT_MAX),
    ("limits.messages_burst", |it| it.limits.messages_burst, 0..=COUNT_MAX),
    ("limits.bytes_per_second", |it| it.limits.bytes_per_second, 0..=1 << 40),
    ("limits.bytes_burst", |it| it.limits.bytes_burst, 0..=1 << 40),
    ("limits.relayed_bytes_per_second", |it| it.limits.relayed_bytes_per_second, 0..=1 << 40),
    ("limits.relayed_bytes_burst", |it| it.limits.relayed_bytes_burst, 0..=1 << 40),
    // A minute, for clocks that differ, to 30 days.
    ("ice.credential_ttl_s", |it| it.ice.credential_ttl_s, 60..=2_592_000),
    // 0 lets the system choose.
    ("metrics.port", |it| it.metrics.port.into(), 0..=65_535),
    // 0 lets the system choose.
    ("relay.port", |it| it.relay.port.into(), 0..=65_535),
    ("relay.peer_allocations_max", |it| it.relay.peer_allocations_max as u64, 1..=ALLOCATIONS_MAX),
    ("relay.address_allocations_max", |it| it.relay.address_allocations_max as u64, 1..=ALLOCATIONS_MAX),
    ("relay.allocations_max", |it| it.relay.allocations_max as u64, 1..=ALLOCATIONS_MAX),
    ("relay.peer_bytes_per_second", |it| it.relay.peer_bytes_per_second, 0..=1 << 40),
    ("relay.peer_bytes_burst", |it| it.relay.peer_bytes_burst, 0..=1 << 40),
    ("relay.bytes_per_second", |it| it.relay.bytes_per_second, 0..=1 << 40),
    ("relay.bytes_burst", |it| it.relay.bytes_burst, 0..=1 << 40),
    // 0 lets the system choose.
    ("host.port", |it| it.host.port.into(), 0..=65_535),
    ("host.rooms_max", |it| it.host.rooms_max as u64, 1..=10_000),
    ("host.people_max", |it| it.host.people_max as u64, 2..=100_000),
    // 0: no limit. Less than one picture would be a host of nothing.
    ("host.bits_per_second", |it| it.host.bits_per_second, 0..=1 << 40),
];

/// # Errors
/// A number is out of its bounds; the sentence names it and them.
pub(super) fn check(config: &Config) -> Result<(), String> {
    for (name, value, allowed) in ROWS {
        let value = value(config);
        if !allowed.contains(&value) {
            return Err(format!("{name} is {value}: it must be from {} to {}", allowed.start(), allowed.end()));
        }
    }
    let (one, all) = (config.signaling.message_bytes_max as u64, config.signaling.bytes_waiting_max);
    if all < one {
        return Err(format!(
            "signaling.bytes_waiting_max is {all}: it must be at least signaling.message_bytes_max, which is {one}, or the \
             longest message reaches nobody"
        ));
    }
    let (limits, relay) = (&config.limits, &config.relay);
    if (1..MEMORY_BYTES_MIN).contains(&limits.memory_bytes_max) {
        return Err(format!(
            "limits.memory_bytes_max is {}: it must be {MEMORY_BYTES_MIN} or more, or 0",
            limits.memory_bytes_max
        ));
    }
    // A burst of nothing would let nothing pass, and one of less than a datagram none of the longest.
    let bursts = [
        ("limits.address_connections", limits.address_connections_per_second, limits.address_connections_burst, 1),
        ("limits.address_sessions", limits.address_sessions_per_second, limits.address_sessions_burst, 1),
        ("limits.address_rooms", limits.address_rooms_per_second, limits.address_rooms_burst, 1),
        ("limits.address_requests", limits.address_requests_per_second, limits.address_requests_burst, 1),
        ("limits.messages", limits.messages_per_second, limits.messages_burst, 1),
        ("limits.bytes", limits.bytes_per_second, limits.bytes_burst, 1),
        ("limits.relayed_bytes", limits.relayed_bytes_per_second, limits.relayed_bytes_burst, 1),
        ("relay.peer_bytes", relay.peer_bytes_per_second, relay.peer_bytes_burst, DATAGRAM_BYTES),
        ("relay.bytes", relay.bytes_per_second, relay.bytes_burst, DATAGRAM_BYTES),
    ];
    match bursts.into_iter().find(|(_, per_second, burst, least)| *per_second > 0 && burst < least) {
        Some((name, _, burst, least)) => {
            Err(format!("{name}_burst is {burst}: it must be {least} or more, or {name}_per_second 0 for no limit"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::ROWS;
    use crate::config::DEFAULTS;

    #[test]
    fn every_number_has_its_bounds() {
        let defaults: toml::Table = toml::from_str(DEFAULTS).unwrap();
        let mut numbers = Vec::new();
        for (section, settings) in &defaults {
            let settings = settings.as_table().unwrap();
            let named = settings.iter().filter(|(_, value)| value.is_integer() || value.is_float());
            numbers.extend(named.map(|(name, _)| format!("{section}.{name}")));
        }
        numbers.sort();
        let mut rows: Vec<_> = ROWS.iter().map(|it| it.0.to_owned()).collect();
        rows.sort();
        assert_eq!(rows, numbers);
    }
}
