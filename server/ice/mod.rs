//! The STUN and TURN servers that clients are given, with credentials that expire.
//!
//! **Invariant:** pure; the time comes in as an argument. Secrets never print.
mod rooms;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;

pub use rooms::{MEMBER_LOGIN_S_MAX, MemberName, RoomMark, SharedRelays};

/// By which name a client reached this server, and whether by HTTPS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReachedAs {
    /// A name or an address, an IPv6 one in brackets, without a port.
    pub host: String,
    /// The port of HTTPS, if it is this server itself that speaks it.
    pub https_port: Option<u16>,
    /// A proxy says that it is HTTPS that the client speaks to it.
    pub is_proxied_https: bool,
}

impl ReachedAs {
    /// From the host of a request, which may have a port. `None`: no url can be made of it.
    pub fn new(host_and_port: &str, is_https: bool) -> Option<Self> {
        let end = if host_and_port.starts_with('[') {
            host_and_port.find(']')? + 1
        } else {
            host_and_port.find(':').unwrap_or(host_and_port.len())
        };
        let (host, port) = host_and_port.split_at_checked(end)?;
        let is_name = |it: u8| it.is_ascii_alphanumeric() || b".-_[]:".contains(&it);
        if host.is_empty() || !host.bytes().all(is_name) {
            return None;
        }
        let port = if port.is_empty() { 443 } else { port.strip_prefix(':')?.parse().ok()? };
        let (host, https_port) = (host.to_ascii_lowercase(), is_https.then_some(port));
        Some(ReachedAs { host, https_port, is_proxied_https: false })
    }
}

/// A server as a client gets it.
#[derive(Clone, Debug)]
pub struct IceServer {
    /// `stun:`, `turn:` and `turns:` URLs (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// For TURN.
    pub login: Option<Login>,
}

/// Credentials for a TURN server.
#[derive(Clone, Debug)]
pub struct Login {
    /// With a shared secret `expiry:peer`, the expiry in seconds since 1970.
    pub username: String,
    /// With a shared secret base64 of HMAC-SHA1 over the username.
    pub credential: SecretString,
}

/// A server as it is configured.
#[derive(Clone, Debug)]
pub struct ConfiguredServer {
    /// As in [`IceServer`].
    pub urls: Vec<String>,
    /// How clients authenticate.
    pub access: Access,
}

/// How clients authenticate at a server.
#[derive(Clone, Debug)]
pub enum Access {
    /// STUN, which asks for none.
    Open,
    /// The same credentials for everybody.
    Fixed(Login),
    /// Made for each peer from the secret that the TURN server knows too, as in draft-uberti-behave-turn-rest-00
    /// (coturn: `use-auth-secret`).
    SharedSecret(SecretString),
}

/// All configured servers.
#[derive(Clone, Debug)]
pub struct Ice {
    /// In the order in which clients get them.
    pub servers: Vec<ConfiguredServer>,
    /// How long credentials made from a shared secret are valid, in seconds.
    pub credential_ttl_s: u64,
}

/// The STUN and TURN server inside this one, as clients are told of it.
#[derive(Clone, Debug)]
pub struct OwnRelay {
    /// In place of what fits how a client came.
    pub urls: Vec<String>,
    /// In place of the name by which a client came.
    pub host: Option<String>,
    /// Where UDP and TCP are spoken, if they are.
    pub port: Option<u16>,
    /// Passwords are made with it.
    pub secret: SecretString,
    /// How long credentials are valid, in seconds.
    pub credential_ttl_s: u64,
}

impl OwnRelay {
    /// The servers for `peer` at `now_s`, near and cheap ones first: STUN, then TURN over UDP, TCP and TLS.
    pub fn servers_for(&self, peer: &str, reached: Option<&ReachedAs>, now_s: u64) -> Vec<IceServer> {
        let urls = if self.urls.is_empty() { self.urls_at(reached) } else { self.urls.clone() };
        let (stun, turn): (Vec<_>, Vec<_>) = urls.into_iter().partition(|it| it.starts_with("stun"));
        let login = Some(expiring(self.secret.expose_secret(), peer, now_s.saturating_add(self.credential_ttl_s)));
        let servers = [IceServer { urls: stun, login: None }, IceServer { urls: turn, login }];
        servers.into_iter().filter(|it| !it.urls.is_empty()).collect()
    }

