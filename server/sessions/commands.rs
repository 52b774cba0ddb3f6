//! What a peer asks for: whether it may, what follows, and who pays for it.
use std::{
    mem,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    Realm,
    cluster::ChangeKind,
    effects::HowToEnd,
    passwords,
    state::{POLICY_VIOLATION, ROOM_COST, Session, State},
    statistics::EventKind,
    waiting::{Waiting, WaitsFor},
};
use crate::{
    accounting::{Action, AddressKey, Reason},
    protocols::{Answer, AnswerContext, Asked, Command, RequestId, ResumeAnswer, SessionRequest},
    rooms::{Alert, Event, Notification, PeerId, Rejection, Reply, Request, RoomId},
};

/// What is counted when a request is decided.
#[derive(Debug)]
pub(super) struct Settled {
    event: EventKind,
    /// When it came in, where that is known.
    received_at: Option<Duration>,
    /// The room that it is to join.
    joins: Option<RoomId>,
}

impl State {
    /// Does what a peer asks for, unless another holds what it wants and has to be asked first.
    pub(super) fn command(&mut self, from: &PeerId, command: Command<'_>) {
        let Some(session) = self.sessions.get(from) else { return };
        let realm = session.realm;
        let Command { request_id, request } = command;
        let request = match request {
            Asked::Rooms(request) => request,
            Asked::Session(request) => return self.of_session(from, realm, request_id, request),
        };
        let holders = self.realms[realm.at].rooms.current_holders(from, &request);
        let wanted = match request {
            Request::Claim { name } if !holders.is_empty() => Request::Claim { name },
            Request::Enter { room } if !holders.is_empty() => Request::Enter { room },
            request => return self.settle(from, realm, request_id, request, None),
        };
        self.start_takeover(from, request_id, wanted, holders);
    }

    /// Does what a client asks of its session.
    fn of_session(&mut self, from: &PeerId, realm: Realm, request_id: RequestId, request: SessionRequest) {
        if let Some(kind) = EventKind::of_session(&request) {
            self.on_settled(realm, kind, true, None);
        }
        match request {
            SessionRequest::Hello { alerts, resume } => self.hello(from, request_id, alerts, resume),
            SessionRequest::Acknowledge { received } => self.acknowledge(from, received),
            SessionRequest::Closing => self.closing(from),
            SessionRequest::IceServers => {
                let ice = self.ice_servers(from, now_ms() / 1_000);
                if let Some(frame) = realm.protocol.encode_ice_servers(&request_id, &ice) {
                    self.send(from, frame, Some(from));
                }
            }
        }
    }

    /// Does what a peer asks for, or refuses it. `resume` goes with the answer to a hello.
    pub(super) fn settle(
        &mut self,
        from: &PeerId,
        realm: Realm,
        request_id: RequestId,
        request: Request<'_>,
        resume: Option<&ResumeAnswer>,
    ) {
        let Some(session) = self.sessions.get(from) else { return };
        let (address, client) = (session.account.address(), session.account.client());
        let settled =
            Settled { event: EventKind::of(&request), received_at: session.account.received_at(), joins: None };
        let event = settled.event;
        if let (Request::Hello { .. }, Err(reason)) = (&request, session.account.pay()) {
            self.on_settled(realm, event, false, None);
            return self.end(from, reason, HowToEnd::Close(POLICY_VIOLATION));
        }
        let joins = match &request {
            Request::Join { room, .. } => Some(room.clone()),
            _ => None,
        };
        let settled = Settled { joins, ..settled };
        let admitted = self.admit(realm, address, &request);
        if admitted.is_ok() {
            self.give_seat(from, realm.at, &request);
        }
        let there = &mut self.realms[realm.at];
        let (rooms, kind, n_ids) = (&mut there.rooms, there.settings.room_ids, &mut there.n_ids);
        let now_ms = now_ms();
        rooms.set_time(now_ms);
        let mut fresh = || {
            *n_ids += 1;
            RoomId::from(&*kind.fresh(*n_ids))
        };
        if self.cluster.as_ref().is_some_and(|it| it.realm.at == realm.at)
            && admitted.is_ok()
            && let Some(room) = rooms.room_changed_by(&request, &mut fresh)
        {
            return self.ask_cluster(from, &room, request_id, request, settled);
        }
        let (answer, notifications, timers) = match admitted.and_then(|()| rooms.apply(from, client, request, fresh)) {
            Ok(outcome) => (Ok(outcome.reply), outcome.notifications, outcome.timers),
            Err(rejection) => {
                if tracing::enabled!(tracing::Level::DEBUG) {
                    self.effects.rejected.push((from.clone(), rejection));
                }
                (Err(rejection), Vec::new(), Vec::new())
            }
        };
        there.hold_rooms();
        self.say_answer(from, realm, &request_id, &answer, resume);
        self.notify(notifications, Some(from));
        self.start_timers(realm, timers);
        self.conclude_request(from, realm, &answer, settled);
    }

    /// Answers a request.
    fn say_answer(
        &mut self,
        from: &PeerId,
        realm: Realm,
        request_id: &RequestId,
        answer: &Result<Reply, Rejection>,
        resume: Option<&ResumeAnswer>,
    ) {
        let now_ms = now_ms();
        let ice = match answer {
            Ok(Reply::Welcome { peer }) => self.ice_servers(peer, now_ms / 1_000),
            Ok(Reply::Created { .. } | Reply::Joined { .. }) => {
                self.ice_servers_of_members(realm, from, now_ms / 1_000)
            }
            _ => Vec::new(),
        };
        match realm.protocol.encode_answer(request_id, answer, &AnswerContext { ice: &ice, now_ms, resume }) {
            Answer::Silence => (),
            Answer::Say(frame) => self.send(from, frame, Some(from)),
            Answer::Close(why) => self.end(from, Reason::ByServer, HowToEnd::Close(why)),
        }
    }

