//! Sessions that outlive their connections: a client that has a resume token gets its session back, with all that it missed.
//!
//! Both ends count what they send each other from the first hello on, as in XEP-0198 (Stream Management): the client says how
//! many events it has received, and the server keeps the others. A session whose connection broke is *away*: it has its seats
//! as before, nobody is told, and what is sent to it is kept. It ends when its grace time is over.
//!
//! **Invariants:** `tokens` leads to living sessions alone. A session that is away has a timer of its own. What is kept for a
//! client is held on its account.
use std::{mem, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::{
    cluster::{ChangeKind, Given, HandedOver},
    effects::{Ended, HowToEnd},
    replay::{Replay, ReplayBounds},
    state::{Session, State},
    timers::Due,
    token::{self, TokenHash, Tokens},
    waiting::WaitsFor,
};
use crate::{
    accounting::{Account, Reason},
    protocols::{CloseReason, Frame, RequestId, ResumeAnswer, ResumeRequest, Resumed},
    rooms::{PeerId, Request, Room, RoomId},
};

/// Where the transport can say it.
const GOODBYE: CloseReason = CloseReason { code: 1000, reason: "goodbye" };

/// How long sessions outlive their connections, and what is kept for them.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// After a connection broke. Zero: a session ends with its connection.
    pub grace: Duration,
    /// After a page said that it is being closed, for the page that may be loaded again.
    pub reload_grace: Duration,
    /// Frames that are kept for one client.
    pub replay_frames_max: usize,
    /// Bytes that are kept for one client.
    pub replay_bytes_max: u64,
}

impl Default for Lifetimes {
    /// A session ends with its connection: for tests of anything else. The defaults of the settings stand in
    /// `default_config.toml`.
    fn default() -> Self {
        Lifetimes { grace: Duration::ZERO, reload_grace: Duration::ZERO, replay_frames_max: 0, replay_bytes_max: 0 }
    }
}

/// By what a client comes back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Credential {
    /// Pages of ours.
    Tokens(Tokens),
    /// Original pages, which know nothing of it: their browser says so by a cookie. They count nothing, so that what was on its
    /// way when the connection broke is lost.
    Cookie(TokenHash),
}

/// What it means for a session that its client has come back.
pub(super) struct Resumption {
    /// Nothing that was sent to it is lost.
    pub(super) is_complete: bool,
    /// Of what it has received.
    pub(super) freed_bytes: u64,
    /// Tokens by which nobody comes back any more.
    pub(super) unused: Vec<TokenHash>,
    /// Events that came from it.
    pub(super) n_received: u64,
    /// What it has not received.
    pub(super) missed: Vec<Frame>,
}

/// What a session has whose client can come back.
#[derive(Debug)]
pub(super) struct Lasting {
    credential: Credential,
    /// Events that were queued for the client, and that came from it.
    n_sent: u64,
    n_received: u64,
    /// The last of what was sent.
    replay: Replay,
    /// Its page said that it is being closed.
    is_closing: bool,
    /// It is from before the process began: what was sent and received is not known.
    is_earlier: bool,
}

impl Lasting {
    /// Of a session that was there before the process began.
    pub(super) fn earlier(tokens: Tokens) -> Self {
        Lasting { is_earlier: true, ..Lasting::new(Credential::Tokens(tokens)) }
    }

    /// Of a session that another node has given up.
    pub(super) fn moved(tokens: Tokens, session: HandedOver) -> Self {
        let HandedOver { n_sent, n_received, replay, .. } = session;
        let mut lasting = Lasting { n_sent, n_received, ..Lasting::new(Credential::Tokens(tokens)) };
        let bounds = ReplayBounds { frames_max: usize::MAX, bytes_max: u64::MAX };
        for frame in &replay {
            lasting.replay.push(frame, bounds);
        }
        lasting
    }

    /// What another node has to know of it.
    pub(super) fn hand_over(&self, rooms: Vec<(RoomId, Room)>, given: Vec<Given>) -> HandedOver {
        let replay = self.replay.frames().cloned().collect();
        HandedOver { n_sent: self.n_sent, n_received: self.n_received, replay, rooms, given }
    }

