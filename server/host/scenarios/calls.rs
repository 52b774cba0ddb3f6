//! Guests who call each other: what is offered, what comes through, what stops.
use std::time::Duration;

use serde_json::json;

use super::World;
use crate::guests::Out;

impl World {
    /// Sound of each of them reaches the other.
    fn hear_each_other(&mut self) {
        self.clear();
        for (from, stream) in [(0, "a"), (1, "b")] {
            self.stream(from, stream, "audio", 3);
        }
        let heard = |at: usize| self.guests[at].packets.len();
        assert_eq!((heard(0), heard(1)), (3, 3));
        assert!(self.guests.iter().all(|it| it.of(0).len() == 1), "the connections are those that there were");
    }

    /// Sends so many packets of a stream, a picture every 30 ms.
    pub(super) fn stream(&mut self, at: usize, stream: &str, kind: &'static str, packets: u32) {
        for n in 0..packets {
            let asked = std::mem::take(&mut self.guests[at].asked) > 0;
            let now = self.now;
            self.guests[at].send(stream, kind, asked, 3_000 * n, now);
            self.run(30);
        }
    }
}

#[test]
fn sound_and_pictures_go_to_everybody_who_asked_and_is_in_the_call() {
    let mut world = World::with(&["ada", "bob", "cy"]);
    world.call(0, "stream-a", &["audio", "video"]);
    world.call(1, "stream-b", &[]);
    assert_eq!(world.guests[0].of(7)[0].1, &json!({ "type": 6, "special": { "StreamID": "stream-a" } }));
    assert_eq!(world.guests[0].transceivers.len(), 2);
    world.stream(0, "stream-a", "video", 20);
    world.stream(0, "stream-a", "audio", 20);
    // Cy has asked too, and is not in the call.
    assert!(world.guests[2].packets.is_empty());
    let bob = &world.guests[1].packets;
    assert_eq!(bob.iter().filter(|it| *it.2.header.payload_type == 111).count(), 20);
    let pictures: Vec<_> = bob.iter().filter(|it| *it.2.header.payload_type == 96).collect();
    assert!(pictures.len() >= 17, "{}", pictures.len());
    let numbers: Vec<_> = pictures.iter().map(|it| *it.2.seq_no).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
    assert_eq!(world.host.stats().in_call, 2);
    // The first that comes is one that needs no other.
    assert_eq!(pictures[0].2.payload[3] & 1, 0);
}

#[test]
fn whoever_comes_late_has_a_picture_soon_and_senders_are_asked_once() {
    let mut world = World::with(&["ada", "bob", "cy"]);
    world.call(0, "a", &["video"]);
    world.call(1, "b", &[]);
    world.stream(0, "a", "video", 10);
    let before = world.host.stats().key_frame_requests;
    world.call(2, "c", &[]);
    world.stream(0, "a", "video", 10);
    assert!(!world.guests[2].packets.is_empty());
    assert!(world.host.stats().key_frame_requests <= before + 2);
}

#[test]
fn who_leaves_the_call_gets_nothing_and_comes_again() {
    let mut world = World::with(&["ada", "bob"]);
    let original = world.join_original("orig");
    world.run(1_000);
    world.call(0, "a", &["audio"]);
    world.call(1, "b", &[]);
    world.call(original, "o", &[]);
    world.stream(0, "a", "audio", 5);
    assert_eq!(world.guests[original].packets.len(), 5);
    let mid = world.guests[original].packets[0].0;
    for at in [1, original] {
        let now = world.now;
        world.guests[at].tell(&json!({ "type": 7, "data": { "type": 1, "special": {} } }), now);
    }
    world.run(500);
    world.clear();
    world.stream(0, "a", "audio", 5);
    assert!(world.guests.iter().all(|it| it.packets.is_empty()));
    // An original page goes on with the transceiver that it has; a page of ours asks anew.
    for at in [1, original] {
        let now = world.now;
        world.guests[at].tell(&json!({ "type": 7, "data": { "type": 0, "special": {} } }), now);
    }
    let now = world.now;
    world.guests[1].want("a", "1", now);
    world.run(500);
    world.stream(0, "a", "audio", 5);
    assert_eq!((world.guests[1].packets.len(), world.guests[original].packets.len()), (5, 5));
    let numbers: Vec<_> = world.guests[original].packets.iter().map(|it| (it.0, *it.2.seq_no)).collect();
    assert_eq!(numbers[0], (mid, 1_005));
    assert!(world.guests[1].offers.iter().all(|offer| offer.matches("m=").count() <= 2));
}

#[test]
fn nobody_sends_under_somebody_else_s_id() {
    let mut world = World::with(&["ada", "bob", "eve"]);
    world.call(0, "a", &["audio"]);
    world.call(1, "b", &[]);
    // Eve's description claims Ada's stream, which Eve cannot announce.
    world.call(2, "a", &["audio"]);
    world.clear();
    world.stream(2, "a", "audio", 5);
    assert!(world.guests[1].packets.is_empty() && !world.guests[2].transceivers.is_empty());
    world.stream(0, "a", "audio", 5);
    assert_eq!(world.guests[1].packets.len(), 5);
    let rounds = world.guests[1].rounds;
    world.run(5_000);
    assert_eq!(world.guests[1].rounds, rounds);
}

