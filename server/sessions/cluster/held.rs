//! Frames for members of other nodes that are not to be reached at the moment: their node is in doubt, or the store is away. They
//! wait, in their order, until it is known where the member is, or that it has left.
use std::collections::VecDeque;

use super::{Delivery, NodeId, ToCluster};
use crate::{
    rooms::{PeerId, PeerMap, RoomId},
    sessions::state::{State, frame_bytes},
};

/// For one member, and for all of them. What is over it is lost, and counted.
const MEMBER_BYTES_MAX: usize = 256 * 1024;
const BYTES_MAX: usize = 8 * 1024 * 1024;

/// Where a peer is that is not here.
enum Whereabouts {
    /// At this node.
    Node(NodeId),
    /// It is a member, and its node is in doubt; or the store is away.
    Unknown,
    /// In no room that is known here.
    Nowhere,
}

/// What waits.
#[derive(Default)]
pub(super) struct Held {
    frames: PeerMap<VecDeque<Delivery>>,
    n_bytes: usize,
}

impl Held {
    /// `false`: there is no room for it.
    fn push(&mut self, delivery: Delivery) -> bool {
        let n_bytes = frame_bytes(&delivery.frame);
        let there: usize = self.frames.get(&delivery.to).into_iter().flatten().map(|it| frame_bytes(&it.frame)).sum();
        if there + n_bytes > MEMBER_BYTES_MAX || self.n_bytes + n_bytes > BYTES_MAX {
            return false;
        }
        self.n_bytes += n_bytes;
        self.frames.entry(delivery.to.clone()).or_default().push_back(delivery);
        true
    }

    fn take(&mut self, peer: &PeerId) -> VecDeque<Delivery> {
        let frames = self.frames.remove(peer).unwrap_or_default();
        self.n_bytes -= frames.iter().map(|it| frame_bytes(&it.frame)).sum::<usize>();
        frames
    }
}

impl State {
    /// Sends to a peer of another node, now or when it is known where that is.
    pub(in crate::sessions) fn send_elsewhere(&mut self, delivery: Delivery) {
        let Some(cluster) = &mut self.cluster else { return };
        let waits = cluster.held.frames.contains_key(&delivery.to);
        match self.whereabouts(&delivery.to) {
            Whereabouts::Node(node) if !waits => self.push_deliveries(node, vec![delivery]),
            Whereabouts::Node(_) | Whereabouts::Unknown => self.hold(delivery),
            Whereabouts::Nowhere => self.lose(1),
        }
    }

    /// Where a peer is that is not here.
    fn whereabouts(&self, peer: &PeerId) -> Whereabouts {
        let Some(cluster) = &self.cluster else { return Whereabouts::Nowhere };
        let rooms = self.realms[cluster.realm.at].rooms.whereabouts(peer);
        let mut homes = rooms.iter().filter_map(|room| {
            let homes = &cluster.rooms.get(room)?.homes;
            homes.iter().find(|it| it.0 == *peer).map(|it| it.1.node.as_ref())
        });
        let elsewhere = homes.clone().flatten().find(|it| **it != cluster.own);
        let node = elsewhere.or_else(|| cluster.moving.get(peer).map(|it| &it.to));
        match node {
            Some(node) if !cluster.is_down => Whereabouts::Node(node.clone()),
            None if homes.next().is_none() => Whereabouts::Nowhere,
            _ => Whereabouts::Unknown,
        }
    }

    fn push_deliveries(&mut self, node: NodeId, deliveries: Vec<Delivery>) {
        let Some(cluster) = &mut self.cluster else { return };
        cluster.counts.n_sent += deliveries.len() as u64;
        cluster.push(ToCluster::Deliver { node, deliveries });
    }

    fn hold(&mut self, delivery: Delivery) {
        let Some(cluster) = &mut self.cluster else { return };
        if !cluster.held.push(delivery) {
            self.lose(1);
        }
    }

    fn lose(&mut self, n_frames: usize) {
        if let Some(cluster) = &mut self.cluster {
            cluster.counts.n_lost += n_frames as u64;
        }
    }

    /// Nobody has heard them: the node is in doubt, if one is named, or the store was away.
    pub(in crate::sessions) fn on_undelivered(&mut self, node: Option<&NodeId>, deliveries: Vec<Delivery>) {
        if let Some(node) = node {
            self.on_node_gone(node);
        }
        let mut rooms: Vec<RoomId> = Vec::new();
        for delivery in deliveries {
            let Some(at) = self.cluster.as_ref().map(|it| it.realm.at) else { return };
            for room in self.realms[at].rooms.whereabouts(&delivery.to) {
                if !rooms.contains(&room) {
                    rooms.push(room);
                }
            }
            match self.whereabouts(&delivery.to) {
                Whereabouts::Nowhere => self.lose(1),
                Whereabouts::Node(_) | Whereabouts::Unknown => self.hold(delivery),
            }
        }
        for room in rooms {
            self.next_change(&room);
        }
    }

    /// Nothing more is to be done about this room: what has waited goes to whoever is found.
    pub(in crate::sessions) fn send_held(&mut self, room: &RoomId) {
        let Some(cluster) = self.cluster.as_ref().filter(|it| !it.held.frames.is_empty()) else { return };
        let waits = |it: &PeerId| cluster.held.frames.contains_key(it);
        let Some(entry) = cluster.rooms.get(room) else { return };
        let members: Vec<_> = entry.homes.iter().map(|it| it.0.clone()).filter(waits).collect();
        for peer in members {
            let is_here = self.sessions.contains_key(&peer);
            let Some(cluster) = &mut self.cluster else { return };
            if is_here {
                for delivery in cluster.held.take(&peer) {
                    self.send_here(delivery, None);
                }
            } else if let Whereabouts::Node(node) = self.whereabouts(&peer)
                && let Some(cluster) = &mut self.cluster
            {
                let deliveries = cluster.held.take(&peer).into();
                self.push_deliveries(node, deliveries);
            }
        }
    }

    /// They have left.
    pub(in crate::sessions) fn lose_held(&mut self, peer: &PeerId) {
        let Some(cluster) = &self.cluster else { return };
        if cluster.held.frames.contains_key(peer) && matches!(self.whereabouts(peer), Whereabouts::Nowhere) {
            let n_lost = self.cluster.as_mut().map_or(0, |it| it.held.take(peer).len());
            self.lose(n_lost);
        }
    }
}
