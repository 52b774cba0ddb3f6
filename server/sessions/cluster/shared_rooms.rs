//! What is known here of shared rooms, and how it is kept true: newer versions take the place of older ones, whoever has missed
//! something is told, and members that are said to be here are, or leave.
use std::time::Duration;

use tokio::time::Instant;

use super::{
    ADOPTION_TIMEOUT, Delivery, Home, KEEP, Moving, NodeId, SharedRoom, ToCluster, Version,
    changes::{ChangeKind, Lost, Planned, homes},
};
use crate::{
    accounting::Reason,
    protocols::CloseReason,
    rooms::{Notification, PeerId, Room, RoomId, Rooms},
    sessions::{
        effects::HowToEnd,
        state::{RealmState, State},
        timers::Due,
        token::TokenHash,
    },
};

/// A websocket's close code for a client that is to connect anew (IANA's registry of them: service restart).
const ELSEWHERE: CloseReason = CloseReason { code: 1012, reason: "not in the room any more" };

/// For a node that seems to be gone to say that it is not: one that connects to the store anew hears nothing for a moment.
const DOUBT: Duration = Duration::from_secs(3);

impl RealmState {
    /// For how long the store keeps a room without hearing of it.
    pub(in crate::sessions) fn keep(&self, room: &Room) -> Duration {
        let linger = self.settings.rules.policy.linger;
        match (room.has_key, room.members().is_empty()) {
            (true, true) => linger,
            (true, false) => linger.max(KEEP),
            (false, _) => KEEP,
        }
    }
}

impl State {
    /// Another node has changed a room.
    pub(in crate::sessions) fn on_room_changed(
        &mut self,
        room: &RoomId,
        previous: u64,
        version: Version,
        deliveries: Vec<Delivery>,
    ) {
        let known = self.entry(room).map_or(0, |it| it.version);
        if version.number <= known {
            return self.deliver(deliveries, true);
        }
        if known == 0 {
            // It is said to somebody who has just come, or of somebody who has just gone: the store knows which.
            let own = self.cluster.as_ref().map(|it| &it.own);
            let is_here = |it: &(PeerId, Home)| it.1.node.as_ref() == own || self.sessions.contains_key(&it.0);
            let concerns = homes(version.value.as_ref()).iter().any(is_here);
            if concerns || self.entry(room).is_some() {
                self.change_room(room, ChangeKind::Refresh { lost: Lost::Rooms });
            }
            return self.deliver(deliveries, true);
        }
        let is_next = known == previous;
        if is_next {
            let lost = self.entry(room).map(|it| it.homes.clone()).unwrap_or_default();
            let lost: Vec<_> = lost.into_iter().filter(|it| it.1.node.is_none()).collect();
            let after = version.value.clone();
            let before = if lost.is_empty() { None } else { self.known_room(room).value };
            self.put_version(room, version);
            // Whoever is here, and had no home for the other node, was not told by it.
            let mut missed = self.deliveries(news(room, before.as_ref().map(|it| &it.room), after.as_ref()));
            missed.retain(|it| lost.iter().any(|(peer, _)| *peer == it.to));
            self.deliver(missed, false);
            self.end_those_out(&lost, after.as_ref());
        } else {
            self.catch_up(room, &version);
        }
        self.deliver(deliveries, !is_next);
        // What is wrong with it is put right.
        self.next_change(room);
    }

    /// Takes in a version that is newer than what is known here, and tells everybody here what they have missed.
    pub(in crate::sessions) fn catch_up(&mut self, room: &RoomId, version: &Version) {
        let Some(cluster) = &self.cluster else { return };
        let known = cluster.rooms.get(room).map_or(0, |it| it.version);
        if known == 0 || version.number <= known {
            return;
        }
        let told = news(room, self.realms[cluster.realm.at].rooms.room(room), version.value.as_ref());
        let deliveries = self.deliveries(told);
        let before: Vec<_> = cluster.rooms.get(room).map(|it| it.homes.clone()).unwrap_or_default();
        self.put_version(room, version.clone());
        self.deliver(deliveries, false);
        self.end_those_out(&before, version.value.as_ref());
    }

