//! `[host]`: stars that this server hosts itself.
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// `[host]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct HostSettings {
    pub enabled: bool,
    pub name: String,
    pub port: u16,
    pub addresses: Vec<IpAddr>,
    pub rooms_max: usize,
    pub people_max: usize,
    pub bits_per_second: u64,
}

/// Longer ones are cut in lists of people.
const NAME_CHARACTERS_MAX: usize = 20;

impl HostSettings {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.name.trim().is_empty() || self.name.chars().count() > NAME_CHARACTERS_MAX {
            return Err(format!("host.name is {:?}: it must have 1 to {NAME_CHARACTERS_MAX} characters", self.name));
        }
        if let Some(odd) = self.addresses.iter().find(|it| it.is_unspecified() || it.is_multicast()) {
            return Err(format!("host.addresses holds {odd}: nobody can be reached there"));
        }
        Ok(())
    }
}
