//! When the host offers, and how much of it at once.

use super::World;

#[test]
fn all_who_come_at_once_are_offered_everything_at_once() {
    let mut world = World::empty();
    let streams = ["a", "b", "c", "d"];
    streams.iter().for_each(|it| _ = world.join_layered(it));
    // Whoever is let in says so at once, as pages do that come back.
    while !world.guests.iter().all(|it| it.number.is_some()) {
        world.run(5);
    }
    for (at, stream) in streams.iter().enumerate() {
        let now = world.now;
        world.guests[at].call(stream, &["audio", "video"], now);
        world.guests[at].renegotiate();
        world.run(20);
    }
    for at in 0..4 {
        for other in (0..4).filter(|other| *other != at) {
            let (now, number) = (world.now, world.guests[other].number.clone().expect("a number"));
            world.guests[at].want(streams[other], &number, now);
        }
    }
    world.run(1_000);
    for guest in &world.guests {
        let sections: Vec<_> = guest.offers.iter().map(|it| it.matches("m=").count()).collect();
        assert_eq!(sections, [1, 7], "the channels first, then two of each of three");
    }
    for (at, stream) in streams.iter().enumerate() {
        world.stream(at, stream, "audio", 3);
    }
    assert!(world.guests.iter().all(|it| it.packets.len() == 9));
}

#[test]
fn an_offer_waits_for_what_is_announced_and_not_asked_for_yet() {
    let mut world = World::with(&["ada", "bob", "cy"]);
    world.run(5_000);
    let offers = world.guests[2].offers.len();
    for (at, stream) in ["a", "b", "c"].into_iter().enumerate() {
        let now = world.now;
        world.guests[at].call(stream, &["audio"], now);
    }
    for (stream, owner) in [("a", "1"), ("b", "2")] {
        world.run(200);
        let now = world.now;
        world.guests[2].want(stream, owner, now);
    }
    world.run(1_000);
    assert_eq!(world.guests[2].offers.len(), offers + 1);
}

#[test]
fn an_offer_does_not_wait_for_ever_nor_for_pages_that_ask_for_what_they_like() {
    let mut world = World::with(&["ada", "bob", "cy"]);
    let original = world.join_original("orig");
    world.run(5_000);
    for (at, stream) in [(0, "a"), (1, "b"), (2, "c"), (original, "o")] {
        let now = world.now;
        world.guests[at].call(stream, &["audio"], now);
    }
    world.run(100);
    let before = [2, original].map(|at: usize| world.guests[at].offers.len());
    for at in [2, original] {
        let now = world.now;
        world.guests[at].want("a", "1", now);
    }
    let mut offers = |millis| {
        world.run(millis);
        [2, original].map(|at: usize| world.guests[at].offers.len())
    };
    assert_eq!(offers(200), [before[0], before[1] + 1]);
    assert_eq!(offers(500), [before[0] + 1, before[1] + 1]);
}
