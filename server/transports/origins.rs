//! Whose pages may speak to a listener. Websockets know no CORS: a page from anywhere can open one, with its user's address
//! and cookies, and all that tells it apart is the origin that the browser writes into the request (RFC 6454).
//!
//! **Invariant:** a request without an origin is let in; it comes from no browser, and could write any.
use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

/// What is allowed.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    is_any: bool,
    is_same: bool,
    is_file: bool,
    named: Vec<String>,
}

/// It comes from a page that may not speak here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign;

impl IntoResponse for Foreign {
    fn into_response(self) -> Response {
        (StatusCode::FORBIDDEN, "Pages of this origin may not connect here.\n").into_response()
    }
}

impl Origins {
    /// In the words of the settings: `*`, `same`, `file://`, and origins.
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

    /// May this request's page speak? The origin, where it is another's by name, for the answer's CORS header.
    ///
    /// # Errors
    /// It may not.
    pub fn admit(&self, request: &Request) -> Result<Option<HeaderValue>, Foreign> {
        let Some(origin) = request.headers().get(header::ORIGIN) else { return Ok(None) };
        let text = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        let is_same = || host_of(&text).is_some_and(|it| own_host(request).is_some_and(|own| own == it));
        if self.is_same && is_same() {
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
fn own_host(request: &Request) -> Option<String> {
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
        let words: Vec<_> = words.iter().map(|it| (*it).to_owned()).collect();
        let mut request = Request::get("/").header("host", host);
        if !origin.is_empty() {
            request = request.header("origin", origin);
        }
        Origins::new(&words).admit(&request.body(Body::empty()).unwrap()).map(|it| it.is_some())
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
    fn pages_from_disk_and_named_ones_are_let_in_where_that_is_said() {
        assert_eq!(admitted(&["file://"], "h", "file://"), Ok(true));
        assert_eq!(admitted(&["file://"], "h", "null"), Ok(true));
        assert_eq!(admitted(&["https://Chat.example/"], "h", "https://chat.example"), Ok(true));
        assert_eq!(admitted(&["https://chat.example"], "h", "http://chat.example"), Err(Foreign));
        assert_eq!(admitted(&["*"], "h", "http://anything"), Ok(false));
        assert_eq!(admitted(&["*", "https://chat.example"], "h", "https://chat.example"), Ok(true));
    }
}
