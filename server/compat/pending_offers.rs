//! Store and forward between names: an offer waits until somebody has the name that it is for and answers it, and candidates
//! wait until the receiver can use them.
//!
//! **Invariants:** whoever made a pending offer still has its name. Of two names that signal to each other one is the offerer,
//! and nothing is kept for the other way round. How much is kept is bounded for each name.
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use p2pchat_rooms::{
    Compat, Name, NamedSignal, Names, Notification, Outcome, Payload, PeerId, Rejection, Reply, RoomId, SignalKind,
    Timer, TimerKind, signal_to,
};

/// After an answer: for the page to have applied it and gathered candidates of its own. Some pages throw away candidates
/// that come earlier.
const AFTER_ANSWER_DELAY: Duration = Duration::from_millis(300);

/// Between candidates. One is mostly enough to connect by, and a page that has to apply others just then may learn that its
/// channel is open before it learns that it is connected, which some do not expect.
const CANDIDATE_INTERVAL: Duration = Duration::from_millis(100);

/// How long an offer waits for its answer each time that it is sent: a page that was about to offer itself gives that up for
/// the other's offer, and may give up with it what it has begun for this one. After the last it no longer stands in the way of
/// an offer that crosses it.
const RETRANSMIT_DELAYS: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(2), Duration::from_secs(4)];

/// The same the first time, where it is known that the other has made an offer itself.
const RETRANSMIT_ON_GLARE: Duration = Duration::from_millis(400);

/// Offers that one name may have pending.
const PENDING_OFFERS_MAX: usize = 32;

/// Bytes that one pending offer may keep, its answer's candidates included.
const PENDING_OFFER_BYTES_MAX: usize = 65_536;

/// For WebRTC-Chat, whose pages offer nothing twice and throw away candidates for which they are not ready.
#[derive(Debug, Default)]
pub struct PendingOffers {
    /// By offerer and answerer.
    offers: BTreeMap<(Name, Name), PendingOffer>,
    /// The same names the other way round.
    by_answerer: BTreeSet<(Name, Name)>,
    n_timers: u64,
}

/// An offer, and what belongs to it.
#[derive(Debug)]
struct PendingOffer {
    /// Of the timer that counts; earlier ones do nothing.
    timer: u64,
    stage: Stage,
    /// Kept as long as it may have to be sent. `None`: it is too long for that, or answered.
    description: Option<Payload<'static>>,
    candidates_of_offerer: VecDeque<Payload<'static>>,
    candidates_of_answerer: VecDeque<Payload<'static>>,
    n_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody has the answerer's name.
    Waiting,
    /// The answerer has received the offer, and an offer of its own would be dropped.
    Offered {
        /// How often it was sent before.
        n_sent_before: usize,
        /// The answerer has made an offer meanwhile. What it says until it answers belongs to that offer, which was dropped.
        has_glare: bool,
    },
    /// It has not answered for so long after that that an offer of its own is passed on.
    Lapsed,
    /// Its answer is on its way, and the candidates of both follow.
    Answered,
}

const OFFERED: Stage = Stage::Offered { n_sent_before: 0, has_glare: false };

impl Compat for PendingOffers {
    fn on_named_signal<'a>(&mut self, signal: NamedSignal<'_, 'a>) -> Result<Outcome<'a>, Rejection> {
        let (own, other) = (signal.from.1.clone(), Name::from(signal.to));
        let (ours, theirs) = ((own.clone(), other.clone()), (other, own));
        let mut timer = None;
        match signal.payload.kind {
            SignalKind::Offer if signal.owner.is_none() => {
                self.keep_offer(ours, Stage::Waiting, &signal.payload)?;
                return Ok(Outcome::reply(Reply::Kept));
            }
            SignalKind::Offer => {
                if let Some(timers) = self.on_glare(&theirs) {
                    return Ok(Outcome { reply: Reply::Sent, notifications: Vec::new(), timers });
                }
                self.keep_offer(ours.clone(), OFFERED, &signal.payload)?;
                self.remove(&theirs);
                timer = self.start_timer(&ours, RETRANSMIT_DELAYS[0]);
            }
            SignalKind::Answer if signal.owner.is_some() => timer = self.on_answer(&theirs),
            SignalKind::Candidate if self.keep_candidate(&ours, &theirs, &signal.payload)? => {
                return Ok(Outcome::reply(if signal.owner.is_some() { Reply::Sent } else { Reply::Kept }));
            }
            SignalKind::Answer | SignalKind::Candidate | SignalKind::Opaque => (),
        }
        Ok(Outcome { timers: timer.into_iter().collect(), ..signal.deliver()? })
    }

