//! The stars that are hosted, and whose a datagram is.
//!
//! **Invariant:** each star has a lock of its own, and none is taken while that of the index is held. Whoever is
//! at work on a star while it is removed ends that work; nothing is begun on it any more.
use std::{
    collections::{BTreeSet, HashMap},
    mem,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use p2pchat_host::{Card, Output, StarHost, Stats, ufrag_of};

use super::HostingFigures;
use crate::{
    accounting::{Bucket, Holding, Ledger, Rate},
    rooms::{HostedRoom, PeerId, RoomId, RoomSettings},
};

/// Where a datagram came from, and where it came to.
type AddressPair = (SocketAddr, SocketAddr);

/// Datagrams between addresses that belong to nobody yet and that name no guest, in a second: each is shown to every star.
const UNNAMED: Rate = Rate { per_second: 2_000, burst: 4_000 };

/// Address pairs that are remembered for one star. People have some, and change them.
const PAIRS_MAX: usize = 2_000;

/// One room.
pub(super) struct Star {
    host: StarHost,
    members: Vec<PeerId>,
    settings: RoomSettings,
    /// When the index has it looked at next.
    due: Option<Instant>,
    n_pairs: usize,
    /// By which the index finds it.
    ufrags: Vec<String>,
    /// Of its connections.
    held: Holding,
}

/// Memory that a guest takes: its connection, and what may have to be sent to it again. As much as each of twenty in a call
/// takes (`cargo bench -p p2pchat-host`).
const GUEST_BYTES: u64 = 2 * 1024 * 1024;

/// A star that a datagram is for.
type Found = (RoomId, Arc<Mutex<Star>>);

/// How somebody went.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gone {
    /// Its session is over, or it left: its connection may still stand, where it comes again under another id.
    Left,
    /// By the owner's word.
    Removed,
}

pub(super) struct Stars {
    ledger: Ledger,
    unnamed: Bucket,
    index: Mutex<Index>,
}

#[derive(Default)]
struct Index {
    stars: HashMap<RoomId, Arc<Mutex<Star>>>,
    pairs: HashMap<AddressPair, RoomId>,
    /// Whom a request of ICE is for.
    ufrags: HashMap<String, RoomId>,
    due: BTreeSet<(Instant, RoomId)>,
    /// What stars that are over have done.
    past: Stats,
}

/// Where what stars say goes. Called with the star's lock held, so that it goes in order; it may take that of the sessions.
pub(super) trait Sink {
    fn put(&self, room: &RoomId, output: Output);

    /// Something is due earlier than all else.
    fn hurry(&self);
}

impl Stars {
    pub(super) fn new(ledger: Ledger) -> Self {
        Stars { ledger, unnamed: Bucket::default(), index: Mutex::default() }
    }

    /// Brings a star up to date. `room`: as it is; `None`: it is over. `gone`: how those went who are members no more. `new` makes
    /// one that is not there yet.
    pub(super) fn update(
        &self,
        id: &RoomId,
        room: Option<HostedRoom>,
        gone: Gone,
        new: impl FnOnce(Card) -> StarHost,
        now: Instant,
        sink: &impl Sink,
    ) {
        let Some(HostedRoom { settings, members }) = room else {
            return self.remove(id);
        };
        let star = self.index().stars.get(id).cloned();
        let star = star.unwrap_or_else(|| {
            let host = new(card(&settings));
            let (settings, members) = (settings.clone(), Vec::new());
            let held = self.ledger.hold_nothing();
            let (due, n_pairs, ufrags) = Default::default();
            let star = Arc::new(Mutex::new(Star { host, members, settings, due, n_pairs, ufrags, held }));
            self.index().stars.insert(id.clone(), star.clone());
            star
        });
        self.work(id, &star, sink, |star| {
            if star.settings != settings {
                star.host.set_card(card(&settings));
                star.settings = settings;
            }
            let before = mem::replace(&mut star.members, members);
            star.held.resize(star.members.len() as u64 * GUEST_BYTES);
            for peer in before.iter().filter(|it| !star.members.contains(it)) {
                match gone {
                    Gone::Left => star.host.on_left(peer.as_str(), now),
                    Gone::Removed => star.host.on_removed(peer.as_str(), now),
                }
            }
            for peer in star.members.iter().filter(|it| !before.contains(it)) {
                star.host.on_joined(peer.as_str(), now);
            }
        });
    }

    /// A member says something.
    pub(super) fn on_signal(&self, room: &RoomId, from: &str, signal: &str, now: Instant, sink: &impl Sink) {
        let star = self.index().stars.get(room).cloned();
        if let Some(star) = star {
            self.work(room, &star, sink, |it| it.host.on_signal(from, signal, now));
        }
    }

    /// A member has missed what was said to it.
    pub(super) fn on_returned(&self, room: &RoomId, peer: &str, now: Instant, sink: &impl Sink) {
        let star = self.index().stars.get(room).cloned();
        if let Some(star) = star {
            self.work(room, &star, sink, |it| {
                if it.members.iter().any(|it| it.as_str() == peer) {
                    it.host.on_returned(peer, now);
                }
            });
        }
    }

