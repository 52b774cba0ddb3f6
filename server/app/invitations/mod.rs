//! Who is invited, where not everybody may make rooms or join them: whoever has the server's password, or a signed token; and
//! links with such tokens for people to open.
//!
//! **Invariant:** without a password and without a key nothing grants anything.
mod crypto;
#[cfg(test)]
mod tests;
mod tokens;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use secrecy::ExposeSecret as _;

use super::{StartupError, settings, url};
use crate::{
    config::{self, Config},
    rooms::{Admission, Credential, Denial, Grant, Password, RoomId, RoomPolicy},
    sessions::AccessCheck,
};
use tokens::{Claims, Keys};

/// What invitations are worth here.
pub(super) struct Invitations {
    /// The server's, if it has one.
    password: Option<Password>,
    keys: Option<Keys>,
}

/// What an invitation is to say.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The room that it is for. `None`: any.
    pub room: Option<String>,
    /// What its bearer is called.
    pub name: Option<String>,
    /// What its bearer may do: "create", "join" and "own".
    pub rights: Vec<String>,
    /// How long it is good.
    pub lasts: Duration,
    /// A PEM file with the private key, where the algorithm has one.
    pub key: Option<PathBuf>,
}

impl Invitations {
    /// As the settings have it.
    ///
    /// # Errors
    /// The key of the tokens cannot be used.
    pub(super) fn open(settings: &config::AccessSettings) -> Result<Arc<Self>, StartupError> {
        let password = Some(settings.password.expose_secret()).filter(|it| !it.is_empty());
        let keys = Keys::open(&settings.tokens).map_err(StartupError::Settings)?;
        Ok(Arc::new(Invitations { password: password.map(|it| Password(it.to_owned())), keys }))
    }
}

impl AccessCheck for Invitations {
    fn judge(&self, credential: &Credential, now: u64) -> Result<Grant, Denial> {
        match credential {
            Credential::Password(text) => match &self.password {
                None => Err(Denial::NotGranted),
                // Compared in constant time.
                Some(own) if *own == Password(text.clone()) => {
                    Ok(Grant { create: true, join: true, own: true, room: None, name: None })
                }
                Some(_) => Err(Denial::WrongPassword),
            },
            Credential::Token(token) => self.keys.as_ref().ok_or(Denial::NotGranted)?.read(token, now),
        }
    }
}

/// Who may make rooms and join them, in the rules' own words.
pub(super) fn apply(settings: &config::AccessSettings, policy: &mut RoomPolicy) {
    let admission = |it| match it {
        config::WhoMay::Everyone => Admission::Everyone,
        config::WhoMay::Invited => Admission::Invited,
    };
    (policy.create, policy.join) = (admission(settings.create), admission(settings.join));
}

/// A link by which somebody is invited to this server, with a token behind the `#`, which browsers send to nobody.
///
/// # Errors
/// A right or a room is none, or there is no key to sign with, in a sentence.
pub fn invite(config: &Config, invite: &Invite) -> Result<String, String> {
    settings::check(config).map_err(|it| it.to_string())?;
    let known = ["create", "join", "own"];
    if let Some(odd) = invite.rights.iter().find(|it| !known.contains(&it.as_str())) {
        return Err(format!("there is no right {odd:?}: it must be {}", config::one_of(known.into_iter())));
    }
    if let Some(odd) = invite.room.as_ref().filter(|it| !RoomId::can_be_named(it)) {
        return Err(format!("the room {odd:?} cannot be named: up to 64 letters, digits, - and _ are expected"));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let Invite { room, name, rights, lasts, key } = invite.clone();
    let claims = Claims { room, name, rights, exp: (now + lasts).as_secs() as f64, nbf: None };
    let token = tokens::sign(&config.access.tokens, key.as_deref(), &claims)?;
    Ok(format!("{}#token={}", url(config, config.http.port), token.expose_secret()))
}
