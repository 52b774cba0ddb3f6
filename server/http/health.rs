//! `GET /health`: is the process up and taking people in, and how much is there? `GET /ready` and `GET /live` say the two
//! halves of that alone, for whoever acts on them: one that is not ready gets no new people, one that is not alive is started
//! again. Owns the answers' shapes; the figures are handed in.

use std::collections::BTreeMap;

use axum::{Json, Router, http::StatusCode, response::IntoResponse as _, routing::get};
use serde::Serialize;

/// What the server says about itself, sent as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// Whether new people are welcome.
    pub status: Status,
    /// Sessions there are now.
    pub peers: usize,
    /// Rooms there are now.
    pub rooms: usize,
    /// Both by protocol, where anything but P2PChat's own is spoken.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub protocols: BTreeMap<&'static str, Count>,
    /// The server's version.
    pub version: &'static str,
    /// Seconds since it started.
    pub uptime_s: u64,
    /// TCP connections that are open.
    pub connections: usize,
    /// Sessions, those of clients that have not said yet who they are included.
    pub sessions: usize,
    /// Memory.
    pub memory: Memory,
    /// The relay, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relay: Option<RelayCount>,
    /// The cluster, where this server is one of several nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterState>,
    /// Why connections and sessions ended and work was refused since the start, with how often.
    pub reasons: BTreeMap<&'static str, u64>,
}

/// Memory of the process, in bytes.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Memory {
    /// Counted for what clients queue and cost.
    pub held: u64,
    /// As the system measures it; 0 where it does not say.
    pub resident: u64,
    /// The bound for both.
    pub max: u64,
    /// Whether new work is refused.
    pub is_full: bool,
}

/// What passes the relay.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RelayCount {
    /// Allocations there are now.
    pub allocations: usize,
    /// Peers that have any.
    pub peers: usize,
    /// Packets that were passed on since the start.
    pub packets: u64,
    /// Bytes in them.
    pub bytes: u64,
}

/// What this node knows of the cluster. A node whose store does not answer goes on with the rooms and calls that it has, so
/// that this is no reason to send nobody to it.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterState {
    /// This node's id.
    pub node: String,
    /// Nodes that there are, this one included.
    pub nodes: usize,
    /// Whether the store answers.
    pub store: bool,
}

/// What there is of one protocol.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Count {
    /// Sessions.
    pub peers: usize,
    /// Rooms.
    pub rooms: usize,
}

/// Whether the server takes people in; a load balancer goes by the HTTP status made from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Running: 200.
    Ok,
    /// One of several nodes that has not reached their store yet: 503.
    Starting,
    /// Shutting down, do not send anyone here: 503.
    Stopping,
}

pub(super) const HEALTH: &str = "/health";
pub(super) const READY: &str = "/ready";
pub(super) const LIVE: &str = "/live";

/// What `/ready` and `/live` say.
#[derive(Serialize)]
struct State {
    status: Status,
}

impl Status {
    fn code(self) -> StatusCode {
        match self {
            Status::Ok => StatusCode::OK,
            Status::Starting | Status::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

pub(super) fn router(health: impl Fn() -> Health + Clone + Send + Sync + 'static) -> Router {
    const NO_STORE: [(&str, &str); 1] = [("cache-control", "no-store")];
    let status = health.clone();
    let health = async move || {
        let health = health();
        (health.status.code(), NO_STORE, Json(health)).into_response()
    };
    let ready = async move || {
        let status = status().status;
        (status.code(), NO_STORE, Json(State { status })).into_response()
    };
    // While it stops it goes on answering, and is not to be started again.
    let live = async || (NO_STORE, Json(State { status: Status::Ok })).into_response();
    Router::new().route(HEALTH, get(health)).route(READY, get(ready)).route(LIVE, get(live))
}
