//! Letters: what one name says to another before that one can use it, kept until it can.
//!
//! **Invariants:** who wrote a letter has its name still. Of two names that write to each other one is the first, and
//! nothing is kept for the second apart from the first. How much waits is bounded for each name.
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use super::{
    Alarm, Event, Name, Notice, Outcome, Part, Payload, PeerId, Refusal, Reply, Rooms, alarms::About, signals::sent,
};

/// After an answer: for a page to have made use of it, and to have found its own ways. Candidates that come earlier are
/// thrown away by some pages.
const SETTLING: Duration = Duration::from_millis(300);

/// Between candidates. One is mostly enough to connect by, and a page that has to take in others just then may hear that it
/// can speak before it hears that it is connected, which some do not expect.
const SPACING: Duration = Duration::from_millis(100);

/// How long an offer waits for its answer, each time that it is made: a page that was about to offer itself gives that up
/// for the other's offer, and may give up with it what it has begun for this one. After the last it no longer stands in the
/// way of an offer that crosses it.
const AGAIN: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(2), Duration::from_secs(4)];

/// The same the first time, where it is known that the other has offered itself.
const AGAIN_WHEN_CROSSED: Duration = Duration::from_millis(400);

/// Letters that one name may have under way.
const LETTERS_MAX: usize = 32;

/// Bytes that one letter may keep, its answer's candidates included.
const LETTER_BYTES_MAX: usize = 65_536;

/// All that is kept, by who offered and to whom.
#[derive(Debug, Default)]
pub(super) struct Letters {
    by_names: BTreeMap<(Name, Name), Letter>,
    /// The same names the other way round.
    by_second: BTreeSet<(Name, Name)>,
    n_alarms: u64,
}

/// An offer, and what belongs to it.
#[derive(Debug)]
struct Letter {
    /// Of the alarm that counts; earlier ones are not heard.
    number: u64,
    stage: Stage,
    /// Kept as long as it may have to be delivered. `None`: it is too long for that, or answered.
    offer: Option<Payload<'static>>,
    /// Candidates of who made the offer.
    of_first: VecDeque<Payload<'static>>,
    /// Candidates of who answers it.
    of_second: VecDeque<Payload<'static>>,
    n_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody has the other name.
    Waiting,
    /// The other has heard the offer, and an offer of its own would be dropped.
    Asked {
        /// How often it was asked before.
        n_before: usize,
        /// It has offered itself meanwhile. What it says until it answers belongs to that offer, which was dropped.
        is_crossed: bool,
    },
    /// It has not answered for so long after that that an offer of its own stands.
    Lapsed,
    /// Its answer is on its way, and the candidates of both follow.
    Answered,
}

const ASKED: Stage = Stage::Asked { n_before: 0, is_crossed: false };

