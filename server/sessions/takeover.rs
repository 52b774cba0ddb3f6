//! Contests: a peer wants a seat or a name that another holds, and that other is asked whether it still lives.
//!
//! **Invariants:** a peer wants one such thing at a time, and what it says meanwhile is heard after it, in order. A takeover
//! ends when every holder has shown that it lives, or one is gone, or the term is over; then the request is granted or refused
//! like any other.
use std::{
    collections::HashSet,
    mem,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{
    Realm, Sessions,
    state::{Effects, State},
};
use crate::{
    protocols::{Attachments, Command, Incoming, RequestId},
    rooms::{PeerId, Request},
};

/// For a holder's sign of life. Browsers answer a websocket's ping by themselves, whatever their page does.
const LIVENESS_TIMEOUT: Duration = Duration::from_secs(3);

/// Of what a peer may say while it waits. A page says a description and a dozen candidates.
const BYTES_LATER_MAX: usize = 262_144;

pub(super) struct Takeover {
    asker: PeerId,
    realm: Realm,
    request_id: RequestId,
    request: TakeoverRequest,
    /// Holders that have not answered.
    silent: HashSet<PeerId>,
    /// What the asker has incoming since.
    later: Vec<DeferredMessage>,
}

/// What can be contested.
type TakeoverRequest = Request<'static>;

struct DeferredMessage {
    sender: String,
    topic: String,
    text: String,
    attachments: Attachments,
}

/// How many takeovers there are, to be seen without the lock.
#[derive(Clone, Default)]
pub(super) struct Pending(Arc<AtomicUsize>);

impl Pending {
    pub(super) fn is_none(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn is_now(&self, n_contests: usize) {
        self.0.store(n_contests, Ordering::Relaxed);
    }
}

impl Sessions {
    pub(super) fn start_liveness_timeout(&self, number: u64) {
        self.after(LIVENESS_TIMEOUT, move |state| state.on_takeover_timeout(number));
    }
}

impl State {
    /// Takes what a peer says, now or, where it waits for something, after that.
    pub(super) fn receive(&mut self, from: &PeerId, realm: Realm, incoming: Incoming<'_>) -> Effects {
        let Some(takeover) = self.takeovers.values_mut().find(|it| it.asker == *from) else {
            return match realm.protocol.decode(incoming) {
                Ok(command) => self.command(from, realm, command),
                Err(error) => {
                    tracing::debug!(event = "ignored", reason = %error, peer = %from);
                    Effects::default()
                }
            };
        };
        let n_bytes: usize = takeover.later.iter().map(|it| it.text.len()).sum();
        if n_bytes + incoming.text.len() > BYTES_LATER_MAX {
            tracing::warn!(event = "disconnect", reason = "inbox_full", peer = %from);
            return self.end(from);
        }
        let Incoming { sender, topic, text, attachments } = incoming;
        let (sender, topic, text) = (sender.to_owned(), topic.to_owned(), text.to_owned());
        takeover.later.push(DeferredMessage { sender, topic, text, attachments });
        Effects::default()
    }

    /// Asks the holders. Their answers, or the end of the term, decide.
    pub(super) fn start_takeover(
        &mut self,
        asker: &PeerId,
        realm: Realm,
        command: Command<'_>,
        holders: Vec<PeerId>,
    ) -> Effects {
        let request = match command.request {
            Request::Claim { name } => TakeoverRequest::Claim { name },
            Request::Enter { room, peers_max } => TakeoverRequest::Enter { room, peers_max },
            request => return self.settle(asker, realm, Command { request_id: command.request_id, request }),
        };
        for connection in holders.iter().filter_map(|it| self.connection(it)) {
            connection.ping();
        }
        let (asker, request_id, silent) = (asker.clone(), command.request_id, holders.into_iter().collect());
        let number = self.number();
        self.takeovers.insert(number, Takeover { asker, realm, request_id, request, silent, later: Vec::new() });
        self.pending.is_now(self.takeovers.len());
        Effects { takeovers: vec![number], ..Effects::default() }
    }

    /// This peer lives: what it holds is not to be had.
    pub(super) fn on_alive(&mut self, holder: &PeerId) -> Effects {
        let is_done = |it: &mut Takeover| it.silent.remove(holder) && it.silent.is_empty();
        let done: Vec<_> =
            self.takeovers.iter_mut().filter_map(|(number, it)| is_done(it).then_some(*number)).collect();
        self.decide(done, Self::settle)
    }

    /// This peer is gone: whoever waited for that tries again.
    pub(super) fn on_peer_gone(&mut self, gone: &PeerId) -> Effects {
        self.takeovers.retain(|_, it| it.asker != *gone);
        self.pending.is_now(self.takeovers.len());
        let free = self.takeovers.iter().filter(|(_, it)| it.silent.contains(gone)).map(|it| *it.0).collect();
        // Another may have come first, and is asked then.
        self.decide(free, Self::command)
    }

    pub(super) fn on_takeover_timeout(&mut self, number: u64) -> Effects {
        let mut effects = Effects::default();
        let silent = self.takeovers.get_mut(&number).map(|it| mem::take(&mut it.silent)).unwrap_or_default();
        for holder in silent {
            tracing::info!(event = "disconnect", reason = "ping_timeout", peer = %holder);
            effects.add(self.end(&holder));
        }
        effects.add(self.decide(vec![number], Self::settle));
        effects
    }

    fn decide(&mut self, mut numbers: Vec<u64>, by: fn(&mut Self, &PeerId, Realm, Command<'_>) -> Effects) -> Effects {
        // Who asked first is served first.
        numbers.sort_unstable();
        let mut effects = Effects::default();
        for number in numbers {
            let Some(Takeover { asker, realm, request_id, request, later, .. }) = self.takeovers.remove(&number) else {
                continue;
            };
            self.pending.is_now(self.takeovers.len());
            effects.add(by(self, &asker, realm, Command { request_id, request }));
            for DeferredMessage { sender, topic, text, attachments } in later {
                let incoming = Incoming { sender: &sender, topic: &topic, text: &text, attachments };
                effects.add(self.receive(&asker, realm, incoming));
            }
        }
        effects
    }
}
