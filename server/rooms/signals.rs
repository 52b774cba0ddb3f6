//! Whom a signal reaches: never anyone outside the rooms that its sender is in, unless by a name.
use super::{Address, Event, Notice, Outcome, Part, Payload, PeerId, Refusal, Reply, Rooms};

impl Rooms {
    pub(super) fn signal<'a>(
        &mut self,
        from: &PeerId,
        to: Address<'_>,
        payload: Payload<'a>,
    ) -> Result<Outcome<'a>, Refusal> {
        match to {
            Address::Member { room, peer } => {
                let room = self.rooms.get(&*room).ok_or(Refusal::NoSuchRoom)?;
                let to = room.member(&peer).filter(|it| *it != from && room.has(from)).ok_or(Refusal::NotAMember)?;
                Ok(sent(vec![said(to, from, payload)]))
            }
            Address::Mate(peer) => {
                let to = self.room_of(from)?.member(&peer).filter(|it| *it != from).ok_or(Refusal::NotAMember)?.clone();
                self.pass(from, &[to], payload)
            }
            Address::Mates => {
                let to: Vec<_> = self.room_of(from)?.others(from).cloned().collect();
                self.pass(from, &to, payload)
            }
            Address::Named(name) => self.write(from, &name, payload),
        }
    }

    /// On to members of the sender's own room, as the customs are.
    fn pass<'a>(&mut self, from: &PeerId, to: &[PeerId], payload: Payload<'a>) -> Result<Outcome<'a>, Refusal> {
        let (customs, part) = (self.customs, payload.part);
        if !(customs.first_offer_stands || customs.joins_twins) || part == Part::Opaque {
            return Ok(sent(to.iter().map(|it| said(it, from, payload.clone())).collect()));
        }
        let (_, id) = self.peers.get(from).and_then(|it| it.seats.last_key_value()).ok_or(Refusal::NotAMember)?;
        let room = self.rooms.get_mut(id).ok_or(Refusal::NoSuchRoom)?;
        if customs.first_offer_stands && part != Part::Answer && room.talks.is_asked(from) {
            return Err(Refusal::OfferCrossed);
        }
        let mut to = to.to_vec();
        let alarms = if customs.first_offer_stands { room.stand(id, from, &mut to, &payload) } else { Vec::new() };
        let before = room.before(from).filter(|_| customs.joins_twins).cloned();
        let mut notices = Vec::with_capacity(to.len());
        for to in &to {
            let speaker = room.talks.speaker(from, before.as_ref(), to, part);
            room.talks.note(&speaker, to, part);
            notices.push(said(to, &speaker, payload.clone()));
        }
        Ok(Outcome { alarms, ..sent(notices) })
    }
}

pub(super) fn said<'a>(to: &PeerId, from: &PeerId, payload: Payload<'a>) -> Notice<'a> {
    Notice { to: to.clone(), event: Event::Signal { from: from.clone(), name: None, payload } }
}

pub(super) fn sent(notices: Vec<Notice<'_>>) -> Outcome<'_> {
    Outcome::new(Reply::Sent, notices)
}
