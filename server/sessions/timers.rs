//! Every timer of the sessions, in one queue.
//!
//! **Invariant:** a thing has one timer at a time, so that the queue is never longer than the list of things that wait.
use std::collections::{BTreeMap, HashMap};

use tokio::time::Instant;

use super::Realm;
use crate::rooms::{Name, PeerId, RoomId, Timer, TimerKind};

/// What is due.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// A timer of the rules.
    Rooms { realm: Realm, timer: Timer },
    /// The time for a sign of life from the holders of what this peer wants.
    Takeover { asker: PeerId, number: u64 },
    /// The end of a session whose connection, with this number, broke.
    Grace { peer: PeerId, number: u64 },
    /// The end of a membership whose node is gone.
    NodeGrace { room: RoomId, peer: PeerId, mark: u64 },
    /// The time for another node to take in a session that it was given.
    Adoption { peer: PeerId },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    PendingOffer(usize, Name, Name),
    RoomOffer(usize, RoomId, PeerId),
    Linger(usize, RoomId),
    Takeover(PeerId),
    Grace(PeerId),
    NodeGrace(RoomId, PeerId, u64),
    Adoption(PeerId),
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    by_deadline: BTreeMap<(Instant, u64), (Key, Due)>,
    by_key: HashMap<Key, (Instant, u64)>,
    n_made: u64,
}

impl Timers {
    /// Starts a timer, in place of an earlier one for the same thing.
    pub(super) fn start(&mut self, at: Instant, due: Due) {
        let key = key(&due);
        if let Some(place) = self.by_key.get(&key) {
            // Whatever a room's offer waits for, the earliest moment counts.
            if matches!(key, Key::RoomOffer(..)) && place.0 <= at && self.is_for_same_join(place, &due) {
                return;
            }
            self.by_deadline.remove(place);
        }
        self.n_made += 1;
        self.by_key.insert(key.clone(), (at, self.n_made));
        self.by_deadline.insert((at, self.n_made), (key, due));
    }

    /// Starts a timer, unless there is an earlier one for the same thing.
    pub(super) fn start_once(&mut self, at: Instant, due: Due) {
        if !self.by_key.contains_key(&key(&due)) {
            self.start(at, due);
        }
    }

    /// A session is not away any more.
    pub(super) fn stop_grace(&mut self, peer: &PeerId) {
        if let Some(place) = self.by_key.remove(&Key::Grace(peer.clone())) {
            self.by_deadline.remove(&place);
        }
    }

    /// The next thing that is due at `now`.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<Due> {
        let entry = self.by_deadline.first_entry().filter(|it| it.key().0 <= now)?;
        let (key, due) = entry.remove();
        self.by_key.remove(&key);
        Some(due)
    }

    /// When the next thing is due.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.by_deadline.first_key_value().map(|it| it.0.0)
    }

    pub(super) fn len(&self) -> usize {
        self.by_deadline.len()
    }

    fn is_for_same_join(&self, place: &(Instant, u64), due: &Due) -> bool {
        let join = |it: &Due| match it {
            Due::Rooms { timer: Timer { kind: TimerKind::RoomOffer { join, .. }, .. }, .. } => Some(*join),
            _ => None,
        };
        self.by_deadline.get(place).is_some_and(|it| join(&it.1) == join(due))
    }
}

fn key(due: &Due) -> Key {
    match due {
        Due::Rooms { realm, timer } => match &timer.kind {
            TimerKind::PendingOffer { names: (from, to), .. } => Key::PendingOffer(realm.at, from.clone(), to.clone()),
            TimerKind::RoomOffer { room, peer, .. } => Key::RoomOffer(realm.at, room.clone(), peer.clone()),
            TimerKind::Linger { room, .. } => Key::Linger(realm.at, room.clone()),
        },
        Due::Takeover { asker, .. } => Key::Takeover(asker.clone()),
        Due::Grace { peer, .. } => Key::Grace(peer.clone()),
        Due::NodeGrace { room, peer, mark } => Key::NodeGrace(room.clone(), peer.clone(), *mark),
        Due::Adoption { peer } => Key::Adoption(peer.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_timer_a_thing_and_the_earliest_first() {
        let (mut timers, now) = (Timers::default(), Instant::now());
        let at = |ms| now + Duration::from_millis(ms);
        let due = |name: &str, number| Due::Takeover { asker: PeerId::from(name), number };
        for number in 0..1_000 {
            timers.start(at(number), due("a", number));
        }
        timers.start(at(7), due("b", 0));
        assert_eq!((timers.len(), timers.next_deadline()), (2, Some(at(7))));
        assert!(timers.next_due(at(6)).is_none());
        assert!(matches!(timers.next_due(at(7)), Some(Due::Takeover { asker, .. }) if asker.as_str() == "b"));
        assert!(matches!(timers.next_due(at(2_000)), Some(Due::Takeover { number: 999, .. })));
        assert!(timers.next_due(at(2_000)).is_none() && timers.by_key.is_empty());
    }
}
