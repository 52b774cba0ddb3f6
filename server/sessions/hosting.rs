//! A session that hosts stars: a service of this server, and no client.
use super::{SessionHandle, Sessions, state::State};
use crate::rooms::{HostedRoom, Hosting, PeerId, RoomId};

impl Sessions {
    /// From now on this session hosts the stars of its realm that ask for it, so many at a time, with so many people in all, until
    /// it ends. What it hears of them tells it when to ask [`Sessions::hosted_room`].
    pub fn host_stars(&self, who: &SessionHandle, rooms_max: usize, people_max: usize) {
        let at = who.realm.at;
        self.with_peer(who, |state, peer| {
            if state.is_current(peer, who.number) {
                state.set_hosting(at, Some(Hosting { service: peer.clone(), rooms_max, people_max }));
            }
        });
    }

    /// A star that this session hosts. `None`: nobody is in it, or it is not one.
    pub fn hosted_room(&self, who: &SessionHandle, room: &RoomId) -> Option<HostedRoom> {
        self.state().realms[who.realm.at].rooms.hosted_room(&who.peer(), room)
    }

    /// Stars that this session hosts.
    pub fn hosted_rooms(&self, who: &SessionHandle) -> Vec<RoomId> {
        self.state().realms[who.realm.at].rooms.hosted_rooms(&who.peer())
    }
}

impl State {
    fn set_hosting(&mut self, realm: usize, hosting: Option<Hosting>) {
        let told = self.realms[realm].rooms.set_hosting(hosting);
        self.notify(told, None);
    }

    /// A session has ended. Where the server stops, what it hosted is left to the next process.
    pub(super) fn end_hosting(&mut self, realm: usize, peer: &PeerId) {
        if self.realms[realm].rooms.is_hosted_by(peer) && !self.is_stopping {
            self.set_hosting(realm, None);
        }
    }
}
