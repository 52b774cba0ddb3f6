//! What the relay is told, what it asks its host, and why it refuses.
use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
};

use p2pchat_ice::RoomMark;

/// Who speaks, and over what (RFC 8656, section 2): what an allocation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FiveTuple {
    /// The number of a TCP or TLS connection; `None` is UDP.
    pub stream: Option<NonZeroU32>,
    /// The server's own address, where the client may have chosen among several.
    pub server: Option<IpAddr>,
    /// The client's address, an IPv4 one never in its IPv6 form.
    pub client: SocketAddr,
}

/// The time, in two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Seconds since the relay was made.
    pub clock_s: u32,
    /// Seconds since 1970: credentials expire by it.
    pub unix_s: u64,
}

/// Where a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To a client.
    Client(FiveTuple),
    /// From a real relay socket into the network.
    Network {
        /// The relayed address.
        from: SocketAddr,
        /// The peer.
        to: SocketAddr,
    },
    /// To a party inside the server, the bare data.
    Local {
        /// The relayed address of the client.
        from: SocketAddr,
        /// The party's own.
        to: SocketAddr,
    },
}

/// What the host gives a new allocation.
#[derive(Debug)]
pub struct Opened<T> {
    /// Kept as long as the allocation: whatever is dropped with it ends with it.
    pub ticket: T,
    /// The address of a socket that was opened for it. `None`: a virtual address.
    pub relayed: Option<SocketAddr>,
}

/// The part of the server that knows sessions, rooms, memory and sockets. No method may call the relay.
pub trait Host: Send + Sync {
    /// What an allocation keeps as long as it lives.
    type Ticket: Send;

    /// What is kept for the address of a party inside the server: how to reach it, say.
    type Local: Clone + Send + Sync;

    /// A new allocation for a peer, or for the fixed login if `None`, with a relayed address of this family. The relay's own
    /// quotas were looked at before.
    ///
    /// # Errors
    /// The peer is in no room, memory is full, or no socket can be had.
    fn open(&self, peer: Option<&str>, client: &FiveTuple, is_ipv6: bool) -> Result<Opened<Self::Ticket>, Refusal>;

    /// As [`Host::open`], for a member of a room whose session may be at another server.
    ///
    /// # Errors
    /// Memory is full, or no socket can be had; or there are no other servers.
    fn open_member(&self, _peer: &str, _client: &FiveTuple, _is_ipv6: bool) -> Result<Opened<Self::Ticket>, Refusal> {
        Err(Refusal::NotInRoom)
    }

    /// Are these two peers in a common room?
    fn may_reach(&self, from: &str, to: &str) -> bool;

    /// Is this peer, whose session is here, in the room with this mark?
    fn is_in(&self, _peer: &str, _room: RoomMark) -> bool {
        false
    }

    /// May somebody who has shown no credentials be answered now? Their address may be forged, so that answers have a rate.
    fn may_answer(&self, stranger: IpAddr) -> bool;

    /// May so many bytes pass from this allocation now?
    fn charge(&self, ticket: &Self::Ticket, n_bytes: usize) -> bool;

    /// The allocation holds so many bytes of memory from now on.
    fn hold(&self, ticket: &mut Self::Ticket, n_bytes: usize);
}

/// Why something was refused. Some are told to the client, some are silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    /// Neither STUN nor ChannelData, or nothing that a client says.
    #[error("not a message of a client")]
    Malformed,
    /// A request whose attributes do not fit it.
    #[error("a request that does not make sense")]
    BadRequest,
    /// Strangers at this address, or in all, ask too often.
    #[error("strangers ask too often")]
    StrangerRate,
    /// The nonce is not ours, is another 5-tuple's, or is too old.
    #[error("a stale nonce")]
    StaleNonce,
    /// The credentials are not ours.
    #[error("wrong credentials")]
    WrongCredentials,
    /// The credentials were good once.
    #[error("expired credentials")]
    ExpiredCredentials,
    /// The peer has no session, or is in no room.
    #[error("a peer that is in no room")]
    NotInRoom,
    /// As many allocations of one peer as may be.
    #[error("too many allocations of one peer")]
    PeerQuota,
    /// As many allocations of one address as may be.
    #[error("too many allocations of one address")]
    AddressQuota,
    /// As many allocations in all as may be, or as many permissions or channels of one.
    #[error("too many allocations")]
    TotalQuota,
    /// The host has no memory for it, or no socket.
    #[error("no capacity")]
    NoCapacity,
    /// There is no allocation for this 5-tuple, or there is one already.
    #[error("no allocation, or one too many")]
    Mismatch,
    /// The peer that is addressed may not be reached: no permission, or no channel.
    #[error("no permission")]
    NoPermission,
    /// The address is in a network that is not to be reached.
    #[error("a denied address")]
    DeniedAddress,
    /// Nobody has the relayed address that is addressed.
    #[error("no such peer")]
    NoPeer,
    /// The two are in no common room.
    #[error("no common room")]
    NoCommonRoom,
    /// More bytes than the peer may have relayed.
    #[error("too many bytes")]
    ByteRate,
}
