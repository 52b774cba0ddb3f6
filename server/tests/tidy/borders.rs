//! What the parts of the server may know of each other, and of libraries.

/// What each module of the server may import of the others. Pointing inward: app, then http and transports, then sessions, then
/// protocols, then rooms. A folder with a manifest is a crate, and its dependencies are the rule.
pub(super) const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("accounting", &[]),
    ("sessions", &["accounting", "protocols", "ice", "rooms"]),
    ("whole_file", &[]),
    ("store", &["rooms", "sessions", "whole_file"]),
    ("cluster", &["config", "ice", "protocols", "rooms", "sessions", "store", "transports"]),
    ("turn", &["accounting", "ice", "relay", "rooms", "sessions"]),
    ("transports", &["accounting", "ice", "protocols", "sessions"]),
    ("http", &["accounting", "ice"]),
    ("tls", &["whole_file"]),
    ("metrics", &["accounting", "cluster", "relay", "sessions"]),
    ("admin", &["accounting", "relay", "rooms", "sessions"]),
    ("proxy_protocol", &[]),
    ("acceptor", &["accounting", "proxy_protocol", "tls"]),
    ("config", &[]),
    ("cli", &["config"]),
    ("doctor", &["tls"]),
    ("telemetry", &["config"]),
    (
        "app",
        &[
            "accounting",
            "acceptor",
            "admin",
            "cluster",
            "compat",
            "config",
            "http",
            "ice",
            "metrics",
            "protocols",
            "proxy_protocol",
            "relay",
            "rooms",
            "sessions",
            "store",
            "telemetry",
            "tls",
            "transports",
            "turn",
        ],
    ),
    // The executable, by the library's name.
    ("main", &[]),
    ("lib", &[]),
];

/// Where, what must not stand there, and why.
pub(super) const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    (
        "rooms",
        &["Mutex", "Instant", "SystemTime", "async ", "std::net", "std::io", "std::fs"],
        "the rules are plain data in, plain data out",
    ),
    ("compat", &["Mutex", "Instant", "SystemTime", "async ", "std::net", "std::io", "std::fs"], "as pure as the rooms"),
    ("ice", &["SystemTime", "Instant", "std::net", "std::io", "std::fs"], "the time comes in as an argument"),
    (
        "protocols",
        &["Mutex", "async ", "std::net", "std::io", "std::fs", "Instant", "SystemTime"],
        "a protocol only translates",
    ),
    (
        "relay",
        &["Instant", "SystemTime", "async ", "UdpSocket", "Tcp", "std::io", "std::fs"],
        "datagrams in, datagrams out",
    ),
    (
        "sessions",
        &["axum", "hyper", "serde", "\"GET-ID", "\"SIGNAL", "requestI"],
        "the sessions knows no words and no transport",
    ),
    ("http", &["Mutex", "PeerId", "RoomId"], "pages know nothing of rooms"),
];

/// `socketioxide` and its like may stand in these alone.
pub(super) const AT_HOME: &[(&str, &[&str])] = &[
    ("socketioxide", &["transports/socketio"]),
    ("engineioxide", &["transports/socketio"]),
    ("tungstenite", &["transports/websocket", "doctor/signaling.rs", "telemetry/mod.rs"]),
    ("mqtt_protocol_core", &["transports/mqtt/packets.rs"]),
    (
        "serde",
        &[
            "admin",
            "cluster/mod.rs",
            "cluster/line.rs",
            "cluster/wire.rs",
            "protocols",
            "app/invitations/tokens.rs",
            "config",
            "doctor/signaling.rs",
            "http/health.rs",
            "http/proxy_check.rs",
            "doctor/proxy.rs",
            "store",
            "tls/kept.rs",
            "tls/acme/account.rs",
        ],
    ),
    (
        "rustls",
        &[
            "tls",
            "acceptor/mod.rs",
            "app/health_check.rs",
            "app/invitations/tokens.rs",
            "app/mod.rs",
            "doctor",
            "telemetry/mod.rs",
        ],
    ),
    ("jsonwebtoken", &["app/invitations"]),
    ("quinn_udp", &["turn/udp.rs"]),
    ("webpki", &["tls/findings.rs", "tls/x509.rs"]),
    ("instant_acme", &["tls/acme"]),
    ("rcgen", &["tls/acme", "tls/self_signed.rs"]),
    ("prometheus_client", &["metrics/page.rs"]),
    ("clap", &["cli.rs", "main.rs"]),
];