    fn on_name_taken(&mut self, name: &Name, names: &Names) -> (Vec<Notification<'static>>, Vec<Timer>) {
        let mut taken = (Vec::new(), Vec::new());
        let Some(to) = names.owner(name.as_str()) else { return taken };
        for pair in self.received_by(name) {
            let offer = self.offers.get_mut(&pair).filter(|it| it.stage == Stage::Waiting);
            if let (Some(offer), Some(from)) = (offer, names.owner(pair.0.as_str())) {
                offer.stage = OFFERED;
                taken.0.extend(offer.description.iter().map(|it| signal_to(to, from, Some(&pair.0), it.clone())));
                taken.1.extend(self.start_timer(&pair, RETRANSMIT_DELAYS[0]));
            }
        }
        taken
    }

    /// What it offered ends, and what it was offered waits for whoever has the name next.
    fn on_name_freed(&mut self, name: &Name) {
        for pair in self.made_by(name) {
            self.remove(&pair);
        }
        for pair in self.received_by(name) {
            match self.offers.get_mut(&pair) {
                Some(offer) if offer.description.is_some() => {
                    offer.stage = Stage::Waiting;
                    offer.n_bytes -= offer.candidates_of_answerer.drain(..).map(|it| it.cost()).sum::<usize>();
                }
                _ => self.remove(&pair),
            }
        }
    }

    fn on_timer(&mut self, timer: &TimerKind, names: &Names) -> (Vec<Notification<'static>>, Option<Timer>) {
        let TimerKind::PendingOffer { names: pair, number } = timer else { return (Vec::new(), None) };
        let (offerer, answerer) = pair;
        let offer = self.offers.get_mut(pair).filter(|it| it.timer == *number);
        let (Some(offer), Some(one), Some(other)) =
            (offer, names.owner(offerer.as_str()), names.owner(answerer.as_str()))
        else {
            return (Vec::new(), None);
        };
        match &mut offer.stage {
            Stage::Offered { n_sent_before, .. } => {
                *n_sent_before += 1;
                let Some(wait) = RETRANSMIT_DELAYS.get(*n_sent_before) else {
                    offer.stage = Stage::Lapsed;
                    return (Vec::new(), None);
                };
                let again = offer.description.iter().map(|it| signal_to(other, one, Some(offerer), it.clone()));
                (again.collect(), self.start_timer(pair, *wait))
            }
            // The candidates of both, who can use them now.
            Stage::Answered => {
                let (ours, theirs) =
                    (offer.candidates_of_offerer.pop_front(), offer.candidates_of_answerer.pop_front());
                offer.n_bytes -= ours.iter().chain(&theirs).map(Payload::cost).sum::<usize>();
                let ours = ours.map(|it| signal_to(other, one, Some(offerer), it));
                let theirs = theirs.map(|it| signal_to(one, other, Some(answerer), it));
                let notifications: Vec<_> = ours.into_iter().chain(theirs).collect();
                let next = if notifications.is_empty() { None } else { self.start_timer(pair, CANDIDATE_INTERVAL) };
                if next.is_none() {
                    self.remove(pair);
                }
                (notifications, next)
            }
            Stage::Waiting | Stage::Lapsed => (Vec::new(), None),
        }
    }

    fn kept_bytes(&self, _: &PeerId, _: Option<&RoomId>, name: Option<&Name>) -> usize {
        let made = name.map(|it| self.made_by(it)).unwrap_or_default();
        made.iter().filter_map(|it| self.offers.get(it)).map(|it| it.n_bytes).sum()
    }

    #[cfg(test)]
    fn assert_sound(&self, _: &dyn Fn(&RoomId, &PeerId) -> bool, names: &Names) {
        let has = |it: &Name| names.owner(it.as_str()).is_some();
        for ((offerer, answerer), offer) in &self.offers {
            assert!(has(offerer), "{offerer} is gone, and what it offered is kept");
            assert!(self.by_answerer.contains(&(answerer.clone(), offerer.clone())), "{answerer} would not receive it");
            assert_eq!(offer.stage != Stage::Waiting, has(answerer), "{answerer} has the offer just when it is there");
            let reverse = self.offers.contains_key(&(answerer.clone(), offerer.clone()));
            assert!(!reverse || !has(answerer), "both are the offerer");
            let kept =
                offer.description.iter().chain(&offer.candidates_of_offerer).chain(&offer.candidates_of_answerer);
            assert_eq!(offer.n_bytes, kept.map(Payload::cost).sum::<usize>());
            assert!(offer.n_bytes <= PENDING_OFFER_BYTES_MAX && self.made_by(offerer).len() <= PENDING_OFFERS_MAX);
        }
        assert_eq!(self.offers.len(), self.by_answerer.len());
    }
}

