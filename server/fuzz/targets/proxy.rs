//! Whatever a connection begins with, of the PROXY protocol's header no byte too many is taken.
#![no_main]
#[path = "../proxy.rs"]
mod proxy;

libfuzzer_sys::fuzz_target!(|data: &[u8]| proxy::takes_no_more_than_the_header(data));
