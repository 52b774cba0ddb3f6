//! What waits for one client: messages in order, within bounds, and the end of its line.
//!
//! **Invariant:** nothing here blocks, and no message is dropped in silence: one too many is an overrun.
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use tokio::sync::{
    Notify,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};
use tokio_tungstenite::tungstenite::Message;

use crate::{dialects::Farewell, hub::Overrun};

/// The hub's end of a queue.
pub(in crate::adapters) struct Outbox {
    queue: UnboundedSender<Outgoing>,
    n_frames: AtomicUsize,
    n_bytes: AtomicU64,
    frames_max: usize,
    bytes_max: u64,
    /// A probe is under way, and one is enough.
    is_probed: AtomicBool,
    cut: Notify,
}

/// The connection's end of it.
pub(in crate::adapters) type Waiting = UnboundedReceiver<Outgoing>;

pub(in crate::adapters) enum Outgoing {
    Message(Message),
    /// A ping out of turn.
    Probe,
    /// The last thing that is sent.
    Close(Farewell),
}

impl Outbox {
    pub(in crate::adapters) fn new(frames_max: usize, bytes_max: u64) -> (Arc<Outbox>, Waiting) {
        let (queue, waiting) = unbounded_channel();
        let outbox = Outbox {
            queue,
            n_frames: AtomicUsize::new(0),
            n_bytes: AtomicU64::new(0),
            frames_max,
            bytes_max,
            is_probed: AtomicBool::new(false),
            cut: Notify::new(),
        };
        (Arc::new(outbox), waiting)
    }

    pub(in crate::adapters) fn put(&self, message: Message) -> Result<(), Overrun> {
        let n_frames = self.n_frames.fetch_add(1, Ordering::Relaxed) + 1;
        let n_bytes = self.n_bytes.fetch_add(message.len() as u64, Ordering::Relaxed) + message.len() as u64;
        if n_frames > self.frames_max || n_bytes > self.bytes_max {
            return Err(Overrun);
        }
        // Where the connection is gone, the hub hears of that by itself.
        let _ = self.queue.send(Outgoing::Message(message));
        Ok(())
    }

    pub(in crate::adapters) fn close(&self, why: Farewell) {
        let _ = self.queue.send(Outgoing::Close(why));
    }

    pub(in crate::adapters) fn probe(&self) {
        if !self.is_probed.swap(true, Ordering::Relaxed) {
            let _ = self.queue.send(Outgoing::Probe);
        }
    }

    /// At once, whatever waits.
    pub(in crate::adapters) fn cut(&self) {
        self.cut.notify_one();
    }

    pub(super) async fn is_cut(&self) {
        self.cut.notified().await;
    }

    /// A message has left.
    pub(super) fn sent(&self, n_bytes: usize) {
        self.n_frames.fetch_sub(1, Ordering::Relaxed);
        self.n_bytes.fetch_sub(n_bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn probe_sent(&self) {
        self.is_probed.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Message, Outbox, Overrun};

    #[test]
    fn one_frame_or_byte_too_many_is_an_overrun() {
        let text = || Message::text("1234");
        let (outbox, _waiting) = Outbox::new(2, 100);
        assert_eq!([outbox.put(text()), outbox.put(text()), outbox.put(text())], [Ok(()), Ok(()), Err(Overrun)]);
        let (outbox, _waiting) = Outbox::new(100, 8);
        assert_eq!([outbox.put(text()), outbox.put(text()), outbox.put(text())], [Ok(()), Ok(()), Err(Overrun)]);
    }

    #[test]
    fn what_has_left_makes_room() {
        let (outbox, mut waiting) = Outbox::new(1, 4);
        for _ in 0..3 {
            outbox.put(Message::text("1234")).unwrap();
            assert!(waiting.try_recv().is_ok());
            outbox.sent(4);
        }
    }

    #[test]
    fn one_probe_is_under_way_at_a_time() {
        let (outbox, mut waiting) = Outbox::new(1, 4);
        outbox.probe();
        outbox.probe();
        assert!(waiting.try_recv().is_ok() && waiting.try_recv().is_err());
        outbox.probe_sent();
        outbox.probe();
        assert!(waiting.try_recv().is_ok());
    }
}
