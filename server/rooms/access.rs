//! Who may make rooms and join them, beyond what a room asks for itself: everyone, or whoever is invited by the operator. What
//! an asker shows is judged outside, and the rules see the verdict.
//!
//! **Invariant:** a credential that nobody has judged grants nothing.
use std::fmt;

use super::{Rejection, RoomId};

/// Longer ones would be of no use in a link. Bytes.
const NAMED_ROOM_BYTES_MAX: usize = 64;

/// Who may do something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admission {
    /// Whoever asks.
    #[default]
    Everyone,
    /// Whoever has a credential that grants it.
    Invited,
}

/// By what an asker shows that it is invited.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// The server's password.
    Password(String),
    /// A signed token.
    Token(String),
}

/// What a credential grants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// To make rooms.
    pub create: bool,
    /// To join them.
    pub join: bool,
    /// To be the owner of rooms that its bearer makes.
    pub own: bool,
    /// The room that it is for. `None`: any.
    pub room: Option<RoomId>,
    /// What its bearer is called.
    pub name: Option<String>,
}

/// Why a credential grants nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// None was shown, or one that grants something else.
    NotGranted,
    /// Not the server's password.
    WrongPassword,
    /// A token that was not signed for this server.
    BadToken,
    /// A token that was good once.
    ExpiredToken,
    /// Too many wrong ones came from there.
    TooManyAttempts,
}

/// What somebody who makes or joins a room says for itself.
#[derive(Clone, Debug)]
pub struct Access {
    /// What it shows, if anything.
    pub credential: Option<Credential>,
    /// The room that a token names, which it wants to make under that name.
    room: Option<RoomId>,
    verdict: Result<Grant, Denial>,
    /// Its client can tell apart why it is refused.
    is_aware: bool,
}

impl Access {
    /// Of a client that knows nothing of invitations.
    pub fn none() -> Self {
        Access { credential: None, room: None, verdict: Err(Denial::NotGranted), is_aware: false }
    }

    /// Of a client that knows of them. Whoever wants to make a room that its token names says the same name in `room`.
    pub fn with(credential: Option<Credential>, room: Option<RoomId>) -> Self {
        Access { credential, room, verdict: Err(Denial::NotGranted), is_aware: true }
    }

    /// Takes down what the credential is worth.
    pub fn judge(&mut self, verdict: Result<Grant, Denial>) {
        self.verdict = verdict;
    }

    /// What its bearer is called, as the credential says.
    pub(super) fn name(&self) -> Option<&str> {
        self.verdict.as_ref().ok()?.name.as_deref()
    }

    /// The room that a token names by a word of its own, where its bearer may make it and wants to.
    pub(super) fn named_room(&self) -> Option<&RoomId> {
        let grant = self.verdict.as_ref().ok().filter(|it| it.create)?;
        self.room.as_ref().filter(|it| grant.room.as_ref() == Some(it) && is_named(it))
    }

    /// May the asker be the owner of the rooms that it makes, where `who` may make rooms?
    pub(super) fn may_own(&self, who: Admission) -> bool {
        let is_free = who == Admission::Everyone && self.named_room().is_none();
        is_free || self.verdict.as_ref().is_ok_and(|it| it.own)
    }

    /// May the asker make this room? `None`: one under a fresh id.
    pub(super) fn to_create(&self, who: Admission, id: Option<&RoomId>) -> Result<(), Rejection> {
        let granted = match self.room {
            // Nobody gets another room than the one that was wanted.
            Some(_) if self.named_room().is_none() => {
                Err(self.verdict.as_ref().err().copied().unwrap_or(Denial::NotGranted))
            }
            None if who == Admission::Everyone => Ok(()),
            _ => self.granted(id, |it| it.create),
        };
        granted.map_err(|it| self.refused(it, Rejection::BadSettings))
    }

    /// May the asker bring this room back?
    pub(super) fn to_restore(&self, who: Admission, id: &RoomId, may_own: bool) -> Result<(), Rejection> {
        let granted =
            self.granted(Some(id), |it| it.create).and_then(|()| may_own.then_some(()).ok_or(Denial::NotGranted));
        match who {
            Admission::Everyone => Ok(()),
            // It is not there for whoever cannot bring it back, and will be once somebody comes who can.
            Admission::Invited => granted.map_err(|it| match self.refused(it, Rejection::NoSuchRoom) {
                Rejection::NotInvited(Denial::NotGranted) => Rejection::NotOpenYet,
                other => other,
            }),
        }
    }

    /// May the asker join this room, as far as the server is concerned?
    pub(super) fn to_join(&self, who: Admission, id: &RoomId, is_invited_only: bool) -> Result<(), Rejection> {
        if who == Admission::Everyone && !is_invited_only {
            return Ok(());
        }
        self.granted(Some(id), |it| it.join).map_err(|it| self.refused(it, Rejection::NoSuchRoom))
    }

    fn granted(&self, id: Option<&RoomId>, right: impl Fn(&Grant) -> bool) -> Result<(), Denial> {
        let grant = self.verdict.as_ref().map_err(|it| *it)?;
        let is_for_it = grant.room.is_none() || grant.room.as_ref() == id;
        if is_for_it && right(grant) { Ok(()) } else { Err(Denial::NotGranted) }
    }

    /// `plain` is what a client hears that knows nothing of invitations. One that has guessed too often hears so.
    fn refused(&self, denial: Denial, plain: Rejection) -> Rejection {
        match denial {
            Denial::TooManyAttempts => Rejection::Busy,
            _ if self.is_aware => Rejection::NotInvited(denial),
            _ => plain,
        }
    }
}

impl RoomId {
    /// Whether a token may name a room so, by its id or by a word that an operator chose.
    pub fn can_be_named(text: &str) -> bool {
        let allowed = |it: u8| it.is_ascii_alphanumeric() || it == b'-' || it == b'_';
        (1..=NAMED_ROOM_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed)
    }
}

/// Whether an id is a word that an operator chose: those that servers make up are UUIDs.
fn is_named(id: &RoomId) -> bool {
    let text = id.as_str();
    let is_uuid = text.len() == 36 && text.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-');
    RoomId::can_be_named(text) && !is_uuid
}

// A password or a token must not reach a log by way of `{:?}`.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credential::Password(_) => "Password(..)",
            Credential::Token(_) => "Token(..)",
        })
    }
}
