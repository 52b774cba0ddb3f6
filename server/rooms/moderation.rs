//! The owner of a room, and what only the owner may do there.
//!
//! An owner is known by a public key, of which the room keeps the fingerprint. Nobody here looks at a signature: whoever knows
//! that a word was signed with its key says so by [`OwnersWord::prove`], and every other word is refused.
//!
//! **Invariants:** the numbers of an owner's words grow, so that none is heard twice. A room whose id follows from a founder's
//! fingerprint has no other founder.
use std::{fmt, sync::Arc};

use sha2::{Digest as _, Sha256};

use super::{PeerId, Rejection, RoomId, RoomSettings};

/// Numbers are milliseconds since 1970 at the least, and what a double holds at the most.
const NUMBER_MAX: u64 = (1 << 53) - 1;

/// Who waits at the door of one room at a time.
const KNOCKING_MAX: usize = 20;

/// Length of what somebody who waits is called, in characters.
const NAME_CHARACTERS_MAX: usize = 60;

/// Who is kept out of one room. Those who were removed first come in again.
const KEPT_OUT_MAX: usize = 100;

/// Whom the owner has let in, and who may come in again. Those who were let in first wait again.
const LET_IN_MAX: usize = 100;

/// How often one room can be handed on: whoever comes later has to follow the whole way.
const HANDED_ON_MAX: usize = 16;

/// Bytes of a peer's id and name on a list, at most.
const LISTED_COST: usize = 256;

/// By what a public key is known: the first half of its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// From 32 hexadecimal digits, in small letters. `None`: it is none.
    pub fn new(text: &str) -> Option<Self> {
        let is_digit = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
        if text.len() != 32 || !text.bytes().all(is_digit) {
            return None;
        }
        let mut bytes = [0; 16];
        for (n, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * n..2 * n + 2], 16).ok()?;
        }
        Some(Fingerprint(bytes))
    }

    /// Of a public key as it stands on the wire.
    pub fn of(key: &str) -> Self {
        let digest = Sha256::digest(format!("p2pchat owner {key}"));
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Fingerprint(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|it| write!(f, "{it:02x}"))
    }
}

/// What an owner has signed, as it came: members check it themselves.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedAct {
    /// What was signed.
    pub text: String,
    /// The public key, in base64url.
    pub key: String,
    /// The signature, in base64url.
    pub signature: String,
}

// It may hold a password.
impl fmt::Debug for SignedAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedAct({} bytes)", self.text.len())
    }
}

/// What an owner does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Says which member it is.
    Present,
    /// Removes a member, who is kept out from then on.
    Remove {
        /// Whom.
        peer: PeerId,
    },
    /// Ends the room for everyone.
    End,
    /// Lets nobody in any more, or lets people in again.
    Lock {
        /// Whether it is locked.
        on: bool,
    },
    /// Has newcomers wait at the door until they are let in, or lets in everybody again.
    Wait {
        /// Whether they wait.
        on: bool,
    },
    /// Lets in somebody who waits, or sends them away.
    Answer {
        /// Who.
        peer: PeerId,
        /// Whether they may come in.
        on: bool,
    },
    /// Asks members to be silent. That is between their pages.
    Mute,
    /// Becomes the host of the star.
    Host,
    /// Changes the room's settings.
    Change {
        /// Before the limits are applied.
        settings: RoomSettings,
    },
    /// Makes somebody else the owner.
    HandOn {
        /// Of their key.
        to: Fingerprint,
    },
}

/// A word of somebody who says that they are the owner.
#[derive(Clone, Debug)]
pub struct OwnersWord {
    /// The room that it is about, as it was signed.
    pub room: RoomId,
    /// Greater than that of every word before, as it was signed.
    pub number: u64,
    /// What they do.
    pub act: Act,
    /// The whole as it came.
    pub signed: Arc<SignedAct>,
    /// Whose key the signature was found to be made with.
    by: Option<Fingerprint>,
}

impl OwnersWord {
    /// One that nobody has looked at, and that is believed by nobody.
    pub fn new(room: RoomId, number: u64, act: Act, signed: SignedAct) -> Self {
        OwnersWord { room, number, act, signed: Arc::new(signed), by: None }
    }

    /// The signature is right.
    pub fn prove(&mut self) {
        self.by = Some(Fingerprint::of(&self.signed.key));
    }
}

/// Somebody who waits at the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knock {
    /// Who.
    pub peer: PeerId,
    /// What they are called.
    pub name: String,
}

/// A room's owner, and how the owner wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moderation {
    /// Who made the room.
    pub founder: Fingerprint,
    /// Whose words count now.
    pub owner: Fingerprint,
    /// Of the owner's last word.
    pub number: u64,
    /// Nobody new comes in.
    pub is_locked: bool,
    /// Nobody comes in but the owner, who opens it again by that.
    pub is_ended: bool,
    /// Which member the owner is, in the owner's own words.
    pub presence: Option<Arc<SignedAct>>,
    /// How the room came from its founder to its owner.
    pub handed_on: Vec<Arc<SignedAct>>,
    /// Members whose clients know of owners.
    pub aware: Vec<PeerId>,
    /// Who was removed.
    pub kept_out: Vec<PeerId>,
    /// Newcomers wait until the owner lets them in.
    pub waits: bool,
    /// Who waits, in the order in which they came.
    pub knocking: Vec<Knock>,
    /// Who was let in.
    pub let_in: Vec<PeerId>,
    /// Who was sent away.
    pub sent_away: Vec<PeerId>,
}

