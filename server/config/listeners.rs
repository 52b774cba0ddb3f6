//! Where the server listens, and what it serves there: the main listener of `[http]`, its further ones, and the presets
//! that set all of it for one project's frontend.
//!
//! **Invariant:** what a preset sets stands in `presets.toml` alone, and whatever is set beside it wins.
use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Config;

/// The presets, commented.
pub(super) const PRESETS: &str = include_str!("presets.toml");

/// One of `http.listeners`: what is not set is as in the preset, or else as in `[http]` and `[tls]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a table with a port or a preset")]
#[expect(missing_docs, reason = "each setting is explained once, in default_config.toml")]
pub struct ListenerSettings {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub preset: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocols: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origins: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub views: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_protocol: Option<bool>,
}

/// The settings of one listener, with what it takes over from its preset and the main one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// What messages to the operator call it.
    pub name: String,
    /// The address and port to listen on.
    pub at: SocketAddr,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// Whether connections of trusted proxies begin with the header of the PROXY protocol.
    pub proxy_protocol: bool,
    /// The names of its protocols, as they are set.
    pub protocols: Vec<String>,
    /// The origins whose pages may connect.
    pub origins: Vec<String>,
    /// Its folder of pages.
    pub views: Option<PathBuf>,
}

impl Config {
    /// Every listener, the main one first.
    pub fn listeners(&self) -> Vec<Listener> {
        let http = &self.http;
        let main = Listener {
            name: "the main listener".to_owned(),
            at: SocketAddr::new(http.address, http.port),
            tls: self.tls.enabled,
            proxy_protocol: http.proxy_protocol,
            protocols: http.protocols.clone(),
            origins: http.origins.clone(),
            views: folder(&http.views),
        };
        let further = |it: &ListenerSettings| Listener {
            name: format!("the listener on port {}", it.port.unwrap_or_default()),
            at: SocketAddr::new(it.address.unwrap_or(http.address), it.port.unwrap_or_default()),
            tls: it.tls.unwrap_or(self.tls.enabled),
            proxy_protocol: it.proxy_protocol.unwrap_or(http.proxy_protocol),
            protocols: it.protocols.clone().unwrap_or_default(),
            origins: it.origins.clone().unwrap_or_else(|| vec![SAME.to_owned()]),
            views: it.views.as_deref().and_then(folder),
        };
        [main].into_iter().chain(http.listeners.iter().map(further)).collect()
    }

    /// Puts what presets set into the further listeners, where it is not set beside them.
    pub(super) fn apply_presets(&mut self) -> Result<(), String> {
        for further in self.http.listeners.iter_mut().filter(|it| !it.preset.is_empty()) {
            let preset = preset(&further.preset).map_err(|it| format!("an entry of http.listeners has the {it}"))?;
            further.address = further.address.or(preset.address);
            further.port = further.port.or(preset.port);
            further.protocols = further.protocols.take().or(preset.protocols);
            further.origins = further.origins.take().or(preset.origins);
            further.tls = further.tls.or(preset.tls);
        }
        Ok(())
    }

    /// What types alone do not say about listeners.
    pub(super) fn check_listeners(&self) -> Result<(), String> {
        check_origins("http.origins", &self.http.origins)?;
        let allowed = "a scheme and a host and no path, as \"https://intranet.example.org\"";
        self.http.frame_ancestors.iter().try_for_each(|it| check_origin("http.frame_ancestors", it, allowed))?;
        check_views("http.views", &self.http.views)?;
        for further in &self.http.listeners {
            let Some(port) = further.port else {
                return Err("an entry of http.listeners has neither a port nor a preset: give it one".to_owned());
            };
            let name = |field: &str| format!("{field} of the listener on port {port}");
            // Without any it has ["same"].
            further.origins.as_deref().map_or(Ok(()), |it| check_origins(&name("origins"), it))?;
            check_views(&name("views"), further.views.as_deref().unwrap_or(Path::new("")))?;
        }
        let listeners = self.listeners();
        if let Some(it) = listeners.iter().find(|it| !can_be_listened_on(it.at.ip())) {
            return Err(format!(
                "{} has the address {}: no connection comes in there; \"::\" is every address of this machine",
                it.name,
                it.at.ip()
            ));
        }
        for (n, listener) in listeners.iter().enumerate() {
            if let Some(other) = listeners[..n].iter().find(|other| collide(listener.at, other.at)) {
                let (one, other) = (listener.at, other.at);
                return Err(if one == other {
                    format!("two listeners have the address {one}: give one of them another port")
                } else {
                    format!("the listeners at {other} and {one} take each other's place: give one of them another port")
                });
            }
        }
        if let Some(it) = listeners.iter().find(|it| it.proxy_protocol && self.http.trusted_proxies.is_empty()) {
            return Err(format!(
                "{} has proxy_protocol = true, and http.trusted_proxies is empty, so that nobody's header would be believed: \
                 name the proxy there",
                it.name
            ));
        }
        self.check_redirect(&listeners)?;
        if listeners.iter().any(|it| it.tls) && !self.tls.is_automatic() {
            for (name, path) in [("tls.cert_path", &self.tls.cert_path), ("tls.key_path", &self.tls.key_path)] {
                if path.as_os_str().is_empty() {
                    let who = if self.tls.enabled { "tls.enabled is true" } else { "a listener has tls = true" };
                    return Err(format!("{who}, but {name} is empty: name the PEM file, or switch TLS off"));
                }
            }
        }
        Ok(())
    }

