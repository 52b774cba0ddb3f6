//! What one connection costs and whether its client still takes part: its account, what waits to be sent, when the client
//! last answered a ping, and why the connection ends.
//!
//! **Invariants:** the first reason to end is the one that holds. What waits is held on the account from before it is queued
//! until it is written. The account is not called while a lock is held, because it may call [`Meter::abort`].
use std::{
    io,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Context,
    time::Duration,
};

use futures_util::task::AtomicWaker;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::TransportLimits;
use crate::{
    accounting::{Account, Reason},
    sessions::{Queued, SendQueueFull},
};

/// Memory of one frame that waits, beside its bytes: its place in a queue, its buffers' bookkeeping and rounding.
pub(super) const FRAME_COST: u64 = 256;

/// Shared by a connection's stream, its send queue, and whoever ends it.
pub(super) struct Meter {
    account: Arc<Account>,
    limits: Arc<TransportLimits>,
    /// So much longer the answer to a ping may take.
    slack: Duration,
    end: OnceLock<Reason>,
    is_aborted: AtomicBool,
    aborted: Notify,
    // One reader and one writer may wait on a stream, each with a waker of its own.
    reader: AtomicWaker,
    writer: AtomicWaker,
    /// There is an earlier deadline.
    changed: Notify,
    state: Mutex<State>,
}

struct State {
    /// What waits to be sent, and what was.
    n_frames: usize,
    n_bytes: u64,
    n_taken: u64,
    /// When the client last answered a ping.
    alive_at: Instant,
    /// A ping was written, and its answer has not come.
    is_asked: bool,
    n_answers: u32,
    /// Since when nothing of what is written leaves.
    blocked_at: Option<Instant>,
    /// What the client owes, until when, and the reason to end if it does not come.
    owes: Option<(Instant, Reason)>,
}

impl Meter {
    pub(super) fn new(account: Arc<Account>, limits: Arc<TransportLimits>) -> Arc<Self> {
        Meter::with_slack(account, limits, Duration::ZERO)
    }

    /// For a connection whose library has a heartbeat of its own, which comes first where it can.
    pub(super) fn with_slack(account: Arc<Account>, limits: Arc<TransportLimits>, slack: Duration) -> Arc<Self> {
        let state = State {
            n_frames: 0,
            n_bytes: 0,
            n_taken: 0,
            alive_at: Instant::now(),
            is_asked: false,
            n_answers: 0,
            blocked_at: None,
            owes: None,
        };
        let meter = Arc::new(Meter {
            account,
            limits,
            slack,
            end: OnceLock::new(),
            is_aborted: AtomicBool::new(false),
            aborted: Notify::new(),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
            changed: Notify::new(),
            state: Mutex::new(state),
        });
        let weak = Arc::downgrade(&meter);
        meter.account.on_abort(move |reason| {
            if let Some(meter) = weak.upgrade() {
                meter.abort(reason);
            }
        });
        meter
    }

    pub(super) fn account(&self) -> &Arc<Account> {
        &self.account
    }

    pub(super) fn limits(&self) -> &TransportLimits {
        &self.limits
    }

    /// The connection ends, for the reason that was first. Returns that one.
    pub(super) fn end(&self, reason: Reason) -> Reason {
        *self.end.get_or_init(|| reason)
    }

    /// The connection ends at once: every read and write fails, those already waiting included.
    pub(super) fn abort(&self, reason: Reason) {
        self.end(reason);
        self.is_aborted.store(true, Ordering::SeqCst);
        self.aborted.notify_waiters();
        self.reader.wake();
        self.writer.wake();
    }

    /// Done once the connection is aborted.
    pub(super) async fn aborted(&self) {
        let mut aborted = pin!(self.aborted.notified());
        // From here on it is woken, so that an abort in between is not missed.
        aborted.as_mut().enable();
        if !self.is_aborted() {
            aborted.await;
        }
    }

    /// Why the connection ends or has ended. From then on nothing that its client says is passed on.
    pub(super) fn reason(&self) -> Option<Reason> {
        self.end.get().copied()
    }

    /// # Errors
    /// The connection is aborted.
    pub(super) fn check_read(&self, cx: &Context<'_>) -> io::Result<()> {
        self.reader.register(cx.waker());
        self.check()
    }

    /// # Errors
    /// The connection is aborted.
    pub(super) fn check_write(&self, cx: &Context<'_>) -> io::Result<()> {
        self.writer.register(cx.waker());
        self.check()
    }

    /// There may be something to read again.
    pub(super) fn wake_reader(&self) {
        self.reader.wake();
    }

    /// Counts what is about to be queued: frames, and bytes of payload.
    pub(super) fn queue(&self, n_frames: usize, n_bytes: u64) -> Result<Queued, SendQueueFull> {
        let (frames_max, bytes_max) = (self.limits.frames_waiting_max, self.limits.bytes_waiting_max);
        let queued = {
            let mut state = self.state();
            let (frames, bytes) = (state.n_frames.saturating_add(n_frames), state.n_bytes.saturating_add(n_bytes));
            if frames > frames_max || bytes > bytes_max {
                return Err(SendQueueFull);
            }
            (state.n_frames, state.n_bytes) = (frames, bytes);
            let fullness = part(frames as u64, frames_max as u64).max(part(bytes, bytes_max));
            Queued { fullness, taken_bytes: state.n_taken }
        };
        self.account.hold(cost(n_frames, n_bytes));
        Ok(queued)
    }

