//! `[relay]`: the STUN and TURN server inside this one.
use std::{net::IpAddr, ops::RangeInclusive};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{check_hostname, hidden, ice::check_url};

/// RFC 8489, section 14.3: fewer than 509 bytes.
const USERNAME_BYTES_MAX: usize = 508;

/// `[relay]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct RelaySettings {
    pub enabled: bool,
    pub port: u16,
    pub host: String,
    pub urls: Vec<String>,
    pub username: String,
    #[serde(serialize_with = "hidden")]
    pub password: SecretString,
    pub peer_allocations_max: usize,
    pub address_allocations_max: usize,
    pub allocations_max: usize,
    pub peer_bytes_per_second: u64,
    pub peer_bytes_burst: u64,
    pub bytes_per_second: u64,
    pub bytes_burst: u64,
    pub relay_ports: String,
    pub relay_addresses: Vec<IpAddr>,
    pub denied_networks: Vec<String>,
    pub allowed_networks: Vec<String>,
    /// Whether any source but the defaults names the port.
    #[serde(skip)]
    pub is_port_set: bool,
}

impl RelaySettings {
    /// The ports of real relay sockets, if there are to be any.
    pub fn ports(&self) -> Option<RangeInclusive<u16>> {
        let (first, last) = self.relay_ports.split_once('-')?;
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        Some(first..=last).filter(|it| first > 0 && !it.is_empty())
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let is_address = self.host.parse::<IpAddr>().is_ok();
        if !is_address && check_hostname(&self.host).is_err() {
            return Err(format!(
                "relay.host is {:?}: it must be a bare name or an address, without a scheme or port, as \
                 \"chat.example.org\" is",
                self.host
            ));
        }
        for (n, url) in self.urls.iter().enumerate() {
            check_url(url).map_err(|wrong| format!("relay.urls[{n}] {wrong}"))?;
        }
        self.check_login()?;
        if !self.relay_ports.is_empty() && self.ports().is_none() {
            return Err(format!(
                "relay.relay_ports is {:?}: it must be a first and a last port, as \"49160-49200\" is, or empty",
                self.relay_ports
            ));
        }
        Ok(())
    }

    fn check_login(&self) -> Result<(), String> {
        let has_password = !self.password.expose_secret().is_empty();
        if self.username.is_empty() == has_password {
            return Err("relay.username and relay.password go together: give both or neither".to_owned());
        }
        // Usernames of peers have one; SASLprep (RFC 4013), which clients may apply, leaves printable ASCII as it is.
        let is_plain = |it: &str| it.bytes().all(|it| it.is_ascii_graphic());
        if self.username.contains(':') || !is_plain(&self.username) || !is_plain(self.password.expose_secret()) {
            return Err(
                "relay.username and relay.password must be letters, digits and signs of ASCII without blanks, the \
                        username without a colon"
                    .to_owned(),
            );
        }
        if self.username.len() > USERNAME_BYTES_MAX {
            return Err(format!("relay.username has more than {USERNAME_BYTES_MAX} bytes: TURN takes no longer one"));
        }
        Ok(())
    }
}
