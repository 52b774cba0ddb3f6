//! Several people of one room who move from one node to another at the same time, as when a node stops.
use super::world::World;

/// People at the first node, all in one room.
fn together(world: &mut World, n: usize) -> (Vec<usize>, String) {
    let all: Vec<usize> = (0..n).map(|_| world.client(0)).collect();
    world.settle();
    let room = world.room_by(all[0], n);
    for it in &all[1..] {
        world.join(*it, &room);
        world.settle();
    }
    (all, room)
}

#[test]
fn people_of_one_room_who_move_at_the_same_time_keep_their_seats() {
    for is_node_gone in [false, true] {
        let mut world = World::with(2);
        let (all, room) = together(&mut world, 4);
        let ids: Vec<_> = all.iter().map(|it| world.clients[*it].id.clone()).collect();
        if is_node_gone {
            world.kill(0);
        }
        for it in &all {
            world.break_off(*it);
        }
        for it in &all {
            world.come(*it, 1);
        }
        world.settle();
        let after: Vec<_> = all.iter().map(|it| world.clients[*it].id.clone()).collect();
        assert_eq!(after, ids, "the node is gone: {is_node_gone}");
        assert!(all.iter().all(|it| world.is_there(*it)));
        assert_eq!(world.n_members(&room), 4);
        world.assert_settled();
    }
}
