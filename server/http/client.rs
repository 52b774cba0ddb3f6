//! The built-in web client, compiled in by `build.rs`. Invariant: its bytes change at start-up only, in one place: where
//! `index.html` names the signalling path.

use axum::{
    http::{HeaderValue, request::Parts},
    response::Response,
};

use super::{
    headers::Reach,
    static_file::{Representation, StaticFile},
};

include!(concat!(env!("OUT_DIR"), "/client.rs"));

/// How the client's `index.html` says where the signalling is; the content is its default.
const PATH_NAMED: &str = r#"name="signaling-path" content="/api/signaling/""#;
const SOCKET_IO: &str = "vendor/socket.io/";

/// The client as this server hands it out.
pub(super) struct Client {
    /// `index.html`, where it had to be rewritten.
    index: Option<StaticFile>,
}

impl Client {
    /// `signaling_path` has its slashes on both ends.
    pub(super) fn new(signaling_path: &str) -> Client {
        let named = PATH_NAMED.replace("/api/signaling/", &escaped(signaling_path));
        let original = find("index.html").map(|it| String::from_utf8_lossy(&it.plain.bytes));
        let index = original.filter(|_| named != PATH_NAMED).map(|text| {
            if !text.contains(PATH_NAMED) {
                tracing::warn!(
                    signaling_path,
                    "the web client does not say where it looks for signalling; it may not find it"
                );
            }
            StaticFile::made("text/html; charset=utf-8", text.replace(PATH_NAMED, &named))
        });
        Client { index }
    }

    /// The file at a path without its leading slash.
    pub(super) fn file(&self, path: &str) -> Option<&StaticFile> {
        match path {
            "" | "index.html" => self.index.as_ref().or_else(|| find("index.html")),
            _ => find(path),
        }
    }
}

/// The client library for other people's pages, by the names the original serves beside its signalling path.
pub(super) fn socket_io() -> impl Iterator<Item = (&'static str, &'static StaticFile)> {
    FILES.iter().filter_map(|(path, file)| Some((path.strip_prefix(SOCKET_IO)?, file)))
}

/// The answer to a request for one of them.
pub(super) fn for_others(file: &StaticFile, request: &Parts) -> Response {
    let mut response = file.answer(&request.method, &request.headers);
    response.extensions_mut().insert(Reach::Anywhere);
    response
}

/// A file's bytes within those of all.
const fn part(start: usize, len: usize) -> &'static [u8] {
    BYTES.split_at(start).1.split_at(len).0
}

/// Whether the built-in client has a file below a path, which begins and ends with a slash.
pub fn is_taken(path: &str) -> bool {
    FILES.iter().any(|(name, _)| path.strip_prefix('/').is_some_and(|it| name.starts_with(it)))
}

fn find(path: &str) -> Option<&'static StaticFile> {
    let place = FILES.binary_search_by(|(name, _)| (*name).cmp(path)).ok()?;
    FILES.get(place).map(|(_, file)| file)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
