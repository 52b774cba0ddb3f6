//! The deadlines of all sessions of one path that began with polling, looked at by one task.
//!
//! **Invariant:** a session is ended at most [`EVERY`] after its deadline, or after it was aborted. The task runs as long as
//! there are sessions.
use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use socketioxide::socket::Sid;
use tokio::time::{MissedTickBehavior, interval};

use super::{engine_io::EngineIo, session::EngineSession};

/// Deadlines are tens of seconds.
pub(super) const EVERY: Duration = Duration::from_millis(250);

/// Sessions, with their ids.
#[derive(Default)]
pub(super) struct Deadlines {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    watched: Vec<(Weak<EngineSession>, Sid)>,
    is_running: bool,
}

impl Deadlines {
    /// Ends the session when its deadline passes, and its polling when it is aborted. Neither the library's heartbeat nor its
    /// disconnect handler gets past a writer that waits.
    pub(super) fn watch(&self, engine_io: &Arc<EngineIo>, session: &Arc<EngineSession>, sid: Sid) {
        let mut state = self.state();
        state.watched.push((Arc::downgrade(session), sid));
        if !mem::replace(&mut state.is_running, true) {
            tokio::spawn(run(Arc::downgrade(engine_io)));
        }
    }

    /// Ends what is overdue, and returns the ids whose polling is to be closed. `None`: nobody is left.
    fn sweep(&self) -> Option<Vec<Sid>> {
        let mut state = self.state();
        let (mut ended, mut sids) = (Vec::new(), Vec::new());
        state.watched.retain(|(session, sid)| {
            let Some(session) = session.upgrade() else { return false };
            let reason = session.meter.overdue();
            if let Some(reason) = reason {
                sids.push(*sid);
                ended.push((session, reason));
            }
            reason.is_none()
        });
        let n_watched = state.watched.len();
        if state.watched.capacity() > 4 * n_watched.max(64) {
            state.watched.shrink_to(n_watched);
        }
        state.is_running = n_watched > 0 || !sids.is_empty();
        let is_running = state.is_running;
        drop(state);
        for (session, reason) in ended {
            session.meter.abort(reason);
        }
        is_running.then_some(sids)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run(engine_io: Weak<EngineIo>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(engine_io) = engine_io.upgrade() else { return };
        let Some(sids) = engine_io.deadlines.sweep() else { return };
        for sid in sids {
            engine_io.close_polling(sid).await;
        }
    }
}
