//! Asking the router, and folders to ask about.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

use std::{collections::BTreeMap, fs, io::Read as _, path::Path};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use http_body_util::BodyExt as _;
use p2pchat_server::{
    accounting::{Ledger, Limits},
    http::{self, Features, Frontend, Health, Memory, Shared, Site, Status, TrustedProxies},
};
use tempfile::TempDir;
use tower::ServiceExt as _;

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// A header's text, empty if it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.plain()).unwrap()
    }

    /// The body with its encoding undone.
    pub(super) fn plain(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self.header("content-encoding") {
            "br" => drop(brotli::Decompressor::new(&self.body[..], 4096).read_to_end(&mut out).unwrap()),
            "gzip" => drop(flate2::read::GzDecoder::new(&self.body[..]).read_to_end(&mut out).unwrap()),
            "" => out.extend_from_slice(&self.body),
            other => panic!("an encoding nobody asked for: {other}"),
        }
        out
    }
}

pub(super) fn health() -> Health {
    Health {
        relay: None,
        cluster: None,
        status: Status::Ok,
        peers: 3,
        rooms: 2,
        protocols: BTreeMap::new(),
        version: "1.2.3",
        uptime_s: 60,
        connections: 5,
        sessions: 4,
        memory: Memory { held: 1, resident: 2, max: 3, is_full: false },
        reasons: BTreeMap::from([("client_closed", 7)]),
    }
}

pub(super) fn site() -> Site {
    let path = "/api/signaling/".to_owned();
    Site {
        views: None,
        signaling_path: path,
        frontend: Frontend::Own,
        https: false,
        https_only: false,
        frame_ancestors: Vec::new(),
        base_path: "/".to_owned(),
        proxy_protocol: false,
        features: Features { hosting: None },
    }
}

/// All that HTTP asks for this site, without sockets.
pub(super) fn router(site: Site, health: impl Fn() -> Health + Clone + Send + Sync + 'static) -> Router {
    router_in(Ledger::new(Limits::default()), site, health)
}

pub(super) fn router_in(
    ledger: Ledger,
    site: Site,
    health: impl Fn() -> Health + Clone + Send + Sync + 'static,
) -> Router {
    let shared = Shared::new(ledger, TrustedProxies::default());
    http::front(http::pages(&site, &shared, health), &site, &shared)
}

pub(super) fn client() -> Router {
    router(site(), health)
}

/// A `views` folder with these files, and the router that serves it.
pub(super) fn views(files: &[(&str, &str)]) -> (TempDir, Router) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        put(folder.path(), path, text);
    }
    let router = router(Site { views: Some(folder.path().to_owned()), ..site() }, health);
    (folder, router)
}

pub(super) fn put(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(super) async fn get(router: &Router, path: &str) -> Answer {
    ask(router, Method::GET, path, &[]).await
}

pub(super) async fn get_with(router: &Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(router, Method::GET, path, headers).await
}

pub(super) async fn ask(router: &Router, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|it| it.0 == "host") {
        request = request.header("host", "server.example");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes() }
}

/// The path of a script of the built-in client whose name is made of its content.
pub(super) async fn hashed_asset(router: &Router) -> String {
    let page = get(router, "/").await.text();
    let start = page.find("/assets/").expect("index.html loads something from assets");
    page[start..].split('"').next().unwrap().to_owned()
}
