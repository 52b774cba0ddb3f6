//! The STUN and TURN servers that clients are given, with credentials that expire.
//!
//! **Invariant:** pure; the time comes in as an argument. Secrets never print.
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;

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

impl Ice {
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

    use super::{Access, ConfiguredServer, Ice, Login, expiring};

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
}
