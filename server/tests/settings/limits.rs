//! `[limits]` and `http.trusted_proxies`: what the defaults come to, what 0 stands for, and what is refused.
use p2pchat_server::{accounting::Rate, app::settings};

use super::from_file;

#[test]
fn the_defaults_let_a_school_in_and_no_flood() {
    let limits = settings::limits(&from_file("").unwrap());
    let rate = |per_second, burst| Rate { per_second, burst };
    assert_eq!(limits.address_sessions, rate(10, 200));
    assert_eq!(limits.address_connects, rate(50, 500));
    assert_eq!(limits.address_rooms, rate(2, 100));
    assert_eq!(limits.messages, rate(400, 4_000));
    assert_eq!(limits.bytes, rate(2_000_000, 16_000_000));
    assert_eq!(limits.relayed_bytes, rate(4_000_000, 32_000_000));
    assert_eq!((limits.address_connections_max, limits.address_sessions_max), (1_000, 1_000));
    assert!(limits.memory_bytes_max >= 64 * 1024 * 1024 && limits.memory_bytes_max < 1 << 48);
}

#[test]
fn nothing_stands_for_no_limit_and_the_longest_message_always_passes() {
    let text = "[limits]\nconnections_max = 0\nrooms_max = 0\nmessages_per_second = 0\nbytes_burst = 1\n\
                relayed_bytes_burst = 1\nmemory_bytes_max = 100_000_000\n";
    let limits = settings::limits(&from_file(text).unwrap());
    assert_eq!((limits.connections_max, limits.rooms_max, limits.messages.per_second), (usize::MAX, usize::MAX, 0));
    assert_eq!((limits.bytes.burst, limits.relayed_bytes.burst), (2_000_000, 2_000_000));
    assert_eq!(limits.memory_bytes_max, 100_000_000);
}

#[test]
fn a_trusted_proxy_is_an_address_or_a_network() {
    let refused = |proxy: &str| {
        let config = from_file(&format!("[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"{proxy}\"]")).unwrap();
        settings::check(&config).map_err(|it| it.to_string())
    };
    for good in ["::1", "192.0.2.1", "2001:db8::/32", "0.0.0.0/0"] {
        assert_eq!(refused(good), Ok(()), "{good}");
    }
    for bad in ["", "proxy.example", "10.0.0.0/33", "10.0.0.0-10.0.0.9", "127.0.0.1:80"] {
        let sentence =
            format!("http.trusted_proxies holds {bad:?}: each must be an address or a network, as \"10.0.0.0/8\"");
        assert_eq!(refused(bad), Err(sentence));
    }
}
