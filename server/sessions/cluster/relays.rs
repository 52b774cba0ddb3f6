//! The relay of a shared room: everybody in it is given that of one node, which all nodes choose alike among those whose relays
//! have an address for everybody. People of that node get the same credentials as those of others, so that what they have there
//! goes on when their sessions move. Who leaves the room loses what it has there.
//!
//! **Invariant:** whatever credentials for the relay of a room a session here was given, that relay's node hears when the session
//! leaves the room or ends, unless it goes on at another node; and if that is not heard, or is forgotten with the session's node,
//! they expire.
use std::collections::BTreeMap;

use secrecy::SecretString;

use super::{Cluster, NodeId, Sessions, State, ToCluster};
use crate::{
    ice::{IceServer, MEMBER_LOGIN_S_MAX, MemberName, RoomMark, SharedRelays},
    rooms::{PeerId, PeerMap, RoomId},
};

/// Of so many rooms of a peer, the last that it came into, the relays are told: each further server makes browsers slower.
const ROOMS_MAX: usize = 3;

/// Of so many relays of one room it is remembered that a peer was given them: a room gets another one only when a node comes or
/// goes.
const RELAYS_OF_ROOM_MAX: usize = 8;

/// A member that has left a room, as the room's relay hears of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftMember {
    /// Who.
    pub peer: PeerId,
    /// The room.
    pub room: RoomMark,
    /// Of the last credentials that it was given for it: what it is given when it comes in again has a greater one.
    pub number: u64,
}

/// Credentials for the relay of a room, as a session was given them. They go with it to other nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The room.
    pub id: RoomId,
    /// What stands for it at the relay.
    pub room: RoomMark,
    /// The node of the relay.
    pub node: NodeId,
    /// The room's version when they were given.
    pub number: u64,
    /// When these expire, in seconds since 1970.
    pub expiry_s: u64,
}

/// What one node knows of relays.
#[derive(Default)]
pub(super) struct Relays {
    /// `None`: the cluster's secret is not known yet.
    shared: Option<SharedRelays>,
    /// Nodes whose relays have an address for everybody, and its urls.
    nodes: BTreeMap<NodeId, Vec<String>>,
    /// To sessions here, what is newest last. It is nobody's account: the rooms of a peer have a bound, and so has what is noted
    /// of each.
    pub(super) given: PeerMap<Vec<Given>>,
}

impl Relays {
    fn of_room(&self, room: RoomMark) -> Option<&NodeId> {
        let chosen = room.chosen(self.nodes.keys().map(NodeId::as_str))?;
        self.nodes.keys().find(|it| it.as_str() == chosen)
    }

    /// Notes what a peer is given.
    fn give(&mut self, peer: &PeerId, fresh: Given, now_s: u64) {
        let given = self.given.entry(peer.clone()).or_default();
        given.retain(|it| (it.room != fresh.room || it.node != fresh.node) && it.expiry_s >= now_s);
        let is_of_room = |it: &Given| it.room == fresh.room;
        if given.iter().filter(|it| is_of_room(it)).count() >= RELAYS_OF_ROOM_MAX
            && let Some(oldest) = given.iter().position(is_of_room)
        {
            given.remove(oldest);
        }
        given.push(fresh);
    }
}

impl Sessions {
    /// From now on members of rooms are given the relays of these nodes, by the cluster's secret. Who has no urls of TURN there
    /// has no relay.
    pub fn set_relays(&self, secret: &SecretString, nodes: BTreeMap<NodeId, Vec<String>>) {
        let (relay, own) = {
            let mut state = self.state();
            let Some(cluster) = &mut state.cluster else { return };
            let own = cluster.own.clone();
            let relays = &mut cluster.relays;
            relays.nodes = nodes;
            relays.nodes.retain(|_, urls| urls.iter().any(|it| it.starts_with("turn")));
            if relays.shared.as_ref().is_some_and(|it| it.is_by(secret)) {
                return;
            }
            cluster.rooms.values_mut().for_each(|it| it.mark = None);
            let shared = SharedRelays::new(secret.clone());
            let of_members = shared.secret_of(own.as_str());
            relays.shared = Some(shared);
            (state.relay.clone(), of_members)
        };
        if let Some(relay) = relay {
            relay.take_members(own);
        }
    }

    /// Where everybody reaches the relay of this node. Empty: there is none, or it is not known.
    pub fn relay_urls(&self) -> Vec<String> {
        let relay = self.state().relay.clone();
        relay.map(|it| it.public_urls()).unwrap_or_default()
    }

    /// Another node says that a member has left a room whose relay is here.
    pub fn on_member_left(&self, left: &LeftMember) {
        let relay = self.state().relay.clone();
        if let Some(relay) = relay {
            relay.on_member_left(left);
        }
    }

