//! Contests: a peer wants a seat or a name that another holds, and that other is asked whether it still lives.
//!
//! **Invariants:** a peer wants one such thing at a time, and what it says meanwhile is heard after it, in order. A contest
//! ends when every holder has shown that it lives, or one is gone, or the term is over; then the wish is granted or refused
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
    Hub, Realm,
    state::{Aftermath, State},
};
use crate::{
    dialects::{Attachments, Call, CallTag, Said},
    rooms::{PeerId, Request},
};

/// For a holder's sign of life. Browsers answer a websocket's ping by themselves, whatever their page does.
const TERM: Duration = Duration::from_secs(3);

/// Of what a peer may say while it waits. A page says a description and a dozen candidates.
const BYTES_LATER_MAX: usize = 262_144;

pub(super) struct Contest {
    asker: PeerId,
    realm: Realm,
    tag: CallTag,
    wish: Wish,
    /// Holders that have not answered.
    silent: HashSet<PeerId>,
    /// What the asker has said since.
    later: Vec<Later>,
}

/// What can be contested.
type Wish = Request<'static>;

struct Later {
    sender: String,
    topic: String,
    text: String,
    attachments: Attachments,
}

/// How many contests there are, to be seen without the lock.
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

impl Hub {
    pub(super) fn set_a_term(&self, number: u64) {
        self.after(TERM, move |state| state.end_term(number));
    }
}

impl State {
    /// Takes what a peer says, now or, where it waits for something, after that.
    pub(super) fn hear(&mut self, from: &PeerId, realm: Realm, said: Said<'_>) -> Aftermath {
        let Some(contest) = self.contests.values_mut().find(|it| it.asker == *from) else {
            return match realm.dialect.decode(said) {
                Ok(call) => self.call(from, realm, call),
                Err(malformed) => {
                    tracing::debug!(peer = %from, %malformed, "ignored");
                    Aftermath::default()
                }
            };
        };
        let n_bytes: usize = contest.later.iter().map(|it| it.text.len()).sum();
        if n_bytes + said.text.len() > BYTES_LATER_MAX {
            tracing::warn!(peer = %from, "a line ended: it said too much while it waited for a seat or a name");
            return self.end(from);
        }
        let Said { sender, topic, text, attachments } = said;
        let (sender, topic, text) = (sender.to_owned(), topic.to_owned(), text.to_owned());
        contest.later.push(Later { sender, topic, text, attachments });
        Aftermath::default()
    }

    /// Asks the holders. Their answers, or the end of the term, decide.
    pub(super) fn contest(&mut self, asker: &PeerId, realm: Realm, call: Call<'_>, holders: Vec<PeerId>) -> Aftermath {
        let wish = match call.request {
            Request::Claim { name } => Wish::Claim { name },
            Request::Enter { room, peers_max } => Wish::Enter { room, peers_max },
            request => return self.settle(asker, realm, Call { tag: call.tag, request }),
        };
        for line in holders.iter().filter_map(|it| self.line(it)) {
            line.probe();
        }
        let (asker, tag, silent) = (asker.clone(), call.tag, holders.into_iter().collect());
        let number = self.number();
        self.contests.insert(number, Contest { asker, realm, tag, wish, silent, later: Vec::new() });
        self.pending.is_now(self.contests.len());
        Aftermath { contests: vec![number], ..Aftermath::default() }
    }

    /// This peer lives: what it holds is not to be had.
    pub(super) fn prove(&mut self, holder: &PeerId) -> Aftermath {
        let is_done = |it: &mut Contest| it.silent.remove(holder) && it.silent.is_empty();
        let done: Vec<_> = self.contests.iter_mut().filter_map(|(number, it)| is_done(it).then_some(*number)).collect();
        self.decide(done, Self::settle)
    }

    /// This peer is gone: whoever waited for that tries again.
    pub(super) fn make_way(&mut self, gone: &PeerId) -> Aftermath {
        self.contests.retain(|_, it| it.asker != *gone);
        self.pending.is_now(self.contests.len());
        let free = self.contests.iter().filter(|(_, it)| it.silent.contains(gone)).map(|it| *it.0).collect();
        // Another may have come first, and is asked then.
        self.decide(free, Self::call)
    }

    pub(super) fn end_term(&mut self, number: u64) -> Aftermath {
        let mut aftermath = Aftermath::default();
        let silent = self.contests.get_mut(&number).map(|it| mem::take(&mut it.silent)).unwrap_or_default();
        for holder in silent {
            tracing::info!(peer = %holder, "a line ended: the client did not answer a ping");
            aftermath.add(self.end(&holder));
        }
        aftermath.add(self.decide(vec![number], Self::settle));
        aftermath
    }

    fn decide(&mut self, mut numbers: Vec<u64>, by: fn(&mut Self, &PeerId, Realm, Call<'_>) -> Aftermath) -> Aftermath {
        // Who asked first is served first.
        numbers.sort_unstable();
        let mut aftermath = Aftermath::default();
        for number in numbers {
            let Some(Contest { asker, realm, tag, wish, later, .. }) = self.contests.remove(&number) else { continue };
            self.pending.is_now(self.contests.len());
            aftermath.add(by(self, &asker, realm, Call { tag, request: wish }));
            for Later { sender, topic, text, attachments } in later {
                let said = Said { sender: &sender, topic: &topic, text: &text, attachments };
                aftermath.add(self.hear(&asker, realm, said));
            }
        }
        aftermath
    }
}
