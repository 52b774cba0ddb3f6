//! `GET /metrics`: who may read the figures, and in which format they are sent. The figures are handed in.
//!
//! **Invariant:** with a token nothing is said to whoever does not show it, and no figure is asked for. Without one nothing is
//! said to a page whose name was made to lead here (DNS rebinding).
use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, Uri, header},
    middleware,
    response::{IntoResponse as _, Response},
    routing::get,
};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use super::{Shared, front};
use crate::accounting::{Ledger, Reason};

/// Where it is.
pub(super) const METRICS: &str = "/metrics";

/// What Prometheus asks for when it understands it.
const OPEN_METRICS: &str = "application/openmetrics-text";

/// The figures as text. Asked with whether OpenMetrics is understood, on a thread for files. `None`: they cannot be said.
pub type RenderMetrics = Arc<dyn Fn(bool) -> Option<String> + Send + Sync>;

/// The route. Without a token everybody may read it: for a listener that not everybody reaches. Whoever shows a wrong one is
/// counted in `ledger`.
pub fn metrics(shared: &Shared, ledger: Ledger, token: Option<&SecretString>, render: RenderMetrics) -> Router {
    // Of two hashes it tells nothing how long it takes to compare them.
    let hash = |it: &str| -> [u8; 32] { Sha256::digest(it).into() };
    let expected = token.map(|it| hash(it.expose_secret()));
    let answer = async move |uri: Uri, headers: HeaderMap| {
        if expected.is_none() && front::host(&uri, &headers).is_none_or(is_anybodys) {
            return (StatusCode::FORBIDDEN, "Ask by an address, or set metrics.token.\n").into_response();
        }
        if expected.is_some_and(|it| bearer(&headers).is_none_or(|given| hash(given) != it)) {
            let reason = Reason::MetricsToken;
            ledger.count(reason);
            tracing::info!(event = "refused", what = "metrics", reason = reason.as_str());
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"metrics\"")];
            return (StatusCode::UNAUTHORIZED, challenge, "The token of the metrics is needed.\n").into_response();
        }
        let is_open_metrics = understands_open_metrics(&headers);
        let text = spawn_blocking(move || render(is_open_metrics)).await;
        text.ok().flatten().map_or_else(failed, |it| said(is_open_metrics, it))
    };
    let router = Router::new().route(METRICS, get(answer));
    router.layer(middleware::from_fn_with_state(shared.ledger.clone(), front::limit))
}

fn said(is_open_metrics: bool, text: String) -> Response {
    let kind = if is_open_metrics {
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    } else {
        "text/plain; version=0.0.4; charset=utf-8"
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], text).into_response()
}

fn failed() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "The figures cannot be said.\n").into_response()
}

/// Whether somebody may have registered this host's name, and have made it lead here: it is no address and no single word.
fn is_anybodys(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |it| it.0);
    // In brackets stands an address of IPv6.
    !host.starts_with('[') && name.contains('.') && name.parse::<IpAddr>().is_err()
}

/// The token that a request shows (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some(token.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer"))
}

fn understands_open_metrics(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
    accepted.flat_map(|it| it.split(',')).any(|it| it.trim().starts_with(OPEN_METRICS))
}

#[cfg(test)]
mod tests {
    use super::is_anybodys;

    #[test]
    fn a_name_that_can_be_registered_is_anybodys() {
        for own in
            ["127.0.0.1", "10.0.0.1:9464", "[::1]", "[::1]:9464", "[::ffff:1.2.3.4]:1", "localhost:9464", "p2pchat"]
        {
            assert!(!is_anybodys(own), "{own}");
        }
        for other in ["rebind.example", "rebind.example:9464", "127.0.0.1.example:1", "a.b", "1.2.3"] {
            assert!(is_anybodys(other), "{other}");
        }
    }
}
