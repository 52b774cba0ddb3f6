//! `[ice]`: the STUN and TURN servers that clients are told of, checked as browsers check them.
//!
//! **Invariant:** one url that a browser refuses makes it refuse the whole list, and with it every connection; so it is
//! refused here, by its place in the list. No sentence repeats an url, which may hold a password by mistake.
use std::net::{Ipv4Addr, Ipv6Addr};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// Browsers drop what comes after it (libwebrtc: `kMaxTurnServers`).
const URLS_MAX: usize = 32;

/// RFC 8489, section 14.3: fewer than 509 bytes.
const USERNAME_BYTES_MAX: usize = 508;

/// `[ice]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct IceSettings {
    pub servers: Vec<IceServer>,
    pub credential_ttl_s: u64,
}

/// One of `ice.servers`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a table with urls")]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct IceServer {
    // Without any it is refused by name.
    #[serde(default)]
    pub urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, serialize_with = "hidden", skip_serializing_if = "Option::is_none")]
    pub credential: Option<SecretString>,
    #[serde(default, serialize_with = "hidden", skip_serializing_if = "Option::is_none")]
    pub shared_secret: Option<SecretString>,
}

fn hidden<S: Serializer>(_: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("(hidden)")
}

impl IceSettings {
    pub(super) fn check(&self) -> Result<(), String> {
        for (n, server) in self.servers.iter().enumerate() {
            server.check(&format!("ice.servers[{n}]"))?;
        }
        let n_urls: usize = self.servers.iter().map(|it| it.urls.len()).sum();
        if n_urls > URLS_MAX {
            return Err(format!(
                "ice.servers have {n_urls} urls: browsers take {URLS_MAX} at most, and are slow from 5 on"
            ));
        }
        Ok(())
    }
}

impl IceServer {
    fn check(&self, name: &str) -> Result<(), String> {
        if self.urls.is_empty() {
            return Err(format!("{name} has no urls: name at least one, as \"stun:stun.example.org\""));
        }
        let mut has_turn = false;
        for (n, url) in self.urls.iter().enumerate() {
            let scheme = check_url(url).map_err(|wrong| format!("{name}.urls[{n}] {wrong}"))?;
            has_turn |= scheme == Scheme::Turn;
        }
        let is_set = |it: &Option<SecretString>| it.as_ref().is_some_and(|it| !it.expose_secret().is_empty());
        let has_login = self.username.is_some() || self.credential.is_some();
        match (has_turn, has_login, self.shared_secret.is_some()) {
            (_, true, true) => {
                Err(format!("{name} has a shared_secret beside a username or credential: give one or the other"))
            }
            (true, false, false) => Err(format!(
                "{name} has a TURN url and no login, without which browsers refuse it: give a username and credential, or \
                 the shared_secret of the TURN server"
            )),
            (true, true, false) if self.username.as_ref().is_none_or(String::is_empty) || !is_set(&self.credential) => {
                Err(format!("{name} has half a login: username and credential go together, and neither is empty"))
            }
            (true, false, true) if !is_set(&self.shared_secret) => Err(format!("{name} has an empty shared_secret")),
            (false, _, _) if has_login || self.shared_secret.is_some() => {
                Err(format!("{name} has a login and STUN urls alone: STUN has none, so that browsers would not use it"))
            }
            _ if self.username.as_ref().is_some_and(|it| it.len() > USERNAME_BYTES_MAX) => {
                Err(format!("{name} has a username of more than {USERNAME_BYTES_MAX} bytes: TURN takes no longer one"))
            }
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Stun,
    Turn,
}

/// The syntax of RFC 7064 and RFC 7065, so far as browsers take it: `scheme:host[:port]`, and for TURN
/// `?transport=udp` or `?transport=tcp`. Says what is wrong, without the url.
pub(super) fn check_url(url: &str) -> Result<Scheme, String> {
    let (scheme, rest) = match url.split_once(':') {
        Some(("stun" | "stuns", rest)) => (Scheme::Stun, rest),
        Some(("turn" | "turns", rest)) => (Scheme::Turn, rest),
        _ => return Err("must begin with stun:, stuns:, turn: or turns:, in small letters".to_owned()),
    };
    let example = if scheme == Scheme::Turn { "turn:turn.example.org:3478" } else { "stun:stun.example.org:3478" };
    if rest.contains('@') {
        return Err(format!("holds a login: write it into username and credential, and the url as \"{example}\""));
    }
    if rest.starts_with('/') || rest.contains('#') {
        return Err(format!("has slashes or a fragment, which these urls have not: write it as \"{example}\""));
    }
    let (authority, query) = rest.split_once('?').map_or((rest, None), |(authority, query)| (authority, Some(query)));
    match (scheme, query) {
        (_, None) | (Scheme::Turn, Some("transport=udp" | "transport=tcp")) => {}
        (Scheme::Stun, Some(_)) => return Err(format!("has a \"?\", which STUN has not: write it as \"{example}\"")),
        (Scheme::Turn, Some(_)) => {
            return Err("has something else after its \"?\" than transport=udp or transport=tcp".to_owned());
        }
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or("has a \"[\" and no \"]\"")?;
            if address.parse::<Ipv6Addr>().is_err() {
                return Err("has something else in its brackets than an IPv6 address".to_owned());
            }
            (None, port)
        }
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            let (host, port) = authority.split_at(end);
            if port.matches(':').count() > 1 {
                return Err("has more than one colon after its host: an IPv6 address stands in brackets".to_owned());
            }
            (Some(host), port)
        }
    };
    let is_port = |it: &str| it.bytes().all(|it| it.is_ascii_digit()) && it.parse::<u16>().is_ok_and(|it| it > 0);
    if !(port.is_empty() || port.strip_prefix(':').is_some_and(is_port)) {
        return Err("has a port that is none: it must be a number from 1 to 65535".to_owned());
    }
    if host.is_some_and(|it| !is_host(it)) {
        return Err(format!("names no host: write it as \"{example}\""));
    }
    Ok(scheme)
}

