//! Plain HTTP beside HTTPS, or astray at its port: leads every request to the same place by HTTPS, and shows a certificate
//! authority what it asks for.
//!
//! **Invariant:** it leads to this server's own names alone, whatever a request calls it.
use std::{future::ready, sync::Arc};

use axum::{
    Router,
    extract::Path,
    http::{StatusCode, header, request::Parts},
    middleware,
    response::{IntoResponse as _, Response},
    routing::get,
};

use super::{
    Shared,
    front::{self, host},
};

/// Where requests are led.
#[derive(Clone, Debug)]
pub struct HttpsSite {
    /// Names and addresses of this server, without brackets; the first is for requests that name none of them.
    pub names: Vec<String>,
    /// Its port. `None`: the one that a request was sent to, as its client calls it.
    pub port: Option<u16>,
}

/// `challenge` is asked for the answer to a token (RFC 8555, section 8.3).
pub fn redirect(
    site: HttpsSite,
    shared: &Shared,
    challenge: impl Fn(&str) -> Option<String> + Clone + Send + Sync + 'static,
) -> Router {
    let shown = move |Path(token): Path<String>| {
        ready(match challenge(&token) {
            Some(answer) => ([(header::CONTENT_TYPE, "application/octet-stream")], answer).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        })
    };
    let site = Arc::new(site);
    Router::new()
        .route("/.well-known/acme-challenge/{token}", get(shown))
        .fallback(move |request: Parts| ready(site.lead(&request)))
        .layer(middleware::from_fn_with_state(shared.ledger.clone(), front::limit))
        .layer(middleware::from_fn_with_state(shared.front.clone(), front::enter))
}

impl HttpsSite {
    fn lead(&self, request: &Parts) -> Response {
        let url =
            self.url(host(&request.uri, &request.headers), request.uri.path_and_query().map_or("/", |it| it.as_str()));
        match url {
            Some(url) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, url)]).into_response(),
            None => {
                (StatusCode::BAD_REQUEST, "This port speaks HTTPS: begin the address with https://\n").into_response()
            }
        }
    }

    /// `None`: this server has no name.
    fn url(&self, host: Option<&str>, path: &str) -> Option<String> {
        let (host, asked) =
            host.map_or((None, None), |it| match it.rsplit_once(':').filter(|it| !it.1.contains(']')) {
                Some((host, port)) => (Some(host), port.parse::<u16>().ok()),
                None => (Some(it), None),
            });
        let named = host.map(|it| it.trim_start_matches('[').trim_end_matches([']', '.']).to_ascii_lowercase());
        let own = self.names.iter().find(|it| Some(it.as_str()) == named.as_deref()).or_else(|| self.names.first())?;
        let host = if own.contains(':') { format!("[{own}]") } else { own.clone() };
        let port = match self.port.or(asked) {
            None | Some(443) => String::new(),
            Some(port) => format!(":{port}"),
        };
        // "*", as for OPTIONS, is no path.
        let path = if path.starts_with('/') { path } else { "/" };
        Some(format!("https://{host}{port}{path}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_went_astray_is_led_to_the_port_that_they_asked() {
        let site = HttpsSite { names: vec!["chat.example".to_owned()], port: None };
        for (host, url) in [
            ("chat.example:8443", "https://chat.example:8443/"),
            ("chat.example:443", "https://chat.example/"),
            ("chat.example", "https://chat.example/"),
            ("evil.example:8443", "https://chat.example:8443/"),
            ("[::1]:8443", "https://chat.example:8443/"),
        ] {
            assert_eq!(site.url(Some(host), "/").as_deref(), Some(url), "{host}");
        }
    }

    #[test]
    fn it_leads_to_its_own_names_alone() {
        let names = ["chat.example", "203.0.113.4", "2001:db8::1"].map(str::to_owned).to_vec();
        let site = HttpsSite { names, port: Some(443) };
        for (host, path, url) in [
            (Some("chat.example"), "/a?b=c", "https://chat.example/a?b=c"),
            (Some("Chat.Example.:80"), "/", "https://chat.example/"),
            (Some("203.0.113.4"), "/", "https://203.0.113.4/"),
            (Some("[2001:db8::1]"), "/", "https://[2001:db8::1]/"),
            (Some("[2001:db8::1]:8080"), "/", "https://[2001:db8::1]/"),
            (Some("evil.example"), "/", "https://chat.example/"),
            (Some("evil.example:80"), "//evil.example/", "https://chat.example//evil.example/"),
            (Some("chat.example.evil.example"), "/", "https://chat.example/"),
            (None, "*", "https://chat.example/"),
        ] {
            assert_eq!(site.url(host, path).as_deref(), Some(url), "{host:?} {path}");
        }
        let elsewhere = HttpsSite { names: vec!["a".to_owned()], port: Some(8443) };
        assert_eq!(elsewhere.url(None, "/").as_deref(), Some("https://a:8443/"));
        assert_eq!(HttpsSite { names: Vec::new(), port: None }.url(Some("a"), "/"), None);
    }
}
