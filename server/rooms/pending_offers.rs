//! PendingOffers: what one name says to another before that one can use it, kept until it can.
//!
//! **Invariants:** who wrote a pending_offer has its name still. Of two names that write to each other one is the first, and
//! nothing is kept for the second apart from the first. How much waits is bounded for each name.
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use super::{
    Event, Name, Notification, Outcome, Payload, PeerId, Rejection, Reply, Rooms, SignalKind, Timer, signals::sent,
    timers::TimerKind,
};

/// After an answer: for a page to have made use of it, and to have found its own ways. Candidates that come earlier are
/// thrown away by some pages.
const AFTER_ANSWER_DELAY: Duration = Duration::from_millis(300);

/// Between candidates. One is mostly enough to connect by, and a page that has to take in others just then may hear that it
/// can speak before it hears that it is connected, which some do not expect.
const CANDIDATE_INTERVAL: Duration = Duration::from_millis(100);

/// How long an offer waits for its answer, each time that it is made: a page that was about to offer itself gives that up
/// for the other's offer, and may give up with it what it has begun for this one. After the last it no longer stands in the
/// way of an offer that crosses it.
const RETRANSMIT_DELAYS: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(2), Duration::from_secs(4)];

/// The same the first time, where it is known that the other has offered itself.
const RETRANSMIT_ON_GLARE: Duration = Duration::from_millis(400);

/// PendingOffers that one name may have under way.
const PENDING_OFFERS_MAX: usize = 32;

/// Bytes that one pending_offer may keep, its answer's candidates included.
const PENDING_OFFER_BYTES_MAX: usize = 65_536;

/// All that is kept, by who offered and to whom.
#[derive(Debug, Default)]
pub(super) struct PendingOffers {
    by_names: BTreeMap<(Name, Name), PendingOffer>,
    /// The same names the other way round.
    by_second: BTreeSet<(Name, Name)>,
    n_timers: u64,
}

/// An offer, and what belongs to it.
#[derive(Debug)]
struct PendingOffer {
    /// Of the timer that counts; earlier ones are not heard.
    number: u64,
    stage: Stage,
    /// Kept as long as it may have to be delivered. `None`: it is too long for that, or answered.
    offer: Option<Payload<'static>>,
    /// Candidates of who made the offer.
    candidates_of_offerer: VecDeque<Payload<'static>>,
    /// Candidates of who answers it.
    candidates_of_answerer: VecDeque<Payload<'static>>,
    n_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody has the other name.
    Waiting,
    /// The other has heard the offer, and an offer of its own would be dropped.
    Offered {
        /// How often it was asked before.
        n_sent_before: usize,
        /// It has offered itself meanwhile. What it says until it answers belongs to that offer, which was dropped.
        has_glare: bool,
    },
    /// It has not answered for so long after that that an offer of its own stands.
    Lapsed,
    /// Its answer is on its way, and the candidates of both follow.
    Answered,
}

const OFFERED: Stage = Stage::Offered { n_sent_before: 0, has_glare: false };

