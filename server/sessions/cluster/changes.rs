//! Changes of shared rooms: planned on the version that is known, set in the store, and in force when that is done. Where
//! another node was faster, they are planned again on what it has made of the room.
use std::mem;

use super::{Commit, Committed, Delivery, Entry, Home, NodeId, SharedRoom, ToCluster, Unavailable, Version};
use crate::{
    accounting::Reason,
    protocols::RequestId,
    rooms::{PeerId, Rejection, Reply, Request, RoomId},
    sessions::{
        commands::Settled,
        state::{State, frame_bytes},
    },
};

/// What is to become of a room.
#[derive(Debug)]
pub(in crate::sessions) enum ChangeKind {
    /// What a session asks for, which waits for it. `waiting`: under which number.
    Request { from: PeerId, waiting: u64, request_id: RequestId, request: Box<Request<'static>>, settled: Settled },
    /// The session of a member, or of somebody at the door, is over.
    Leave { peer: PeerId },
    /// The page of a host is being closed.
    YieldHost { peer: PeerId },
    /// The operator closes it.
    Close,
    /// Members whose node seems to be gone may come back to another. Those that cannot have left, unless their node says in time
    /// that it is there.
    NodeGone { node: NodeId },
    /// Nobody came back in time.
    GraceOver { peer: PeerId, mark: u64 },
    /// A member has come here from another node.
    Adopt { peer: PeerId, returning: u64 },
    /// What the store has is compared with who is here.
    Refresh { lost: Lost },
}

/// What a store may have lost. A room that has ended leaves its last version behind for [`super::KEEP`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sessions) enum Lost {
    /// Where it has no such room, that has ended.
    Nothing,
    /// Where it knows nothing of a room, it has lost it.
    Rooms,
    /// Also who is in a room: another node that has brought it back may not have known of everybody.
    Everything,
}

/// A change that is under way.
pub(in crate::sessions) struct Changing {
    kind: ChangeKind,
    base: Version,
    /// It was planned, and the store is setting it.
    plan: Option<Planned>,
}

/// What a change leads to when it is done.
#[derive(Default)]
pub(in crate::sessions) struct Planned {
    pub(in crate::sessions) next: Option<SharedRoom>,
    /// For the asker.
    pub(in crate::sessions) answer: Option<Result<Reply, Rejection>>,
    pub(in crate::sessions) deliveries: Vec<Delivery>,
    /// Peers of this node that are in the room no more, and do not know it.
    pub(in crate::sessions) ended: Vec<PeerId>,
}

impl ChangeKind {
    fn is_leave_of(&self, peer: &PeerId) -> bool {
        matches!(self, ChangeKind::Leave { peer: it } if it == peer)
    }
}

impl Entry {
    /// Whether this member is about to leave.
    pub(in crate::sessions) fn is_leaving(&self, peer: &PeerId) -> bool {
        let changing = self.changing.iter().map(|it| &it.kind);
        changing.chain(&self.waiting).any(|it| it.is_leave_of(peer))
    }
}

impl State {
    /// Has a room changed, now or when the changes before are done.
    pub(in crate::sessions) fn change_room(&mut self, room: &RoomId, kind: ChangeKind) {
        let Some(cluster) = &mut self.cluster else { return };
        let entry = cluster.rooms.entry(room.clone()).or_default();
        entry.waiting.push_back(kind);
        if entry.is_stalled {
            return self.refuse_waiting(room);
        }
        self.next_change(room);
    }

    /// Begins the next change of a room, if none is under way.
    pub(in crate::sessions) fn next_change(&mut self, room: &RoomId) {
        let Some(cluster) = &mut self.cluster else { return };
        let Some(entry) = cluster.rooms.get_mut(room) else { return };
        if entry.changing.is_some() || entry.is_stalled {
            return;
        }
        let Some(kind) = entry.waiting.pop_front() else {
            self.send_held(room);
            return self.forget_if_nobody(room);
        };
        let is_known = entry.version > 0 && !entry.is_doubtful && !matches!(kind, ChangeKind::Refresh { .. });
        let base = Version { number: entry.version, value: None };
        entry.changing = Some(Changing { kind, base, plan: None });
        if is_known {
            let value = self.known_room(room);
            self.plan_change(room, value, true);
        } else {
            cluster.push(ToCluster::Load { room: room.clone() });
        }
    }

    /// The room as it is known here.
    pub(in crate::sessions) fn known_room(&self, room: &RoomId) -> Version {
        let none = Version { number: 0, value: None };
        let Some(cluster) = &self.cluster else { return none };
        let there = self.realms[cluster.realm.at].rooms.room(room);
        let Some((entry, there)) = cluster.rooms.get(room).zip(there) else { return none };
        Version { number: entry.version, value: Some(SharedRoom { room: there.clone(), homes: entry.homes.clone() }) }
    }

