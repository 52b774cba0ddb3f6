//! The doctor at servers that are well, and at such as people set up by mistake.
mod setups;

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use p2pchat_server::{
    app::{Invite, invite},
    doctor::{Outcome, Report, trusting},
};
use rustls::RootCertStore;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::UdpSocket;

use crate::harness::{Server, settings};
use setups::{Secure, examined, examined_by, nobody, relaying, without_upgrades};

/// Steps that are to be mended, by name.
fn faults(report: &Report) -> Vec<&'static str> {
    report.findings.iter().filter(|it| it.outcome == Outcome::Fault).map(|it| it.step).collect()
}

fn says(report: &Report, step: &str, words: &str) -> bool {
    report.findings.iter().any(|it| it.step == step && it.text.contains(words))
}

#[tokio::test]
async fn a_server_that_is_well_has_nothing_to_mend() {
    let server = relaying(&[]).await;
    let report = examined(&format!("http://{}", server.address)).await;
    assert_eq!(faults(&report), [""; 0], "{report}");
    assert_eq!(report.relayed_by, ["UDP", "TCP"]);
    assert!(report.to_string().contains("otherwise relayed by UDP, TCP. There is nothing to mend."), "{report}");
    server.comes_to((0, 0)).await;
}

#[tokio::test]
async fn with_a_certificate_the_relay_is_reached_by_tls_too() {
    let server = Secure::start("localhost", false).await;
    let report = server.examined().await;
    assert_eq!(faults(&report), [""; 0], "{report}");
    assert_eq!(report.relayed_by, ["UDP", "TCP", "TLS"]);
}

#[tokio::test]
async fn a_certificate_that_browsers_do_not_believe_is_told_and_the_rest_looked_at() {
    let server = Secure::start("localhost", false).await;
    let report = server.examined_with(trusting(RootCertStore::empty()).unwrap()).await;
    assert!(says(&report, "certificate", "issued by nobody that browsers know"), "{report}");
    assert_eq!(faults(&report), ["certificate", "relay by TLS"], "{report}");
    assert_eq!(report.relayed_by, ["UDP", "TCP"]);
}

#[tokio::test]
async fn a_certificate_for_another_name_and_one_that_has_expired_are_told_apart() {
    let report = Secure::start("other.example", false).await.examined().await;
    assert!(says(&report, "certificate", "for another name than localhost"), "{report}");
    let report = Secure::start("localhost", true).await.examined().await;
    assert!(says(&report, "certificate", "has expired"), "{report}");
}

#[tokio::test]
async fn a_proxy_that_does_not_pass_upgrades_on_leaves_polling() {
    let server = relaying(&[]).await;
    let report = examined(&format!("http://{}", without_upgrades(server.address).await)).await;
    assert!(says(&report, "websocket", "does the proxy pass upgrades on?"), "{report}");
    for header in ["X-Forwarded-For", "Upgrade", "Connection"] {
        assert!(says(&report, "proxy", &format!("{header} does not arrive as it should")), "{report}");
    }
    assert!(report.to_string().contains("\n    proxy_set_header Upgrade $http_upgrade;\n"), "{report}");
    assert_eq!(faults(&report), ["proxy", "proxy", "proxy", "websocket"], "{report}");
    assert!(report.has_signaling);
}

#[tokio::test]
async fn udp_that_leads_nowhere_is_told_apart_from_tcp() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let blocked = format!("turn:{}?transport=udp", silent.local_addr().unwrap());
    let further = format!(r#"[{{ urls = ["{blocked}"], shared_secret = "s" }}]"#);
    let server = relaying(&[("ice.servers", &further)]).await;
    let report = examined(&format!("http://{}", server.address)).await;
    assert!(says(&report, "relay by UDP", "no answer within 3 s. Is UDP port"), "{report}");
    assert_eq!(faults(&report), ["relay by UDP"], "{report}");
}

