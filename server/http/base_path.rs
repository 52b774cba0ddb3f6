//! The path below which people reach this server, where a proxy puts it beside other sites: taken off each request that has it.
//!
//! **Invariant:** nothing behind this knows of it, and what is led elsewhere is led there as people reach it. A request without
//! it, as a proxy sends that takes it off itself, is as good.
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, Uri, header, uri::PathAndQuery},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};

/// `base` begins and ends with a slash.
pub(super) fn below(base: &str, router: Router) -> Router {
    if base == "/" {
        return router;
    }
    let base = base.to_owned();
    // Around the routes, which are chosen by what is left of the path.
    Router::new().fallback_service(router).layer(middleware::from_fn(move |request, next| {
        let base = base.clone();
        async move { take_off(&base, request, next).await }
    }))
}

async fn take_off(base: &str, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path == base.trim_end_matches('/') {
        // What stands in the page leads nowhere without the slash.
        let query = request.uri().query().map_or_else(String::new, |it| format!("?{it}"));
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, format!("{base}{query}"))]).into_response();
    }
    if let Some(uri) = path.strip_prefix(base).and_then(|it| with_path(request.uri(), it)) {
        *request.uri_mut() = uri;
    }
    let mut response = next.run(request).await;
    // What is led elsewhere is led to a path as it is known in here.
    if let Some(location) = response.headers().get(header::LOCATION).and_then(|it| it.to_str().ok())
        && location.starts_with('/')
        && let Ok(known) = HeaderValue::try_from(format!("{}{location}", base.trim_end_matches('/')))
    {
        response.headers_mut().insert(header::LOCATION, known);
    }
    response
}

/// The same with another path, which is given without its first slash.
fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let query = uri.query().map_or_else(String::new, |it| format!("?{it}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("/{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use axum::{body::to_bytes, routing::get};
    use tower::ServiceExt as _;

    use super::*;

    async fn asked(uri: &str) -> (u16, String) {
        let seen = async |request: Request| request.uri().to_string();
        let led = get((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/led/?a")]));
        let router = Router::new().route("/a", get(seen)).route("/led", led).fallback(seen);
        let request = Request::get(uri).body(axum::body::Body::empty()).unwrap();
        let response = below("/chat/", router).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        match response.headers().get(header::LOCATION) {
            Some(location) => (status, location.to_str().unwrap().to_owned()),
            None => (status, String::from_utf8(to_bytes(response.into_body(), 1_000).await.unwrap().to_vec()).unwrap()),
        }
    }

    #[tokio::test]
    async fn the_path_is_taken_off_and_may_be_missing() {
        for (uri, left) in [
            ("/chat/a?b=/chat/", "/a?b=/chat/"),
            ("/a", "/a"),
            ("/chat/", "/"),
            ("/", "/"),
            ("/chat/chat/a", "/chat/a"),
            ("/chatter/a", "/chatter/a"),
            ("/b/chat/a", "/b/chat/a"),
            ("/chat//evil.example/", "//evil.example/"),
            ("https://example.org/chat/a", "https://example.org/a"),
        ] {
            assert_eq!(asked(uri).await, (200, left.to_owned()), "{uri}");
        }
        assert_eq!(asked("/chat").await, (308, "/chat/".to_owned()));
        assert_eq!(asked("/chat?a").await, (308, "/chat/?a".to_owned()));
        for uri in ["/chat/led", "/led"] {
            assert_eq!(asked(uri).await, (307, "/chat/led/?a".to_owned()), "{uri}");
        }
    }
}
