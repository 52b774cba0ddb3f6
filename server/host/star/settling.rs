//! What follows from what has happened: effects of messages, broken connections, and transceivers that carry other things.

use str0m::media::Mid;

use crate::connection::Connection;
use crate::forwarding::{Route, TransceiverId};
use crate::sdp::Track;

use super::{Output, StarHost};
use crate::room::{Effect, LinkId};

impl StarHost {
    /// Carries out what the room asks for, and what follows from it, until there is nothing left.
    pub(super) fn settle(&mut self) {
        loop {
            while let Some(effect) = self.room.poll() {
                self.carry_out(effect);
            }
            if std::mem::take(&mut self.call_changed) {
                self.reconcile();
                continue;
            }
            let Some(id) = self.failing.pop() else { return };
            if let Some(connection) = self.connections.get(&id).filter(|it| it.has_failed()) {
                let lost = connection.is_lost();
                self.hang_up(id);
                self.room.closed(id, lost, self.now);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Dial(id) => self.dial(id),
            Effect::HangUp(id) => self.hang_up(id),
            Effect::Seek(id) => {
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.seek();
                }
                self.negotiate(id);
            }
            Effect::Send { to, frame, droppable, by } => self.send(to, frame, droppable, by),
            Effect::Signal { from, signal } => self.signal(from, &signal),
            Effect::Downlink { from, bits_per_second } => {
                if let Some(connection) = self.connections.get_mut(&from) {
                    connection.took(bits_per_second, self.now);
                }
            }
            Effect::Known(id) => {
                let caps = self.room.caps(id);
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.set_caps(caps.signals, caps.layers);
                }
                self.call_changed = true;
            }
            Effect::CallChanged => self.call_changed = true,
        }
    }

    fn dial(&mut self, id: LinkId) {
        self.hang_up(id);
        if self.connections.len() >= self.guests_max {
            return;
        }
        self.seeds = self.seeds.wrapping_mul(0x9e37_79b1).wrapping_add(0x7f4a_7c15);
        let Some(connection) = Connection::new(&self.candidates, self.seeds, self.now) else { return };
        self.connections.insert(id, connection);
        self.know_ufrags(id);
        self.negotiate(id);
        self.touch(id);
    }

    /// Ends a connection, with a goodbye where somebody hears it.
    fn hang_up(&mut self, id: LinkId) {
        let Some(mut connection) = self.connections.remove(&id) else { return };
        if !connection.has_failed() {
            connection.close();
            connection.tick(self.now);
            while let Some(output) = connection.poll() {
                match output {
                    str0m::Output::Timeout(_) => break,
                    str0m::Output::Transmit(it) => self.outputs.push_back(Output::Datagram {
                        source: it.source,
                        destination: it.destination,
                        bytes: it.contents.into(),
                    }),
                    str0m::Output::Event(_) => {}
                }
            }
        }
        self.addresses.retain(|_, it| *it != id);
        self.forget_ufrags(id);
        self.call_changed = true;
    }
}

impl StarHost {
    /// Makes transceivers and packets follow from what is wished for and what is there.
    fn reconcile(&mut self) {
        let mut ids: Vec<_> = self.connections.keys().copied().collect();
        ids.sort_unstable();
        let there: Vec<(LinkId, Track, Mid)> = ids
            .iter()
            .flat_map(|id| self.connections.get(id).into_iter().flat_map(|it| tracks_of(*id, it)))
            .filter(|(id, track, _)| self.room.announces(*id, &track.stream))
            .collect();
        let mut routes = Vec::new();
        for id in ids {
            let wishes = self.room.wishes(id);
            let Some(viewer) = self.connections.get_mut(&id) else { continue };
            let mut tracks = Vec::new();
            for wish in &wishes {
                // A stream that stays away for a moment keeps its transceivers.
                let kept = viewer.transceivers.carried().filter(|track| track.stream == wish.stream).cloned();
                let come = there.iter().filter(|(from, track, _)| *from == wish.from && track.stream == wish.stream);
                let before = tracks.len();
                for track in kept.chain(come.map(|(_, track, _)| track.clone())) {
                    if !tracks.contains(&track) {
                        tracks.push(track);
                    }
                }
                // It is announced and has not come yet: its transceivers are negotiated meanwhile.
                if tracks.len() == before {
                    let expected = self.room.expected(&wish.stream).into_iter();
                    tracks.extend(expected.map(|kind| Track { stream: wish.stream.clone(), kind }));
                }
            }
            viewer.transceivers.wish(&tracks);
            for transceiver in viewer.transceivers.iter() {
                let Some(track) = transceiver.carries() else { continue };
                let source = there.iter().find(|(_, it, _)| it == track);
                let wish = wishes.iter().find(|wish| wish.stream == track.stream);
                if let (Some((from, _, mid)), Some(wish)) = (source, wish) {
                    routes.push(Route {
                        from: TransceiverId { link: *from, mid: *mid },
                        to: TransceiverId { link: id, mid: Mid::from(transceiver.mid.as_str()) },
                        kind: track.kind,
                        flows: wish.flows,
                        size: wish.size,
                        primary: wish.primary,
                    });
                }
            }
            self.negotiate(id);
        }
        let Self { connections, forwarding, now, .. } = self;
        let stands = |place: &TransceiverId| {
            connections.get(&place.link).is_some_and(|it| it.transceivers.get(&place.mid).is_some())
        };
        let capacity = |id| connections.get(&id).and_then(Connection::capacity);
        forwarding.route(&routes, stands, capacity, *now);
        self.follow();
    }
}

/// What comes on a connection, by its transceivers.
fn tracks_of(id: LinkId, connection: &Connection) -> impl Iterator<Item = (LinkId, Track, Mid)> {
    connection
        .transceivers
        .iter()
        .filter_map(move |transceiver| Some((id, transceiver.comes()?, Mid::from(transceiver.mid.as_str()))))
}

pub(super) fn coming(connection: &Connection) -> Vec<Track> {
    connection.transceivers.iter().filter_map(crate::sdp::Transceiver::comes).collect()
}
