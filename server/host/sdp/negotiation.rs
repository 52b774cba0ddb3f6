//! Who offers when. The host offers, one offer after the other; a page of ours may offer too when the network is another, or
//! when what it has asked for does not come. Of two offers that cross, the host's gives way.

use std::time::{Duration, Instant};

/// A signal that has not been answered by then is lost.
const OVERDUE: Duration = Duration::from_secs(8);

/// What is to be offered waits so long for what else belongs into the same offer: descriptions cost a page more than packets
/// do.
const GATHER: Duration = Duration::from_millis(40);
/// And so long while others arrive, as all do at once when a server was started anew, or while a guest in the call has not
/// yet asked for all that is announced.
const GATHER_MAX: Duration = Duration::from_millis(600);

/// Rounds begin below this.
const ROUNDS: u32 = 1_000_000;

/// An offer of ours that is out.
#[derive(Clone, Copy, Debug)]
struct Offering {
    since: Instant,
    restart: bool,
}

/// The state of one connection's negotiation. Rounds count up with every offer, whoever makes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Negotiation {
    round: u64,
    /// The last offer of the guest that was taken.
    accepted: u64,
    offering: Option<Offering>,
    /// Since when an offer is needed, and when to see next whether it is to be made.
    gathering: Option<(Instant, Instant)>,
    /// An offer is needed whether or not anything has changed: the guest has asked for one.
    asked: bool,
    /// The offer that is needed looks for another way through the network.
    restart: bool,
    /// The guest has answered before.
    met: bool,
}

impl Negotiation {
    /// Rounds of a connection begin somewhere else than those of the one before it, so that an answer to an offer of that
    /// one, which comes late, is not taken for one to an offer of this.
    pub(crate) fn beginning_at(seed: u32) -> Self {
        Self { round: u64::from(seed % ROUNDS), ..Self::default() }
    }

    /// An offer is to be made even if nothing has changed.
    pub(crate) fn ask(&mut self) {
        self.asked = true;
    }

    /// The same for a page of ours, which puts what it has into its answer where an offer is out.
    pub(crate) fn ask_unless_offering(&mut self) {
        self.asked |= self.offering.is_none();
    }

    /// Another way through the network is to be looked for.
    pub(crate) fn restart(&mut self) {
        self.restart = self.met;
    }

    pub(crate) fn has_met(&self) -> bool {
        self.met
    }

    /// Whether there is something to be offered.
    pub(crate) fn needs_offer(&self, changed: bool) -> bool {
        changed || self.asked || self.restart || !self.met
    }

    /// Begins an offer, if one is needed, has waited for enough, and none is out: its round, and whether it restarts.
    /// `crowded`: more is about to belong into the same offer.
    pub(crate) fn begin(&mut self, changed: bool, crowded: bool, now: Instant) -> Option<(u64, bool)> {
        if !self.needs_offer(changed) {
            self.gathering = None;
            return None;
        }
        let (since, _) = self.gathering.unwrap_or((now, now));
        let urgent = self.restart || !self.met;
        let wait = if crowded { GATHER_MAX } else { GATHER };
        if self.offering.is_none() && (urgent || now >= since + wait) {
            return Some(self.offer(now));
        }
        let next = if crowded { now } else { since } + GATHER;
        self.gathering = Some((since, next.min(since + GATHER_MAX)));
        None
    }

    fn offer(&mut self, now: Instant) -> (u64, bool) {
        self.round += 1;
        self.asked = false;
        self.gathering = None;
        let restart = std::mem::take(&mut self.restart);
        self.offering = Some(Offering { since: now, restart });
        (self.round, restart)
    }

    /// An offer has been out for too long, and is made once more.
    pub(crate) fn overdue(&mut self, now: Instant) {
        if self.met && self.overdue_at().is_some_and(|at| at <= now) {
            self.offering = None;
            self.asked = true;
        }
    }

