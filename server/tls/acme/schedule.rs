//! When to ask an authority for what: the time at which it would like a certificate to be renewed (ARI, RFC 9773), and the
//! certificate.
//!
//! **Invariants:** pure; time and chance come in as arguments. Less than five orders an hour fail, which is what Let's Encrypt
//! allows an account for one name, unless an operator asks for more.
use std::time::{Duration, SystemTime};

use crate::tls::x509::Life;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// What Let's Encrypt calls short-lived, and has renewed at half of its life.
const SHORT_LIFE: Duration = Duration::from_hours(10 * 24);

/// Waits after the first failure, the second and so on; the last one goes on. Up to a quarter is added by chance, so that those
/// who failed together do not come back together.
const WAITS: [Duration; 7] = [
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(2),
    Duration::from_hours(4),
    Duration::from_hours(6),
];

/// Without a word of the authority, the window is asked for again after so long.
const ASK_AGAIN: Duration = Duration::from_hours(6);

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Ask when the certificate should be renewed.
    AskWindow,
    /// Order one.
    Order,
    /// Nothing for so long.
    Wait(Duration),
}

/// When the authority would like a certificate to be renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) begins: SystemTime,
    pub(super) ends: SystemTime,
}

/// What is known of the certificate in use and of the orders for another.
#[derive(Debug)]
pub(super) struct Schedule {
    /// `None`: there is none for what is set.
    life: Option<Life>,
    /// From 0 to 1: at which part of a window it is renewed, chosen once for each certificate (RFC 9773, section 4.2).
    chance: f64,
    window: Option<Window>,
    ask_at: SystemTime,
    n_failed: u32,
    /// No order before it.
    not_before: SystemTime,
}

impl Schedule {
    pub(super) fn new(life: Option<Life>, chance: f64) -> Schedule {
        let epoch = SystemTime::UNIX_EPOCH;
        Schedule { life, chance, window: None, ask_at: epoch, n_failed: 0, not_before: epoch }
    }

    pub(super) fn next(&self, now: SystemTime) -> Next {
        if self.life.is_some() && self.ask_at <= now {
            return Next::AskWindow;
        }
        let due = self.renewal().unwrap_or(now).max(self.not_before);
        if due <= now {
            return Next::Order;
        }
        let at = if self.life.is_some() { due.min(self.ask_at) } else { due };
        Next::Wait(at.duration_since(now).unwrap_or_default())
    }

    /// When the certificate in use is to be renewed: within the authority's window, or else after two thirds of its life, and
    /// half of a short one.
    pub(super) fn renewal(&self) -> Option<SystemTime> {
        let life = self.life?;
        if let Some(Window { begins, ends }) = self.window {
            return Some(begins + ends.duration_since(begins).unwrap_or_default().mul_f64(self.chance));
        }
        let whole = life.whole();
        let part = if whole <= SHORT_LIFE { whole / 2 } else { whole / 3 * 2 };
        Some(life.begins + part + (whole / 30).mul_f64(self.chance))
    }

    /// What the authority answered, and when it wants to be asked again, if it did.
    pub(super) fn answered(&mut self, now: SystemTime, answer: Option<(Window, Duration)>) {
        let again = answer.map_or(ASK_AGAIN, |it| it.1.clamp(MINUTE, DAY));
        self.ask_at = now + again;
        // An old one is better than none, and a window that ends before it begins is none.
        self.window = answer.map(|it| it.0).filter(|it| it.begins <= it.ends).or(self.window);
    }

    /// A new certificate is in use.
    pub(super) fn obtained(&mut self, now: SystemTime, life: Life, chance: f64) {
        *self = Schedule::new(Some(life), chance);
        // A clock that is wrong, or an authority that wants each one renewed at once, is not to become a flood of orders.
        self.not_before = now + (life.whole() / 4).min(ASK_AGAIN);
    }

    /// How long the next order is waited with. `retry_after`: what the authority said about that.
    pub(super) fn failed(&mut self, now: SystemTime, retry_after: Option<Duration>, chance: f64) -> Duration {
        let wait = WAITS[(self.n_failed as usize).min(WAITS.len() - 1)];
        let wait = (wait + (wait / 4).mul_f64(chance)).max(retry_after.unwrap_or_default().min(DAY));
        self.n_failed += 1;
        self.not_before = now + wait;
        wait
    }

    /// An operator does not want to wait: what is due is done now.
    pub(super) fn hurry(&mut self) {
        (self.ask_at, self.not_before) = (SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH);
    }

    /// Orders that failed since the last one that did not.
    pub(super) fn n_failed(&self) -> u32 {
        self.n_failed
    }

