//! Sessions without a connection whose memory is needed. They have no connection that could be aborted, so that they are put
//! down here, from wherever memory ran out, and ended by whoever has the sessions' lock next.
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

use crate::rooms::PeerId;

/// Who is to end, with the number of the connection that each had.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    /// So that looking costs nothing while there is none.
    is_any: AtomicBool,
    who: Mutex<Vec<(PeerId, u64)>>,
    /// Wakes the task that waits for the sessions' next timer.
    wake: Arc<Notify>,
}

impl Cuts {
    pub(super) fn new(wake: Arc<Notify>) -> Self {
        Cuts { wake, ..Cuts::default() }
    }

    /// Takes no lock for longer than a moment.
    pub(super) fn push(&self, who: (PeerId, u64)) {
        self.who.lock().unwrap_or_else(PoisonError::into_inner).push(who);
        self.is_any.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    pub(super) fn is_any(&self) -> bool {
        self.is_any.load(Ordering::Acquire)
    }

    pub(super) fn take(&self) -> Vec<(PeerId, u64)> {
        if !self.is_any.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        std::mem::take(&mut *self.who.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
