//! Letters: what one name says to another before that one can use it, kept until it can.
//!
//! **Invariants:** who wrote a letter has its name still. Of two names that write to each other one is the first, and
//! nothing is kept for the second apart from the first. How much waits is bounded for each name.
use std::{
    collections::{BTreeMap, BTreeSet},
    mem::size_of,
    time::Duration,
};

use super::{Event, Name, Notice, Outcome, Part, Payload, PeerId, Refusal, Reply, Rooms, signals::sent};

/// After an answer: for a page to have made use of it, and to have found its own ways. Candidates that come earlier are
/// thrown away by some pages.
const SETTLING: Duration = Duration::from_millis(300);

/// An offer that is not answered for so long after another has crossed it no longer stands in the way.
const PATIENCE: Duration = Duration::from_secs(10);

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
    n_made: u64,
}

/// An offer, and what belongs to it.
#[derive(Debug)]
struct Letter {
    /// So that no alarm is taken for another's.
    number: u64,
    stage: Stage,
    /// Kept as long as it may have to be delivered. `None`: it is too long for that, or answered.
    offer: Option<Payload<'static>>,
    /// Candidates of who made the offer.
    of_first: Vec<Payload<'static>>,
    /// Candidates of who answers it.
    of_second: Vec<Payload<'static>>,
    n_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody has the other name.
    Waiting,
    /// The other has heard the offer, and an offer of its own would be dropped.
    Asked,
    /// It has offered itself meanwhile. What it says until it answers belongs to that offer, which was dropped.
    Crossed,
    /// It has not answered for so long after that that an offer of its own stands.
    Lapsed,
    /// Its answer is on its way, and the candidates of both follow.
    Answered,
}

/// Something to be seen to after a while: the rules have no clock.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// From now on.
    pub after: Duration,
    names: (Name, Name),
    number: u64,
}

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
                letters.begin(ours, Stage::Asked, &payload)?;
                letters.end(&theirs);
                Ok(sent(vec![said(to, from, &own, payload)]))
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
    pub(super) fn hand_over(&mut self, name: &Name) -> Vec<Notice<'static>> {
        let Some(to) = self.names.get(name) else { return Vec::new() };
        let mut notices = Vec::new();
        for names in self.letters.to(name) {
            let letter = self.letters.by_names.get_mut(&names).filter(|it| it.stage == Stage::Waiting);
            if let (Some(letter), Some(from)) = (letter, self.names.get(&names.0)) {
                letter.stage = Stage::Asked;
                notices.extend(letter.offer.iter().map(|it| said(to, from, &names.0, it.clone())));
            }
        }
        notices
    }

    /// Sees to what an alarm was for. What has changed since then has one of its own.
    pub fn ring(&mut self, alarm: &Alarm) -> Vec<Notice<'static>> {
        let letter = self.letters.by_names.get_mut(&alarm.names).filter(|it| it.number == alarm.number);
        match letter.map(|it| &mut it.stage) {
            Some(stage @ Stage::Crossed) => *stage = Stage::Lapsed,
            Some(Stage::Answered) => return self.deliver(&alarm.names),
            Some(Stage::Waiting | Stage::Asked | Stage::Lapsed) | None => (),
        }
        Vec::new()
    }

    /// The candidates of both, who can use them now.
    fn deliver(&mut self, names: &(Name, Name)) -> Vec<Notice<'static>> {
        let (first, second) = names;
        let (Some(letter), Some(one), Some(other)) =
            (self.letters.end(names), self.names.get(first), self.names.get(second))
        else {
            return Vec::new();
        };
        let of_first = letter.of_first.into_iter().map(|it| said(other, one, first, it));
        of_first.chain(letter.of_second.into_iter().map(|it| said(one, other, second, it))).collect()
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
                    letter.n_bytes -= letter.of_second.drain(..).map(|it| cost(&it)).sum::<usize>();
                }
                _ => drop(self.end(&names)),
            }
        }
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
        match letter.stage {
            Stage::Asked => {
                letter.stage = Stage::Crossed;
                Some(vec![letter.alarm(theirs, PATIENCE)])
            }
            Stage::Crossed => Some(Vec::new()),
            Stage::Waiting | Stage::Lapsed | Stage::Answered => None,
        }
    }

    /// A new offer takes the place of the one before.
    fn begin(&mut self, names: (Name, Name), stage: Stage, offer: &Payload<'_>) -> Result<(), Refusal> {
        let kept = Some(offer).filter(|it| cost(it) <= LETTER_BYTES_MAX).map(|it| it.clone().kept());
        let is_new = !self.by_names.contains_key(&names);
        if kept.is_none() && stage == Stage::Waiting || is_new && self.of(&names.0).len() >= LETTERS_MAX {
            return Err(Refusal::TooMuchKept);
        }
        self.n_made += 1;
        let n_bytes = kept.as_ref().map_or(0, cost);
        let (number, of_first, of_second) = (self.n_made, Vec::new(), Vec::new());
        self.by_second.insert((names.1.clone(), names.0.clone()));
        self.by_names.insert(names, Letter { number, stage, offer: kept, of_first, of_second, n_bytes });
        Ok(())
    }

    /// `None`: there is no offer to be answered.
    fn answer(&mut self, theirs: &(Name, Name)) -> Option<Alarm> {
        let letter = self.by_names.get_mut(theirs).filter(|it| it.stage != Stage::Answered)?;
        letter.stage = Stage::Answered;
        letter.n_bytes -= letter.offer.take().as_ref().map_or(0, cost);
        Some(letter.alarm(theirs, SETTLING))
    }

    /// `false`: it need not be kept. It is not passed on either where it belongs to an offer that was dropped.
    fn keep(&mut self, ours: &(Name, Name), theirs: &(Name, Name), candidate: &Payload<'_>) -> Result<bool, Refusal> {
        let is_ours = self.by_names.contains_key(ours);
        let Some(letter) = self.by_names.get_mut(if is_ours { ours } else { theirs }) else { return Ok(false) };
        if !is_ours && letter.stage == Stage::Crossed {
            return Err(Refusal::OfferCrossed);
        }
        if letter.n_bytes + cost(candidate) > LETTER_BYTES_MAX {
            return Err(Refusal::TooMuchKept);
        }
        letter.n_bytes += cost(candidate);
        let candidates = if is_ours { &mut letter.of_first } else { &mut letter.of_second };
        candidates.push(candidate.clone().kept());
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
            assert_eq!(letter.n_bytes, kept.map(cost).sum::<usize>());
            assert!(letter.n_bytes <= LETTER_BYTES_MAX && self.of(first).len() <= LETTERS_MAX);
        }
        assert_eq!(self.by_names.len(), self.by_second.len());
    }
}

impl Letter {
    fn alarm(&self, names: &(Name, Name), after: Duration) -> Alarm {
        Alarm { after, names: names.clone(), number: self.number }
    }
}

fn said<'a>(to: &PeerId, from: &PeerId, name: &Name, payload: Payload<'a>) -> Notice<'a> {
    Notice { to: to.clone(), event: Event::Signal { from: from.clone(), name: Some(name.clone()), payload } }
}

/// What it costs to keep something.
fn cost(it: &Payload<'_>) -> usize {
    it.n_bytes() + size_of::<Payload<'static>>()
}
