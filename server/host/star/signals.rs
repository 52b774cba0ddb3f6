//! Signals of guests and for them.

use super::settling::coming;
use super::{Output, StarHost};
use crate::connection::{Connection, Said};
use crate::room::{LinkId, Room};

impl StarHost {
    pub(super) fn signal(&mut self, id: LinkId, signal: &str) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let before = coming(connection);
        let (changed, answer) = connection.signal(signal, self.now);
        if connection.is_replaced() {
            return self.room.renew(id, self.now);
        }
        if let Some(said) = answer {
            self.say(id, said);
        }
        if changed {
            self.call_changed = true;
            let after = self.connections.get(&id).map(coming).unwrap_or_default();
            after.iter().for_each(|track| self.room.stream_come(id, &track.stream));
            for track in before.iter().filter(|track| !after.iter().any(|it| it.stream == track.stream)) {
                self.room.stream_gone(id, &track.stream);
            }
        }
        self.failing.push(id);
        self.know_ufrags(id);
        self.touch(id);
        self.negotiate(id);
    }

    /// Offers where that is needed.
    pub(super) fn negotiate(&mut self, id: LinkId) {
        let others_arrive = || self.connections.iter().any(|(other, it)| *other != id && it.is_arriving(self.now));
        let needed = self.connections.get(&id).is_some_and(Connection::needs_offer);
        let crowded = needed && (others_arrive() || self.room.is_asking(id));
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if let Some(said) = connection.offer(crowded, self.now) {
            self.know_ufrags(id);
            self.say(id, said);
        }
    }

    /// Over the connection itself where the page takes signals there, and otherwise over the server.
    fn say(&mut self, id: LinkId, said: Said) {
        let over_it = !said.restarting && self.room.carries_signals(id);
        if let Some(frame) = over_it.then(|| Room::signal_frame(&said.text)).flatten() {
            return self.send(id, frame, false, None);
        }
        if let Some(to) = self.room.address_of(id) {
            self.outputs.push_back(Output::Signal { to: to.to_owned(), signal: said.text });
        }
    }
}