    /// Is this peer, whose session is here, in the room with this mark?
    pub fn is_in_room_of(&self, peer: &str, room: RoomMark) -> bool {
        let (mut state, peer) = (self.state(), PeerId::from(peer));
        let State { cluster, sessions, realms, .. } = &mut *state;
        let Some(cluster) = cluster.as_mut().filter(|_| sessions.contains_key(&peer)) else { return false };
        realms[cluster.realm.at].rooms.rooms_of(&peer).iter().any(|id| cluster.mark(id) == Some(room))
    }
}

impl Cluster {
    /// What stands for a room that is known here. It is made once, since relays ask for it with packets.
    fn mark(&mut self, id: &RoomId) -> Option<RoomMark> {
        let (entry, shared) = (self.rooms.get_mut(id)?, self.relays.shared.as_ref()?);
        Some(*entry.mark.get_or_insert_with(|| shared.mark(id.as_str())))
    }
}

impl State {
    /// Are there relays with an address for everybody, to one of which the members of a room are led?
    pub(in crate::sessions) fn has_shared_relays(&self) -> bool {
        let Some(cluster) = &self.cluster else { return false };
        cluster.relays.shared.is_some() && !cluster.relays.nodes.is_empty()
    }

    /// The relays of the rooms that this peer is in, that of the last one first. `own`: that of this node, as the peer reaches it.
    pub(in crate::sessions) fn relays_of_rooms(
        &mut self,
        peer: &PeerId,
        own: &[IceServer],
        now_s: u64,
    ) -> Vec<IceServer> {
        let expiry_s = now_s.saturating_add(self.ice.credential_ttl_s.min(MEMBER_LOGIN_S_MAX));
        let Some(cluster) = &mut self.cluster else { return Vec::new() };
        let Some(shared) = cluster.relays.shared.clone() else { return Vec::new() };
        let own_urls: Vec<_> = own.iter().flat_map(|it| it.urls.clone()).collect();
        let mut servers: Vec<IceServer> = Vec::new();
        for id in self.realms[cluster.realm.at].rooms.rooms_of(peer).iter().rev().take(ROOMS_MAX) {
            let Some(room) = cluster.mark(id) else { continue };
            let number = cluster.rooms.get(id).map_or(0, |it| it.version);
            let relays = &mut cluster.relays;
            let Some(node) = relays.of_room(room).cloned() else { break };
            relays.give(peer, Given { id: id.clone(), room, node: node.clone(), number, expiry_s }, now_s);
            let urls = if node == cluster.own { Some(&own_urls) } else { relays.nodes.get(&node) };
            let member = MemberName { expiry_s, peer: peer.as_str(), number, room };
            let further = urls.map(|it| shared.servers_for(member, node.as_str(), it)).unwrap_or_default();
            // One that says what address a client has is enough.
            let is_first = servers.is_empty();
            servers.extend(further.into_iter().filter(|it| is_first || it.login.is_some()));
        }
        servers
    }

    /// Who of these has left rooms, or has ended: the relays of the rooms hear of it. Those of this node.
    pub(in crate::sessions) fn tell_relays(&mut self, moved: &[PeerId], ended: &[PeerId]) -> Vec<LeftMember> {
        let mut left_here = Vec::new();
        let Some(cluster) = &mut self.cluster else { return left_here };
        let rooms = &self.realms[cluster.realm.at].rooms;
        let (moved, ended) = (moved.iter().map(|it| (it, false)), ended.iter().map(|it| (it, true)));
        for (peer, is_over) in moved.chain(ended) {
            // While it is taken in here, not all its rooms know.
            let is_settled = is_over || !cluster.adopting.contains(peer);
            let Some(given) = cluster.relays.given.get_mut(peer).filter(|_| is_settled) else { continue };
            let left: Vec<_> = given.extract_if(.., |it| is_over || !rooms.rooms_of(peer).contains(&it.id)).collect();
            if given.is_empty() {
                cluster.relays.given.remove(peer);
            }
            for Given { room, node, number, .. } in left {
                let left = LeftMember { peer: peer.clone(), room, number };
                if node == cluster.own {
                    left_here.push(left);
                } else {
                    cluster.outbox.push(ToCluster::LeftRelay { node, left });
                }
            }
        }
        left_here
    }

    /// The session goes on at another node, and with it what it has at relays. What it was given.
    pub(in crate::sessions) fn give_up_relays(&mut self, peer: &PeerId) -> Vec<Given> {
        self.cluster.as_mut().and_then(|it| it.relays.given.remove(peer)).unwrap_or_default()
    }
}