    /// What the store has of a room.
    pub(in crate::sessions) fn on_loaded(&mut self, room: &RoomId, loaded: Result<Version, Unavailable>) {
        let Some(entry) = self.entry(room) else { return };
        match loaded {
            Err(Unavailable) => self.put_off(room),
            Ok(version) => {
                entry.is_doubtful = false;
                self.plan_anew(room, version);
            }
        }
    }

    /// Plans the change that is under way on what the store has.
    fn plan_anew(&mut self, room: &RoomId, version: Version) {
        let Some(entry) = self.entry(room) else { return };
        let is_refresh = matches!(&entry.changing, Some(Changing { kind: ChangeKind::Refresh { .. }, .. }));
        if !is_refresh && entry.version > 0 && version.number == 0 {
            // One that has ended leaves a version behind: this one was lost, and is given back first.
            if let Some(Changing { kind, .. }) = entry.changing.take() {
                entry.waiting.push_front(kind);
            }
            entry.waiting.push_front(ChangeKind::Refresh { lost: Lost::Everything });
            return self.next_change(room);
        }
        // What somebody here has missed is told by the change itself where that is what it is for.
        if !is_refresh {
            self.catch_up(room, &version);
        }
        self.plan_change(room, version, false);
    }

    /// Plans the change that is under way, and has it set. `is_guess`: the store may have a newer version.
    fn plan_change(&mut self, room: &RoomId, base: Version, is_guess: bool) {
        let Some(Changing { mut kind, .. }) = self.entry(room).and_then(|it| it.changing.take()) else { return };
        let planned = self.plan(room, &base, &mut kind);
        let is_refused = matches!(planned.answer, Some(Err(_)));
        let is_changed = planned.next != base.value;
        let Some(cluster) = &mut self.cluster else { return };
        let Some(entry) = cluster.rooms.get_mut(room) else { return };
        if is_refused && is_guess {
            // It may be granted by now.
            entry.changing = Some(Changing { kind, base, plan: None });
            return cluster.push(ToCluster::Load { room: room.clone() });
        }
        if is_refused || !is_changed {
            return self.finish(room, kind, None, planned);
        }
        if let ChangeKind::Request { from, .. } = &kind {
            let from = from.clone();
            // So that its client finds it wherever it comes back to.
            self.save_session(&from, Some(room));
        }
        let Some(cluster) = &mut self.cluster else { return };
        let own = &cluster.own;
        let above = cluster.rooms.get(room).map_or(0, |it| it.version);
        let realm = &self.realms[cluster.realm.at];
        let mut told: Vec<(NodeId, Vec<Delivery>)> = Vec::new();
        for (_, home) in homes(base.value.as_ref()).iter().chain(homes(planned.next.as_ref())) {
            if let Some(node) = home.node.as_ref().filter(|it| *it != own && told.iter().all(|(told, _)| told != *it)) {
                told.push((node.clone(), Vec::new()));
            }
        }
        for delivery in &planned.deliveries {
            let home =
                node_of(planned.next.as_ref(), &delivery.to).or_else(|| node_of(base.value.as_ref(), &delivery.to));
            if let Some((_, deliveries)) = told.iter_mut().find(|it| Some(&it.0) == home) {
                deliveries.push(delivery.clone());
                cluster.counts.n_sent += 1;
            }
        }
        let keep = planned.next.as_ref().map_or(super::KEEP, |it| realm.keep(&it.room));
        let commit =
            Commit { room: room.clone(), expected: base.number, above, value: planned.next.clone(), keep, told };
        if let Some(entry) = cluster.rooms.get_mut(room) {
            entry.changing = Some(Changing { kind, base, plan: Some(planned) });
        }
        cluster.push(ToCluster::Commit(Box::new(commit)));
    }

    /// What came of setting a room.
    pub(in crate::sessions) fn on_committed(&mut self, room: &RoomId, committed: Committed) {
        let Some(entry) = self.entry(room) else { return };
        match committed {
            Committed::Unavailable => {
                entry.is_doubtful = true;
                let entering = match &entry.changing {
                    Some(Changing { kind: ChangeKind::Request { from, .. }, plan: Some(plan), .. }) => {
                        Some(from.clone()).filter(|it| node_of(plan.next.as_ref(), it).is_some())
                    }
                    _ => None,
                };
                self.put_off(room);
                // Whoever was refused is not to be in it after all.
                let known = self.known_room(room);
                if let Some(peer) = entering.filter(|it| node_of(known.value.as_ref(), it).is_none()) {
                    self.change_room(room, ChangeKind::Leave { peer });
                }
            }
            Committed::Conflict(version) => {
                if let Some(cluster) = &mut self.cluster {
                    cluster.counts.n_conflicts += 1;
                }
                self.plan_anew(room, *version);
            }
            Committed::Done { number } => {
                let Some(Changing { kind, base, plan: Some(planned) }) = entry.changing.take() else { return };
                let missed = entry.version > 0 && entry.version < base.number;
                let is_overtaken = entry.version > number;
                if let Some(cluster) = &mut self.cluster {
                    cluster.counts.n_commits += 1;
                }
                if missed && !matches!(kind, ChangeKind::Refresh { .. }) {
                    self.catch_up(room, &base);
                }
                if is_overtaken {
                    // Whoever is here knows the newer version.
                    let mut planned = planned;
                    planned.deliveries.retain(|it| !it.is_implied);
                    self.conclude(room, kind, planned, true);
                    return self.next_change(room);
                }
                self.finish(room, kind, Some(number), planned);
            }
        }
    }

