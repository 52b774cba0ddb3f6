//! Tries a server from outside, as two browsers would, and says in words which step fails: `p2pchat-server doctor`.
//!
//! **Invariants:** it changes nothing: its room ends with its connections. Every step has a deadline. A step that fails is told
//! with what to do about it, and keeps from being tried only what cannot go without it.
mod proxy;
mod report;
mod signaling;
mod site;
mod token;
mod turn;

use std::sync::Arc;

use axum::http::{StatusCode, header};
use rustls::ClientConfig;

pub use report::{Finding, Outcome, Report};
use signaling::{Client, IceServer};
use site::{Site, Unreached, blind_trust};
pub use site::{system_trust, trusting};
use token::token_of;
use turn::{Failure, IceUrl, Turn};

/// Where signalling is, unless the page says otherwise.
const SIGNALING_PATH: &str = "/api/signaling/";
/// How the built-in web app says where it is.
const PATH_NAMED: &str = r#"name="signaling-path" content=""#;
/// How a refusal by origin is told.
const FORBIDDEN: &str = "answered 403";
/// What is said of a server that the doctor may not make a room on.
const INVITED_ALONE: &str = "only invited people make or join rooms here, and nobody else has the relay pass anything on. The steps of the \
    relay are not tried: give a token, as `p2pchat-server invite` makes them, with --token";
const TOKEN_GRANTS_LESS: &str = "only invited people make or join rooms here, and the token is for one room, or not for both. The steps of the \
    relay are not tried: `p2pchat-server invite` without --room and --right makes one that is";
/// As much as a packet of sound or picture.
const SAMPLE: [u8; 1_000] = [42; 1_000];

/// Looks at the server at this address, with or without `https://` before it. `trust` is whose certificates browsers believe.
/// `token`: by what somebody is invited there, or the link that holds it; the address may be that link, too.
///
/// # Errors
/// It is no address, or the link holds no token, in words.
pub async fn examine(url: &str, token: Option<&str>, trust: Arc<ClientConfig>) -> Result<Report, String> {
    let token = token_of(url, token)?;
    let (url, _) = url.split_once('#').unwrap_or((url, ""));
    let mut site = Site::parse(url, trust.clone())?;
    let mut report = Report { url: format!("{}{}", site.origin(), site.path), ..Report::default() };
    if let Err(text) = site.resolve().await {
        report.fault("name", text);
        return Ok(report);
    }
    let addresses: Vec<_> = site.addresses.iter().map(|it| it.ip().to_string()).collect();
    report.good("name", format!("{} is {}", site.host, addresses.join(", ")));
    let Some(path) = page(&mut site, &mut report).await else { return Ok(report) };
    proxy::look(&site, &mut report).await;
    let Some((mut one, mut other)) = signaling(&site, &path, &mut report).await else { return Ok(report) };
    one.invited_by(token);
    other.invited_by(token);
    match meet(&mut one, &mut other).await {
        Ok(None) => {
            (report.has_signaling, report.is_relay_untried) = (true, true);
            report.note("room", if token.is_some() { TOKEN_GRANTS_LESS } else { INVITED_ALONE });
            stuns(&one.servers, &trust, &mut report).await;
            for client in [&mut one, &mut other] {
                // One that fails has no connection any more.
                let _ = client.close().await;
            }
        }
        Ok(Some(room)) => {
            report.has_signaling = true;
            report.good("room", "two clients met in a room");
            let servers = [one.servers.clone(), other.servers.clone()];
            // The server pings meanwhile, and would end whoever does not answer.
            tokio::select! {
                () = ways(&servers, &trust, &mut report) => {}
                _ = async { tokio::join!(one.stay(), other.stay()) } => {
                    report.fault("room", "the server has ended both clients while the relay was tried");
                }
            }
            for client in [&mut one, &mut other] {
                // One that fails has no connection any more, and so no room.
                let _ = client.leave(&room).await;
            }
        }
        Err(text) => report.fault("room", format!("two clients cannot meet in a room: {text}")),
    }
    Ok(report)
}

