//! The fuzzer's properties, over its seeds and over random scraps of what clients say.
use std::fs;

use proptest::prelude::*;

#[path = "../fuzz/properties.rs"]
mod properties;

/// What signals and requests are made of, whole and broken.
const SCRAPS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\n",
    " ",
    "null",
    "1e400",
    "-0",
    "\\ud800",
    "\\u0022",
    "\"\\\"\"",
    "\"signal\"",
    "\"target\"",
    "\"room\"",
    "\"source\"",
    "\"sour\\u0063e\"",
    "\"_placeholder\"",
    "\"num\"",
    "\"requestId\"",
    "\"$t\"",
    "\"$r\"",
    "\"$s\"",
    "\"GET-ID\"",
    "\"CREATE-ROOM\"",
    "\"JOIN-ROOM\"",
    "\"UPDATE-ROOM\"",
    "\"SIGNAL\"",
    "\"DISCONNECTEDUSER\"",
    "\"maxUsers\"",
    "\"name\"",
    "\"password\"",
    "\"type\"",
    "true",
    "0",
    "1",
    "[\"SIGNAL\",{\"target\":\"$t\",\"room\":\"$r\",\"signal\":",
    "{\"target\":\"t\",\"room\":\"r\",\"signal\":",
    "\n[",
    "}]",
];

fn scraps() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(SCRAPS), 0..24).prop_map(|it| it.concat())
}

#[test]
fn the_seeds_keep_the_properties() {
    let seeds =
        |target: &str| fs::read_dir(format!("{}/server/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    for seed in seeds("hear") {
        properties::hears_anything(&fs::read(seed.unwrap().path()).unwrap());
    }
    for seed in seeds("splice") {
        properties::relays_what_was_sent(&fs::read_to_string(seed.unwrap().path()).unwrap());
    }
}

proptest! {
    #[test]
    fn whatever_is_said_the_hub_stays_sound(said in scraps()) {
        properties::hears_anything(said.as_bytes());
    }

    #[test]
    fn whatever_is_relayed_is_what_was_sent(body in scraps(), members in scraps()) {
        properties::relays_what_was_sent(&body);
        let whole = format!(r#"{{"target":"t","room":"r","signal":1,{members}:{{}}}}"#);
        properties::relays_what_was_sent(&whole);
    }
}
