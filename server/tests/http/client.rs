//! The built-in client: its files in all forms, its tags, its parts.

use axum::http::{Method, StatusCode};
use p2pchat_server::{
    accounting::{Ledger, Limits},
    http::{Health, Site, Status},
};

use super::shared::{ask, client, get, get_with, hashed_asset, health, router, router_in, site};

#[tokio::test]
async fn the_root_is_the_clients_page() {
    let client = client();
    let root = get(&client, "/").await;
    assert_eq!(root.status, StatusCode::OK);
    assert_eq!(root.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(root.header("cache-control"), "no-cache");
    assert!(root.text().contains(r#"<meta name="signaling-path" content="/api/signaling/""#), "{}", root.text());
    assert_eq!(get(&client, "/index.html").await.body, root.body);
    assert_eq!(get(&client, "/?room=1&pwd=%20").await.body, root.body);
}

#[tokio::test]
async fn hashed_names_are_kept_for_a_year() {
    let client = client();
    let asset = get(&client, &hashed_asset(&client).await).await;
    assert_eq!(asset.status, StatusCode::OK);
    assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(get(&client, "/vendor/streamsaver/sw.js").await.header("cache-control"), "no-cache");
}

#[tokio::test]
async fn each_form_has_its_own_tag_and_the_same_content() {
    let client = client();
    let path = hashed_asset(&client).await;
    let plain = get(&client, &path).await;
    let mut tags = vec![plain.header("etag").to_owned()];
    for (request, encoding) in [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, *;q=0.5", "gzip"), ("*", "br")] {
        let packed = get_with(&client, &path, &[("accept-encoding", request)]).await;
        assert_eq!(packed.header("content-encoding"), encoding, "{request}");
        assert_eq!(packed.header("vary"), "accept-encoding");
        assert_eq!(packed.plain(), plain.body, "{request}");
        assert!(packed.body.len() < plain.body.len(), "{request}");
        tags.push(packed.header("etag").to_owned());
        let again =
            get_with(&client, &path, &[("accept-encoding", request), ("if-none-match", &tags[tags.len() - 1])]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        assert!(again.body.is_empty());
        assert_eq!(again.header("etag"), packed.header("etag"));
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 3, "{tags:?}");
    assert!(tags.iter().all(|it| it.starts_with('"')), "{tags:?}");
}

#[tokio::test]
async fn plain_bytes_are_sent_where_packed_ones_are_refused() {
    let client = client();
    for request in ["br;q=0, gzip;q=0", "identity", "zstd", "*;q=0"] {
        let answer = get_with(&client, "/", &[("accept-encoding", request)]).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (StatusCode::OK, ""), "{request}");
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
}

#[tokio::test]
async fn tags_are_compared_as_lists_and_weakly() {
    let client = client();
    let tag = get(&client, "/").await.header("etag").to_owned();
    for list in [format!("\"other\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
        let answer = get_with(&client, "/", &[("if-none-match", &list)]).await;
        assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "{list}");
    }
    for (name, value) in [("if-none-match", "\"other\""), ("if-match", "*"), ("if-match", &tag)] {
        assert_eq!(get_with(&client, "/", &[(name, value)]).await.status, StatusCode::OK, "{name} {value}");
    }
    for list in ["\"other\"".to_owned(), format!("W/{tag}")] {
        let answer = get_with(&client, "/", &[("if-match", &list)]).await;
        assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED, "{list}");
    }
}

#[tokio::test]
async fn parts_are_parts_of_the_plain_bytes() {
    let client = client();
    let whole = get(&client, "/").await;
    let (size, tag) = (whole.body.len(), whole.header("etag").to_owned());
    for (asked, from, to) in [
        ("bytes=0-9".to_owned(), 0, 9),
        ("bytes=10-".to_owned(), 10, size - 1),
        ("bytes=-5".to_owned(), size - 5, size - 1),
        (format!("bytes=1-{}", size * 2), 1, size - 1),
    ] {
        let part = get_with(&client, "/", &[("range", &asked), ("accept-encoding", "br")]).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{asked}");
        assert_eq!(part.header("content-range"), format!("bytes {from}-{to}/{size}"));
        assert_eq!(part.header("content-encoding"), "");
        assert_eq!(part.header("etag"), tag);
        assert_eq!(part.body, whole.body[from..=to], "{asked}");
    }
    let beyond = get_with(&client, "/", &[("range", &format!("bytes={size}-"))]).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.header("content-range"), format!("bytes */{size}"));
    for ignored in ["bytes=0-1,3-4", "seconds=1-2", "bytes=x", "bytes"] {
        let answer = get_with(&client, "/", &[("range", ignored)]).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, size), "{ignored}");
    }
}