impl PendingOffers {
    /// One timer at a time for each offer.
    fn start_timer(&mut self, names: &(Name, Name), after: Duration) -> Option<Timer> {
        let offer = self.offers.get_mut(names)?;
        self.n_timers += 1;
        offer.timer = self.n_timers;
        Some(Timer { after, kind: TimerKind::PendingOffer { names: names.clone(), number: offer.timer } })
    }

    fn remove(&mut self, names: &(Name, Name)) {
        self.by_answerer.remove(&(names.1.clone(), names.0.clone()));
        self.offers.remove(names);
    }

    fn made_by(&self, name: &Name) -> Vec<(Name, Name)> {
        let from = (name.clone(), Name::from(""));
        self.offers.range(from..).map(|it| it.0).take_while(|it| it.0 == *name).cloned().collect()
    }

    fn received_by(&self, name: &Name) -> Vec<(Name, Name)> {
        let from = (name.clone(), Name::from(""));
        let found = self.by_answerer.range(from..).take_while(|it| it.0 == *name);
        found.map(|(answerer, offerer)| (offerer.clone(), answerer.clone())).collect()
    }

    /// `None`: an offer the other way may be made. Otherwise it comes too late, and these timers are to be started.
    fn on_glare(&mut self, theirs: &(Name, Name)) -> Option<Vec<Timer>> {
        let offer = self.offers.get_mut(theirs)?;
        match &mut offer.stage {
            Stage::Offered { has_glare: true, .. } => Some(Vec::new()),
            Stage::Offered { has_glare, .. } => {
                *has_glare = true;
                Some(self.start_timer(theirs, RETRANSMIT_ON_GLARE).into_iter().collect())
            }
            Stage::Waiting | Stage::Lapsed | Stage::Answered => None,
        }
    }

    /// A new offer takes the place of the one before.
    fn keep_offer(&mut self, names: (Name, Name), stage: Stage, offer: &Payload<'_>) -> Result<(), Rejection> {
        let kept = Some(offer).filter(|it| it.cost() <= PENDING_OFFER_BYTES_MAX).map(|it| it.clone().kept());
        let is_new = !self.offers.contains_key(&names);
        if kept.is_none() && stage == Stage::Waiting || is_new && self.made_by(&names.0).len() >= PENDING_OFFERS_MAX {
            return Err(Rejection::TooMuchKept);
        }
        self.by_answerer.insert((names.1.clone(), names.0.clone()));
        self.offers.insert(
            names,
            PendingOffer {
                timer: 0,
                stage,
                n_bytes: kept.as_ref().map_or(0, Payload::cost),
                description: kept,
                candidates_of_offerer: VecDeque::new(),
                candidates_of_answerer: VecDeque::new(),
            },
        );
        Ok(())
    }

    /// `None`: there is no offer to be answered.
    fn on_answer(&mut self, theirs: &(Name, Name)) -> Option<Timer> {
        let offer = self.offers.get_mut(theirs).filter(|it| it.stage != Stage::Answered)?;
        offer.stage = Stage::Answered;
        offer.n_bytes -= offer.description.take().as_ref().map_or(0, Payload::cost);
        self.start_timer(theirs, AFTER_ANSWER_DELAY)
    }

    /// `false`: it need not be kept. It is not passed on either where it belongs to an offer that was dropped.
    fn keep_candidate(
        &mut self,
        ours: &(Name, Name),
        theirs: &(Name, Name),
        candidate: &Payload<'_>,
    ) -> Result<bool, Rejection> {
        let is_ours = self.offers.contains_key(ours);
        let Some(offer) = self.offers.get_mut(if is_ours { ours } else { theirs }) else { return Ok(false) };
        if !is_ours && matches!(offer.stage, Stage::Offered { has_glare: true, .. }) {
            return Err(Rejection::Glare);
        }
        if offer.n_bytes + candidate.cost() > PENDING_OFFER_BYTES_MAX {
            return Err(Rejection::TooMuchKept);
        }
        offer.n_bytes += candidate.cost();
        let candidates = if is_ours { &mut offer.candidates_of_offerer } else { &mut offer.candidates_of_answerer };
        candidates.push_back(candidate.clone().kept());
        Ok(true)
    }
}
