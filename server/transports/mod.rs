//! Adapters: bind a transport library to the sessions. Each library is named in one folder.
pub mod mqtt;
mod origins;
pub mod socketio;
pub mod websocket;

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use axum::{
    extract::Request,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

pub use origins::Origins;

use crate::accounting::{Account, ClientAddress, Ledger, Reason};

/// Memory of a session before anybody has said anything: its tasks, buffers and entries.
const SESSION_COST: u64 = 20 * 1024;

/// No session can be opened now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(Reason);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self.0 {
            Reason::SessionsMax | Reason::MemoryFull => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::TOO_MANY_REQUESTS,
        };
        (status, [(header::RETRY_AFTER, "5")], "Too much is going on here: try again in a moment.\n").into_response()
    }
}

/// Opens the account of the session that this request begins.
fn open_account(ledger: &Ledger, request: &Request) -> Result<Arc<Account>, Refused> {
    let address = request.extensions().get::<ClientAddress>().map_or(Ipv4Addr::UNSPECIFIED.into(), |it| it.0);
    let user_agent = request.headers().get(header::USER_AGENT).map_or(&b""[..], |it| it.as_bytes());
    ledger.open_account(address, user_agent, SESSION_COST).map_err(Refused)
}

/// Bounds and times of a line, whatever carries it.
#[derive(Clone, Copy, Debug)]
pub struct TransportLimits {
    /// Bytes of one message.
    pub message_bytes_max: usize,
    /// Frames that may wait for one peer; the room for them is taken as they come.
    pub frames_waiting_max: usize,
    /// Bytes that may wait for one peer.
    pub bytes_waiting_max: u64,
    /// Between two pings.
    pub ping_interval: Duration,
    /// For the answer to one.
    pub ping_timeout: Duration,
}
