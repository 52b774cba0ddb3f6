//! `GET /features`: what this server does that others may not, for pages that offer it.
use axum::{
    Json, Router,
    http::header,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::Serialize;

/// Where it is.
pub(super) const FEATURES: &str = "/features";

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Features {
    /// It hosts stars. `None`: it does not.
    pub hosting: Option<HostingFeature>,
}

/// Stars that the server hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HostingFeature {
    /// People in one of them.
    #[serde(rename = "peersMax")]
    pub peers_max: usize,
}

pub(super) fn router(features: Features) -> Router {
    Router::new().route(FEATURES, get(async move || answer(features)))
}

fn answer(features: Features) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(features)).into_response()
}
