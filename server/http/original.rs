//! What the original server hands out beside a frontend's build: the page that loads it, StreamSaver's two files, the
//! default picture. Invariant: all of our own making or from an npm package, nothing copied from it.

use axum::http::HeaderValue;

use super::{
    client::Client,
    static_file::{Representation, StaticFile},
};

static PICTURE: StaticFile = StaticFile {
    content_type: HeaderValue::from_static("image/jpeg"),
    immutable: false,
    plain: Representation::fixed(include_bytes!("user.jpg"), "\"neutral-picture-1\""),
    br: None,
    gzip: None,
};

/// The Angular app wants its root element and, for its relative addresses, a base.
const INDEX: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>P2P Chat</title>
<base href="/">
<link rel="icon" href="favicon.ico">
<link rel="stylesheet" href="styles.css">
<body>
<app-root></app-root>
<noscript>This page needs JavaScript: rooms, calls and files are handled by your browser itself.</noscript>
<script src="bundle.js"></script>
"#;

pub(super) struct Original {
    index: StaticFile,
}

impl Original {
    pub(super) fn new() -> Original {
        Original { index: StaticFile::made("text/html; charset=utf-8", INDEX.to_owned()) }
    }

    /// What is there whatever pages are served.
    pub(super) fn everywhere(&self, path: &str) -> Option<&StaticFile> {
        (path == "/public/defaults/User.jpg").then_some(&PICTURE)
    }

    /// What a folder with a frontend in it may lack.
    pub(super) fn beside_frontend<'a>(
        &'a self,
        path: &str,
        has_index: bool,
        client: &'a Client,
    ) -> Option<&'a StaticFile> {
        match path {
            "/" | "/index.html" if !has_index => Some(&self.index),
            "/mitm.html" => client.file("vendor/streamsaver/mitm.html"),
            "/sw.js" => client.file("vendor/streamsaver/sw.js"),
            _ => None,
        }
    }
}