    pub(super) fn new(credential: Credential) -> Self {
        let replay = Replay::default();
        Lasting { credential, n_sent: 0, n_received: 0, replay, is_closing: false, is_earlier: false }
    }

    /// Whether its client can come back to another node: a cookie is known to this one alone.
    pub(super) fn can_move(&self) -> bool {
        matches!(self.credential, Credential::Tokens(_))
    }

    /// By what it can be had.
    pub(super) fn credential(&self) -> Credential {
        self.credential
    }

    /// The client has come back with what it knows, and gets these tokens.
    pub(super) fn resume(&mut self, request: &ResumeRequest, tokens: Tokens) -> Resumption {
        let n_missing = self.n_sent.checked_sub(request.received).filter(|it| *it <= self.replay.len());
        let n_missing = n_missing.filter(|_| !self.is_earlier);
        let freed_bytes = self.replay.keep_last(n_missing.unwrap_or(0));
        if n_missing.is_none() {
            self.n_sent = request.received;
        }
        if mem::take(&mut self.is_earlier) {
            self.n_received = request.sent.unwrap_or_default();
        }
        self.is_closing = false;
        let before = match mem::replace(&mut self.credential, Credential::Tokens(tokens)) {
            Credential::Tokens(before) => [Some(before.current), before.previous],
            Credential::Cookie(_) => [None, None],
        };
        let unused = before.into_iter().flatten().filter(|it| Some(*it) != tokens.previous).collect();
        let missed = self.replay.frames().cloned().collect();
        Resumption { is_complete: n_missing.is_some(), freed_bytes, unused, n_received: self.n_received, missed }
    }

    /// Forgets what is kept. How many bytes that frees, and whether it is all that was to be kept.
    pub(super) fn take_missed(&mut self) -> (Vec<Frame>, u64, bool) {
        let frames: Vec<_> = self.replay.frames().cloned().collect();
        let is_complete = mem::take(&mut self.n_sent) == frames.len() as u64;
        (frames, self.replay.keep_last(0), is_complete)
    }

    /// Whether whoever wants a seat may have this one.
    pub(super) fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// Bytes that are held for it.
    pub(super) fn n_bytes(&self) -> u64 {
        self.replay.n_bytes()
    }
}

impl Session {
    /// Counts a frame that is about to be queued, and keeps it.
    pub(super) fn keep(&mut self, frame: &Frame, bounds: ReplayBounds) {
        let is_there = self.connection.is_some();
        let Some(lasting) = &mut self.lasting else { return };
        // Of an original page nobody knows what it has received.
        if is_there && matches!(lasting.credential, Credential::Cookie(_)) {
            return;
        }
        lasting.n_sent += 1;
        let (after, before) = lasting.replay.push(frame, bounds);
        if after > before {
            self.account.hold(after - before);
        } else {
            self.account.release(before - after);
        }
    }
}

/// Did the connection break, or did the server end the session for what its client did?
fn is_break(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ClientClosed
            | Reason::TransportError
            | Reason::PingTimeout
            | Reason::WriteTimeout
            | Reason::BodyTimeout
            | Reason::IdleTimeout
            | Reason::HandshakeTimeout
            | Reason::SendQueueFull
    )
}

