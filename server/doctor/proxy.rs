//! Which headers the proxies on the way do not hand on, as the server sees it, with the lines that mend it.
use axum::http::{StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{report::Report, site::Site};

/// What the server answers.
#[derive(Debug, Deserialize)]
struct Answer {
    proxied: bool,
    faults: Vec<Fault>,
}

/// A header that does not arrive as it should.
#[derive(Debug, Deserialize)]
struct Fault {
    header: String,
    kind: Kind,
    nginx: String,
    caddy: String,
    haproxy: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Missing,
    Untrusted,
    Contradicted,
}

/// Asks as a browser asks for a websocket, so that the server sees whether that arrives. Says nothing where the server is one that
/// does not know the question.
pub(super) async fn look(site: &Site, report: &mut Report) {
    let page = format!("{}{}", site.origin(), site.path);
    let page = utf8_percent_encode(&page, NON_ALPHANUMERIC);
    let websocket = [
        (header::CONNECTION, "Upgrade"),
        (header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_VERSION, "13"),
        (header::SEC_WEBSOCKET_KEY, "cDJwY2hhdC1kb2N0b3IhIQ=="),
    ];
    let path = site.below(&format!("/proxy-check?page={page}"));
    let Ok((StatusCode::OK, _, body)) = site.ask_with(&path, &websocket).await else { return };
    let Ok(Answer { proxied, faults }) = serde_json::from_slice(&body) else { return };
    for fault in &faults {
        report.fault("proxy", words(fault));
    }
    if proxied && faults.is_empty() {
        report.good("proxy", "the proxy in front hands on every header that the server needs");
    }
}

fn words(Fault { header, kind, nginx, caddy, haproxy }: &Fault) -> String {
    let lines = [("nginx", nginx), ("Caddy", caddy), ("HAProxy", haproxy)];
    let lines = lines.map(|(name, lines)| format!("\n  {name}:\n    {}", lines.replace('\n', "\n    "))).concat();
    match kind {
        Kind::Missing => {
            let consequence = match &**header {
                "Host" => "so that the server does not know by which name people reach it",
                "X-Forwarded-For" => {
                    "so that its limits take everybody for one (the proxy also has to stand in `http.trusted_proxies`)"
                }
                "X-Forwarded-Proto" => "so that the server takes the page for one without HTTPS",
                _ => "so that no websocket opens",
            };
            format!("{header} does not arrive as it should, {consequence}. What the proxy in front takes:{lines}")
        }
        Kind::Untrusted => format!(
            "{header} comes from an address that does not stand in `http.trusted_proxies`, and is not believed: name the address \
             of the proxy there, as the server sees it"
        ),
        Kind::Contradicted => {
            "X-Forwarded-For and Forwarded name different clients, so that neither is believed: have the proxy take out the one \
             that it does not set"
                .to_owned()
        }
    }
}
