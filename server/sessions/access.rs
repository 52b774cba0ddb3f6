//! Who is invited: what somebody shows who makes or joins a room is judged here, before the lock is taken for the request itself.
//!
//! **Invariants:** whoever has guessed the server's password too often is not judged by one, and whoever shows more tokens than an
//! address may ask for pages is not judged by them: neither costs more than a look at a table. A wrong token counts as no guess,
//! since nobody guesses a signature, and those that were good once are shown in good faith.
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{Realm, SessionHandle, Sessions, state::State};
use crate::{
    accounting::{Action, Reason},
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
        let check = self.state().may_show(from.realm, &from.peer(), credential);
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let judged = |it: Arc<dyn AccessCheck>| it.judge(credential, since.map_or(0, |it| it.as_secs()));
        access.judge(check.map_or(Err(Denial::TooManyAttempts), judged));
    }
}

impl State {
    /// Who judges what this peer shows. `None`: it has to wait, and that is counted.
    fn may_show(&self, realm: Realm, peer: &PeerId, what: &Credential) -> Option<Arc<dyn AccessCheck>> {
        let address = self.sessions.get(peer)?.account.address();
        let is_allowed = match what {
            Credential::Password(_) => {
                let is_allowed = self.passwords.is_allowed(address, None, self.ledger.now());
                if !is_allowed {
                    self.ledger.count(Reason::PasswordAttempts);
                }
                is_allowed
            }
            Credential::Token(_) => self.ledger.act(address, Action::Request).is_ok(),
        };
        is_allowed.then(|| self.realms[realm.at].settings.access.clone())
    }

    /// Counts what came of it that somebody showed something, or did not. A wrong password counts as a guess where it decided.
    pub(super) fn on_access(&mut self, from: &PeerId, rejection: Option<Rejection>) {
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
        if reason == Some(Reason::WrongServerPassword) {
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
