//! Timers: what is to be seen to after a while. The rules have no clock, so whoever has one tells them when it is time.
//!
//! **Invariant:** an timer may on_timer late, twice or for nothing; what it is about is looked up when it rings.
use std::time::Duration;

use super::{Name, Notification, RoomId, Rooms};

/// Something to be seen to after a while.
#[derive(Clone, Debug)]
pub struct Timer {
    /// From now on.
    pub after: Duration,
    pub(super) about: TimerKind,
}

#[derive(Clone, Debug)]
pub(super) enum TimerKind {
    /// What one name has written to another.
    PendingOffer {
        names: (Name, Name),
        /// Of the pending_offer's timers the one that counts.
        number: u64,
    },
    /// The offer that stands in a room, and somebody there who has not heard it.
    RoomOffer { room: RoomId, membership: u64 },
}

impl Rooms {
    /// Sees to what an timer was for, and says when to see to it again.
    pub fn on_timer(&mut self, timer: &Timer) -> (Vec<Notification<'static>>, Option<Timer>) {
        match &timer.about {
            TimerKind::PendingOffer { names, number } => self.on_pending_offer_timer(names, *number),
            TimerKind::RoomOffer { room, membership } => (self.deliver_room_offer(room, *membership), None),
        }
    }
}