impl Rooms {
    /// From one who has a name to whoever has the other.
    pub(super) fn write<'a>(&mut self, from: &PeerId, to: &str, payload: Payload<'a>) -> Result<Outcome<'a>, Refusal> {
        let own = self.peers.get(from).and_then(|it| it.name.clone()).ok_or(Refusal::NoSuchName)?;
        let there = self.names.get_key_value(to).filter(|it| it.1 != from);
        if !self.customs.keeps_letters || own.as_str() == to {
            let (_, to) = there.ok_or(Refusal::NoSuchName)?;
            return Ok(sent(vec![said(to, from, &own, payload)]));
        }
        let (other, there) = there.map_or_else(|| (Name::from(to), None), |(name, peer)| (name.clone(), Some(peer)));
        let letters = &mut self.letters;
        let (ours, theirs) = ((own.clone(), other.clone()), (other, own.clone()));
        match payload.part {
            Part::Offer => {
                let Some(to) = there else {
                    letters.begin(ours, Stage::Waiting, &payload)?;
                    return Ok(Outcome::reply(Reply::Kept));
                };
                if let Some(alarms) = letters.cross(&theirs) {
                    return Ok(Outcome { alarms, ..sent(Vec::new()) });
                }
                letters.begin(ours.clone(), ASKED, &payload)?;
                letters.end(&theirs);
                let alarms = letters.set_alarm(&ours, AGAIN[0]).into_iter().collect();
                Ok(Outcome { alarms, ..sent(vec![said(to, from, &own, payload)]) })
            }
            Part::Answer => {
                let to = there.ok_or(Refusal::NoSuchName)?;
                let alarms = letters.answer(&theirs).into_iter().collect();
                Ok(Outcome { alarms, ..sent(vec![said(to, from, &own, payload)]) })
            }
            Part::Candidate if letters.keep(&ours, &theirs, &payload)? => {
                Ok(Outcome::reply(if there.is_some() { Reply::Sent } else { Reply::Kept }))
            }
            Part::Candidate | Part::Opaque => {
                let to = there.ok_or(Refusal::NoSuchName)?;
                Ok(sent(vec![said(to, from, &own, payload)]))
            }
        }
    }

    /// What was kept for a name that somebody has now.
    pub(super) fn hand_over(&mut self, name: &Name) -> (Vec<Notice<'static>>, Vec<Alarm>) {
        let mut outcome = (Vec::new(), Vec::new());
        let Some(to) = self.names.get(name) else { return outcome };
        for names in self.letters.to(name) {
            let letter = self.letters.by_names.get_mut(&names).filter(|it| it.stage == Stage::Waiting);
            if let (Some(letter), Some(from)) = (letter, self.names.get(&names.0)) {
                letter.stage = ASKED;
                outcome.0.extend(letter.offer.iter().map(|it| said(to, from, &names.0, it.clone())));
                outcome.1.extend(self.letters.set_alarm(&names, AGAIN[0]));
            }
        }
        outcome
    }

    /// Sees to what an alarm was for, and says when to see to it again.
    pub(super) fn see_to_letter(&mut self, names: &(Name, Name), number: u64) -> (Vec<Notice<'static>>, Option<Alarm>) {
        let nothing = (Vec::new(), None);
        let (first, second) = names;
        let letter = self.letters.by_names.get_mut(names).filter(|it| it.number == number);
        let (Some(letter), Some(one), Some(other)) = (letter, self.names.get(first), self.names.get(second)) else {
            return nothing;
        };
        match &mut letter.stage {
            Stage::Asked { n_before, .. } => {
                *n_before += 1;
                let Some(wait) = AGAIN.get(*n_before) else {
                    letter.stage = Stage::Lapsed;
                    return nothing;
                };
                let notices = letter.offer.iter().map(|it| said(other, one, first, it.clone())).collect();
                (notices, self.letters.set_alarm(names, *wait))
            }
            // The candidates of both, who can use them now.
            Stage::Answered => {
                let (of_first, of_second) = (letter.of_first.pop_front(), letter.of_second.pop_front());
                letter.n_bytes -= of_first.iter().chain(&of_second).map(Payload::cost).sum::<usize>();
                let of_first = of_first.map(|it| said(other, one, first, it));
                let of_second = of_second.map(|it| said(one, other, second, it));
                let notices: Vec<_> = of_first.into_iter().chain(of_second).collect();
                let next = if notices.is_empty() { None } else { self.letters.set_alarm(names, SPACING) };
                if next.is_none() {
                    self.letters.end(names);
                }
                (notices, next)
            }
            Stage::Waiting | Stage::Lapsed => nothing,
        }
    }
}

impl Letters {
    /// Nobody has this name any more: what it wrote ends, and what it was asked waits for whoever has it next.
    pub(super) fn forget(&mut self, name: &Name) {
        for names in self.of(name) {
            self.end(&names);
        }
        for names in self.to(name) {
            match self.by_names.get_mut(&names) {
                Some(letter) if letter.offer.is_some() => {
                    letter.stage = Stage::Waiting;
                    letter.n_bytes -= letter.of_second.drain(..).map(|it| it.cost()).sum::<usize>();
                }
                _ => drop(self.end(&names)),
            }
        }
    }

    /// One at a time for each letter.
    fn set_alarm(&mut self, names: &(Name, Name), after: Duration) -> Option<Alarm> {
        let letter = self.by_names.get_mut(names)?;
        self.n_alarms += 1;
        letter.number = self.n_alarms;
        Some(Alarm { after, about: About::Letter { names: names.clone(), number: letter.number } })
    }

    fn end(&mut self, names: &(Name, Name)) -> Option<Letter> {
        self.by_second.remove(&(names.1.clone(), names.0.clone()));
        self.by_names.remove(names)
    }

    /// The names of all letters that this one wrote.
    fn of(&self, name: &Name) -> Vec<(Name, Name)> {
        let from = (name.clone(), Name::from(""));
        self.by_names.range(from..).map(|it| it.0).take_while(|it| it.0 == *name).cloned().collect()
    }

