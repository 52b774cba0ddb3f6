//! `[cluster]`: how this server and others are one.
use std::net::SocketAddr;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use super::listeners::{can_be_listened_on, collide};

/// `[cluster]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct ClusterSettings {
    #[serde(serialize_with = "hidden")]
    pub redis: Vec<SecretString>,
    pub sentinel: String,
    pub prefix: String,
    pub timeout_ms: u64,
    pub listen: String,
}

impl ClusterSettings {
    /// Is this one node of several?
    pub fn is_on(&self) -> bool {
        !self.redis.is_empty()
    }

    /// Where requests that other nodes forward come in.
    pub fn at(&self) -> Option<SocketAddr> {
        self.listen.parse().ok()
    }

    /// `others`: what else listens, by its name.
    pub(super) fn check<'a>(&self, others: impl IntoIterator<Item = (&'a str, SocketAddr)>) -> Result<(), String> {
        self.check_store()?;
        if self.listen.is_empty() {
            return Ok(());
        }
        let is_reached = |it: &SocketAddr| can_be_listened_on(it.ip()) && !it.ip().is_unspecified();
        let Some(at) = self.at().filter(is_reached) else {
            return Err(format!(
                "cluster.listen is {:?}: it must be an address of this machine with a port, as \"10.0.0.1:7946\"",
                self.listen
            ));
        };
        match others.into_iter().find(|it| collide(it.1, at)) {
            Some((name, other)) => Err(format!(
                "cluster.listen has port {}, which {name} has at {other}: give one of them another port",
                at.port()
            )),
            None => Ok(()),
        }
    }

    fn check_store(&self) -> Result<(), String> {
        let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_.:".contains(it);
        if self.prefix.is_empty() || self.prefix.len() > 100 || !self.prefix.chars().all(is_plain) {
            return Err(format!(
                "cluster.prefix is {:?}: it must have 1 to 100 letters, digits and -_.: and nothing else",
                self.prefix
            ));
        }
        if self.redis.iter().any(|it| it.expose_secret().is_empty()) {
            return Err("cluster.redis has an empty address".to_owned());
        }
        if self.redis.is_empty() && !self.sentinel.is_empty() {
            return Err(format!(
                "cluster.sentinel is {:?}, and cluster.redis is empty: name the addresses of the sentinels there",
                self.sentinel
            ));
        }
        if self.redis.len() > 1 && self.sentinel.is_empty() {
            return Err(
                "cluster.redis has several addresses: they are those of sentinels, and cluster.sentinel must say \
                        what the store is called there"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// Addresses have passwords in them.
fn hidden<S: Serializer>(addresses: &[SecretString], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(addresses.iter().map(|_| "(hidden)"))
}
