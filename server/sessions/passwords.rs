//! Wrong passwords: how often one address may try one room, or the server's own password, whatever connection it uses.
//!
//! **Invariant:** an address and what it tries are kept as long as their delay may still grow, and no longer; their number has a bound.
use std::{collections::HashMap, time::Duration};

use crate::{accounting::AddressKey, rooms::RoomId};

/// Wrong passwords without a delay. People mistype.
const FREE_ATTEMPTS: u32 = 5;

/// The delay after one more. Each further wrong password doubles it.
const FIRST_DELAY: Duration = Duration::from_secs(1);

/// The longest delay.
const DELAY_MAX: Duration = Duration::from_secs(60);

/// Without a wrong password for so long, an address begins anew.
const FORGET_AFTER: Duration = Duration::from_secs(600);

/// Addresses and rooms that are kept. Over it, the ones whose delay ends first are forgotten.
const KEPT_MAX: usize = 16_384;

/// What passwords are tried at: a room, or the server with `None`, where signed tokens count as well.
pub(super) type Door = Option<RoomId>;

#[derive(Debug, Default)]
pub(super) struct PasswordAttempts {
    by_address: HashMap<(AddressKey, Door), Attempts>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Attempts {
    n_wrong: u32,
    allowed_at: Duration,
    forget_at: Duration,
}

impl PasswordAttempts {
    /// May this address try a password there at `now`?
    pub(super) fn is_allowed(&self, address: AddressKey, door: Option<&RoomId>, now: Duration) -> bool {
        if self.by_address.is_empty() {
            return true;
        }
        let attempts = self.by_address.get(&(address, door.cloned()));
        attempts.is_none_or(|it| it.allowed_at <= now || it.forget_at <= now)
    }

    /// Takes down a wrong password. How many there were.
    pub(super) fn on_wrong(&mut self, address: AddressKey, door: Option<&RoomId>, now: Duration) -> u32 {
        if self.by_address.len() >= KEPT_MAX {
            self.by_address.retain(|_, it| it.forget_at > now);
            if self.by_address.len() >= KEPT_MAX {
                let mut ends: Vec<_> = self.by_address.values().map(|it| it.forget_at).collect();
                let middle = ends.len() / 2;
                let (_, median, _) = ends.select_nth_unstable(middle);
                let median = *median;
                self.by_address.retain(|_, it| it.forget_at > median);
            }
        }
        let attempts = self.by_address.entry((address, door.cloned())).or_default();
        if attempts.forget_at <= now {
            *attempts = Attempts::default();
        }
        attempts.n_wrong = attempts.n_wrong.saturating_add(1);
        let doublings = attempts.n_wrong.saturating_sub(FREE_ATTEMPTS + 1);
        let delay = if attempts.n_wrong <= FREE_ATTEMPTS {
            Duration::ZERO
        } else {
            FIRST_DELAY.saturating_mul(2_u32.saturating_pow(doublings.min(16))).min(DELAY_MAX)
        };
        attempts.allowed_at = now + delay;
        attempts.forget_at = now + FORGET_AFTER;
        attempts.n_wrong
    }
}

/// Whether the room's people are told of this many wrong passwords: at the first delay, and whenever they have doubled.
pub(super) fn is_alarming(n_wrong: u32) -> bool {
    n_wrong >= FREE_ATTEMPTS && n_wrong.is_multiple_of(FREE_ATTEMPTS) && (n_wrong / FREE_ATTEMPTS).is_power_of_two()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn address(n: u32) -> AddressKey {
        AddressKey::from(IpAddr::from(n.to_be_bytes()))
    }

    #[test]
    fn the_delay_grows_for_one_address_and_one_room_alone() {
        let mut attempts = PasswordAttempts::default();
        let (room, other) = (RoomId::from("r"), RoomId::from("o"));
        let (room, other) = (Some(&room), Some(&other));
        let mut now = Duration::ZERO;
        for _ in 0..FREE_ATTEMPTS {
            assert!(attempts.is_allowed(address(1), room, now));
            attempts.on_wrong(address(1), room, now);
        }
        let mut delays = Vec::new();
        for _ in 0..9 {
            assert!(attempts.is_allowed(address(1), room, now));
            attempts.on_wrong(address(1), room, now);
            assert!(attempts.is_allowed(address(2), room, now) && attempts.is_allowed(address(1), other, now));
            assert!(attempts.is_allowed(address(1), None, now), "the server's own is another door");
            let began = now;
            while !attempts.is_allowed(address(1), room, now) {
                now += Duration::from_secs(1);
            }
            delays.push((now - began).as_secs());
        }
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        now += FORGET_AFTER;
        assert_eq!(attempts.on_wrong(address(1), room, now), 1);
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let (mut attempts, room) = (PasswordAttempts::default(), RoomId::from("r"));
        let room = Some(&room);
        for n in 0..100_000 {
            attempts.on_wrong(address(n), room, Duration::from_millis(u64::from(n)));
            assert!(attempts.by_address.len() <= KEPT_MAX);
        }
    }

    #[test]
    fn people_are_told_ever_less_often() {
        let told: Vec<_> = (0..100).filter(|it| is_alarming(*it)).collect();
        assert_eq!(told, [5, 10, 20, 40, 80]);
    }
}
