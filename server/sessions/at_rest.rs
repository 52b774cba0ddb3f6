//! Sessions and rooms as they are kept while no process runs.
//!
//! **Invariant:** what is kept is taken out of the lock as plain values, and encoded and written elsewhere.
use std::sync::Arc;

use super::{
    Realm,
    lasting::{Credential, Lasting},
    state::{Session, State},
    token::{TokenHash, Tokens},
};
use crate::{
    accounting::Account,
    rooms::{KnownPeer, PeerId, Room, RoomId},
};

/// A session that can come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSession {
    /// Whose it is.
    pub peer: KnownPeer,
    /// SHA-256 of the tokens by which it can be had: the one that was given out last, and perhaps the one before.
    pub tokens: Vec<[u8; 32]>,
}

/// What may have changed. `None`: it has ended.
#[derive(Debug, Default)]
pub struct Changes {
    /// Rooms.
    pub rooms: Vec<(RoomId, Option<Room>)>,
    /// Sessions that can come back.
    pub sessions: Vec<(PeerId, Option<KeptSession>)>,
}

impl State {
    pub(super) fn has_changed(&self) -> bool {
        !self.changed.is_empty() || self.realms.iter().any(|it| it.rooms.has_changed())
    }

    /// This session may be different from how it is kept.
    pub(super) fn note_change(&mut self, peer: &PeerId) {
        if self.is_kept {
            self.changed.insert(peer.clone());
        }
    }

    pub(super) fn take_changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        for realm in &mut self.realms {
            let changed = realm.rooms.take_changed();
            changes.rooms.extend(changed.into_iter().map(|id| (id.clone(), realm.rooms.room(&id).cloned())));
        }
        for peer in std::mem::take(&mut self.changed) {
            let kept = self.kept(&peer);
            changes.sessions.push((peer, kept));
        }
        changes
    }

    pub(super) fn kept(&self, peer: &PeerId) -> Option<KeptSession> {
        let session = self.sessions.get(peer)?;
        let Credential::Tokens(Tokens { current, previous }) = session.lasting.as_ref()?.credential() else {
            return None;
        };
        let tokens = [Some(current), previous].into_iter().flatten().map(|it| it.0).collect();
        Some(KeptSession { peer: self.realms[session.realm.at].rooms.peer(peer)?, tokens })
    }

    /// A session without a connection.
    pub(super) fn insert_away(
        &mut self,
        peer: PeerId,
        realm: Realm,
        number: u64,
        account: Arc<Account>,
        lasting: Box<Lasting>,
    ) {
        let session = Session {
            realm,
            number,
            connection: None,
            account,
            waiting: None,
            contributions: None,
            lasting: Some(lasting),
            kept_bytes: 0,
            is_told_to_go: false,
        };
        self.sessions.insert(peer, session);
        self.realms[realm.at].n_sessions += 1;
    }

    /// Takes in what was kept. Everybody is away, and has the grace time to come back.
    pub(super) fn take_in(&mut self, realm: Realm, rooms: Vec<(RoomId, Room)>, sessions: Vec<KeptSession>) {
        let peers = sessions.iter().map(|it| it.peer.clone()).collect();
        for KeptSession { peer: KnownPeer { peer, .. }, tokens } in sessions {
            let mut tokens = tokens.into_iter().map(TokenHash);
            let Some(current) = tokens.next() else { continue };
            let tokens = Tokens { current, previous: tokens.next() };
            for token in [Some(tokens.current), tokens.previous].into_iter().flatten() {
                self.tokens.insert(token, peer.clone());
            }
            self.n_connections += 1;
            let (number, account) = (self.n_connections, self.ledger.open_earlier_account());
            self.wait_for(&peer, number, &account, self.lifetimes.grace);
            let lasting = Box::new(Lasting::earlier(tokens));
            self.insert_away(peer, realm, number, account, lasting);
        }
        let (notifications, timers) = self.realms[realm.at].rooms.take_in(rooms, peers);
        self.notify(notifications, None);
        self.start_timers(realm, timers);
        self.work_off();
    }
}