impl Rooms {
    /// From one who has a name to whoever has the other.
    pub(super) fn signal_by_name<'a>(
        &mut self,
        from: &PeerId,
        to: &str,
        payload: Payload<'a>,
    ) -> Result<Outcome<'a>, Rejection> {
        let own = self.peers.get(from).and_then(|it| it.name.clone()).ok_or(Rejection::NoSuchName)?;
        let there = self.names.get_key_value(to).filter(|it| it.1 != from);
        if !self.policy.store_and_forward || own.as_str() == to {
            let (_, to) = there.ok_or(Rejection::NoSuchName)?;
            return Ok(sent(vec![signal_to(to, from, &own, payload)]));
        }
        let (other, there) = there.map_or_else(|| (Name::from(to), None), |(name, peer)| (name.clone(), Some(peer)));
        let pending_offers = &mut self.pending_offers;
        let (ours, theirs) = ((own.clone(), other.clone()), (other, own.clone()));
        match payload.kind {
            SignalKind::Offer => {
                let Some(to) = there else {
                    pending_offers.begin(ours, Stage::Waiting, &payload)?;
                    return Ok(Outcome::reply(Reply::Kept));
                };
                if let Some(timers) = pending_offers.on_glare(&theirs) {
                    return Ok(Outcome { timers, ..sent(Vec::new()) });
                }
                pending_offers.begin(ours.clone(), OFFERED, &payload)?;
                pending_offers.end(&theirs);
                let timers = pending_offers.set_timer(&ours, RETRANSMIT_DELAYS[0]).into_iter().collect();
                Ok(Outcome { timers, ..sent(vec![signal_to(to, from, &own, payload)]) })
            }
            SignalKind::Answer => {
                let to = there.ok_or(Rejection::NoSuchName)?;
                let timers = pending_offers.answer(&theirs).into_iter().collect();
                Ok(Outcome { timers, ..sent(vec![signal_to(to, from, &own, payload)]) })
            }
            SignalKind::Candidate if pending_offers.keep(&ours, &theirs, &payload)? => {
                Ok(Outcome::reply(if there.is_some() { Reply::Sent } else { Reply::Kept }))
            }
            SignalKind::Candidate | SignalKind::Opaque => {
                let to = there.ok_or(Rejection::NoSuchName)?;
                Ok(sent(vec![signal_to(to, from, &own, payload)]))
            }
        }
    }

    /// What was kept for a name that somebody has now.
    pub(super) fn deliver_pending_offers(&mut self, name: &Name) -> (Vec<Notification<'static>>, Vec<Timer>) {
        let mut outcome = (Vec::new(), Vec::new());
        let Some(to) = self.names.get(name) else { return outcome };
        for names in self.pending_offers.to(name) {
            let pending_offer = self.pending_offers.by_names.get_mut(&names).filter(|it| it.stage == Stage::Waiting);
            if let (Some(pending_offer), Some(from)) = (pending_offer, self.names.get(&names.0)) {
                pending_offer.stage = OFFERED;
                outcome.0.extend(pending_offer.offer.iter().map(|it| signal_to(to, from, &names.0, it.clone())));
                outcome.1.extend(self.pending_offers.set_timer(&names, RETRANSMIT_DELAYS[0]));
            }
        }
        outcome
    }

    /// Sees to what an timer was for, and says when to see to it again.
    pub(super) fn on_pending_offer_timer(
        &mut self,
        names: &(Name, Name),
        number: u64,
    ) -> (Vec<Notification<'static>>, Option<Timer>) {
        let nothing = (Vec::new(), None);
        let (first, second) = names;
        let pending_offer = self.pending_offers.by_names.get_mut(names).filter(|it| it.number == number);
        let (Some(pending_offer), Some(one), Some(other)) =
            (pending_offer, self.names.get(first), self.names.get(second))
        else {
            return nothing;
        };
        match &mut pending_offer.stage {
            Stage::Offered { n_sent_before, .. } => {
                *n_sent_before += 1;
                let Some(wait) = RETRANSMIT_DELAYS.get(*n_sent_before) else {
                    pending_offer.stage = Stage::Lapsed;
                    return nothing;
                };
                let notifications =
                    pending_offer.offer.iter().map(|it| signal_to(other, one, first, it.clone())).collect();
                (notifications, self.pending_offers.set_timer(names, *wait))
            }
            // The candidates of both, who can use them now.
            Stage::Answered => {
                let (candidates_of_offerer, candidates_of_answerer) =
                    (pending_offer.candidates_of_offerer.pop_front(), pending_offer.candidates_of_answerer.pop_front());
                pending_offer.n_bytes -=
                    candidates_of_offerer.iter().chain(&candidates_of_answerer).map(Payload::cost).sum::<usize>();
                let candidates_of_offerer = candidates_of_offerer.map(|it| signal_to(other, one, first, it));
                let candidates_of_answerer = candidates_of_answerer.map(|it| signal_to(one, other, second, it));
                let notifications: Vec<_> = candidates_of_offerer.into_iter().chain(candidates_of_answerer).collect();
                let next = if notifications.is_empty() {
                    None
                } else {
                    self.pending_offers.set_timer(names, CANDIDATE_INTERVAL)
                };
                if next.is_none() {
                    self.pending_offers.end(names);
                }
                (notifications, next)
            }
            Stage::Waiting | Stage::Lapsed => nothing,
        }
    }
}

impl PendingOffers {
    /// Nobody has this name any more: what it wrote ends, and what it was asked waits for whoever has it next.
    pub(super) fn forget(&mut self, name: &Name) {
        for names in self.of(name) {
            self.end(&names);
        }
        for names in self.to(name) {
            match self.by_names.get_mut(&names) {
                Some(pending_offer) if pending_offer.offer.is_some() => {
                    pending_offer.stage = Stage::Waiting;
                    pending_offer.n_bytes -=
                        pending_offer.candidates_of_answerer.drain(..).map(|it| it.cost()).sum::<usize>();
                }
                _ => drop(self.end(&names)),
            }
        }
    }

    /// One at a time for each pending_offer.
    fn set_timer(&mut self, names: &(Name, Name), after: Duration) -> Option<Timer> {
        let pending_offer = self.by_names.get_mut(names)?;
        self.n_timers += 1;
        pending_offer.number = self.n_timers;
        Some(Timer { after, about: TimerKind::PendingOffer { names: names.clone(), number: pending_offer.number } })
    }

    fn end(&mut self, names: &(Name, Name)) -> Option<PendingOffer> {
        self.by_second.remove(&(names.1.clone(), names.0.clone()));
        self.by_names.remove(names)
    }

    /// The names of all pending_offers that this one wrote.
    fn of(&self, name: &Name) -> Vec<(Name, Name)> {
        let from = (name.clone(), Name::from(""));
        self.by_names.range(from..).map(|it| it.0).take_while(|it| it.0 == *name).cloned().collect()
    }