    /// A datagram of somebody who has been heard there before. `false`: of nobody.
    pub(super) fn on_datagram(&self, pair: AddressPair, datagram: &[u8], now: Instant, sink: &impl Sink) -> bool {
        let found = {
            let index = self.index();
            let room = index.pairs.get(&pair);
            room.and_then(|room| Some((room.clone(), index.stars.get(room)?.clone())))
        };
        let Some((room, star)) = found else { return false };
        self.work(&room, &star, sink, |it| it.host.on_datagram(pair.0, pair.1, datagram, now));
        true
    }

    /// A datagram between addresses that belong to nobody yet: whoever takes it is remembered.
    pub(super) fn on_unknown(&self, pair: AddressPair, datagram: &[u8], now: Instant, sink: &impl Sink) {
        let found = match ufrag_of(datagram) {
            Some(ufrag) => self.named(ufrag),
            None if self.unnamed.take(UNNAMED, 1, self.ledger.now()) => self.asked(pair, datagram),
            None => None,
        };
        let Some((room, star)) = found else { return };
        let mut is_crowded = false;
        self.work(&room, &star, sink, |it| {
            it.n_pairs += 1;
            // Those that are in use are found anew.
            is_crowded = it.n_pairs > PAIRS_MAX;
            if is_crowded {
                it.n_pairs = 1;
            }
            it.host.on_datagram(pair.0, pair.1, datagram, now);
        });
        let mut index = self.index();
        if is_crowded {
            index.pairs.retain(|_, it| *it != room);
        }
        if index.stars.contains_key(&room) {
            index.pairs.insert(pair, room);
        }
    }

    /// Whom a request of ICE is for.
    fn named(&self, ufrag: &str) -> Option<Found> {
        let index = self.index();
        let room = index.ufrags.get(ufrag)?;
        Some((room.clone(), index.stars.get(room)?.clone()))
    }

    /// Who knows where a datagram comes from, though not to which address of ours.
    fn asked(&self, pair: AddressPair, datagram: &[u8]) -> Option<Found> {
        let stars: Vec<_> = self.index().stars.iter().map(|it| (it.0.clone(), it.1.clone())).collect();
        stars.into_iter().find(|it| lock(&it.1).host.accepts(pair.0, pair.1, datagram))
    }

    /// Looks at those that are due.
    pub(super) fn on_timer(&self, now: Instant, sink: &impl Sink) {
        let mut due = Vec::new();
        {
            let mut index = self.index();
            while index.due.first().is_some_and(|it| it.0 <= now) {
                let room = index.due.pop_first().map(|it| it.1);
                due.extend(room.and_then(|it| index.stars.get(&it).cloned().map(|star| (it, star))));
            }
        }
        for (room, star) in due {
            self.work(&room, &star, sink, |it| {
                it.due = None;
                it.host.on_timeout(now);
            });
        }
    }

    /// When [`Stars::on_timer`] has something to do.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.index().due.first().map(|it| it.0)
    }

    /// All of them are over.
    pub(super) fn clear(&self) {
        let ids: Vec<_> = self.index().stars.keys().cloned().collect();
        ids.iter().for_each(|it| self.remove(it));
    }

    /// What they do, in all.
    pub(super) fn figures(&self) -> HostingFigures {
        let (stars, past) = {
            let index = self.index();
            (index.stars.values().cloned().collect::<Vec<_>>(), index.past)
        };
        let stats = stars.iter().fold(past, |sum, it| sum + lock(it).host.stats());
        HostingFigures { n_stars: stars.len(), stats }
    }

    fn remove(&self, id: &RoomId) {
        let mut index = self.index();
        let Some(star) = index.stars.remove(id) else { return };
        index.pairs.retain(|_, it| it != id);
        index.ufrags.retain(|_, it| it != id);
        index.due.retain(|it| it.1 != *id);
        drop(index);
        let stats = lock(&star).host.stats();
        let mut index = self.index();
        index.past = index.past + stats.past();
    }

    /// Does something to a star, passes on what it says, and notes when it is to be looked at next.
    fn work(&self, room: &RoomId, star: &Mutex<Star>, sink: &impl Sink, work: impl FnOnce(&mut Star)) {
        let mut star = lock(star);
        work(&mut star);
        while let Some(output) = star.host.poll() {
            sink.put(room, output);
        }
        if let Some(ufrags) = star.host.changed_ufrags() {
            let mut index = self.index();
            for before in mem::replace(&mut star.ufrags, ufrags) {
                index.ufrags.remove(&before);
            }
            if index.stars.contains_key(room) {
                index.ufrags.extend(star.ufrags.iter().map(|it| (it.clone(), room.clone())));
            }
        }
        let next = star.host.next_timeout().filter(|next| star.due.is_none_or(|it| *next < it));
        let Some(next) = next else { return };
        let before = star.due.replace(next);
        drop(star);
        let mut index = self.index();
        if let Some(before) = before {
            index.due.remove(&(before, room.clone()));
        }
        if index.stars.contains_key(room) {
            let is_first = index.due.first().is_none_or(|it| next < it.0);
            index.due.insert((next, room.clone()));
            if is_first {
                sink.hurry();
            }
        }
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn card(settings: &RoomSettings) -> Card {
    let RoomSettings { name, password, peers_max } = settings.clone();
    Card { name, password: password.0, peers_max }
}

fn lock(star: &Mutex<Star>) -> MutexGuard<'_, Star> {
    star.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
