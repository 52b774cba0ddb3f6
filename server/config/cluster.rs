//! `[cluster]`: several nodes that share rooms by way of a store.
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};

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
    pub address: String,
}

impl ClusterSettings {
    /// Is this one node of several?
    pub fn is_on(&self) -> bool {
        !self.redis.is_empty()
    }

    /// What types alone do not say.
    pub(super) fn check(&self) -> Result<(), String> {
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
        Ok(())
    }
}

/// Addresses have passwords in them.
fn hidden<S: Serializer>(addresses: &[SecretString], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(addresses.iter().map(|_| "(hidden)"))
}
