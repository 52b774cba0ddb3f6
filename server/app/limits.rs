//! From the settings of `[limits]` to the ledger's bounds, where 0 stands for none.
use crate::{
    accounting::{Limits, Rate, default_total},
    config::LimitSettings,
};

/// `message_bytes_max`: bursts of bytes are twice that at least, or the longest message could never pass.
pub(super) fn limits(settings: &LimitSettings, message_bytes_max: usize) -> Limits {
    let two_messages = (message_bytes_max as u64).saturating_mul(2);
    let most = |it: usize| if it == 0 { usize::MAX } else { it };
    let rate = |per_second: u64, burst: u64| Rate { per_second, burst };
    let it = settings;
    Limits {
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
    }
}
