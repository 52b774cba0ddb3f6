//! Original pages that come back. They know nothing of it: a new connection says GET-ID if it is a new page, and goes on as if
//! nothing had happened if it is one whose connection broke. What tells the server whose page it is is a cookie, which all tabs
//! of a browser share.
//!
//! **Invariants:** a session can be had by its cookie only if the browser has returned that cookie on its connection. Where
//! several sessions could be meant, none is resumed.
use std::collections::HashMap;

use super::{
    lasting::{Credential, Lasting},
    state::State,
    token::TokenHash,
};
use crate::rooms::{PeerId, PeerSet};

/// Whose cookie is whose.
#[derive(Debug, Default)]
pub(super) struct Cookies {
    sessions: HashMap<TokenHash, Vec<PeerId>>,
    /// New sessions that may be one that came back. It shows by the first thing that they say, or by their silence.
    undecided: PeerSet,
    /// Sessions that came back and have said nothing since. One that says GET-ID now is a new page after all.
    silent: PeerSet,
}

impl Cookies {
    pub(super) fn is_undecided(&self, peer: &PeerId) -> bool {
        !self.is_idle() && (self.undecided.contains(peer) || self.silent.contains(peer))
    }

    fn is_idle(&self) -> bool {
        self.undecided.is_empty() && self.silent.is_empty()
    }
}

impl State {
    /// The connection of this session returns that cookie. `true`: it may be one that came back.
    pub(super) fn on_cookie(&mut self, peer: &PeerId, number: u64, cookie: &str) -> bool {
        let hash = TokenHash::of(cookie);
        let Some(session) = self.sessions.get_mut(peer).filter(|it| it.number == number) else { return false };
        if self.lifetimes.grace.is_zero() || session.lasting.is_some() {
            return false;
        }
        session.lasting = Some(Box::new(Lasting::new(Credential::Cookie(hash))));
        let sessions = self.cookies.sessions.entry(hash).or_default();
        let is_known = !sessions.is_empty();
        sessions.push(peer.clone());
        if is_known {
            self.cookies.undecided.insert(peer.clone());
        }
        is_known
    }

    /// It has shown whether this session is one that came back: by what it said first, or with `is_hello` false by saying
    /// nothing. Whose session its connection has now, if that is another.
    pub(super) fn decide(&mut self, from: &PeerId, number: u64, is_hello: bool) -> Option<PeerId> {
        if !self.is_current(from, number) {
            return None;
        }
        if self.cookies.silent.remove(from) {
            return if is_hello { self.separate(from) } else { None };
        }
        if !self.cookies.undecided.remove(from) || is_hello {
            return None;
        }
        let Credential::Cookie(hash) = self.sessions.get(from)?.lasting.as_ref()?.credential() else { return None };
        let realm = self.sessions.get(from)?.realm;
        let could_be = |it: &&PeerId| *it != from && self.realms[realm.at].rooms.knows(it);
        let candidates: Vec<_> = self.cookies.sessions.get(&hash)?.iter().filter(could_be).cloned().collect();
        let [peer] = &candidates[..] else { return None };
        self.give_connection(from, peer);
        let session = self.sessions.get_mut(peer)?;
        let (missed, freed, is_complete) = session.lasting.as_mut().map(|it| it.take_missed()).unwrap_or_default();
        session.account.release(freed);
        self.on_returned(is_complete);
        missed.into_iter().for_each(|it| self.queue(peer, it, None));
        Some(peer.clone())
    }

    /// Nothing was said for a while.
    pub(super) fn on_silence(&mut self, peer: &PeerId, number: u64) {
        if self.cookies.undecided.contains(peer)
            && let Some(peer) = self.decide(peer, number, false)
        {
            self.cookies.silent.insert(peer);
        }
        self.work_off();
    }

    pub(super) fn forget_cookie(&mut self, peer: &PeerId, cookie: TokenHash) {
        self.cookies.undecided.remove(peer);
        self.cookies.silent.remove(peer);
        if let Some(sessions) = self.cookies.sessions.get_mut(&cookie) {
            sessions.retain(|it| it != peer);
            if sessions.is_empty() {
                self.cookies.sessions.remove(&cookie);
            }
        }
    }

    /// The page that has this session's connection is another: it gets a session of its own, and this one waits again.
    fn separate(&mut self, peer: &PeerId) -> Option<PeerId> {
        let session = self.sessions.get_mut(peer)?;
        let (realm, connection) = (session.realm, session.connection.take()?);
        let account = session.change_account(self.ledger.open_earlier_account());
        let (old, own) = (session.number, session.account.clone());
        // So that the connection is not heard in its name any more.
        self.n_connections += 1;
        session.number = self.n_connections;
        self.wait_for(peer, self.n_connections, &own, self.lifetimes.grace);
        let (fresh, _) = self.connect(realm, connection, account);
        if let Some(session) = self.sessions.get_mut(&fresh) {
            session.number = old;
        }
        self.rebound.insert(old, fresh.clone());
        Some(fresh)
    }
}
