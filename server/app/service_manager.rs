//! What the service manager, which is systemd or speaks as it does, is told of the process: sd_notify(3).
//!
//! **Invariant:** where nobody listens, or the system does not let us speak, the server goes on as if there were none.
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::sleep;

use crate::sessions::Sessions;

/// It listens, and this is the address to open.
pub(super) fn ready(url: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&format!("serves {url}"))]);
}

/// It reads its settings again, until [`ready`] or [`reloaded`].
pub(super) fn reloading() {
    // systemd takes the word for this reload, and not for an earlier one, by its time.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(event = "service_manager", %error),
    }
}

/// It has read its settings again, and that came to this.
pub(super) fn reloaded(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// It ends within this time, which may be longer than the unit file knows (`http.drain_s`).
pub(super) fn stopping(within: Duration) {
    let within = u32::try_from(within.as_micros()).unwrap_or(u32::MAX);
    tell(&[NotifyState::Stopping, NotifyState::ExtendTimeoutUsec(within), NotifyState::Status("stops")]);
}

/// Never done. Says that the server lives, as often as the manager wants to hear it (`WatchdogSec=`), for as long as timers run
/// and the sessions' lock comes free.
pub(super) async fn keep_alive(sessions: &Sessions) {
    let Some(deadline) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    loop {
        let counts = sessions.counts();
        let (n_peers, n_rooms) =
            counts.iter().fold((0, 0), |(peers, rooms), it| (peers + it.n_peers, rooms + it.n_rooms));
        tracing::trace!(event = "watchdog", n_peers, n_rooms);
        tell(&[NotifyState::Watchdog]);
        sleep(deadline / 2).await;
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(event = "service_manager", %error);
    }
}
