//! Timers that the rules ask for. The rules have no clock; whoever has one calls [`Rooms::on_timer`](super::Rooms::on_timer)
//! when the time has come.
//!
//! **Invariant:** a timer may fire late, twice or for nothing; what it is about is looked up when it fires.
use std::time::Duration;

use super::{Name, PeerId, RoomId};

/// Something to do later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// From now on.
    pub after: Duration,
    /// What it is about.
    pub kind: TimerKind,
}

/// What a timer is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerKind {
    /// An offer from the first name to the second, which is kept for it.
    PendingOffer {
        /// The offerer and the answerer.
        names: (Name, Name),
        /// Of this offer's timers the one that counts.
        number: u64,
    },
    /// The unanswered offer of a room, and a member that has not received it.
    RoomOffer {
        /// The room.
        room: RoomId,
        /// The member.
        peer: PeerId,
        /// Which of its joins: a member that left and came back is another.
        join: u64,
    },
    /// A room without members, which is forgotten then.
    Linger {
        /// The room.
        room: RoomId,
        /// Of the times that it was left by everybody the one that counts.
        number: u64,
    },
}
