//! Whom a signal reaches: never anyone outside the rooms that its sender is in, unless by a name.
use super::{Address, Event, Notification, Outcome, Payload, PeerId, Rejection, Reply, Rooms, SignalKind};

impl Rooms {
    pub(super) fn signal<'a>(
        &mut self,
        from: &PeerId,
        to: Address<'_>,
        payload: Payload<'a>,
    ) -> Result<Outcome<'a>, Rejection> {
        match to {
            Address::Member { room, peer } => {
                let room = self.rooms.get(&*room).ok_or(Rejection::NoSuchRoom)?;
                let to = room.member(&peer).filter(|it| *it != from && room.has(from)).ok_or(Rejection::NotAMember)?;
                Ok(sent(vec![signal_to(to, from, payload)]))
            }
            Address::Peer(peer) => {
                let to =
                    self.room_of(from)?.member(&peer).filter(|it| *it != from).ok_or(Rejection::NotAMember)?.clone();
                self.pass(from, &[to], payload)
            }
            Address::Broadcast => {
                let to: Vec<_> = self.room_of(from)?.others(from).cloned().collect();
                self.pass(from, &to, payload)
            }
            Address::Named(name) => self.signal_by_name(from, &name, payload),
        }
    }

    /// On to members of the sender's own room, as the policy are.
    fn pass<'a>(&mut self, from: &PeerId, to: &[PeerId], payload: Payload<'a>) -> Result<Outcome<'a>, Rejection> {
        let (policy, kind) = (self.policy, payload.kind);
        if !(policy.resolve_glare || policy.merge_duplicate_joins) || kind == SignalKind::Opaque {
            return Ok(sent(to.iter().map(|it| signal_to(it, from, payload.clone())).collect()));
        }
        let (_, id) =
            self.peers.get(from).and_then(|it| it.memberships.last_key_value()).ok_or(Rejection::NotAMember)?;
        let room = self.rooms.get_mut(id).ok_or(Rejection::NoSuchRoom)?;
        if policy.resolve_glare && kind != SignalKind::Answer && room.negotiations.is_offered(from) {
            return Err(Rejection::Glare);
        }
        let mut to = to.to_vec();
        let timers = if policy.resolve_glare { room.on_signal(id, from, &mut to, &payload) } else { Vec::new() };
        let before = room.before(from).filter(|_| policy.merge_duplicate_joins).cloned();
        let mut notifications = Vec::with_capacity(to.len());
        for to in &to {
            let speaker = room.negotiations.speaker(from, before.as_ref(), to, kind);
            room.negotiations.record(&speaker, to, kind);
            notifications.push(signal_to(to, &speaker, payload.clone()));
        }
        Ok(Outcome { timers, ..sent(notifications) })
    }
}

pub(super) fn signal_to<'a>(to: &PeerId, from: &PeerId, payload: Payload<'a>) -> Notification<'a> {
    Notification { to: to.clone(), event: Event::Signal { from: from.clone(), name: None, payload } }
}

pub(super) fn sent(notifications: Vec<Notification<'_>>) -> Outcome<'_> {
    Outcome::new(Reply::Sent, notifications)
}
