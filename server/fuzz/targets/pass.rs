//! What the other protocols pass on is what was sent.
#![no_main]
#[path = "../properties.rs"]
#[expect(dead_code, reason = "the other targets use the rest")]
mod properties;

libfuzzer_sys::fuzz_target!(|value: &str| properties::others_pass_on_what_was_sent(value));
