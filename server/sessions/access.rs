//! Who is invited: what somebody shows who makes or joins a room is judged here, before the lock is taken for the request itself.
//!
//! **Invariant:** whoever has guessed too often is not judged at all, so that neither a guess nor a signature costs more than a
//! look at a table.
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Realm, SessionHandle, Sessions, state::State};
use crate::{
    accounting::Reason,
    protocols::{Asked, Command},
    rooms::{Access, Credential, Denial, Grant, PeerId, Rejection, Request},
};

/// Judges credentials, which neither the rules nor the protocols can.
pub trait AccessCheck: Send + Sync {
    /// What this grants at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// It grants nothing.
    fn judge(&self, credential: &Credential, now: u64) -> Result<Grant, Denial>;
}

/// Of a server that invites nobody.
#[derive(Debug)]
pub struct NoInvitations;

impl AccessCheck for NoInvitations {
    fn judge(&self, _credential: &Credential, _now: u64) -> Result<Grant, Denial> {
        Err(Denial::NotGranted)
    }
}

impl Sessions {
    /// Judges what goes with a request to make or to join a room.
    pub(super) fn check_access(&self, from: &SessionHandle, command: &mut Command<'_>) {
        let Some(access) = access_of(&mut command.request) else { return };
        let Some(credential) = &access.credential else { return };
        let verdict = match self.state().may_guess(from.realm, &from.peer()) {
            None => {
                self.ledger().count(Reason::PasswordAttempts);
                Err(Denial::TooManyAttempts)
            }
            Some(check) => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                check.judge(credential, since.map_or(0, |it| it.as_secs()))
            }
        };
        access.judge(verdict);
    }
}

impl State {
    /// Who judges what this peer shows. `None`: it has to wait.
    fn may_guess(&self, realm: Realm, peer: &PeerId) -> Option<std::sync::Arc<dyn AccessCheck>> {
        let address = self.sessions.get(peer)?.account.address();
        let is_allowed = self.passwords.is_allowed(address, None, self.ledger.now());
        is_allowed.then(|| self.realms[realm.at].settings.access.clone())
    }

    /// Counts what came of it that somebody showed something, or did not. `is_guess`: it is no credential of this server.
    pub(super) fn on_access(&mut self, from: &PeerId, rejection: Option<Rejection>, is_guess: bool) {
        let reason = match rejection {
            Some(Rejection::NotInvited(Denial::NotGranted) | Rejection::NotOpenYet) => Some(Reason::NotInvited),
            Some(Rejection::NotInvited(Denial::ExpiredToken)) => Some(Reason::ExpiredToken),
            Some(Rejection::NotInvited(Denial::BadToken)) => Some(Reason::BadToken),
            Some(Rejection::NotInvited(Denial::WrongPassword)) => Some(Reason::WrongServerPassword),
            _ => None,
        };
        if let Some(reason) = reason {
            self.ledger.count(reason);
        }
        if is_guess {
            self.on_wrong_password(from, None);
        }
    }
}

fn access_of<'c>(request: &'c mut Asked<'_>) -> Option<&'c mut Access> {
    match request {
        Asked::Rooms(Request::Create { access, .. } | Request::Join { access, .. }) => Some(access),
        Asked::Rooms(_) | Asked::Session(_) => None,
    }
}

/// Whether what goes with this request was guessed.
pub(super) fn is_guess(request: &Request<'_>) -> bool {
    match request {
        Request::Create { access, .. } | Request::Join { access, .. } => access.is_guess(),
        _ => false,
    }
}
