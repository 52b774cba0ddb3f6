//! What clients are told of the relay, and what becomes of a port that is in use.
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use p2pchat_server::{
    accounting::{Ledger, Limits as Quotas},
    ice::Ice,
    relay::Limits,
    sessions::{Lifetimes, Sessions},
    turn::{Settings, Told, TurnServer},
};

use super::{
    Relaying, bind,
    client::{Turn, Way},
    ice_servers,
};
use crate::harness::{By, Server, settings};

#[tokio::test]
async fn the_answer_to_get_id_names_servers_that_fit_how_the_page_came() {
    let relaying = Relaying::start().await;
    for by in [By::Websocket, By::Polling] {
        let mut peer = relaying.server.peer(by).await;
        let servers = ice_servers(&mut peer).await;
        let servers: serde_json::Value = serde_json::from_str(&servers).unwrap();
        let (host, port) = (relaying.relay.ip(), relaying.relay.port());
        assert_eq!(servers[0]["urls"], serde_json::json!([format!("stun:{host}:{port}")]), "{servers}");
        let turn = ["udp", "tcp"].map(|it| format!("turn:{host}:{port}?transport={it}"));
        assert_eq!(servers[1]["urls"], serde_json::json!(turn));
        assert!(servers[1]["username"].as_str().unwrap().ends_with(&format!(":{}", peer.id)));
        assert_eq!(servers.as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn settings_win_over_how_the_page_came_and_further_servers_come_after() {
    let further = r#"[{ urls = ["stun:s.example.org"] }]"#;
    let host = [("relay.host", "turn.example.org"), ("ice.servers", further)];
    let relaying = Relaying::with(&host).await;
    let servers = ice_servers(&mut relaying.server.peer(By::Websocket).await).await;
    let port = relaying.relay.port();
    assert!(servers.starts_with(&format!(r#"[{{"urls":["stun:turn.example.org:{port}"]}}"#)), "{servers}");
    assert!(servers.ends_with(r#"{"urls":["stun:s.example.org"]}]"#), "{servers}");
    let urls = [("relay.urls", r#"["stun:a:1", "turns:b:2?transport=tcp"]"#)];
    let relaying = Relaying::with(&urls).await;
    let servers = ice_servers(&mut relaying.server.peer(By::Websocket).await).await;
    assert!(servers.starts_with(r#"[{"urls":["stun:a:1"]},{"urls":["turns:b:2?transport=tcp"],"#), "{servers}");
}

#[tokio::test]
async fn without_a_relay_nothing_is_said() {
    let server = Server::start().await;
    assert_eq!(ice_servers(&mut server.peer(By::Websocket).await).await, "");
}

#[tokio::test]
async fn a_page_that_cannot_ask_for_credentials_has_the_operators() {
    let relaying = Relaying::with(&[("relay.username", "page"), ("relay.password", "south")]).await;
    let (ann, _bob, _) = relaying.pair().await;
    let mut page = Turn::connect(&relaying, Way::Udp, "page", "south").await;
    let mut a = relaying.turn(&ann, Way::Tcp).await;
    assert_eq!((page.allocate().await, a.allocate().await), (0, 0));
    assert_eq!((page.permit(a.relayed).await, a.permit(page.relayed).await), (0, 0));
    page.send(a.relayed, b"hello").await;
    assert_eq!(a.data().await, b"hello");
    a.send(page.relayed, b"hello, page").await;
    assert_eq!(page.data().await, b"hello, page");
    let mut guess = Turn::connect(&relaying, Way::Udp, "page", "north").await;
    assert_eq!(guess.allocate().await, 401);
}

#[tokio::test]
async fn a_port_that_is_set_must_be_had_and_the_default_one_need_not() {
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = tcp.local_addr().unwrap().port();
    let port = taken.to_string();
    let overrides = [("relay.enabled", "true"), ("relay.port", &*port)];
    let fault = bind(&overrides, |_| ()).await.err().unwrap();
    assert!(fault.starts_with(&format!("port {port}, which relay.port names, is in use")), "{fault}");
    drop(tcp);
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, taken)).unwrap();
    assert!(bind(&overrides, |_| ()).await.is_err());
    let app = bind(&overrides, |it| it.relay.is_port_set = false).await.unwrap();
    assert_eq!(app.relay_port(), None);
    let server = Server::of(app);
    // By plain HTTP there is no way to it then, and so nothing to tell.
    assert_eq!(ice_servers(&mut server.peer(By::Websocket).await).await, "");
    drop(udp);
    assert!(settings(&[("relay.port", "5")], None).relay.is_port_set && !settings(&[], None).relay.is_port_set);
}

#[tokio::test]
async fn each_of_several_sockets_of_a_port_answers_by_itself() {
    let ice = Ice { servers: Vec::new(), credential_ttl_s: 60 };
    let sessions = Sessions::new(ice, Ledger::new(Quotas::default()), Lifetimes::default());
    let told = Told { urls: Vec::new(), host: None, credential_ttl_s: 60 };
    let limits = Limits { per_peer: 1, per_address: 1, total: 1 };
    let settings = Settings { limits, fixed: None, real: None, told };
    let server = TurnServer::new(settings, &sessions, Some(3_478)).unwrap();
    let sockets = ["127.0.0.1:0", "127.0.0.2:0"].map(|it| UdpSocket::bind(it).unwrap());
    let addresses = sockets.each_ref().map(|it| it.local_addr().unwrap());
    sockets.iter().for_each(|it| it.set_nonblocking(true).unwrap());
    let serving = tokio::spawn(async move { server.run(sockets.into()).await });
    // A binding request (RFC 8489, section 5), which is answered with the address that it came from.
    let request = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], b"twelve bytes"].concat();
    for at in addresses {
        let client = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        client.send_to(&request, at).await.unwrap();
        let mut answer = [0; 200];
        let (_, from) = client.recv_from(&mut answer).await.unwrap();
        assert_eq!((from, &answer[..2], &answer[8..20]), (at, &[1, 1][..], &b"twelve bytes"[..]));
    }
    serving.abort();
}

#[tokio::test]
async fn nobody_is_told_of_a_relay_where_only_other_pages_are_served() {
    let overrides = [("relay.enabled", "true"), ("relay.port", "0"), ("http.protocols", r#"["textchat"]"#)];
    assert_eq!(bind(&overrides, |_| ()).await.unwrap().relay_port(), None);
    let fixed = [("relay.username", "page"), ("relay.password", "south")];
    assert!(bind(&[&overrides[..], &fixed].concat(), |_| ()).await.unwrap().relay_port().is_some());
}

#[tokio::test]
async fn a_mistyped_network_ends_the_start() {
    let overrides = [("relay.enabled", "true"), ("relay.port", "0"), ("relay.relay_ports", "49160-49200")];
    let odd = [("relay.denied_networks", r#"["10.0.0.0/33"]"#)];
    let fault = bind(&[&overrides[..], &odd].concat(), |_| ()).await.err().unwrap();
    assert!(fault.contains("holds \"10.0.0.0/33\""), "{fault}");
}