    /// The names of all pending_offers that were written to this one.
    fn to(&self, name: &Name) -> Vec<(Name, Name)> {
        let from = (name.clone(), Name::from(""));
        let found = self.by_second.range(from..).take_while(|it| it.0 == *name);
        found.map(|(second, first)| (first.clone(), second.clone())).collect()
    }

    /// `None`: an offer the other way may be made. Else it comes too late, and how that may change.
    fn on_glare(&mut self, theirs: &(Name, Name)) -> Option<Vec<Timer>> {
        let pending_offer = self.by_names.get_mut(theirs)?;
        match &mut pending_offer.stage {
            Stage::Offered { has_glare: true, .. } => Some(Vec::new()),
            Stage::Offered { has_glare, .. } => {
                *has_glare = true;
                Some(self.set_timer(theirs, RETRANSMIT_ON_GLARE).into_iter().collect())
            }
            Stage::Waiting | Stage::Lapsed | Stage::Answered => None,
        }
    }

    /// A new offer takes the place of the one before.
    fn begin(&mut self, names: (Name, Name), stage: Stage, offer: &Payload<'_>) -> Result<(), Rejection> {
        let kept = Some(offer).filter(|it| it.cost() <= PENDING_OFFER_BYTES_MAX).map(|it| it.clone().kept());
        let is_new = !self.by_names.contains_key(&names);
        if kept.is_none() && stage == Stage::Waiting || is_new && self.of(&names.0).len() >= PENDING_OFFERS_MAX {
            return Err(Rejection::TooMuchKept);
        }
        let n_bytes = kept.as_ref().map_or(0, Payload::cost);
        let (candidates_of_offerer, candidates_of_answerer) = (VecDeque::new(), VecDeque::new());
        self.by_second.insert((names.1.clone(), names.0.clone()));
        self.by_names.insert(
            names,
            PendingOffer { number: 0, stage, offer: kept, candidates_of_offerer, candidates_of_answerer, n_bytes },
        );
        Ok(())
    }

    /// `None`: there is no offer to be answered.
    fn answer(&mut self, theirs: &(Name, Name)) -> Option<Timer> {
        let pending_offer = self.by_names.get_mut(theirs).filter(|it| it.stage != Stage::Answered)?;
        pending_offer.stage = Stage::Answered;
        pending_offer.n_bytes -= pending_offer.offer.take().as_ref().map_or(0, Payload::cost);
        self.set_timer(theirs, AFTER_ANSWER_DELAY)
    }

    /// `false`: it need not be kept. It is not passed on either where it belongs to an offer that was dropped.
    fn keep(&mut self, ours: &(Name, Name), theirs: &(Name, Name), candidate: &Payload<'_>) -> Result<bool, Rejection> {
        let is_ours = self.by_names.contains_key(ours);
        let Some(pending_offer) = self.by_names.get_mut(if is_ours { ours } else { theirs }) else { return Ok(false) };
        if !is_ours && matches!(pending_offer.stage, Stage::Offered { has_glare: true, .. }) {
            return Err(Rejection::Glare);
        }
        if pending_offer.n_bytes + candidate.cost() > PENDING_OFFER_BYTES_MAX {
            return Err(Rejection::TooMuchKept);
        }
        pending_offer.n_bytes += candidate.cost();
        let candidates =
            if is_ours { &mut pending_offer.candidates_of_offerer } else { &mut pending_offer.candidates_of_answerer };
        candidates.push_back(candidate.clone().kept());
        Ok(true)
    }

    #[cfg(test)]
    pub(super) fn assert_sound(&self, has: impl Fn(&Name) -> bool) {
        for ((first, second), pending_offer) in &self.by_names {
            assert!(has(first), "{first} is gone, and what it wrote is kept");
            assert!(self.by_second.contains(&(second.clone(), first.clone())), "{second} would not be asked");
            assert_eq!(pending_offer.stage != Stage::Waiting, has(second), "{second} is asked just when it is there");
            assert!(!self.by_names.contains_key(&(second.clone(), first.clone())) || !has(second), "both are first");
            let kept = pending_offer
                .offer
                .iter()
                .chain(&pending_offer.candidates_of_offerer)
                .chain(&pending_offer.candidates_of_answerer);
            assert_eq!(pending_offer.n_bytes, kept.map(Payload::cost).sum::<usize>());
            assert!(pending_offer.n_bytes <= PENDING_OFFER_BYTES_MAX && self.of(first).len() <= PENDING_OFFERS_MAX);
        }
        assert_eq!(self.by_names.len(), self.by_second.len());
    }
}

fn signal_to<'a>(to: &PeerId, from: &PeerId, name: &Name, payload: Payload<'a>) -> Notification<'a> {
    Notification { to: to.clone(), event: Event::Signal { from: from.clone(), name: Some(name.clone()), payload } }
}
