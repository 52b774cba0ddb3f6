//! The page policies and their companions.

use axum::{
    body::Body,
    http::{Request, Version},
};
use p2pchat_server::http::{Frontend, Site};
use tower::ServiceExt as _;

use super::shared::{client, get, get_with, health, router, site, views};

/// One directive of a policy, without its name.
fn directive<'a>(policy: &'a str, name: &str) -> &'a str {
    let all = policy.split("; ").map(|it| it.split_once(' ').unwrap_or((it, "")));
    all.filter(|(it, _)| *it == name).map(|(_, rest)| rest).next().unwrap_or("absent")
}

#[tokio::test]
async fn the_clients_policy_is_tight() {
    let answer = get_with(&client(), "/", &[("host", "chat.example:8443")]).await;
    let policy = answer.header("content-security-policy");
    assert_eq!(directive(policy, "default-src"), "'none'");
    assert_eq!(directive(policy, "script-src"), "'self'");
    assert_eq!(directive(policy, "style-src"), "'self'");
    assert_eq!(directive(policy, "connect-src"), "'self' ws://chat.example:8443 wss://chat.example:8443");
    assert_eq!(directive(policy, "frame-ancestors"), "'self'");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("permissions-policy").contains("camera=(self)"));
    assert_eq!(answer.header("strict-transport-security"), "");
    assert_eq!(answer.header("x-frame-options"), "");
}

#[tokio::test]
async fn who_may_show_a_page_in_a_frame_is_set() {
    let frame_ancestors = vec!["https://intranet.example".to_owned(), "https://wiki.example:8443".to_owned()];
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<p>").unwrap();
    let views = Some(folder.path().to_owned());
    for (views, frontend) in [(None, Frontend::Own), (views.clone(), Frontend::Own), (views, Frontend::Foreign)] {
        let site = Site { frame_ancestors: frame_ancestors.clone(), views, frontend, ..site() };
        let answer = get(&router(site, health), "/").await;
        assert_eq!(
            directive(answer.header("content-security-policy"), "frame-ancestors"),
            "'self' https://intranet.example https://wiki.example:8443",
            "{frontend:?}"
        );
    }
}

#[tokio::test]
async fn an_opener_is_kept_out_only_where_browsers_heed_it() {
    let told = async |headers: &[(&str, &str)]| {
        let answer = get_with(&client(), "/", headers).await;
        answer.header("cross-origin-opener-policy").to_owned()
    };
    for host in ["localhost", "localhost:3000", "chat.localhost", "127.0.0.1:8080", "127.9.9.9"] {
        assert_eq!(told(&[("host", host)]).await, "same-origin", "{host}");
    }
    for host in ["chat.example", "192.168.0.7:3000", "localhost.example", "notlocalhost"] {
        assert_eq!(told(&[("host", host)]).await, "", "{host}");
    }
    assert_eq!(told(&[("host", "chat.example"), ("x-forwarded-proto", "https")]).await, "same-origin");
    assert_eq!(told(&[("host", "chat.example"), ("x-forwarded-proto", "http")]).await, "");
}

#[tokio::test]
async fn every_answer_has_a_policy() {
    let client = client();
    for path in ["/health", "/nothing", "/api/signaling/socket.io.js", "/public/defaults/User.jpg", "/ping"] {
        let answer = get(&client, path).await;
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let reach = if path.ends_with("socket.io.js") { "cross-origin" } else { "same-origin" };
        assert_eq!(answer.header("cross-origin-resource-policy"), reach, "{path}");
    }
}

#[tokio::test]
async fn only_a_sane_host_gets_into_the_policy() {
    for host in ["[::1]:80", "*", "a,b", "x;script-src"] {
        let answer = get_with(&client(), "/", &[("host", host)]).await;
        assert_eq!(answer.status, 200, "{host}");
        assert_eq!(directive(answer.header("content-security-policy"), "connect-src"), "'self'", "{host}");
    }
}