    /// The urls by which everybody reaches it, whichever way they came to the server. `https_port`: where it speaks TLS. Empty:
    /// its address is nowhere set.
    pub fn public_urls(&self, https_port: Option<u16>) -> Vec<String> {
        match &self.host {
            _ if !self.urls.is_empty() => self.urls.clone(),
            None => Vec::new(),
            Some(host) => self.urls_at(Some(&ReachedAs { host: host.clone(), https_port, is_proxied_https: false })),
        }
    }

    fn urls_at(&self, reached: Option<&ReachedAs>) -> Vec<String> {
        let https_port = reached.and_then(|it| it.https_port);
        let Some(host) = self.host.as_deref().or_else(|| reached.map(|it| &*it.host)) else { return Vec::new() };
        let own = self.port.into_iter().flat_map(|port| {
            [
                format!("stun:{host}:{port}"),
                format!("turn:{host}:{port}?transport=udp"),
                format!("turn:{host}:{port}?transport=tcp"),
            ]
        });
        own.chain(https_port.map(|port| format!("turns:{host}:{port}?transport=tcp"))).collect()
    }
}

impl Ice {
    /// Whether any of them asks for credentials.
    pub fn has_logins(&self) -> bool {
        self.servers.iter().any(|it| !matches!(it.access, Access::Open))
    }

    /// The servers for `peer` at `now_s`, in seconds since 1970.
    pub fn servers_for(&self, peer: &str, now_s: u64) -> Vec<IceServer> {
        let login = |access: &Access| match access {
            Access::Open => None,
            Access::Fixed(login) => Some(login.clone()),
            Access::SharedSecret(secret) => {
                Some(expiring(secret.expose_secret(), peer, now_s.saturating_add(self.credential_ttl_s)))
            }
        };
        self.servers.iter().map(|it| IceServer { urls: it.urls.clone(), login: login(&it.access) }).collect()
    }
}

fn expiring(secret: &str, peer: &str, expiry_s: u64) -> Login {
    let username = format!("{expiry_s}:{peer}");
    let credential = shared_secret_password(secret, &username);
    Login { username, credential }
}

