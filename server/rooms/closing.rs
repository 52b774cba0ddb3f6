//! A room that whoever runs the server closes.
//!
//! **Invariants:** nobody comes into a closed room, its owner neither. It is forgotten when a room that everybody has left would
//! be; until then no invitation opens it again.
use super::{
    Alert, Event, Notification, PeerId, Reply, Room, RoomCommand, RoomId, Rooms, Step, Timer, acts, step::stayed,
};

/// What followed from it.
#[derive(Debug)]
pub struct ClosedRoom {
    /// Who was a member.
    pub members: Vec<PeerId>,
    /// For those who were in it.
    pub notifications: Vec<Notification<'static>>,
    /// To be started.
    pub timers: Vec<Timer>,
}

impl Rooms {
    /// Closes a room, and removes its members. Those whose clients know of alerts hear that it was closed, and the others that
    /// everybody else has left. `None`: there is no such room, or it is closed.
    pub fn close(&mut self, id: &RoomId) -> Option<ClosedRoom> {
        let room = self.rooms.get_mut(id).filter(|it| !it.is_closed)?;
        if room.members.is_empty() {
            let owner_bytes_before = room.owner_bytes();
            shut(room);
            self.owner_bytes = self.owner_bytes + room.owner_bytes() - owner_bytes_before;
            if self.rules.policy.is_kept {
                self.changed.insert(id.clone());
            }
            return Some(ClosedRoom { members: Vec::new(), notifications: Vec::new(), timers: Vec::new() });
        }
        let members = room.members.clone();
        let alerted = self.alerted(id);
        // Nobody's command: it is not asked whose it is.
        let closed = self.step(id, &PeerId::from(""), RoomCommand::Close { alerted }).ok()?;
        Some(ClosedRoom { members, notifications: closed.notifications, timers: closed.timers })
    }

    /// The ids of all rooms.
    pub fn ids(&self) -> impl Iterator<Item = &RoomId> {
        self.rooms.keys()
    }

    /// How many rooms this peer is in.
    pub fn n_rooms_of(&self, peer: &PeerId) -> usize {
        self.peers.get(peer).map_or(0, |it| it.rooms.len())
    }
}

/// `alerted`: members whose clients know of alerts.
pub(super) fn close(room: &mut Room, id: &RoomId, alerted: &[PeerId]) -> Step {
    let event = || Event::RoomAlert { room: id.clone(), alert: Alert::Closed };
    let mut notifications: Vec<_> = alerted.iter().map(|to| Notification { to: to.clone(), event: event() }).collect();
    let unaware = room.members.iter().filter(|it| !alerted.contains(it));
    notifications.extend(unaware.flat_map(|it| acts::parted(room, id, it)));
    let left = |peer| Event::PeerLeft { room: id.clone(), peer };
    let served = room.service().into_iter().flat_map(|to| room.members.iter().map(move |it| (to.clone(), it.clone())));
    notifications.extend(served.map(|(to, peer)| Notification { to, event: left(peer) }));
    let removed = room.remove_all();
    shut(room);
    room.forget_aware();
    Step { removed, ..stayed(Reply::Left, notifications) }
}

/// Those who wait at the door hear that it has ended when they ask again, as they do every other second.
fn shut(room: &mut Room) {
    room.is_closed = true;
    if let Some(moderation) = &mut room.moderation {
        moderation.knocking.clear();
    }
}
