//! `[tls]` and `[tls.acme]`: HTTPS, and where its certificate comes from.
//!
//! **Invariant:** what passes [`Tls::check`] has one source of certificates at most.
use std::{collections::BTreeSet, net::IpAddr, path::PathBuf};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{check_hostname, hidden};

/// As many as Let's Encrypt puts into one certificate.
const NAMES_MAX: usize = 100;

/// A name that everybody may write and no certificate can stand for.
const WILDCARD: &str = "*.";

/// `[tls]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct Tls {
    pub enabled: bool,
    pub key_path: PathBuf,
    pub cert_path: PathBuf,
    pub self_signed: bool,
    pub redirect_port: u16,
    pub acme: Acme,
}

/// `[tls.acme]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct Acme {
    pub names: Vec<String>,
    pub contact: String,
    pub directory_url: String,
    pub staging: bool,
    pub profile: String,
    pub eab_key_id: String,
    #[serde(serialize_with = "hidden")]
    pub eab_hmac_key: SecretString,
    pub root_cert_path: PathBuf,
}

impl Tls {
    /// Whether the server gets or makes its certificate itself, for which nothing else needs to be set.
    pub fn is_automatic(&self) -> bool {
        self.self_signed || !self.acme.names.is_empty()
    }

    /// What types alone do not say.
    pub(super) fn check(&self, hostname: &str) -> Result<(), String> {
        let has_files = [&self.cert_path, &self.key_path].iter().any(|it| !it.as_os_str().is_empty());
        let has_names = !self.acme.names.is_empty();
        if self.self_signed && has_names {
            return Err(
                "tls.self_signed is true, and tls.acme.names (--acme) asks for a certificate of an authority: \
                        choose one of the two"
                    .to_owned(),
            );
        }
        if has_files && self.is_automatic() {
            let other = if has_names { "tls.acme.names (--acme)" } else { "tls.self_signed" };
            return Err(format!(
                "{other} is set beside tls.cert_path or tls.key_path: take the paths out, or leave {other} unset and keep \
                 the certificate in its files"
            ));
        }
        if self.redirect_port != 0 && !self.enabled {
            return Err(format!(
                "tls.redirect_port is {}, but there is no HTTPS to lead to: switch TLS on, or leave it 0",
                self.redirect_port
            ));
        }
        if self.redirect_port != 0 && !self.is_automatic() && hostname.is_empty() {
            return Err(
                "tls.redirect_port is set, and nothing says to which name it leads: set http.hostname".to_owned()
            );
        }
        self.acme.check()
    }
}

impl Acme {
    /// What authenticates an account of the authority's own; checked already.
    pub fn eab_key(&self) -> Option<Vec<u8>> {
        let text = self.eab_hmac_key.expose_secret();
        BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok().filter(|it| !it.is_empty())
    }

    fn check(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for name in &self.names {
            check_name(name).map_err(|wrong| format!("tls.acme.names (--acme) holds {name:?}: {wrong}"))?;
            if !seen.insert(name.to_ascii_lowercase()) {
                return Err(format!("tls.acme.names (--acme) holds {name:?} twice: name it once"));
            }
        }
        if self.names.len() > NAMES_MAX {
            return Err(format!("tls.acme.names holds {} names: {NAMES_MAX} are the most", self.names.len()));
        }
        if self.staging && !self.directory_url.is_empty() {
            return Err(
                "tls.acme.staging is that of Let's Encrypt, and tls.acme.directory_url names another authority: \
                        choose one of the two"
                    .to_owned(),
            );
        }
        if !self.directory_url.is_empty() && !is_https_url(&self.directory_url) {
            return Err(format!(
                "tls.acme.directory_url is {:?}: it must be the address of an ACME directory, as \
                 \"https://acme-v02.api.letsencrypt.org/directory\" is",
                self.directory_url
            ));
        }
        if !is_plain(&self.contact) || !self.contact.is_empty() && !self.contact.contains('@') {
            return Err(format!("tls.acme.contact is {:?}: it must be an e-mail address, or empty", self.contact));
        }
        if !is_plain(&self.profile) {
            return Err(format!(
                "tls.acme.profile is {:?}: it must be one word, as \"shortlived\", or empty",
                self.profile
            ));
        }
        let has_key = !self.eab_hmac_key.expose_secret().is_empty();
        if self.eab_key_id.is_empty() == has_key {
            return Err("tls.acme.eab_key_id and tls.acme.eab_hmac_key go together: give both or neither".to_owned());
        }
        if has_key && self.eab_key().is_none() {
            return Err("tls.acme.eab_hmac_key is no base64url text: write it as the authority shows it".to_owned());
        }
        Ok(())
    }
}

/// A name or an address for which certificates are issued.
fn check_name(name: &str) -> Result<(), &'static str> {
    if let Ok(address) = name.parse::<IpAddr>() {
        let is_one_host = !address.is_unspecified() && !address.is_multicast();
        return if is_one_host { Ok(()) } else { Err("that is the address of no single machine") };
    }
    if name.starts_with(WILDCARD) {
        return Err(
            "an authority gives a wildcard to whoever writes a record into the DNS, which this server cannot: name \
                    each host",
        );
    }
    if name.starts_with('[') {
        return Err("write an IPv6 address without brackets");
    }
    if !name.is_ascii() {
        return Err("write it as it stands in the DNS, beginning with \"xn--\" (Punycode)");
    }
    let is_number = name.rsplit('.').next().is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()));
    if check_hostname(name).is_err() || is_number {
        return Err(
            "it must be a bare name or an address, without a scheme, port or path, as \"chat.example.org\" or \
                    \"203.0.113.4\" is",
        );
    }
    Ok(())
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|it| it.is_ascii_graphic())
}

fn is_https_url(text: &str) -> bool {
    let host = text.strip_prefix("https://").and_then(|it| it.split('/').next());
    is_plain(text) && host.is_some_and(|it| !it.is_empty() && !it.contains('@'))
}
