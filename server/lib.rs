//! Signalling server: it introduces peers to each other and carries their signals; media and files never pass here.
//!
//! To read it, begin with `rooms`, then `protocols`, `sessions`, `transports`, `http` and `app`.
mod acceptor;
pub mod accounting;
pub mod app;
pub mod cli;
pub mod compat;
pub mod config;
pub mod http;
pub mod ice;
pub mod protocols;
pub mod rooms;
pub mod sessions;
pub mod telemetry;
pub mod tls;
pub mod transports;
