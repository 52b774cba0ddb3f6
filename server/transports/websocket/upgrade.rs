//! From an HTTP request to a websocket (RFC 6455, section 4.2), for every transport.
use std::future::Future;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// What a websocket's frames are read from and written to.
pub(in crate::transports) type Stream = TokioIo<Upgraded>;

/// A request for a websocket that lacks something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transports) struct BadUpgrade;

impl IntoResponse for BadUpgrade {
    fn into_response(self) -> Response {
        // The same section asks for the version in the answer to a client that speaks another one.
        (StatusCode::BAD_REQUEST, [(header::SEC_WEBSOCKET_VERSION, "13")], "This is no request for a websocket.\n")
            .into_response()
    }
}

/// Whether a request asks for a websocket, correctly or not.
pub(in crate::transports) fn is_asked(headers: &HeaderMap) -> bool {
    has(headers, &header::UPGRADE, "websocket")
}

/// The answer, and the stream that there is once it has been sent; `None` in its place if it never was.
///
/// # Errors
/// The request lacks something. A proxy may have taken it away.
pub(in crate::transports) fn accept(
    request: &mut Request,
) -> Result<(Response, impl Future<Output = Option<Stream>> + use<>), BadUpgrade> {
    let headers = request.headers();
    let is_complete = request.method() == Method::GET
        && is_asked(headers)
        && has(headers, &header::CONNECTION, "upgrade")
        && has(headers, &header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_complete);
    let key = key.map(|it| derive_accept_key(it.as_bytes()));
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let (key, upgrade) = key.zip(upgrade).ok_or(BadUpgrade)?;
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "websocket")];
    let response = (StatusCode::SWITCHING_PROTOCOLS, headers, [(header::SEC_WEBSOCKET_ACCEPT, key)]).into_response();
    Ok((response, async { upgrade.await.ok().map(TokioIo::new) }))
}

/// Whether one of the words of this header is that one.
fn has(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|it| it.to_str().ok());
    values.flat_map(|it| it.split(',')).any(|it| it.trim().eq_ignore_ascii_case(word))
}
