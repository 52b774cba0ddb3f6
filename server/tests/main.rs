//! One test binary. Run with `cargo test`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]
mod cluster;
mod doctor;
mod endings;
mod fuzzed;
mod harness;
mod hostile;
mod hosting;
mod http;
mod lasting;
mod metrics;
mod mqtt;
mod nodes;
mod presets;
mod process;
mod protocols;
mod proxied;
mod relay;
mod sessions;
mod settings;
mod textchat;
mod tidy;
mod tls;
mod transcripts;
mod websocket;