impl State {
    /// The client asks for its id, and to be able to come back; or it comes back.
    pub(super) fn hello(&mut self, from: &PeerId, request_id: RequestId, alerts: bool, resume: Option<ResumeRequest>) {
        let Some(realm) = self.sessions.get(from).map(|it| it.realm) else { return };
        let (is_nobody, asks) = (!self.realms[realm.at].rooms.knows(from), resume.is_some());
        let Some(request) = resume.filter(|_| is_nobody) else {
            return self.hello_anew(from, request_id, alerts, asks);
        };
        let shown = TokenHash::of(request.token.expose_secret());
        let is_of_realm = |it: &&PeerId| self.sessions.get(*it).is_some_and(|it| it.realm.at == realm.at);
        let earlier = self.tokens.get(&shown).filter(is_of_realm).cloned();
        let Some(peer) = earlier else {
            if self.is_shared(realm) && !self.tokens.contains_key(&shown) {
                return self.find_session(from, request_id, alerts, request, shown);
            }
            return self.hello_anew(from, request_id, alerts, asks);
        };
        match self.fresh_token() {
            Some(fresh) => self.resume(from, &peer, shown, fresh, request_id, &request),
            None => self.hello_anew(from, request_id, alerts, asks),
        }
    }
    /// The client gets an id.
    pub(super) fn hello_anew(&mut self, from: &PeerId, request_id: RequestId, alerts: bool, asks: bool) {
        let Some(realm) = self.sessions.get(from).map(|it| it.realm) else { return };
        let is_nobody = !self.realms[realm.at].rooms.knows(from);
        let fresh = self.fresh_token();
        self.on_not_resumed(asks);
        let answer = fresh.as_ref().map(|(token, _)| self.resume_answer(token, None));
        self.settle(from, realm, request_id, Request::Hello { alerts }, answer.as_ref());
        if let Some((_, hash)) = fresh.filter(|_| is_nobody) {
            self.make_lasting(from, hash);
        }
    }

    /// `None`: clients cannot come back.
    fn fresh_token(&self) -> Option<(SecretString, TokenHash)> {
        token::fresh().filter(|_| !self.lifetimes.grace.is_zero())
    }

    /// The client has received so many events.
    pub(super) fn acknowledge(&mut self, from: &PeerId, received: u64) {
        let Some(session) = self.sessions.get_mut(from) else { return };
        if let Some(lasting) = &mut session.lasting {
            let freed = lasting.replay.keep_last(lasting.n_sent.saturating_sub(received));
            session.account.release(freed);
        }
    }

    /// The client's page goes. It may come back at once, when it is loaded again; until then others may have its seats.
    pub(super) fn closing(&mut self, from: &PeerId) {
        let Some(session) = self.sessions.get_mut(from) else { return };
        if let Some(lasting) = &mut session.lasting
            && let Credential::Tokens(_) = lasting.credential
        {
            lasting.is_closing = true;
            let realm = session.realm;
            if self.is_shared(realm) {
                for room in self.realms[realm.at].rooms.hosted_by(from) {
                    self.change_room(&room, ChangeKind::YieldHost { peer: from.clone() });
                }
            } else {
                let notifications = self.realms[realm.at].rooms.yield_hosts(from);
                self.notify(notifications, Some(from));
            }
            self.end(from, Reason::ClientClosed, HowToEnd::Close(GOODBYE));
        }
    }

    /// The client has said something; `is_counted` where both ends count it.
    pub(super) fn on_said(&mut self, from: &PeerId, number: u64, is_counted: bool) {
        let Some(session) = self.sessions.get_mut(from).filter(|it| it.number == number) else { return };
        if let Some(lasting) = &mut session.lasting {
            lasting.n_received += u64::from(is_counted);
            // It has the answer to its last hello.
            if let Credential::Tokens(tokens) = &mut lasting.credential
                && let Some(previous) = tokens.previous.take()
            {
                self.forget_token(previous);
                self.note_change(from);
            }
        }
    }

    /// Whether the session goes on when its connection ends for this reason.
    pub(super) fn can_come_back(&self, peer: &PeerId, reason: Reason) -> bool {
        let is_stop = self.is_stopping && reason == Reason::ByServer;
        self.sessions.get(peer).is_some_and(|it| {
            let Some(lasting) = &it.lasting else { return false };
            let is_break = match lasting.credential {
                Credential::Tokens(_) => is_stop || is_break(reason),
                // One that closed its connection properly does not come back, and one that did not read would miss something.
                Credential::Cookie(_) => {
                    is_break(reason) && reason != Reason::ClientClosed && reason != Reason::SendQueueFull
                }
            };
            let is_known = self.realms[it.realm.at].rooms.knows(peer);
            let is_taking = it.waiting.as_ref().is_some_and(|it| matches!(it.what, WaitsFor::Holders { .. }));
            it.connection.is_some() && !is_taking && is_known && is_break && !self.grace_of(lasting).is_zero()
        })
    }

