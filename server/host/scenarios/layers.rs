//! Pictures in several sizes: which of them a viewer gets, and how it comes to another.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::World;
use crate::guests::Camera;

impl World {
    /// The sizes in which pictures have come since the last time, one after the other, for each transceiver.
    fn sizes_seen(&mut self, at: usize) -> String {
        let guest = &mut self.guests[at];
        let mut seen: BTreeMap<_, String> = BTreeMap::new();
        for (mid, _, packet) in guest.packets.drain(..).filter(|it| *it.2.header.payload_type == 96) {
            let size = char::from(*packet.payload.last().expect("a byte"));
            let seen = seen.entry(mid).or_default();
            if !seen.ends_with(size) {
                seen.push(size);
            }
        }
        seen.into_values().collect::<Vec<_>>().join(" ")
    }

    /// Whose pictures, and whose sound, has come since the last time.
    pub(super) fn seen_and_heard(&mut self, at: usize) -> (String, String) {
        let guest = &self.guests[at];
        let [seen, heard] = [96, 111].map(|number| {
            let packets = guest.packets.iter().filter(|it| *it.2.header.payload_type == number);
            let streams: BTreeSet<_> = packets.filter_map(|it| guest.stream_on(it.0)).collect();
            streams.into_iter().collect()
        });
        (seen, heard)
    }

    /// The same, after whatever changes at first has had time to.
    fn settles(&mut self, cameras: &[Camera], at: usize, millis: u64) -> String {
        self.film(cameras, millis);
        self.sizes_seen(at);
        self.film(cameras, 500);
        self.sizes_seen(at)
    }

    pub(super) fn shows(&mut self, at: usize, stream: &str, size: &str) {
        let now = self.now;
        self.guests[at].tell(&json!({ "type": "sizes", "data": { "sizes": [{ "id": stream, "size": size }] } }), now);
    }
}

#[test]
fn one_size_is_sent_on_as_large_as_it_is_shown() {
    let (mut world, cameras) = World::calling(&["ada", "bob"]);
    let offer = world.guests[0].offers.last().expect("an offer");
    assert!(offer.contains("a=simulcast:recv h;m;l"), "{offer}");
    // Nobody says how large it is shown.
    assert_eq!(world.settles(&cameras, 1, 2_000), "h");
    for (size, seen) in [("small", "l"), ("medium", "m"), ("large", "h"), ("hidden", ""), ("medium", "m")] {
        world.shows(1, "ada", size);
        assert_eq!(world.settles(&cameras, 1, 1_000), seen, "{size}");
    }
    assert_eq!(world.host.stats().layers_low, 1);
    assert_eq!((world.host.stats().losses_in, world.host.stats().losses_out), (0, 0));
}

#[test]
fn numbers_and_times_go_on_from_one_size_to_the_next() {
    let (mut world, cameras) = World::calling(&["ada", "bob"]);
    world.film(&cameras, 2_000);
    for size in ["small", "large", "medium", "large"] {
        world.shows(1, "ada", size);
        world.film(&cameras, 1_000);
    }
    let packets: Vec<_> = world.guests[1].packets.iter().map(|it| &it.2).collect();
    let pictures: Vec<_> = packets.iter().filter(|it| *it.header.payload_type == 96).collect();
    assert!(pictures.len() > 300, "{}", pictures.len());
    for pair in pictures.windows(2) {
        let [before, after] = pair else { continue };
        assert_eq!(*before.seq_no + 1, *after.seq_no);
        let (picture, next) = (number(&before.payload), number(&after.payload));
        let passed = after.header.timestamp.wrapping_sub(before.header.timestamp);
        if passed == 0 {
            assert_eq!(picture, next);
        } else {
            // One of a picture's sizes ends where the next one begins, so that a picture may come twice.
            assert_eq!((picture + 1) & 0x7fff, next);
            assert!(passed <= 3_700, "{passed}");
        }
    }
}

fn number(payload: &[u8]) -> u16 {
    u16::from_be_bytes([payload[2], payload[3]]) & 0x7fff
}

#[test]
fn a_size_that_its_sender_stops_is_left_for_the_next_one() {
    let (mut world, mut cameras) = World::calling(&["ada", "bob"]);
    assert_eq!(world.settles(&cameras, 1, 2_000), "h");
    cameras[0].sizes = vec!["m", "l"];
    assert_eq!(world.settles(&cameras, 1, 1_000), "m");
    assert_eq!(world.host.stats().layers_low, 0);
    cameras[0].sizes = vec!["h", "m", "l"];
    assert_eq!(world.settles(&cameras, 1, 2_000), "h");
}

