//! A page that joins twice: it opens two connections, hears on both and speaks on the second. What it says there reaches the
//! others as if the first had said it, which is the one that they called.
//!
//! **Invariants:** two connections are taken for one page only if they come from one browser at one address, joined one right
//! after the other, and the first has been silent since the second came. The end of one never ends the other.
use std::collections::{BTreeMap, HashMap};

use p2pchat_rooms::{Compat, Outcome, PeerId, Rejection, Reply, RoomId, RoomSignal, SignalKind, Timer, signal_to};

use super::offers::Offers;

/// For videocall123, one of whose buttons joins twice.
#[derive(Debug, Default)]
pub struct DuplicateJoins {
    /// The browser of each peer.
    clients: HashMap<PeerId, u64>,
    rooms: HashMap<RoomId, Conversation>,
}

/// Who has offered what to whom in one room.
#[derive(Debug, Default)]
struct Conversation {
    offers: Offers,
    /// Members, with who joined right before each.
    joined_after: BTreeMap<PeerId, Option<PeerId>>,
    /// By the second connection of a page, its first.
    aliases: BTreeMap<PeerId, PeerId>,
}

impl Compat for DuplicateJoins {
    fn on_hello(&mut self, peer: &PeerId, client: u64) {
        self.clients.insert(peer.clone(), client);
    }

    fn on_forget(&mut self, peer: &PeerId) {
        self.clients.remove(peer);
    }

    fn on_join(&mut self, room: &RoomId, members: &[PeerId]) -> Vec<Timer> {
        if let Some((newcomer, earlier)) = members.split_last() {
            let room = self.rooms.entry(room.clone()).or_default();
            room.joined_after.insert(newcomer.clone(), earlier.last().cloned());
        }
        Vec::new()
    }

    fn on_leave(&mut self, room: &RoomId, peer: &PeerId) {
        let Some(conversation) = self.rooms.get_mut(room) else { return };
        conversation.forget(peer);
        if conversation.joined_after.is_empty() {
            self.rooms.remove(room);
        }
    }

    fn on_signal<'a>(&mut self, signal: RoomSignal<'_, 'a>) -> Result<Outcome<'a>, Rejection> {
        let RoomSignal { room, from, to, payload, .. } = signal;
        let is_one_browser =
            |a: &PeerId, b: &PeerId| self.clients.get(a).is_some_and(|it| self.clients.get(b) == Some(it));
        let conversation = self.rooms.entry(room.clone()).or_default();
        let mut notifications = Vec::with_capacity(to.len());
        for to in &to {
            let speaker = conversation.speaker(from, to, payload.kind, is_one_browser);
            conversation.offers.record(&speaker, to, payload.kind);
            notifications.push(signal_to(to, &speaker, None, payload.clone()));
        }
        Ok(Outcome::new(Reply::Sent, notifications))
    }

    #[cfg(test)]
    fn assert_sound(&self, is_member: &dyn Fn(&RoomId, &PeerId) -> bool, _: &p2pchat_rooms::Names) {
        for (room, conversation) in &self.rooms {
            let offers = conversation.offers.peers();
            let aliases = conversation.aliases.iter().flat_map(|(second, first)| [second, first]);
            let known = conversation.joined_after.iter().flat_map(|(peer, before)| [Some(peer), before.as_ref()]);
            for peer in offers.chain(aliases).chain(known.flatten()) {
                assert!(is_member(room, peer), "{room} remembers {peer}, who is gone");
            }
        }
    }
}

impl Conversation {
    /// In whose name `from` says this to `to`: its own, or that of the connection that joined right before it.
    fn speaker(
        &mut self,
        from: &PeerId,
        to: &PeerId,
        kind: SignalKind,
        is_one_browser: impl Fn(&PeerId, &PeerId) -> bool,
    ) -> PeerId {
        let before = self.joined_after.get(from).cloned().flatten();
        let first = before.filter(|it| it != to && !self.offers.is_between(from, to) && is_one_browser(it, from));
        let is_meant = first.as_ref().is_some_and(|first| match kind {
            // Only who received the offer can have an answer to it.
            SignalKind::Answer => self.offers.is_unanswered(to, first),
            SignalKind::Candidate => self.offers.is_between(first, to),
            SignalKind::Offer | SignalKind::Opaque => false,
        });
        match first.filter(|_| is_meant) {
            Some(first) => {
                self.aliases.insert(from.clone(), first.clone());
                first
            }
            None => {
                self.speaks_for_itself(from);
                from.clone()
            }
        }
    }

    /// A first connection that speaks is no silent half of a page: nobody speaks in its name any more.
    fn speaks_for_itself(&mut self, peer: &PeerId) {
        self.aliases.retain(|_, first| first != peer);
        for before in self.joined_after.values_mut() {
            before.take_if(|it| it == peer);
        }
    }

    fn forget(&mut self, peer: &PeerId) {
        self.offers.forget(peer);
        self.joined_after.remove(peer);
        self.aliases.remove(peer);
        self.speaks_for_itself(peer);
    }
}
