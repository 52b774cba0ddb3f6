//! Whatever clients and strangers send to the relay, nobody is reached who may not be.
#![no_main]
#[path = "../relay.rs"]
mod relay;

libfuzzer_sys::fuzz_target!(|data: &[u8]| relay::reaches_nobody_else(data));