#[tokio::test]
async fn a_secret_that_is_not_the_turn_servers_own_is_told() {
    let turn = relaying(&[]).await;
    let port = turn.relay_port.unwrap();
    let further = format!(r#"[{{ urls = ["turn:127.0.0.1:{port}?transport=tcp"], shared_secret = "not its own" }}]"#);
    let server = Server::with(&[("ice.servers", &further)]).await;
    let report = examined(&format!("http://{}", server.address)).await;
    assert!(says(&report, "relay by TCP", "is `shared_secret` the TURN server's own"), "{report}");
    assert!(report.to_string().contains("Nothing relays for the others. One step is to be mended."), "{report}");
}

#[tokio::test]
async fn plain_http_beyond_this_machine_is_told() {
    let server = relaying(&[]).await;
    // Linux takes this one for its own, as browsers do not.
    let report = examined(&format!("http://0.0.0.0:{}", server.address.port())).await;
    assert!(says(&report, "https", "to https pages alone"), "{report}");
    assert!(report.has_signaling);
}

#[tokio::test]
async fn a_server_that_hands_out_nothing_or_no_relay_is_told() {
    let server = Server::start().await;
    let report = examined(&format!("http://{}", server.address)).await;
    assert!(says(&report, "STUN and TURN", "turn `[relay]` on"), "{report}");
    let stun = relaying(&[]).await;
    let further = format!(r#"[{{ urls = ["stun:127.0.0.1:{}"] }}]"#, stun.relay_port.unwrap());
    let server = Server::with(&[("ice.servers", &further)]).await;
    let report = examined(&format!("http://{}", server.address)).await;
    assert!(says(&report, "STUN", "sees us at 127.0.0.1") && says(&report, "relay", "turn `[relay]` on"), "{report}");
}

#[tokio::test]
async fn an_origin_that_the_settings_do_not_name_is_told() {
    let server = relaying(&[("http.origins", r#"["https://else.example"]"#)]).await;
    let report = examined(&format!("http://{}", server.address)).await;
    for step in ["websocket", "polling"] {
        assert!(says(&report, step, "`http.origins` does not name http://127.0.0.1"), "{report}");
    }
    assert!(!report.has_signaling);
}

#[tokio::test]
async fn where_nobody_listens_and_where_somebody_else_does_is_told() {
    let report = examined(&format!("http://{}", nobody().await)).await;
    assert!(says(&report, "connection", "is the server running"), "{report}");
    assert!(report.to_string().contains("people cannot meet at this address"), "{report}");
    let server = Server::start().await;
    let report = examined(&format!("https://{}", server.address)).await;
    assert!(says(&report, "connection", "is not HTTPS"), "{report}");
    let report = examined(&format!("http://{}", setups::redirect().await)).await;
    assert!(says(&report, "page", "it redirects to https://else.example/: look there"), "{report}");
    assert_eq!(faults(&report), ["page"], "{report}");
    let report = examined(&format!("http://{}", setups::somebody_else().await)).await;
    assert_eq!(faults(&report), ["page", "websocket", "polling"], "{report}");
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_told_and_what_is_no_address_refused() {
    let report = examined("https://nobody.invalid").await;
    assert!(says(&report, "name", "nobody.invalid leads to no address"), "{report}");
    let trust = trusting(RootCertStore::empty()).unwrap();
    assert!(p2pchat_server::doctor::examine("mailto:a@b", None, trust).await.is_err());
}

#[tokio::test]
async fn a_server_where_only_invited_people_make_or_join_rooms_is_well() {
    for who in ["access.create", "access.join"] {
        let server = relaying(&[(who, "invited"), ("access.password", "open sesame please")]).await;
        let report = examined(&format!("http://{}", server.address)).await;
        assert_eq!(faults(&report), [""; 0], "{report}");
        assert!(says(&report, "room", "only invited people make or join rooms here"), "{report}");
        assert!(report.has_signaling && report.to_string().contains("was not tried"), "{report}");
        server.comes_to((0, 0)).await;
    }
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A token as an operator's own software makes it.
fn signed(claims: &Value) -> String {
    let [head, body] = [&json!({ "alg": "HS256" }), claims].map(|it| BASE64_URL_SAFE_NO_PAD.encode(it.to_string()));
    let text = format!("{head}.{body}");
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(&text).finalize();
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.into_bytes()))
}

#[tokio::test]
async fn whoever_has_a_token_tries_the_relay_where_only_invited_people_meet() {
    let secret = ("access.tokens.secret", SECRET);
    let further = ("ice.servers", r#"[{ urls = ["turn:127.0.0.1:9"], username = "u", credential = "south" }]"#);
    let who = [("access.create", "invited"), ("access.join", "invited")];
    let server = relaying(&[&who[..], &[secret]].concat()).await;
    let url = format!("http://{}", server.address);
    let invite = |room: Option<&str>, rights: &[&str], lasts| {
        let rights = rights.iter().map(|it| (*it).to_owned()).collect();
        let (room, name) = (room.map(str::to_owned), None);
        invite(&settings(&[secret], None), &Invite { room, name, rights, lasts, key: None }).unwrap()
    };
    let hour = Duration::from_secs(3_600);
    let link = invite(None, &["create", "join"], hour);
    let token = link.split_once("#token=").unwrap().1;
    for report in [
        examined_by(&url, token).await,
        examined_by(&url, &link).await,
        examined(&format!("{url}/#token={token}")).await,
        examined(&format!("{url}/#/tea?pwd=token=p&token={token}")).await,
    ] {
        assert_eq!((faults(&report), &*report.relayed_by), (vec![], &["UDP", "TCP"][..]), "{report}");
        assert!(!report.to_string().contains(token), "{report}");
        server.comes_to((0, 0)).await;
    }
    let report = examined(&format!("{url}/#/tea?pwd=token={token}")).await;
    assert!(says(&report, "room", "give a token, as `p2pchat-server invite` makes them"), "{report}");
    for less in [invite(Some("tea"), &["create", "join"], hour), invite(None, &["create"], hour)] {
        let report = examined_by(&url, &less).await;
        assert!(
            says(&report, "room", "the token is for one room, or not for both") && faults(&report).is_empty(),
            "{report}"
        );
        server.comes_to((0, 0)).await;
    }
    let report = examined_by(&url, &signed(&json!({ "rights": ["create", "join"], "exp": 1_000_000_000 }))).await;
    assert!(says(&report, "room", "the token has expired") && faults(&report) == ["room"], "{report}");
    let report = examined_by(&url, "made.up.token").await;
    assert!(says(&report, "room", "was not signed for this server") && faults(&report) == ["room"], "{report}");
    // What is told to those in a room alone is tried as well.
    let server = relaying(&[&who[..], &[secret, further]].concat()).await;
    let report = examined_by(&format!("http://{}", server.address), token).await;
    assert!(says(&report, "relay by UDP", "turn:127.0.0.1:9"), "{report}");
}
