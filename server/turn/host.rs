//! What the relay asks about sessions, rooms and memory, and who pays.
use std::{
    hash::{BuildHasher as _, RandomState},
    net::{IpAddr, SocketAddr},
    sync::{Arc, Weak},
};

use super::{
    TurnServer,
    local::Party,
    members::Members,
    sockets::{OpenSocket, RealSockets},
};
use crate::{
    accounting::{Account, AddressKey, Bucket, Holding, Rate},
    ice::RoomMark,
    relay::{FiveTuple, Host, Opened, Refusal},
    sessions::Sessions,
};

/// Memory that an allocation needs before it holds any of its own: an estimate that is asked for, and not held.
const ALLOCATION_COST: u64 = 1_536;

/// Addresses that share a bucket for strangers. Few for all there are: a table that grew would be what a flood fills.
const BUCKETS: usize = 1_024;

/// Answers to strangers of one bucket, and of all. A victim whose address is forged gets less than 100 kB a second of them.
const STRANGER_RATE: Rate = Rate { per_second: 1_000, burst: 5_000 };
const STRANGERS_RATE: Rate = Rate { per_second: 50_000, burst: 50_000 };

pub(super) struct SessionsHost {
    sessions: Sessions,
    sockets: Option<RealSockets>,
    server: Weak<TurnServer>,
    strangers: Vec<Bucket>,
    all_strangers: Bucket,
    hasher: RandomState,
    all_bytes: Bucket,
    members: Members,
}

/// What an allocation keeps. Its memory is its session's; with the fixed login, or of a member of a room, whose session may move
/// to another node, it is nobody's here.
pub(super) struct Ticket {
    owner: Owner,
    _socket: Option<OpenSocket>,
}

enum Owner {
    Session { account: Arc<Account>, held: u64 },
    Nobody { holding: Holding, bytes: Arc<Bucket> },
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Owner::Session { account, held } = &self.owner {
            account.release(*held);
        }
    }
}

impl SessionsHost {
    pub(super) fn new(sessions: Sessions, sockets: Option<RealSockets>, server: Weak<TurnServer>) -> Self {
        SessionsHost {
            sessions,
            sockets,
            server,
            strangers: (0..BUCKETS).map(|_| Bucket::default()).collect(),
            all_strangers: Bucket::default(),
            hasher: RandomState::new(),
            all_bytes: Bucket::default(),
            members: Members::default(),
        }
    }

    fn open_for(&self, owner: Owner, is_ipv6: bool) -> Result<Opened<Ticket>, Refusal> {
        let ledger = self.sessions.ledger();
        ledger.admit(ALLOCATION_COST).map_err(|_| Refusal::NoCapacity)?;
        let socket = self.sockets.as_ref().map(|it| it.open(is_ipv6, &self.server)).transpose();
        let socket = socket.map_err(|_| Refusal::NoCapacity)?;
        let relayed = socket.as_ref().map(OpenSocket::address);
        Ok(Opened { ticket: Ticket { owner, _socket: socket }, relayed })
    }

    pub(super) fn send_from(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        if let Some(sockets) = &self.sockets {
            sockets.send(from, to, bytes);
        }
    }
}

impl Host for SessionsHost {
    type Ticket = Ticket;
    type Local = Arc<Party>;

    fn open(&self, peer: Option<&str>, _: &FiveTuple, is_ipv6: bool) -> Result<Opened<Ticket>, Refusal> {
        let ledger = self.sessions.ledger();
        let owner = match peer {
            Some(peer) => {
                let account = self.sessions.account_in_room(peer).ok_or(Refusal::NotInRoom)?;
                Owner::Session { account, held: 0 }
            }
            None => Owner::Nobody { holding: ledger.hold_nothing(), bytes: Arc::default() },
        };
        self.open_for(owner, is_ipv6)
    }

    fn open_member(&self, peer: &str, _: &FiveTuple, is_ipv6: bool) -> Result<Opened<Ticket>, Refusal> {
        let holding = self.sessions.ledger().hold_nothing();
        self.open_for(Owner::Nobody { holding, bytes: self.members.bucket(peer) }, is_ipv6)
    }

    fn may_reach(&self, from: &str, to: &str) -> bool {
        self.sessions.share_a_room(from, to)
    }

    fn is_in(&self, peer: &str, room: RoomMark) -> bool {
        self.sessions.is_in_room_of(peer, room)
    }

    fn may_answer(&self, stranger: IpAddr) -> bool {
        let now = self.sessions.ledger().now();
        let at = self.hasher.hash_one(AddressKey::from(stranger)) % BUCKETS as u64;
        let bucket = self.strangers.get(at as usize);
        bucket.is_some_and(|it| it.take(STRANGER_RATE, 1, now)) && self.all_strangers.take(STRANGERS_RATE, 1, now)
    }

    fn charge(&self, ticket: &Ticket, n_bytes: usize) -> bool {
        let ledger = self.sessions.ledger();
        let limits = ledger.limits();
        let own = match &ticket.owner {
            Owner::Session { account, .. } => account.relay_media(n_bytes).is_ok(),
            Owner::Nobody { bytes, .. } => bytes.take(limits.media_bytes, n_bytes as u64, ledger.now()),
        };
        own && self.all_bytes.take(limits.all_media_bytes, n_bytes as u64, ledger.now())
    }

    fn hold(&self, ticket: &mut Ticket, n_bytes: usize) {
        let n_bytes = n_bytes as u64;
        match &mut ticket.owner {
            Owner::Session { account, held } => {
                if n_bytes > *held {
                    account.hold(n_bytes - *held);
                } else {
                    account.release(*held - n_bytes);
                }
                *held = n_bytes;
            }
            Owner::Nobody { holding, .. } => holding.resize(n_bytes),
        }
    }
}