/// A name, or an IPv4 address.
fn is_host(host: &str) -> bool {
    let is_number = host.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    let is_name = || host.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._".contains(&it));
    if is_number { host.parse::<Ipv4Addr>().is_ok() } else { is_name() && host.split('.').next() != Some("") }
}

#[cfg(test)]
mod tests {
    use super::{Scheme, check_url};

    #[test]
    fn what_browsers_take_is_taken() {
        for (url, scheme) in [
            ("stun:stun.example.org", Scheme::Stun),
            ("stun:stun.example.org:3478", Scheme::Stun),
            ("stuns:192.0.2.1:5349", Scheme::Stun),
            ("stun:[2001:db8::1]", Scheme::Stun),
            ("turn:[2001:db8::1]:65535?transport=tcp", Scheme::Turn),
            ("turn:a_b.example.org.?transport=udp", Scheme::Turn),
            ("turns:turn.example.org:443?transport=tcp", Scheme::Turn),
            ("turn:coturn", Scheme::Turn),
        ] {
            assert_eq!(check_url(url), Ok(scheme), "{url}");
        }
    }

    /// Each makes Chromium throw at `new RTCPeerConnection`, or names a place that cannot be.
    #[test]
    fn what_browsers_refuse_is_refused_and_not_repeated() {
        for url in [
            "",
            "stun",
            "stun:",
            "stun:?",
            "STUN:hush",
            "http:hush",
            "stun://hush",
            "turn:/hush",
            "stun:hush:",
            "stun:hush:0",
            "stun:hush:65536",
            "stun:hush:+5",
            "stun:hush:5:6",
            "stun:2001:db8::1",
            "stun:[2001:db8::1",
            "stun:[hush]",
            "stun:[::1]5",
            "stun:[::1]:",
            "stun:hush?transport=udp",
            "turn:hush?",
            "turn:hush?transport=",
            "turn:hush?transport=tls",
            "turn:hush?transport=udp&a=b",
            "turn:hush?a=b",
            "turn:hush?transport=udp?",
            "turn:u:hush@h",
            "turn:hush@h",
            "turn:h#hush",
            "turn:h/hush",
            "stun:a hush",
            "stun:hüsh",
            "stun:999.1.1.1",
            "stun:1.2.3",
            "stun:.hush",
            "stun:h%68sh",
            " stun:hush",
        ] {
            let wrong = check_url(url).expect_err(url);
            assert!(!wrong.contains("hush") && !wrong.contains('\n'), "{url}: {wrong}");
        }
    }
}