    /// Where requests in plain HTTP are led to HTTPS, if anywhere.
    pub fn redirect_at(&self) -> Option<SocketAddr> {
        let port = self.tls.redirect_port;
        (port != 0).then(|| SocketAddr::new(self.http.address, port))
    }

    fn check_redirect(&self, listeners: &[Listener]) -> Result<(), String> {
        let Some(at) = self.redirect_at() else { return Ok(()) };
        let metrics = self.metrics.at().map(|it| (it, "the metrics"));
        let mut others = listeners.iter().map(|it| (it.at, it.name.as_str())).chain(metrics);
        match others.find(|it| collide(it.0, at)) {
            Some((_, name)) => {
                Err(format!("tls.redirect_port is {}, which is the port of {name} too: choose another", at.port()))
            }
            None => Ok(()),
        }
    }
}

/// Of multicast, broadcast and addresses that need a zone none can be had.
pub(super) fn can_be_listened_on(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !address.is_multicast() && !address.is_broadcast(),
        IpAddr::V6(address) => !address.is_multicast() && !address.is_unicast_link_local(),
    }
}

/// Whether only one of them can be had: "::" is every address, and "0.0.0.0" every one of IPv4.
pub(super) fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let covers = |all: IpAddr, it: IpAddr| match all {
        IpAddr::V6(all) => all.is_unspecified(),
        IpAddr::V4(all) => all.is_unspecified() && it.to_canonical().is_ipv4(),
    };
    let (a, b) = (one.ip(), other.ip());
    one.port() != 0
        && one.port() == other.port()
        && (a.to_canonical() == b.to_canonical() || covers(a, b) || covers(b, a))
}

/// What a page of the same host and port has as its origin, whatever that is.
pub(super) const SAME: &str = "same";

fn preset(name: &str) -> Result<ListenerSettings, String> {
    let presets: BTreeMap<String, ListenerSettings> = toml::from_str(PRESETS).unwrap_or_default();
    presets.get(name).cloned().ok_or_else(|| unknown_preset(name))
}

pub(super) fn unknown_preset(name: &str) -> String {
    let presets: BTreeMap<String, ListenerSettings> = toml::from_str(PRESETS).unwrap_or_default();
    format!("preset {name:?}, which there is not: it must be {}", one_of(presets.keys().map(String::as_str)))
}

fn check_origins(name: &str, origins: &[String]) -> Result<(), String> {
    if origins.is_empty() {
        return Err(format!("{name} is empty, so that no page may connect: name at least one, as \"same\""));
    }
    let mut others = origins.iter().filter(|it| !["*", SAME, "same-host", "file://"].contains(&it.as_str()));
    let allowed = "\"*\", \"same\", \"same-host\", \"file://\", or a scheme and a host and no path, as \"https://chat.example.org\"";
    others.try_for_each(|origin| check_origin(name, origin, allowed))
}

/// `allowed` says in words what may stand there.
fn check_origin(name: &str, origin: &str, allowed: &str) -> Result<(), String> {
    let (scheme, host) = origin.split_once("://").unwrap_or_default();
    let usual = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => "",
    };
    if usual.is_empty() || !is_host(host) {
        return Err(format!("{name} holds {origin:?}: each must be {allowed}"));
    }
    match host.strip_suffix(usual) {
        Some(host) => {
            Err(format!("{name} holds {origin:?}: browsers leave the usual port out, so write \"{scheme}://{host}\""))
        }
        None => Ok(()),
    }
}

/// A name or an address, IPv6 in brackets, and perhaps a port.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => ("v6", port),
        Some(_) => return false,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let is_port = |it: &str| it.bytes().all(|it| it.is_ascii_digit()) && it.parse::<u16>().is_ok_and(|it| it > 0);
    let is_name = !host.is_empty() && host.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._".contains(&it));
    is_name && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn check_views(name: &str, views: &Path) -> Result<(), String> {
    match folder(views) {
        Some(views) if fs::read_dir(&views).is_err() => {
            Err(format!("{name} is {}: there is no such folder, or this user may not look into it", views.display()))
        }
        _ => Ok(()),
    }
}

fn folder(views: &Path) -> Option<PathBuf> {
    Some(views.to_owned()).filter(|it| !it.as_os_str().is_empty())
}

/// `"a", "b" or "c"`, for what a setting must be one of.
pub fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.map(|it| format!("{it:?}")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}
