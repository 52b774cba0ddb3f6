//! A `views` folder: what of it, and what beside it, is served.

use std::fs;

use axum::http::{Method, StatusCode};

use super::shared::{ask, client, get, get_with, hashed_asset, put, views};

fn script() -> String {
    "const answer = 42;\n".repeat(500)
}

#[tokio::test]
async fn its_files_win_over_the_built_in_ones() {
    let (_folder, router) = views(&[("favicon.svg", "<svg/>"), ("imprint.html", "<p>who we are</p>")]);
    assert_eq!(get(&router, "/favicon.svg").await.text(), "<svg/>");
    let page = get(&router, "/imprint.html").await;
    assert_eq!((page.header("content-type"), page.header("cache-control")), ("text/html; charset=utf-8", "no-cache"));
    assert_eq!(get(&router, "/").await.text(), get(&client(), "/").await.text());
    assert_eq!(get(&router, &hashed_asset(&client()).await).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_complete_folder_hides_the_built_in_client() {
    let (_folder, router) = views(&[("index.html", "<p>mine</p>")]);
    assert_eq!(get(&router, "/").await.text(), "<p>mine</p>");
    assert_eq!(get(&router, "/index.html").await.text(), "<p>mine</p>");
    for path in ["/favicon.svg", "/vendor/streamsaver/sw.js", "/bundle.js", &hashed_asset(&client()).await] {
        assert_eq!(get(&router, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/mitm.html", "/sw.js", "/public/defaults/User.jpg", "/api/signaling/socket.io.js", "/health"] {
        assert_eq!(get(&router, path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_bare_frontend_gets_what_it_lacks() {
    let (folder, router) = views(&[("bundle.js", &script()), ("styles.css", "a{}")]);
    let page = get(&router, "/?room=1").await;
    assert_eq!(page.status, StatusCode::OK);
    for part in ["<app-root>", r#"<base href="/">"#, r#"src="bundle.js""#, r#"href="styles.css""#] {
        assert!(page.text().contains(part), "{part}");
    }
    let worker = get(&router, "/sw.js").await;
    assert_eq!(worker.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(worker.body, get(&client(), "/vendor/streamsaver/sw.js").await.body);
    assert!(get(&router, "/mitm.html").await.text().contains("sw.js"));
    let ping = get(&router, "/ping").await;
    assert_eq!((ping.status, ping.body.len()), (StatusCode::NO_CONTENT, 0));

    put(folder.path(), "sw.js", "// mine");
    put(folder.path(), "index.html", "mine");
    put(folder.path(), "public/defaults/User.jpg", "jpeg");
    assert_eq!(get(&router, "/sw.js").await.text(), "// mine");
    assert_eq!(get(&router, "/").await.text(), "mine");
    assert_eq!(get(&router, "/public/defaults/User.jpg").await.text(), "jpeg");
}

#[tokio::test]
async fn a_packed_body_never_has_the_plain_ones_strong_tag() {
    let (_folder, router) = views(&[("bundle.js", &script())]);
    let plain = get(&router, "/bundle.js").await;
    let strong = plain.header("etag").to_owned();
    assert!(strong.starts_with('"'), "{strong}");
    assert_eq!(plain.header("vary"), "accept-encoding");
    for (request, encoding) in [("gzip, br", "gzip"), ("gzip", "gzip"), ("br;q=0, *", "gzip")] {
        let packed = get_with(&router, "/bundle.js", &[("accept-encoding", request)]).await;
        assert_eq!(packed.header("content-encoding"), encoding, "{request}");
        // It was packed before, and not on the way out.
        assert_eq!(packed.header("content-length"), packed.body.len().to_string());
        assert_eq!((packed.text(), packed.header("vary")), (script(), "accept-encoding"));
        assert_eq!(packed.header("etag"), format!("W/{strong}"));
        for known in [packed.header("etag"), &strong] {
            let headers = [("accept-encoding", request), ("if-none-match", known)];
            let again = get_with(&router, "/bundle.js", &headers).await;
            assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
            assert_eq!(again.header("etag"), format!("W/{strong}"));
        }
    }
    for request in ["identity;q=0, zstd", "br", "gzip;q=0", "*;q=0"] {
        let answer = get_with(&router, "/bundle.js", &[("accept-encoding", request)]).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (StatusCode::OK, ""), "{request}");
    }
}

#[tokio::test]
async fn pictures_and_crumbs_are_not_packed() {
    let (_folder, router) = views(&[("a.png", &script()), ("b.zip", &script()), ("crumb.js", "1")]);
    for path in ["/a.png", "/b.zip", "/crumb.js"] {
        let answer = get_with(&router, path, &[("accept-encoding", "gzip")]).await;
        assert_eq!((answer.status, answer.header("content-encoding")), (StatusCode::OK, ""), "{path}");
        assert!(answer.header("etag").starts_with('"'));
    }
}

#[tokio::test]
async fn a_file_that_changes_is_sent_anew() {
    let (folder, router) = views(&[("bundle.js", "one")]);
    let old = get(&router, "/bundle.js").await.header("etag").to_owned();
    put(folder.path(), "bundle.js", "three");
    let answer = get_with(&router, "/bundle.js", &[("if-none-match", &old)]).await;
    assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "three"));
    let answer = get_with(&router, "/bundle.js", &[("if-range", &old), ("range", "bytes=0-1")]).await;
    assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "three"));
}

#[tokio::test]
async fn parts_are_sent_of_the_plain_file() {
    let (_folder, router) = views(&[("bundle.js", &script())]);
    let whole = get(&router, "/bundle.js").await;
    let (tag, date) = (whole.header("etag").to_owned(), whole.header("last-modified").to_owned());
    let size = script().len();
    for known in [None, Some(&tag), Some(&date)] {
        let mut headers = vec![("range", "bytes=6-11"), ("accept-encoding", "gzip")];
        headers.extend(known.map(|it| ("if-range", it.as_str())));
        let part = get_with(&router, "/bundle.js", &headers).await;
        assert_eq!((part.status, part.text().as_str()), (StatusCode::PARTIAL_CONTENT, "answer"));
        assert_eq!(part.header("content-range"), format!("bytes 6-11/{size}"));
        assert_eq!(part.header("etag"), tag);
    }
    for known in ["\"other\"", &format!("W/{tag}"), "Wed, 21 Oct 2015 07:28:00 GMT"] {
        for range in ["bytes=6-11", "bytes=999999-"] {
            let answer = get_with(&router, "/bundle.js", &[("range", range), ("if-range", known)]).await;
            assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, size), "{known}");
        }
    }
    let beyond = get_with(&router, "/bundle.js", &[("range", "bytes=999999-")]).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    for ignored in ["bytes=0-1,3-4", "seconds=1-2", "bytes=x"] {
        let answer = get_with(&router, "/bundle.js", &[("range", ignored)]).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, size), "{ignored}");
    }
}

#[tokio::test]
async fn head_says_what_get_says() {
    let (_folder, router) = views(&[("bundle.js", &script())]);
    for headers in [vec![], vec![("accept-encoding", "gzip")]] {
        let head = ask(&router, Method::HEAD, "/bundle.js", &headers).await;
        assert!(head.body.is_empty());
        assert_eq!(head.headers, get_with(&router, "/bundle.js", &headers).await.headers);
    }
    let part = ask(&router, Method::HEAD, "/bundle.js", &[("range", "bytes=0-1")]).await;
    assert_eq!(part.status, StatusCode::OK);
}

#[tokio::test]
async fn a_folder_that_is_gone_leaves_the_built_in_client() {
    let (folder, router) = views(&[("index.html", "mine")]);
    fs::remove_dir_all(folder.path()).unwrap();
    assert_eq!(get(&router, "/").await.text(), get(&client(), "/").await.text());
}
