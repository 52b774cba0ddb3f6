//! Connections that lose packets, fall silent and come back.
use serde_json::json;

use super::World;
use crate::guests::Guest;

#[test]
fn a_connection_that_breaks_is_opened_anew_and_nothing_is_missed() {
    let mut world = World::with(&["ada", "bob"]);
    world.cut_off.push(1);
    world.run(1_000);
    let now = world.now;
    world.guests[0].tell(&json!({ "type": 2, "data": { "msg": "hi", "files": [], "id": "m1" } }), now);
    // Bob's page gives up, and so does the host in the end.
    world.run(40_000);
    assert!(world.guests[0].of(6).is_empty(), "nobody is told of what the server has not said");
    world.cut_off.clear();
    world.run(40_000);
    let bob = &world.guests[1];
    assert_eq!(bob.number.as_deref(), Some("2"));
    assert_eq!(bob.of(2).len(), 1);
    assert_eq!(world.host.stats().people, 2);
}

#[test]
fn what_was_sealed_waits_for_a_link_that_is_mended() {
    let mut world = World::with(&["ada"]);
    let bob = world.join("bob");
    world.guests[bob].caps["sealed"] = json!(true);
    world.run(2_000);
    world.cut_off.push(bob);
    world.run(1_000);
    let now = world.now;
    world.guests[0].tell(&json!({ "type": "sealed", "data": { "id": "m1", "box": "AAAA" } }), now);
    world.guests[0].tell(&json!({ "type": "sealed", "data": { "box": "BBBB" } }), now);
    world.run(40_000);
    world.cut_off.clear();
    world.run(40_000);
    let boxes: Vec<_> = world.guests[bob].of("sealed").iter().map(|it| it.1["box"].clone()).collect();
    assert_eq!(boxes, [json!("AAAA")]);
}

#[test]
fn the_host_looks_for_another_way_when_a_page_falls_silent() {
    let mut world = World::with(&["ada"]);
    let offers = world.guests[0].offers.len();
    world.cut_off.push(0);
    world.run(8_000);
    assert_eq!(world.guests[0].offers.len(), offers + 1);
    let ufrag = |offer: &str| offer.lines().find(|line| line.starts_with("a=ice-ufrag")).map(str::to_owned);
    assert_ne!(ufrag(&world.guests[0].offers[0]), ufrag(&world.guests[0].offers[offers]));
    world.cut_off.clear();
    world.run(10_000);
    assert_eq!(world.host.stats().guests, 1);
    let now = world.now;
    world.guests[0].tell(&json!({ "type": 2, "data": { "msg": "hi", "files": [], "id": "m1" } }), now);
    world.run(500);
    assert_eq!(world.guests[0].of("heard").len(), 1);
    assert_eq!(world.guests[0].of(0).len(), 1, "it is the connection that there was");
}

#[test]
fn an_offer_that_is_lost_is_made_again() {
    let mut world = World::with(&["ada"]);
    let first = world.guests[0].rounds;
    world.guests[0].mute = true;
    world.guests[0].renegotiate();
    world.run(3_000);
    assert_eq!(world.guests[0].rounds, first);
    world.guests[0].mute = false;
    world.run(8_000);
    assert_eq!(world.guests[0].rounds, first + 2);
}

#[test]
fn somebody_who_moves_is_no_newcomer() {
    let mut world = World::with(&["ada", "bob"]);
    let (now, first) = (world.now, world.guests[0].rounds);
    world.guests[0].tell(&json!({ "type": "moved", "data": { "id": "ada2" } }), now);
    world.run(100);
    assert_eq!(world.guests[0].of("moved-noted").len(), 1);
    world.host.on_left("ada", world.now);
    world.host.on_joined("ada2", world.now);
    world.guests[0].peer = "ada2".to_owned();
    world.run(200_000);
    // The page that has the id is asked, and it is the one that there was.
    assert_eq!((world.guests[0].rounds, world.host.stats().people), (first + 1, 2));
    assert_eq!((world.guests[0].of(0).len(), world.guests[1].of(6).len()), (1, 0));
    // One who is sent away is gone at once.
    world.host.on_removed("ada2", world.now);
    world.run(100);
    assert_eq!((world.host.stats().people, world.guests[1].of(6).len()), (1, 1));
}

#[test]
fn somebody_whom_the_server_has_lost_stays_while_the_connection_stands_but_not_for_ever() {
    let mut world = World::with(&["ada", "bob"]);
    world.host.on_left("ada", world.now);
    world.run(60_000);
    assert_eq!(world.host.stats().people, 2);
    world.run(150_000);
    assert_eq!(world.host.stats().people, 1);
}

