//! Several listeners in one server: what each serves, to whom, and who meets.
use std::{fs, net::SocketAddr};

use p2pchat_server::{
    app::App,
    config::{self, Flags},
};

use super::server;
use crate::harness::{By, Peer, Server, plain::Plain, settings, web::Web};

#[tokio::test]
async fn each_listener_serves_its_own_vocabularies_and_pages_and_those_of_one_vocabulary_meet() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(first.path().join("index.html"), "<script>first</script>").unwrap();
    fs::write(second.path().join("index.html"), "second").unwrap();
    let line = |views: &std::path::Path| format!(r#"{{ port = 0, protocols = ["videocall"], views = {views:?} }}"#);
    let lines = format!("[{}, {}]", line(first.path()), line(second.path()));
    let config = settings(&[("http.listeners", &lines)], None);
    let app = App::bind(config.clone()).await.unwrap();
    let further = app.further_addresses().unwrap();
    let server = Server::of(app);

    let page = async |at: SocketAddr, path: &str| Web::to(at).await.ask("GET", path, &[], b"").await;
    assert!(page(server.address, "/").await.header("content-security-policy").starts_with("default-src 'none'"));
    let own = page(further[0], "/?room=ABCD").await;
    assert_eq!((own.status, own.text()), (200, "<script>first</script>"), "a query is no reason not to serve it");
    assert_eq!(own.header("content-security-policy"), "frame-ancestors 'self'; object-src 'none'; base-uri 'self'");
    assert_eq!(page(further[1], "/").await.text(), "second");
    assert_eq!(page(further[0], "/api/signaling/?EIO=4&transport=polling").await.status, 404);
    assert_eq!(page(further[0], "/health").await.status, 200);

    let (mut a, mut b) = (Plain::caller(further[0], "r").await, Plain::caller(further[1], "r").await);
    assert!(a.receive().await.starts_with(&format!(r#"{{"type":"user-joined","from":"{}""#, b.id)));
    b.receive().await;
    assert_eq!(Plain::connect_from(server.address, None).await.err(), Some(200), "the main one speaks p2pchat alone");
    Peer::connect(server.address, By::Upgrade).await.leave().await;
}

#[tokio::test]
async fn without_a_folder_it_is_said_what_is_missing() {
    let server = server(r#"["poc"]"#, &[]).await;
    let answer = Web::to(server.address).await.ask("GET", "/", &[], b"").await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("the setting `views` names the folder"), "{}", answer.text());
}

#[tokio::test]
async fn only_pages_of_the_origins_allowed_may_connect() {
    let server = server(r#"["videocall"]"#, &[("http.origins", r#"["same", "https://chat.example"]"#)]).await;
    let own = format!("http://{}", server.address);
    for (origin, expected) in [
        (None, None),
        (Some(&*own), None),
        (Some("https://chat.example"), None),
        (Some("https://evil.example"), Some(403)),
        (Some("null"), Some(403)),
        (Some("file://"), Some(403)),
    ] {
        assert_eq!(Plain::connect_from(server.address, origin).await.err(), expected, "{origin:?}");
    }
}

#[tokio::test]
async fn the_same_holds_for_socket_io_and_named_origins_may_read_what_they_poll() {
    let server = server(r#"["p2pchat", "textchat"]"#, &[("http.origins", r#"["https://chat.example"]"#)]).await;
    for path in ["/api/signaling/", "/socket.io/"] {
        let target = format!("{path}?EIO=4&transport=polling");
        let ask = async |origin| Web::to(server.address).await.ask("GET", &target, &[("origin", origin)], b"").await;
        let (named, foreign) = (ask("https://chat.example").await, ask("https://evil.example").await);
        assert_eq!((named.status, named.header("access-control-allow-origin")), (200, "https://chat.example"));
        assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (403, ""));
    }
}

#[tokio::test]
async fn each_preset_serves_its_project() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("index.html"), "theirs").unwrap();
    for (preset, origin) in [("textchat", None), ("videocall", None), ("poc", Some("file://"))] {
        let flags = Flags {
            address: Some("127.0.0.1".to_owned()),
            port: Some(0),
            views: Some(folder.path().to_owned()),
            preset: Some(preset.to_owned()),
            ..Flags::default()
        };
        let server = Server::run(config::read(&flags, &[], []).unwrap().0).await;
        assert_eq!(Web::to(server.address).await.ask("GET", "/", &[], b"").await.text(), "theirs");
        if preset == "textchat" {
            let target = "/socket.io/?EIO=4&transport=polling";
            assert_eq!(Web::to(server.address).await.ask("GET", target, &[], b"").await.status, 200);
        } else {
            assert!(Plain::connect_from(server.address, origin).await.is_ok(), "{preset}");
        }
    }
}
