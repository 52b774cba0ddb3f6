//! Whatever a client says, the sessions stays sound and others hear only JSON.
#![no_main]
#[path = "../properties.rs"]
#[expect(dead_code, reason = "the other targets use the rest")]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::hears_anything(data));
