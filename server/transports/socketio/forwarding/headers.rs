//! The heads of requests and answers between nodes: what belongs to one connection alone is taken out, and a request says whose
//! it is.
//!
//! **Invariant:** what a client writes into the headers that nodes speak by is overwritten by the node that it writes to, and
//! nobody but [`sender`] reads them.
use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, header},
};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::{accounting::ClientAddress, ice::ReachedAs};

/// Holds the cluster's secret.
const SECRET: HeaderName = HeaderName::from_static("x-p2pchat-node-secret");

/// Holds by which scheme the client came to its node, and its address: `https 192.0.2.1`.
const CLIENT: HeaderName = HeaderName::from_static("x-p2pchat-client");

/// What is for the next hop alone (RFC 9110, section 7.6.1), or was answered by this one already.
const OF_ONE_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::PROXY_AUTHORIZATION,
    header::EXPECT,
];

/// Whose a forwarded request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sender {
    pub(super) address: IpAddr,
    /// Whether it reached its node by HTTPS.
    pub(super) is_https: bool,
}

impl Sender {
    /// As this node knows it. `None`: it is not known.
    pub(super) fn of(extensions: &Extensions) -> Option<Self> {
        let address = extensions.get::<ClientAddress>()?.0;
        let is_https = extensions.get::<ReachedAs>().is_some_and(|it| it.https_port.is_some());
        Some(Sender { address, is_https })
    }

    fn text(self) -> String {
        format!("{} {}", if self.is_https { "https" } else { "http" }, self.address)
    }

    fn read(text: &str) -> Option<Self> {
        let (scheme, address) = text.split_once(' ')?;
        let is_https = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        Some(Sender { address: address.parse().ok()?, is_https })
    }
}

/// Takes out what is for one hop alone. A websocket is asked for, and granted, anew.
pub(super) fn take_off_hop(headers: &mut HeaderMap, is_websocket: bool) {
    let named = headers.get_all(header::CONNECTION).iter().filter_map(|it| it.to_str().ok());
    let named: Vec<_> =
        named.flat_map(|it| it.split(',')).filter_map(|it| it.trim().parse::<HeaderName>().ok()).collect();
    for name in named.iter().chain(&OF_ONE_HOP) {
        headers.remove(name);
    }
    if is_websocket {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
}

/// Writes whose a request is. `None`: the secret is none, or cannot stand in a header.
pub(super) fn sign(headers: &mut HeaderMap, secret: &SecretString, sender: Sender) -> Option<()> {
    let mut secret = HeaderValue::from_str(kept(secret)?).ok()?;
    secret.set_sensitive(true);
    headers.insert(SECRET, secret);
    headers.insert(CLIENT, HeaderValue::from_str(&sender.text()).ok()?);
    Some(())
}

/// Whose a request of another node is, by headers that are then taken out. `None`: it is from no node of this cluster.
pub(super) fn sender(request: &mut Request, secret: Option<&SecretString>) -> Option<Sender> {
    let (given, client) = (only(request, &SECRET), only(request, &CLIENT));
    // Of two hashes it tells nothing how long it takes to compare them.
    let is_node = Sha256::digest(given?.as_bytes()) == Sha256::digest(kept(secret?)?);
    client.filter(|_| is_node).and_then(|it| Sender::read(it.to_str().ok()?))
}

/// An empty secret is known to everybody, and so it is none.
fn kept(secret: &SecretString) -> Option<&str> {
    Some(secret.expose_secret()).filter(|it| !it.is_empty())
}

/// Takes a header out that must be there once.
fn only(request: &mut Request, name: &HeaderName) -> Option<HeaderValue> {
    let is_one = request.headers().get_all(name).iter().count() == 1;
    request.headers_mut().remove(name).filter(|_| is_one)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        lines.iter().map(|it| (it.0.parse::<HeaderName>().unwrap(), it.1.parse::<HeaderValue>().unwrap())).collect()
    }

    fn read(headers: HeaderMap, secret: Option<&str>) -> Option<Sender> {
        let mut request = Request::new(Body::empty());
        *request.headers_mut() = headers;
        let sender = sender(&mut request, secret.map(SecretString::from).as_ref());
        assert!(!request.headers().contains_key(SECRET) && !request.headers().contains_key(CLIENT));
        sender
    }

    #[test]
    fn what_is_for_one_hop_is_taken_out_and_nothing_else() {
        let before = [
            ("connection", "keep-alive, X-One"),
            ("connection", "upgrade"),
            ("x-one", "1"),
            ("upgrade", "websocket"),
            ("te", "trailers"),
            ("expect", "100-continue"),
            ("transfer-encoding", "chunked"),
            ("cookie", "a=b"),
            ("sec-websocket-key", "k"),
            ("content-length", "3"),
        ];
        let mut map = headers(&before);
        take_off_hop(&mut map, false);
        assert_eq!(map, headers(&before[7..]));
        let mut map = headers(&before);
        take_off_hop(&mut map, true);
        assert_eq!(map, headers(&[&before[7..], &[("connection", "upgrade"), ("upgrade", "websocket")]].concat()));
    }

    #[test]
    fn whose_a_request_is_comes_through_and_what_a_client_wrote_does_not() {
        for (address, is_https) in [("192.0.2.1", true), ("2001:db8::1", false)] {
            let sender = Sender { address: address.parse().unwrap(), is_https };
            let mut map = headers(&[
                ("x-p2pchat-client", "https 203.0.113.9"),
                ("x-p2pchat-client", "https 203.0.113.8"),
                ("x-p2pchat-node-secret", "mine"),
                ("x-p2pchat-node-secret", "s3cret"),
            ]);
            sign(&mut map, &"s3cret".into(), sender).unwrap();
            assert_eq!(read(map, Some("s3cret")), Some(sender));
        }
        let sender = Sender { address: [1; 4].into(), is_https: true };
        for secret in ["", "a\nb"] {
            assert_eq!(sign(&mut HeaderMap::new(), &secret.into(), sender), None);
        }
    }

    #[test]
    fn nobody_is_believed_without_the_secret_or_with_half_a_word() {
        let (secret, client) = (("x-p2pchat-node-secret", "s3cret"), ("x-p2pchat-client", "http 192.0.2.1"));
        assert!(read(headers(&[secret, client]), Some("s3cret")).is_some());
        for lines in [
            &[][..],
            &[client],
            &[secret],
            &[secret, secret, client],
            &[secret, client, client],
            &[("x-p2pchat-node-secret", "s3cre"), client],
            &[("x-p2pchat-node-secret", ""), client],
            &[secret, ("x-p2pchat-client", "192.0.2.1")],
            &[secret, ("x-p2pchat-client", "ftp 192.0.2.1")],
            &[secret, ("x-p2pchat-client", "http 192.0.2.1:80")],
        ] {
            assert_eq!(read(headers(lines), Some("s3cret")), None, "{lines:?}");
        }
        assert_eq!(read(headers(&[secret, client]), None), None);
        for secret in [None, Some("")] {
            assert_eq!(read(headers(&[("x-p2pchat-node-secret", ""), client]), secret), None);
        }
    }
}
