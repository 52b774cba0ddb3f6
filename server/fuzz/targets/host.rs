//! Whatever a guest does to a star's host, the others are well, and nothing stays of those who have left.
#![no_main]
#[path = "../host.rs"]
mod host;

libfuzzer_sys::fuzz_target!(|data: &[u8]| host::others_are_well(data));
