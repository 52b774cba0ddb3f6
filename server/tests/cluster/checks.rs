//! What must be true in the simulation: at every moment, and when nothing waits any more.
use std::collections::BTreeSet;

use p2pchat_server::rooms::{PeerId, RoomId};

use super::world::World;

impl World {
    /// What must be true at every moment.
    pub(super) fn assert_safe(&self) {
        for (id, (_, there)) in &self.store.rooms {
            let members: BTreeSet<_> = there.room.members().iter().collect();
            assert_eq!(members.len(), there.room.members().len(), "somebody is twice in {id}");
            assert!(members.len() <= there.room.settings.peers_max, "{id} has too many");
            let homes: BTreeSet<_> = there.homes.iter().map(|it| &it.0).collect();
            assert_eq!(members, homes, "somebody in {id} has no home");
        }
    }

    pub(super) fn n_members(&self, room: &str) -> usize {
        self.store.rooms.get(&RoomId::from(room)).map_or(0, |it| it.1.room.members().len())
    }

    /// What must be true when nothing waits any more, and everybody's time is over.
    pub(super) fn assert_settled(&self) {
        self.assert_safe();
        for (id, (_, there)) in &self.store.rooms {
            for (peer, home) in &there.homes {
                let node = home.node.as_ref().unwrap_or_else(|| panic!("{peer} in {id} is nowhere"));
                let node = self.nodes.iter().find(|it| it.id == *node).unwrap();
                assert!(node.is_alive, "{peer} in {id} is at a dead node");
                let is_there = node.sessions.peers().flatten().any(|it| it.id == *peer);
                assert!(is_there, "{peer} in {id} is not at {:?}", node.id);
            }
        }
        for node in self.alive() {
            for room in self.nodes[node].sessions.rooms().flatten() {
                let there = self.store.rooms.get(&room.id);
                assert_eq!(there.map(|it| it.1.room.members().len()), Some(room.n_peers), "{:?}", self.nodes[node].id);
            }
        }
        for (n, client) in self.clients.iter().enumerate() {
            if !self.is_there(n) {
                continue;
            }
            let Some(room) = &client.room else { continue };
            let id = PeerId::from(&*client.id);
            let there = self.store.rooms.get(&RoomId::from(&**room));
            let members = there.map(|it| it.1.room.members().to_vec()).unwrap_or_default();
            let at = members.iter().position(|it| *it == id);
            let at = at.unwrap_or_else(|| panic!("client {n} ({id}) believes that it is in {room}: {members:?}"));
            for (m, other) in members.iter().enumerate().filter(|it| *it.1 != id) {
                let is_known = client.others.contains(other.as_str());
                assert!(is_known || (m < at && !client.knows_all), "client {n} has not heard of {other} in {room}");
            }
            for other in &client.others {
                let is_member = members.iter().any(|it| it.as_str() == other);
                assert!(is_member, "client {n} believes that {other} is in {room}");
            }
        }
    }
}
