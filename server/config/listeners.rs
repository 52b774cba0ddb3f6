//! Where the server listens, and what it serves there: the main listener of `[http]`, its further ones, and the presets
//! that set all of it for one project's frontend.
//!
//! **Invariant:** what a preset sets stands in `presets.toml` alone, and whatever is set beside it wins.
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Config;
use crate::protocols::{self, Protocol};

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
}

/// A listener with everything that it needs.
#[derive(Clone)]
pub struct Listener {
    /// Where.
    pub at: SocketAddr,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// What is spoken, in the order of [`protocols::ALL`].
    pub protocols: Vec<&'static dyn Protocol>,
    /// Whose pages may speak.
    pub origins: Vec<String>,
    /// Its folder of pages.
    pub views: Option<PathBuf>,
}

impl Config {
    /// Every listener, the main one first.
    pub fn listeners(&self) -> Vec<Listener> {
        let http = &self.http;
        let spoken = |names: &[String]| {
            let is_named = |it: &&&dyn Protocol| names.iter().any(|name| name == it.name());
            protocols::ALL.iter().filter(is_named).copied().collect()
        };
        let main = Listener {
            at: SocketAddr::new(http.address, http.port),
            tls: self.tls.enabled,
            protocols: spoken(&http.protocols),
            origins: http.origins.clone(),
            views: folder(&http.views),
        };
        let further = |it: &ListenerSettings| Listener {
            at: SocketAddr::new(it.address.unwrap_or(http.address), it.port.unwrap_or_default()),
            tls: it.tls.unwrap_or(self.tls.enabled),
            protocols: spoken(it.protocols.as_deref().unwrap_or_default()),
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
        check_protocols("http.protocols", &self.http.protocols)?;
        check_origins("http.origins", &self.http.origins)?;
        check_views("http.views", &self.http.views)?;
        for further in &self.http.listeners {
            let Some(port) = further.port else {
                return Err("an entry of http.listeners has neither a port nor a preset: give it one".to_owned());
            };
            let name = |field: &str| format!("{field} of the listener on port {port}");
            let protocols = further.protocols.as_deref().unwrap_or_default();
            check_protocols(&name("protocols"), protocols)?;
            check_origins(&name("origins"), further.origins.as_deref().unwrap_or_default())?;
            check_views(&name("views"), further.views.as_deref().unwrap_or(Path::new("")))?;
        }
        let listeners = self.listeners();
        let is_taken =
            |n: usize, it: &Listener| it.at.port() != 0 && listeners[..n].iter().any(|other| other.at == it.at);
        if let Some((_, twice)) = listeners.iter().enumerate().find(|(n, it)| is_taken(*n, it)) {
            return Err(format!("two listeners have the address {}: give one of them another port", twice.at));
        }
        if listeners.iter().any(|it| it.tls) {
            for (name, path) in [("tls.cert_path", &self.tls.cert_path), ("tls.key_path", &self.tls.key_path)] {
                if path.as_os_str().is_empty() {
                    let who = if self.tls.enabled { "tls.enabled is true" } else { "a listener has tls = true" };
                    return Err(format!("{who}, but {name} is empty: name the PEM file, or switch TLS off"));
                }
            }
        }
        Ok(())
    }
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

fn check_protocols(name: &str, protocols: &[String]) -> Result<(), String> {
    let known = || protocols::ALL.iter().map(|it| it.name());
    match protocols.iter().find(|it| !known().any(|known| known == *it)) {
        Some(unknown) => Err(format!("{name} holds {unknown:?}: each must be {}", one_of(known()))),
        None if protocols.is_empty() => Err(format!("{name} are missing: name at least one, {}", one_of(known()))),
        None => Ok(()),
    }
}

fn check_origins(name: &str, origins: &[String]) -> Result<(), String> {
    let is_host = |it: &str| !it.is_empty() && it.chars().all(|it| it.is_ascii_alphanumeric() || "-.:[]".contains(it));
    let fits = |it: &&String| {
        let host = it.strip_prefix("https://").or(it.strip_prefix("http://"));
        ["*", SAME, "file://"].contains(&it.as_str()) || host.is_some_and(is_host)
    };
    match origins.iter().find(|it| !fits(it)) {
        None => Ok(()),
        Some(odd) => Err(format!(
            "{name} holds {odd:?}: each must be \"*\", \"same\", \"file://\", or a scheme and a host and no path, as \
             \"https://chat.example.org\""
        )),
    }
}

fn check_views(name: &str, views: &Path) -> Result<(), String> {
    match folder(views) {
        Some(views) if !views.is_dir() => {
            Err(format!("{name} is {}: there is no such folder, or this user may not look into it", views.display()))
        }
        _ => Ok(()),
    }
}

fn folder(views: &Path) -> Option<PathBuf> {
    Some(views.to_owned()).filter(|it| !it.as_os_str().is_empty())
}

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.map(|it| format!("{it:?}")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}
