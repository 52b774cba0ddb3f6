//! The connection of the session that hosts stars: what it is told goes into a queue of this process.
use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{
    accounting::{Account, Reason},
    protocols::{CloseReason, Frame},
    sessions::{Connection, Queued, SendQueueFull},
};

/// Frames and bytes that may wait. A room's people get nowhere near it: who fills it is ended before.
const FRAMES_MAX: usize = 32_768;
const BYTES_MAX: u64 = 64 << 20;

/// One end: what the sessions know.
pub(super) struct Queue {
    queue: UnboundedSender<Told>,
    shared: Arc<Shared>,
}

/// The other: what it is told, in order.
pub(super) struct Inbox {
    queue: UnboundedReceiver<Told>,
    shared: Arc<Shared>,
}

enum Told {
    Frame(Frame),
    Ended(Reason),
}

struct Shared {
    account: Arc<Account>,
    n_frames: AtomicUsize,
    n_bytes: AtomicU64,
    taken_bytes: AtomicU64,
}

impl Queue {
    pub(super) fn new(account: Arc<Account>) -> (Arc<Queue>, Inbox) {
        let (sender, queue) = unbounded_channel();
        let (n_frames, n_bytes, taken_bytes) = Default::default();
        let shared = Arc::new(Shared { account, n_frames, n_bytes, taken_bytes });
        let cut = sender.clone();
        shared.account.on_abort(move |reason| drop(cut.send(Told::Ended(reason))));
        (Arc::new(Queue { queue: sender, shared: shared.clone() }), Inbox { queue, shared })
    }
}

impl Connection for Queue {
    fn send(&self, frame: Frame) -> Result<Queued, SendQueueFull> {
        let Shared { account, n_frames, n_bytes, taken_bytes } = &*self.shared;
        let cost = frame.text.len() as u64;
        // Sessions call under their lock, one at a time.
        let (frames, bytes) = (n_frames.load(Ordering::Relaxed) + 1, n_bytes.load(Ordering::Relaxed) + cost);
        if frames > FRAMES_MAX || bytes > BYTES_MAX {
            return Err(SendQueueFull);
        }
        n_frames.fetch_add(1, Ordering::Relaxed);
        n_bytes.fetch_add(cost, Ordering::Relaxed);
        account.hold(cost);
        let _ = self.queue.send(Told::Frame(frame));
        let fullness = (frames * 256 / FRAMES_MAX).max((bytes * 256 / BYTES_MAX) as usize).min(255);
        let fullness = u8::try_from(fullness).unwrap_or(u8::MAX);
        Ok(Queued { fullness, taken_bytes: taken_bytes.load(Ordering::Relaxed) })
    }

    fn abort(&self, reason: Reason) {
        let _ = self.queue.send(Told::Ended(reason));
    }

    fn close(&self, _why: CloseReason) {
        self.abort(Reason::ByServer);
    }
}

impl Inbox {
    /// The next frame.
    ///
    /// # Errors
    /// The connection is to end.
    pub(super) async fn next(&mut self) -> Result<Frame, Reason> {
        match self.queue.recv().await {
            Some(Told::Frame(frame)) => {
                self.shared.take(&frame);
                Ok(frame)
            }
            Some(Told::Ended(reason)) => Err(reason),
            None => Err(Reason::ByServer),
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.queue.close();
        while let Ok(told) = self.queue.try_recv() {
            if let Told::Frame(frame) = told {
                self.shared.take(&frame);
            }
        }
    }
}

impl Shared {
    fn take(&self, frame: &Frame) {
        let cost = frame.text.len() as u64;
        self.n_frames.fetch_sub(1, Ordering::Relaxed);
        self.n_bytes.fetch_sub(cost, Ordering::Relaxed);
        self.taken_bytes.fetch_add(cost, Ordering::Relaxed);
        self.account.release(cost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounting::{Ledger, Limits};

    fn frame(n_bytes: usize) -> Frame {
        Frame { text: "x".repeat(n_bytes), attachments: Default::default() }
    }

    #[tokio::test]
    async fn what_waits_is_held_and_bounded() {
        let ledger = Ledger::new(Limits::default());
        let account = ledger.open_account([127, 0, 0, 1].into(), b"", 0).unwrap();
        let (queue, mut inbox) = Queue::new(account.clone());
        assert_eq!(queue.send(frame(1_000)).unwrap().fullness, 0);
        assert_eq!(account.held(), 1_000);
        assert_eq!(inbox.next().await.unwrap().text.len(), 1_000);
        assert_eq!((account.held(), queue.send(frame(1)).unwrap().taken_bytes), (0, 1_000));
        let half = BYTES_MAX as usize / 2;
        assert_eq!(queue.send(frame(half)).unwrap().fullness, 128);
        assert_eq!(queue.send(frame(half)), Err(SendQueueFull));
        queue.abort(Reason::MemoryCut);
        drop(inbox);
        assert_eq!(account.held(), 0, "what nobody takes any more is released");
    }

    #[test]
    fn frames_are_bounded_however_short() {
        let ledger = Ledger::new(Limits::default());
        let account = ledger.open_account([127, 0, 0, 1].into(), b"", 0).unwrap();
        let (queue, _inbox) = Queue::new(account);
        assert!((0..FRAMES_MAX).all(|_| queue.send(frame(1)).is_ok()));
        assert_eq!(queue.send(frame(1)), Err(SendQueueFull));
    }

    #[tokio::test]
    async fn its_end_comes_after_what_was_said_before() {
        let ledger = Ledger::new(Limits::default());
        let account = ledger.open_account([127, 0, 0, 1].into(), b"", 0).unwrap();
        let (queue, mut inbox) = Queue::new(account.clone());
        queue.send(frame(1)).unwrap();
        account.abort(Reason::MemoryCut);
        assert!(inbox.next().await.is_ok());
        assert_eq!(inbox.next().await.err(), Some(Reason::MemoryCut));
    }
}