/// The password that belongs to a username under a shared secret: base64 of HMAC-SHA1.
pub fn shared_secret_password(secret: &str, username: &str) -> SecretString {
    // HMAC takes a key of any length.
    let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).map(|it| it.chain_update(username).finalize());
    mac.map(|it| BASE64_STANDARD.encode(it.into_bytes())).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::{Access, ConfiguredServer, Ice, Login, OwnRelay, ReachedAs, expiring};

    fn parts(login: &Login) -> (&str, &str) {
        (&login.username, login.credential.expose_secret())
    }

    #[test]
    fn a_credential_expires_and_is_made_for_one_peer() {
        // The same as `printf %s 1700000060:alice | openssl dgst -sha1 -hmac north -binary | base64`.
        let login = expiring("north", "alice", 1_700_000_060);
        assert_eq!(parts(&login), ("1700000060:alice", "b/MNJ/XdPk4NPaXAvztSvEoz3wM="));
    }

    #[test]
    fn each_kind_of_server_is_told_in_its_way_and_no_secret_prints() {
        let server = |access| ConfiguredServer { urls: vec!["turn:t".into()], access };
        let fixed = Login { username: "u".into(), credential: "south".into() };
        let accesses = [Access::Open, Access::Fixed(fixed), Access::SharedSecret("north".into())];
        let ice = Ice { servers: accesses.map(server).into(), credential_ttl_s: 60 };
        let told = ice.servers_for("alice", 1_700_000_000);
        let made = expiring("north", "alice", 1_700_000_060);
        let logins: Vec<_> = told.iter().map(|it| it.login.as_ref().map(parts)).collect();
        assert_eq!(logins, [None, Some(("u", "south")), Some(parts(&made))]);
        let printed = format!("{ice:?} {told:?}");
        assert!(!["north", "south", "b/MNJ"].iter().any(|it| printed.contains(it)), "{printed}");
    }

    #[test]
    fn an_expiry_past_the_end_of_time_does_not_wrap_around() {
        let server = ConfiguredServer { urls: Vec::new(), access: Access::SharedSecret("north".into()) };
        let ice = Ice { servers: vec![server], credential_ttl_s: u64::MAX };
        let told = ice.servers_for("alice", 1_700_000_000);
        assert!(told[0].login.as_ref().is_some_and(|it| it.username.starts_with("18446744073709551615:")));
    }

    fn own() -> OwnRelay {
        let (urls, host) = (Vec::new(), None);
        OwnRelay { urls, host, port: Some(3_478), secret: "north".into(), credential_ttl_s: 60 }
    }

    fn urls(relay: &OwnRelay, host: &str, is_https: bool) -> Vec<String> {
        let told = relay.servers_for("alice", ReachedAs::new(host, is_https).as_ref(), 1_700_000_000);
        told.into_iter().flat_map(|it| it.urls).collect()
    }

    #[test]
    fn the_own_relay_is_told_as_the_client_came_and_cheap_ways_come_first() {
        let three = |host: &str| {
            vec![
                format!("stun:{host}:3478"),
                format!("turn:{host}:3478?transport=udp"),
                format!("turn:{host}:3478?transport=tcp"),
            ]
        };
        let with_tls =
            |host: &str, port: u16| [three(host), vec![format!("turns:{host}:{port}?transport=tcp")]].concat();
        assert_eq!(urls(&own(), "chat.example.org", true), with_tls("chat.example.org", 443));
        assert_eq!(urls(&own(), "Chat.Example.org:8443", true), with_tls("chat.example.org", 8_443));
        assert_eq!(urls(&own(), "192.0.2.7:8080", false), three("192.0.2.7"));
        assert_eq!(urls(&own(), "[2001:db8::7]:8080", false), three("[2001:db8::7]"));
        assert_eq!(urls(&own(), "[::1]", true), with_tls("[::1]", 443));
        for odd in ["", ":80", "a b", "a/b", "[::1", "a:b", "a:99999", "ä"] {
            assert_eq!(urls(&own(), odd, true), [""; 0], "{odd}");
        }
        let elsewhere = OwnRelay { host: Some("turn.example.org".into()), ..own() };
        assert_eq!(urls(&elsewhere, "", false), three("turn.example.org"));
        let fixed = OwnRelay { urls: vec!["turn:t".into(), "stun:s".into()], ..own() };
        assert_eq!(urls(&fixed, "chat.example.org", true), ["stun:s", "turn:t"]);
        let tls_alone = OwnRelay { port: None, ..own() };
        assert_eq!(urls(&tls_alone, "a", true), ["turns:a:443?transport=tcp"]);
        assert_eq!(urls(&tls_alone, "a", false), [""; 0]);
    }

    #[test]
    fn an_address_that_is_set_is_everybodys() {
        assert_eq!(own().public_urls(Some(443)), [""; 0]);
        let elsewhere = OwnRelay { host: Some("t".into()), ..own() };
        let three = ["stun:t:3478", "turn:t:3478?transport=udp", "turn:t:3478?transport=tcp"];
        assert_eq!(elsewhere.public_urls(None), three);
        assert_eq!(elsewhere.public_urls(Some(443)), [&three[..], &["turns:t:443?transport=tcp"]].concat());
        let fixed = OwnRelay { urls: vec!["turn:t".into()], ..own() };
        assert_eq!(fixed.public_urls(Some(443)), ["turn:t"]);
    }

    #[test]
    fn the_own_relays_credentials_are_the_peers() {
        let told = own().servers_for("alice", ReachedAs::new("a", false).as_ref(), 1_700_000_000);
        assert!(told[0].login.is_none());
        let login = told[1].login.as_ref().map(parts);
        assert_eq!(login, Some(("1700000060:alice", "b/MNJ/XdPk4NPaXAvztSvEoz3wM=")));
    }
}
