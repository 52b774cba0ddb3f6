//! Contests: a peer wants a seat or a name that another holds, and that other is asked whether it still lives.
//!
//! **Invariants:** a peer wants one such thing at a time. A contest ends when every holder has shown that it lives, or one
//! is gone, or the term is over; then the wish is granted or refused like any other.
use std::{collections::HashSet, time::Duration};

use super::{
    Hub, Realm,
    state::{Aftermath, State},
};
use crate::{
    dialects::{Call, CallTag},
    rooms::{PeerId, Request},
};

/// For a holder's sign of life. Browsers answer a websocket's ping by themselves, whatever their page does.
const TERM: Duration = Duration::from_secs(3);

pub(super) struct Contest {
    asker: PeerId,
    realm: Realm,
    tag: CallTag,
    wish: Wish,
    /// Holders that have not answered.
    silent: HashSet<PeerId>,
}

/// What can be contested.
type Wish = Request<'static>;

impl Hub {
    pub(super) fn set_a_term(&self, number: u64) {
        self.after(TERM, move |state| state.end_term(number));
    }
}

impl State {
    /// Asks the holders. Their answers, or the end of the term, decide.
    pub(super) fn contest(&mut self, asker: &PeerId, realm: Realm, call: Call<'_>, holders: Vec<PeerId>) -> Aftermath {
        let wish = match call.request {
            Request::Claim { name } => Wish::Claim { name },
            Request::Enter { room, peers_max } => Wish::Enter { room, peers_max },
            request => return self.settle(asker, realm, Call { tag: call.tag, request }),
        };
        if self.contests.values().any(|it| it.asker == *asker) {
            return self.settle(asker, realm, Call { tag: call.tag, request: wish });
        }
        for line in holders.iter().filter_map(|it| self.line(it)) {
            line.probe();
        }
        let silent = holders.into_iter().collect();
        let number = self.number();
        self.contests.insert(number, Contest { asker: asker.clone(), realm, tag: call.tag, wish, silent });
        Aftermath { contests: vec![number], ..Aftermath::default() }
    }

    /// This peer lives: what it holds is not to be had.
    pub(super) fn prove(&mut self, holder: &PeerId) -> Aftermath {
        let is_done = |it: &mut Contest| it.silent.remove(holder) && it.silent.is_empty();
        let done: Vec<_> = self.contests.iter_mut().filter_map(|(number, it)| is_done(it).then_some(*number)).collect();
        self.settle_all(done)
    }

    /// This peer is gone: whoever waited for that tries again.
    pub(super) fn make_way(&mut self, holder: &PeerId) -> Aftermath {
        self.contests.retain(|_, it| it.asker != *holder);
        let free = self.contests.iter().filter(|(_, it)| it.silent.contains(holder)).map(|it| *it.0).collect();
        self.settle_all(free)
    }

    pub(super) fn end_term(&mut self, number: u64) -> Aftermath {
        let mut aftermath = Aftermath::default();
        let silent = self.contests.get(&number).map(|it| it.silent.clone()).unwrap_or_default();
        for holder in silent {
            tracing::info!(peer = %holder, "a line ended: the client did not answer a ping");
            aftermath.add(self.end(&holder));
        }
        aftermath.add(self.settle_all(vec![number]));
        aftermath
    }

    fn settle_all(&mut self, mut numbers: Vec<u64>) -> Aftermath {
        // Who asked first is served first.
        numbers.sort_unstable();
        let mut aftermath = Aftermath::default();
        for number in numbers {
            if let Some(Contest { asker, realm, tag, wish, .. }) = self.contests.remove(&number) {
                aftermath.add(self.settle(&asker, realm, Call { tag, request: wish }));
            }
        }
        aftermath
    }
}
