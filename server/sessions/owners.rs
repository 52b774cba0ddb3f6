//! Whose word it is: an owner's signature is checked here, before the lock is taken for the word itself.
//!
//! **Invariant:** a signature is looked at only where the word claims the key of the room's owner, so that a stranger costs
//! a hash and a comparison. What members cause by its key, their message rate bounds.
use super::{Realm, Sessions, state::State};
use crate::{
    accounting::Reason,
    protocols::{Asked, Command},
    rooms::{Fingerprint, OwnersWord, Request, RoomId, SignedAct},
};

/// Checks signatures, which neither the rules nor the protocols can.
pub trait SignatureCheck: Send + Sync {
    /// Was this signed with the key that it names?
    fn is_right(&self, signed: &SignedAct) -> bool;
}

impl Sessions {
    /// Looks at the signature of a word that is said to be an owner's. What is not proven is refused by the rules.
    pub(super) fn check_owner(&self, realm: Realm, command: &mut Command<'_>) {
        let Some(word) = word_of(command) else { return };
        if !self.state().may_be_owners(realm, &word.room, Fingerprint::of(&word.signed.key)) {
            return;
        }
        if realm.signatures.is_right(&word.signed) {
            word.prove();
        } else {
            self.ledger().count(Reason::ForgedSignature);
        }
    }
}

impl State {
    /// Is this the key of the room's owner? Of a room that other nodes know and this one does not, it may be.
    fn may_be_owners(&self, realm: Realm, room: &RoomId, key: Fingerprint) -> bool {
        let rooms = &self.realms[realm.at].rooms;
        let is_elsewhere = self.is_shared(realm) && rooms.room(room).is_none();
        is_elsewhere || rooms.owner(room) == Some(key)
    }
}

fn word_of<'c>(command: &'c mut Command<'_>) -> Option<&'c mut OwnersWord> {
    match &mut command.request {
        Asked::Rooms(Request::Act { word } | Request::Join { word, .. }) => word.as_deref_mut(),
        Asked::Rooms(_) | Asked::Session(_) => None,
    }
}
