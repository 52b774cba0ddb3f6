//! One test binary. Run with `cargo test`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
mod http;
mod tls;
