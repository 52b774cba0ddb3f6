//! The fuzzer's properties, over its seeds and over random scraps of what clients say.
use std::fs;

use proptest::prelude::*;

#[path = "../fuzz/properties.rs"]
mod properties;
#[path = "../fuzz/proxy.rs"]
mod proxy;
#[path = "../fuzz/relay.rs"]
mod relay;
#[path = "../fuzz/wire.rs"]
mod wire;

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
    "\"OWNER-ACT\"",
    "\"act\"",
    "\"key\"",
    "\"signature\"",
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

/// The same for the other protocols.
const OTHER_SCRAPS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\n",
    "\t",
    "null",
    "1e400",
    "\\ud800",
    "\"type\"",
    "\"sdp\"",
    "\"candidate\"",
    "\"payload\"",
    "\"to\"",
    "\"$0\"",
    "\"$1\"",
    "\"r\"",
    "true",
    "\n!\n",
    "[\"join-room\",\"r\"]\n",
    "[\"create-room\"]\n",
    "[\"rtc-offer\",\"$1\",",
    "[\"rtc-answer\",\"$0\",",
    "{\"type\":\"join-room\",\"roomId\":\"r\"}\n",
    "{\"type\":\"get-users\"}\n",
    "{\"type\":\"offer\",\"to\":\"$1\",\"offer\":",
    "{\"type\":\"answer\",\"to\":\"$0\",\"answer\":{}}\n",
    "{\"type\":\"ice-candidate\",\"to\":\"$2\",\"candidate\":1}\n",
    "{\"type\":\"join\",\"room\":\"r\"}\n",
    "{\"type\":\"signal\",\"payload\":{\"sdp\":{\"type\":\"offer\"}}}\n",
    "{\"type\":\"signal\",\"payload\":{\"sdp\":{\"type\":\"answer\"}}}\n",
    "{\"type\":\"signal\",\"payload\":{\"candidate\":1}}\n",
    "system/register\t{\"username\":\"ann\"}\n",
    "system/register\t{\"username\":\"bob\"}\n",
    "ann/incoming\t",
    "bob/incoming\t",
    "{\"type\":\"signal-offer\",\"from\":",
    "{\"type\":\"signal-answer\",\"from\":1}\n",
    "{\"type\":\"signal-candidate\",\"fr\\u006fm\":[]}\n",
    "]\n",
    "}\n",
];

fn other_scraps() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(OTHER_SCRAPS), 0..32).prop_map(|it| it.concat())
}

/// Any value, and nothing beyond this parser.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i32>().prop_map(|it| it.to_string()),
        ".*".prop_map(|it| serde_json::to_string(&it).unwrap()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|it| format!("[{}]", it.join(" ,"))),
            prop::collection::vec(inner, 0..4).prop_map(|it| {
                let names = ["type", "sdp", "candidate", "to", "from"];
                let members: Vec<_> =
                    it.iter().zip(names).map(|(value, name)| format!("\"{name}\" : {value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// Frames of one connection: mostly packets of socket.io, now and then anything.
fn wire_steps() -> impl Strategy<Value = Vec<u8>> {
    const PACKETS: &[&str] = &[
        "40",
        "40/a,",
        "41",
        "1",
        "2",
        "3",
        "5",
        "6",
        "4",
        "42[\"GET-ID\",{\"requestId\":\"1\"}]",
        "42[\"A\"]",
        "42[1]",
        "42/a,[\"A\"]",
        "42[\"CREATE-ROOM\",{\"requestId\":\"c\",\"maxUsers\":9,\"name\":\"n\",\"password\":\"\",\"type\":0}]",
        "452-[\"A\"]",
        "451-[\"SIGNAL\",{}]",
        "4599-[]",
        "461-1[]",
        "431[]",
        "2probe",
        "{\"type\":\"join-room\",\"roomId\":\"r\"}",
    ];
    let text = prop::sample::select(PACKETS).prop_map(|it| [&[1, it.len() as u8], it.as_bytes()].concat());
    let other = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..200))
        .prop_map(|(head, payload)| [&[head, payload.len() as u8], &*payload].concat());
    let frame = prop_oneof![4 => text, 1 => other];
    (any::<u8>(), prop::collection::vec(frame, 0..12)).prop_map(|(kind, frames)| [vec![kind], frames.concat()].concat())
}

fn scraps() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(SCRAPS), 0..24).prop_map(|it| it.concat())
}

