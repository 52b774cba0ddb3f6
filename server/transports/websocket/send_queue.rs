//! What waits to be sent to one client: messages in order, and at last the end of the connection.
//!
//! **Invariant:** nothing here blocks, and no message is dropped in silence: one that does not fit is an error.
use std::{
    iter,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    accounting::Reason,
    protocols::CloseReason,
    sessions::{Queued, SendQueueFull},
    transports::meter::Meter,
};

/// The end at which messages are put in.
pub(in crate::transports) struct SendQueue {
    queue: UnboundedSender<Outgoing>,
    meter: Arc<Meter>,
    /// One ping at a time is enough.
    is_ping_queued: AtomicBool,
}

/// The connection's end.
pub(in crate::transports) type SendQueueReceiver = UnboundedReceiver<Outgoing>;

pub(in crate::transports) enum Outgoing {
    Message(Message),
    /// A ping out of turn.
    Ping,
    /// The last thing that is sent.
    Close(CloseReason),
}

impl SendQueue {
    pub(in crate::transports) fn new(meter: Arc<Meter>) -> (Arc<SendQueue>, SendQueueReceiver) {
        let (queue, waiting) = unbounded_channel();
        (Arc::new(SendQueue { queue, meter, is_ping_queued: AtomicBool::new(false) }), waiting)
    }

    pub(in crate::transports) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    pub(in crate::transports) fn put(&self, message: Message) -> Result<Queued, SendQueueFull> {
        self.put_all(message, iter::empty())
    }

    /// Puts in all of them or none.
    pub(in crate::transports) fn put_all(
        &self,
        first: Message,
        rest: impl ExactSizeIterator<Item = Message> + Clone,
    ) -> Result<Queued, SendQueueFull> {
        let n_bytes = rest.clone().fold(first.len(), |n, it| n + it.len());
        // Given back by whoever sees the messages leave.
        let queued = self.meter.queue(1 + rest.len(), n_bytes as u64)?;
        for message in iter::once(first).chain(rest) {
            // Where the connection is gone, its end has been reported already.
            let _ = self.queue.send(Outgoing::Message(message));
        }
        Ok(queued)
    }

    /// Sends a close frame after what waits. Nothing that the client sends is passed on any more.
    pub(in crate::transports) fn close(&self, reason: Reason, why: CloseReason) {
        self.meter.end(reason);
        let _ = self.queue.send(Outgoing::Close(why));
    }

    pub(in crate::transports) fn ping(&self) {
        if !self.is_ping_queued.swap(true, Ordering::Relaxed) {
            let _ = self.queue.send(Outgoing::Ping);
        }
    }

    pub(super) fn on_ping_sent(&self) {
        self.is_ping_queued.store(false, Ordering::Relaxed);
    }
}
