//! A server below a path, asked with it and without it, as proxies do that leave it in and that take it off.
use p2pchat_server::app;

use crate::harness::{By, Peer, Server, settings, web::Web};

const BELOW: (&str, &str) = ("http.base_path", "/chat/");
const POLLING: &str = "api/signaling/?EIO=4&transport=polling";

#[tokio::test]
async fn everything_is_there_with_the_path_and_without_it() {
    let server = Server::with(&[BELOW, ("http.protocols", r#"["p2pchat", "videocall"]"#)]).await;
    let mut web = Web::to(server.address).await;
    let page = web.ask("GET", "/chat/", &[], b"").await;
    assert!(page.text().contains("signaling-path"), "{}", page.text());
    // All that the page names is named from where it stands.
    let mut n_named = 0;
    for part in
        page.text().split([' ', '>']).filter_map(|it| it.split_once("=\"")).filter(|it| ["src", "href"].contains(&it.0))
    {
        let named = part.1.trim_end_matches(['"', '/']).strip_prefix("./").unwrap_or_else(|| panic!("{part:?}"));
        for base in ["/", "/chat/"] {
            assert_eq!(web.ask("GET", &format!("{base}{named}"), &[], b"").await.status, 200, "{base}{named}");
            n_named += 1;
        }
    }
    assert!(n_named > 6);
    for base in ["/", "/chat/"] {
        for path in ["", "health", "live", "manifest.webmanifest", POLLING] {
            assert_eq!(web.ask("GET", &format!("{base}{path}"), &[], b"").await.status, 200, "{base}{path}");
        }
    }
    let led = web.ask("GET", "/chat", &[], b"").await;
    assert_eq!((led.status, led.header("location")), (308, "/chat/"));
    assert_eq!(led.header("referrer-policy"), "no-referrer", "it has the headers of every answer");
}

#[tokio::test]
async fn a_session_goes_on_below_the_path_and_its_cookie_comes_back_there() {
    let server = Server::with(&[BELOW]).await;
    let mut web = Web::to(server.address).await;
    let opened = web.ask("GET", &format!("/chat/{POLLING}"), &[], b"").await;
    let cookie = opened.header("set-cookie");
    assert!(cookie.contains("; Path=/chat/api/signaling/;"), "{cookie}");
    let (mut one, mut other) = (
        Peer::connect_at(server.address, "/chat/api/signaling/", By::Websocket).await,
        server.guest(By::Polling).await,
    );
    one.hello().await;
    let room = one.create(0).await;
    other.join(&room).await;
    assert!(one.receive().await.starts_with(r#"["JOIN-ROOM",{"from""#));
}

#[tokio::test]
async fn what_leads_to_the_start_page_leads_there_from_any_depth() {
    let server = Server::start().await;
    let mut web = Web::to(server.address).await;
    for (path, start) in [("/a", "./"), ("/a/", "../"), ("/a/b", "../"), ("/a/b/c?d=/", "../../")] {
        let answer = web.ask("GET", path, &[], b"").await;
        assert!(answer.text().contains(&format!("<a href=\"{start}\">")), "{path}: {}", answer.text());
    }
}

#[test]
fn the_address_to_open_is_below_the_path() {
    let config = settings(&[BELOW, ("http.hostname", "example.org")], None);
    assert_eq!(app::url(&config, 80), "http://example.org/chat/");
    assert_eq!(app::url(&config, 8080), "http://example.org:8080/chat/");
}

/// Browsers would insist on HTTPS for all that the host has.
#[test]
fn a_server_below_a_path_decides_nothing_for_the_rest_of_the_host() {
    for (base, is_https_only) in [("/", true), ("/chat/", false)] {
        let mut config = settings(&[("http.base_path", base)], None);
        config.tls.enabled = true;
        let listeners = app::settings::listeners(&config).unwrap();
        assert_eq!(listeners[0].is_https_only, is_https_only, "{base}");
    }
}

#[tokio::test]
async fn a_folder_of_pages_is_led_to_below_the_path() {
    let views = tempfile::tempdir().unwrap();
    std::fs::create_dir(views.path().join("notes")).unwrap();
    std::fs::write(views.path().join("notes/index.html"), "notes").unwrap();
    let server = Server::run(settings(&[BELOW], Some(views.path().to_owned()))).await;
    let mut web = Web::to(server.address).await;
    for path in ["/chat/notes", "/notes"] {
        let led = web.ask("GET", path, &[], b"").await;
        assert_eq!((led.status, led.header("location")), (307, "/chat/notes/"), "{path}");
    }
    assert_eq!(web.ask("GET", "/chat/notes/", &[], b"").await.text(), "notes");
}