#[test]
fn a_thin_line_has_clear_sound_and_a_small_picture_and_takes_nothing_from_others() {
    let (mut world, cameras) = World::calling(&["ada", "bob", "cy"]);
    world.narrow(2, 300_000);
    world.film(&cameras, 15_000);
    world.run(500);
    let sound = |world: &World, at: usize| {
        let sounds = world.guests[at].packets.iter().filter(|it| *it.2.header.payload_type == 111);
        sounds.count()
    };
    // Fifty a second from each of two, from the first to the last.
    assert_eq!((sound(&world, 1), sound(&world, 2)), (1_500, 1_500));
    assert_eq!((world.settles(&cameras, 1, 0).as_str(), world.host.stats().losses_out), ("h h", 0));
    // There is no room for a second picture.
    assert_eq!(world.settles(&cameras, 2, 0), "l");
    assert_eq!(world.host.stats().layers_low, 1);
    // The downlink gets better.
    world.narrow.clear();
    assert_eq!(world.settles(&cameras, 2, 15_000), "h h");
}

#[test]
fn a_screen_for_which_no_room_is_known_says_nothing_of_the_people() {
    let (mut world, mut cameras) = World::calling(&["ada", "bob"]);
    world.shows(1, "ada", "small");
    world.narrow(1, 3_000_000);
    world.film(&cameras, 10_000);
    let now = world.now;
    world.guests[0].sends.push(("screen".to_owned(), "video"));
    world.guests[0].announce(&["ada", "screen"], now);
    world.guests[0].renegotiate();
    world.run(500);
    let now = world.now;
    world.guests[1].want("screen", "1", now);
    world.run(500);
    // Five megabits a second.
    cameras.push(Camera::screen(0, "screen", 30));
    world.film(&cameras, 5_000);
    assert!(world.host.stats().streams_in > 4, "the screen comes");
    let said = world.guests[1].of("downlink");
    let sufficient = |it: &&(&str, &Value)| it.1["sufficient"] == true;
    assert!(said.len() > 3 && said.iter().skip_while(|it| !sufficient(it)).all(|it| sufficient(&it)), "{said:?}");
}

#[test]
fn whoever_says_what_their_line_took_is_shown_everybody_at_once() {
    let people = ["ada", "bob", "cy", "dan"];
    let seen = |join: fn(&mut World, &str) -> usize| {
        let (mut world, cameras) = World::calling_as(&people, join);
        world.film(&cameras, 300);
        world.seen_and_heard(1)
    };
    let all = "adacydan".to_owned();
    assert_eq!(seen(World::come_back), (all.clone(), all.clone()));
    let (seen, heard) = seen(World::join_layered);
    assert_eq!((seen.len() < all.len(), heard), (true, all));
}

#[test]
fn whoever_claims_more_than_their_line_takes_fills_it_themselves_and_not_for_long() {
    let (mut world, cameras) = World::calling_as(&["ada", "bob", "cy"], World::come_back);
    world.narrow(2, 300_000);
    world.film(&cameras, 10_000);
    assert_eq!(world.settles(&cameras, 1, 0), "h h");
    world.guests[2].packets.clear();
    world.film(&cameras, 5_000);
    let sounds = world.guests[2].packets.iter().filter(|it| *it.2.header.payload_type == 111).count();
    // Fifty a second from each of two.
    assert!((490..=510).contains(&sounds), "{sounds}");
    assert!(world.settles(&cameras, 2, 0).contains('l'));
}

#[test]
fn sound_whose_packets_nobody_counts_is_no_loss() {
    let (mut world, cameras) = World::calling(&["ada", "bob"]);
    assert_eq!(world.settles(&cameras, 1, 2_000), "h");
    let fox = world.join_layered("fox");
    world.guests[fox].counts_sound = false;
    world.run(2_000);
    let now = world.now;
    world.guests[fox].call("fox", &["audio", "video"], now);
    for (stream, owner) in [("ada", "1"), ("bob", "2")] {
        world.guests[fox].want(stream, owner, now);
    }
    world.run(1_000);
    // Its own transceivers, and those of the two pictures.
    let measured = world.guests[fox].answers.last().map(|it| it.matches("transport-wide").count());
    assert_eq!(measured, Some(2));
    assert_eq!(world.settles(&cameras, fox, 5_000), "h h");
}

#[test]
fn a_camera_that_counts_anew_goes_on_being_seen() {
    let (mut world, cameras) = World::calling(&["ada", "bob"]);
    assert_eq!(world.settles(&cameras, 1, 2_000), "h");
    world.guests[0].sources_anew();
    assert_eq!(world.settles(&cameras, 1, 1_000), "h");
    let numbers: Vec<_> = world.guests[1].packets.iter().map(|it| *it.2.seq_no).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]));
}