    /// Whether the authority tells when it wants certificates to be renewed.
    pub(super) fn has_window(&self) -> bool {
        self.window.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(days: f64) -> SystemTime {
        SystemTime::UNIX_EPOCH + DAY.mul_f64(days)
    }

    fn life(begins: f64, ends: f64) -> Life {
        Life { begins: at(begins), ends: at(ends) }
    }

    /// One of which the authority has been asked already.
    fn schedule(life: Life, chance: f64) -> Schedule {
        let mut schedule = Schedule::new(Some(life), chance);
        schedule.answered(life.begins, None);
        schedule
    }

    #[test]
    fn a_certificate_is_renewed_in_the_last_third_of_its_life_and_a_short_one_after_half() {
        for (days, chance, renewed) in
            [(90.0, 0.0, 60.0), (90.0, 1.0, 63.0), (45.0, 0.0, 30.0), (6.0, 0.0, 3.0), (6.0, 1.0, 3.2)]
        {
            let renewal = schedule(life(100.0, 100.0 + days), chance).renewal().unwrap();
            assert_eq!(renewal, at(100.0 + renewed), "{days} {chance}");
        }
        let mut it = schedule(life(0.0, 90.0), 0.0);
        it.answered(at(59.9), None);
        assert_eq!(it.next(at(59.9)), Next::Wait(at(60.0).duration_since(at(59.9)).unwrap()));
        assert_eq!(it.next(at(60.0)), Next::Order);
        assert_eq!(Schedule::new(None, 0.5).next(at(1.0)), Next::Order, "there is none");
    }

    #[test]
    fn the_authoritys_window_goes_before_that() {
        let mut it = Schedule::new(Some(life(0.0, 90.0)), 0.25);
        assert_eq!(it.next(at(1.0)), Next::AskWindow);
        it.answered(at(1.0), Some((Window { begins: at(50.0), ends: at(54.0) }, HOUR)));
        assert_eq!((it.renewal(), it.next(at(1.0))), (Some(at(51.0)), Next::Wait(HOUR)));
        assert_eq!(it.next(at(1.0) + HOUR), Next::AskWindow);
        // It may change its mind, as when it has to revoke what it issued: a window that is past means now.
        it.answered(at(2.0), Some((Window { begins: at(0.5), ends: at(1.0) }, Duration::ZERO)));
        assert_eq!(it.next(at(2.0)), Next::Order);
        // Where it does not answer, or nonsense, what it said before goes on.
        it.answered(at(2.0), None);
        it.answered(at(2.0), Some((Window { begins: at(9.0), ends: at(8.0) }, HOUR)));
        assert_eq!(it.renewal(), Some(at(0.625)));
        // It is neither asked all the time nor never again.
        it.answered(at(3.0), Some((Window { begins: at(50.0), ends: at(50.0) }, Duration::ZERO)));
        assert_eq!(it.next(at(3.0)), Next::Wait(MINUTE));
        it.answered(at(3.0), Some((Window { begins: at(50.0), ends: at(50.0) }, DAY * 30)));
        assert_eq!(it.next(at(3.0)), Next::Wait(DAY));
    }

    #[test]
    fn less_than_five_orders_fail_in_any_hour() {
        let mut it = Schedule::new(None, 0.0);
        let mut tries = vec![at(1.0)];
        for _ in 0..20 {
            let now = *tries.last().unwrap();
            assert_eq!(it.next(now), Next::Order);
            let wait = it.failed(now, None, 0.0);
            assert_eq!(it.next(now), Next::Wait(wait));
            tries.push(now + wait);
        }
        for first in &tries {
            let n_in_an_hour = tries.iter().filter(|it| *first <= **it && **it < *first + HOUR).count();
            assert!(n_in_an_hour < 5, "{n_in_an_hour}");
        }
        let last = tries[20].duration_since(tries[19]).unwrap();
        assert_eq!(last, HOUR * 6, "a short-lived certificate is tried for many times before it ends");
        assert_eq!(it.n_failed(), 20);
    }

    #[test]
    fn an_authority_that_wants_more_time_gets_it_and_an_operator_does_not_wait() {
        let mut it = Schedule::new(None, 0.0);
        assert_eq!(it.failed(at(1.0), Some(HOUR * 3), 1.0), HOUR * 3);
        assert_eq!(it.failed(at(1.0), Some(MINUTE), 1.0), MINUTE * 15 * 5 / 4);
        assert_eq!(it.failed(at(1.0), Some(DAY * 365), 0.0), DAY);
        it.hurry();
        assert_eq!(it.next(at(1.0)), Next::Order);
        it.obtained(at(1.0), life(1.0, 91.0), 0.0);
        assert_eq!((it.n_failed(), it.next(at(1.0))), (0, Next::AskWindow));
    }

    #[test]
    fn what_has_just_been_renewed_is_not_renewed_again_at_once() {
        let mut it = Schedule::new(None, 0.0);
        it.obtained(at(200.0), life(0.0, 90.0), 0.0);
        it.answered(at(200.0), None);
        assert_eq!(it.next(at(200.0)), Next::Wait(HOUR * 6), "the clock is wrong");
        it.obtained(at(0.0), life(0.0, 90.0), 0.0);
        it.answered(at(0.0), Some((Window { begins: at(0.0), ends: at(0.0) }, DAY)));
        assert_eq!(it.next(at(0.0)), Next::Wait(HOUR * 6), "the authority wants all of them renewed");
    }
}
