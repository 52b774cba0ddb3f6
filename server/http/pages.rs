//! Which page a path means: a file of the `views` folder, what the original server provides beside it, or the built-in
//! client. Invariant: GET and HEAD only, and an unknown path is a 404.

use std::{path::PathBuf, sync::Arc};

use axum::{
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::{Html, IntoResponse as _, Response},
};

use super::{
    Frontend,
    client::Client,
    files::Files,
    headers::Policy,
    original::Original,
    static_file::{REVALIDATE, StaticFile},
    views::{Kind, Views},
};

pub(super) struct Pages {
    client: Client,
    original: Original,
    views: Option<Views>,
    frontend: Frontend,
}

impl Pages {
    pub(super) fn new(views: Option<PathBuf>, signaling_path: &str, frontend: Frontend, files: Arc<Files>) -> Pages {
        let (client, original) = (Client::new(signaling_path), Original::new());
        Pages { client, original, views: views.map(|it| Views::new(it, files)), frontend }
    }

    pub(super) async fn serve(&self, request: &Parts) -> Response {
        if request.method != Method::GET && request.method != Method::HEAD {
            let mut response = page(StatusCode::METHOD_NOT_ALLOWED, "This address can only be read.");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
            return response;
        }
        match self.find(request).await {
            Some(response) => response,
            None if self.frontend == Frontend::Foreign && self.views.is_none() => {
                page(StatusCode::NOT_FOUND, "There are no pages here: the setting `views` names the folder with them.")
            }
            None if self.frontend == Frontend::Foreign => page(StatusCode::NOT_FOUND, NOTHING_HERE),
            None => {
                // From here, since only whoever asked knows what a proxy has put before the path.
                let start = match request.uri.path().matches('/').count() {
                    0 | 1 => "./".to_owned(),
                    n => "../".repeat(n - 1),
                };
                page(StatusCode::NOT_FOUND, &format!("{NOTHING_HERE} <a href=\"{start}\">Go to the start page.</a>"))
            }
        }
    }

    async fn find(&self, request: &Parts) -> Option<Response> {
        let (method, headers, path) = (&request.method, &request.headers, request.uri.path());
        let give = |file: &StaticFile, policy: Policy| {
            let mut response = file.answer(method, headers);
            response.extensions_mut().insert(policy);
            response
        };
        let mut kind = Kind::Additions;
        if let Some(views) = &self.views {
            if let Some(mut response) = views.find(request).await {
                if self.frontend == Frontend::Foreign {
                    response.extensions_mut().insert(Policy::Foreign);
                }
                return Some(response);
            }
            kind = views.kind().await;
        }
        if self.frontend == Frontend::Foreign {
            return None;
        }
        if let Some(file) = self.original.everywhere(path) {
            return Some(give(file, Policy::Client));
        }
        // StreamSaver's pages keep themselves awake with it.
        if path == "/ping" || path == "/vendor/streamsaver/ping" {
            return Some((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response());
        }
        match kind {
            Kind::Additions => {
                let policy = if is_frame(path) { Policy::ClientFrame } else { Policy::Client };
                Some(give(self.client.file(path.strip_prefix('/')?)?, policy))
            }
            Kind::Frontend { has_index } => {
                let policy = if is_frame(path) { Policy::ViewsFrame } else { Policy::Views };
                Some(give(self.original.beside_frontend(path, has_index, &self.client)?, policy))
            }
        }
    }
}

/// StreamSaver's page is the only one with its script inside.
pub(super) fn is_frame(path: &str) -> bool {
    path.ends_with("/mitm.html")
}

const NOTHING_HERE: &str = "There is nothing at this address.";

/// `sentence` is HTML. The empty icon keeps browsers from asking for `/favicon.ico`, which would be the next such page.
fn page(status: StatusCode, sentence: &str) -> Response {
    let text = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\"><title>{status}</title>\n\
         <p>{sentence}</p>\n"
    );
    (status, [(header::CACHE_CONTROL, REVALIDATE)], Html(text)).into_response()
}