    /// Counts what became of a request.
    fn conclude_request(&mut self, from: &PeerId, realm: Realm, answer: &Result<Reply, Rejection>, settled: Settled) {
        let Settled { event, received_at, joins } = settled;
        if let (Err(Rejection::WrongPassword), Some(room)) = (answer, joins) {
            self.on_wrong_password(from, Some(&room));
        }
        self.on_access(from, answer.as_ref().err().copied());
        self.count_kept(from, realm);
        // Whoever waits at a door has not joined.
        let is_granted = matches!(answer, Ok(it) if !matches!(it, Reply::Waiting { .. }));
        self.on_settled(realm, event, is_granted, received_at);
    }

    /// Has the request decided on where the rooms are kept that several nodes share. The session waits meanwhile.
    fn ask_cluster(
        &mut self,
        from: &PeerId,
        room: &RoomId,
        request_id: RequestId,
        request: Request<'_>,
        settled: Settled,
    ) {
        let Some(request) = request.kept().map(Box::new) else { return };
        self.n_takeovers += 1;
        let waiting = self.n_takeovers;
        let Some(session) = self.sessions.get_mut(from) else { return };
        let inbox = session.waiting.take().map(|it| it.inbox).unwrap_or_default();
        session.waiting = Some(Box::new(Waiting { number: waiting, what: WaitsFor::Store, inbox }));
        let from = from.clone();
        self.change_room(room, ChangeKind::Request { from, waiting, request_id, request, settled });
    }

    /// Answers what a session waits for, unless it has ended meanwhile.
    pub(super) fn answer_waiting(
        &mut self,
        from: &PeerId,
        waiting: u64,
        request_id: &RequestId,
        answer: Result<Reply, Rejection>,
        settled: Settled,
    ) {
        let is_meant = |it: &&mut Session| it.waiting.as_ref().is_some_and(|it| it.number == waiting);
        let Some(realm) = self.sessions.get_mut(from).filter(is_meant).map(|it| it.realm) else { return };
        if let (Err(rejection), true) = (&answer, tracing::enabled!(tracing::Level::DEBUG)) {
            self.effects.rejected.push((from.clone(), *rejection));
        }
        self.say_answer(from, realm, request_id, &answer, None);
        self.conclude_request(from, realm, &answer, settled);
    }

    /// The session waits no more, and what its client has said meanwhile is handled.
    pub(super) fn end_waiting(&mut self, from: &PeerId, waiting: u64) {
        let Some(session) = self.sessions.get_mut(from) else { return };
        let account = session.account.clone();
        if let Some(ended) = session.waiting.take_if(|it| it.number == waiting) {
            self.work_inbox(from, &account, ended.inbox);
        }
    }

    /// What is not a rule of rooms: how fast an address may go, and how much there may be in all.
    fn admit(&mut self, realm: Realm, address: AddressKey, request: &Request<'_>) -> Result<(), Rejection> {
        if let Request::Join { room, .. } = request
            && !self.passwords.is_allowed(address, Some(room), self.ledger.now())
        {
            self.ledger.count(Reason::PasswordAttempts);
            return Err(Rejection::Busy);
        }
        if !self.realms[realm.at].rooms.makes_room(request) {
            return Ok(());
        }
        let n_rooms: usize = self.realms.iter().map(|it| it.rooms.len()).sum();
        self.ledger
            .admit(ROOM_COST)
            .and_then(|()| self.ledger.act(address, Action::CreateRoom))
            .map_err(|_| Rejection::Busy)?;
        // One that nobody is in makes way: its people bring it back.
        if n_rooms >= self.ledger.limits().rooms_max
            && !self.realms.iter_mut().any(|it| it.rooms.forget_lingering().is_some())
        {
            self.ledger.count(Reason::RoomsMax);
            return Err(Rejection::Busy);
        }
        Ok(())
    }

    /// Of a room, whose people are told, or of the server.
    pub(super) fn on_wrong_password(&mut self, from: &PeerId, room: Option<&RoomId>) {
        let Some(session) = self.sessions.get(from) else { return };
        let realm = session.realm;
        let n_wrong = self.passwords.on_wrong(session.account.address(), room, self.ledger.now());
        if passwords::is_alarming(n_wrong) {
            self.effects.passwords.push((from.clone(), n_wrong));
            let Some(room) = room else { return };
            let event = |to| Notification {
                to,
                event: Event::RoomAlert { room: room.clone(), alert: Alert::PasswordAttempts { n_wrong } },
            };
            let notifications = self.realms[realm.at].rooms.alerted(room).into_iter().map(event).collect();
            self.notify(notifications, Some(from));
        }
    }

    /// Holds on the peer's account what the rules keep because of what it said.
    pub(super) fn count_kept(&mut self, peer: &PeerId, realm: Realm) {
        let kept_bytes = self.realms[realm.at].rooms.kept_bytes(peer) as u64;
        let Some(session) = self.sessions.get_mut(peer) else { return };
        let before = mem::replace(&mut session.kept_bytes, kept_bytes);
        if kept_bytes > before {
            session.account.hold(kept_bytes - before);
        } else if kept_bytes < before {
            session.account.release(before - kept_bytes);
        }
    }
}

/// Milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_millis());
    u64::try_from(since).unwrap_or(u64::MAX)
}
