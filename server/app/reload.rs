//! Settings read again at SIGHUP while people are there.
//!
//! **Invariants:** all of a file is taken or nothing of it. What takes a restart is named in the log each time, for as long as
//! the file says other than what runs; everything else is in force when the service manager hears that the reload is over.
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use tokio::{signal::unix::Signal, sync::Notify, task::spawn_blocking};

use super::{certificate, relay, service_manager, settings, signals};
use crate::{
    config::{self, Config},
    http::TrustedProxies,
    protocols,
    sessions::{Realm, Sessions},
    telemetry,
    tls::CertificateFiles,
    turn::TurnServer,
};

/// Reads the settings, and says in a sentence what is wrong with them.
pub type ReadSettings = Arc<dyn Fn() -> Result<Config, String> + Send + Sync>;

/// What is done at a SIGHUP.
pub struct Reload {
    hangups: Signal,
    /// `None`: the certificate alone is looked at.
    read: Option<ReadSettings>,
}

/// What settings can be given anew while it runs.
pub(super) struct Live {
    pub(super) sessions: Sessions,
    pub(super) realms: BTreeMap<&'static str, Realm>,
    pub(super) proxies: TrustedProxies,
    pub(super) relay: Option<Arc<TurnServer>>,
    /// Of the certificate, where it comes from files.
    pub(super) files: Option<Arc<ArcSwap<CertificateFiles>>>,
    /// What is in force.
    pub(super) config: Mutex<Config>,
}

impl Reload {
    /// From now on a SIGHUP is no longer the end of the process.
    ///
    /// # Errors
    /// The system does not let us hear signals.
    pub fn new(read: Option<ReadSettings>) -> io::Result<Self> {
        Ok(Reload { hangups: signals::hangups()?, read })
    }

    /// Never done. `certificate` is told each time.
    pub(super) async fn run(mut self, live: &Live, certificate: &Notify) {
        while self.hangups.recv().await.is_some() {
            service_manager::reloading();
            let status = match &self.read {
                Some(read) => live.reload(read.clone()).await,
                None => "serves".to_owned(),
            };
            // Which says itself what becomes of it.
            certificate.notify_one();
            service_manager::reloaded(&status);
        }
        std::future::pending().await
    }
}

impl Live {
    /// What is in force.
    pub(super) fn config(&self) -> Config {
        self.config.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says in a few words what came of it.
    async fn reload(&self, read: ReadSettings) -> String {
        let read = spawn_blocking(move || read()).await.unwrap_or_else(|failed| Err(failed.to_string()));
        match read.and_then(|new| self.apply(new)) {
            Ok((taken, left)) => {
                tracing::info!(event = "reload", taken = taken.join(", "), "the settings were read again");
                if left.is_empty() {
                    return "serves; the settings were read again".to_owned();
                }
                let left = left.join(", ");
                tracing::warn!(event = "reload", "these settings take a restart, and stay as they were: {left}");
                format!("serves; these settings take a restart: {left}")
            }
            Err(sentence) => {
                tracing::error!(event = "reload", "{sentence}; all settings stay as they were");
                format!("serves; the settings stay as they were: {sentence}")
            }
        }
    }

    /// What changed, and what would take a restart to change.
    fn apply(&self, new: Config) -> Result<(Vec<String>, Vec<String>), String> {
        settings::check(&new).map_err(|it| it.to_string())?;
        let before = self.config();
        let now = with_what_can_change(before.clone(), &new, self.files.is_some());
        let proxies = settings::trusted_proxies(&now).map_err(|it| it.to_string())?;
        // The last that can fail.
        telemetry::set_filter(&now.log.filter)?;
        self.proxies.replace_by(&proxies);
        self.sessions.ledger().set_limits(settings::limits(&now));
        self.sessions.set_lifetimes(settings::lifetimes(&now));
        self.sessions.set_ice(settings::ice(&now));
        for (name, realm) in &self.realms {
            if let Some(protocol) = protocols::ALL.iter().find(|it| it.name() == *name) {
                let is_kept = self.sessions.rules(*realm).policy.is_kept;
                self.sessions.set_rules(*realm, settings::rules(&now, *protocol, is_kept));
            }
        }
        if let Some(relay) = &self.relay {
            let told = relay::told(&now);
            relay.tell(told);
        }
        if let Some(files) = &self.files {
            files.store(Arc::new(certificate::files(&now)));
        }
        let (taken, left) = (before.differences(&now), now.differences(&new));
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = now;
        Ok((taken, left))
    }
}

/// The settings in force, with those of a new reading that need no restart. `in_files`: the certificate is, and in the new
/// reading, too, or that takes a restart.
fn with_what_can_change(mut config: Config, new: &Config, in_files: bool) -> Config {
    let Config { http, tls, sessions, rooms, limits, ice, relay, log, .. } = new.clone();
    (config.http.trusted_proxies, config.http.drain_s) = (http.trusted_proxies, http.drain_s);
    (config.sessions, config.rooms, config.limits, config.ice) = (sessions, rooms, limits, ice);
    config.log.filter = log.filter;
    if in_files && tls.enabled && !tls.is_automatic() {
        (config.tls.cert_path, config.tls.key_path) = (tls.cert_path, tls.key_path);
    }
    let config::RelaySettings { host, urls, peer_bytes_per_second, peer_bytes_burst, .. } = relay;
    (config.relay.host, config.relay.urls) = (host, urls);
    (config.relay.peer_bytes_per_second, config.relay.peer_bytes_burst) = (peer_bytes_per_second, peer_bytes_burst);
    (config.relay.bytes_per_second, config.relay.bytes_burst) = (relay.bytes_per_second, relay.bytes_burst);
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::App, config::Flags};

