//! The fuzzer's property of a host, over its seeds and over random input.
use std::fs;

use proptest::prelude::*;

#[path = "../fuzz/host.rs"]
mod host;

#[test]
fn the_seeds_keep_the_property() {
    for seed in fs::read_dir(format!("{}/../fuzz/seeds/host", env!("CARGO_MANIFEST_DIR"))).expect("seeds") {
        host::others_are_well(&fs::read(seed.expect("a seed").path()).expect("a seed"));
    }
}

/// What one does, how, and with which bytes.
fn steps() -> impl Strategy<Value = Vec<u8>> {
    let input = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "[ -~]{0,40}".prop_map(String::into_bytes),
        Just(Vec::new())
    ];
    let step = (any::<u8>(), any::<u8>(), input);
    prop::collection::vec(step, 0..40).prop_map(|steps| {
        let bytes =
            steps.into_iter().map(|(kind, which, input)| [vec![kind, which, input.len() as u8], input].concat());
        bytes.collect::<Vec<_>>().concat()
    })
}

/// Each takes some connections to be made.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(32)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]
    #[test]
    fn whatever_a_guest_does_the_others_are_well_and_nothing_stays(steps in steps()) {
        host::others_are_well(&steps);
    }
}
