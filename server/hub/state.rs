//! What the lock guards: realms, sessions, and who waits for whose seat.
//!
//! **Invariant:** nothing here ends a line; what has to end is handed back, for when the lock is free.
use std::{
    collections::HashMap,
    mem,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE};
use uuid::Uuid;

use super::{
    Count, Line, Overrun, Realm,
    contests::{Contest, Pending},
};
use crate::{
    dialects::{Answer, Beside, Call, Dialect, Farewell, Frame},
    ice::Ice,
    rooms::{Alarm, IdKind, Limits, Notice, PeerId, Reply, RoomId, Rooms},
};

/// Websockets have a code for it.
const GOING_AWAY: Farewell = Farewell { code: 1001, reason: "the server stops" };

pub(super) struct State {
    ice: Ice,
    realms: Vec<Ground>,
    sessions: HashMap<PeerId, Session>,
    pub(super) contests: HashMap<u64, Contest>,
    pub(super) pending: Pending,
    /// Of lines, ascending ids and contests alike.
    n_made: u64,
}

/// What a realm stands for.
struct Ground {
    dialect: &'static dyn Dialect,
    rooms: Rooms,
    n_sessions: usize,
}

/// One participant. Outlives its line in the types; nothing holds a session without a line yet.
struct Session {
    realm: Realm,
    line: Option<(u64, Arc<dyn Line>)>,
}

/// What is to be done once the lock is free.
#[derive(Default)]
pub(super) struct Aftermath {
    /// To be ended; at once where there is nothing to be said.
    pub(super) lines: Vec<(Arc<dyn Line>, Option<Farewell>)>,
    /// To be given a term.
    pub(super) contests: Vec<u64>,
    /// To be set.
    pub(super) alarms: Vec<(Realm, Alarm)>,
}

impl Aftermath {
    pub(super) fn add(&mut self, more: Aftermath) {
        self.lines.extend(more.lines);
        self.contests.extend(more.contests);
        self.alarms.extend(more.alarms);
    }
}

impl State {
    pub(super) fn new(ice: Ice, pending: Pending) -> Self {
        let (realms, sessions, contests) = (Vec::new(), HashMap::new(), HashMap::new());
        State { ice, realms, sessions, contests, pending, n_made: 0 }
    }

    pub(super) fn open(&mut self, dialect: &'static dyn Dialect, limits: Limits) -> usize {
        self.realms.push(Ground { dialect, rooms: Rooms::new(limits, dialect.customs()), n_sessions: 0 });
        self.realms.len() - 1
    }

    /// The new session's id, and its line's number.
    pub(super) fn connect(&mut self, realm: Realm, line: Arc<dyn Line>) -> (PeerId, u64) {
        let number = self.number();
        let peer = PeerId::from(&*fresh(realm.dialect.customs().peer_ids, number));
        self.realms[realm.at].n_sessions += 1;
        self.sessions.insert(peer.clone(), Session { realm, line: Some((number, line)) });
        (peer, number)
    }

    pub(super) fn is_current(&self, peer: &PeerId, line: u64) -> bool {
        let current = self.sessions.get(peer).and_then(|it| it.line.as_ref());
        current.is_some_and(|it| it.0 == line)
    }

    /// Does what a peer asks, unless another holds what it wants and has to be asked first.
    pub(super) fn call(&mut self, from: &PeerId, realm: Realm, call: Call<'_>) -> Aftermath {
        let holders = self.realms[realm.at].rooms.holders(from, &call.request);
        if holders.is_empty() { self.settle(from, realm, call) } else { self.contest(from, realm, call, holders) }
    }

    /// Does what a peer asks, or refuses it.
    pub(super) fn settle(&mut self, from: &PeerId, realm: Realm, call: Call<'_>) -> Aftermath {
        let number = self.number();
        let rooms = &mut self.realms[realm.at].rooms;
        let room_ids = realm.dialect.customs().room_ids;
        let (answer, notices, alarms) =
            match rooms.apply(from, call.request, || RoomId::from(&*fresh(room_ids, number))) {
                Ok(outcome) => (Ok(outcome.reply), outcome.notices, outcome.alarms),
                Err(refusal) => {
                    tracing::debug!(peer = %from, %refusal, "refused");
                    (Err(refusal), Vec::new(), Vec::new())
                }
            };
        let now_ms = now_ms();
        let ice = match &answer {
            Ok(Reply::Welcome { peer }) => self.ice.servers_for(peer.as_str(), now_ms / 1_000),
            _ => Vec::new(),
        };
        let mut aftermath = match realm.dialect.encode_answer(&call.tag, &answer, &Beside { ice: &ice, now_ms }) {
            Answer::Silence => Aftermath::default(),
            Answer::Say(frame) => self.say(from, frame),
            Answer::HangUp(farewell) => {
                tracing::info!(peer = %from, "a line ended: {}", farewell.reason);
                self.end_with(from, Some(farewell))
            }
        };
        aftermath.add(self.tell(notices));
        aftermath.alarms.extend(alarms.into_iter().map(|it| (realm, it)));
        aftermath
    }

