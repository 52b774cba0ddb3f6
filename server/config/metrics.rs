//! `[metrics]`: where figures for Prometheus are to be had, and by whom.
//!
//! **Invariant:** they are open to nobody by default, and to strangers never without a token.
use std::net::{IpAddr, SocketAddr};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    hidden,
    listeners::{Listener, can_be_listened_on, collide},
};

/// A shorter one can be guessed.
const TOKEN_CHARS_MIN: usize = 16;

/// `[metrics]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct MetricsSettings {
    pub listen: bool,
    pub address: IpAddr,
    pub port: u16,
    #[serde(serialize_with = "hidden")]
    pub token: SecretString,
}

impl MetricsSettings {
    /// Where their own listener is, if they have one.
    pub fn at(&self) -> Option<SocketAddr> {
        self.listen.then(|| SocketAddr::new(self.address, self.port))
    }

    /// What whoever reads them has to show.
    pub fn token(&self) -> Option<&SecretString> {
        Some(&self.token).filter(|it| !it.expose_secret().is_empty())
    }

    pub(super) fn check(&self, listeners: &[Listener]) -> Result<(), String> {
        if let Some(token) = self.token() {
            let token = token.expose_secret();
            // What a header may hold (RFC 6750, section 2.1).
            if token.len() < TOKEN_CHARS_MIN || !token.bytes().all(|it| it.is_ascii_graphic()) {
                return Err(format!(
                    "metrics.token must be {TOKEN_CHARS_MIN} or more letters, digits and signs of ASCII without blanks, as \
                     `openssl rand -hex 32` makes them; or empty"
                ));
            }
        }
        let Some(at) = self.at() else { return Ok(()) };
        if !can_be_listened_on(at.ip()) {
            return Err(format!("metrics.address is {}: no connection comes in there", at.ip()));
        }
        if let Some(other) = listeners.iter().find(|it| collide(it.at, at)) {
            return Err(format!(
                "metrics.port is {}, which {} has at {}: give one of them another port",
                at.port(),
                other.name,
                other.at
            ));
        }
        if self.token().is_none() && !is_private(at.ip()) {
            return Err(format!(
                "metrics.address is {}, where strangers could read the figures: set metrics.token, or an address of this \
                 machine or of a private network",
                at.ip()
            ));
        }
        Ok(())
    }
}

/// Whether no stranger reaches this address: it is of this machine, or of a network that the internet does not lead to
/// (RFC 1918, RFC 4193, RFC 3927).
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(it) => it.is_loopback() || it.is_private() || it.is_link_local(),
        IpAddr::V6(it) => it.is_loopback() || it.is_unique_local(),
    }
}