#[test]
fn losses_are_made_good() {
    let mut world = World::with(&["ada", "bob"]);
    world.call(0, "a", &["video"]);
    world.call(1, "b", &[]);
    world.loss = 10;
    world.stream(0, "a", "video", 400);
    world.loss = 0;
    world.run(1_000);
    let mut numbers: Vec<_> = world.guests[1].packets.iter().map(|it| *it.2.seq_no).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert!(numbers.len() >= 300, "{}", numbers.len());
    let stats = world.host.stats();
    assert!((20..120).contains(&stats.losses_in) && (1..120).contains(&stats.losses_out), "{stats:?}");
}

#[test]
fn sizes_are_told_to_senders_as_the_largest_wish() {
    let mut world = World::with(&["ada", "bob", "cy"]);
    world.call(0, "a", &["video"]);
    // Nobody else is in the call: nobody needs the picture.
    let told = |world: &World| world.guests[0].of("sizes").last().map(|it| it.1["sizes"][0]["size"].clone());
    assert_eq!(told(&world), Some(json!("hidden")));
    world.call(1, "b", &[]);
    world.call(2, "c", &[]);
    assert_eq!(told(&world), Some(json!("large")));
    for (at, size) in [(1, "small"), (2, "medium")] {
        let now = world.now;
        world.guests[at].tell(&json!({ "type": "sizes", "data": { "sizes": [{ "id": "a", "size": size }] } }), now);
    }
    world.run(100);
    assert_eq!(told(&world), Some(json!("medium")));
}

#[test]
fn a_sender_is_told_no_larger_size_than_is_shown() {
    let mut world = World::with(&["ada", "bob"]);
    world.call(0, "a", &["video"]);
    world.call(1, "b", &[]);
    let mut shows = |size: Option<&str>| {
        let now = world.now;
        for kind in [1, 0] {
            world.guests[1].tell(&json!({ "type": 7, "data": { "type": kind, "special": {} } }), now);
        }
        world.guests[0].heard.clear();
        if let Some(size) = size {
            world.guests[1].tell(&json!({ "type": "sizes", "data": { "sizes": [{ "id": "a", "size": size }] } }), now);
        }
        world.guests[1].want("a", "1", now);
        world.run(200);
        let told = world.guests[0].of("sizes").into_iter().map(|it| it.1["sizes"][0]["size"].clone());
        told.filter(|it| *it != "hidden").collect::<Vec<_>>()
    };
    assert_eq!(shows(Some("small")), ["small"], "it was said before the picture was asked for");
    assert_eq!(shows(None), ["large"], "what was said before they left the call is of no account");
}

#[test]
fn what_comes_another_way_is_not_passed_on_until_it_is_wanted_again() {
    let mut world = World::empty();
    for peer in ["ada", "bob", "cy"] {
        world.join(peer);
    }
    world.guests[0].caps["direct"] = json!(true);
    world.run(3_000);
    world.call(0, "a", &["audio", "video"]);
    world.call(1, "b", &[]);
    world.call(2, "c", &[]);
    let said = |world: &mut World, at: usize, size: &str| {
        let now = world.now;
        world.guests[at].tell(&json!({ "type": "sizes", "data": { "sizes": [{ "id": "a", "size": size }] } }), now);
        world.run(100);
        world.clear();
        world.stream(0, "a", "video", 20);
        world.stream(0, "a", "audio", 20);
        // A picture begins with a key frame, which has to be asked for.
        [1, 2].map(|at: usize| match world.guests[at].packets.len() {
            0 => "nothing",
            35.. => "all",
            _ => "some",
        })
    };
    let told = |world: &World| world.guests[0].of("sizes").last().map(|it| it.1["sizes"][0]["size"].clone());
    assert_eq!(said(&mut world, 1, "none"), ["nothing", "all"]);
    assert_eq!(said(&mut world, 2, "none"), ["nothing", "nothing"]);
    assert_eq!(told(&world), Some(json!("none")));
    assert_eq!(world.host.stats().streams_out, 0);
    assert_eq!(said(&mut world, 1, "large"), ["all", "nothing"]);
    assert_eq!(told(&world), Some(json!("large")));
}

