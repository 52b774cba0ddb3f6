//! By which names this server may be asked. A page whose own name was made to lead here (DNS rebinding) asks us by that name,
//! and to its browser we are of its origin: by the host alone it shows that it means somebody else.
//!
//! **Invariant:** a name that anybody can register is ours only where it is set, where a browser has seen a certificate for it,
//! or where whoever asks could have reached us without anybody's browser.
use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderName, Uri, header},
};

use crate::accounting::{ClientAddress, NamedByProxy, ServerAddress};

/// What browsers say of the page that asks (Fetch Metadata). No script can set it, and none is sent to where neither TLS nor
/// the machine itself vouches for the host.
pub(super) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Endings that nobody can register: RFC 6761, 6762 (and its appendix G), 7686, 8375, and ICANN's `internal`.
const NOBODYS: [&str; 11] = [
    "corp",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
];

/// The names of one listener.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    /// The operator's own name for this server, in lower case. With one, no other is taken on trust.
    own: Option<String>,
    /// Further names that are ours, in lower case.
    names: Vec<String>,
    /// Whoever comes in by TLS has compared the name with the certificate.
    is_tls: bool,
}

impl Hosts {
    /// `own` is the name that is set for the server, perhaps an empty one; `names` may be ours as well; `is_tls` says that the
    /// listener speaks TLS itself.
    pub fn new(own: &str, names: &[String], is_tls: bool) -> Self {
        let plain = |it: &str| it.trim_end_matches('.').to_ascii_lowercase();
        Hosts {
            // "localhost", as in the original's settings, says nothing of what others call it.
            own: Some(plain(own)).filter(|it| is_anybodys(it)),
            names: names.iter().map(|it| plain(it)).collect(),
            is_tls,
        }
    }

    pub(super) fn add(&mut self, names: impl Iterator<Item = String>) {
        self.names.extend(names);
    }

    /// Whether the host that this request is for is ours, as far as can be known.
    pub(super) fn admits(&self, request: &Request) -> bool {
        let Some(host) = Host::of(request) else { return false };
        if self.is_tls || !is_anybodys(&host.name) || self.own.as_ref() == Some(&host.name) {
            return true;
        }
        if self.names.contains(&host.name) || has_proven_name(request, &host) {
            return true;
        }
        self.own.is_none() && !may_be_rebound(request, &host)
    }
}

/// Has a browser seen a certificate for this name, at a proxy that speaks TLS for us?
fn has_proven_name(request: &Request, host: &Host) -> bool {
    let origin = request.headers().get(header::ORIGIN).and_then(|it| it.to_str().ok());
    let page = origin.filter(|it| it.starts_with("https://")).and_then(Host::of_origin);
    page.is_some_and(|it| it.is_same(host)) || request.headers().contains_key(&SEC_FETCH_SITE)
}

/// Could a page have its visitor's browser ask us what the page's own server cannot? So it is where we are reached from a
/// network that is not the internet, and not by another port than our own from a proxy that names its client.
fn may_be_rebound(request: &Request, host: &Host) -> bool {
    let extensions = request.extensions();
    let server = extensions.get::<ServerAddress>().map(|it| it.0);
    if extensions.get::<NamedByProxy>().is_some() {
        return server.is_none_or(|it| it.port() == host.port);
    }
    let client = extensions.get::<ClientAddress>().map(|it| it.0);
    client.is_none_or(|it| is_near(it.to_canonical(), server.map(|it| it.ip().to_canonical())))
}

/// An address that is not of the internet, or of the server's own network there: with IPv6 everybody at home has addresses of
/// the internet, 48 bits of which are the network's. 16 are an organisation's with IPv4.
fn is_near(client: IpAddr, server: Option<IpAddr>) -> bool {
    let is_private = match client {
        IpAddr::V4(it) => {
            let is_shared = it.octets()[0] == 100 && it.octets()[1] & 0xc0 == 64;
            it.is_private() || it.is_loopback() || it.is_link_local() || it.is_unspecified() || is_shared
        }
        IpAddr::V6(it) => it.is_loopback() || it.is_unique_local() || it.is_unicast_link_local() || it.is_unspecified(),
    };
    let is_same_network = match (client, server) {
        (IpAddr::V4(one), Some(IpAddr::V4(other))) => one.octets()[..2] == other.octets()[..2],
        (IpAddr::V6(one), Some(IpAddr::V6(other))) => one.segments()[..3] == other.segments()[..3],
        _ => false,
    };
    is_private || is_same_network
}

