//! What every request passes first, whatever it is for: whether it names a host as it must, for whom it is, and whether its
//! address asks for more than it may.
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, Version, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{
    headers,
    health::{HEALTH, LIVE, READY},
    metrics::METRICS,
    proxies::{Client, Habits, TrustedProxies},
};
use crate::{
    accounting::{Action, AddressKey, ClientAddress, ConnectionPermit, Ledger, NamedByProxy},
    ice::ReachedAs,
};

/// Seconds after which an address that was refused may ask again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// What the requests of all listeners share.
pub(super) struct Front {
    proxies: TrustedProxies,
    habits: Habits,
    ledger: Ledger,
    has_warned: AtomicBool,
}

/// Over everything.
pub(super) async fn enter(State(front): State<Arc<Front>>, mut request: Request, next: Next) -> Response {
    if !names_host(&request) {
        return ending((StatusCode::BAD_REQUEST, "A request has to name one host.\n").into_response());
    }
    let peer = address(&request);
    let client = front.proxies.client(peer, request.headers(), &front.habits);
    if client.is_named()
        && let Some(permit) = request.extensions().get::<Arc<ConnectionPermit>>()
    {
        permit.disown();
    }
    request.extensions_mut().insert(ClientAddress(client.address));
    if client.is_named() {
        request.extensions_mut().insert(NamedByProxy);
    }
    request.extensions_mut().insert(client);
    let response = next.run(request).await;
    front.look_at(client, response)
}

/// Notes by which name this server was reached, for whoever makes urls that lead here.
pub(super) async fn note_host(https: bool, mut request: Request, next: Next) -> Response {
    let header = request.headers().get(header::HOST).and_then(|it| it.to_str().ok());
    let host = header.or_else(|| request.uri().authority().map(|it| it.as_str()));
    if let Some(reached) = host.and_then(|it| ReachedAs::new(it, https)) {
        let is_proxied_https = headers::forwarded_as_https(request.headers());
        request.extensions_mut().insert(ReachedAs { is_proxied_https, ..reached });
    }
    next.run(request).await
}

/// What says how the server is, also when it can do nothing else.
const SAYS_HOW_IT_IS: [&str; 4] = [HEALTH, READY, LIVE, METRICS];

/// Over pages and files, which nobody needs who is in a room.
pub(super) async fn limit(State(ledger): State<Ledger>, request: Request, next: Next) -> Response {
    let acted = ledger.act(address(&request).into(), Action::Request);
    let (status, reason, sentence) = if let Err(reason) = acted {
        (StatusCode::TOO_MANY_REQUESTS, reason, "Too many requests from your address: try again in a moment.\n")
    } else if !SAYS_HOW_IT_IS.contains(&request.uri().path())
        && let Err(reason) = ledger.admit(0)
    {
        (StatusCode::SERVICE_UNAVAILABLE, reason, "Too much is going on here: try again in a moment.\n")
    } else {
        return next.run(request).await;
    };
    tracing::info!(event = "refused", what = "request", reason = reason.as_str());
    (status, [(header::RETRY_AFTER, RETRY_AFTER)], sentence).into_response()
}

impl Front {
    pub(super) fn new(proxies: TrustedProxies, ledger: Ledger) -> Arc<Front> {
        Arc::new(Front { proxies, habits: Habits::default(), ledger, has_warned: AtomicBool::new(false) })
    }

    /// A client that goes on after it was refused, or that asks for nonsense for too long, needs a new connection for it.
    fn look_at(&self, client: Client, response: Response) -> Response {
        let key = AddressKey::from(client.address);
        let is_refused = response.status() == StatusCode::TOO_MANY_REQUESTS;
        if is_refused && !client.is_named() && self.proxies.trusts(client.address) {
            self.warn(client.address);
        }
        let is_too_much =
            is_refused || response.status().is_client_error() && self.ledger.act(key, Action::Request).is_err();
        // A proxy's connection is not this client's alone.
        if is_too_much && !client.is_named() { ending(response) } else { response }
    }

    fn warn(&self, address: IpAddr) {
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %address,
                "a limit of one address was reached by a trusted proxy that names no clients, so that all of them count as \
                 one: have it send X-Forwarded-For or Forwarded, but not both; or, if it is no proxy, take it out of \
                 http.trusted_proxies"
            );
        }
    }
}

fn ending(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn address(request: &Request) -> IpAddr {
    request.extensions().get::<ClientAddress>().map_or(Ipv4Addr::UNSPECIFIED.into(), |it| it.0)
}

/// Whether a request has the host that its version of HTTP asks for (RFC 9112, section 3.2; RFC 9113, section 8.3.1).
fn names_host(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let authority = request.uri().authority().map(|it| it.as_str());
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => false,
        (None, None) => request.version() != Version::HTTP_11 && (authority.is_some() || !is_http2(request)),
        (Some(host), None) => {
            let Ok(host) = host.to_str() else { return false };
            is_host(host) && (!is_http2(request) || authority.is_none_or(|it| it.eq_ignore_ascii_case(host)))
        }
    }
}

fn is_http2(request: &Request) -> bool {
    request.version() == Version::HTTP_2
}

/// A host and perhaps a port (RFC 3986, section 3.2).
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((address, port)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            ("v6", port.strip_prefix(':').or(Some(port).filter(|it| it.is_empty())))
        }
        None => text.split_once(':').map_or((text, Some("")), |(host, port)| (host, Some(port))),
    };
    let is_name = |it: u8| it.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&it);
    let is_port = |it: &str| it.is_empty() || it.bytes().all(|it| it.is_ascii_digit()) && it.parse::<u16>().is_ok();
    !host.is_empty() && host.bytes().all(is_name) && port.is_some_and(is_port)
}

/// The host that a request is for, in the words of [`header::HOST`] or, over HTTP/2, of its URI.
pub(super) fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match headers.get(header::HOST) {
        Some(host) => host.to_str().ok(),
        None => uri.authority().map(|it| it.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for good in ["a", "chat.example:8443", "192.0.2.1", "[::1]", "[2001:db8::1]:80", "a_b", "a,b", "x:", "*", "%41"]
        {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "", ":80", "a b", "user@x", "x:99999", "x:1:2", "x:y", "a/b", "[::1", "[x]", "[::1]x", "x;y z", "a\"b",
            "::1",
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }
}
