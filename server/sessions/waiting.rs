//! The one way to wait. A session that waits for something has an inbox; what its client says meanwhile is handled
//! afterwards, in order. Sessions that do not wait have none, and nothing of theirs is queued.
//!
//! A session waits for the store, where several nodes share rooms, or for a takeover: it wants a seat or a name that others hold, and these are asked for a sign of life. A
//! takeover ends when every holder has given one, or one of them is gone, or [`LIVENESS_TIMEOUT`] is over; then the request is
//! granted or refused like any other.
//!
//! **Invariants:** an inbox is counted as it grows and has a bound in messages and in bytes. A peer wants one thing at a time.
use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    effects::HowToEnd,
    state::{Session, State, Work},
    timers::Due,
};
use crate::{
    accounting::{Account, Reason},
    protocols::{Asked, Attachments, Command, Incoming, RequestId},
    rooms::{PeerId, Request},
};

/// For a holder's sign of life. Browsers answer a websocket's ping by themselves, whatever their page does.
pub(super) const LIVENESS_TIMEOUT: Duration = Duration::from_secs(3);

/// Messages that an inbox holds. A page sends a description and a dozen candidates.
const INBOX_MESSAGES_MAX: usize = 64;

/// Bytes that an inbox holds.
const INBOX_BYTES_MAX: usize = 262_144;

/// A session that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Which of the times that a session waited it is.
    pub(super) number: u64,
    pub(super) what: WaitsFor,
    pub(super) inbox: Inbox,
}

/// What a session waits for.
#[derive(Debug)]
pub(super) enum WaitsFor {
    /// A takeover.
    Holders {
        request_id: RequestId,
        request: Box<Request<'static>>,
        /// Holders that have not given a sign of life.
        silent: HashSet<PeerId>,
    },
    /// The store that several nodes share.
    Store,
}

/// What a client said while its session waited.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    messages: VecDeque<DeferredMessage>,
    n_bytes: usize,
}

/// A message, to be handled later.
pub(super) struct DeferredMessage {
    sender: String,
    topic: String,
    text: String,
    attachments: Attachments,
}

/// There is no room in an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InboxFull;

impl State {
    /// Asks the holders. Their answers, or the timeout, decide.
    pub(super) fn start_takeover(
        &mut self,
        asker: &PeerId,
        request_id: RequestId,
        request: Request<'static>,
        holders: Vec<PeerId>,
    ) {
        self.n_takeovers += 1;
        let number = self.n_takeovers;
        for holder in &holders {
            self.holders.add(holder, asker);
            if let Some(connection) = self.sessions.get(holder).and_then(|it| it.connection.as_ref()) {
                connection.ping();
            }
        }
        let silent: HashSet<_> = holders.into_iter().collect();
        let Some(session) = self.sessions.get_mut(asker) else { return };
        let inbox = session.waiting.take().map(|it| it.inbox).unwrap_or_default();
        let what = WaitsFor::Holders { request_id, request: Box::new(request), silent };
        session.waiting = Some(Box::new(Waiting { number, what, inbox }));
        self.timers.start(Instant::now() + LIVENESS_TIMEOUT, Due::Takeover { asker: asker.clone(), number });
    }

    /// Holders that have not answered end, and whoever waits for them tries again.
    pub(super) fn on_takeover_timeout(&mut self, asker: &PeerId, number: u64) {
        let Some((_, silent)) = self.silent(asker).filter(|it| it.0 == number) else { return };
        for holder in silent.clone() {
            self.end(&holder, Reason::PingTimeout, HowToEnd::Abort);
        }
        self.work.push_back(Work::GoOn { peer: asker.clone(), number, retry: false });
    }

    /// This peer has given a sign of life: what it holds is not to be had.
    pub(super) fn on_alive(&mut self, holder: &PeerId, number: u64) {
        if self.holders.is_empty() || !self.is_current(holder, number) {
            return;
        }
        for asker in self.askers_in_order(holder) {
            let Some((number, silent)) = self.silent(&asker) else { continue };
            silent.remove(holder);
            if silent.is_empty() {
                self.work.push_back(Work::GoOn { peer: asker, number, retry: false });
            }
        }
        self.work_off();
    }

    /// Grants or refuses what a session waited for, and handles what its client has said since.
    pub(super) fn go_on(&mut self, peer: &PeerId, number: u64, retry: bool) {
        let Some(session) = self.sessions.get_mut(peer) else { return };
        let is_meant = |it: &mut Box<Waiting>| it.number == number && matches!(it.what, WaitsFor::Holders { .. });
        let Some(Waiting { what, inbox, .. }) = session.waiting.take_if(is_meant).map(|it| *it) else { return };
        let WaitsFor::Holders { request_id, request, silent } = what else { return };
        let request = *request;
        let (realm, account) = (session.realm, session.account.clone());
        silent.iter().for_each(|it| self.holders.remove(it, peer));
        if retry {
            self.command(peer, Command { request_id, request: Asked::Rooms(request) });
        } else {
            self.settle(peer, realm, request_id, request, None);
        }
        self.work_inbox(peer, &account, inbox);
    }

