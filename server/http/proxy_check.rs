//! `GET /proxy-check`: which headers the proxies in front do not hand on as they should, each with the line that mends it. Asked by
//! the connection check in the app and by `p2pchat-server doctor`, which say by which address people see the page.
//!
//! **Invariant:** it says of headers only whether they are as they should be. What is in them, and the address of a proxy, is
//! nothing for whoever asks.
use axum::{
    Json, Router,
    http::{HeaderMap, HeaderName, StatusCode, Uri, Version, header, request::Parts, uri::Scheme},
    response::{IntoResponse as _, Response},
    routing::get,
};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::{
    front, headers,
    proxies::{Client, Naming},
};

/// Where it is.
pub(super) const PROXY_CHECK: &str = "/proxy-check";

/// What proxies add, by which they are known.
const SIGNS: [HeaderName; 6] = [
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// What the answer depends on beside the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listener {
    /// Whether it speaks TLS.
    pub(super) https: bool,
    /// Whether proxies name the client before HTTP begins.
    pub(super) proxy_protocol: bool,
}

/// The answer.
#[derive(Debug, Serialize)]
struct Answer {
    /// Whether there is any sign of a proxy.
    proxied: bool,
    faults: Vec<Fault>,
}

/// A header that does not come as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Fault {
    header: &'static str,
    kind: Kind,
    nginx: &'static str,
    caddy: &'static str,
    haproxy: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// It does not come, or not as the browser sent it.
    Missing,
    /// It comes from an address that is not among `http.trusted_proxies`.
    Untrusted,
    /// Another header says something else.
    Contradicted,
}

const HOST: Fault = Fault {
    header: "Host",
    kind: Kind::Missing,
    nginx: "proxy_set_header Host $http_host;",
    caddy: "# It hands Host on by itself: take out `header_up Host`.",
    haproxy: "# It hands Host on by itself: take out what sets Host.",
};
const FORWARDED_FOR: Fault = Fault {
    header: "X-Forwarded-For",
    kind: Kind::Missing,
    nginx: "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
    caddy: "# It sets X-Forwarded-For by itself: take out `header_up -X-Forwarded-For`.",
    haproxy: "option forwardfor",
};
const FORWARDED_PROTO: Fault = Fault {
    header: "X-Forwarded-Proto",
    kind: Kind::Missing,
    nginx: "proxy_set_header X-Forwarded-Proto $scheme;",
    caddy: "# It sets X-Forwarded-Proto by itself: take out `header_up -X-Forwarded-Proto`.",
    haproxy: "http-request set-header X-Forwarded-Proto https if { ssl_fc }",
};
const UPGRADE: Fault = Fault {
    header: "Upgrade",
    kind: Kind::Missing,
    nginx: "proxy_http_version 1.1;\nproxy_set_header Upgrade $http_upgrade;",
    caddy: "# It hands Upgrade on by itself: take out `header_up -Upgrade`.",
    haproxy: "mode http",
};
const CONNECTION: Fault = Fault {
    header: "Connection",
    kind: Kind::Missing,
    nginx: "# outside of server { }\nmap $http_upgrade $connection_upgrade {\n    default upgrade;\n    '' '';\n}\n# beside proxy_pass\n\
            proxy_set_header Connection $connection_upgrade;",
    caddy: "# It hands Connection on by itself: take out `header_up Connection`.",
    haproxy: "mode http",
};

pub(super) fn router(listener: Listener) -> Router {
    Router::new().route(PROXY_CHECK, get(async move |request: Parts| answer(listener, &request)))
}

fn answer(listener: Listener, request: &Parts) -> Response {
    let Some(client) = request.extensions.get::<Client>() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    Json(look(listener, *client, request)).into_response()
}

fn look(listener: Listener, client: Client, request: &Parts) -> Answer {
    let headers = &request.headers;
    let page = parameter(&request.uri, "page").and_then(|it| it.parse::<Uri>().ok());
    let page_is_https = page.as_ref().is_some_and(|it| it.scheme() == Some(&Scheme::HTTPS));
    let host = front::host(&request.uri, headers).unwrap_or_default();
    let has_other_host = page.as_ref().is_some_and(|it| bare(it, page_is_https) != without_port(host, page_is_https));
    let proxied = has_other_host
        || page_is_https && !listener.https
        || SIGNS.iter().any(|it| headers.contains_key(it))
        // A browser never asks for a websocket in such a way.
        || asks_in_vain(request);
    if !proxied {
        return Answer { proxied, faults: Vec::new() };
    }
    let mut faults = Vec::new();
    if has_other_host {
        faults.push(HOST);
    }
    let named = match client.naming {
        Naming::Believed => None,
        // The connection itself is the client's.
        Naming::Silent if listener.proxy_protocol && !client.is_trusted => None,
        Naming::Silent => Some(Kind::Missing),
        Naming::Contradicted => Some(Kind::Contradicted),
        Naming::Disbelieved => Some(Kind::Untrusted),
    };
    faults.extend(named.map(|kind| Fault { kind, ..FORWARDED_FOR }));
    if page_is_https && !listener.https && !headers::forwarded_as_https(headers) {
        faults.push(FORWARDED_PROTO);
    }
    faults.extend(upgrade(request));
    Answer { proxied, faults }
}

