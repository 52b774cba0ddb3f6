//! A relayed signal is what was sent, `source` aside.
#![no_main]
#[path = "../properties.rs"]
#[expect(dead_code, reason = "the other targets use the rest")]
mod properties;

libfuzzer_sys::fuzz_target!(|body: &str| properties::relays_what_was_sent(body));
