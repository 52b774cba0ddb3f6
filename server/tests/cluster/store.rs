//! The store of the simulation, and what nodes say to each other by way of it.
use std::collections::BTreeMap;

use p2pchat_server::{
    rooms::{PeerId, RoomId},
    sessions::cluster::{
        Commit, Committed, Delivery, HandedOver, LeftMember, NodeId, SavedSession, SharedRoom, ToCluster, Version,
    },
};

use super::world::World;

pub(super) enum Said {
    Changed { room: RoomId, previous: u64, version: Version, deliveries: Vec<Delivery> },
    Deliver(Vec<Delivery>),
    AskForSession { node: NodeId, number: u64, peer: PeerId, token: [u8; 32] },
    HandOver { number: u64, session: Option<HandedOver> },
}

/// What the store does with the next thing that it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Answered,
    /// It does not hear it.
    Unheard,
    /// It does it, and nobody hears that.
    AnswerLost,
}

#[derive(Default)]
pub(super) struct Store {
    pub(super) rooms: BTreeMap<RoomId, (u64, SharedRoom)>,
    /// Last versions of rooms that have ended.
    pub(super) ended: BTreeMap<RoomId, u64>,
    pub(super) sessions: BTreeMap<[u8; 32], SavedSession>,
    pub(super) clock: u64,
    /// What the nodes of relays are told.
    pub(super) left: Vec<(NodeId, LeftMember)>,
    /// Grows when everything is lost.
    pub(super) generation: u64,
}

pub(super) enum Answer {
    Room(Version),
    Committed(Committed, Vec<NodeId>),
    Session(Option<SavedSession>),
    Heard(bool),
    Done,
}

impl World {
    pub(super) fn answer_of(&mut self, node: usize, asked: &ToCluster) -> Answer {
        match asked {
            ToCluster::Load { room } => Answer::Room(self.version(room)),
            ToCluster::Commit(commit) => self.commit(commit),
            ToCluster::Deliver { node, deliveries, .. } => {
                Answer::Heard(self.tell(node, Said::Deliver(deliveries.clone())))
            }
            ToCluster::FindSession { token, .. } => Answer::Session(self.store.sessions.get(token).cloned()),
            ToCluster::SaveSession { token, session } => {
                self.store.sessions.insert(*token, session.clone());
                Answer::Done
            }
            ToCluster::DropSession { token } => {
                self.store.sessions.remove(token);
                Answer::Done
            }
            ToCluster::AskForSession { node: to, peer, token, number } => {
                let own = self.nodes[node].id.clone();
                let said = Said::AskForSession { node: own, number: *number, peer: peer.clone(), token: *token };
                Answer::Heard(self.tell(to, said))
            }
            ToCluster::HandOver { node, number, session } => {
                Answer::Heard(self.tell(node, Said::HandOver { number: *number, session: session.clone() }))
            }
            ToCluster::LeftRelay { node, left } => {
                self.store.left.push((node.clone(), left.clone()));
                Answer::Done
            }
        }
    }

    fn version(&self, room: &RoomId) -> Version {
        let there = self.store.rooms.get(room);
        let ended = self.store.ended.get(room).copied().unwrap_or_default();
        there.map_or(Version { number: ended, value: None }, |it| Version { number: it.0, value: Some(it.1.clone()) })
    }

    fn commit(&mut self, commit: &Commit) -> Answer {
        let there = self.version(&commit.room);
        if there.number != commit.expected {
            return Answer::Committed(Committed::Conflict(Box::new(there)), Vec::new());
        }
        self.store.clock = self.store.clock.max(commit.above) + 1;
        let number = self.store.clock;
        match commit.value.clone() {
            Some(value) => self.store.rooms.insert(commit.room.clone(), (number, value)),
            None => {
                self.store.ended.insert(commit.room.clone(), number);
                self.store.rooms.remove(&commit.room)
            }
        };
        let mut gone = Vec::new();
        for (node, deliveries) in &commit.told {
            let said = Said::Changed {
                room: commit.room.clone(),
                previous: commit.expected,
                version: Version { number, value: commit.value.clone() },
                deliveries: deliveries.clone(),
            };
            if !self.tell(node, said) {
                gone.push(node.clone());
            }
        }
        Answer::Committed(Committed::Done { number }, gone)
    }

    fn tell(&mut self, node: &NodeId, said: Said) -> bool {
        let Some(node) = self.nodes.iter_mut().find(|it| it.id == *node && it.is_alive && !it.is_cut) else {
            return false;
        };
        node.heard.push_back(said);
        true
    }
}
