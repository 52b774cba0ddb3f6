//! A session goes on by another connection, and its client gets what it missed.
use std::mem;

use secrecy::SecretString;

use super::{
    effects::{Ended, HowToEnd},
    lasting::Resumption,
    state::{POLICY_VIOLATION, State, frame_bytes},
    token::{TokenHash, Tokens},
};
use crate::{
    accounting::Reason,
    protocols::{Answer, AnswerContext, RequestId, ResumeRequest, Resumed},
    rooms::{PeerId, Reply},
};

impl State {
    /// Gives the session of `peer` the connection of `from`, which is nobody yet.
    pub(super) fn resume(
        &mut self,
        from: &PeerId,
        peer: &PeerId,
        shown: TokenHash,
        (token, hash): (SecretString, TokenHash),
        request_id: RequestId,
        request: &ResumeRequest,
    ) {
        self.give_connection(from, peer);
        let Some(session) = self.sessions.get_mut(peer) else { return };
        let Some(lasting) = &mut session.lasting else { return };
        let tokens = Tokens { current: hash, previous: Some(shown) };
        let Resumption { is_complete, freed_bytes, unused, n_received, missed } = lasting.resume(request, tokens);
        session.account.release(freed_bytes);
        let realm = session.realm;
        unused.into_iter().for_each(|it| self.forget_token(it));
        self.tokens.insert(hash, peer.clone());
        self.note_change(peer);
        let mut rooms = self.realms[realm.at].rooms.memberships(peer);
        rooms.retain(|it| !self.is_leaving(&it.room, peer));
        self.on_resumed(realm, is_complete);
        let resumed = Resumed { received: n_received, is_complete, rooms };
        let answer = self.resume_answer(&token, Some(resumed));
        let now_ms = super::commands::now_ms();
        let ice = self.ice_servers(peer, now_ms / 1_000);
        let beside = AnswerContext { ice: &ice, now_ms, resume: Some(&answer) };
        let welcome = Ok(Reply::Welcome { peer: peer.clone() });
        if let Answer::Say(frame) = realm.protocol.encode_answer(&request_id, &welcome, &beside) {
            self.queue(peer, frame, None);
        }
        if !is_complete {
            let told = self.realms[realm.at].rooms.told_of_return(peer);
            self.notify(told, Some(peer));
        }
        // What is sent again is paid by who asks for it, or coming back over and over would cost nothing.
        let n_bytes = missed.iter().map(frame_bytes).sum();
        missed.into_iter().for_each(|it| self.queue(peer, it, None));
        if let Some(Err(reason)) = self.sessions.get(peer).map(|it| it.account.relay(n_bytes)) {
            self.end(peer, reason, HowToEnd::Close(POLICY_VIOLATION));
        }
    }

    /// The session of `peer` goes on by the connection of `from`, which is nobody yet. A connection that it has ends.
    pub(super) fn give_connection(&mut self, from: &PeerId, peer: &PeerId) {
        let Some(newcomer) = self.sessions.remove(from) else { return };
        self.realms[newcomer.realm.at].n_sessions -= 1;
        if let Some(lasting) = &newcomer.lasting {
            self.forget_credential(from, lasting);
        }
        let Some(session) = self.sessions.get_mut(peer) else { return };
        let before = mem::replace(&mut session.connection, newcomer.connection);
        session.number = newcomer.number;
        session.contributions = None;
        newcomer.account.succeed(&session.account);
        session.change_account(newcomer.account);
        match before {
            Some(connection) => {
                self.ledger.count(Reason::Resumed);
                self.effects.ended.push(Ended::away(peer, Reason::Resumed, connection, HowToEnd::Abort));
            }
            None => {
                self.n_away -= 1;
                self.timers.stop_grace(peer);
            }
        }
        self.effects.resumed.push(peer.clone());
        self.rebound.insert(newcomer.number, peer.clone());
    }
}
