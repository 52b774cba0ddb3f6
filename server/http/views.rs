//! The `views` folder: files that win over the built-in client's. Invariant: nothing outside the folder is served, by
//! whatever path or link, nor anything whose name begins with a dot.

use std::path::{Path, PathBuf};

use axum::{
    body::Body,
    extract::Request,
    http::{
        Extensions, HeaderMap, HeaderValue, Method, StatusCode, Version,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_RANGE, LAST_MODIFIED, RANGE, VARY,
        },
        request::Parts,
    },
    response::Response,
};
use percent_encoding::percent_decode_str;
use tokio::task::spawn_blocking;
use tower::ServiceExt as _;
use tower_http::{
    compression::{
        Compression,
        predicate::{And, Predicate as _, SizeAbove},
    },
    services::ServeDir,
};

use super::{
    accept_encoding::{self, Encoding},
    headers::Policy,
    pages,
    static_file::{self, REVALIDATE},
};

type Worth = And<SizeAbove, fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool>;

/// What a folder is for.
pub(super) enum Kind {
    /// A frontend of its own, which the built-in client must not show through.
    Frontend { has_index: bool },
    /// Single files beside the built-in client.
    Additions,
}

#[derive(Clone)]
pub(super) struct Views {
    folder: PathBuf,
    files: Compression<ServeDir, Worth>,
}

impl Views {
    pub(super) fn new(folder: PathBuf) -> Views {
        let worth: Worth = SizeAbove::new(1024).and(shrinks as fn(_, _, &_, &_) -> _);
        let files = ServeDir::new(&folder).ignore_multi_range_requests(true);
        Views { folder, files: Compression::new(files).compress_when(worth) }
    }

    /// Looked at each time, for files come and go while the server runs.
    pub(super) async fn kind(&self) -> Kind {
        let has_index = self.holds("/index.html").await;
        if has_index || self.holds("/bundle.js").await { Kind::Frontend { has_index } } else { Kind::Additions }
    }

    async fn holds(&self, path: &'static str) -> bool {
        let folder = self.folder.clone();
        spawn_blocking(move || is_inside(&folder, path)).await.unwrap_or(false)
    }

    /// The answer from the folder, if it has that file.
    pub(super) async fn find(&self, request: &Parts) -> Option<Response> {
        let (folder, path) = (self.folder.clone(), request.uri.path().to_owned());
        if !spawn_blocking(move || is_inside(&folder, &path)).await.unwrap_or(false) {
            return None;
        }
        let headers = &request.headers;
        let has_range = static_file::range(&request.method, headers).is_some();
        let mut response = self.ask(request, has_range).await?;
        // tower-http does not look at If-Range: a part of a file that has changed since is no use to anyone.
        let is_part = matches!(response.status(), StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE);
        let is_stale = headers.get(IF_RANGE).is_some_and(|known| {
            let same = |current: Option<&HeaderValue>| current.is_some_and(|it| it == known);
            !same(response.headers().get(ETAG)) && !same(response.headers().get(LAST_MODIFIED))
        });
        if is_part && is_stale {
            response = self.ask(request, false).await?;
        }
        if response.status() == StatusCode::NOT_FOUND {
            return None;
        }
        finish(&mut response);
        let frame = pages::is_frame(request.uri.path());
        response.extensions_mut().insert(if frame { Policy::ViewsFrame } else { Policy::Views });
        Some(response)
    }

    /// HEAD is asked as GET, so that both say the same; its body is never read, and left out on the way out.
    async fn ask(&self, request: &Parts, has_range: bool) -> Option<Response> {
        let mut inner = Request::new(Body::empty());
        *inner.method_mut() = Method::GET;
        *inner.uri_mut() = request.uri.clone();
        *inner.headers_mut() = request.headers.clone();
        // No brotli here: it costs more time, and the code for it more memory, than a folder of pages is worth.
        let encoding = accept_encoding::best(&request.headers, &[Encoding::Identity, Encoding::Gzip]);
        inner.headers_mut().insert(ACCEPT_ENCODING, encoding.name());
        if !has_range {
            inner.headers_mut().remove(RANGE);
        }
        let answer = self.files.clone().oneshot(inner).await;
        answer.ok().map(|it| it.map(Body::new))
    }
}

/// tower-http 0.7.1 compresses and leaves the plain file's strong tag standing: two sequences of bytes under one tag.
/// A weak one is right for both. A 304 gets it too, for it may be about either.
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
fn shrinks(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/") || ["javascript", "json", "xml", "wasm"].iter().any(|it| kind.contains(it))
}

/// Whether a request's path names a plain file in the folder, links followed. Asks the disk, so it may block.
fn is_inside(folder: &Path, path: &str) -> bool {
    let Some(path) = sane(path) else { return false };
    let Ok(folder) = folder.canonicalize() else { return false };
    let Ok(mut target) = folder.join(&path).canonicalize() else { return false };
    if target.is_dir() {
        match target.join("index.html").canonicalize() {
            Ok(index) => target = index,
            Err(_) => return false,
        }
    }
    let inner = target.strip_prefix(&folder);
    let hidden = |it: &Path| it.components().any(|it| it.as_os_str().as_encoded_bytes().starts_with(b"."));
    inner.is_ok_and(|it| !hidden(it)) && target.is_file()
}

/// The path within the folder, if every step of it is an ordinary name.
fn sane(path: &str) -> Option<String> {
    let path = percent_decode_str(path.strip_prefix('/')?).decode_utf8().ok()?;
    let ordinary = |step: &str| !step.is_empty() && !step.starts_with('.') && !step.contains(['\\', '\0', ':']);
    let steps = path.strip_suffix('/').unwrap_or(&path);
    (steps.is_empty() || steps.split('/').all(ordinary)).then(|| path.into_owned())
}
