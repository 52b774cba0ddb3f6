//! The STUN and TURN servers that clients are told of, with credentials that expire.
//!
//! **Invariant:** pure; the time comes in as an argument. Secrets never print.
use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// A server as a client is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceServer {
    /// `stun:`, `turn:` and `turns:` URLs (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// For TURN.
    pub login: Option<Login>,
}

/// What a TURN server asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// With a shared secret `expiry:peer`, the expiry in seconds since 1970.
    pub username: String,
    /// With a shared secret base64 of HMAC-SHA1 over the username.
    pub credential: String,
}

/// A server as the operator names it.
#[derive(Clone, Debug)]
pub struct ConfiguredServer {
    /// As in [`IceServer`].
    pub urls: Vec<String>,
    /// How a client gets in.
    pub access: Access,
}

/// How a client gets into a server.
#[derive(Clone)]
pub enum Access {
    /// STUN, or TURN for everyone.
    Open,
    /// The same for everybody.
    Fixed(Login),
    /// Made for each peer from the secret that the TURN server knows too, as in draft-uberti-behave-turn-rest-00
    /// (coturn: `use-auth-secret`).
    SharedSecret(String),
}

/// All configured servers.
#[derive(Clone, Debug)]
pub struct Ice {
    /// In the order in which clients are told of them.
    pub servers: Vec<ConfiguredServer>,
    /// How long credentials made from a shared secret are valid, in seconds.
    pub credential_ttl_s: u64,
}

impl Ice {
    /// What `peer` is told at `now_s`, in seconds since 1970.
    pub fn servers_for(&self, peer: &str, now_s: u64) -> Vec<IceServer> {
        let login = |access: &Access| match access {
            Access::Open => None,
            Access::Fixed(login) => Some(login.clone()),
            Access::SharedSecret(secret) => Some(expiring(secret, peer, now_s + self.credential_ttl_s)),
        };
        self.servers.iter().map(|it| IceServer { urls: it.urls.clone(), login: login(&it.access) }).collect()
    }
}

fn expiring(secret: &str, peer: &str, expiry_s: u64) -> Login {
    let username = format!("{expiry_s}:{peer}");
    // HMAC takes a key of any length.
    let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).map(|it| it.chain_update(&username).finalize());
    let credential = mac.map(|it| BASE64_STANDARD.encode(it.into_bytes())).unwrap_or_default();
    Login { username, credential }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(..)")
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::Open => "Open",
            Access::Fixed(_) => "Fixed(..)",
            Access::SharedSecret(_) => "SharedSecret(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, ConfiguredServer, Ice, expiring};

    #[test]
    fn a_credential_expires_and_is_made_for_one_peer() {
        // The same as `printf %s 1700000060:alice | openssl dgst -sha1 -hmac north -binary | base64`.
        let login = expiring("north", "alice", 1_700_000_060);
        assert_eq!((&*login.username, &*login.credential), ("1700000060:alice", "b/MNJ/XdPk4NPaXAvztSvEoz3wM="));
    }

    #[test]
    fn each_kind_of_server_is_told_in_its_way_and_no_secret_prints() {
        let server = |access| ConfiguredServer { urls: vec!["turn:t".into()], access };
        let servers = vec![server(Access::Open), server(Access::SharedSecret("north".into()))];
        let ice = Ice { servers, credential_ttl_s: 60 };
        let told = ice.servers_for("alice", 1_700_000_000);
        assert_eq!((&told[0].login, &told[1].login), (&None, &Some(expiring("north", "alice", 1_700_000_060))));
        let printed = format!("{ice:?} {told:?}");
        assert!(!printed.contains("north") && !printed.contains("1700000060"), "{printed}");
    }
}
