//! What goes over the admin socket: one line of JSON asks, and lines of JSON answer.
use serde::{Deserialize, Serialize};

use crate::{
    accounting::Balance,
    relay::Stats,
    rooms::Topology,
    sessions::{Closed, PeerOverview, RoomOverview, Statistics},
};

/// A question or a command.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "ask", rename_all = "lowercase", deny_unknown_fields)]
pub enum Ask {
    /// Which rooms there are.
    Rooms,
    /// Which sessions there are.
    Peers,
    /// How much there is of everything.
    Stats,
    /// Which nodes there are.
    Nodes,
    /// To close a room or a session.
    Close {
        /// Its id.
        id: String,
    },
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// A room.
    Room(RoomLine),
    /// A session.
    Peer(PeerLine),
    /// A node of the cluster.
    Node(NodeLine),
    /// Everything that is counted.
    Stats(Box<Figures>),
    /// How many rooms and sessions were closed.
    Closed {
        /// Rooms.
        rooms: usize,
        /// Sessions.
        peers: usize,
    },
    /// What was asked makes no sense.
    Error(String),
    /// There is no more.
    End,
}

/// A room. Fields as in [`RoomOverview`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RoomLine {
    pub id: String,
    pub protocol: String,
    /// `mesh` or `star`.
    pub topology: String,
    pub peers: usize,
    pub away: usize,
    pub peers_max: usize,
    pub owned: bool,
    pub locked: bool,
    pub closed: bool,
}

/// A session. Fields as in [`PeerOverview`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PeerLine {
    pub id: String,
    pub protocol: String,
    pub away: bool,
    pub rooms: usize,
    pub held_bytes: u64,
}

/// A node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct NodeLine {
    /// Its id, which is another after each start.
    pub id: String,
    /// It is the one that was asked.
    pub own: bool,
    /// What its machine is called.
    pub host: String,
    /// Where it takes requests that other nodes forward. Empty: it takes none.
    pub address: String,
    /// Of the server.
    pub version: String,
    /// Since it started, in seconds.
    pub uptime_s: u64,
    /// Sessions that it has.
    pub sessions: usize,
}

/// How much there is, and how often what happened since the start.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names are those of /health and of the metrics, in docs/deployment.md")]
pub struct Figures {
    pub version: String,
    pub uptime_s: u64,
    pub connections: usize,
    pub sessions: usize,
    pub away: usize,
    pub memory_held: u64,
    pub memory_resident: u64,
    pub memory_max: u64,
    pub protocols: Vec<ProtocolFigures>,
    /// Where the relay is on.
    pub relay: Option<RelayFigures>,
    /// Only what happened.
    pub reasons: Vec<(String, u64)>,
}

/// Of one protocol.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ProtocolFigures {
    pub name: String,
    pub sessions: usize,
    pub meshes: usize,
    pub stars: usize,
    pub signals: u64,
    pub signal_bytes: u64,
}

/// Of the relay.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RelayFigures {
    pub allocations: usize,
    pub peers: usize,
    pub packets: u64,
    pub bytes: u64,
}

impl From<RoomOverview> for Answer {
    fn from(it: RoomOverview) -> Self {
        Answer::Room(RoomLine {
            id: it.id.to_string(),
            protocol: it.protocol.to_owned(),
            topology: match it.topology {
                Topology::Mesh => "mesh".to_owned(),
                Topology::Star => "star".to_owned(),
                Topology::HostedStar => "hosted star".to_owned(),
            },
            peers: it.n_peers,
            away: it.n_away,
            peers_max: it.peers_max,
            owned: it.is_owned,
            locked: it.is_locked,
            closed: it.is_closed,
        })
    }
}

impl From<PeerOverview> for Answer {
    fn from(it: PeerOverview) -> Self {
        Answer::Peer(PeerLine {
            id: it.id.to_string(),
            protocol: it.protocol.to_owned(),
            away: it.is_away,
            rooms: it.n_rooms,
            held_bytes: it.held_bytes,
        })
    }
}

impl From<Closed> for Answer {
    fn from(Closed { n_rooms, n_peers }: Closed) -> Self {
        Answer::Closed { rooms: n_rooms, peers: n_peers }
    }
}

impl Figures {
    /// From what the parts of the server count.
    pub fn new(uptime_s: u64, balance: Balance, statistics: Statistics, relay: Option<Stats>) -> Self {
        let protocols = statistics.realms.iter().map(|it| ProtocolFigures {
            name: it.protocol.to_owned(),
            sessions: it.n_sessions,
            meshes: it.n_meshes,
            stars: it.n_stars,
            signals: it.traffic.n_signals,
            signal_bytes: it.traffic.n_signal_bytes,
        });
        let relay = relay.map(|it| RelayFigures {
            allocations: it.n_allocations,
            peers: it.n_peers,
            packets: it.n_packets,
            bytes: it.n_bytes,
        });
        Figures {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_s,
            connections: balance.n_connections,
            sessions: balance.n_sessions,
            away: balance.n_away,
            memory_held: balance.memory.held,
            memory_resident: balance.memory.resident,
            memory_max: balance.memory.max,
            protocols: protocols.collect(),
            relay,
            reasons: balance.reasons.into_iter().map(|(reason, n)| (reason.as_str().to_owned(), n)).collect(),
        }
    }
}
