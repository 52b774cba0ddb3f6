//! Signalling server: it introduces peers to each other and carries their signals; media and files never pass here.
//!
//! Modules, in reading order:
pub mod rooms;
pub mod dialects;
pub mod ice;
pub mod hub;
pub mod adapters;
pub mod http;
pub mod tls;
mod door;
pub mod config;
pub mod cli;
pub mod telemetry;
pub mod app;