/// A page says that its websockets fail. Whoever can ask for a websocket here does, and then it is known what is missing.
fn upgrade(request: &Parts) -> Vec<Fault> {
    let headers = &request.headers;
    let fails = parameter(&request.uri, "websocket").as_deref() == Some("no");
    let asks = asks_for_websocket(request);
    let missing = [(UPGRADE, upgrades(headers)), (CONNECTION, connects(headers))];
    missing.into_iter().filter(|(_, comes)| fails || asks && !comes).map(|it| it.0).collect()
}

/// Proxies hand this header on, which is about the websocket and not about the connection.
fn asks_for_websocket(request: &Parts) -> bool {
    request.headers.contains_key(header::SEC_WEBSOCKET_KEY) && request.version != Version::HTTP_2
}

fn asks_in_vain(request: &Parts) -> bool {
    asks_for_websocket(request) && !(upgrades(&request.headers) && connects(&request.headers))
}

fn upgrades(headers: &HeaderMap) -> bool {
    has_word(headers, &header::UPGRADE, "websocket")
}

fn connects(headers: &HeaderMap) -> bool {
    has_word(headers, &header::CONNECTION, "upgrade")
}

fn has_word(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let mut words = headers.get_all(name).iter().filter_map(|it| it.to_str().ok()).flat_map(|it| it.split(','));
    words.any(|it| it.trim().eq_ignore_ascii_case(word))
}

/// A parameter of the query, decoded.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = uri.query()?.split('&').filter_map(|it| it.split_once('='));
    let (_, value) = pairs.find(|it| it.0 == name)?;
    percent_decode_str(value).decode_utf8().ok().map(|it| it.into_owned())
}

/// The host of a page and its port, but for the usual one.
fn bare(page: &Uri, is_https: bool) -> String {
    without_port(page.authority().map_or("", |it| it.as_str()), is_https)
}

