//! Where the certificate comes from, as the settings have it: files, an authority, or this server itself.
use std::{
    future::pending,
    net::{IpAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::Router;
use tokio::sync::Notify;

use super::{BoundListener, StartupError, listen::own_addresses, settings, url};
use crate::{
    acceptor::Timeouts,
    config::{self, Config},
    http::{self, HttpsSite},
    relay::Networks,
    tls::{self, Acme, AcmeSettings, Certificate, CertificateFiles, Challenges, Eab, SelfSigned, lets_encrypt},
};

/// Names that lead nowhere on the internet, whoever asks (RFC 6761, 6762, 8375 and their registry).
const PRIVATE_ENDINGS: [&str; 7] = ["localhost", "local", "lan", "home.arpa", "internal", "test", "invalid"];

/// Where authorities look.
const HTTPS_PORT: u16 = 443;
const HTTP_PORT: u16 = 80;

/// Nothing is upgraded there.
const REDIRECT_WRITE_TIMEOUT: Duration = Duration::from_secs(20);

/// What TLS is spoken with, and what keeps it good.
pub(super) enum CertificateSource {
    /// Without TLS.
    None,
    Files(Certificate, Arc<ArcSwap<CertificateFiles>>),
    Acme(Box<Acme>),
    SelfSigned(SelfSigned),
}

/// # Errors
/// There is no certificate, and none could be had.
pub(super) async fn open(config: &Config) -> Result<CertificateSource, StartupError> {
    if !config.listeners().iter().any(|it| it.tls) {
        return Ok(CertificateSource::None);
    }
    if !config.tls.acme.names.is_empty() {
        let acme = Acme::open(acme_settings(config)?).await;
        return acme.map(|it| CertificateSource::Acme(Box::new(it))).map_err(StartupError::Settings);
    }
    if config.tls.self_signed {
        let own = SelfSigned::open(own_names(config), settings::state_folder(config)).await;
        return own.map(CertificateSource::SelfSigned).map_err(StartupError::Settings);
    }
    let files = files(config);
    let certificate = tls::load(&files).await.map_err(|it| StartupError::Settings(it.to_string()))?;
    certificate.report(&files);
    Ok(CertificateSource::Files(certificate, Arc::new(ArcSwap::from_pointee(files))))
}

/// Where the certificate is, if it is in files.
pub(super) fn files(config: &Config) -> CertificateFiles {
    let config::Tls { cert_path, key_path, .. } = &config.tls;
    CertificateFiles { cert: cert_path.clone(), key: key_path.clone(), hostname: config.http.hostname.clone() }
}

impl CertificateSource {
    pub(super) fn certificate(&self) -> Option<Certificate> {
        match self {
            CertificateSource::None => None,
            CertificateSource::Files(certificate, _) => Some(certificate.clone()),
            CertificateSource::Acme(acme) => Some(acme.certificate()),
            CertificateSource::SelfSigned(own) => Some(own.certificate()),
        }
    }

    /// The files that it is read from, which may be replaced by others.
    pub(super) fn files(&self) -> Option<Arc<ArcSwap<CertificateFiles>>> {
        match self {
            CertificateSource::Files(_, files) => Some(files.clone()),
            CertificateSource::None | CertificateSource::Acme(_) | CertificateSource::SelfSigned(_) => None,
        }
    }

    /// What an authority may ask for by plain HTTP.
    pub(super) fn challenges(&self) -> Challenges {
        match self {
            CertificateSource::Acme(acme) => acme.challenges(),
            CertificateSource::None | CertificateSource::Files(..) | CertificateSource::SelfSigned(_) => {
                Challenges::default()
            }
        }
    }

    /// What to tell people who are to open the page of a server on this port, beside its address.
    pub(super) fn greeting(&self, config: &Config, port: u16) -> Option<String> {
        let CertificateSource::SelfSigned(own) = self else { return None };
        let at = |it: &IpAddr| {
            let http = config::Http { hostname: it.to_string(), ..config.http.clone() };
            url(&Config { http, ..config.clone() }, port)
        };
        let addresses: Vec<_> = own_addresses().iter().filter(|it| it.is_ipv4()).map(at).collect();
        let elsewhere = match (&*config.http.hostname, addresses.first()) {
            ("", Some(address)) => format!("Other devices in this network open {address}\n"),
            _ => String::new(),
        };
        Some(format!(
            "{elsewhere}Each browser will say once that the connection is not private, because this server made its \
             certificate itself: go on, by \"Advanced\" or \"Details\". It is the right one if its SHA-256 fingerprint is\n\
             {}\n",
            own.fingerprint()
        ))
    }

    /// Never done. `now`: what is to be looked at is looked at at once.
    pub(super) async fn keep_good(self, now: Arc<Notify>) {
        match self {
            CertificateSource::None => pending().await,
            CertificateSource::Files(certificate, files) => tls::reload_when_changed(certificate, files, now).await,
            // What an order takes is not to be kept room for where there is none.
            CertificateSource::Acme(acme) => Box::pin(acme.run(now)).await,
            CertificateSource::SelfSigned(own) => own.run(now).await,
        }
    }
}

/// What plain HTTP is answered with at a port of HTTPS: as nginx does, but that whoever has a name is led to it.
pub(super) fn astray(config: &Config, shared: &http::Shared) -> Router {
    http::redirect(HttpsSite { names: https_names(config), port: None }, shared, |_| None)
}

/// Plain HTTP beside the main listener's HTTPS.
pub(super) fn redirecting(
    ports: Vec<TcpListener>,
    config: &Config,
    certificate: &CertificateSource,
    shared: &http::Shared,
    main: Option<&BoundListener>,
) -> BoundListener {
    let https_port = main.and_then(|it| it.ports.first()?.local_addr().ok()).map_or(config.http.port, |it| it.port());
    let (site, challenges) =
        (HttpsSite { names: https_names(config), port: Some(https_port) }, certificate.challenges());
    let router = http::redirect(site, shared, move |token| challenges.http_answer(token));
    BoundListener {
        ports,
        router,
        timeouts: Timeouts::new(REDIRECT_WRITE_TIMEOUT),
        tls: false,
        // Whatever is in front of the main listener is in front of this one too.
        proxy_protocol: config.http.proxy_protocol,
        astray: None,
    }
}

/// The names to which plain HTTP leads.
fn https_names(config: &Config) -> Vec<String> {
    if !config.tls.acme.names.is_empty() {
        acme_names(config)
    } else if config.tls.self_signed {
        own_names(config)
    } else {
        let hostname = config.http.hostname.to_ascii_lowercase();
        [hostname].into_iter().filter(|it| !it.is_empty()).collect()
    }
}

/// Without asking for a certificate or making one.
///
/// # Errors
/// There is none in the files that are named, or what is asked for could not be kept.
pub(super) async fn check(config: &Config) -> Result<(), StartupError> {
    if !config.tls.is_automatic() {
        return open(config).await.map(drop);
    }
    // A service has a folder that whoever checks its settings has not.
    let asks = !config.tls.acme.names.is_empty();
    if asks && config.state.dir == config::IN_MEMORY { acme_settings(config).map(drop) } else { Ok(()) }
}

fn acme_settings(config: &Config) -> Result<AcmeSettings, StartupError> {
    let it = &config.tls.acme;
    let Some(folder) = settings::state_folder(config) else {
        return Err(StartupError::Settings(
            "tls.acme.names (--acme) asks for a certificate, and there is no folder to keep it in, so that each start would \
             ask for another one, until the authority gives none for a week: set state.dir"
                .to_owned(),
        ));
    };
    let set = |it: &String| Some(it.clone()).filter(|it| !it.is_empty());
    let directory = set(&it.directory_url).unwrap_or_else(|| lets_encrypt(it.staging).to_owned());
    Ok(AcmeSettings {
        names: acme_names(config),
        contact: set(&it.contact),
        directory,
        profile: set(&it.profile),
        eab: it.eab_key().map(|hmac_key| Eab { key_id: it.eab_key_id.clone(), hmac_key }),
        root: Some(it.root_cert_path.clone()).filter(|it| *it != PathBuf::new()),
        folder,
        has_http: config.tls.redirect_port != 0,
        hostname: config.http.hostname.clone(),
    })
}

fn acme_names(config: &Config) -> Vec<String> {
    config.tls.acme.names.iter().map(|it| it.to_ascii_lowercase()).collect()
}

/// By what devices in this network may call this machine, the likeliest first.
fn own_names(config: &Config) -> Vec<String> {
    let http = &config.http;
    let set = [http.hostname.to_ascii_lowercase()].into_iter().filter(|it| !it.is_empty());
    let bound = [http.address].into_iter().filter(|it| !it.is_unspecified());
    let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let addresses = bound.chain(own_addresses()).map(|it| it.to_string());
    let mut names = Vec::new();
    for name in set.chain(addresses).chain(local) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What keeps an authority from giving the certificate, a sentence each. `port`: of HTTPS.
pub(super) fn advice(config: &Config, port: u16) -> Vec<String> {
    let mut advice = Vec::new();
    let it = &config.tls.acme;
    if it.names.is_empty() {
        if config.tls.self_signed && settings::state_folder(config).is_none() {
            advice.push(
                "there is no folder to keep the certificate in, so that browsers ask about another one after each start: set \
                 state.dir"
                    .to_owned(),
            );
        }
        return advice;
    }
    let public = Networks::new(&[] as &[&str], &[] as &[&str], []).ok();
    let is_private = |name: &&String| match name.parse::<IpAddr>() {
        Ok(address) => public.as_ref().is_some_and(|it| !it.allows(address)),
        Err(_) => {
            let last = |it: &str| *name == it || name.ends_with(&format!(".{it}"));
            !name.contains('.') || PRIVATE_ENDINGS.into_iter().any(last)
        }
    };
    let private: Vec<_> = it.names.iter().filter(is_private).map(String::as_str).collect();
    if it.directory_url.is_empty() && !private.is_empty() {
        advice.push(format!(
            "Let's Encrypt gives no certificate for {}, which only leads here from this network: for people in it there is \
             --self-signed",
            private.join(" and ")
        ));
    }
    if port != HTTPS_PORT && config.tls.redirect_port != HTTP_PORT {
        advice.push(format!(
            "certificate authorities look at port {HTTPS_PORT}, and this server listens on {port}: see that port \
             {HTTPS_PORT} of {} is forwarded to it",
            it.names.join(" and ")
        ));
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;

    fn with(names: &[&str], variables: &[(&str, &str)]) -> Config {
        let flags = Flags { acme: names.iter().map(|it| (*it).to_owned()).collect(), ..Flags::default() };
        let variables = variables.iter().map(|it| (it.0.to_owned(), it.1.to_owned()));
        config::read(&flags, &[], variables).unwrap().0
    }

    #[test]
    fn what_no_authority_on_the_internet_can_see_is_said() {
        for (name, is_said) in [
            ("chat.example.org", false),
            ("8.8.8.8", false),
            ("2606:4700::1111", false),
            ("192.168.1.5", true),
            ("100.64.0.1", true),
            ("fd00::1", true),
            ("::1", true),
            ("nas", true),
            ("nas.local", true),
            ("local.example.org", false),
        ] {
            let said = advice(&with(&[name], &[]), 443);
            assert_eq!(said.iter().any(|it| it.contains(name)), is_said, "{name}: {said:?}");
        }
        let private = [("P2PCHAT_TLS__ACME__DIRECTORY_URL", "https://ca.lan/acme")];
        assert_eq!(advice(&with(&["nas.lan"], &private), 443), Vec::<String>::new());
    }

    #[test]
    fn a_port_at_which_no_authority_looks_is_said() {
        let redirect = [("P2PCHAT_TLS__REDIRECT_PORT", "80")];
        let names = &["chat.example.org"];
        assert!(advice(&with(names, &[]), 8443)[0].contains("listens on 8443"));
        assert_eq!(advice(&with(names, &redirect), 8443), Vec::<String>::new());
        assert_eq!(advice(&with(names, &[]), 443), Vec::<String>::new());
    }

    #[test]
    fn what_is_asked_for_is_what_is_set() {
        let state = ("P2PCHAT_STATE__DIR", "/state");
        let it = acme_settings(&with(&["Chat.Example.org", "8.8.8.8"], &[state])).unwrap();
        assert_eq!(it.names, ["chat.example.org", "8.8.8.8"]);
        assert_eq!((it.directory.as_str(), it.has_http), ("https://acme-v02.api.letsencrypt.org/directory", false));
        let staging = ("P2PCHAT_TLS__ACME__STAGING", "true");
        let it = acme_settings(&with(&["a.example"], &[state, staging])).unwrap();
        assert_eq!(it.directory, "https://acme-staging-v02.api.letsencrypt.org/directory");
        let memory = ("P2PCHAT_STATE__DIR", "memory");
        let fault = acme_settings(&with(&["a.example"], &[memory])).map(drop).unwrap_err().to_string();
        assert!(fault.contains("set state.dir"), "{fault}");
    }

    #[test]
    fn plain_http_leads_to_the_names_of_the_certificate() {
        assert_eq!(https_names(&with(&["A.example", "8.8.8.8"], &[])), ["a.example", "8.8.8.8"]);
        let own = with(&[], &[("P2PCHAT_TLS__SELF_SIGNED", "true"), ("P2PCHAT_HTTP__HOSTNAME", "nas.lan")]);
        let own = https_names(&own);
        assert_eq!(own.first().map(String::as_str), Some("nas.lan"));
        assert!(own.iter().any(|it| it == "localhost"));
        assert_eq!(https_names(&with(&[], &[("P2PCHAT_HTTP__HOSTNAME", "a.example")])), ["a.example"]);
        assert_eq!(https_names(&with(&[], &[])), [""; 0]);
    }
}
