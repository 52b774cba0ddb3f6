//! Which pages may connect to a listener. Websockets know no CORS: a page from anywhere can open one, with its user's address
//! and cookies, and all that tells it apart is what the browser writes into the request: its origin (RFC 6454), or how that
//! relates to ours (Fetch Metadata).
//!
//! **Invariant:** a request that says nothing of a page is admitted; it comes from no page, and could write anything.
use axum::{
    extract::Request,
    http::{HeaderValue, header},
};

use super::hosts::{Host, Hosts, SEC_FETCH_SITE};
use crate::accounting::Reason;

/// What is allowed.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    is_any: bool,
    is_same: bool,
    is_same_host: bool,
    is_file: bool,
    named: Vec<String>,
    hosts: Hosts,
}

/// Whose request it is.
enum Page<'a> {
    /// No browser's, or that of somebody who opens the address itself.
    None,
    /// That of a page from this very host and port.
    Own,
    /// That of a page from this host and another port, as its origin says.
    Neighbour(&'a HeaderValue),
    /// That of a page with another origin, if it was said.
    Other(Option<&'a HeaderValue>),
}

impl Origins {
    /// As the settings have them: `*`, `same`, `same-host`, `file://`, and origins, whose hosts are then known to be ours.
    /// `hosts` are the names by which requests may come, unless any page may.
    pub fn new(words: &[String], mut hosts: Hosts) -> Self {
        let mut origins = Origins::default();
        for word in words {
            match &**word {
                "*" => origins.is_any = true,
                "same" => origins.is_same = true,
                "same-host" => (origins.is_same, origins.is_same_host) = (true, true),
                "file://" => origins.is_file = true,
                named => origins.named.push(named.trim_end_matches('/').to_ascii_lowercase()),
            }
        }
        hosts.add(origins.named.iter().filter_map(|it| Host::of_origin(it)).map(|it| it.name));
        Origins { hosts, ..origins }
    }

    /// Whether this request's page may connect. Returns its origin where the answer's CORS header has to name it.
    ///
    /// # Errors
    /// It may not, because of its origin or of the host that it asks for.
    pub fn admit(&self, request: &Request) -> Result<Option<HeaderValue>, Reason> {
        if !self.is_any && !is_no_browsers(request) && !self.hosts.admits(request) {
            return Err(Reason::ForeignHost);
        }
        let origin = match page_of(request) {
            Page::None => return Ok(None),
            Page::Own if self.is_same => return Ok(None),
            Page::Neighbour(origin) if self.is_same_host => return Ok(Some(origin.clone())),
            Page::Neighbour(origin) | Page::Other(Some(origin)) => Some(origin),
            Page::Own => request.headers().get(header::ORIGIN),
            Page::Other(None) => None,
        };
        match origin.filter(|it| self.is_named(it)) {
            Some(named) => Ok(Some(named.clone())),
            // Anyone may connect, which is not to say that anyone may read what another polls.
            None if self.is_any => Ok(None),
            None => Err(Reason::ForeignOrigin),
        }
    }

    /// Whether it is a page of this very host and port, or no page at all.
    pub fn is_own_page(&self, request: &Request) -> bool {
        matches!(page_of(request), Page::None | Page::Own)
    }

    fn is_named(&self, origin: &HeaderValue) -> bool {
        let text = text_of(origin);
        // Some browsers call a page from disk `null`, as they do others that have no home.
        (self.is_file && (text == "file://" || text == "null")) || self.named.contains(&text)
    }
}

/// A browser says the origin of whoever opens a websocket.
fn is_no_browsers(request: &Request) -> bool {
    request.headers().contains_key(header::SEC_WEBSOCKET_KEY) && !request.headers().contains_key(header::ORIGIN)
}

fn page_of(request: &Request) -> Page<'_> {
    let site = request.headers().get(&SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    let origin = match (request.headers().get(header::ORIGIN), site) {
        // A proxy may have put another host into the request; the browser knows which one it asked.
        (_, Some(b"same-origin")) => return Page::Own,
        // Pictures and scripts are asked for without an origin.
        (None, Some(b"same-site" | b"cross-site")) => return Page::Other(None),
        (None, _) => return Page::None,
        (Some(origin), _) => origin,
    };
    match (Host::of_origin(&text_of(origin)), Host::of(request)) {
        (Some(page), Some(own)) if page.is_same(&own) => Page::Own,
        (Some(page), Some(own)) if page.is_same_name(&own) => Page::Neighbour(origin),
        _ => Page::Other(Some(origin)),
    }
}

fn text_of(origin: &HeaderValue) -> String {
    origin.to_str().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};

    use super::{Hosts, Origins, Reason};

    fn admitted(words: &[&str], host: &str, origin: &str) -> Result<bool, Reason> {
        admitted_with(words, host, &[("origin", origin)])
    }

    fn admitted_with(words: &[&str], host: &str, headers: &[(&str, &str)]) -> Result<bool, Reason> {
        let words: Vec<_> = words.iter().map(|it| (*it).to_owned()).collect();
        let mut request = Request::get("/").header("host", host);
        for (name, value) in headers.iter().filter(|it| !it.1.is_empty()) {
            request = request.header(*name, *value);
        }
        let origins = Origins::new(&words, Hosts::default());
        origins.admit(&request.body(Body::empty()).unwrap()).map(|it| it.is_some())
    }

    #[test]
    fn a_request_without_an_origin_is_from_no_browser() {
        assert_eq!(admitted(&[], "h", ""), Ok(false));
        let websocket = [("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")];
        assert_eq!(admitted_with(&["same"], "chat.example", &websocket), Ok(false));
    }

    #[test]
    fn the_same_host_and_port_is_the_same_whatever_the_scheme() {
        for (host, origin) in [
            ("h:3000", "http://h:3000"),
            ("h", "http://h"),
            ("h", "https://h"),
            ("H:80", "http://h"),
            ("h", "https://h:443"),
            ("h.", "http://h"),
            ("[::1]:3000", "http://[::1]:3000"),
        ] {
            for word in ["same", "same-host"] {
                assert_eq!(admitted(&[word], host, origin), Ok(false), "{host} {origin}");
            }
            assert_eq!(admitted(&["file://"], host, origin), Err(Reason::ForeignOrigin), "{host} {origin}");
        }
        for (host, origin) in [
            ("h:3000", "http://h.evil.example"),
            ("h", "http://evil.example"),
            ("h", "http://h@evil.example"),
            ("localhost", "http://localhost.evil.example"),
            ("127.0.0.1", "http://127.0.0.1.evil.example"),
            ("192.168.1.5", "http://localhost"),
            ("h", "null"),
            ("h", "file://"),
            ("h", "chrome-extension://h"),
        ] {
            for word in ["same", "same-host"] {
                assert_eq!(admitted(&[word], host, origin), Err(Reason::ForeignOrigin), "{host} {origin}");
            }
        }
    }

    #[test]
    fn another_port_of_the_same_host_is_another_origin_and_the_same_host() {
        for (host, origin) in [
            ("h:3000", "http://h"),
            ("h", "http://h:3000"),
            ("localhost:8080", "http://localhost:5173"),
            ("localhost:8080", "http://127.0.0.1:5173"),
            ("127.0.0.1", "http://app.localhost:3000"),
            ("[::1]:8080", "http://localhost"),
        ] {
            assert_eq!(admitted(&["same"], host, origin), Err(Reason::ForeignOrigin), "{host} {origin}");
            assert_eq!(admitted(&["same-host"], host, origin), Ok(true), "{host} {origin}");
        }
    }

    #[test]
    fn what_the_browser_says_of_the_site_is_believed() {
        let site = |site, origin| {
            admitted_with(&["same-host"], "127.0.0.1:8080", &[("sec-fetch-site", site), ("origin", origin)])
        };
        // The proxy before this server has written its own name into the request.
        assert_eq!(site("same-origin", "https://chat.example"), Ok(false));
        assert_eq!(site("none", ""), Ok(false));
        for foreign in ["same-site", "cross-site"] {
            // As of a picture.
            assert_eq!(site(foreign, ""), Err(Reason::ForeignOrigin));
            assert_eq!(site(foreign, "https://chat.example"), Err(Reason::ForeignOrigin));
        }
        assert_eq!(site("same-site", "http://localhost:3000"), Ok(true));
    }

    #[test]
    fn a_name_that_was_made_to_lead_here_is_not_asked_for_whatever_the_page() {
        for words in [&["same"][..], &["same-host"], &["file://"], &["https://chat.example"]] {
            for origin in ["", "http://evil.example:3000", "http://chat.example:3000"] {
                assert_eq!(
                    admitted(words, "evil.example:3000", origin),
                    Err(Reason::ForeignHost),
                    "{words:?} {origin}"
                );
            }
        }
        assert_eq!(admitted(&["*"], "evil.example", "http://evil.example"), Ok(false));
        // Whoever names an origin knows its host.
        assert_eq!(admitted(&["http://chat.example"], "chat.example", "http://chat.example"), Ok(true));
    }

    #[test]
    fn pages_from_disk_and_named_ones_are_admitted_where_that_is_set() {
        assert_eq!(admitted(&["file://"], "h", "file://"), Ok(true));
        assert_eq!(admitted(&["file://"], "h", "null"), Ok(true));
        assert_eq!(admitted(&["https://Chat.example/"], "h", "https://chat.example"), Ok(true));
        assert_eq!(admitted(&["https://chat.example"], "h", "http://chat.example"), Err(Reason::ForeignOrigin));
        assert_eq!(admitted(&["*"], "h", "http://anything"), Ok(false));
        assert_eq!(admitted(&["*", "https://chat.example"], "h", "https://chat.example"), Ok(true));
    }
}
