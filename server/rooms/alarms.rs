//! Alarms: what is to be seen to after a while. The rules have no clock, so whoever has one tells them when it is time.
//!
//! **Invariant:** an alarm may ring late, twice or for nothing; what it is about is looked up when it rings.
use std::time::Duration;

use super::{Name, Notice, RoomId, Rooms};

/// Something to be seen to after a while.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// From now on.
    pub after: Duration,
    pub(super) about: About,
}

#[derive(Clone, Debug)]
pub(super) enum About {
    /// What one name has written to another.
    Letter {
        names: (Name, Name),
        /// Of the letter's alarms the one that counts.
        number: u64,
    },
    /// The offer that stands in a room, and somebody there who has not heard it.
    Standing { room: RoomId, seat: u64 },
}

impl Rooms {
    /// Sees to what an alarm was for, and says when to see to it again.
    pub fn ring(&mut self, alarm: &Alarm) -> (Vec<Notice<'static>>, Option<Alarm>) {
        match &alarm.about {
            About::Letter { names, number } => self.see_to_letter(names, *number),
            About::Standing { room, seat } => (self.pass_standing(room, *seat), None),
        }
    }
}
