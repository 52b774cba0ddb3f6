//! Guests who send what no page would.
use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;

use super::World;
use crate::Output;
use crate::guests::{Out, host_address};

/// Somebody does all that they should not, and the others notice nothing.
fn others_are_well(world: &mut World, at: [usize; 2]) {
    let now = world.now;
    let heard = world.guests[at[1]].of(2).len();
    let id = format!("check-{}-{heard}", at[0]);
    world.guests[at[0]].tell(&json!({ "type": 2, "data": { "msg": "well?", "files": [], "id": id } }), now);
    world.run(500);
    assert_eq!(world.guests[at[1]].of(2).len(), heard + 1);
}

#[test]
fn nonsense_on_the_channel_is_met_with_silence() {
    let mut world = World::with(&["ada", "bob", "eve"]);
    let long = format!(r#"{{"target":"3","idata":{{"type":2,"data":{{"msg":"{}"}}}}}}"#, "x".repeat(70_000));
    let nested = "[".repeat(5_000);
    for text in
        ["null", "{", "\u{0}", r#"{"idata":7}"#, &nested, &long, r#"{"target":"3","idata":{"type":0,"data":{}}}"#]
    {
        let now = world.now;
        world.guests[2].say_bytes(text.as_bytes(), now);
        world.guests[2].say_bytes(&[0xff, 0xfe], now);
        world.run(50);
    }
    others_are_well(&mut world, [0, 1]);
    others_are_well(&mut world, [2, 1]);
}

#[test]
fn a_flood_of_words_is_cut_off_where_it_begins() {
    let mut world = World::with(&["ada", "bob", "eve"]);
    for n in 0..3_000 {
        let now = world.now;
        let id = format!("flood-{n}");
        world.guests[2].tell(&json!({ "type": 2, "data": { "msg": "x", "files": [], "id": id } }), now);
        if n % 20 == 0 {
            world.run(5);
        }
    }
    world.run(1_000);
    assert!(world.guests[1].of(2).len() < 300, "{}", world.guests[1].of(2).len());
    others_are_well(&mut world, [0, 1]);
}

#[test]
fn signals_that_make_no_sense_or_come_too_fast_do_nothing() {
    let mut world = World::with(&["ada", "bob", "eve"]);
    let sdp = "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 AA:BB:CC:DD\r\n\
               m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nm=audio 9 X 111\r\na=mid:1\r\n";
    let signals = [
        json!({ "type": "offer", "sdp": sdp, "round": 99 }),
        json!({ "type": "answer", "sdp": sdp, "round": 99 }),
        json!({ "type": "answer", "sdp": "v=0\r\nm=\r\n" }),
        json!({ "type": "answer", "sdp": "a".repeat(300_000) }),
        json!({ "type": "offer", "sdp": 7 }),
        json!({ "type": "candidate", "candidate": null }),
        json!({ "type": "candidate", "candidate": { "candidate": "candidate:x" } }),
        json!({ "transceiverRequest": { "kind": "audio" } }),
        json!({ "renegotiate": true }),
        json!([1]),
    ];
    for _ in 0..200 {
        for signal in &signals {
            world.host.on_signal("eve", &signal.to_string(), world.now);
        }
    }
    world.host.on_signal("eve", "nonsense", world.now);
    world.host.on_signal("nobody", "{}", world.now);
    world.run(5_000);
    // What the host offers for it stays bounded.
    let offers = &world.guests[2].offers;
    assert!(offers.len() < 80 && offers.iter().all(|it| it.len() < 100_000), "{}", offers.len());
    others_are_well(&mut world, [0, 1]);
}

#[test]
fn datagrams_of_strangers_are_for_nobody() {
    let mut world = World::with(&["ada"]);
    let stranger = "203.0.113.9:9".parse().expect("an address");
    let mut bytes = vec![0_u8; 60];
    for n in 0..20_000_u32 {
        let mixed = n.wrapping_mul(2_654_435_761);
        bytes
            .iter_mut()
            .zip(mixed.to_be_bytes().iter().cycle())
            .for_each(|(to, from)| *to = to.wrapping_mul(31) ^ from);
        assert!(!world.host.accepts(stranger, host_address(), &bytes));
        world.host.on_datagram(stranger, host_address(), &bytes, world.now);
    }
    // From a guest's own address they do as little.
    let ada = world.guests[0].address;
    for n in 0..20_000_u32 {
        let mixed = n.wrapping_mul(2_654_435_761);
        bytes
            .iter_mut()
            .zip(mixed.to_be_bytes().iter().cycle())
            .for_each(|(to, from)| *to = to.wrapping_mul(31) ^ from);
        let length = usize::try_from(n % 60).expect("few");
        world.host.on_datagram(ada, host_address(), &bytes[..length], world.now);
        if n % 500 == 0 {
            world.run(20);
        }
    }
    world.run(3_000);
    let now = world.now;
    world.guests[0].tell(&json!({ "type": 2, "data": { "msg": "hi", "files": [], "id": "m" } }), now);
    world.run(3_000);
    assert_eq!(world.guests[0].of("heard").len(), 1);
}

#[test]
fn a_guest_that_reads_nothing_holds_up_nobody() {
    let mut world = World::with(&["ada", "bob", "eve"]);
    world.cut_off.push(2);
    for n in 0..400 {
        let now = world.now;
        let text = "x".repeat(1_500);
        let id = format!("m{n}");
        world.guests[0].tell(&json!({ "type": 2, "data": { "msg": text, "files": [], "id": id } }), now);
        world.run(60);
    }
    assert!(world.guests[1].of(2).len() > 390, "{}", world.guests[1].of(2).len());
    let next = world.host.next_timeout().expect("a time");
    assert!(next > world.now && next < world.now + Duration::from_secs(60));
}

#[test]
fn sources_that_nobody_has_heard_of_reach_nobody_and_take_no_room() {
    let mut world = World::with(&["ada", "bob", "eve"]);
    world.call(2, "e", &["audio"]);
    world.call(1, "b", &["audio"]);
    let mid = *world.guests[2].transceivers.keys().next().expect("a transceiver");
    for source in 1..1_000 {
        let now = world.now;
        world.guests[2].send_as(source * 7_919, mid, now);
        if source % 10 == 0 {
            world.run(5);
        }
    }
    world.run(1_000);
    world.guests[1].packets.clear();
    let now = world.now;
    world.guests[2].send("e", "audio", true, 0, now);
    world.run(100);
    assert!(world.guests[1].packets.len() <= 1);
    assert!(world.host.stats().streams_in <= 2, "{:?}", world.host.stats());
    others_are_well(&mut world, [0, 1]);
}

#[test]
fn messages_of_any_length_and_half_of_one_are_passed_over() {
    let mut world = World::with(&["ada", "bob", "eve"]);
    let whole = json!({ "target": "3", "idata": { "type": 2, "data": { "msg": "x", "id": "half" } } }).to_string();
    for length in [1, 16, 65_535, 65_536, 65_537, 200_000, 262_144] {
        let now = world.now;
        world.guests[2].say_bytes(&vec![b'['; length], now);
        world.guests[2].say_bytes(&whole.as_bytes()[..whole.len() / 2], now);
        world.run(300);
    }
    assert!(world.guests[1].of(2).is_empty());
    others_are_well(&mut world, [2, 1]);
}

#[test]
fn whoever_opens_channel_after_channel_is_hung_up_on() {
    let mut world = World::with(&["ada", "bob", "eve"]);
    for _ in 0..15 {
        let now = world.now;
        world.guests[2].open_channel(now);
        world.run(50);
    }
    others_are_well(&mut world, [2, 1]);
    for _ in 0..60 {
        let now = world.now;
        world.guests[2].open_channel(now);
    }
    world.run(300);
    assert_eq!(world.host.stats().guests, 2);
    others_are_well(&mut world, [0, 1]);
}

#[test]
fn what_is_changed_on_the_way_is_nobody_s() {
    let mut world = World::with(&["ada", "bob", "eve"]);
    world.call(2, "e", &["audio", "video"]);
    world.call(1, "b", &["audio"]);
    for n in 0..400 {
        let now = world.now;
        world.guests[2].send("e", if n % 2 == 0 { "audio" } else { "video" }, n % 5 == 0, n * 960, now);
        world.guests[2].tell(&json!({ "type": 2, "data": { "msg": "x", "id": format!("m{n}") } }), now);
        let from = world.guests[2].address;
        while let Some(out) = world.guests[2].out.pop_front() {
            let Out::Datagram(to, mut bytes) = out else { continue };
            let length = bytes.len();
            let at = usize::try_from(n).expect("few") * 13 % length;
            bytes[at] ^= 1 << (n % 8);
            // Cut short as well, and from where another guest is.
            let (cut, other) = (&bytes[..at], world.guests[0].address);
            for (source, bytes) in [(from, &bytes[..]), (from, cut), (other, &bytes[..])] {
                if world.host.accepts(source, to, bytes) {
                    world.host.on_datagram(source, to, bytes, now);
                }
            }
        }
        world.run(20);
    }
    world.run(1_000);
    others_are_well(&mut world, [0, 1]);
}

#[test]
fn a_way_that_somebody_is_heard_by_is_not_another_s() {
    let mut world = World::with(&["ada", "bob", "eve"]);
    let (ada, host) = (world.guests[0].address, host_address());
    // Eve's own checks, as if they came from where Ada is.
    world.run(3_000);
    for _ in 0..50 {
        let now = world.now;
        world.guests[2].tick(now);
        while let Some(out) = world.guests[2].out.pop_front() {
            if let Out::Datagram(_, bytes) = out {
                world.host.on_datagram(ada, host, &bytes, now);
            }
        }
        world.run(100);
    }
    others_are_well(&mut world, [0, 1]);
    others_are_well(&mut world, [1, 0]);
}

#[test]
fn somebody_who_seems_to_be_everywhere_is_looked_for_at_some_places_only() {
    let mut world = World::with(&["ada", "bob", "eve"]);
    let host = host_address();
    let mut answered = HashSet::new();
    let mut check = None;
    for n in 0..40_000_u16 {
        while check.is_none() {
            let now = world.now + Duration::from_millis(100);
            world.guests[2].tick(now);
            let found = world.guests[2].out.drain(..).find_map(|out| match out {
                // A request of ICE.
                Out::Datagram(_, bytes) if bytes.starts_with(&[0, 1]) => Some(bytes),
                _ => None,
            });
            (check, world.now) = (found, now);
        }
        let from = SocketAddr::from(([10, 0, 9, 9], 1_024 + n));
        world.host.on_datagram(from, host, check.as_deref().expect("a request"), world.now);
        while let Some(output) = world.host.poll() {
            if let Output::Datagram { destination, .. } = output {
                answered.insert(destination);
            }
        }
    }
    assert!((50..200).contains(&answered.len()), "{}", answered.len());
    others_are_well(&mut world, [0, 1]);
    // Where another way is found, it goes on.
    others_are_well(&mut world, [2, 1]);
}
