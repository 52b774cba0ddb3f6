//! The query of an Engine.IO request, and what the original answers to one that it does not understand.
//!
//! socketioxide's own answers differ in the type of `code`, and it accepts a websocket for an unknown session before it
//! closes it; what does not fit is therefore refused here.
use axum::{
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use socketioxide::socket::Sid;

/// A request that can be served.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) is_websocket: bool,
    /// Of the session that the request belongs to; without one it begins a session.
    pub(super) sid: Option<Sid>,
}

/// Engine.IO's errors, by their code on the wire (engine.io, `Server.errors`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadQuery {
    UnknownTransport = 0,
    UnknownSession = 1,
    BadHandshakeMethod = 2,
    BadRequest = 3,
    UnsupportedProtocol = 5,
}

impl Query {
    /// `is_known` says whether a session that began with polling exists.
    pub(super) fn read(query: &str, method: &Method, is_known: impl Fn(Sid) -> bool) -> Result<Self, BadQuery> {
        let parameter = |name: &str| query.split('&').find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
        let is_websocket = match parameter("transport") {
            Some("polling") => false,
            Some("websocket") => true,
            Some(_) | None => return Err(BadQuery::UnknownTransport),
        };
        let sid = match parameter("sid") {
            None => None,
            Some(text) => {
                let known = text.parse().ok().filter(|&it| is_known(it));
                Some(known.ok_or(BadQuery::UnknownSession)?)
            }
        };
        match (sid.is_some(), is_websocket) {
            (false, _) if method != Method::GET => return Err(BadQuery::BadHandshakeMethod),
            (true, true) if method != Method::GET => return Err(BadQuery::BadRequest),
            (true, false) if method != Method::GET && method != Method::POST => return Err(BadQuery::BadRequest),
            _ => (),
        }
        if parameter("EIO") != Some("4") {
            return Err(BadQuery::UnsupportedProtocol);
        }
        Ok(Query { is_websocket, sid })
    }
}

impl IntoResponse for BadQuery {
    fn into_response(self) -> Response {
        let message = match self {
            BadQuery::UnknownTransport => "Transport unknown",
            BadQuery::UnknownSession => "Session ID unknown",
            BadQuery::BadHandshakeMethod => "Bad handshake method",
            BadQuery::BadRequest => "Bad request",
            BadQuery::UnsupportedProtocol => "Unsupported protocol version",
        };
        let body = format!(r#"{{"code":{},"message":"{message}"}}"#, self as u8);
        (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::{BadQuery, Query};

    #[test]
    fn what_the_original_refuses_is_refused_with_its_code() {
        let get = |query| Query::read(query, &Method::GET, |_| false).map(|it| (it.is_websocket, it.sid));
        assert_eq!(get("EIO=4&transport=polling"), Ok((false, None)));
        assert_eq!(get("EIO=4&transport=polling&t=x&b64=1"), Ok((false, None)));
        assert_eq!(get("transport=websocket&EIO=4"), Ok((true, None)));
        for (query, bad) in [
            ("", BadQuery::UnknownTransport),
            ("EIO=4", BadQuery::UnknownTransport),
            ("EIO=4&transport=foo", BadQuery::UnknownTransport),
            ("EIO=3&transport=polling", BadQuery::UnsupportedProtocol),
            ("transport=polling", BadQuery::UnsupportedProtocol),
            ("EIO=4&transport=polling&sid=unknown", BadQuery::UnknownSession),
            ("EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAA", BadQuery::UnknownSession),
        ] {
            assert_eq!(get(query), Err(bad), "{query}");
        }
        for method in [Method::POST, Method::PUT, Method::HEAD, Method::OPTIONS] {
            assert_eq!(Query::read("EIO=4&transport=polling", &method, |_| false), Err(BadQuery::BadHandshakeMethod));
        }
    }
}
