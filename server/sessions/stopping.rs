//! How the server stops: everybody is told, so that clients look for it, or for another node, at once.
use std::{sync::atomic::Ordering, time::Duration};

use tokio::time::sleep;

use super::{Sessions, state::State};
use crate::protocols::CloseReason;

/// Websockets have a code for it (RFC 6455, section 7.4.1).
const GOING_AWAY: CloseReason = CloseReason { code: 1001, reason: "the server stops" };

/// Sessions that are moved to other nodes at once, at least; and in how many steps and how far apart, where there are many.
const MOVING_AT_ONCE: usize = 50;
const MOVING_STEPS: usize = 50;
const MOVING_INTERVAL: Duration = Duration::from_millis(100);

impl Sessions {
    /// Ends every connection, so that clients look for another server at once. New ones are still taken.
    pub fn stop(&self) {
        self.shared.is_stopping.store(true, Ordering::Relaxed);
        self.with(State::close_all);
    }

    /// As [`Sessions::stop`], a part of them at a time, so that other nodes do not get all of them at once.
    pub async fn stop_gradually(&self) {
        self.shared.is_stopping.store(true, Ordering::Relaxed);
        let n_at_once = (self.state().n_connected() / MOVING_STEPS).max(MOVING_AT_ONCE);
        while self.with(|state| state.close_some(n_at_once)) {
            sleep(MOVING_INTERVAL).await;
        }
    }

    /// Done when no session is left: all have ended, or are at other nodes.
    pub async fn moved_away(&self) {
        loop {
            let emptied = self.shared.emptied.notified();
            if self.state().sessions.is_empty() {
                return;
            }
            emptied.await;
        }
    }

    /// Done when nobody is connected.
    pub async fn drained(&self) {
        loop {
            let emptied = self.shared.emptied.notified();
            if self.state().n_connected() == 0 {
                return;
            }
            emptied.await;
        }
    }

    /// Has [`Sessions::stop`] been called?
    pub fn is_stopping(&self) -> bool {
        self.shared.is_stopping.load(Ordering::Relaxed)
    }
}

impl State {
    /// Ends every connection after what waits for it. Sessions that can come back do not end with it.
    pub(super) fn close_all(&mut self) {
        self.is_stopping = true;
        for connection in self.sessions.values().filter_map(|it| it.connection.as_ref()) {
            connection.close(GOING_AWAY);
        }
    }

    /// Ends some of the connections as [`State::close_all`] does all. `false`: there are none left.
    pub(super) fn close_some(&mut self, n: usize) -> bool {
        self.is_stopping = true;
        let mut n_closed = 0;
        for session in self.sessions.values_mut().filter(|it| !it.is_told_to_go).take(n) {
            session.is_told_to_go = true;
            n_closed += 1;
            if let Some(connection) = &session.connection {
                connection.close(GOING_AWAY);
            }
        }
        n_closed > 0
    }
}
