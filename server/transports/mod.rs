//! Transports: bind a library to the sessions. Each library is named in one folder.
//!
//! **Invariants:** what a client sends is charged to its account before a library decodes it, and what waits for it is held
//! there until it is written. A session that has ended is not heard.
mod frame_meter;
mod hosts;
mod meter;
mod metered_stream;
pub mod mqtt;
mod nodes;
mod origins;
pub mod socketio;
#[cfg(test)]
mod test_server;
pub mod websocket;

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

pub use hosts::Hosts;
pub use nodes::Nodes;
pub use origins::Origins;

use crate::accounting::{Account, ClientAddress, Ledger, Reason};

/// Memory of a session on a websocket before anybody has sent anything: its task, buffers and entries, and those of TLS.
const SESSION_COST: u64 = 10 * 1024;

/// The same for one that begins with polling, with the tasks and queues of its library.
const POLLING_COST: u64 = 20 * 1024;

/// Of an origin or a host in a log line.
const SHOWN_BYTES_MAX: usize = 200;

/// No session can be opened now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(Reason);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self.0 {
            Reason::ForeignOrigin => {
                return (StatusCode::FORBIDDEN, "Pages of this origin may not connect here: see http.origins.\n")
                    .into_response();
            }
            Reason::ForeignHost => {
                let sentence = "This server is not known by the name that was asked for: see http.hostname.\n";
                return (StatusCode::FORBIDDEN, sentence).into_response();
            }
            Reason::SessionsMax | Reason::MemoryFull => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::TOO_MANY_REQUESTS,
        };
        let retry_after = [(header::RETRY_AFTER, "5")];
        (status, retry_after, "The server is busy, or too much comes from your address: try again in a moment.\n")
            .into_response()
    }
}

/// Opens the account of the session that this request begins.
fn open_account(ledger: &Ledger, request: &Request, cost: u64) -> Result<Arc<Account>, Refused> {
    let address = request.extensions().get::<ClientAddress>().map_or(Ipv4Addr::UNSPECIFIED.into(), |it| it.0);
    let user_agent = request.headers().get(header::USER_AGENT).map_or(&b""[..], |it| it.as_bytes());
    ledger.open_account(address, user_agent, cost).map_err(Refused)
}

/// Lets requests pass whose page may connect. The origin to name in the answer's CORS header, if one has to be named.
fn admit_origin(origins: &Origins, ledger: &Ledger, request: &Request) -> Result<Option<HeaderValue>, Refused> {
    origins.admit(request).map_err(|reason| {
        ledger.count(reason);
        let shown = |name| {
            let said = request.headers().get(name).map_or(&b""[..], |it| it.as_bytes());
            String::from_utf8_lossy(&said[..said.len().min(SHOWN_BYTES_MAX)]).into_owned()
        };
        let (origin, host) = (shown(header::ORIGIN), shown(header::HOST));
        tracing::info!(event = "refused", what = "page", reason = reason.as_str(), ?origin, ?host);
        Refused(reason)
    })
}

/// Counts and logs the end of a connection whose client never began a session. The sessions do that for theirs.
fn end_without_session(ledger: &Ledger, reason: Reason) {
    let text = reason.as_str();
    match reason {
        // That one was counted and logged when it was cut.
        Reason::MemoryCut => return,
        Reason::ClientClosed | Reason::TransportError | Reason::IdleTimeout => {
            tracing::debug!(event = "disconnect", reason = text);
        }
        _ => tracing::info!(event = "disconnect", reason = text),
    }
    ledger.count(reason);
}

/// Bounds and times of a connection, whatever its transport.
#[derive(Clone, Copy, Debug)]
pub struct TransportLimits {
    /// Bytes of one message, with its attachments.
    pub message_bytes_max: usize,
    /// Frames that may wait for one client.
    pub frames_waiting_max: usize,
    /// Bytes that may wait for one client.
    pub bytes_waiting_max: u64,
    /// Between two pings.
    pub ping_interval: Duration,
    /// For the answer to one.
    pub ping_timeout: Duration,
}
