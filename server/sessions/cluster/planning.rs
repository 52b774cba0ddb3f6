//! What a change of a shared room leads to, decided on one version of it.
use super::{
    Delivery, Home, NodeId, SharedRoom, Version,
    changes::{ChangeKind, Planned, homes, node_of},
};
use crate::{
    rooms::{Change, Event, Notification, Outcome, PeerId, RoomId},
    sessions::{commands::now_ms, state::State},
};

impl State {
    /// What the change leads to. Nothing is different afterwards but what `kind` remembers.
    pub(super) fn plan(&mut self, room: &RoomId, base: &Version, kind: &mut ChangeKind) -> Planned {
        let change = match kind {
            ChangeKind::Request { from, request, .. } => {
                Change::Request { from: from.clone(), request: request.clone() }
            }
            ChangeKind::Leave { peer } => {
                let own = self.cluster.as_ref().map(|it| &it.own);
                let node = node_of(base.value.as_ref(), peer);
                if node.is_some() && node != own {
                    // Its client has come to another node.
                    return Planned { next: base.value.clone(), ..Planned::default() };
                }
                Change::Leave { peer: peer.clone() }
            }
            ChangeKind::YieldHost { peer } => Change::YieldHost { peer: peer.clone() },
            ChangeKind::Close => Change::Close,
            ChangeKind::NodeGone { node } => return plan_node_gone(base, node),
            ChangeKind::GraceOver { peer, mark } => {
                let is_away = |it: &&(PeerId, Home)| it.0 == *peer && it.1.node.is_none() && it.1.mark == *mark;
                if homes(base.value.as_ref()).iter().find(is_away).is_none() {
                    return Planned { next: base.value.clone(), ..Planned::default() };
                }
                Change::Leave { peer: peer.clone() }
            }
            ChangeKind::Adopt { peer, returning } => return self.plan_adoption(room, base, &peer.clone(), *returning),
            ChangeKind::Refresh { lost } => return self.plan_refresh(room, base, *lost),
        };
        self.plan_of(room, base, change)
    }

    /// What a change of the rules leads to.
    pub(in crate::sessions) fn plan_of(&mut self, room: &RoomId, base: &Version, change: Change) -> Planned {
        let Some((at, own)) = self.cluster.as_ref().map(|it| (it.realm.at, it.own.clone())) else {
            return Planned::default();
        };
        let is_request = matches!(change, Change::Request { .. });
        let there = &mut self.realms[at];
        there.rooms.set_time(now_ms());
        let plan = there.rooms.plan(room, base.value.as_ref().map(|it| it.room.clone()), change);
        let answer = match plan.answer {
            Err(rejection) => {
                let answer = is_request.then_some(Err(rejection));
                return Planned { next: base.value.clone(), answer, ..Planned::default() };
            }
            Ok(answer) => answer,
        };
        let Outcome { reply, notifications, .. } = answer;
        let before = homes(base.value.as_ref());
        let home_of = |peer: &PeerId| {
            let known = before.iter().find(|it| it.0 == *peer).map(|it| it.1.clone());
            let returns = self.sessions.get(peer).and_then(|it| it.lasting.as_ref()).is_some_and(|it| it.can_move());
            known.unwrap_or(Home { node: Some(own.clone()), returns, mark: 0 })
        };
        let next = plan.room.map(|room| {
            let knocking = room.moderation.iter().flat_map(|it| &it.knocking).map(|it| &it.peer);
            let homes = room.members().iter().chain(knocking).map(|it| (it.clone(), home_of(it))).collect();
            SharedRoom { room, homes }
        });
        let deliveries = self.deliveries(notifications);
        Planned { next, answer: is_request.then_some(Ok(reply)), deliveries, ended: Vec::new() }
    }

    /// Encodes what peers are told.
    pub(in crate::sessions) fn deliveries(&self, notifications: Vec<Notification<'_>>) -> Vec<Delivery> {
        let Some(cluster) = &self.cluster else { return Vec::new() };
        let encode = |Notification { to, event }: Notification<'_>| {
            let is_implied =
                matches!(event, Event::PeerJoined { .. } | Event::PeerLeft { .. } | Event::HostChanged { .. });
            let frame = cluster.realm.protocol.encode_event(event)?;
            Some(Delivery { to, frame, is_implied })
        };
        notifications.into_iter().filter_map(encode).collect()
    }
}

/// Nobody leaves by it: whoever is there after all is put back by its node.
fn plan_node_gone(base: &Version, node: &NodeId) -> Planned {
    let mut next = base.value.clone();
    for (_, home) in next.iter_mut().flat_map(|it| &mut it.homes).filter(|it| it.1.node.as_ref() == Some(node)) {
        home.node = None;
        home.mark = base.number;
    }
    Planned { next, ..Planned::default() }
}