    /// Ends those who are here and are in the room no more: others believed that this node was gone, and that nobody came back in
    /// time.
    fn end_those_out(&mut self, before: &[(PeerId, Home)], after: Option<&SharedRoom>) {
        let is_out = |peer: &PeerId| homes(after).iter().all(|it| it.0 != *peer);
        for (peer, _) in before {
            if is_out(peer) && self.sessions.contains_key(peer) {
                self.end_removed(peer);
            }
        }
    }

    /// Passes frames to whoever is here. `without_implied`: what they say of members is known already.
    pub(in crate::sessions) fn deliver(&mut self, deliveries: Vec<Delivery>, without_implied: bool) {
        for delivery in deliveries {
            if without_implied && delivery.is_implied {
                continue;
            }
            if let Some(cluster) = &mut self.cluster {
                cluster.counts.n_received += 1;
            }
            self.send_here(delivery, None);
        }
    }

    /// Sends to a peer of this node, or to the one that has just taken its session over.
    pub(in crate::sessions) fn send_here(&mut self, delivery: Delivery, cause: Option<&PeerId>) {
        if self.sessions.contains_key(&delivery.to) {
            return self.send(&delivery.to, delivery.frame, cause);
        }
        // The other node knows from the room itself who is in it.
        let Some(cluster) = self.cluster.as_mut().filter(|_| !delivery.is_implied) else { return };
        if let Some(node) = cluster.moving.get(&delivery.to).map(|it| it.to.clone()) {
            let number = cluster.number();
            cluster.push(ToCluster::Deliver { node, number, deliveries: vec![delivery] });
        }
    }

    /// A version of a room is in force.
    pub(in crate::sessions) fn put_version(&mut self, room: &RoomId, version: Version) {
        let Some(cluster) = &mut self.cluster else { return };
        let (at, own) = (cluster.realm.at, cluster.own.clone());
        let entry = cluster.rooms.entry(room.clone()).or_default();
        let before: Vec<PeerId> = entry.homes.iter().map(|it| it.0.clone()).collect();
        let is_here = |it: &(PeerId, Home)| self.sessions.contains_key(&it.0);
        let all_homes = version.value.as_ref().map(|it| it.homes.clone()).unwrap_or_default();
        let value = version.value.filter(|it| it.homes.iter().any(is_here));
        entry.version = if value.is_some() { version.number } else { 0 };
        let (there, homes) = value.map_or((None, Vec::new()), |it| (Some(it.room), it.homes));
        entry.homes.clone_from(&homes);
        let realm = &mut self.realms[at];
        realm.rooms.put(room, there);
        realm.hold_rooms();
        let gone = before.into_iter().filter(|peer| homes.iter().all(|it| it.0 != *peer));
        for peer in gone.collect::<Vec<_>>() {
            if self.sessions.contains_key(&peer) {
                self.note_change(&peer);
            } else {
                self.realms[at].rooms.forget_idle(&peer);
            }
            self.lose_held(&peer);
        }
        for (peer, home) in &all_homes {
            match (&home.node, self.sessions.contains_key(peer)) {
                (Some(node), false) if *node == own => self.leave_if_gone(room, peer),
                (Some(node), true) if *node == own => self.note_change(peer),
                (Some(_), true) if self.is_adopting(peer) => (),
                (Some(_), true) => self.end_taken(peer),
                (None, true) => self.refresh_later(room),
                (None, false) if !homes.is_empty() => {
                    let due = Due::NodeGrace { room: room.clone(), peer: peer.clone(), mark: home.mark };
                    let grace = if home.returns { self.lifetimes.grace.max(DOUBT) } else { DOUBT };
                    self.timers.start_once(Instant::now() + grace, due);
                }
                (_, false) => (),
            }
        }
        self.count_kept_of(&homes);
    }

    /// A room that nobody here is in, or waits for, is not known here.
    pub(in crate::sessions) fn forget_if_nobody(&mut self, room: &RoomId) {
        let Some(entry) = self.entry(room) else { return };
        let (version, homes) = (entry.version, entry.homes.clone());
        if version > 0 && !homes.iter().any(|it| self.sessions.contains_key(&it.0)) {
            self.put_version(room, Version { number: version, value: None });
        }
        if let Some(cluster) = &mut self.cluster
            && cluster
                .rooms
                .get(room)
                .is_some_and(|it| it.version == 0 && it.changing.is_none() && it.waiting.is_empty())
        {
            cluster.rooms.remove(room);
        }
    }