#[tokio::test]
async fn a_request_names_one_host() {
    for host in ["a b", "x;script-src *", "x:99999", "x:1:2", "", "user@x", "[::1", "x/y"] {
        let answer = get_with(&client(), "/", &[("host", host)]).await;
        assert_eq!((answer.status.as_u16(), answer.header("connection")), (400, "close"), "{host}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(directive(answer.header("content-security-policy"), "connect-src"), "'self'", "{host}");
    }
    let two = get_with(&client(), "/", &[("host", "a"), ("host", "a")]).await;
    assert_eq!(two.status, 400);
    let status = async |uri: &str, version: Version, host: Option<&str>| {
        let request = Request::get(uri).version(version).body(Body::empty()).unwrap();
        let (mut parts, body) = request.into_parts();
        parts.headers.extend(host.map(|it| (axum::http::header::HOST, it.parse().unwrap())));
        client().oneshot(Request::from_parts(parts, body)).await.unwrap().status().as_u16()
    };
    assert_eq!(status("/", Version::HTTP_11, None).await, 400);
    assert_eq!(status("/", Version::HTTP_10, None).await, 200);
    assert_eq!(status("https://a.example/", Version::HTTP_2, None).await, 200);
    assert_eq!(status("https://a.example/", Version::HTTP_2, Some("A.example")).await, 200);
    assert_eq!(status("https://a.example/", Version::HTTP_2, Some("b.example")).await, 400);
    assert_eq!(status("/", Version::HTTP_2, None).await, 400);
}

#[tokio::test]
async fn the_host_of_http_2_stands_in_its_uri() {
    let request = Request::get("https://Chat.example/").version(Version::HTTP_2).body(Body::empty()).unwrap();
    let response = client().oneshot(request).await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert_eq!(directive(policy, "connect-src"), "'self' ws://chat.example wss://chat.example");
}

#[tokio::test]
async fn https_is_insisted_on_only_where_the_whole_host_speaks_it() {
    let mixed = Site { https: true, ..site() };
    let answer = get(&router(Site { https_only: true, ..mixed.clone() }, health), "/").await;
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
    let answer = get_with(&router(mixed, health), "/", &[("host", "chat.example")]).await;
    assert_eq!(answer.header("strict-transport-security"), "");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
}

#[tokio::test]
async fn the_original_frontend_runs_under_its_policy() {
    let (_folder, router) = views(&[("bundle.js", "1"), ("styles.css", "a{}")]);
    let answer = get_with(&router, "/", &[("host", "localhost:8080")]).await;
    let policy = answer.header("content-security-policy");
    assert_eq!(directive(policy, "script-src"), "'self'");
    assert_eq!(directive(policy, "style-src"), "'self' 'unsafe-inline'");
    assert_eq!(directive(policy, "img-src"), "'self' https: data: blob:");
    assert!(directive(policy, "media-src").starts_with("'self' data: blob:"));
    assert_eq!(directive(policy, "worker-src"), "'self' blob:");
    assert_eq!(directive(policy, "frame-src"), "'self'");
    let reach = directive(policy, "connect-src");
    for source in ["'self'", "ws://localhost", "wss://localhost", "ws://localhost:*", "wss://localhost:*"] {
        assert!(reach.split(' ').any(|it| it == source), "{source}: {reach}");
    }
    assert_eq!(answer.header("x-frame-options"), "");
    assert_eq!(answer.header("cross-origin-embedder-policy"), "");
}

#[tokio::test]
async fn inline_scripts_run_in_streamsavers_page_alone() {
    let (_folder, own) = views(&[("bundle.js", "1"), ("sub/mitm.html", "<script></script>"), ("page.html", "x")]);
    for (router, path, inline) in [
        (&own, "/mitm.html", true),
        (&own, "/sub/mitm.html", true),
        (&own, "/page.html", false),
        (&own, "/sw.js", false),
        (&client(), "/vendor/streamsaver/mitm.html", true),
        (&client(), "/vendor/streamsaver/sw.js", false),
    ] {
        let answer = get(router, path).await;
        assert_eq!(answer.status, 200, "{path}");
        let script = directive(answer.header("content-security-policy"), "script-src").to_owned();
        assert_eq!(script.contains("'unsafe-inline'"), inline, "{path}: {script}");
        assert_eq!(directive(answer.header("content-security-policy"), "frame-ancestors"), "'self'");
    }
}
