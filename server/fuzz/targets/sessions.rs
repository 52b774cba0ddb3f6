//! Whatever several clients do at once, overruns, takeovers and endings included, the sessions stay sound.
#![no_main]
#[path = "../properties.rs"]
#[expect(dead_code, reason = "the other targets use the rest")]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| properties::sessions_stay_sound(data));
