//! Unique display names.
//!
//! **Invariant:** a name has one owner, and a peer at most one name; it is free again when its owner is forgotten.
use std::collections::HashMap;

use super::{Name, PeerId};

/// Who has which name.
#[derive(Debug, Default)]
pub struct Names {
    owners: HashMap<Name, PeerId>,
    names: HashMap<PeerId, Name>,
}

impl Names {
    /// The owner of this name.
    pub fn owner(&self, name: &str) -> Option<&PeerId> {
        self.owners.get(name)
    }

    /// The name of this peer.
    pub fn of(&self, peer: &PeerId) -> Option<&Name> {
        self.names.get(peer)
    }

    /// Gives the peer a name that nobody else has. The name that it had before, if that was another.
    pub(super) fn set(&mut self, peer: &PeerId, name: &Name) -> Option<Name> {
        let former = self.names.insert(peer.clone(), name.clone()).filter(|it| it != name);
        if let Some(former) = &former {
            self.owners.remove(former);
        }
        self.owners.insert(name.clone(), peer.clone());
        former
    }

    /// Frees the name of this peer.
    pub(super) fn remove(&mut self, peer: &PeerId) -> Option<Name> {
        let name = self.names.remove(peer)?;
        self.owners.remove(&name);
        Some(name)
    }

    /// Panics where a name is of somebody who is gone.
    #[cfg(any(test, feature = "testing"))]
    pub fn assert_sound(&self, is_known: impl Fn(&PeerId) -> bool) {
        assert_eq!(self.owners.len(), self.names.len(), "a name leads nowhere");
        for (name, peer) in &self.owners {
            assert_eq!(self.names.get(peer), Some(name), "{peer} has another's name");
            assert!(is_known(peer), "{peer} is gone and has a name");
        }
    }

    #[cfg(any(test, feature = "testing"))]
    pub(super) fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }
}
