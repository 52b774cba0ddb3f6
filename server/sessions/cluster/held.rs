//! Frames for members of other nodes that are not to be reached at the moment: their node is in doubt, or the store is away. They
//! wait, in their order, until it is known where the member is, or that it has left.
use std::collections::{BTreeSet, VecDeque};

use super::{Delivery, Home, NodeId, ToCluster};
use crate::{
    rooms::{PeerId, PeerMap, RoomId},
    sessions::state::{State, frame_bytes},
};

/// For one member, and for all of them. What is over it is lost, and counted.
const MEMBER_BYTES_MAX: usize = 256 * 1024;
const BYTES_MAX: usize = 8 * 1024 * 1024;

/// What waits.
#[derive(Default)]
pub(super) struct Held {
    /// Each with the number under which it was first to be sent.
    frames: PeerMap<VecDeque<(u64, Delivery)>>,
    n_bytes: usize,
}

impl Held {
    /// Behind what was to be sent before. `false`: there is no room for it.
    fn insert(&mut self, number: u64, delivery: Delivery) -> bool {
        let n_bytes = frame_bytes(&delivery.frame);
        let there: usize = self.frames.get(&delivery.to).into_iter().flatten().map(|it| frame_bytes(&it.1.frame)).sum();
        if there + n_bytes > MEMBER_BYTES_MAX || self.n_bytes + n_bytes > BYTES_MAX {
            return false;
        }
        self.n_bytes += n_bytes;
        let frames = self.frames.entry(delivery.to.clone()).or_default();
        let at = frames.partition_point(|it| it.0 <= number);
        frames.insert(at, (number, delivery));
        true
    }

    fn take(&mut self, peer: &PeerId) -> Vec<Delivery> {
        let frames = self.frames.remove(peer).unwrap_or_default();
        self.n_bytes -= frames.iter().map(|it| frame_bytes(&it.1.frame)).sum::<usize>();
        frames.into_iter().map(|it| it.1).collect()
    }
}

impl State {
    /// Sends to a peer of another node, now or when it is known where that is.
    pub(in crate::sessions) fn send_elsewhere(&mut self, delivery: Delivery) {
        let home = self.home_of(&delivery.to);
        let Some(cluster) = &mut self.cluster else { return };
        let moved_to = cluster.moving.get(&delivery.to).map(|it| it.to.clone());
        let waits = cluster.held.frames.contains_key(&delivery.to) || cluster.is_down;
        let (is_member, home) = (home.is_some(), home.flatten().filter(|it| *it != cluster.own).or(moved_to));
        let number = cluster.number();
        match home.filter(|_| !waits) {
            Some(node) => {
                cluster.counts.n_sent += 1;
                cluster.push(ToCluster::Deliver { node, number, deliveries: vec![delivery] });
            }
            None if is_member => self.hold(number, delivery),
            None => cluster.counts.n_lost += 1,
        }
    }

    /// The node of a member, if it is one as far as is known here; `Some(None)`: it is in doubt.
    fn home_of(&self, peer: &PeerId) -> Option<Option<NodeId>> {
        let cluster = self.cluster.as_ref()?;
        let rooms = self.realms[cluster.realm.at].rooms.whereabouts(peer);
        let homes = rooms.iter().filter_map(|room| cluster.rooms.get(room)?.homes.iter().find(|it| it.0 == *peer));
        homes.map(|it| it.1.node.clone()).reduce(Option::or)
    }

    fn hold(&mut self, number: u64, delivery: Delivery) {
        let Some(cluster) = &mut self.cluster else { return };
        if !cluster.held.insert(number, delivery) {
            cluster.counts.n_lost += 1;
        }
    }

    /// Nobody has heard what was to be sent under this number: the node is in doubt, if one is named, or the store was away.
    pub(in crate::sessions) fn on_undelivered(
        &mut self,
        node: Option<&NodeId>,
        number: u64,
        deliveries: Vec<Delivery>,
    ) {
        if let Some(node) = node {
            self.on_node_gone(node);
        }
        let mut rooms = BTreeSet::new();
        for delivery in deliveries {
            let is_member = self.home_of(&delivery.to).is_some();
            let Some(cluster) = &mut self.cluster else { return };
            if is_member {
                rooms.extend(self.realms[cluster.realm.at].rooms.whereabouts(&delivery.to));
                self.hold(number, delivery);
            } else {
                cluster.counts.n_lost += 1;
            }
        }
        for room in rooms {
            self.next_change(&room);
        }
    }

    /// Nothing more is to be done about this room: what has waited goes to whoever is found.
    pub(in crate::sessions) fn send_held(&mut self, room: &RoomId) {
        let Some(cluster) = self.cluster.as_ref().filter(|it| !it.held.frames.is_empty() && !it.is_down) else {
            return;
        };
        let Some(entry) = cluster.rooms.get(room) else { return };
        let waits = |it: &&(PeerId, Home)| cluster.held.frames.contains_key(&it.0);
        let homes: Vec<_> = entry.homes.iter().filter(waits).map(|it| (it.0.clone(), it.1.node.clone())).collect();
        for (peer, node) in homes {
            let is_here = self.sessions.contains_key(&peer);
            let Some(cluster) = &mut self.cluster else { return };
            if is_here {
                for delivery in cluster.held.take(&peer) {
                    self.send_here(delivery, None);
                }
            } else if let Some(node) = node.filter(|it| *it != cluster.own) {
                let (number, deliveries) = (cluster.number(), cluster.held.take(&peer));
                cluster.push(ToCluster::Deliver { node, number, deliveries });
            }
        }
    }

    /// They have left a room, and perhaps the last one in which they were known.
    pub(in crate::sessions) fn lose_held(&mut self, peer: &PeerId) {
        let is_member = self.home_of(peer).is_some();
        if let Some(cluster) = self.cluster.as_mut().filter(|_| !is_member) {
            cluster.counts.n_lost += cluster.held.take(peer).len() as u64;
        }
    }
}
