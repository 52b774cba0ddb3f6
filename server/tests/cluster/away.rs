//! What people see while the store is away, has lost something, or takes a node for dead that is not.
use std::time::Duration;

use p2pchat_server::sessions::cluster::{KEEP, ToCluster};

use super::{store::Fate, world::World};
use crate::harness::peer::signal_text;

/// A room of somebody at the first node and of an original page at the second, which cannot come back.
fn room_of_two(world: &mut World) -> (usize, usize, String) {
    let (one, original) = (world.client(0), world.client_of(1, true));
    world.settle();
    let room = world.room_by(one, 4);
    world.join(original, &room);
    world.settle();
    assert!(world.clients[one].others.contains(&world.clients[original].id));
    (one, original, room)
}

/// All that waits is handled, and nobody's connection to the store changes.
fn go_on(world: &mut World) {
    while world.step_all() {}
    for it in 0..world.clients.len() {
        world.read(it);
    }
}

#[test]
fn nobody_leaves_because_their_node_was_not_heard_for_a_moment() {
    let mut world = World::with(2);
    let (one, original, room) = room_of_two(&mut world);
    world.lose_store(1);
    // The first node says something to the second, which hears nothing.
    let newcomer = world.client(0);
    go_on(&mut world);
    world.join(newcomer, &room);
    go_on(&mut world);
    assert_eq!(world.clients[newcomer].room.as_ref(), Some(&room));
    world.find_store(1);
    go_on(&mut world);
    assert!(world.clients[one].others.contains(&world.clients[original].id));
    assert_eq!(world.n_members(&room), 3);
    world.settle();
    world.wait();
    world.settle();
    assert!(world.is_there(original));
    assert_eq!(world.n_members(&room), 3);
    world.assert_settled();
}

/// What a client has heard of another's signals.
fn heard(world: &World, client: usize, from: usize) -> Vec<u64> {
    let from = &world.clients[from].id;
    world.clients[client].signals.iter().filter(|it| it.0 == *from).map(|it| it.1).collect()
}

#[test]
fn what_is_said_to_somebody_whose_node_is_in_doubt_arrives_when_it_is_back_once_and_in_order() {
    let mut world = World::with(2);
    let (one, original, room) = room_of_two(&mut world);
    world.lose_store(1);
    // Nobody hears the first one, by which the node comes into doubt.
    for n in 1..=2 {
        world.signal(one, original, n);
        go_on(&mut world);
    }
    let newcomer = world.client(0);
    go_on(&mut world);
    world.join(newcomer, &room);
    go_on(&mut world);
    world.signal(newcomer, original, 3);
    world.signal(one, original, 4);
    go_on(&mut world);
    assert!(world.clients[original].signals.is_empty());
    world.find_store(1);
    go_on(&mut world);
    assert_eq!(heard(&world, original, one), [1, 2, 4]);
    assert_eq!(heard(&world, original, newcomer), [3]);
    world.signal(one, original, 5);
    go_on(&mut world);
    assert_eq!(heard(&world, original, one), [1, 2, 4, 5]);
}

#[test]
fn what_is_said_while_the_store_is_away_arrives_when_it_is_back() {
    let mut world = World::with(2);
    let (one, original, _) = room_of_two(&mut world);
    world.signal(one, original, 1);
    world.ask(0, Fate::Unheard);
    world.signal(one, original, 2);
    go_on(&mut world);
    assert!(world.clients[original].signals.is_empty());
    world.find_store(0);
    go_on(&mut world);
    assert_eq!(heard(&world, original, one), [1, 2]);
}

#[test]
fn what_was_said_to_somebody_who_does_not_come_back_is_counted_as_lost() {
    let mut world = World::with(2);
    let (one, original, _) = room_of_two(&mut world);
    world.kill(1);
    for n in 1..=3 {
        world.signal(one, original, n);
        go_on(&mut world);
    }
    let counts = |world: &World| world.nodes[0].sessions.cluster_counts().unwrap().n_lost;
    assert_eq!(counts(&world), 0);
    world.settle();
    world.wait();
    world.settle();
    assert_eq!(counts(&world), 3);
}

#[test]
fn whoever_cannot_come_back_has_left_when_its_node_stays_silent() {
    let mut world = World::with(2);
    let (one, original, room) = room_of_two(&mut world);
    world.kill(1);
    world.settle();
    assert!(world.clients[one].others.contains(&world.clients[original].id));
    world.wait();
    world.settle();
    assert!(world.clients[one].others.is_empty());
    assert_eq!(world.n_members(&room), 1);
}

#[test]
fn a_store_that_has_lost_everything_unnoticed_ends_no_room_and_refuses_nobody() {
    let mut world = World::with(2);
    let (one, original, room) = room_of_two(&mut world);
    world.empty();
    let newcomer = world.client(0);
    go_on(&mut world);
    world.join(newcomer, &room);
    go_on(&mut world);
    assert_eq!(world.clients[newcomer].room.as_ref(), Some(&room));
    assert_eq!(world.n_members(&room), 3);
    world.settle();
    assert!([one, original, newcomer].iter().all(|it| world.is_there(*it)));
    world.assert_settled();
}