/// Whether somebody may have registered this name: it is no address, no single word, and does not end in what is nobody's.
fn is_anybodys(name: &str) -> bool {
    let is_address = name.starts_with('[') || name.parse::<IpAddr>().is_ok();
    let ends_in = |it: &&str| name.strip_suffix(*it).is_some_and(|before| before.ends_with('.'));
    name.contains('.') && !is_address && !NOBODYS.iter().any(ends_in)
}

/// What a request is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Host {
    /// In lower case; an IPv6 address in brackets.
    pub(super) name: String,
    /// As it was said, or that of HTTP.
    pub(super) port: u16,
    /// Whether a port was said that is not HTTP's or HTTPS's own.
    pub(super) has_port: bool,
}

impl Host {
    /// Of a request; HTTP/2 has it in the URI.
    pub(super) fn of(request: &Request) -> Option<Host> {
        let from_uri = |it: &Uri| it.authority().map(|it| it.as_str().to_owned());
        let text = match request.headers().get(header::HOST) {
            Some(host) => host.to_str().ok()?.to_owned(),
            None => from_uri(request.uri())?,
        };
        Some(Host::new(&text, 80))
    }

    /// Of an origin (RFC 6454). `None`: it is that of no page from a server.
    pub(super) fn of_origin(origin: &str) -> Option<Host> {
        match origin.split_once("://")? {
            ("http", host) => Some(Host::new(host, 80)),
            ("https", host) => Some(Host::new(host, 443)),
            _ => None,
        }
    }

    fn new(text: &str, usual: u16) -> Host {
        let name = name_of(text);
        let said = text.rsplit_once(':').filter(|_| !text.ends_with(']')).and_then(|it| it.1.parse().ok());
        let port = said.unwrap_or(usual);
        Host { name, port, has_port: port != 80 && port != 443 }
    }

    /// The same name and port, whatever the scheme: a proxy may have spoken TLS.
    pub(super) fn is_same(&self, other: &Host) -> bool {
        let port = |it: &Host| it.has_port.then_some(it.port);
        self.name == other.name && port(self) == port(other)
    }

    /// The same name on whatever port; all names of the machine itself are one.
    pub(super) fn is_same_name(&self, other: &Host) -> bool {
        self.name == other.name || (self.is_loopback() && other.is_loopback())
    }

    fn is_loopback(&self) -> bool {
        let bare = self.name.trim_start_matches('[').trim_end_matches(']');
        let is_address = bare.parse::<IpAddr>().is_ok_and(|it| it.to_canonical().is_loopback());
        // All below it leads to the machine that asks (RFC 6761, section 6.3).
        is_address || self.name == "localhost" || self.name.ends_with(".localhost")
    }
}