fn without_port(host: &str, is_https: bool) -> String {
    host.strip_suffix(if is_https { ":443" } else { ":80" }).unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;
    use crate::http::{TrustedProxies, proxies::Habits};

    /// What mends a proxy is what is tried with it.
    #[test]
    fn the_lines_stand_in_the_files_that_are_tried() {
        let nginx = include_str!("../../deploy/proxies/nginx.conf");
        let haproxy = include_str!("../../deploy/proxies/haproxy.cfg");
        // However they are set out.
        let words = |it: &str| it.split_whitespace().collect::<Vec<_>>().join(" ");
        for fault in [HOST, FORWARDED_FOR, FORWARDED_PROTO, UPGRADE, CONNECTION] {
            for (lines, file) in [(fault.nginx, nginx), (fault.haproxy, haproxy)] {
                for line in lines.lines().map(words).filter(|it| !it.starts_with('#')) {
                    assert!(words(file).contains(&line), "{line}");
                }
            }
        }
    }

    const PLAIN: Listener = Listener { https: false, proxy_protocol: false };
    const PAGE: &str = "/proxy-check?page=https%3A%2F%2Fchat.example%2F";
    const GOOD: [(&str, &str); 3] =
        [("host", "chat.example"), ("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "https")];

    /// What is said to a request from this address with these headers.
    fn said(listener: Listener, peer: &str, uri: &str, headers: &[(&str, &str)]) -> (bool, Vec<(&'static str, Kind)>) {
        let proxies = TrustedProxies::new(&["127.0.0.0/8".to_owned()]).unwrap();
        let request = headers.iter().fold(Request::get(uri), |it, (name, value)| it.header(*name, *value));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let client = proxies.client(peer.parse().unwrap(), &parts.headers, &Habits::default());
        let Answer { proxied, faults } = look(listener, client, &parts);
        (proxied, faults.into_iter().map(|it| (it.header, it.kind)).collect())
    }

    fn without(name: &str) -> Vec<(&'static str, &'static str)> {
        GOOD.into_iter().filter(|it| it.0 != name).collect()
    }

    #[test]
    fn each_header_that_a_proxy_forgets_is_named() {
        let said = |headers: &[(&str, &str)]| said(PLAIN, "127.0.0.1", PAGE, headers);
        assert_eq!(said(&GOOD), (true, vec![]));
        let inner = [&without("host")[..], &[("host", "127.0.0.1:8080")]].concat();
        assert_eq!(said(&inner).1, [("Host", Kind::Missing)]);
        assert_eq!(said(&without("x-forwarded-for")).1, [("X-Forwarded-For", Kind::Missing)]);
        assert_eq!(said(&without("x-forwarded-proto")).1, [("X-Forwarded-Proto", Kind::Missing)]);
        assert_eq!(said(&[("host", "chat.example")]).1.len(), 2);
        let both = [&GOOD[..], &[("forwarded", "for=192.0.2.9")]].concat();
        assert_eq!(said(&both).1, [("X-Forwarded-For", Kind::Contradicted)]);
        let standard = [&without("x-forwarded-for")[..], &[("forwarded", "for=192.0.2.9;proto=https")]].concat();
        assert_eq!(said(&standard), (true, vec![]));
        let standard = [("host", "chat.example"), ("forwarded", "for=192.0.2.9; Proto=https")];
        assert_eq!(said(&standard), (true, vec![]));
    }

    #[test]
    fn what_a_websocket_needs_is_asked_for_by_whoever_can_and_else_told() {
        let asked = |more: &[(&str, &str)]| {
            let key = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
            said(PLAIN, "127.0.0.1", PAGE, &[&GOOD[..], &[key], more].concat()).1
        };
        assert_eq!(asked(&[("upgrade", "websocket"), ("connection", "keep-alive, Upgrade")]), []);
        assert_eq!(asked(&[("upgrade", "websocket"), ("connection", "close")]), [("Connection", Kind::Missing)]);
        assert_eq!(asked(&[("connection", "upgrade")]), [("Upgrade", Kind::Missing)]);
        let both = [("Upgrade", Kind::Missing), ("Connection", Kind::Missing)];
        assert_eq!(asked(&[]), both);
        assert_eq!(said(PLAIN, "127.0.0.1", &format!("{PAGE}&websocket=no"), &GOOD).1, both);
        // Without a proxy it is something else that blocks them.
        let direct = "/proxy-check?page=http%3A%2F%2F127.0.0.1%3A8080%2F&websocket=no";
        assert_eq!(said(PLAIN, "127.0.0.1", direct, &[("host", "127.0.0.1:8080")]), (false, vec![]));
    }

    #[test]
    fn a_proxy_that_is_not_trusted_is_told_apart_from_one_that_says_nothing() {
        assert_eq!(said(PLAIN, "192.0.2.5", PAGE, &GOOD).1, [("X-Forwarded-For", Kind::Untrusted)]);
        assert_eq!(said(PLAIN, "192.0.2.5", PAGE, &without("x-forwarded-for")).1, [("X-Forwarded-For", Kind::Missing)]);
    }

    #[test]
    fn without_a_proxy_there_is_nothing_to_say() {
        let page = |it: &str| format!("/proxy-check?page={}", it.replace(':', "%3A").replace('/', "%2F"));
        let secure = Listener { https: true, ..PLAIN };
        for (listener, peer, url, host) in [
            (PLAIN, "127.0.0.1", "http://localhost:8080/", "localhost:8080"),
            (PLAIN, "127.0.0.1", "http://[::1]:8080/", "[::1]:8080"),
            // Debian's machines know themselves by their names as 127.0.1.1.
            (PLAIN, "127.0.0.1", "http://chat.example:8080/", "chat.example:8080"),
            (PLAIN, "192.168.1.5", "http://192.168.1.2:8080/", "192.168.1.2:8080"),
            (secure, "192.0.2.5", "https://chat.example/", "chat.example"),
            (secure, "192.0.2.5", "https://Chat.example:443/", "chat.example"),
        ] {
            assert_eq!(said(listener, peer, &page(url), &[("host", host)]), (false, vec![]), "{url}");
        }
        assert_eq!(said(PLAIN, "192.0.2.5", "/proxy-check", &[("host", "a")]), (false, vec![]));
    }

    #[test]
    fn a_client_that_the_proxy_protocol_names_is_known() {
        let listener = Listener { proxy_protocol: true, ..PLAIN };
        assert_eq!(said(listener, "192.0.2.5", PAGE, &without("x-forwarded-for")), (true, vec![]));
        // A proxy behind the first one, which names nobody.
        assert_eq!(said(listener, "127.0.0.1", PAGE, &without("x-forwarded-for")).1.len(), 1);
    }
}