#[test]
fn a_page_that_is_loaded_anew_is_who_it_was() {
    let mut world = World::with(&["ada", "bob"]);
    world.guests[0].rtc.disconnect();
    world.host.on_left("ada", world.now);
    let again = world.join("ada9");
    world.guests[again].member = world.guests[0].member.clone();
    world.guests[0].peer = "gone".to_owned();
    world.run(10_000);
    assert_eq!(world.host.stats().people, 2);
    let numbers: Vec<_> = world.guests[1].of(1).iter().map(|it| it.0.to_owned()).collect();
    // While the link to them stands nobody can come in their name.
    assert_eq!(world.guests[again].number.as_deref(), numbers.last().map(String::as_str));
}

impl World {
    /// The page at a guest's place is loaded anew, and its connections are gone without a word.
    fn load_anew(&mut self, at: usize) {
        let (peer, address) = (self.guests[at].peer.clone(), self.guests[at].address);
        let mut page = Guest::new(&peer, address, self.now);
        page.member.clone_from(&self.guests[at].member);
        self.guests[at] = page;
    }
}

#[test]
fn a_page_that_is_loaded_anew_unheard_is_found_when_the_old_one_falls_silent() {
    let mut world = World::with(&["ada", "bob"]);
    world.load_anew(0);
    world.run(9_000);
    assert_eq!(world.guests[0].number.as_deref(), Some("1"));
    assert_eq!((world.host.stats().guests, world.guests[1].of(6).len()), (2, 0));
}

#[test]
fn a_page_that_is_loaded_anew_and_says_so_is_found_at_once() {
    let mut world = World::with(&["ada", "bob"]);
    world.load_anew(0);
    world.host.on_returned("ada", world.now);
    world.run(500);
    assert_eq!(world.guests[0].number.as_deref(), Some("1"));
    assert!(world.guests[1].of(6).is_empty());
    // Before it has answered as well.
    let cy = world.join("cy");
    world.load_anew(cy);
    world.host.on_returned("cy", world.now);
    world.run(500);
    assert_eq!(world.guests[cy].number.as_deref(), Some("3"));
}

#[test]
fn a_page_that_has_only_missed_something_keeps_its_connection() {
    let mut world = World::with(&["ada", "bob"]);
    let original = world.join_original("orig");
    world.run(1_000);
    for peer in ["ada", "orig"] {
        world.host.on_returned(peer, world.now);
    }
    world.run(3_000);
    let now = world.now;
    world.guests[1].tell(&json!({ "type": 2, "data": { "msg": "hi", "files": [], "id": "m1" } }), now);
    world.run(100);
    for at in [0, original] {
        assert_eq!((world.guests[at].of(0).len(), world.guests[at].of(2).len()), (1, 1));
    }
}

#[test]
fn pages_that_are_another_each_time_are_not_called_without_end() {
    let mut world = World::with(&["ada", "eve"]);
    let mut begun = 0;
    for _ in 0..100 {
        world.load_anew(1);
        world.host.on_returned("eve", world.now);
        world.run(200);
        begun += world.guests[1].offers.len();
    }
    assert!(begun < 60, "{begun}");
    world.run(30_000);
    assert_eq!(world.host.stats().people, 2);
}

#[test]
fn an_id_that_somebody_has_made_theirs_is_its_owner_s_again() {
    let mut world = World::with(&["eve"]);
    let now = world.now;
    world.guests[0].tell(&json!({ "type": "moved", "data": { "id": "ada" } }), now);
    world.run(100);
    let ada = world.join("ada");
    world.run(1_000);
    assert_eq!(world.guests[ada].number.as_deref(), Some("2"));
}

#[test]
fn who_hangs_up_is_not_waited_for_and_who_falls_silent_is() {
    for goodbye in [true, false] {
        let mut world = World::with(&["ada", "bob"]);
        let now = world.now;
        if goodbye {
            world.guests[1].rtc.close().expect("closing");
            world.guests[1].tick(now);
            world.run(100);
        } else {
            world.cut_off.push(1);
            world.run(60_000);
        }
        world.host.on_left("bob", world.now);
        let now = world.now;
        world.guests[0].tell(&json!({ "type": 2, "data": { "msg": "hi", "files": [], "id": "m1" } }), now);
        world.run(100);
        world.cut_off.clear();
        world.guests[1].peer = "gone".to_owned();
        let again = world.join("bob2");
        world.guests[again].member = world.guests[1].member.clone();
        world.run(2_000);
        assert_eq!(
            (world.guests[again].number.as_deref(), world.guests[again].of(2).len()),
            (Some("2"), usize::from(!goodbye))
        );
    }
}

#[test]
fn an_answer_to_an_offer_of_the_connection_before_is_none_to_this_one() {
    let mut world = World::empty();
    let ada = Guest::new("ada", "10.0.1.1:5000".parse().expect("an address"), world.now);
    // A host that is started anew offers to whoever was in, and once more to whoever has missed something.
    world.host.on_joined(&ada.peer, world.now);
    world.host.on_returned(&ada.peer, world.now);
    world.guests.push(ada);
    world.run(3_000);
    assert_eq!(world.guests[0].answers.len(), 2);
    assert_eq!(world.host.stats().people, 1);
}