    /// When [`Negotiation::begin`] is to be called again.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let gathered = self.gathering.filter(|_| self.offering.is_none()).map(|(_, next)| next);
        [gathered, self.overdue_at()].into_iter().flatten().min()
    }

    fn overdue_at(&self) -> Option<Instant> {
        self.offering.filter(|_| self.met).map(|it| it.since + OVERDUE)
    }

    /// Whether an answer is one to the offer that is out. Original pages say no round.
    pub(crate) fn answer(&mut self, round: Option<u64>) -> bool {
        let fits = self.offering.is_some() && round.is_none_or(|it| it == self.round);
        if fits {
            self.offering = None;
            self.met = true;
        }
        fits
    }

    /// Whether an offer of the guest's is to be taken, which is then the last one. An offer of ours that is out gives way
    /// and is made once more. `restarts`: theirs looks for another way already.
    pub(crate) fn offered(&mut self, round: Option<u64>, restarts: bool) -> bool {
        let Some(round) = round.filter(|_| self.met) else { return false };
        let last = if self.offering.is_some() { self.accepted } else { self.round };
        if round <= last {
            return false;
        }
        if let Some(ours) = self.offering.take() {
            self.asked = true;
            self.restart |= ours.restart;
        }
        self.restart &= !restarts;
        self.round = self.round.max(round);
        self.accepted = round;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_offer_at_a_time_and_again_when_it_is_lost() {
        let start = Instant::now();
        let mut negotiation = Negotiation::default();
        assert_eq!(negotiation.begin(false, false, start), Some((1, false)));
        assert_eq!(negotiation.begin(true, false, start), None);
        assert!(!negotiation.answer(Some(7)) && negotiation.answer(Some(1)) && !negotiation.answer(Some(1)));
        assert_eq!(negotiation.begin(false, false, start), None);
        negotiation.restart();
        assert_eq!(negotiation.begin(false, false, start), Some((2, true)));
        negotiation.overdue(start + OVERDUE / 2);
        assert_eq!(negotiation.begin(false, false, start), None);
        negotiation.overdue(start + OVERDUE);
        assert_eq!(negotiation.begin(false, false, start + OVERDUE), None);
        assert_eq!(negotiation.begin(false, false, start + OVERDUE + GATHER), Some((3, false)));
        // An original page's answer says no round.
        assert!(negotiation.answer(None));
    }

    #[test]
    fn an_answer_from_the_connection_before_is_none() {
        let start = Instant::now();
        let [mut before, mut now] = [7, 8].map(Negotiation::beginning_at);
        let (late, _) = before.begin(false, false, start).expect("an offer");
        now.begin(false, false, start);
        assert!(!now.answer(Some(late)) && now.answer(Some(late + 1)));
    }

    #[test]
    fn an_offer_of_the_guest_s_makes_ours_give_way() {
        let start = Instant::now();
        let mut negotiation = Negotiation::default();
        // Before it has answered it has nothing to offer.
        assert!(!negotiation.offered(Some(1), false));
        negotiation.begin(false, false, start);
        negotiation.answer(Some(1));
        assert!(!negotiation.offered(None, false) && !negotiation.offered(Some(1), false));
        assert_eq!(negotiation.begin(true, false, start), None);
        assert_eq!(negotiation.begin(true, false, start + GATHER), Some((2, false)));
        assert!(negotiation.offered(Some(2), false));
        // What ours was for is offered again.
        assert_eq!(negotiation.begin(false, false, start + GATHER), None);
        assert_eq!(negotiation.begin(false, false, start + GATHER * 2), Some((3, false)));
        assert!(!negotiation.answer(Some(2)) && negotiation.answer(Some(3)));
    }

    #[test]
    fn another_way_is_looked_for_still_where_the_guest_s_offer_looks_for_none() {
        let start = Instant::now();
        let met = || {
            let mut negotiation = Negotiation::default();
            negotiation.begin(false, false, start);
            negotiation.answer(Some(1));
            negotiation.restart();
            assert_eq!(negotiation.begin(false, false, start), Some((2, true)));
            negotiation
        };
        let mut negotiation = met();
        assert!(negotiation.offered(Some(2), false));
        assert_eq!(negotiation.begin(false, false, start), Some((3, true)));
        let mut negotiation = met();
        assert!(negotiation.offered(Some(2), true));
        assert_eq!(negotiation.begin(false, false, start), None);
        assert_eq!(negotiation.begin(false, false, start + GATHER), Some((3, false)));
    }

    #[test]
    fn an_offer_waits_for_what_else_belongs_into_it() {
        let start = Instant::now();
        let mut negotiation = Negotiation::default();
        negotiation.begin(false, false, start);
        negotiation.answer(Some(1));
        assert_eq!(negotiation.next_timeout(), None);
        assert_eq!(negotiation.begin(true, true, start), None);
        assert_eq!(negotiation.next_timeout(), Some(start + GATHER));
        let later = start + GATHER * 3;
        assert_eq!(negotiation.begin(true, true, later), None);
        assert_eq!(negotiation.next_timeout(), Some(later + GATHER), "others arrive still");
        let mut alone = negotiation.clone();
        assert_eq!(alone.begin(true, false, later), Some((2, false)), "all are there");
        assert_eq!(alone.next_timeout(), Some(later + OVERDUE));
        assert_eq!(negotiation.begin(true, true, start + GATHER_MAX), Some((2, false)), "no longer than that");
        negotiation.answer(Some(2));
        negotiation.begin(true, false, later);
        assert_eq!(negotiation.begin(false, false, later), None);
        assert_eq!(negotiation.next_timeout(), None, "it is needed no more");
    }

    #[test]
    fn a_page_of_ours_that_asks_across_an_offer_is_answered_by_it() {
        let start = Instant::now();
        let mut negotiation = Negotiation::default();
        negotiation.begin(false, false, start);
        negotiation.ask_unless_offering();
        negotiation.answer(Some(1));
        assert_eq!(negotiation.begin(false, false, start + GATHER), None);
        assert_eq!(negotiation.next_timeout(), None);
        negotiation.ask_unless_offering();
        negotiation.begin(false, false, start);
        assert_eq!(negotiation.begin(false, false, start + GATHER), Some((2, false)));
    }
}