/// What headers of the PROXY protocol are made of, whole and broken.
const PROXY_SCRAPS: &[&[u8]] = &[
    b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n",
    b"PROXY TCP6 2001:db8::7 ::1 1 443\r\n",
    b"PROXY UNKNOWN",
    b"PROXY TCP4 1.1.1.1",
    b"PROXY ",
    b"TCP6",
    b" ::1",
    b" 1.1.1.1",
    b" 0",
    b" ",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n\0\r\nQUIT\n",
    b"\x20\x00\x00\x00",
    b"\x21\x11\x00\x0c",
    b"\x21\x21\x00\x28",
    b"\x21\x31\x00\xd8",
    b"\xff\xff",
    b"1234567890ab",
    b"GET / HTTP/1.1\r\n",
];

fn proxy_headers() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(PROXY_SCRAPS), 0..10).prop_map(|it| it.concat())
}

/// First each of the four asks and allocates, so that the rest has somebody to reach.
fn relay_steps() -> impl Strategy<Value = Vec<u8>> {
    let step = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..24));
    prop::collection::vec(step, 0..60).prop_map(|steps| {
        let opening = [0, 1, 2, 3].map(|who| [who, 0, who, 0]).concat();
        let steps = steps.into_iter().flat_map(|(who, bytes)| [vec![who, bytes.len() as u8], bytes].concat());
        opening.into_iter().chain(steps).collect()
    })
}

#[test]
fn the_seeds_keep_the_properties() {
    let seeds =
        |target: &str| fs::read_dir(format!("{}/server/fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    for seed in seeds("hear") {
        properties::hears_anything(&fs::read(seed.unwrap().path()).unwrap());
    }
    for seed in seeds("others") {
        properties::others_hear_anything(&fs::read(seed.unwrap().path()).unwrap());
    }
    for seed in seeds("pass") {
        properties::others_pass_on_what_was_sent(&fs::read_to_string(seed.unwrap().path()).unwrap());
    }
    for seed in seeds("proxy") {
        proxy::takes_no_more_than_the_header(&fs::read(seed.unwrap().path()).unwrap());
    }
    for seed in seeds("relay") {
        relay::reaches_nobody_else(&fs::read(seed.unwrap().path()).unwrap());
    }
    for seed in seeds("sessions") {
        properties::sessions_stay_sound(&fs::read(seed.unwrap().path()).unwrap());
    }
    for seed in seeds("wire") {
        wire::leaves_nothing(&fs::read(seed.unwrap().path()).unwrap());
    }
    for seed in seeds("splice") {
        properties::relays_what_was_sent(&fs::read_to_string(seed.unwrap().path()).unwrap());
    }
}

proptest! {
    #[test]
    fn whatever_is_said_sessions_stay_sound(said in scraps()) {
        properties::hears_anything(said.as_bytes());
    }

    #[test]
    fn whatever_others_say_sessions_stay_sound(said in other_scraps()) {
        properties::others_hear_anything(said.as_bytes());
    }

    #[test]
    fn whatever_several_clients_do_sessions_stay_sound(steps in prop::collection::vec(any::<u8>(), 0..400)) {
        properties::sessions_stay_sound(&steps);
    }

    #[test]
    fn whatever_is_sent_to_the_relay_reaches_nobody_else(steps in relay_steps()) {
        relay::reaches_nobody_else(&steps);
    }

    #[test]
    fn whatever_comes_over_a_connection_nothing_is_left_of_it(bytes in wire_steps()) {
        wire::leaves_nothing(&bytes);
    }

    #[test]
    fn whatever_a_connection_begins_with_no_byte_too_many_is_taken(bytes in proxy_headers()) {
        proxy::takes_no_more_than_the_header(&bytes);
    }

    #[test]
    fn whatever_others_pass_on_is_what_was_sent(value in value()) {
        properties::others_pass_on_what_was_sent(&value);
    }

    #[test]
    fn whatever_is_relayed_is_what_was_sent(body in scraps(), members in scraps()) {
        properties::relays_what_was_sent(&body);
        let whole = format!(r#"{{"target":"t","room":"r","signal":1,{members}:{{}}}}"#);
        properties::relays_what_was_sent(&whole);
    }
}
