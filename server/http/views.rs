//! The `views` folder: files that win over the built-in client's. Invariant: nothing outside the folder is served, by
//! whatever path or link, nor anything whose name begins with a dot.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{
            ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
            IF_RANGE, LAST_MODIFIED, RANGE, RETRY_AFTER, VARY,
        },
        request::Parts,
    },
    response::{IntoResponse as _, Response},
};
use percent_encoding::percent_decode_str;
use tokio::task::spawn_blocking;
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

use super::{
    accept_encoding::{self, Encoding},
    files::{Files, OpenFile, Version},
    headers::Policy,
    pages,
    static_file::{self, REVALIDATE},
};
use crate::accounting::ConnectionPermit;

/// What a folder is for.
pub(super) enum Kind {
    /// A frontend of its own, which the built-in client must not show through.
    Frontend { has_index: bool },
    /// Single files beside the built-in client.
    Additions,
}

pub(super) struct Views {
    folder: PathBuf,
    served: ServeDir,
    files: Arc<Files>,
}

impl Views {
    pub(super) fn new(folder: PathBuf, files: Arc<Files>) -> Views {
        let served = ServeDir::new(&folder).ignore_multi_range_requests(true);
        Views { folder, served, files }
    }

    /// Looked at each time, for files come and go while the server runs.
    pub(super) async fn kind(&self) -> Kind {
        let has_index = self.holds("/index.html").await;
        if has_index || self.holds("/bundle.js").await { Kind::Frontend { has_index } } else { Kind::Additions }
    }

    async fn holds(&self, path: &str) -> bool {
        self.locate(path).await.is_some()
    }

    /// The version of the file that a request's path names.
    async fn locate(&self, path: &str) -> Option<Version> {
        let (folder, path) = (self.folder.clone(), path.to_owned());
        spawn_blocking(move || locate(&folder, &path)).await.ok()?
    }

    /// The answer from the folder, if it has that file.
    pub(super) async fn find(&self, request: &Parts) -> Option<Response> {
        let version = self.locate(request.uri.path()).await?;
        let headers = &request.headers;
        let has_range = static_file::range(&request.method, headers).is_some();
        let mut response = self.ask(request, &version, has_range).await?;
        // tower-http does not look at If-Range: a part of a file that has changed since is no use to anyone.
        let is_part = matches!(response.status(), StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE);
        let is_stale = headers.get(IF_RANGE).is_some_and(|known| {
            let same = |current: Option<&HeaderValue>| current.is_some_and(|it| it == known);
            !same(response.headers().get(ETAG)) && !same(response.headers().get(LAST_MODIFIED))
        });
        if is_part && is_stale {
            response = self.ask(request, &version, false).await?;
        }
        if response.status() == StatusCode::NOT_FOUND {
            return None;
        }
        finish(&mut response);
        let frame = pages::is_frame(request.uri.path());
        response.extensions_mut().insert(if frame { Policy::ViewsFrame } else { Policy::Views });
        Some(response)
    }