    /// The names of all letters that were written to this one.
    fn to(&self, name: &Name) -> Vec<(Name, Name)> {
        let from = (name.clone(), Name::from(""));
        let found = self.by_second.range(from..).take_while(|it| it.0 == *name);
        found.map(|(second, first)| (first.clone(), second.clone())).collect()
    }

    /// `None`: an offer the other way may be made. Else it comes too late, and how that may change.
    fn cross(&mut self, theirs: &(Name, Name)) -> Option<Vec<Alarm>> {
        let letter = self.by_names.get_mut(theirs)?;
        match &mut letter.stage {
            Stage::Asked { is_crossed: true, .. } => Some(Vec::new()),
            Stage::Asked { is_crossed, .. } => {
                *is_crossed = true;
                Some(self.set_alarm(theirs, AGAIN_WHEN_CROSSED).into_iter().collect())
            }
            Stage::Waiting | Stage::Lapsed | Stage::Answered => None,
        }
    }

    /// A new offer takes the place of the one before.
    fn begin(&mut self, names: (Name, Name), stage: Stage, offer: &Payload<'_>) -> Result<(), Refusal> {
        let kept = Some(offer).filter(|it| it.cost() <= LETTER_BYTES_MAX).map(|it| it.clone().kept());
        let is_new = !self.by_names.contains_key(&names);
        if kept.is_none() && stage == Stage::Waiting || is_new && self.of(&names.0).len() >= LETTERS_MAX {
            return Err(Refusal::TooMuchKept);
        }
        let n_bytes = kept.as_ref().map_or(0, Payload::cost);
        let (of_first, of_second) = (VecDeque::new(), VecDeque::new());
        self.by_second.insert((names.1.clone(), names.0.clone()));
        self.by_names.insert(names, Letter { number: 0, stage, offer: kept, of_first, of_second, n_bytes });
        Ok(())
    }

    /// `None`: there is no offer to be answered.
    fn answer(&mut self, theirs: &(Name, Name)) -> Option<Alarm> {
        let letter = self.by_names.get_mut(theirs).filter(|it| it.stage != Stage::Answered)?;
        letter.stage = Stage::Answered;
        letter.n_bytes -= letter.offer.take().as_ref().map_or(0, Payload::cost);
        self.set_alarm(theirs, SETTLING)
    }

    /// `false`: it need not be kept. It is not passed on either where it belongs to an offer that was dropped.
    fn keep(&mut self, ours: &(Name, Name), theirs: &(Name, Name), candidate: &Payload<'_>) -> Result<bool, Refusal> {
        let is_ours = self.by_names.contains_key(ours);
        let Some(letter) = self.by_names.get_mut(if is_ours { ours } else { theirs }) else { return Ok(false) };
        if !is_ours && matches!(letter.stage, Stage::Asked { is_crossed: true, .. }) {
            return Err(Refusal::OfferCrossed);
        }
        if letter.n_bytes + candidate.cost() > LETTER_BYTES_MAX {
            return Err(Refusal::TooMuchKept);
        }
        letter.n_bytes += candidate.cost();
        let candidates = if is_ours { &mut letter.of_first } else { &mut letter.of_second };
        candidates.push_back(candidate.clone().kept());
        Ok(true)
    }

    #[cfg(test)]
    pub(super) fn assert_sound(&self, has: impl Fn(&Name) -> bool) {
        for ((first, second), letter) in &self.by_names {
            assert!(has(first), "{first} is gone, and what it wrote is kept");
            assert!(self.by_second.contains(&(second.clone(), first.clone())), "{second} would not be asked");
            assert_eq!(letter.stage != Stage::Waiting, has(second), "{second} is asked just when it is there");
            assert!(!self.by_names.contains_key(&(second.clone(), first.clone())) || !has(second), "both are first");
            let kept = letter.offer.iter().chain(&letter.of_first).chain(&letter.of_second);
            assert_eq!(letter.n_bytes, kept.map(Payload::cost).sum::<usize>());
            assert!(letter.n_bytes <= LETTER_BYTES_MAX && self.of(first).len() <= LETTERS_MAX);
        }
        assert_eq!(self.by_names.len(), self.by_second.len());
    }
}

fn said<'a>(to: &PeerId, from: &PeerId, name: &Name, payload: Payload<'a>) -> Notice<'a> {
    Notice { to: to.clone(), event: Event::Signal { from: from.clone(), name: Some(name.clone()), payload } }
}