/// What a member may know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// As in [`Moderation`].
    pub founder: Fingerprint,
    /// As in [`Moderation`].
    pub number: u64,
    /// As in [`Moderation`].
    pub is_locked: bool,
    /// As in [`Moderation`].
    pub presence: Option<Arc<SignedAct>>,
    /// As in [`Moderation`].
    pub handed_on: Vec<Arc<SignedAct>>,
    /// As in [`Moderation`].
    pub waits: bool,
    /// As in [`Moderation`].
    pub knocking: Vec<Knock>,
}

impl Moderation {
    /// Of a room that is made at `now_ms`. Whatever was signed before that is about an earlier room with the same id.
    pub fn new(founder: Fingerprint, now_ms: u64) -> Self {
        Moderation {
            founder,
            owner: founder,
            number: now_ms,
            is_locked: false,
            is_ended: false,
            presence: None,
            handed_on: Vec::new(),
            aware: Vec::new(),
            kept_out: Vec::new(),
            waits: false,
            knocking: Vec::new(),
            let_in: Vec::new(),
            sent_away: Vec::new(),
        }
    }

    /// What a member may know.
    pub fn ownership(&self) -> Ownership {
        Ownership {
            founder: self.founder,
            number: self.number,
            is_locked: self.is_locked,
            presence: self.presence.clone(),
            handed_on: self.handed_on.clone(),
            waits: self.waits,
            knocking: self.knocking.clone(),
        }
    }

    /// What it takes to keep it: words, and peers on its lists.
    pub(super) fn n_bytes(&self) -> usize {
        let words = self.handed_on.iter().chain(&self.presence);
        let words: usize = words.map(|it| it.text.len() + it.key.len() + it.signature.len()).sum();
        let Moderation { aware, kept_out, let_in, sent_away, .. } = self;
        let n_listed: usize = [aware, kept_out, let_in, sent_away].iter().map(|it| it.len()).sum();
        size_of::<Moderation>() + words + (n_listed + self.knocking.len()) * LISTED_COST
    }

    /// Whether this is a new word of the owner.
    pub(super) fn believe(&self, word: &OwnersWord) -> Result<(), Rejection> {
        if word.by != Some(self.owner) {
            return Err(Rejection::NotTheOwner);
        }
        let is_new = word.number > self.number && word.number <= NUMBER_MAX;
        let can_be = !matches!(word.act, Act::HandOn { .. }) || self.handed_on.len() < HANDED_ON_MAX;
        if is_new && can_be { Ok(()) } else { Err(Rejection::Outdated) }
    }

    /// May a peer come in that has the right password?
    pub(super) fn admit(&self, peer: &PeerId) -> Result<(), Rejection> {
        match self {
            Moderation { is_ended: true, number, .. } => Err(Rejection::RoomEnded { number: *number }),
            _ if self.kept_out.contains(peer) => Err(Rejection::KeptOut),
            Moderation { is_locked: true, number, .. } => Err(Rejection::RoomLocked { number: *number }),
            _ if self.sent_away.contains(peer) => Err(Rejection::SentAway),
            _ if self.waits && !self.let_in.contains(peer) => Err(Rejection::NotLetInYet { number: self.number }),
            _ => Ok(()),
        }
    }

    /// Somebody waits. Whether that is new.
    pub(super) fn knock(&mut self, peer: &PeerId, name: &str) -> Result<bool, Rejection> {
        if self.knocking.iter().any(|it| it.peer == *peer) {
            return Ok(false);
        }
        if self.knocking.len() >= KNOCKING_MAX {
            return Err(Rejection::Busy);
        }
        let name = name.chars().take(NAME_CHARACTERS_MAX).collect();
        self.knocking.push(Knock { peer: peer.clone(), name });
        Ok(true)
    }

    /// Somebody does not wait any more. `None`: they did not.
    pub(super) fn withdraw(&mut self, peer: &PeerId) -> Option<Knock> {
        let at = self.knocking.iter().position(|it| it.peer == *peer)?;
        Some(self.knocking.remove(at))
    }

    /// Whether newcomers have to wait. Those who do need not any more where they have not.
    pub(super) fn set_waits(&mut self, on: bool) {
        self.waits = on;
        self.sent_away.clear();
        if !on {
            self.knocking.clear();
        }
    }

    /// Lets in whoever waits, or sends them away.
    pub(super) fn answer(&mut self, peer: &PeerId, on: bool) {
        self.withdraw(peer);
        let (list, max) = if on { (&mut self.let_in, LET_IN_MAX) } else { (&mut self.sent_away, KEPT_OUT_MAX) };
        if list.len() >= max {
            list.remove(0);
        }
        list.push(peer.clone());
    }

    pub(super) fn keep_out(&mut self, peer: &PeerId) {
        if self.kept_out.len() >= KEPT_OUT_MAX {
            self.kept_out.remove(0);
        }
        self.kept_out.push(peer.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;

    #[test]
    fn a_fingerprint_is_half_a_hash_in_small_letters() {
        // The first 16 bytes of `printf %s 'p2pchat owner key' | sha256sum`.
        let text = "cea16a572e4b7140653efcd9e2ed27f8";
        assert_eq!(Fingerprint::of("key").to_string(), text);
        assert_eq!(Fingerprint::new(text), Some(Fingerprint::of("key")));
        for text in ["", &text[1..], &format!("{text}0"), &text.to_uppercase(), &format!("ä{}", &text[2..])] {
            assert_eq!(Fingerprint::new(text), None, "{text}");
        }
    }
}
