//! Plain HTTP: the pages, their headers, the health route, and what every request passes first. Owns routes and bytes; knows
//! nothing of rooms or sockets, and never reads a request's body.

mod accept_encoding;
mod base_path;
mod client;
mod features;
mod files;
mod front;
mod headers;
mod health;
mod metrics;
mod original;
mod pages;
mod proxies;
mod proxy_check;
mod redirect;
mod static_file;
mod views;

use std::{path::PathBuf, sync::Arc};

use axum::{Router, http::request::Parts, middleware, routing::get};

use crate::accounting::Ledger;
pub use client::is_taken;
pub use features::{Features, HostingFeature};
use files::Files;
use front::Front;
use headers::HeaderSettings;
pub use health::{ClusterState, Count, Health, Memory, RelayCount, Status};
pub use metrics::{RenderMetrics, metrics};
use pages::Pages;
pub use proxies::TrustedProxies;
pub use redirect::{HttpsSite, redirect};

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
    /// Whether browsers may be told to insist on HTTPS. They do so on every port of this host's name (RFC 6797, section 8.3).
    pub https_only: bool,
    /// The origins of other sites whose pages may show ours in a frame.
    pub frame_ancestors: Vec<String>,
    /// The path below which people reach it, with a slash at both ends. Requests come with it or without it.
    pub base_path: String,
    /// Whether proxies name the client before HTTP begins.
    pub proxy_protocol: bool,
    /// What pages are told that they may offer.
    pub features: Features,
}

/// Whose pages a listener has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frontend {
    /// P2PChat's: the built-in client, and the original's where the folder holds it.
    Own,
    /// Another project's, from the folder alone, under no rules but its own.
    Foreign,
}

/// What all listeners share. Clones are the same.
#[derive(Clone)]
pub struct Shared {
    ledger: Ledger,
    files: Arc<Files>,
    front: Arc<Front>,
}

impl Shared {
    /// Nothing is kept yet.
    pub fn new(ledger: Ledger, proxies: TrustedProxies) -> Self {
        let (files, front) = (Files::new(ledger.clone()), Front::new(proxies, ledger.clone()));
        Shared { ledger, files, front }
    }
}

/// The pages: everything but the sockets. `health` is asked at each `GET /health`.
pub fn pages(site: &Site, shared: &Shared, health: impl Fn() -> Health + Clone + Send + Sync + 'static) -> Router {
    let path = format!("/{}/", site.signaling_path.trim_matches('/')).replace("//", "/");
    let pages = Arc::new(Pages::new(site.views.clone(), &path, site.frontend, shared.files.clone()));
    let listener = proxy_check::Listener { https: site.https, proxy_protocol: site.proxy_protocol };
    let mut router = Router::new().merge(health::router(health)).merge(proxy_check::router(listener));
    router = router.merge(features::router(site.features));
    for (name, file) in client::socket_io() {
        // Braces mean something in a route.
        let route = format!("{path}{name}").replace('{', "{{").replace('}', "}}");
        router = router.route(&route, get(async |request: Parts| client::for_others(file, &request)));
    }
    let page = move |request: Parts| {
        let pages = pages.clone();
        async move { pages.serve(&request).await }
    };
    router.fallback(page).layer(middleware::from_fn_with_state(shared.ledger.clone(), front::limit))
}

/// What stands in front of pages and sockets alike: the rules for a request's host and address, and the headers of every
/// answer.
pub fn front(router: Router, site: &Site, shared: &Shared) -> Router {
    let frame_ancestors = ["'self'".to_owned()].into_iter().chain(site.frame_ancestors.iter().cloned());
    let settings = Arc::new(HeaderSettings {
        https: site.https,
        https_only: site.https_only,
        frame_ancestors: frame_ancestors.collect::<Vec<_>>().join(" "),
    });
    let https = site.https;
    base_path::below(&site.base_path, router)
        .layer(middleware::from_fn(move |request, next| front::note_host(https, request, next)))
        .layer(middleware::from_fn_with_state(shared.front.clone(), front::enter))
        .layer(middleware::from_fn_with_state(settings, headers::add))
}