    fn config(variables: &[(&str, &str)]) -> Config {
        let flags = Flags { address: Some("127.0.0.1".to_owned()), port: Some(0), ..Flags::default() };
        let fixed = [("P2PCHAT_RELAY__PORT", "0"), ("P2PCHAT_STATE__DIR", "memory")];
        let variables = fixed.iter().chain(variables).map(|it| (it.0.to_owned(), it.1.to_owned()));
        config::read(&flags, &[], variables).unwrap().0
    }

    #[tokio::test]
    async fn each_part_has_what_it_is_given_anew() {
        let app = App::bind(config(&[("P2PCHAT_HTTP__PROTOCOLS", "[\"p2pchat\", \"poc\"]")])).await.unwrap();
        let live = &app.live;
        let proxy = "192.0.2.1".parse().unwrap();
        assert!(!live.proxies.trusts(proxy));
        let new = config(&[
            ("P2PCHAT_HTTP__PROTOCOLS", "[\"p2pchat\", \"poc\"]"),
            ("P2PCHAT_HTTP__DRAIN_S", "7"),
            ("P2PCHAT_HTTP__TRUSTED_PROXIES", "[\"192.0.2.0/24\"]"),
            ("P2PCHAT_LIMITS__MEMORY_BYTES_MAX", "123456789"),
            ("P2PCHAT_LIMITS__SESSIONS_MAX", "0"),
            ("P2PCHAT_RELAY__PEER_BYTES_PER_SECOND", "5"),
            ("P2PCHAT_ROOMS__LINGER_S", "9"),
            ("P2PCHAT_ROOMS__OPEN_PEERS_MAX", "50"),
            ("P2PCHAT_SESSIONS__GRACE_S", "0"),
            ("P2PCHAT_SIGNALING__MESSAGE_BYTES_MAX", "100000"),
        ]);
        let (taken, left) = live.apply(new.clone()).unwrap();
        assert_eq!((taken.len(), left), (8, vec!["signaling.message_bytes_max".to_owned()]));
        let limits = live.sessions.ledger().limits();
        assert_eq!((limits.memory_bytes_max, limits.sessions_max), (123_456_789, usize::MAX));
        assert_eq!((limits.media_bytes.per_second, live.sessions.ledger().balance().memory.max), (5, 123_456_789));
        // Bursts go by the longest message that is in force, and not by one that takes a restart.
        assert_eq!(limits.bytes.burst, settings::limits(&config(&[])).bytes.burst);
        let rules = |name| live.sessions.rules(live.realms[name]);
        assert_eq!((rules("p2pchat").policy.linger.as_secs(), rules("p2pchat").limits.peers_max), (9, 20));
        assert_eq!(rules("poc").limits.peers_max, 2, "its page has one connection");
        assert!(live.proxies.trusts(proxy) && !live.sessions.keeps_sessions());
        assert_eq!(live.config().http.drain_s, 7);
        assert_eq!(live.apply(new).unwrap(), (Vec::new(), vec!["signaling.message_bytes_max".to_owned()]));
    }

    #[tokio::test]
    async fn a_reading_with_a_fault_changes_nothing() {
        let app = App::bind(config(&[])).await.unwrap();
        let faulty = [("P2PCHAT_HTTP__TRUSTED_PROXIES", "[\"nowhere\"]"), ("P2PCHAT_LOG__FILTER", "what=ever")];
        for fault in faulty {
            let new = config(&[fault, ("P2PCHAT_LIMITS__ROOMS_MAX", "3")]);
            assert!(app.live.apply(new).is_err(), "{fault:?}");
            assert_eq!(app.live.sessions.ledger().limits().rooms_max, 100_000);
        }
    }
}
