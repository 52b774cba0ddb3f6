//! What every answer says about itself: the page policies and the few headers beside them. Invariant: nothing is allowed
//! here that a page of ours, or the original frontend's, does not need.

use std::{net::Ipv4Addr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    middleware::Next,
    response::Response,
};

use super::front;

/// Which rules a page runs under. A handler leaves one in its response's extensions; without, it is `Client`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// The built-in client: nothing but its own files.
    Client,
    /// `mitm.html` of StreamSaver in the built-in client: its one script stands in the page.
    ClientFrame,
    /// A `views` folder: as much as the original frontend's build needs.
    Views,
    /// `mitm.html` of StreamSaver in a `views` folder.
    ViewsFrame,
    /// Another project's pages, whose scripts and styles may stand anywhere: they are the operator's choice.
    Foreign,
}

/// From whose pages an answer may be loaded as a script or a picture is, without being asked (Fetch,
/// Cross-Origin-Resource-Policy). What pages fetch themselves goes by the CORS headers of the signalling path alone. A
/// handler leaves one in its response's extensions; without, it follows from the [`Policy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// From pages of the same origin.
    SameOrigin,
    /// From pages of the same host, whatever their port: the original frontend drops the port from its address.
    SameSite,
    /// From anyone's.
    Anywhere,
}

const FEATURES: &str = "camera=(self), microphone=(self), display-capture=(self), screen-wake-lock=(self), \
    autoplay=(self), fullscreen=(self), picture-in-picture=(self), speaker-selection=(self), clipboard-write=(self), \
    geolocation=(), payment=(), usb=()";

/// Half a year, this name alone: whoever runs the server may not own the names below it.
const HTTPS_ONLY: &str = "max-age=15768000";

impl Reach {
    fn text(self) -> &'static str {
        match self {
            Reach::SameOrigin => "same-origin",
            Reach::SameSite => "same-site",
            Reach::Anywhere => "cross-origin",
        }
    }
}

impl Policy {
    fn reach(self) -> Reach {
        match self {
            Policy::Client | Policy::ClientFrame => Reach::SameOrigin,
            Policy::Views | Policy::ViewsFrame | Policy::Foreign => Reach::SameSite,
        }
    }

    /// `ancestors`: who may show the page in a frame (CSP 3, section 6.4.2).
    fn text(self, host: Option<&str>, ancestors: &str) -> String {
        let own = host.map(|it| sockets(self, it)).unwrap_or_default();
        let script = match self {
            Policy::Client | Policy::Views => "script-src 'self'",
            Policy::ClientFrame | Policy::ViewsFrame | Policy::Foreign => "script-src 'self' 'unsafe-inline'",
        };
        match self {
            Policy::Client | Policy::ClientFrame => format!(
                "default-src 'none'; {script}; style-src 'self'; img-src 'self' blob: data:; \
                 media-src 'self' blob: mediastream:; connect-src 'self'{own}; worker-src 'self' blob:; \
                 font-src 'self'; manifest-src 'self'; frame-src 'self'; frame-ancestors {ancestors}; base-uri 'none'; \
                 form-action 'self'"
            ),
            Policy::Foreign => format!("frame-ancestors {ancestors}; object-src 'none'; base-uri 'self'"),
            Policy::Views | Policy::ViewsFrame => format!(
                "default-src 'self'; {script}; style-src 'self' 'unsafe-inline'; img-src 'self' https: data: blob:; \
                 media-src 'self' data: blob: mediastream:; font-src 'self' data:; connect-src 'self'{own}; \
                 worker-src 'self' blob:; frame-src 'self'; frame-ancestors {ancestors}; object-src 'none'; \
                 base-uri 'self'; form-action 'self'"
            ),
        }
    }
}

/// The server's own sockets by name, which older Safaris do not count as 'self'. The original frontend drops the port
/// from its address, so its page may reach any port of its own host.
fn sockets(policy: Policy, host: &str) -> String {
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    match policy {
        Policy::Client | Policy::ClientFrame => format!(" ws://{host} wss://{host}"),
        Policy::Views | Policy::ViewsFrame | Policy::Foreign => {
            format!(" ws://{name} wss://{name} ws://{name}:* wss://{name}:* http://{name}:* https://{name}:*")
        }
    }
}

/// The host a request is for, if it can stand in a policy: a name or an IPv4 address and perhaps a port. The policy
/// grammar has no place for an IPv6 address.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let given = front::host(uri, headers)?;
    let (name, port) = given.split_once(':').unwrap_or((given, "80"));
    let named =
        (1..=253).contains(&name.len()) && name.bytes().all(|it| it.is_ascii_alphanumeric() || b"-._".contains(&it));
    let ported = port.bytes().all(|it| it.is_ascii_digit()) && port.parse::<u16>().is_ok();
    (named && ported).then(|| given.to_ascii_lowercase())
}

/// Whether a proxy in front of us says that it speaks TLS. Whoever lies here changes their own answer alone.
pub(super) fn forwarded_as_https(headers: &HeaderMap) -> bool {
    let is_https = |it: &str| it.trim_matches('"').eq_ignore_ascii_case("https");
    // As RFC 7239, section 5.4, has it.
    let says_so =
        |it: &str| it.trim().split_once('=').is_some_and(|it| it.0.eq_ignore_ascii_case("proto") && is_https(it.1));
    let text = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    text("x-forwarded-proto").is_some_and(is_https)
        || text("forwarded").is_some_and(|it| it.split([';', ',']).any(says_so))
}

/// Browsers trust their own machine without TLS.
fn is_this_machine(host: &str) -> bool {
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// What the headers depend on beside the request.
#[derive(Clone, Debug)]
pub(super) struct HeaderSettings {
    pub(super) https: bool,
    pub(super) https_only: bool,
    /// As the page policy has them.
    pub(super) frame_ancestors: String,
}

/// Adds the headers to an answer that is on its way out.
pub(super) async fn add(State(settings): State<Arc<HeaderSettings>>, request: Request, next: Next) -> Response {
    let host = host(request.uri(), request.headers());
    let trusted =
        settings.https || forwarded_as_https(request.headers()) || host.as_deref().is_some_and(is_this_machine);
    let mut response = next.run(request).await;
    let policy = response.extensions().get::<Policy>().copied().unwrap_or(Policy::Client);
    let reach = response.extensions().get::<Reach>().copied().unwrap_or(policy.reach());
    let out = response.headers_mut();
    out.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static(reach.text()));
    if let Ok(text) = HeaderValue::try_from(policy.text(host.as_deref(), &settings.frame_ancestors)) {
        out.insert(header::CONTENT_SECURITY_POLICY, text);
    }
    out.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(FEATURES));
    out.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // What sockets say by polling, and every no that says nothing else, is for this one request.
    if !out.contains_key(header::CACHE_CONTROL) {
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    // Elsewhere browsers do not heed it, and complain to whoever looks at their console.
    if trusted && matches!(policy, Policy::Client | Policy::ClientFrame) {
        out.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    }
    if settings.https_only {
        out.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HTTPS_ONLY));
    }
    response
}