    /// A member is said to be here, and is not.
    fn leave_if_gone(&mut self, room: &RoomId, peer: &PeerId) {
        let Some(cluster) = &mut self.cluster else { return };
        let entry = cluster.rooms.entry(room.clone()).or_default();
        if !cluster.moving.contains_key(peer) && !entry.is_leaving(peer) {
            entry.waiting.push_back(ChangeKind::Leave { peer: peer.clone() });
        }
    }

    /// Whether somebody who was told that it is not in this room is still to leave it.
    pub(in crate::sessions) fn is_leaving(&self, room: &RoomId, peer: &PeerId) -> bool {
        self.cluster.as_ref().and_then(|it| it.rooms.get(room)).is_some_and(|it| it.is_leaving(peer))
    }

    fn refresh_later(&mut self, room: &RoomId) {
        let Some(entry) = self.entry(room) else { return };
        if !entry.waiting.iter().any(|it| matches!(it, ChangeKind::Refresh { .. })) {
            entry.waiting.push_back(ChangeKind::Refresh { lost: Lost::Rooms });
        }
    }

    fn count_kept_of(&mut self, homes: &[(PeerId, Home)]) {
        let Some(realm) = self.cluster.as_ref().map(|it| it.realm) else { return };
        homes.iter().for_each(|it| self.count_kept(&it.0, realm));
    }

    /// The session is over: so is its membership everywhere.
    pub(in crate::sessions) fn leave_everywhere(&mut self, peer: &PeerId) {
        let Some(cluster) = &self.cluster else { return };
        let at = cluster.realm.at;
        for room in self.realms[at].rooms.whereabouts(peer) {
            self.change_room(&room, ChangeKind::Leave { peer: peer.clone() });
        }
        self.realms[at].rooms.forget_idle(peer);
    }

    /// Its client has come here, and the room does not say so yet.
    fn is_adopting(&self, peer: &PeerId) -> bool {
        self.cluster.as_ref().is_some_and(|it| it.adopting.contains(peer))
    }

    /// Its client has come to another node while this one was cut off.
    fn end_taken(&mut self, peer: &PeerId) {
        let Some(cluster) = &mut self.cluster else { return };
        // Its membership is no longer this node's to end, nor is what it has at relays.
        cluster.moving.insert(peer.clone(), Moving { to: cluster.own.clone(), rooms: Vec::new() });
        drop(self.give_up_relays(peer));
        self.end(peer, Reason::Resumed, HowToEnd::Abort);
        self.work_off();
        if let Some(cluster) = &mut self.cluster {
            cluster.moving.remove(peer);
        }
    }

    /// It is in the room no more, and does not know: its client is to come again.
    pub(in crate::sessions) fn end_removed(&mut self, peer: &PeerId) {
        self.end(peer, Reason::GraceOver, HowToEnd::Close(ELSEWHERE));
    }

    /// Members of a node that is gone.
    pub(in crate::sessions) fn on_node_gone(&mut self, node: &NodeId) {
        let Some(cluster) = &self.cluster else { return };
        let is_there = |it: &(PeerId, Home)| it.1.node.as_ref() == Some(node);
        let rooms: Vec<_> =
            cluster.rooms.iter().filter(|it| it.1.homes.iter().any(is_there)).map(|it| it.0.clone()).collect();
        for room in rooms {
            self.change_room(&room, ChangeKind::NodeGone { node: node.clone() });
        }
    }

    /// The store answers again.
    pub(in crate::sessions) fn on_store_back(&mut self, lost: Lost) {
        let Some(cluster) = &mut self.cluster else { return };
        cluster.is_down = false;
        let rooms: Vec<_> = cluster.rooms.keys().cloned().collect();
        for room in rooms {
            if let Some(entry) = self.entry(&room) {
                entry.is_stalled = false;
                // Whoever is to leave is not to be found there first.
                let n_leaving = entry.waiting.iter().take_while(|it| matches!(it, ChangeKind::Leave { .. })).count();
                entry.waiting.insert(n_leaving, ChangeKind::Refresh { lost });
            }
            self.next_change(&room);
        }
        let lasting = self.sessions.iter().filter(|it| it.1.lasting.is_some()).map(|it| it.0.clone());
        self.changed.extend(lasting.collect::<Vec<_>>());
    }

