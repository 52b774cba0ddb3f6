//! From an HTTP request to a websocket (RFC 6455, section 4.2).
use std::future::Future;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Below a websocket.
pub(in crate::transports) type Stream = TokioIo<Upgraded>;

/// A request for a websocket that is none in every respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transports) struct BadUpgrade;

impl IntoResponse for BadUpgrade {
    fn into_response(self) -> Response {
        // The version is that section's due to whoever asks with another.
        (StatusCode::BAD_REQUEST, [(header::SEC_WEBSOCKET_VERSION, "13")], "This is no request for a websocket.\n")
            .into_response()
    }
}

/// Is a websocket asked for, well or badly?
pub(in crate::transports) fn is_asked(headers: &HeaderMap) -> bool {
    has(headers, &header::UPGRADE, "websocket")
}

/// The answer, and the stream that there is once it has been sent. `None` in its place: it never was.
pub(in crate::transports) fn accept(
    request: &mut Request,
) -> Result<(Response, impl Future<Output = Option<Stream>> + use<>), BadUpgrade> {
    let key = accept_key(request.headers()).filter(|_| request.method() == Method::GET);
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let (key, upgrade) = key.zip(upgrade).ok_or(BadUpgrade)?;
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "websocket")];
    let response = (StatusCode::SWITCHING_PROTOCOLS, headers, [(header::SEC_WEBSOCKET_ACCEPT, key)]).into_response();
    Ok((response, async { upgrade.await.ok().map(TokioIo::new) }))
}

/// What answers a request that asks for a websocket in every respect. A proxy that takes such a header away expects a plain
/// answer.
pub(in crate::transports) fn accept_key(headers: &HeaderMap) -> Option<String> {
    let asks = has(headers, &header::CONNECTION, "upgrade")
        && is_asked(headers)
        && has(headers, &header::SEC_WEBSOCKET_VERSION, "13");
    headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| asks).map(|it| derive_accept_key(it.as_bytes()))
}

fn has(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let lines = headers.get_all(name).iter().filter_map(|it| it.to_str().ok());
    lines.flat_map(|it| it.split(',')).any(|it| it.trim().eq_ignore_ascii_case(word))
}