/// The connection, the certificate and the page. Gives the path of signalling, where there is anything to ask further.
async fn page(site: &mut Site, report: &mut Report) -> Option<String> {
    match site.connect().await {
        Ok(_) if site.is_https => report.good("certificate", "browsers believe it"),
        Ok(_) => {}
        Err(Unreached::Certificate(text)) => {
            report.fault("certificate", text);
            site.trust = blind_trust().ok()?;
        }
        Err(Unreached::Tcp(text)) => {
            let place = format!("TCP port {} of {}", site.port, site.host);
            let hint =
                "is the server running, does it listen there, and is the port open in every firewall on the way?";
            report.fault("connection", format!("{place} cannot be reached ({text}): {hint}"));
            return None;
        }
        Err(Unreached::Tls(text)) => {
            report.fault("connection", format!("port {} is not HTTPS: {text}", site.port));
            return None;
        }
    }
    if !site.is_secure() {
        let text = "the page comes by http, and browsers give camera and microphone to https pages alone: set `[tls]`, or put a \
                    proxy with a certificate in front";
        report.fault("https", text);
    }
    let (status, headers, body) = match site.ask("GET", &site.path.clone(), "").await {
        Ok(answer) => answer,
        Err(text) => {
            report.fault("page", format!("{} is not answered: {text}", site.path));
            return None;
        }
    };
    if let Some(to) = headers.get(header::LOCATION).filter(|_| status.is_redirection()) {
        report.fault("page", format!("it redirects to {}: look there", String::from_utf8_lossy(to.as_bytes())));
        return None;
    }
    let text = String::from_utf8_lossy(&body);
    let named = text.split_once(PATH_NAMED).and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_owned()));
    match (status, &named) {
        (StatusCode::OK, Some(_)) => report.good("page", "the web app is there"),
        (StatusCode::OK, None) => report.note("page", "a page is there, and it is not the built-in web app"),
        (status, _) => {
            report.fault("page", format!("{} is answered {status}: does the proxy lead to this server?", site.path));
        }
    }
    // The server knows nothing of a path that a proxy has put before its own.
    Some(site.below(named.as_deref().unwrap_or(SIGNALING_PATH)))
}

/// Websocket and polling, and two clients by whichever works.
async fn signaling<'a>(site: &'a Site, path: &str, report: &mut Report) -> Option<(Client<'a>, Client<'a>)> {
    let by_websocket = Client::by_websocket(site, path).await;
    let by_polling = Client::by_polling(site, path).await;
    match &by_websocket {
        Ok(_) => report.good("websocket", "signalling goes by websocket"),
        Err(text) if text.contains(FORBIDDEN) => report.fault("websocket", format!("{text}: {}", not_named(site))),
        Err(text) => {
            let hint = "does the proxy pass upgrades on?";
            report.fault("websocket", format!("{text}: {hint}"));
        }
    }
    match &by_polling {
        Ok(_) => report.good("polling", "signalling goes by polling, where websockets are blocked"),
        Err(text) if text.contains(FORBIDDEN) => report.fault("polling", format!("{text}: {}", not_named(site))),
        Err(text) => {
            report.fault("polling", format!("{text}: does the proxy pass {path} on, with GET and POST?"));
        }
    }
    let (one, other) = match (by_websocket, by_polling) {
        (Ok(one), Ok(other)) => return Some((one, other)),
        (Ok(one), Err(_)) => (one, Client::by_websocket(site, path).await),
        (Err(_), Ok(one)) => (one, Client::by_polling(site, path).await),
        (Err(_), Err(_)) => return None,
    };
    let other = other.inspect_err(|text| report.fault("room", format!("no second client can connect: {text}")));
    Some((one, other.ok()?))
}

fn not_named(site: &Site) -> String {
    let (origin, name) = (site.origin(), &site.host);
    format!(
        "`http.origins` does not name {origin}, or the server does not know that it is called {name}: see `http.hostname`"
    )
}

/// Both into one room. No room where only invited people make or join them, and these are not.
async fn meet(one: &mut Client<'_>, other: &mut Client<'_>) -> Result<Option<String>, String> {
    one.identify().await?;
    other.identify().await?;
    Ok(match one.create().await? {
        Some(room) if !other.join(&room).await? => {
            one.leave(&room).await?;
            None
        }
        made => made,
    })
}