    /// Does what had to wait.
    pub(super) fn ring(&mut self, realm: Realm, alarm: &Alarm) -> Aftermath {
        let (notices, next) = self.realms[realm.at].rooms.ring(alarm);
        let mut aftermath = self.tell(notices);
        aftermath.alarms.extend(next.map(|it| (realm, it)));
        aftermath
    }

    /// Moves a line to another realm, where it is a new peer.
    pub(super) fn turn(&mut self, peer: &PeerId, to: Realm) -> Option<(PeerId, u64, Aftermath)> {
        let (_, line) = self.sessions.get_mut(peer)?.line.take()?;
        let aftermath = self.end(peer);
        let (peer, number) = self.connect(to, line);
        Some((peer, number, aftermath))
    }

    /// Ends a session. Its line is cut.
    pub(super) fn end(&mut self, peer: &PeerId) -> Aftermath {
        self.end_with(peer, None)
    }

    pub(super) fn farewell_to_all(&self) -> Aftermath {
        let lines = self.sessions.values().filter_map(|it| it.line.clone());
        Aftermath { lines: lines.map(|(_, line)| (line, Some(GOING_AWAY))).collect(), ..Aftermath::default() }
    }

    pub(super) fn counts(&self) -> Vec<Count> {
        let count = |it: &Ground| Count { dialect: it.dialect.name(), n_peers: it.n_sessions, n_rooms: it.rooms.len() };
        self.realms.iter().map(count).collect()
    }

    pub(super) fn line(&self, peer: &PeerId) -> Option<&Arc<dyn Line>> {
        self.sessions.get(peer)?.line.as_ref().map(|it| &it.1)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.n_made += 1;
        self.n_made
    }

    /// Tells everyone what there is to tell, and what follows from peers that cannot be told.
    fn tell(&mut self, notices: Vec<Notice<'_>>) -> Aftermath {
        let mut aftermath = Aftermath::default();
        for Notice { to, event } in notices {
            if let Some(session) = self.sessions.get(&to)
                && let Some(frame) = session.realm.dialect.encode_event(event)
            {
                aftermath.add(self.say(&to, frame));
            }
        }
        aftermath
    }

    /// Says a frame to one peer. Where that peer's queue is full its session ends, and others hear of it.
    fn say(&mut self, to: &PeerId, frame: Frame) -> Aftermath {
        match self.line(to).map(|it| it.say(frame)) {
            None | Some(Ok(())) => Aftermath::default(),
            Some(Err(Overrun)) => {
                tracing::warn!(peer = %to, "a line ended: its queue is full because its client does not read");
                self.end(to)
            }
        }
    }

    fn end_with(&mut self, peer: &PeerId, farewell: Option<Farewell>) -> Aftermath {
        let Some(mut session) = self.sessions.remove(peer) else { return Aftermath::default() };
        let ground = &mut self.realms[session.realm.at];
        ground.n_sessions -= 1;
        let notices = ground.rooms.forget(peer);
        let lines = mem::take(&mut session.line).into_iter().map(|it| (it.1, farewell)).collect();
        let mut aftermath = Aftermath { lines, ..Aftermath::default() };
        aftermath.add(self.tell(notices));
        aftermath.add(self.make_way(peer));
        aftermath
    }
}

/// An id that nobody has. `number` grows from one to the next.
fn fresh(kind: IdKind, number: u64) -> String {
    match kind {
        IdKind::Long => Uuid::new_v4().to_string(),
        IdKind::Hex => Uuid::new_v4().simple().to_string(),
        // 58 random bits: the first character would hold the UUID's variant.
        IdKind::Short => BASE64_URL_SAFE.encode(&Uuid::new_v4().as_bytes()[8..])[1..].chars().take(10).collect(),
        IdKind::Ascending => format!("u{number:012}"),
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_millis());
    u64::try_from(since).unwrap_or(u64::MAX)
}
