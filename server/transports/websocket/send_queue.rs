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

use crate::{protocols::CloseReason, sessions::SendQueueFull};

/// The sessions's end of a queue.
pub(in crate::transports) struct SendQueue {
    queue: UnboundedSender<Outgoing>,
    n_frames: AtomicUsize,
    n_bytes: AtomicU64,
    frames_max: usize,
    bytes_max: u64,
    /// A ping is under way, and one is enough.
    is_ping_queued: AtomicBool,
    cut: Notify,
}

/// The connection's end of it.
pub(in crate::transports) type SendQueueReceiver = UnboundedReceiver<Outgoing>;

pub(in crate::transports) enum Outgoing {
    Message(Message),
    /// A ping out of turn.
    Ping,
    /// The last thing that is sent.
    Close(CloseReason),
}

impl SendQueue {
    pub(in crate::transports) fn new(frames_max: usize, bytes_max: u64) -> (Arc<SendQueue>, SendQueueReceiver) {
        let (queue, waiting) = unbounded_channel();
        let send_queue = SendQueue {
            queue,
            n_frames: AtomicUsize::new(0),
            n_bytes: AtomicU64::new(0),
            frames_max,
            bytes_max,
            is_ping_queued: AtomicBool::new(false),
            cut: Notify::new(),
        };
        (Arc::new(send_queue), waiting)
    }

    pub(in crate::transports) fn put(&self, message: Message) -> Result<(), SendQueueFull> {
        let n_frames = self.n_frames.fetch_add(1, Ordering::Relaxed) + 1;
        let n_bytes = self.n_bytes.fetch_add(message.len() as u64, Ordering::Relaxed) + message.len() as u64;
        if n_frames > self.frames_max || n_bytes > self.bytes_max {
            return Err(SendQueueFull);
        }
        // Where the connection is gone, the sessions hears of that by itself.
        let _ = self.queue.send(Outgoing::Message(message));
        Ok(())
    }

    pub(in crate::transports) fn close(&self, why: CloseReason) {
        let _ = self.queue.send(Outgoing::Close(why));
    }

    pub(in crate::transports) fn ping(&self) {
        if !self.is_ping_queued.swap(true, Ordering::Relaxed) {
            let _ = self.queue.send(Outgoing::Ping);
        }
    }

    /// At once, whatever waits.
    pub(in crate::transports) fn abort(&self) {
        self.cut.notify_one();
    }

    pub(super) async fn aborted(&self) {
        self.cut.notified().await;
    }

    /// A message has left.
    pub(super) fn sent(&self, n_bytes: usize) {
        self.n_frames.fetch_sub(1, Ordering::Relaxed);
        self.n_bytes.fetch_sub(n_bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn ping_sent(&self) {
        self.is_ping_queued.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Message, SendQueue, SendQueueFull};

    #[test]
    fn one_frame_or_byte_too_many_is_an_overrun() {
        let text = || Message::text("1234");
        let (send_queue, _waiting) = SendQueue::new(2, 100);
        assert_eq!(
            [send_queue.put(text()), send_queue.put(text()), send_queue.put(text())],
            [Ok(()), Ok(()), Err(SendQueueFull)]
        );
        let (send_queue, _waiting) = SendQueue::new(100, 8);
        assert_eq!(
            [send_queue.put(text()), send_queue.put(text()), send_queue.put(text())],
            [Ok(()), Ok(()), Err(SendQueueFull)]
        );
    }

    #[test]
    fn what_has_left_makes_room() {
        let (send_queue, mut waiting) = SendQueue::new(1, 4);
        for _ in 0..3 {
            send_queue.put(Message::text("1234")).unwrap();
            assert!(waiting.try_recv().is_ok());
            send_queue.sent(4);
        }
    }

    #[test]
    fn one_probe_is_under_way_at_a_time() {
        let (send_queue, mut waiting) = SendQueue::new(1, 4);
        send_queue.ping();
        send_queue.ping();
        assert!(waiting.try_recv().is_ok() && waiting.try_recv().is_err());
        send_queue.ping_sent();
        send_queue.ping();
        assert!(waiting.try_recv().is_ok());
    }
}
