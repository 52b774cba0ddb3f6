//! What is counted of what clients ask for and say to each other. Plain numbers under the sessions' lock, which is held
//! anyway where they change, so that a signal costs no atomic operation and no lock more.
//!
//! **Invariants:** every message is counted once, when it is decided what becomes of it. Nothing is told apart by who it
//! comes from.
use std::time::Duration;

use super::{
    Durations, Realm, Sessions,
    state::{RealmState, State},
};
use crate::{protocols::SessionRequest, rooms::Request};

macro_rules! labels {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident => $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$item_doc])* $item,)* }

        impl $name {
            /// Every one, in the order of its counters.
            pub const ALL: &'static [$name] = &[$($name::$item,)*];

            /// As it stands in metrics.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$item => $text,)* }
            }
        }
    };
}

labels! {
    /// What a message of a client asks for.
    EventKind {
        /// An id of its own, or the one that it had.
        Hello => "hello",
        /// A new room.
        Create => "create",
        /// To join a room.
        Join => "join",
        /// To join a room that is made if it is not there.
        Enter => "enter",
        /// To leave a room.
        Leave => "leave",
        /// Who is in its room.
        Members => "members",
        /// A display name.
        Claim => "claim",
        /// Other settings for its room.
        Update => "update",
        /// To be the host of a star.
        TakeHost => "take_host",
        /// What only a room's owner may do.
        OwnerAct => "owner_act",
        /// A signal for others.
        Signal => "signal",
        /// STUN and TURN servers.
        IceServers => "ice_servers",
        /// Nothing: it says what it has received.
        Acknowledge => "acknowledge",
        /// Nothing: its page is being closed.
        Closing => "closing",
        /// Nothing that its protocol knows.
        Unknown => "unknown",
    }
}

labels! {
    /// What became of a message.
    EventResult {
        /// It was granted.
        Granted => "ok",
        /// The rules or a limit did not allow it.
        Rejected => "rejected",
        /// It made no sense.
        Malformed => "malformed",
    }
}

labels! {
    /// How a client came back.
    ResumeResult {
        /// With everything that it missed.
        Complete => "complete",
        /// Something that was sent to it meanwhile is lost.
        Incomplete => "incomplete",
        /// It had a token of a session that is not there any more, and got a new one.
        Unknown => "unknown",
    }
}

/// What is counted of one protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    events: [[u64; EventResult::ALL.len()]; EventKind::ALL.len()],
    /// Signals that were passed on, once for each receiver.
    pub n_signals: u64,
    /// Bytes of these as they stand on the wire.
    pub n_signal_bytes: u64,
}

/// What is counted of all protocols together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    resumes: [u64; ResumeResult::ALL.len()],
    /// Of signals that were granted: from when the message came in until all that follows from it was queued.
    pub signals: Durations,
    /// The same of new rooms.
    pub creates: Durations,
    /// The same of joining a room, and of entering it. Where whoever has the seat is asked for a sign of life first, that counts.
    pub joins: Durations,
}

/// One protocol.
#[derive(Clone, Debug)]
pub struct RealmStatistics {
    /// Its name.
    pub protocol: &'static str,
    /// Sessions, those without a connection included.
    pub n_sessions: usize,
    /// Rooms in which everyone connects to everyone.
    pub n_meshes: usize,
    /// Rooms with a host.
    pub n_stars: usize,
    /// What its clients asked for.
    pub traffic: Traffic,
}

/// Everything at one moment.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// In the order in which realms were opened.
    pub realms: Vec<RealmStatistics>,
    /// Sessions without a connection.
    pub n_in_grace: usize,
    /// Of all protocols.
    pub tally: Tally,
}

/// How many there are in one realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The protocol.
    pub protocol: &'static str,
    /// Sessions, those without a connection included.
    pub n_peers: usize,
    /// Rooms.
    pub n_rooms: usize,
}

impl EventKind {
    /// `None`: it is counted when it is known whether the client comes back.
    pub(super) fn of_session(request: &SessionRequest) -> Option<Self> {
        match request {
            SessionRequest::Hello { .. } => None,
            SessionRequest::Acknowledge { .. } => Some(EventKind::Acknowledge),
            SessionRequest::Closing => Some(EventKind::Closing),
            SessionRequest::IceServers => Some(EventKind::IceServers),
        }
    }