    /// The store has forgotten these rooms, and what it had under these hashes of tokens.
    pub(in crate::sessions) fn on_missing(&mut self, rooms: Vec<RoomId>, tokens: Vec<TokenHash>) {
        for room in rooms {
            if self.entry(&room).is_some_and(|it| it.version > 0) {
                self.change_room(&room, ChangeKind::Refresh { lost: Lost::Everything });
            }
        }
        let peers: Vec<_> = tokens.iter().filter_map(|it| self.tokens.get(it).cloned()).collect();
        peers.iter().for_each(|it| self.note_change(it));
    }

    /// What the store has, put right by who is here.
    pub(in crate::sessions) fn plan_refresh(&mut self, room: &RoomId, base: &Version, lost: Lost) -> Planned {
        let Some(cluster) = &self.cluster else { return Planned::default() };
        let own = cluster.own.clone();
        let known = self.known_room(room);
        let mut next = base.value.clone();
        if base.number == 0 && lost != Lost::Nothing {
            next.clone_from(&known.value);
        }
        let mut ended = Vec::new();
        for (peer, home) in homes(known.value.as_ref()) {
            if !self.sessions.contains_key(peer) {
                continue;
            }
            let returns = home.returns;
            let is_member = known.value.as_ref().is_some_and(|it| it.room.has(peer));
            let Some(there) = &mut next else {
                ended.push(peer.clone());
                continue;
            };
            match there.homes.iter_mut().find(|it| it.0 == *peer) {
                Some((_, home)) if home.node.is_none() => home.node = Some(own.clone()),
                // Here, or its client has come to another node: that is seen when this is put.
                Some(_) => (),
                None if lost == Lost::Everything
                    && is_member
                    && there.room.members.len() < there.room.settings.peers_max =>
                {
                    there.room.members.push(peer.clone());
                    there.homes.push((peer.clone(), Home { node: Some(own.clone()), returns, mark: 0 }));
                }
                None => ended.push(peer.clone()),
            }
        }
        let missed = news(room, known.value.as_ref().map(|it| &it.room), next.as_ref());
        let new = news(room, base.value.as_ref().map(|it| &it.room), next.as_ref());
        let is_here = |it: &Delivery| self.sessions.contains_key(&it.to);
        let mut deliveries = self.deliveries(missed);
        deliveries.retain(is_here);
        let mut elsewhere = self.deliveries(new);
        elsewhere.retain(|it| !is_here(it));
        deliveries.extend(elsewhere);
        let is_same = next == base.value;
        let planned = Planned { next, answer: None, deliveries, ended };
        if is_same && known.number != base.number {
            // Nothing is to be set; what is known here is older.
            self.put_version(room, base.clone());
        }
        planned
    }

    /// A session that was handed over was not taken in.
    pub(in crate::sessions) fn on_adoption_timeout(&mut self, peer: &PeerId) {
        let Some(cluster) = &mut self.cluster else { return };
        let Some(moving) = cluster.moving.remove(peer) else { return };
        if !self.sessions.contains_key(peer) {
            for room in moving.rooms {
                self.change_room(&room, ChangeKind::Leave { peer: peer.clone() });
            }
        }
    }

    pub(in crate::sessions) fn start_adoption_timer(&mut self, peer: &PeerId) {
        self.timers.start(Instant::now() + ADOPTION_TIMEOUT, Due::Adoption { peer: peer.clone() });
    }
}

/// What members have missed between one version of a room and another.
pub(super) fn news(room: &RoomId, before: Option<&Room>, after: Option<&SharedRoom>) -> Vec<Notification<'static>> {
    let after = after.map(|it| &it.room);
    before.map(|it| Rooms::told_of_difference(room, it, after)).unwrap_or_default()
}