    /// The store does not answer: who asked is told so, and what has to be done is done when it does.
    fn put_off(&mut self, room: &RoomId) {
        let Some(entry) = self.entry(room) else { return };
        let Some(Changing { kind, .. }) = entry.changing.take() else { return };
        match kind {
            ChangeKind::Request { .. } => {
                self.refuse(room, kind);
                self.next_change(room);
            }
            ChangeKind::Adopt { .. } => {
                // It may have been done all the same.
                entry.waiting.push_back(ChangeKind::Refresh { lost: Lost::Rooms });
                entry.is_stalled = true;
                self.refuse(room, kind);
                self.refuse_waiting(room);
            }
            kind => {
                entry.waiting.push_front(kind);
                entry.is_stalled = true;
                self.refuse_waiting(room);
            }
        }
    }

    /// Requests behind a change that waits for the store do not wait with it.
    fn refuse_waiting(&mut self, room: &RoomId) {
        let Some(entry) = self.entry(room) else { return };
        let (asked, rest) = mem::take(&mut entry.waiting)
            .into_iter()
            .partition(|it| matches!(it, ChangeKind::Request { .. } | ChangeKind::Adopt { .. }));
        entry.waiting = rest;
        for kind in asked {
            self.refuse(room, kind);
        }
    }

    /// Answers what cannot be done without the store. Whoever leaves is told that it has left, and does when the store is back.
    fn refuse(&mut self, room: &RoomId, kind: ChangeKind) {
        let mut refused = Planned::default();
        let mut leaves = None;
        match &kind {
            ChangeKind::Adopt { returning, .. } => self.on_unavailable(*returning),
            ChangeKind::Request { from, request, .. } if matches!(**request, Request::Leave { .. }) => {
                refused.answer = Some(Ok(Reply::Left));
                leaves = Some(from.clone());
            }
            _ => {
                self.ledger.count(Reason::StoreUnavailable);
                refused.answer = Some(Err(Rejection::Busy));
            }
        }
        if let (Some(peer), Some(entry)) = (leaves, self.entry(room)) {
            entry.waiting.push_back(ChangeKind::Leave { peer });
        }
        self.conclude(room, kind, refused, false);
    }

    /// The change is decided. `number`: of the version that it made, if it made one.
    fn finish(&mut self, room: &RoomId, kind: ChangeKind, number: Option<u64>, mut planned: Planned) {
        if let Some(number) = number {
            self.put_version(room, Version { number, value: planned.next.take() });
        }
        self.conclude(room, kind, planned, number.is_some());
        self.next_change(room);
    }

    /// Tells everybody here what the change led to.
    fn conclude(&mut self, room: &RoomId, kind: ChangeKind, planned: Planned, is_done: bool) {
        let Planned { answer, deliveries, ended, .. } = planned;
        let (cause, adopted) = match kind {
            ChangeKind::Request { from, waiting, request_id, settled, .. } => {
                if let Some(answer) = answer {
                    self.answer_waiting(&from, waiting, &request_id, answer, settled);
                }
                (Some((from, waiting)), None)
            }
            ChangeKind::Adopt { returning, .. } => (None, Some(returning)),
            _ => (None, None),
        };
        let from = cause.as_ref().map(|it| &it.0);
        let n_bytes = deliveries.iter().map(|it| frame_bytes(&it.frame)).sum();
        for delivery in deliveries {
            self.send_here(delivery, from);
        }
        if let Some(from) = from {
            self.pay_for(from, n_bytes);
        }
        for peer in ended {
            self.end_removed(&peer);
        }
        if let Some((from, waiting)) = cause {
            self.end_waiting(&from, waiting);
        }
        if let Some(number) = adopted {
            self.on_adopted(number, room, is_done);
        }
    }

    pub(in crate::sessions) fn entry(&mut self, room: &RoomId) -> Option<&mut Entry> {
        self.cluster.as_mut()?.rooms.get_mut(room)
    }
}

/// Where everybody is.
pub(in crate::sessions) fn homes(room: Option<&SharedRoom>) -> &[(PeerId, Home)] {
    room.map(|it| &*it.homes).unwrap_or_default()
}

pub(in crate::sessions) fn node_of<'r>(room: Option<&'r SharedRoom>, peer: &PeerId) -> Option<&'r NodeId> {
    homes(room).iter().find(|it| it.0 == *peer)?.1.node.as_ref()
}