    /// The session has no connection any more, and waits for another.
    pub(super) fn go_away(&mut self, peer: &PeerId, reason: Reason, how: HowToEnd) {
        let Some(session) = self.sessions.get_mut(peer) else { return };
        let (Some(connection), Some(lasting)) = (session.connection.take(), &session.lasting) else { return };
        session.contributions = None;
        session.account.go_away();
        // The connection before is not heard any more, and its end is not reported twice.
        self.n_connections += 1;
        session.number = self.n_connections;
        let (number, account) = (session.number, session.account.clone());
        let grace = if lasting.is_closing { self.lifetimes.reload_grace } else { self.lifetimes.grace };
        self.wait_for(peer, number, &account, grace);
        self.ledger.count(reason);
        self.effects.ended.push(Ended::away(peer, reason, connection, how));
    }

    /// A session without a connection ends after this time, or when its memory is needed.
    pub(super) fn wait_for(&mut self, peer: &PeerId, number: u64, account: &Account, grace: Duration) {
        let (cuts, who) = (self.cuts.clone(), (peer.clone(), number));
        account.on_abort(move |_| cuts.push(who.clone()));
        self.timers.start(Instant::now() + grace, Due::Grace { peer: peer.clone(), number });
        self.n_away += 1;
    }

    /// Nobody came back in time.
    pub(super) fn on_grace_over(&mut self, peer: &PeerId, number: u64) {
        if self.sessions.get(peer).is_some_and(|it| it.number == number && it.connection.is_none()) {
            self.end(peer, Reason::GraceOver, HowToEnd::Ended);
        }
    }

    /// Ends those whose memory somebody else needs.
    pub(super) fn end_cut(&mut self) {
        for (peer, number) in self.cuts.take() {
            if self.is_current(&peer, number) {
                self.end(&peer, Reason::MemoryCut, HowToEnd::Ended);
            }
        }
        self.work_off();
    }

    /// Ends a guest whose page is being closed, where this request is for a seat in a full room.
    pub(super) fn give_seat(&mut self, from: &PeerId, at: usize, request: &Request<'_>) {
        let taken = self.realms[at].rooms.seats_taken(from, request);
        let is_closing = |it: &PeerId| {
            let session = self.sessions.get(it);
            session.is_some_and(|it| it.connection.is_none() && it.lasting.as_ref().is_some_and(|it| it.is_closing()))
        };
        if let Some(peer) = taken.into_iter().find(is_closing) {
            self.end_now(&peer, Reason::SeatGiven, HowToEnd::Ended);
        }
    }

    /// Forgets by what a session could be had.
    pub(super) fn forget_credential(&mut self, peer: &PeerId, lasting: &Lasting) {
        match lasting.credential {
            Credential::Tokens(tokens) => {
                [Some(tokens.current), tokens.previous].into_iter().flatten().for_each(|it| self.forget_token(it));
            }
            Credential::Cookie(cookie) => self.forget_cookie(peer, cookie),
        }
    }

    pub(super) fn replay_bounds(&self) -> ReplayBounds {
        ReplayBounds { frames_max: self.lifetimes.replay_frames_max, bytes_max: self.lifetimes.replay_bytes_max }
    }

    fn grace_of(&self, lasting: &Lasting) -> Duration {
        if lasting.is_closing { self.lifetimes.reload_grace } else { self.lifetimes.grace }
    }

    fn make_lasting(&mut self, peer: &PeerId, hash: TokenHash) {
        let Some(session) = self.sessions.get_mut(peer) else { return };
        let lasting = Lasting::new(Credential::Tokens(Tokens { current: hash, previous: None }));
        if let Some(before) = session.lasting.replace(Box::new(lasting)) {
            self.forget_credential(peer, &before);
        }
        self.tokens.insert(hash, peer.clone());
        self.note_change(peer);
    }

    pub(super) fn resume_answer(&self, token: &SecretString, resumed: Option<Resumed>) -> ResumeAnswer {
        ResumeAnswer { token: token.clone(), grace_s: self.lifetimes.grace.as_secs(), resumed }
    }

    /// Nobody comes back by this token any more.
    pub(super) fn forget_token(&mut self, token: TokenHash) {
        self.tokens.remove(&token);
        self.drop_saved(token);
    }
}
