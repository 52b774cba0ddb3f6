//! Offers and answers between the members of one room: which offer stands, and in whose name a page's second line speaks.
//!
//! **Invariant:** only members stand here, and none beside itself; who leaves is forgotten.
use std::collections::BTreeMap;

use super::{PeerId, SignalKind};

#[derive(Debug, Default)]
pub(super) struct Negotiations {
    /// By who offered, and to whom: whether it was answered.
    offers: BTreeMap<(PeerId, PeerId), bool>,
    /// By the second line of a page, its first.
    aliases: BTreeMap<PeerId, PeerId>,
}

impl Negotiations {
    /// Takes down what passes between two members.
    pub(super) fn record(&mut self, from: &PeerId, to: &PeerId, kind: SignalKind) {
        match kind {
            SignalKind::Offer => drop(self.offers.insert((from.clone(), to.clone()), false)),
            SignalKind::Answer => {
                if let Some(is_answered) = self.offers.get_mut(&(to.clone(), from.clone())) {
                    *is_answered = true;
                }
            }
            SignalKind::Candidate | SignalKind::Opaque => (),
        }
    }

    /// Has an offer been made to `peer` that it has not answered?
    pub(super) fn is_offered(&self, peer: &PeerId) -> bool {
        self.offers.iter().any(|((_, to), is_answered)| to == peer && !is_answered)
    }

    /// In whose name `from` says this to `to`: its own, or that of `before`, which came in just before it and has to do with
    /// `to` as `from` itself has not. A page that joins by two lines hears on both and speaks on the second.
    pub(super) fn speaker(&mut self, from: &PeerId, before: Option<&PeerId>, to: &PeerId, kind: SignalKind) -> PeerId {
        let Some(before) = before.filter(|it| *it != to && !self.is_between(from, to)) else { return from.clone() };
        let is_meant = match kind {
            // Only who heard the offer can have an answer to it.
            SignalKind::Answer => self.offers.get(&(to.clone(), before.clone())) == Some(&false),
            SignalKind::Candidate => self.is_between(before, to),
            SignalKind::Offer | SignalKind::Opaque => false,
        };
        if !is_meant {
            return from.clone();
        }
        self.aliases.insert(from.clone(), before.clone());
        before.clone()
    }

    /// Forgets who left. The first line of its page, if it had spoken for that one: it leaves with it.
    pub(super) fn forget(&mut self, peer: &PeerId) -> Option<PeerId> {
        self.offers.retain(|(from, to), _| from != peer && to != peer);
        let alias = self.aliases.remove(peer);
        self.aliases.retain(|_, first| first != peer);
        alias
    }

    fn is_between(&self, one: &PeerId, other: &PeerId) -> bool {
        let has = |from: &PeerId, to: &PeerId| self.offers.contains_key(&(from.clone(), to.clone()));
        has(one, other) || has(other, one)
    }

    /// Everyone who stands here.
    #[cfg(test)]
    pub(super) fn peers(&self) -> impl Iterator<Item = &PeerId> {
        let offers = self.offers.keys().flat_map(|(from, to)| [from, to]);
        offers.chain(self.aliases.iter().flat_map(|(second, first)| [second, first]))
    }
}