#[tokio::test]
async fn a_part_is_sent_only_of_the_file_one_has() {
    let client = client();
    let tag = get(&client, "/").await.header("etag").to_owned();
    let same = get_with(&client, "/", &[("range", "bytes=0-3"), ("if-range", &tag)]).await;
    assert_eq!(same.status, StatusCode::PARTIAL_CONTENT);
    for other in ["\"other\"", &format!("W/{tag}"), "Wed, 21 Oct 2015 07:28:00 GMT"] {
        let answer = get_with(&client, "/", &[("range", "bytes=0-3"), ("if-range", other)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{other}");
    }
}

#[tokio::test]
async fn head_says_what_get_says() {
    let client = client();
    for headers in [vec![], vec![("accept-encoding", "br")], vec![("range", "bytes=0-1")]] {
        let head = ask(&client, Method::HEAD, "/", &headers).await;
        let without_range: Vec<_> = headers.iter().copied().filter(|it| it.0 != "range").collect();
        let get = get_with(&client, "/", &without_range).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.header("content-length"), get.body.len().to_string());
        assert_eq!(head.headers, get.headers);
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_404_and_writing_a_405() {
    let client = client();
    for path in
        ["/nothing", "/assets", "/assets/", "//", "/index.html/", "/vendor/socket.io/", "/api/signaling/", "/mitm.html"]
    {
        let answer = get(&client, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.body.len() < 300);
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        for path in ["/", "/nothing", "/health", "/api/signaling/socket.io.js"] {
            let answer = ask(&client, method.clone(), path, &[]).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(answer.header("allow"), "GET,HEAD", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_page_is_told_another_signaling_path() {
    for (path, content) in [("/x/y/", "/x/y/"), ("x", "/x/"), ("/a\"b&<", "/a&quot;b&amp;&lt;/")] {
        let client = router(Site { signaling_path: path.to_owned(), ..site() }, health);
        let page = get(&client, "/").await;
        let expected = format!(r#"<meta name="signaling-path" content="{content}""#);
        assert!(page.text().contains(&expected), "{path}: {}", page.text());
        let packed = get_with(&client, "/", &[("accept-encoding", "br, gzip;q=0.5")]).await;
        assert_eq!(packed.header("content-encoding"), "gzip");
        assert_eq!(packed.text(), page.text());
        assert_ne!(packed.header("etag"), page.header("etag"));
    }
}

#[tokio::test]
async fn the_client_library_lies_beside_the_signaling_path() {
    for path in ["/api/signaling/", "/other{x}", "/"] {
        let client = router(Site { signaling_path: path.to_owned(), ..site() }, health);
        let path = path.trim_end_matches('/');
        for name in ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"] {
            let script = get(&client, &format!("{path}/{name}")).await;
            assert_eq!(script.status, StatusCode::OK, "{path}/{name}");
            assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
        }
    }
    let map = get(&client(), "/api/signaling/socket.io.js.map").await;
    assert_eq!((map.status, map.header("content-type")), (StatusCode::OK, "application/json"));
}

#[tokio::test]
async fn health_is_told() {
    let answer = get(&client(), "/health").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.text(),
        r#"{"status":"ok","peers":3,"rooms":2,"version":"1.2.3","uptime_s":60,"connections":5,"sessions":4,"memory":{"held":1,"resident":2,"max":3,"is_full":false},"reasons":{"client_closed":7}}"#
    );
    let stopping = router(site(), || Health { status: Status::Stopping, ..health() });
    let answer = ask(&stopping, Method::HEAD, "/health", &[]).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::SERVICE_UNAVAILABLE, 0));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn everyone_without_a_picture_has_the_same() {
    let answer = get(&client(), "/public/defaults/User.jpg").await;
    assert_eq!(answer.header("content-type"), "image/jpeg");
    assert!(answer.body.starts_with(b"\xff\xd8\xff") && answer.body.len() < 3000);
}

#[tokio::test]
async fn with_no_memory_left_there_are_no_pages_and_health_says_so() {
    let ledger = Ledger::new(Limits { memory_bytes_max: 100_000, ..Limits::default() });
    let router = router_in(ledger.clone(), site(), health);
    let mut held = ledger.hold_nothing();
    held.resize(90_000);
    for path in ["/", "/favicon.svg", "/nothing"] {
        let answer = get(&router, path).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "5"), "{path}");
    }
    assert_eq!(get(&router, "/health").await.status, StatusCode::OK);
    drop(held);
    assert_eq!(get(&router, "/").await.status, StatusCode::OK);
}
