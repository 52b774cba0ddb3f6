//! What both ends of one connection share: its packets, what waits to be sent, and until when the client has to say
//! something.
use std::{
    future::pending,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::packets::{MqttEvent, Packets};
use crate::{
    protocols::CloseReason,
    sessions::SendQueueFull,
    transports::websocket::{Message, SendQueue},
};

/// For a client to say CONNECT.
const PATIENCE: Duration = Duration::from_secs(10);

const LATE: CloseReason = CloseReason { code: 1002, reason: "nothing was incoming for too long" };

pub(super) struct MqttConnection {
    pub(super) send_queue: Arc<SendQueue>,
    packets: Mutex<Packets>,
    /// It wants to hear what is in its mailbox.
    is_subscribed: AtomicBool,
    /// When its silence is over, or else it.
    deadline: Mutex<Option<Instant>>,
    deadline_set: Notify,
}

impl MqttConnection {
    pub(super) fn new(send_queue: Arc<SendQueue>, packet_bytes_max: usize) -> Self {
        MqttConnection {
            send_queue,
            packets: Mutex::new(Packets::new(packet_bytes_max)),
            is_subscribed: AtomicBool::new(false),
            deadline: Mutex::new(Some(Instant::now() + PATIENCE)),
            deadline_set: Notify::new(),
        }
    }

    /// The next word that somebody has to do something about. Everything else that follows from what was heard is on its
    /// way.
    pub(super) fn next(&self, bytes: &mut &[u8]) -> Option<MqttEvent> {
        let mut packets = self.packets();
        let n_before = bytes.len();
        let word = packets.next(bytes);
        self.send(&mut packets);
        // The codec measures silence from the first packet on, before which there is our own patience.
        if n_before > 0
            && let Some(silence_max) = packets.heard()
        {
            self.set_deadline(silence_max);
        }
        word
    }

    /// Sends what the codec makes of this.
    pub(super) fn answer(&self, what: impl FnOnce(&mut Packets)) {
        let mut packets = self.packets();
        what(&mut packets);
        self.send(&mut packets);
    }

    /// Puts something into the client's mailbox, if it looks there.
    pub(super) fn publish(&self, topic: &str, text: &str) -> Result<(), SendQueueFull> {
        if !self.is_subscribed() {
            return Ok(());
        }
        let mut packets = self.packets();
        packets.publish(topic, text);
        packets.take_answers().into_iter().try_for_each(|it| self.send_queue.put(Message::Binary(it)))
    }

    pub(super) fn is_subscribed(&self) -> bool {
        self.is_subscribed.load(Ordering::Relaxed)
    }

    pub(super) fn subscribe(&self, is_subscribed: bool) {
        self.is_subscribed.store(is_subscribed, Ordering::Relaxed);
    }

    /// Never done. Ends the line of a client that does not speak in time.
    pub(super) async fn watch(&self) {
        loop {
            let deadline = *self.deadline();
            match deadline {
                Some(at) if at <= Instant::now() => break,
                Some(at) => tokio::select! {
                    () = sleep_until(at) => (),
                    () = self.deadline_set.notified() => (),
                },
                None => self.deadline_set.notified().await,
            }
        }
        tracing::info!(event = "disconnect", reason = "keep_alive_timeout");
        self.send_queue.close(LATE);
        pending().await
    }

    fn set_deadline(&self, silence_max: Option<Duration>) {
        let new = silence_max.map(|it| Instant::now() + it);
        let old = std::mem::replace(&mut *self.deadline(), new);
        // One that is later shows when the earlier has come.
        if new.is_none_or(|new| old.is_none_or(|old| new < old)) {
            self.deadline_set.notify_one();
        }
    }

    fn send(&self, packets: &mut Packets) {
        for answer in packets.take_answers() {
            if self.send_queue.put(Message::Binary(answer)) == Err(SendQueueFull) {
                // It asks and does not read the answers.
                self.send_queue.abort();
            }
        }
    }

    fn packets(&self) -> MutexGuard<'_, Packets> {
        self.packets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deadline(&self) -> MutexGuard<'_, Option<Instant>> {
        self.deadline.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
