//! What nodes give people of relays, and what the relays' nodes hear of those who leave, in the simulation.
use std::collections::BTreeSet;

use p2pchat_server::{
    ice::{MemberName, SharedRelays},
    sessions::cluster::NodeId,
};
use secrecy::SecretString;
use serde_json::Value;

use super::{store::Fate, world::World};

fn secret() -> SecretString {
    "north".into()
}

/// From now on the relays of these nodes have an address for everybody.
fn set_relays(world: &World, nodes: &[&str]) {
    for node in &world.nodes {
        let relays = nodes.iter().map(|it| (NodeId::from(*it), vec![format!("turn:{it}")]));
        node.sessions.set_relays(&secret(), relays.collect());
    }
}

/// A room of somebody else at the first node.
fn room(world: &mut World) -> String {
    let maker = world.client(0);
    world.settle();
    world.room_by(maker, 5)
}

fn join(world: &mut World, client: usize, room: &str) {
    world.say(client, &format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#));
    world.settle();
}

fn leave(world: &mut World, client: usize, room: &str) {
    world.say(client, &format!(r#"["DISCONNECTEDUSER","{room}"]"#));
    world.settle();
}

fn go_to(world: &mut World, client: usize, node: usize) {
    world.break_off(client);
    world.come(client, node);
    world.settle();
    assert!(world.is_there(client));
}

#[test]
fn whoever_moves_and_leaves_is_reported_to_each_relay_that_they_were_given() {
    let mut world = World::with(2);
    let rooms: Vec<_> = (0..4).map(|_| room(&mut world)).collect();
    let guest = world.client(0);
    set_relays(&world, &["r1"]);
    world.settle();
    rooms.iter().for_each(|it| join(&mut world, guest, it));
    // Their relay is another one now, and only those of the last rooms are told.
    set_relays(&world, &["r2"]);
    world.say(guest, r#"["ICE-SERVERS",{"requestId":"i"}]"#);
    set_relays(&world, &["r3"]);
    go_to(&mut world, guest, 1);
    assert!(world.store.left.is_empty(), "it is still in all its rooms: {:?}", world.store.left);
    let id = world.clients[guest].id.clone();
    for (n, room) in rooms.iter().enumerate() {
        leave(&mut world, guest, room);
        let left = std::mem::take(&mut world.store.left);
        let mark = SharedRelays::new(secret()).mark(room);
        assert!(left.iter().all(|it| it.1.peer.as_str() == id && it.1.room == mark), "{left:?}");
        let nodes: BTreeSet<_> = left.iter().map(|it| it.0.as_str()).collect();
        let expected: &[&str] = if n == 0 { &["r1"] } else { &["r1", "r2", "r3"] };
        assert_eq!(nodes, expected.iter().copied().collect(), "{n}");
    }
}

#[test]
fn of_rooms_that_somebody_is_in_when_they_move_those_are_reported_that_end_meanwhile() {
    let mut world = World::with(2);
    set_relays(&world, &["r1"]);
    let rooms = [room(&mut world), room(&mut world)];
    let guest = world.client(0);
    world.settle();
    rooms.iter().for_each(|it| join(&mut world, guest, it));
    world.break_off(guest);
    world.come(guest, 1);
    while world.ask(1, Fate::Answered) {}
    assert!(world.hear(0), "it is asked for the session");
    world.nodes[0].sessions.close(&rooms[1]);
    while world.ask(0, Fate::Answered) {}
    world.store.left.clear();
    while world.step_all() {}
    assert!(world.is_there(guest));
    let left: Vec<_> = world.store.left.iter().map(|it| it.1.room).collect();
    assert_eq!(left, [SharedRelays::new(secret()).mark(&rooms[1])]);
}

/// The numbers of credentials that a client was given for a room, and that it has not read yet.
fn numbers(world: &World, client: usize, room: &str) -> Vec<u64> {
    let frames = world.clients[client].queue.frames.lock().unwrap();
    let events = frames.iter().map(|it| serde_json::from_str::<Value>(it).unwrap());
    let servers = events.flat_map(|it| it[1]["iceServers"].as_array().cloned().unwrap_or_default());
    let mark = SharedRelays::new(secret()).mark(room);
    let number = |server: Value| {
        let member = MemberName::read(server["username"].as_str()?).map(|it| (it.room, it.number));
        member.filter(|it| it.0 == mark).map(|it| it.1)
    };
    servers.filter_map(number).collect()
}

#[test]
fn what_somebody_is_given_when_they_come_in_again_has_a_greater_number_whichever_node_gives_it() {
    let mut world = World::with(2);
    set_relays(&world, &["r1"]);
    let room = room(&mut world);
    let guest = world.client(0);
    world.settle();
    let mut before = 0;
    for node in [1, 0, 1] {
        world.say(guest, &format!(r#"["JOIN-ROOM",{{"requestId":"j","room":"{room}","password":"pw"}}]"#));
        while world.step_all() {}
        let of_joining = numbers(&world, guest, &room);
        assert!(of_joining.len() == 1 && of_joining[0] > before, "{of_joining:?} {before}");
        world.read(guest);
        // The clock of the store, and not that of a node.
        assert!(of_joining[0] <= world.store.clock);
        world.break_off(guest);
        world.come(guest, node);
        while world.step_all() {}
        let of_moving = numbers(&world, guest, &room);
        assert!(of_moving.len() == 1 && of_moving[0] > of_joining[0], "{of_moving:?} {of_joining:?}");
        world.settle();
        leave(&mut world, guest, &room);
        before = of_moving[0];
        let left = std::mem::take(&mut world.store.left);
        assert_eq!(left.iter().map(|it| it.1.number).collect::<Vec<_>>(), [before]);
    }
}

#[test]
fn a_room_is_known_by_its_mark_of_the_secret_that_the_store_has_now() {
    let mut world = World::with(1);
    set_relays(&world, &["r1"]);
    let room = room(&mut world);
    let (maker, sessions) = (world.clients[0].id.clone(), world.nodes[0].sessions.clone());
    let mark = |secret: &str| SharedRelays::new(secret.into()).mark(&room);
    let knows = |secret: &str| sessions.is_in_room_of(&maker, mark(secret));
    assert_eq!((knows("north"), knows("south")), (true, false));
    sessions.set_relays(&"south".into(), [(NodeId::from("r1"), vec!["turn:r1".to_owned()])].into());
    assert_eq!((knows("north"), knows("south")), (false, true));
    assert!(!sessions.is_in_room_of("nobody", mark("south")));
}

#[test]
fn a_node_with_stun_alone_has_no_rooms_and_what_is_noted_of_a_room_has_a_bound() {
    let mut world = World::with(1);
    let room = room(&mut world);
    let of = |id: &str, urls: &[&str]| (NodeId::from(id), urls.iter().map(|it| (*it).to_owned()).collect());
    for n in 0..20 {
        let relay = format!("r{n}");
        let nodes = [of("a", &["stun:a"]), of(&relay, &["stun:r", "turns:r"]), of("z", &[])];
        world.nodes[0].sessions.set_relays(&secret(), nodes.into());
        world.say(0, r#"["ICE-SERVERS",{"requestId":"i"}]"#);
        assert_eq!(numbers(&world, 0, &room).len(), 1, "that of {relay}");
        world.settle();
    }
    leave(&mut world, 0, &room);
    let left: Vec<_> = world.store.left.iter().map(|it| it.0.as_str().to_owned()).collect();
    assert_eq!(left, (12..20).map(|it| format!("r{it}")).collect::<Vec<_>>());
}
