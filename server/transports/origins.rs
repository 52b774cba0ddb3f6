//! Which pages may connect to a listener. Websockets know no CORS: a page from anywhere can open one, with its user's address
//! and cookies, and all that tells it apart is the origin that the browser writes into the request (RFC 6454).
//!
//! **Invariant:** a request without an origin is admitted; it comes from no browser, and could write any.
use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderValue, Uri, header},
};

/// What is allowed.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    is_any: bool,
    is_same: bool,
    is_file: bool,
    named: Vec<String>,
    /// This server's name, in lower case; empty if it is not known.
    own_name: String,
}

/// The request comes from a page that may not connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign;

impl Origins {
    /// As the settings have them: `*`, `same`, `file://`, and origins.
    pub fn new(words: &[String]) -> Self {
        let mut origins = Origins::default();
        for word in words {
            match &**word {
                "*" => origins.is_any = true,
                "same" => origins.is_same = true,
                "file://" => origins.is_file = true,
                named => origins.named.push(named.trim_end_matches('/').to_ascii_lowercase()),
            }
        }
        origins
    }

    /// For `same`, a request for another name than this one is not for us. Without that, a page whose own name has been made
    /// to lead here (DNS rebinding) is of the "same" host. Addresses and names of this machine alone cannot be made to do
    /// that. Empty: every name may be ours.
    #[must_use]
    pub fn of_host(mut self, name: &str) -> Self {
        self.own_name = name.trim_end_matches('.').to_ascii_lowercase();
        self
    }

    /// Whether this request's page may connect. Returns its origin where the answer's CORS header has to name it.
    ///
    /// # Errors
    /// It may not.
    pub fn admit(&self, request: &Request) -> Result<Option<HeaderValue>, Foreign> {
        let Some(origin) = request.headers().get(header::ORIGIN) else { return Ok(None) };
        let text = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        if self.is_same && self.is_same_host(&text, request) {
            return Ok(None);
        }
        // Some browsers call a page from disk `null`, as they do others that have no home.
        let is_file = self.is_file && (text == "file://" || text == "null");
        match (is_file || self.named.contains(&text), self.is_any) {
            (true, _) => Ok(Some(origin.clone())),
            // Anyone may connect, which is not to say that anyone may read what another polls.
            (false, true) => Ok(None),
            (false, false) => Err(Foreign),
        }
    }

    /// Whether it is a page of this very host, or no page at all: a browser names the origin of every other one.
    pub fn is_own_page(&self, request: &Request) -> bool {
        let Some(origin) = request.headers().get(header::ORIGIN) else { return true };
        self.is_same_host(&origin.to_str().unwrap_or_default().to_ascii_lowercase(), request)
    }

    fn is_same_host(&self, origin: &str, request: &Request) -> bool {
        let own = requested_host(request);
        own.is_some_and(|own| host_of(origin) == Some(&own) && self.is_own(&own))
    }

    /// `host` may have a port.
    fn is_own(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(address) => address.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let name = name.trim_end_matches('.');
        // `localhost` and all below it lead to the machine that asks (RFC 6761, section 6.3).
        let is_local = name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok();
        self.own_name.is_empty() || is_local || name == self.own_name
    }
}

/// Name and port, the scheme's own left out.
fn host_of(origin: &str) -> Option<&str> {
    match origin.split_once("://")? {
        ("http", host) => Some(host.strip_suffix(":80").unwrap_or(host)),
        ("https", host) => Some(host.strip_suffix(":443").unwrap_or(host)),
        _ => None,
    }
}

/// The host that the request is for. HTTP/2 has it in the URI.
fn requested_host(request: &Request) -> Option<String> {
    let from_uri = |it: &Uri| it.authority().map(|it| it.as_str().to_ascii_lowercase());
    let host = match request.headers().get(header::HOST) {
        Some(host) => host.to_str().ok()?.to_ascii_lowercase(),
        None => from_uri(request.uri())?,
    };
    let bare = host.strip_suffix(":80").or(host.strip_suffix(":443"));
    Some(bare.map_or_else(|| host.clone(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};

    use super::{Foreign, Origins};

    fn admitted(words: &[&str], host: &str, origin: &str) -> Result<bool, Foreign> {
        admitted_at("", words, host, origin)
    }

    fn admitted_at(own_name: &str, words: &[&str], host: &str, origin: &str) -> Result<bool, Foreign> {
        let words: Vec<_> = words.iter().map(|it| (*it).to_owned()).collect();
        let mut request = Request::get("/").header("host", host);
        if !origin.is_empty() {
            request = request.header("origin", origin);
        }
        let origins = Origins::new(&words).of_host(own_name);
        origins.admit(&request.body(Body::empty()).unwrap()).map(|it| it.is_some())
    }

    #[test]
    fn a_request_without_an_origin_is_from_no_browser() {
        assert_eq!(admitted(&[], "h", ""), Ok(false));
    }

    #[test]
    fn the_same_host_and_port_is_the_same_whatever_the_scheme() {
        for (host, origin) in [
            ("h:3000", "http://h:3000"),
            ("h", "http://h"),
            ("h", "https://h"),
            ("H:80", "http://h"),
            ("h", "https://h:443"),
            ("[::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(admitted(&["same"], host, origin), Ok(false), "{host} {origin}");
            assert_eq!(admitted(&["file://"], host, origin), Err(Foreign), "{host} {origin}");
        }
        for (host, origin) in [
            ("h:3000", "http://h"),
            ("h", "http://h:3000"),
            ("h", "http://h.evil.example"),
            ("h", "http://evil.example"),
            ("h", "null"),
            ("h", "file://"),
            ("h", "chrome-extension://h"),
        ] {
            assert_eq!(admitted(&["same"], host, origin), Err(Foreign), "{host} {origin}");
        }
    }

    #[test]
    fn a_name_that_was_made_to_lead_here_is_not_the_same_host() {
        for host in
            ["evil.example", "evil.example:3000", "h.evil.example", "127.0.0.1.evil.example", "localhost.evil.example"]
        {
            let origin = format!("http://{host}");
            assert_eq!(admitted_at("h", &["same"], host, &origin), Err(Foreign), "{host}");
            assert_eq!(
                admitted_at("", &["same"], host, &origin),
                Ok(false),
                "{host}: which names are ours is not known"
            );
        }
        for host in
            ["h", "H:3000", "h.", "127.0.0.1:3000", "[::1]:3000", "localhost", "app.localhost:3000", "192.0.2.1"]
        {
            let origin = format!("http://{host}");
            assert_eq!(admitted_at("h", &["same"], host, &origin), Ok(false), "{host}");
        }
        // What is allowed by name does not depend on what the request is for.
        assert_eq!(admitted_at("h", &["http://evil.example"], "evil.example", "http://evil.example"), Ok(true));
    }

    #[test]
    fn pages_from_disk_and_named_ones_are_admitted_where_that_is_set() {
        assert_eq!(admitted(&["file://"], "h", "file://"), Ok(true));
        assert_eq!(admitted(&["file://"], "h", "null"), Ok(true));
        assert_eq!(admitted(&["https://Chat.example/"], "h", "https://chat.example"), Ok(true));
        assert_eq!(admitted(&["https://chat.example"], "h", "http://chat.example"), Err(Foreign));
        assert_eq!(admitted(&["*"], "h", "http://anything"), Ok(false));
        assert_eq!(admitted(&["*", "https://chat.example"], "h", "https://chat.example"), Ok(true));
    }
}
