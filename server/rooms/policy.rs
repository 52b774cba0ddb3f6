//! How the rooms of one protocol differ from those of another: data that the rules look at. The application chooses it; the
//! protocol does not.
use std::time::Duration;

use super::{Admission, Limits};

/// How rooms behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomPolicy {
    /// A peer is in one room at a time: joining another leaves the one before.
    pub single_room: bool,
    /// A newcomer is told of each earlier member as each of them is told of it, and all are told who is there.
    pub announce_both_ways: bool,
    /// A seat or a name is refused only if its holder is alive: the holder is asked for a sign of life first.
    pub verify_holders_alive: bool,
    /// A star goes on when its host is gone, with another host, for those whose clients know that hosts change.
    pub hand_over: bool,
    /// How long a room that has a key outlives its last member. Zero: it does not.
    pub linger: Duration,
    /// Rooms and their members outlive the process: whoever keeps them asks for what has changed.
    pub is_kept: bool,
    /// Who may make rooms by asking for them, and bring them back.
    pub create: Admission,
    /// Who may join them.
    pub join: Admission,
}

impl RoomPolicy {
    pub(super) fn lingers(&self) -> bool {
        !self.linger.is_zero()
    }
}

/// Everything that [`step`](super::step) goes by beside the room itself.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How rooms behave.
    pub policy: RoomPolicy,
    /// Upper bounds.
    pub limits: Limits,
}
