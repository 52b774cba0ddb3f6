//! What became of forwarded requests: a closed list, counted, and what a client is answered where there is no other answer.
//!
//! **Invariant:** every request that is forwarded is counted once, also when its client does not wait for the answer.
use std::{
    array, mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tokio::sync::OwnedSemaphorePermit;

use crate::accounting::Holding;

/// What became of a request that was forwarded to another node. The label of a metric: a name never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardResult {
    /// The other node has answered, and its answer was passed on whole; or a websocket was opened.
    Answered,
    /// The other node could not be reached.
    Unreachable,
    /// The other node did not answer in time.
    TimedOut,
    /// The connection to the other node broke.
    Broken,
    /// The other node does not take requests from here: it has another secret, or other settings.
    Refused,
    /// As many requests are being forwarded as may be, or memory is full.
    Busy,
    /// The client left before the answer was there, or its request never came to its end.
    ClientGone,
}

impl ForwardResult {
    /// Every result, in the order of their counters.
    pub const ALL: [ForwardResult; 7] = [
        ForwardResult::Answered,
        ForwardResult::Unreachable,
        ForwardResult::TimedOut,
        ForwardResult::Broken,
        ForwardResult::Refused,
        ForwardResult::Busy,
        ForwardResult::ClientGone,
    ];

    /// As it stands in metrics and in a log line.
    pub fn as_str(self) -> &'static str {
        match self {
            ForwardResult::Answered => "answered",
            ForwardResult::Unreachable => "unreachable",
            ForwardResult::TimedOut => "timed_out",
            ForwardResult::Broken => "broken",
            ForwardResult::Refused => "refused",
            ForwardResult::Busy => "busy",
            ForwardResult::ClientGone => "client_gone",
        }
    }
}

/// For a client whose request got no answer. Clients of Engine.IO take any status but 200 for the end of their session, and
/// begin another one.
impl IntoResponse for ForwardResult {
    fn into_response(self) -> Response {
        let status = match self {
            ForwardResult::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            ForwardResult::Busy => StatusCode::SERVICE_UNAVAILABLE,
            ForwardResult::ClientGone => StatusCode::BAD_REQUEST,
            _ => StatusCode::BAD_GATEWAY,
        };
        (status, "The node that has this session does not answer: begin another session.\n").into_response()
    }
}

/// What a node has forwarded and taken since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForwardStatistics {
    /// How many requests were forwarded, by [`ForwardResult::ALL`].
    pub results: [u64; ForwardResult::ALL.len()],
    /// How many requests of other nodes were taken.
    pub n_received: u64,
}

#[derive(Debug, Default)]
pub(super) struct Tally([AtomicU64; ForwardResult::ALL.len()]);

impl Tally {
    pub(super) fn counts(&self) -> [u64; ForwardResult::ALL.len()] {
        array::from_fn(|at| self.0.get(at).map_or(0, |it| it.load(Ordering::Relaxed)))
    }

    fn count(&self, result: ForwardResult) {
        if let Some(counter) = self.0.get(result as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A request on its way to another node and back, or a websocket between them; until it is dropped.
pub(super) struct Passage {
    tally: Arc<Tally>,
    is_counted: bool,
    /// Memory of the connection to the other node. Of a request that was refused, none.
    _held: Option<(OwnedSemaphorePermit, Holding)>,
}

impl Passage {
    pub(super) fn new(tally: Arc<Tally>, held: Option<(OwnedSemaphorePermit, Holding)>) -> Self {
        Passage { tally, is_counted: false, _held: held }
    }

    /// The first result is the one that holds.
    pub(super) fn ends(&mut self, result: ForwardResult) {
        if !mem::replace(&mut self.is_counted, true) {
            self.tally.count(result);
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.ends(ForwardResult::ClientGone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_passage_is_counted_once_and_by_its_first_result() {
        let tally = Arc::new(Tally::default());
        for result in ForwardResult::ALL {
            let mut passage = Passage::new(tally.clone(), None);
            passage.ends(result);
            passage.ends(ForwardResult::Broken);
        }
        drop(Passage::new(tally.clone(), None));
        assert_eq!(tally.counts(), [1, 1, 1, 1, 1, 1, 2]);
    }
}
