//! Who has offered what to whom in one room, and what was answered. Shared by the habits that have to know it.
//!
//! **Invariant:** an offer and its answer are between two members; whoever leaves is forgotten.
use std::collections::BTreeMap;

use p2pchat_rooms::{PeerId, SignalKind};

/// By offerer and answerer: whether it was answered.
#[derive(Debug, Default)]
pub(super) struct Offers(BTreeMap<(PeerId, PeerId), bool>);

impl Offers {
    /// Takes down what passes from one member to another.
    pub(super) fn record(&mut self, from: &PeerId, to: &PeerId, kind: SignalKind) {
        match kind {
            SignalKind::Offer => {
                self.0.insert((from.clone(), to.clone()), false);
            }
            SignalKind::Answer => {
                if let Some(is_answered) = self.0.get_mut(&(to.clone(), from.clone())) {
                    *is_answered = true;
                }
            }
            SignalKind::Candidate | SignalKind::Opaque => (),
        }
    }

    /// Has `from` an offer with `to` that was not answered?
    pub(super) fn is_unanswered(&self, from: &PeerId, to: &PeerId) -> bool {
        self.0.get(&(from.clone(), to.clone())) == Some(&false)
    }

    /// Was an offer made to `peer` that it has not answered?
    pub(super) fn has_unanswered(&self, peer: &PeerId) -> bool {
        self.0.iter().any(|((_, to), is_answered)| to == peer && !is_answered)
    }

    /// Has either made the other an offer?
    pub(super) fn is_between(&self, one: &PeerId, other: &PeerId) -> bool {
        let has = |from: &PeerId, to: &PeerId| self.0.contains_key(&(from.clone(), to.clone()));
        has(one, other) || has(other, one)
    }

    pub(super) fn forget(&mut self, peer: &PeerId) {
        self.0.retain(|(from, to), _| from != peer && to != peer);
    }

    /// Everyone that an offer is of or for.
    #[cfg(test)]
    pub(super) fn peers(&self) -> impl Iterator<Item = &PeerId> {
        self.0.keys().flat_map(|(from, to)| [from, to])
    }
}