    async fn ask(&self, request: &Parts, version: &Version, has_range: bool) -> Option<Response> {
        // What it says of the file, without opening it.
        let mut said = self.serve(request, Method::HEAD, false).await?;
        if said.status() != StatusCode::OK {
            return Some(said);
        }
        // No brotli here: it costs more time, and the code for it more memory, than a folder of pages is worth.
        let encoding = accept_encoding::best(&request.headers, &[Encoding::Identity, Encoding::Gzip]);
        let is_packed = encoding == Encoding::Gzip && !has_range && version.can_be_packed() && shrinks(said.headers());
        if is_packed && let Some(bytes) = self.files.packed(version.clone()).await {
            let out = said.headers_mut();
            out.remove(ACCEPT_RANGES);
            out.insert(CONTENT_ENCODING, encoding.name());
            out.insert(CONTENT_LENGTH, bytes.len().into());
            *said.body_mut() = Body::from(bytes);
            return Some(said);
        }
        if request.method == Method::HEAD {
            return Some(said);
        }
        let own = request.extensions.get::<Arc<ConnectionPermit>>().map(|it| it.files(Files::of_connection));
        let Some(opened) = self.files.open(own).await else {
            let sentence = "Too many files are being read: try again in a moment.\n";
            let busy = (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, HeaderValue::from_static("5"))], sentence);
            return Some(busy.into_response());
        };
        let file = self.serve(request, Method::GET, has_range).await?;
        Some(file.map(|body| Body::new(OpenFile { body, _opened: opened })))
    }

    async fn serve(&self, request: &Parts, method: Method, has_range: bool) -> Option<Response> {
        let mut inner = Request::new(Body::empty());
        *inner.method_mut() = method;
        *inner.uri_mut() = request.uri.clone();
        *inner.headers_mut() = request.headers.clone();
        // tower-http would look for packed siblings.
        inner.headers_mut().remove(ACCEPT_ENCODING);
        if !has_range {
            inner.headers_mut().remove(RANGE);
        }
        let answer = self.served.clone().oneshot(inner).await;
        answer.ok().map(|it| it.map(Body::new))
    }
}

/// A packed body under the plain file's strong tag would be two sequences of bytes under one tag. A weak one is right for
/// both. A 304 gets it too, for it may be about either.
fn finish(response: &mut Response) {
    let changed = response.headers().contains_key(CONTENT_ENCODING) || response.status() == StatusCode::NOT_MODIFIED;
    let out = response.headers_mut();
    if let Some(tag) =
        out.get(ETAG).filter(|_| changed).and_then(|it| it.to_str().ok()).filter(|it| it.starts_with('"'))
    {
        let weak = HeaderValue::try_from(format!("W/{tag}"));
        match weak {
            Ok(weak) => out.insert(ETAG, weak),
            Err(_) => out.remove(ETAG),
        };
    }
    if let Some(kind) = out.get(CONTENT_TYPE).and_then(|it| it.to_str().ok())
        && kind.starts_with("text/")
        && let Ok(kind) = HeaderValue::try_from(format!("{kind}; charset=utf-8"))
    {
        out.insert(CONTENT_TYPE, kind);
    }
    out.insert(VARY, HeaderValue::from_static("accept-encoding"));
    out.insert(CACHE_CONTROL, REVALIDATE);
}

/// Whether compressing is worth the time: pictures, films and archives are small already.
fn shrinks(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/") || ["javascript", "json", "xml", "wasm"].iter().any(|it| kind.contains(it))
}

/// The plain file in the folder that a request's path names, links followed. Asks the disk, so it may block.
fn locate(folder: &Path, path: &str) -> Option<Version> {
    let path = sane(path)?;
    let folder = folder.canonicalize().ok()?;
    let mut target = folder.join(&path).canonicalize().ok()?;
    if target.is_dir() {
        target = target.join("index.html").canonicalize().ok()?;
    }
    let is_hidden = |it: &Path| it.components().any(|it| it.as_os_str().as_encoded_bytes().starts_with(b"."));
    let is_inside = target.strip_prefix(&folder).is_ok_and(|it| !is_hidden(it));
    let metadata = target.metadata().ok().filter(|it| is_inside && it.is_file())?;
    Some(Version::of(&target, &metadata))
}

/// The path within the folder, if every step of it is an ordinary name.
fn sane(path: &str) -> Option<String> {
    let path = percent_decode_str(path.strip_prefix('/')?).decode_utf8().ok()?;
    let ordinary = |step: &str| !step.is_empty() && !step.starts_with('.') && !step.contains(['\\', '\0', ':']);
    let steps = path.strip_suffix('/').unwrap_or(&path);
    (steps.is_empty() || steps.split('/').all(ordinary)).then(|| path.into_owned())
}