    /// What was queued has been written, and the client has taken it; or `is_taken` is false, and it is lost.
    pub(super) fn unqueue(&self, n_frames: usize, n_bytes: u64, is_taken: bool) {
        let freed = {
            let mut state = self.state();
            let (n_frames, n_bytes) = (n_frames.min(state.n_frames), n_bytes.min(state.n_bytes));
            state.n_frames -= n_frames;
            state.n_bytes -= n_bytes;
            state.n_taken += if is_taken { n_bytes } else { 0 };
            cost(n_frames, n_bytes)
        };
        self.account.release(freed);
    }

    /// A ping has been written.
    pub(super) fn on_ping_sent(&self) {
        self.state().is_asked = true;
    }

    /// A ping was written, and no answer has come yet.
    pub(super) fn is_asked(&self) -> bool {
        self.state().is_asked
    }

    /// A pong has come. Only the first one after a ping is an answer: a client that does not read can send pongs too.
    pub(super) fn on_pong(&self) {
        let mut state = self.state();
        if std::mem::take(&mut state.is_asked) {
            state.alive_at = Instant::now();
            state.n_answers = state.n_answers.wrapping_add(1);
        }
    }

    /// How many pings the client has answered.
    pub(super) fn n_answers(&self) -> u32 {
        self.state().n_answers
    }

    /// The client takes part, and is not expected to answer a ping for so long.
    pub(super) fn extend(&self, grace: Duration) {
        self.state().alive_at = Instant::now() + grace;
    }

    /// Something was to be written, and some of it has left or, `is_blocked`, none.
    pub(super) fn on_write(&self, is_blocked: bool) {
        let mut state = self.state();
        if !is_blocked {
            state.blocked_at = None;
        } else if state.blocked_at.is_none() {
            let before = state.deadline(&self.limits, self.slack).0;
            state.blocked_at = Some(Instant::now());
            if state.deadline(&self.limits, self.slack).0 < before {
                self.changed.notify_one();
            }
        }
    }

    /// The client has to send something within this time. `None`: it owes nothing.
    pub(super) fn expect(&self, within: Option<(Duration, Reason)>) {
        let new = within.map(|(time, reason)| (Instant::now() + time, reason));
        let old = std::mem::replace(&mut self.state().owes, new);
        // A later deadline shows when the earlier one has come.
        if new.is_some_and(|(new, _)| old.is_none_or(|(old, _)| new < old)) {
            self.changed.notify_one();
        }
    }

    /// Done when the connection has to end: a deadline has passed, or it was aborted. To be waited for once at a time.
    pub(super) async fn expired(&self) -> Reason {
        loop {
            let (at, _) = self.deadline();
            tokio::select! {
                biased;
                () = self.aborted() => return self.reason().unwrap_or(Reason::ByServer),
                () = self.changed.notified() => (),
                () = sleep_until(at) => {
                    let (at, reason) = self.deadline();
                    if at <= Instant::now() {
                        return self.end(reason);
                    }
                }
            }
        }
    }

    /// Why the connection has to end, once it has to: a deadline has passed, or it was aborted.
    pub(super) fn overdue(&self) -> Option<Reason> {
        if self.is_aborted() {
            return Some(self.reason().unwrap_or(Reason::ByServer));
        }
        let (at, reason) = self.deadline();
        (at <= Instant::now()).then(|| self.end(reason))
    }

    fn deadline(&self) -> (Instant, Reason) {
        self.state().deadline(&self.limits, self.slack)
    }

    fn is_aborted(&self) -> bool {
        self.is_aborted.load(Ordering::SeqCst)
    }

    fn check(&self) -> io::Result<()> {
        if self.is_aborted() { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Meter {
    /// The account may go on with another connection.
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.account.release(cost(state.n_frames, state.n_bytes));
    }
}

impl State {
    /// When the connection has to end unless something comes before, and the reason that there is then.
    fn deadline(&self, limits: &TransportLimits, slack: Duration) -> (Instant, Reason) {
        let patience = limits.ping_interval + limits.ping_timeout;
        let silent = if self.blocked_at.is_some() { Reason::WriteTimeout } else { Reason::PingTimeout };
        let silence = (self.alive_at + patience + slack, silent);
        // A little less: whoever carries the connection below has the same deadline, and knows no sessions.
        let block = self.blocked_at.map(|it| (it + patience - patience / 16, Reason::WriteTimeout));
        let deadlines = [Some(silence), block, self.owes].into_iter().flatten();
        deadlines.min_by_key(|it| it.0).unwrap_or(silence)
    }
}

/// In 256ths.
fn part(n: u64, max: u64) -> u8 {
    u8::try_from(u128::from(n) * 256 / u128::from(max.max(1))).unwrap_or(u8::MAX)
}

fn cost(n_frames: usize, n_bytes: u64) -> u64 {
    n_bytes + n_frames as u64 * FRAME_COST
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::{accounting::Ledger, transports::test_server::LIMITS};

    #[test]
    fn what_waits_for_a_connection_is_held_no_longer_than_it_although_its_account_goes_on() {
        let ledger = Ledger::new(Default::default());
        let account = ledger.open_account(Ipv4Addr::LOCALHOST.into(), b"", 100).unwrap();
        let meter = Meter::new(account.clone(), Arc::new(LIMITS));
        meter.queue(3, 1_000).unwrap();
        meter.unqueue(1, 200, true);
        assert_eq!(account.held(), 100 + 2 * FRAME_COST + 800);
        drop(meter);
        assert_eq!((account.held(), ledger.balance().memory.held), (100, 100));
    }
}
