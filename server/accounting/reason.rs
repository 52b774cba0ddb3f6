//! The closed list of reasons: why a connection or session ended, and why work was refused. Each is counted, and each is
//! what `reason=` says in a log line.
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident: $kind:ident => $text:literal,)*) => {
        /// Why something ended or was refused. Part of the log's and of `/health`'s interface: a name never changes its
        /// meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason, in the order of their counters.
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)*];

            /// As it stands in a log line and in `/health`.
            pub fn as_str(self) -> &'static str {
                match self { $(Reason::$name => $text,)* }
            }

            /// What it is a reason for.
            pub fn kind(self) -> ReasonKind {
                match self { $(Reason::$name => ReasonKind::$kind,)* }
            }
        }
    };
}

/// What something is a reason for. Each is for one alone, so that it is counted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonKind {
    /// A connection or a session ended.
    Disconnect,
    /// Work was refused.
    Refusal,
    /// The relay refused or dropped something.
    RelayRefusal,
}

reasons! {
    /// The client closed the connection, or its page is gone.
    ClientClosed: Disconnect => "client_closed",
    /// The server closed it: the protocol asks for that, or the server stops.
    ByServer: Disconnect => "by_server",
    /// The connection broke without a word.
    TransportError: Disconnect => "transport_error",
    /// The client broke the rules of the transport's protocol.
    ProtocolError: Disconnect => "protocol_error",
    /// A message was longer than `signaling.message_bytes_max`.
    MessageTooLong: Disconnect => "message_too_long",
    /// No answer to a ping.
    PingTimeout: Disconnect => "ping_timeout",
    /// An MQTT client was silent for longer than its keep-alive promised, or never said CONNECT.
    KeepAliveTimeout: Disconnect => "keep_alive_timeout",
    /// A client did not read: what the server wrote made no progress in time.
    WriteTimeout: Disconnect => "write_timeout",
    /// A request's body made no progress in time.
    BodyTimeout: Disconnect => "body_timeout",
    /// A connection, a TLS handshake or an upgrade said too little for too long.
    HandshakeTimeout: Disconnect => "handshake_timeout",
    /// A trusted proxy's connection did not begin with the header of the PROXY protocol, where `http.proxy_protocol` is on.
    ProxyHeader: Disconnect => "proxy_header",
    /// A polling session that never connected, or an idle keep-alive connection.
    IdleTimeout: Disconnect => "idle_timeout",
    /// The client did not read fast enough: its send queue is full.
    SendQueueFull: Disconnect => "send_queue_full",
    /// It filled the send queue of a client that does read.
    Flooding: Disconnect => "flooding",
    /// It said too much while it waited.
    InboxFull: Disconnect => "inbox_full",
    /// More messages than `limits.messages_per_second` allows.
    MessageRate: Disconnect => "message_rate",
    /// More bytes than `limits.bytes_per_second` allows.
    ByteRate: Disconnect => "byte_rate",
    /// It caused more bytes for others than `limits.relayed_bytes_per_second` allows.
    RelayRate: Disconnect => "relay_rate",
    /// As many connections are open as may be.
    ConnectionsMax: Refusal => "connections_max",
    /// As many connections of one address are open as may be.
    AddressConnectionsMax: Refusal => "address_connections_max",
    /// Connections of one address come too fast.
    AddressConnectionRate: Refusal => "address_connection_rate",
    /// As many sessions exist as may be.
    SessionsMax: Refusal => "sessions_max",
    /// As many sessions of one address exist as may be.
    AddressSessionsMax: Refusal => "address_sessions_max",
    /// Sessions of one address come too fast.
    AddressSessionRate: Refusal => "address_session_rate",
    /// As many rooms exist as may be.
    RoomsMax: Refusal => "rooms_max",
    /// Rooms of one address are made too fast.
    AddressRoomRate: Refusal => "address_room_rate",
    /// An address asks for pages and files too fast.
    AddressRequestRate: Refusal => "address_request_rate",
    /// Wrong passwords from one address for one room, or for the server.
    PasswordAttempts: Refusal => "password_attempts",
    /// Somebody may not make or join a room here without an invitation, or not this one by theirs.
    NotInvited: Refusal => "not_invited",
    /// A token that was not signed for this server.
    BadToken: Refusal => "bad_token",
    /// A token whose time is over.
    ExpiredToken: Refusal => "expired_token",
    /// Not the server's own password.
    WrongServerPassword: Refusal => "wrong_server_password",
    /// A word with the key of a room's owner that was not signed with it.
    ForgedSignature: Refusal => "forged_signature",
    /// The process holds as much memory as it may; new work was refused.
    MemoryFull: Refusal => "memory_full",
    /// The process held more memory than it may, and this was the greatest holder.
    MemoryCut: Disconnect => "memory_cut",
    /// Its connection broke, and it did not come back in time.
    GraceOver: Disconnect => "grace_over",
    /// Its client came back by another connection.
    Resumed: Disconnect => "resumed",
    /// Its page was being closed, and somebody else wanted its seat in a full room.
    SeatGiven: Disconnect => "seat_given",
    /// Whoever runs the server has ended a session, or closed a room.
    ByOperator: Disconnect => "by_operator",
    /// The store that nodes share did not answer: nobody could make, join or change a room.
    StoreUnavailable: Refusal => "store_unavailable",
    /// A page of an origin that may not connect.
    ForeignOrigin: Refusal => "foreign_origin",
    /// A page asked for a host that is not known to be ours.
    ForeignHost: Refusal => "foreign_host",
    /// Metrics were asked for without their token.
    MetricsToken: Refusal => "metrics_token",
    /// Somebody who is no node of the cluster asked at the listener for its nodes.
    NodeSecret: Refusal => "node_secret",
    /// The relay got what is neither STUN nor TURN.
    RelayMalformed: RelayRefusal => "relay_malformed",
    /// A request to the relay that does not make sense.
    RelayBadRequest: RelayRefusal => "relay_bad_request",
    /// Strangers ask the relay too often; their addresses may be forged.
    RelayStrangerRate: RelayRefusal => "relay_stranger_rate",
    /// A nonce of the relay that is not this client's, or too old.
    RelayStaleNonce: RelayRefusal => "relay_stale_nonce",
    /// Credentials for the relay that are not ours.
    RelayWrongCredentials: RelayRefusal => "relay_wrong_credentials",
    /// Credentials for the relay that were good once.
    RelayExpiredCredentials: RelayRefusal => "relay_expired_credentials",
    /// Credentials for the relay of a peer that is in no room.
    RelayNotInRoom: RelayRefusal => "relay_not_in_room",
    /// As many allocations of one peer as `relay.peer_allocations_max` allows.
    RelayPeerQuota: RelayRefusal => "relay_peer_quota",
    /// As many allocations of one address as `relay.address_allocations_max` allows.
    RelayAddressQuota: RelayRefusal => "relay_address_quota",
    /// As many allocations, or as many permissions and channels of one, as there may be.
    RelayQuota: RelayRefusal => "relay_quota",
    /// No memory or no socket for an allocation.
    RelayNoCapacity: RelayRefusal => "relay_no_capacity",
    /// A request for an allocation that is not there, or is there already.
    RelayMismatch: RelayRefusal => "relay_mismatch",
    /// Data for somebody who has given no permission, or to whom none was given.
    RelayNoPermission: RelayRefusal => "relay_no_permission",
    /// Data for an address that relay sockets have nothing to do with.
    RelayDeniedAddress: RelayRefusal => "relay_denied_address",
    /// Data for a relayed address that nobody has.
    RelayNoPeer: RelayRefusal => "relay_no_peer",
    /// Data for somebody in another room.
    RelayNoCommonRoom: RelayRefusal => "relay_no_common_room",
    /// More relayed bytes than `relay.peer_bytes_per_second` or `relay.bytes_per_second` allows.
    RelayByteRate: RelayRefusal => "relay_byte_rate",
    /// A client of the relay over TCP or TLS does not read.
    RelayQueueFull: RelayRefusal => "relay_queue_full",
}

/// How often each reason occurred since the process started.
#[derive(Debug)]
pub struct Counters([AtomicU64; Reason::ALL.len()]);

impl Counters {
    pub(super) fn count(&self, reason: Reason) {
        if let Some(counter) = self.0.get(reason as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every reason, with how often it occurred.
    pub fn all(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.iter().zip(&self.0).map(|(reason, n)| (*reason, n.load(Ordering::Relaxed)))
    }
}

impl Default for Counters {
    fn default() -> Self {
        Counters([const { AtomicU64::new(0) }; Reason::ALL.len()])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Counters, Reason};

    #[test]
    fn every_reason_has_a_name_and_a_counter_of_its_own() {
        let names: BTreeSet<_> = Reason::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(names.len(), Reason::ALL.len());
        let counters = Counters::default();
        for (n, reason) in Reason::ALL.iter().enumerate() {
            (0..=n).for_each(|_| counters.count(*reason));
        }
        assert!(counters.all().map(|it| it.1).eq(1..=Reason::ALL.len() as u64));
    }
}