/// STUN and TURN, as the server hands them out.
async fn ways([one, other]: &[Vec<IceServer>; 2], trust: &Arc<ClientConfig>, report: &mut Report) {
    if one.is_empty() {
        let text = "the server hands out neither STUN nor TURN, so that people meet in one network alone: turn `[relay]` on, or \
                    set `[ice]` servers";
        return report.fault("STUN and TURN", text);
    }
    let mut has_turn = false;
    for (mine, theirs) in one.iter().zip(other) {
        for url in &mine.urls {
            let Some(parsed) = IceUrl::parse(url) else {
                report.fault("STUN and TURN", format!("{url} is no address of a server"));
                continue;
            };
            if parsed.is_turn {
                has_turn = true;
                relay(url, &parsed, [mine, theirs], trust, report).await;
            } else {
                stun(url, &parsed, trust, report).await;
            }
        }
    }
    if !has_turn {
        report.fault(
            "relay",
            "the server hands out no TURN server, so that some networks lead to nobody: turn `[relay]` on",
        );
    }
}

/// What can be tried of the servers by somebody who is in no room.
async fn stuns(servers: &[IceServer], trust: &Arc<ClientConfig>, report: &mut Report) {
    for url in servers.iter().flat_map(|it| &it.urls) {
        match IceUrl::parse(url) {
            Some(parsed) if !parsed.is_turn => stun(url, &parsed, trust, report).await,
            Some(_) => {}
            None => report.fault("STUN and TURN", format!("{url} is no address of a server")),
        }
    }
}

async fn stun(url: &str, parsed: &IceUrl, trust: &Arc<ClientConfig>, report: &mut Report) {
    match Turn::bound(parsed, trust.clone()).await {
        Ok(address) => report.good("STUN", format!("{url} sees us at {address}")),
        Err(failure) => report.fault("STUN", words(url, parsed, &failure)),
    }
}

fn relay_step(parsed: &IceUrl) -> &'static str {
    match parsed.over {
        turn::Over::Udp => "relay by UDP",
        turn::Over::Tcp => "relay by TCP",
        turn::Over::Tls => "relay by TLS",
    }
}

/// An allocation for each of the two, and something from one to the other through both.
async fn relay(url: &str, parsed: &IceUrl, servers: [&IceServer; 2], trust: &Arc<ClientConfig>, report: &mut Report) {
    let step = relay_step(parsed);
    let mut opened = Vec::new();
    for server in servers {
        let [username, credential] = [&server.username, &server.credential].map(|it| it.as_deref().unwrap_or_default());
        match Turn::allocated(parsed, trust.clone(), username, credential).await {
            Ok(turn) => opened.push(turn),
            Err(failure) => return report.fault(step, words(url, parsed, &failure)),
        }
    }
    let [one, other] = &mut *opened else { return };
    let permitted = async {
        one.permit(other).await?;
        other.permit(one).await
    };
    if let Err(failure) = permitted.await {
        return report.fault(step, format!("{url} lets nobody send: {}", words(url, parsed, &failure)));
    }
    let passes = one.reaches(other, &SAMPLE).await && other.reaches(one, &SAMPLE).await;
    one.release().await;
    other.release().await;
    if passes {
        let name = parsed.over.name();
        report.good(step, format!("{url} has passed {} bytes on, both ways", SAMPLE.len()));
        if !report.relayed_by.contains(&name) {
            report.relayed_by.push(name);
        }
    } else {
        let text = "takes clients, and passes nothing on between them: may it send to its own relay addresses, and are its relay \
                    ports open?";
        report.fault(step, format!("{url} {text}"));
    }
}

fn words(url: &str, parsed: &IceUrl, failure: &Failure) -> String {
    match failure {
        Failure::Silence(text) => {
            format!(
                "{url}: {text}. Is {} open in every firewall on the way, and does it lead to the server?",
                parsed.way()
            )
        }
        Failure::Untrusted(text) => format!("{url}: {text}. Browsers connect there to nobody"),
        Failure::Code(401) => format!(
            "{url} does not take the name and password that the server hands out: is `shared_secret` the TURN server's own, and \
             are both clocks right?"
        ),
        Failure::Code(403) => format!("{url} forbids it (403): does it deny the network that the other end is in?"),
        Failure::Code(486) => format!("{url} has no more allocations for one user (486)"),
        Failure::Code(508) => format!("{url} has no capacity left (508)"),
        Failure::Code(code) => format!("{url} answers with error {code}"),
    }
}
