//! Plain HTTP: the pages, their headers, the health route. Owns routes and bytes; knows nothing of rooms or sockets, and
//! never reads a request's body.

mod accept_encoding;
mod client;
mod headers;
mod health;
mod original;
mod pages;
mod static_file;
mod views;

use std::{path::PathBuf, sync::Arc};

use axum::{Router, http::request::Parts, middleware, routing::get};

pub use health::{Count, Health, Status};
use pages::Pages;

/// What the pages depend on.
#[derive(Clone, Debug)]
pub struct Site {
    /// A folder whose files win over the built-in client's: the original server's `views`, or a frontend's build.
    pub views: Option<PathBuf>,
    /// Where socket.io is spoken; slashes at its ends are added where they are missing.
    pub signaling_path: String,
    /// Whose frontend it is.
    pub frontend: Frontend,
    /// Whether people reach this server by HTTPS itself.
    pub https: bool,
    /// Whether browsers may be told to insist on that, for every port of the host (RFC 6797, section 8.3).
    pub https_only: bool,
}

/// Whose pages a listener has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frontend {
    /// P2PChat's: the built-in client, and the original's where the folder holds it.
    Own,
    /// Another project's, from the folder alone, under no rules but its own.
    Foreign,
}

/// Everything but the sockets. `health` is asked at each `GET /health`.
pub fn router(site: Site, health: impl Fn() -> Health + Clone + Send + Sync + 'static) -> Router {
    let path = format!("/{}/", site.signaling_path.trim_matches('/')).replace("//", "/");
    let pages = Arc::new(Pages::new(site.views, &path, site.frontend));
    let dress = Arc::new(headers::HeaderSettings { https: site.https, https_only: site.https_only });
    let mut router = Router::new().merge(health::router(health));
    for (name, file) in client::socket_io() {
        // Braces mean something in a route.
        let route = format!("{path}{name}").replace('{', "{{").replace('}', "}}");
        router = router.route(&route, get(async |request: Parts| file.answer(&request.method, &request.headers)));
    }
    let page = move |request: Parts| {
        let pages = pages.clone();
        async move { pages.serve(&request).await }
    };
    router.fallback(page).layer(middleware::from_fn_with_state(dress, headers::add))
}
