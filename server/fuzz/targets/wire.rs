//! Whatever bytes come over a connection, nothing is left of it when it has ended.
#![no_main]
#[path = "../wire.rs"]
mod wire;

libfuzzer_sys::fuzz_target!(|data: &[u8]| wire::leaves_nothing(data));
