//! Signalling server: it introduces peers to each other and carries their signals. Media and files pass here only through
//! the relay, as the browsers have encrypted them.
//!
//! To read it, begin with `rooms`, then `protocols`, `sessions`, `transports`, `http` and `app`.
mod acceptor;
pub mod accounting;
pub mod admin;
pub mod app;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod doctor;
pub mod hosting;
pub mod http;
pub mod metrics;
pub mod proxy_protocol;
pub mod sessions;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod transports;
pub mod turn;
mod whole_file;

pub use p2pchat_compat as compat;
pub use p2pchat_ice as ice;
pub use p2pchat_protocols as protocols;
pub use p2pchat_relay as relay;
pub use p2pchat_rooms as rooms;
