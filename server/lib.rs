//! Signalling server: it introduces peers to each other and carries their signals; media and files never pass here.
//!
//! To read it, begin with `rooms`, then `dialects`, `hub`, `adapters`, `http` and `app`.
pub mod adapters;
pub mod app;
pub mod cli;
pub mod config;
pub mod dialects;
mod door;
pub mod http;
pub mod hub;
pub mod ice;
pub mod rooms;
pub mod telemetry;
pub mod tls;
