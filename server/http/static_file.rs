//! A file held in memory and how HTTP hands it out: the form a client wants, 304, parts. Invariant: a strong tag names
//! one sequence of bytes, so each form has its own.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write as _},
};

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH,
            IF_RANGE, RANGE, VARY,
        },
    },
    response::{IntoResponse as _, Response},
};
use http_range_header::{ParsedRanges, parse_range_header};

use super::accept_encoding::{self, Encoding};

/// Ask again each time, with the tag in hand.
pub(super) const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A file in the forms it can be sent in.
pub(super) struct StaticFile {
    pub(super) content_type: HeaderValue,
    /// Its name changes with its content, so a browser need never ask again.
    pub(super) immutable: bool,
    pub(super) plain: Representation,
    pub(super) br: Option<Representation>,
    pub(super) gzip: Option<Representation>,
}

/// One form of a file, and the strong tag of exactly these bytes.
pub(super) struct Representation {
    pub(super) bytes: Bytes,
    pub(super) tag: HeaderValue,
}

impl Representation {
    pub(super) const fn fixed(bytes: &'static [u8], tag: &'static str) -> Representation {
        Representation { bytes: Bytes::from_static(bytes), tag: HeaderValue::from_static(tag) }
    }

    fn made(bytes: Vec<u8>, suffix: &str) -> Option<Representation> {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let tag = HeaderValue::try_from(format!("\"{:016x}{suffix}\"", hasher.finish())).ok()?;
        Some(Representation { bytes: bytes.into(), tag })
    }
}

impl StaticFile {
    /// A document made at start-up. It compresses with gzip alone: brotli of the same strength takes too long then.
    pub(super) fn made(content_type: &'static str, text: String) -> StaticFile {
        let gzip = gzip(text.as_bytes()).ok().filter(|it| it.len() < text.len());
        StaticFile {
            content_type: HeaderValue::from_static(content_type),
            immutable: false,
            gzip: gzip.and_then(|it| Representation::made(it, "-gz")),
            br: None,
            plain: Representation::made(text.into_bytes(), "-plain").unwrap_or(Representation::fixed(b"", "\"empty\"")),
        }
    }

    /// The answer to a GET or HEAD; whoever sends it leaves out the body of the latter.
    pub(super) fn answer(&self, method: &Method, headers: &HeaderMap) -> Response {
        let range = range(method, headers).filter(|_| match headers.get(IF_RANGE) {
            Some(tag) => *tag == self.plain.tag,
            None => true,
        });
        // A part is always a part of the plain bytes.
        let (form, encoding) = match range {
            Some(_) => (&self.plain, Encoding::Identity),
            None => self.form(headers),
        };
        let mut response = if headers.get(IF_MATCH).is_some_and(|it| !names_strongly(it, &form.tag)) {
            StatusCode::PRECONDITION_FAILED.into_response()
        } else if headers.get(IF_NONE_MATCH).is_some_and(|it| names(it, &form.tag)) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.body(form, encoding, range)
        };
        let out = response.headers_mut();
        out.insert(ETAG, form.tag.clone());
        out.insert(VARY, HeaderValue::from_static("accept-encoding"));
        out.insert(CACHE_CONTROL, if self.immutable { FOREVER } else { REVALIDATE });
        response
    }

    fn form(&self, headers: &HeaderMap) -> (&Representation, Encoding) {
        let forms = [
            Some((&self.plain, Encoding::Identity)),
            self.gzip.as_ref().map(|it| (it, Encoding::Gzip)),
            self.br.as_ref().map(|it| (it, Encoding::Brotli)),
        ];
        let offered: Vec<Encoding> = forms.iter().flatten().map(|it| it.1).collect();
        let wanted = accept_encoding::best(headers, &offered);
        forms.into_iter().flatten().find(|it| it.1 == wanted).unwrap_or((&self.plain, Encoding::Identity))
    }

    fn body(&self, form: &Representation, encoding: Encoding, range: Option<ParsedRanges>) -> Response {
        let size = form.bytes.len();
        let part = range.map(|it| it.validate(size as u64).ok()?.pop());
        let (status, bytes) = match &part {
            None => (StatusCode::OK, form.bytes.clone()),
            Some(None) => (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new()),
            // Within the size, which is a usize, once validated.
            Some(Some(part)) => {
                (StatusCode::PARTIAL_CONTENT, form.bytes.slice(*part.start() as usize..=*part.end() as usize))
            }
        };
        let mut response = (status, Body::from(bytes)).into_response();
        let out = response.headers_mut();
        let place = match part {
            None => None,
            Some(None) => Some(format!("bytes */{size}")),
            Some(Some(part)) => Some(format!("bytes {}-{}/{size}", part.start(), part.end())),
        };
        if let Some(place) = place.and_then(|it| HeaderValue::try_from(it).ok()) {
            out.insert(CONTENT_RANGE, place);
        }
        if status != StatusCode::RANGE_NOT_SATISFIABLE {
            out.insert(CONTENT_TYPE, self.content_type.clone());
        }
        match encoding {
            Encoding::Identity => out.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes")),
            Encoding::Gzip | Encoding::Brotli => out.insert(CONTENT_ENCODING, encoding.name()),
        };
        response
    }
}

/// The part a GET asks for. What is not understood, and more than one part at once, counts as not asked: the whole
/// file is always a right answer.
pub(super) fn range(method: &Method, headers: &HeaderMap) -> Option<ParsedRanges> {
    let text = headers.get(RANGE).filter(|_| method == Method::GET)?.to_str().ok()?;
    parse_range_header(text).ok().filter(|it| it.ranges.len() == 1)
}

/// Whether a list of tags, or `*`, names this one, `W/` disregarded.
fn names(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let bare = |it: &str| it.trim().trim_start_matches("W/").to_owned();
    let (Ok(list), Ok(tag)) = (list.to_str(), tag.to_str()) else { return false };
    // Our own tags hold no comma, so a tag of someone else's that does cannot be taken for one.
    list.split(',').any(|it| it.trim() == "*" || bare(it) == bare(tag))
}

fn names_strongly(list: &HeaderValue, tag: &HeaderValue) -> bool {
    list.to_str().is_ok_and(|list| list.split(',').any(|it| it.trim() == "*" || it.trim().as_bytes() == tag.as_bytes()))
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