#[test]
fn what_the_store_has_forgotten_is_given_back_when_it_is_renewed() {
    let mut world = World::with(2);
    let (one, original, room) = room_of_two(&mut world);
    let before = world.stored();
    let missing = world.nodes[0].sessions.renewals();
    assert_eq!((missing.rooms.len(), missing.tokens.is_empty()), (1, false));
    world.store.rooms.clear();
    world.store.sessions.clear();
    world.nodes[0].sessions.on_missing(missing);
    go_on(&mut world);
    assert_eq!((world.n_members(&room), world.store.sessions.is_empty()), (2, false), "before: {before}");
    assert!(world.is_there(one) && world.is_there(original));
    world.assert_settled();
}

#[test]
fn a_room_that_has_ended_is_not_brought_back() {
    for is_forgotten in [false, true] {
        let mut world = World::with(2);
        let (one, original, room) = room_of_two(&mut world);
        // The second node misses that the room is closed.
        world.lose_store(1);
        world.nodes[0].sessions.close(&room);
        go_on(&mut world);
        let away = if is_forgotten {
            world.store.ended.clear();
            KEEP
        } else {
            Duration::ZERO
        };
        world.find_store_after(1, away);
        go_on(&mut world);
        world.settle();
        assert_eq!(world.n_members(&room), 0, "its end is forgotten: {is_forgotten}");
        assert!(world.is_there(one) && !world.is_there(original));
    }
}

#[test]
fn what_waits_behind_somebody_who_comes_back_is_refused_with_it() {
    let mut world = World::with(2);
    let (one, _, room) = room_of_two(&mut world);
    let late = world.client(1);
    world.settle();
    world.break_off(one);
    world.come(one, 1);
    // The session is found and given up, and its taking in is asked for.
    while !world.is_next_of(1, |it| matches!(it, ToCluster::Load { .. } | ToCluster::Commit(_))) {
        assert!(world.step_all());
    }
    world.join(late, &room);
    world.ask(1, Fate::Unheard);
    world.read(late);
    assert_eq!((world.clients[late].wanted.as_ref(), world.clients[late].room.as_ref()), (None, None));
}

#[test]
fn whoever_asks_while_a_room_waits_for_the_store_is_refused_at_once() {
    let mut world = World::with(2);
    let (one, _, room) = room_of_two(&mut world);
    let (leaving, late) = (world.client_of(0, true), world.client(0));
    world.settle();
    world.join(leaving, &room);
    world.settle();
    assert_eq!(world.n_members(&room), 3);
    world.lose_store(0);
    // Its leaving waits for the store.
    world.break_off(leaving);
    go_on(&mut world);
    world.join(late, &room);
    // Nothing is asked of the store for it.
    world.read(late);
    assert_eq!((world.clients[late].wanted.as_ref(), world.clients[late].room.as_ref()), (None, None));
    world.settle();
    assert_eq!(world.n_members(&room), 2);
    world.join(late, &room);
    world.settle();
    assert_eq!(world.clients[late].room.as_ref(), Some(&room));
    assert!(world.is_there(one));
}

/// What is held when a client has come back while it waited, and said nothing meanwhile or something.
fn held_after_waiting(says: bool) -> u64 {
    let mut world = World::with(1);
    let (one, other) = (world.client(0), world.client(0));
    world.settle();
    let room = world.room_by(one, 4);
    world.join(other, &room);
    if says {
        world.say(other, &signal_text("nobody", &room, "1"));
    }
    let before = world.clients[other].handle.take();
    world.come(other, 0);
    drop(before);
    world.settle();
    assert_eq!(world.n_members(&room), 2);
    world.nodes[0].sessions.ledger().balance().memory.held
}

#[test]
fn what_a_client_said_while_it_waited_is_paid_for_by_whoever_it_comes_back_as() {
    assert_eq!(held_after_waiting(true), held_after_waiting(false));
}

#[test]
fn whoever_leaves_while_the_store_is_away_has_left_when_it_is_back() {
    let mut world = World::with(2);
    let (one, original, room) = room_of_two(&mut world);
    let leaving = world.client(0);
    world.settle();
    world.join(leaving, &room);
    world.settle();
    world.lose_store(0);
    world.say(leaving, &format!(r#"["DISCONNECTEDUSER","{room}"]"#));
    go_on(&mut world);
    world.clients[leaving].room = None;
    world.clients[leaving].others.clear();
    world.settle();
    assert_eq!(world.n_members(&room), 2);
    assert_eq!(world.clients[one].others, [world.clients[original].id.clone()].into());
    assert!(world.is_there(leaving));
    world.assert_settled();
}

#[test]
fn whoever_is_taken_for_gone_hears_of_newcomers_all_the_same() {
    let mut world = World::with(2);
    let (one, two) = (world.client(0), world.client(1));
    world.settle();
    let room = world.room_by(one, 5);
    world.join(two, &room);
    world.settle();
    // The first node is not heard for a moment, and the second takes its people for gone. Then another comes there.
    let (here, there) = (world.client(0), world.client(1));
    go_on(&mut world);
    world.nodes[1].sessions.on_node_gone(&world.nodes[0].id);
    while world.ask(1, Fate::Answered) {}
    world.join(here, &room);
    // It has not put that right yet.
    while !world.is_next_of(0, |it| matches!(it, ToCluster::Load { .. })) {
        assert!(world.ask(0, Fate::Answered));
    }
    while world.hear(1) {}
    world.join(there, &room);
    while world.ask(1, Fate::Answered) {}
    while world.hear(0) {}
    go_on(&mut world);
    world.settle();
    assert!(world.clients[one].others.contains(&world.clients[there].id));
    world.assert_settled();
}
