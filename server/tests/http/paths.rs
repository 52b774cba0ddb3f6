//! Ways out of a `views` folder, none of which must lead anywhere.

use std::fs;

use axum::http::StatusCode;

use super::shared::{get, put, views};

#[tokio::test]
async fn nothing_outside_the_folder_is_served() {
    let (folder, router) = views(&[("views/index.html", "mine"), ("secret.txt", "secret")]);
    let inner = folder.path().join("views");
    let router_within = super::shared::router(
        p2pchat_server::http::Site { views: Some(inner.clone()), ..super::shared::site() },
        super::shared::health,
    );
    assert_eq!(get(&router, "/secret.txt").await.text(), "secret", "the file is there and can be read");
    let absolute = folder.path().join("secret.txt");
    for path in [
        "/../secret.txt".to_owned(),
        "/%2e%2e/secret.txt".to_owned(),
        "/..%2fsecret.txt".to_owned(),
        "/%2e%2e%2fsecret.txt".to_owned(),
        "/..%5csecret.txt".to_owned(),
        "/x/../../secret.txt".to_owned(),
        "/./../secret.txt".to_owned(),
        "/%252e%252e/secret.txt".to_owned(),
        "/..%c0%afsecret.txt".to_owned(),
        format!("/{}", absolute.display()),
        format!("/%2f{}", absolute.display()),
        format!("//{}", absolute.display()),
        "/index.html%00.txt".to_owned(),
        "/index.html%00".to_owned(),
        "/%00".to_owned(),
        "/%ff".to_owned(),
        "/C:/secret.txt".to_owned(),
        "/index.html/".to_owned(),
        "/index.html/..".to_owned(),
        "//index.html".to_owned(),
        "/./index.html".to_owned(),
    ] {
        let answer = get(&router_within, &path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_lead_no_further_than_the_folder() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    put(outside.path(), "secret.txt", "secret");
    put(outside.path(), "index.html", "secret");
    let (folder, router) =
        views(&[("index.html", "mine"), ("real.txt", "real"), (".hidden", "hidden"), ("loop/x", "")]);
    let here = folder.path();
    symlink(here.join("real.txt"), here.join("inside.txt")).unwrap();
    symlink(outside.path().join("secret.txt"), here.join("file.txt")).unwrap();
    symlink(outside.path(), here.join("folder")).unwrap();
    symlink(here.join(".hidden"), here.join("shown.txt")).unwrap();
    symlink(here.join("circle"), here.join("circle")).unwrap();
    fs::create_dir(here.join("sub")).unwrap();
    symlink(outside.path().join("index.html"), here.join("sub/index.html")).unwrap();
    assert_eq!(get(&router, "/inside.txt").await.text(), "real");
    for path in ["/file.txt", "/folder/secret.txt", "/folder/", "/shown.txt", "/circle", "/sub/", "/sub"] {
        assert_eq!(get(&router, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn hidden_files_and_listings_are_not_served() {
    let (_folder, router) = views(&[
        ("index.html", "mine"),
        (".env", "secret"),
        (".git/config", "secret"),
        ("sub/.htpasswd", "secret"),
        ("sub/page.html", "page"),
        ("deep/index.html", "deep"),
        ("a b ü.txt", "odd name"),
    ]);
    for path in ["/.env", "/%2eenv", "/.git/config", "/sub/.htpasswd", "/sub", "/sub/", "/.", "/.."] {
        assert_eq!(get(&router, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(get(&router, "/sub/page.html").await.text(), "page");
    assert_eq!(get(&router, "/deep/").await.text(), "deep");
    assert_eq!(get(&router, "/a%20b%20%C3%BC.txt").await.text(), "odd name");
    let moved = get(&router, "/deep").await;
    assert_eq!((moved.status, moved.header("location")), (StatusCode::TEMPORARY_REDIRECT, "/deep/"));
}

#[cfg(unix)]
#[tokio::test]
async fn names_that_mean_something_elsewhere_are_not_served() {
    let (_folder, router) = views(&[("index.html", "mine"), ("a\\b.txt", "secret"), ("C:/b.txt", "secret")]);
    for path in ["/a%5cb.txt", "/a\\b.txt", "/C:/b.txt", "/C%3a/b.txt"] {
        assert_eq!(get(&router, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_in_the_folder_does_not_hold_a_request_up() {
    let (folder, router) = views(&[("index.html", "mine")]);
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.txt")).status().unwrap();
    assert!(made.success());
    assert_eq!(get(&router, "/pipe.txt").await.status, StatusCode::NOT_FOUND);
}