#[test]
fn screens_come_and_go_without_longer_descriptions() {
    let mut world = World::with(&["ada", "bob"]);
    world.call(0, "a", &["audio"]);
    world.call(1, "b", &[]);
    for n in 0..6 {
        let screen = format!("screen-{n}");
        let now = world.now;
        world.guests[0].sends.push((screen.clone(), "video"));
        world.guests[0].announce(&["a", &screen], now);
        world.guests[0].renegotiate();
        world.guests[1].want(&screen, "1", now);
        world.run(500);
        world.clear();
        world.stream(0, &screen, "video", 10);
        assert!(!world.guests[1].packets.is_empty(), "{n}");
        let now = world.now;
        world.guests[0].sends.retain(|it| it.0 != screen);
        world.guests[0].transceivers.retain(|_, it| it.0 != screen);
        world.guests[0].announce(&["a"], now);
        world.guests[0].renegotiate();
        world.run(500);
    }
    let longest = world.guests[1].offers.iter().map(|offer| offer.matches("m=").count()).max();
    assert!(longest <= Some(4), "{longest:?}");
}

#[test]
fn a_guest_that_goes_is_gone_from_call_and_room() {
    let mut world = World::with(&["ada", "bob"]);
    world.call(0, "a", &["audio"]);
    world.call(1, "b", &[]);
    let (now, peer) = (world.now, world.guests[0].peer.clone());
    world.guests[0].rtc.close().expect("closing");
    world.guests[0].tick(now);
    world.run(200);
    world.host.on_left(&peer, world.now);
    world.run(200);
    let bob = &world.guests[1];
    let left = bob.heard.iter().position(|it| it["idata"]["type"] == 7 && it["idata"]["data"]["type"] == 1);
    let lost = bob.heard.iter().position(|it| it["idata"]["type"] == 6 && it["idata"]["data"] == "1");
    assert!(left.is_some() && left < lost, "{left:?} {lost:?}");
    assert_eq!((world.host.stats().people, world.host.stats().in_call), (1, 1));
    assert!(world.host.next_timeout().is_some_and(|at| at > world.now + Duration::from_micros(1)));
}

#[test]
fn either_end_looks_for_another_way_and_the_call_goes_on() {
    let mut world = World::with(&["ada", "bob"]);
    world.call(0, "a", &["audio"]);
    world.call(1, "b", &["audio"]);
    world.hear_each_other();
    let rounds = world.guests[0].rounds;
    world.guests[0].restart();
    world.run(500);
    world.hear_each_other();
    // Both at once: the host's gives way.
    world.host.on_returned("ada", world.now);
    world.guests[0].restart();
    world.run(500);
    world.hear_each_other();
    assert!(world.guests[0].rounds > rounds + 1);
    // Both at once while a stream comes.
    let now = world.now;
    world.guests[0].sends.push(("screen".to_owned(), "video"));
    world.guests[0].announce(&["a", "screen"], now);
    world.guests[0].renegotiate();
    world.guests[1].want("screen", "1", now);
    world.guests[1].restart();
    world.host.on_returned("bob", world.now);
    world.run(500);
    world.hear_each_other();
}

#[test]
fn an_offer_of_a_guest_s_that_is_lost_on_either_way_is_made_again() {
    let mut world = World::with(&["ada", "bob"]);
    world.call(0, "a", &["audio"]);
    world.call(1, "b", &["audio"]);
    for answered in [false, true] {
        world.guests[0].restart();
        if answered {
            // It reaches the host, and the answer goes astray.
            let peer = std::mem::replace(&mut world.guests[0].peer, "astray".to_owned());
            let Some(Out::Signal(offer)) = world.guests[0].out.pop_front() else { panic!("an offer") };
            world.host.on_signal(&peer, &offer.to_string(), world.now);
            world.run(1_000);
            world.guests[0].peer = peer;
        } else {
            world.server = false;
            world.run(1_000);
            world.server = true;
        }
        world.guests[0].restart();
        world.run(1_000);
        world.hear_each_other();
    }
}

#[test]
fn of_those_who_have_left_nothing_stays() {
    let mut world = World::with(&["ada", "bob", "cy"]);
    let original = world.join_original("orig");
    world.run(1_000);
    for (at, stream) in [(0, "a"), (1, "b"), (2, "c"), (original, "o")] {
        world.call(at, stream, &["audio", "video"]);
        world.stream(at, stream, "video", 10);
    }
    let now = world.now;
    let file = json!({ "FileID": "f", "FileName": "a.txt", "FileSize": 3 });
    world.guests[0].tell(&json!({ "type": 2, "data": { "msg": "hi", "files": [file], "id": "m1" } }), now);
    world.run(100);
    // One hangs up, one falls asleep, one is sent away, and one is lost to the server first.
    world.guests[0].rtc.close().expect("closing");
    world.guests[0].tick(now);
    world.cut_off.push(1);
    world.host.on_removed("cy", world.now);
    world.host.on_left("orig", world.now);
    world.run(60_000);
    for peer in ["ada", "bob", "cy", "orig"] {
        world.host.on_left(peer, world.now);
    }
    world.guests.clear();
    world.run(1_000);
    world.now += Duration::from_secs(3_700);
    world.host.on_timeout(world.now);
    world.exchange();
    let kept = format!("{:?}", world.host);
    assert!(!kept.contains("LinkId(") && !kept.contains("10.0.1."), "{kept}");
    assert_eq!(world.host.next_timeout(), None);
}
