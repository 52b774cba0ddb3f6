//! Random histories of a cluster: nodes that die, stores that fail, answers that are lost, clients that move. Each is given by a
//! number, and is the same each time but for ids, and for what is done in the order of their hashes.
use super::{store::Fate, world::World};

/// A small generator (splitmix64), so that a history is given by its number alone.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        if all.is_empty() { None } else { Some(all[self.below(all.len())]) }
    }
}

/// How bad it gets.
#[derive(Clone, Copy)]
struct Faults {
    kills: bool,
    cuts: bool,
    wipes: bool,
}

/// What happens to somebody, or to something, in one moment.
fn act(world: &mut World, random: &mut Random, rooms: &[String], n: usize, faults: Faults) {
    let alive = world.alive();
    let clients: Vec<usize> = (0..world.clients.len()).collect();
    let client = random.of(&clients);
    match (random.below(20), client) {
        (0..=1, _) if world.clients.len() < 12 => {
            world.client_of(random.of(&alive).unwrap(), random.below(4) == 0);
        }
        (2, Some(it)) if world.clients[it].room.is_none() => world.create(it, 2 + random.below(4)),
        (3..=6, Some(it)) if world.clients[it].room.is_none() && !rooms.is_empty() => {
            world.join(it, &rooms[random.below(rooms.len())]);
        }
        (7, Some(it)) => world.break_off(it),
        (8..=10, Some(it)) if !world.is_there(it) => {
            world.break_off(it);
            world.come(it, random.of(&alive).unwrap());
        }
        (11, Some(it)) if random.below(3) == 0 => world.close(it),
        (12, Some(it)) => {
            let other = random.below(world.clients.len());
            world.signal(it, other, n);
        }
        (13, _) if faults.kills && alive.len() > 1 && random.below(4) == 0 => {
            world.kill(random.of(&alive).unwrap());
            if random.below(2) == 0 {
                world.start_node();
            }
        }
        (14, _) if faults.cuts => world.lose_store(random.of(&alive).unwrap()),
        (15, _) if faults.wipes && random.below(6) == 0 => match random.below(2) {
            0 => world.wipe(),
            _ => world.empty(),
        },
        (16, _) => alive.iter().for_each(|it| world.find_store(*it)),
        (17, _) if random.below(4) == 0 => world.wait(),
        (18, _) => world.notice(),
        (19, _) => alive.iter().for_each(|it| world.time_out(*it)),
        _ => (),
    }
    for _ in 0..random.below(12) {
        let Some(node) = random.of(&world.alive()) else { break };
        if random.below(2) == 0 {
            world.hear(node);
            continue;
        }
        let fate = match random.below(if faults.cuts { 40 } else { 1 }) {
            1 => Fate::Unheard,
            2 => Fate::AnswerLost,
            _ => Fate::Answered,
        };
        world.ask(node, fate);
    }
}

fn history(number: u64, faults: Faults) {
    let mut random = Random(number);
    let mut world = World::with(3);
    let mut rooms: Vec<String> = Vec::new();
    for n in 0..120 {
        act(&mut world, &mut random, &rooms, n, faults);
        for it in 0..world.clients.len() {
            world.read(it);
            if let Some(room) = world.clients[it].room.clone().filter(|it| !rooms.contains(it)) {
                rooms.push(room);
            }
        }
        world.assert_safe();
    }
    world.settle();
    world.wait();
    world.settle();
    world.assert_settled();
    // Everybody goes, and nothing is left.
    for it in 0..world.clients.len() {
        world.close(it);
    }
    world.settle();
    world.wait();
    world.settle();
    assert_eq!(world.stored(), "{} {}", "something is left");
    for node in world.alive() {
        let counts = &world.nodes[node].sessions.counts()[0];
        let rooms: Vec<_> = world.nodes[node].sessions.rooms().flatten().map(|it| it.id).collect();
        assert_eq!((counts.n_peers, rooms), (0, Vec::new()), "{:?}", world.nodes[node].id);
    }
}

fn histories(faults: Faults) {
    let only = std::env::var("HISTORY").ok().and_then(|it| it.parse().ok());
    let n: u64 = std::env::var("HISTORIES").ok().and_then(|it| it.parse().ok()).unwrap_or(300);
    for number in only.map_or(0..n, |it: u64| it..it + 1) {
        let failed = std::panic::catch_unwind(|| history(number, faults));
        assert!(failed.is_ok(), "history {number}");
    }
}

#[test]
fn rooms_are_whole_where_nothing_fails() {
    histories(Faults { kills: false, cuts: false, wipes: false });
}

#[test]
fn rooms_are_whole_where_nodes_die() {
    histories(Faults { kills: true, cuts: false, wipes: false });
}

#[test]
fn rooms_are_whole_where_the_store_fails() {
    histories(Faults { kills: true, cuts: true, wipes: false });
}

#[test]
fn rooms_are_whole_where_the_store_loses_everything() {
    histories(Faults { kills: true, cuts: true, wipes: true });
}