/// The name in a host that may have a port; without the dot that may end it.
fn name_of(host: &str) -> String {
    let name = match host.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((address, _)) => return format!("[{}]", address.to_ascii_lowercase()),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::body::Body;

    use super::*;

    struct Asked {
        host: &'static str,
        headers: &'static [(&'static str, &'static str)],
        client: &'static str,
        server: &'static str,
        is_named: bool,
    }

    /// Somebody on this machine, who asks it by a name that could be anybody's.
    const REBOUND: Asked = Asked {
        host: "evil.example:8080",
        headers: &[],
        client: "127.0.0.1",
        server: "127.0.0.1:8080",
        is_named: false,
    };

    fn is_admitted(hosts: &Hosts, asked: &Asked) -> bool {
        let mut request = Request::get("/").header("host", asked.host);
        for (name, value) in asked.headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ClientAddress(asked.client.parse().unwrap()));
        request.extensions_mut().insert(ServerAddress(asked.server.parse::<SocketAddr>().unwrap()));
        if asked.is_named {
            request.extensions_mut().insert(NamedByProxy);
        }
        hosts.admits(&request)
    }

    fn plain() -> Hosts {
        Hosts::new("", &[], false)
    }

    #[test]
    fn a_name_that_was_made_to_lead_here_is_not_ours() {
        for host in [
            "evil.example",
            "evil.example:8080",
            "evil.example.:8080",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evillocal.example",
            "x.notlocal",
            "1.2.3",
        ] {
            assert!(!is_admitted(&plain(), &Asked { host, ..REBOUND }), "{host}");
        }
        let headers = &[("origin", "http://evil.example:8080")];
        assert!(!is_admitted(&plain(), &Asked { headers, ..REBOUND }));
        for client in
            ["10.1.2.3", "192.168.1.5", "172.20.0.1", "169.254.1.1", "100.100.1.1", "fd00::1", "fe80::1", "::1"]
        {
            assert!(!is_admitted(&plain(), &Asked { client, server: "10.0.0.1:8080", ..REBOUND }), "{client}");
        }
    }

    #[test]
    fn addresses_and_names_that_nobody_can_register_are_ours() {
        for host in [
            "127.0.0.1:8080",
            "192.0.2.1",
            "[::1]:8080",
            "[2001:db8::1]",
            "localhost",
            "LOCALHOST:8080",
            "app.localhost:3000",
            "raspberrypi",
            "raspberrypi.local:8080",
            "chat.home.arpa",
            "chat.lan",
            "p2pchat.default.svc.cluster.local",
            "abcdef.onion",
        ] {
            assert!(is_admitted(&plain(), &Asked { host, ..REBOUND }), "{host}");
        }
    }

    #[test]
    fn names_that_are_set_are_ours_and_then_no_other_is_taken_on_trust() {
        let hosts = Hosts::new("Chat.example.org.", &["other.example.org".to_owned()], false);
        for host in ["chat.example.org", "CHAT.example.org:8080", "chat.example.org.", "other.example.org", "10.0.0.1"]
        {
            assert!(is_admitted(&hosts, &Asked { host, ..REBOUND }), "{host}");
        }
        let far = Asked { client: "198.51.100.7", server: "203.0.113.1:8080", ..REBOUND };
        assert!(is_admitted(&plain(), &far) && !is_admitted(&hosts, &far));
        assert!(is_admitted(&Hosts::new("localhost", &[], false), &far));
    }

    #[test]
    fn a_browser_that_has_seen_a_certificate_for_the_name_vouches_for_it() {
        let named = Hosts::new("chat.example.org", &[], false);
        for hosts in [plain(), named] {
            for headers in [
                &[("origin", "https://evil.example")][..],
                &[("sec-fetch-site", "same-origin")],
                &[("sec-fetch-site", "none")],
            ] {
                assert!(is_admitted(&hosts, &Asked { host: "evil.example", headers, ..REBOUND }), "{headers:?}");
            }
            // At another port it may have seen one of somebody else.
            for headers in [&[("origin", "https://other.example")], &[("origin", "https://evil.example")]] {
                assert!(!is_admitted(&hosts, &Asked { headers, ..REBOUND }));
            }
        }
        assert!(is_admitted(&Hosts::new("", &[], true), &REBOUND));
    }

    #[test]
    fn whoever_could_have_come_without_a_browser_may_use_any_name() {
        let far = Asked { host: "chat.example", client: "198.51.100.7", server: "203.0.113.1:80", ..REBOUND };
        assert!(is_admitted(&plain(), &far));
        let far = Asked { client: "2001:db8:1::7", server: "[2001:db8:2::1]:80", ..far };
        assert!(is_admitted(&plain(), &far));
        // At home and at work people have addresses of the internet, too.
        assert!(!is_admitted(&plain(), &Asked { server: "[2001:db8:1:5::1]:80", ..far }));
        assert!(!is_admitted(&plain(), &Asked { client: "203.0.7.7", server: "203.0.113.1:80", ..far }));
    }

    #[test]
    fn a_proxy_that_names_its_client_and_has_another_port_may_pass_on_any_name() {
        let proxied = Asked { host: "chat.example", is_named: true, ..REBOUND };
        assert!(is_admitted(&plain(), &proxied));
        assert!(is_admitted(&plain(), &Asked { client: "192.168.1.5", ..proxied }));
        // A script can write the header of a proxy, but not the port that its page was asked for.
        assert!(!is_admitted(&plain(), &Asked { host: "chat.example:8080", ..proxied }));
        assert!(!is_admitted(&plain(), &Asked { host: "chat.example:8080", client: "198.51.100.7", ..proxied }));
        assert!(!is_admitted(&plain(), &Asked { host: "chat.example", server: "127.0.0.1:80", ..proxied }));
        assert!(!is_admitted(&plain(), &Asked { is_named: false, ..proxied }));
        assert!(!is_admitted(&Hosts::new("chat.example.org", &[], false), &proxied));
    }
}