    pub(super) fn of(request: &Request<'_>) -> Self {
        match request {
            Request::Hello { .. } => EventKind::Hello,
            Request::Create { .. } => EventKind::Create,
            Request::Join { .. } => EventKind::Join,
            Request::TakeHost { .. } => EventKind::TakeHost,
            Request::Act { .. } => EventKind::OwnerAct,
            Request::Enter { .. } => EventKind::Enter,
            Request::Members => EventKind::Members,
            Request::Claim { .. } => EventKind::Claim,
            Request::Update { .. } => EventKind::Update,
            Request::Leave { .. } => EventKind::Leave,
            Request::Signal { .. } => EventKind::Signal,
        }
    }
}

impl Traffic {
    /// How many of a kind there were with this result.
    pub fn n_events(&self, kind: EventKind, result: EventResult) -> u64 {
        self.events[kind as usize][result as usize]
    }

    pub(super) fn count(&mut self, kind: EventKind, result: EventResult) {
        self.events[kind as usize][result as usize] += 1;
    }

    pub(super) fn count_signal(&mut self, n_bytes: usize) {
        self.n_signals += 1;
        self.n_signal_bytes += n_bytes as u64;
    }
}

impl Tally {
    /// How many came back so.
    pub fn n_resumes(&self, result: ResumeResult) -> u64 {
        self.resumes[result as usize]
    }

    pub(super) fn count_resume(&mut self, result: ResumeResult) {
        self.resumes[result as usize] += 1;
    }

    fn durations(&mut self, kind: EventKind) -> Option<&mut Durations> {
        match kind {
            EventKind::Signal => Some(&mut self.signals),
            EventKind::Create => Some(&mut self.creates),
            EventKind::Join | EventKind::Enter => Some(&mut self.joins),
            EventKind::Hello
            | EventKind::Leave
            | EventKind::Members
            | EventKind::Claim
            | EventKind::Update
            | EventKind::TakeHost
            | EventKind::OwnerAct
            | EventKind::IceServers
            | EventKind::Acknowledge
            | EventKind::Closing
            | EventKind::Unknown => None,
        }
    }
}

impl State {
    /// What a message asked for is done or refused. `received_at`: when it came in, where that is known.
    pub(super) fn on_settled(
        &mut self,
        realm: Realm,
        kind: EventKind,
        is_granted: bool,
        received_at: Option<Duration>,
    ) {
        let result = if is_granted { EventResult::Granted } else { EventResult::Rejected };
        self.realms[realm.at].traffic.count(kind, result);
        if is_granted
            && let Some(durations) = self.tally.durations(kind)
            && let Some(received_at) = received_at
        {
            durations.observe(self.ledger.now().saturating_sub(received_at));
        }
    }

    /// A client came back by a hello.
    pub(super) fn on_resumed(&mut self, realm: Realm, is_complete: bool) {
        self.on_settled(realm, EventKind::Hello, true, None);
        self.on_returned(is_complete);
    }

    /// A client came back.
    pub(super) fn on_returned(&mut self, is_complete: bool) {
        self.tally.count_resume(if is_complete { ResumeResult::Complete } else { ResumeResult::Incomplete });
    }

    /// A hello leads to a new session. `asks`: it was to be an earlier one.
    pub(super) fn on_not_resumed(&mut self, asks: bool) {
        if asks {
            self.tally.count_resume(ResumeResult::Unknown);
        }
    }

    fn statistics(&self) -> Statistics {
        let of_realm = |it: &RealmState| RealmStatistics {
            protocol: it.settings.protocol.name(),
            n_sessions: it.n_clients(),
            n_meshes: it.rooms.len() - it.rooms.n_stars(),
            n_stars: it.rooms.n_stars(),
            traffic: it.traffic.clone(),
        };
        let realms = self.realms.iter().map(of_realm).collect();
        Statistics { realms, n_in_grace: self.n_away, tally: self.tally.clone() }
    }
}

impl Sessions {
    /// How many sessions and rooms there are, in the order in which realms were opened.
    pub fn counts(&self) -> Vec<Count> {
        let count = |it: &RealmState| Count {
            protocol: it.settings.protocol.name(),
            n_peers: it.n_clients(),
            n_rooms: it.rooms.len(),
        };
        self.state().realms.iter().map(count).collect()
    }

    /// Everything that is counted. Copies some hundred numbers under the lock.
    pub fn statistics(&self) -> Statistics {
        self.state().statistics()
    }
}