    /// Handles what a client has said while its session waited, until it waits again. `account`: who has paid for it.
    pub(super) fn work_inbox(&mut self, peer: &PeerId, account: &Account, mut inbox: Inbox) {
        loop {
            match self.sessions.get_mut(peer) {
                None => return account.release(inbox.n_bytes() as u64),
                // It waits again, and what is left waits with it.
                Some(Session { waiting: Some(waiting), .. }) => {
                    waiting.inbox = inbox;
                    return;
                }
                Some(_) => (),
            }
            let Some(realm) = self.sessions.get(peer).map(|it| it.realm) else { return };
            let before = inbox.n_bytes();
            let Some(message) = inbox.pop() else { return };
            account.release((before - inbox.n_bytes()) as u64);
            if let Ok(command) = realm.protocol.decode(message.incoming()) {
                self.command(peer, command);
            }
        }
    }

    /// Whom a session waits for that takes something over, and which takeover that is.
    pub(super) fn silent(&mut self, peer: &PeerId) -> Option<(u64, &mut HashSet<PeerId>)> {
        match self.sessions.get_mut(peer)?.waiting.as_deref_mut()? {
            Waiting { number, what: WaitsFor::Holders { silent, .. }, .. } => Some((*number, silent)),
            Waiting { what: WaitsFor::Store, .. } => None,
        }
    }

    /// Everyone who waits for this holder, and does not any more, in the order in which they asked.
    pub(super) fn askers_in_order(&mut self, holder: &PeerId) -> Vec<PeerId> {
        let mut askers = self.holders.take(holder);
        askers.sort_by_cached_key(|it| self.sessions.get(it).and_then(|it| it.waiting.as_ref()).map(|it| it.number));
        askers
    }
}

impl Inbox {
    /// Keeps a message. How many bytes that holds.
    pub(super) fn push(&mut self, message: &Incoming<'_>) -> Result<usize, InboxFull> {
        let message = DeferredMessage {
            sender: message.sender.to_owned(),
            topic: message.topic.to_owned(),
            text: message.text.to_owned(),
            attachments: message.attachments.clone(),
        };
        let cost = message.cost();
        if self.messages.len() >= INBOX_MESSAGES_MAX || self.n_bytes + cost > INBOX_BYTES_MAX {
            return Err(InboxFull);
        }
        self.n_bytes += cost;
        self.messages.push_back(message);
        Ok(cost)
    }

    /// The oldest message.
    pub(super) fn pop(&mut self) -> Option<DeferredMessage> {
        let message = self.messages.pop_front()?;
        self.n_bytes -= message.cost();
        Some(message)
    }

    pub(super) fn n_bytes(&self) -> usize {
        self.n_bytes
    }
}

impl DeferredMessage {
    pub(super) fn incoming(&self) -> Incoming<'_> {
        let DeferredMessage { sender, topic, text, attachments } = self;
        Incoming { sender, topic, text, attachments: attachments.clone() }
    }

    fn cost(&self) -> usize {
        let attachments: usize = self.attachments.iter().map(|it| it.len() + 32).sum();
        size_of::<DeferredMessage>() + self.sender.len() + self.topic.len() + self.text.len() + attachments
    }
}

// It holds what a client said, which must not reach a log by way of `{:?}`.
impl std::fmt::Debug for DeferredMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeferredMessage({} bytes)", self.text.len())
    }
}

/// Who waits for a sign of life of whom.
#[derive(Debug, Default)]
pub(super) struct Holders {
    asked_by: HashMap<PeerId, HashSet<PeerId>>,
}

impl Holders {
    pub(super) fn add(&mut self, holder: &PeerId, asker: &PeerId) {
        self.asked_by.entry(holder.clone()).or_default().insert(asker.clone());
    }

    pub(super) fn remove(&mut self, holder: &PeerId, asker: &PeerId) {
        if let Some(askers) = self.asked_by.get_mut(holder) {
            askers.remove(asker);
            if askers.is_empty() {
                self.asked_by.remove(holder);
            }
        }
    }

    /// Everyone who waits for this holder; they do not any more.
    pub(super) fn take(&mut self, holder: &PeerId) -> Vec<PeerId> {
        self.asked_by.remove(holder).into_iter().flatten().collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.asked_by.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<'a>(topic: &'a str, text: &'a str) -> Incoming<'a> {
        Incoming { sender: "", topic, text, attachments: Attachments::new() }
    }

    #[test]
    fn messages_of_nothing_and_long_topics_count_too() {
        let mut inbox = Inbox::default();
        let n_kept = (0..1_000).filter(|_| inbox.push(&message("", "")).is_ok()).count();
        assert_eq!(n_kept, INBOX_MESSAGES_MAX);
        let (mut inbox, topic) = (Inbox::default(), "t".repeat(65_000));
        let n_kept = (0..1_000).filter(|_| inbox.push(&message(&topic, "")).is_ok()).count();
        assert_eq!(n_kept, 4);
        while inbox.pop().is_some() {}
        assert_eq!(inbox.n_bytes(), 0);
        let attachments = Attachments::from([bytes::Bytes::from(vec![0; 300_000])]);
        assert_eq!(inbox.push(&Incoming { attachments, ..message("", "") }), Err(InboxFull));
    }
}
