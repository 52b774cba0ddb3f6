//! What both ends of one MQTT connection share: its packets, and what they put into the send queue.
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::packets::{MqttEvent, Packets};
use crate::{
    accounting::Reason,
    sessions::{Queued, SendQueueFull},
    transports::websocket::{Message, SendQueue},
};

/// For a client to send CONNECT.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct MqttConnection {
    pub(super) send_queue: Arc<SendQueue>,
    packets: Mutex<Packets>,
    /// The client wants what is published to its mailbox.
    is_subscribed: AtomicBool,
}

impl MqttConnection {
    pub(super) fn new(send_queue: Arc<SendQueue>) -> Self {
        let meter = send_queue.meter();
        meter.expect(Some((CONNECT_TIMEOUT, Reason::KeepAliveTimeout)));
        let packets = Mutex::new(Packets::new(meter.limits().message_bytes_max));
        MqttConnection { send_queue, packets, is_subscribed: AtomicBool::new(false) }
    }

    /// What the next packet asks for; the answers that need nobody are on their way. `None`: it asks for nothing, or is not
    /// complete.
    pub(super) fn next(&self, bytes: &mut &[u8]) -> Option<MqttEvent> {
        let meter = self.send_queue.meter();
        let (event, n_before, n_after) = {
            let mut packets = self.packets();
            let n_before = packets.n_unfinished();
            let event = packets.next(bytes);
            self.send(&mut packets);
            if let Some(keep_alive) = packets.keep_alive() {
                meter.expect(keep_alive.map(|it| (it, Reason::KeepAliveTimeout)));
            }
            (event, n_before, packets.n_unfinished())
        };
        // A packet may come in as many messages as its sender likes, and the codec keeps what there is of it.
        meter.account().hold(n_after);
        meter.account().release(n_before);
        event
    }

    /// Sends what the codec makes of this.
    pub(super) fn answer(&self, what: impl FnOnce(&mut Packets)) {
        let mut packets = self.packets();
        what(&mut packets);
        self.send(&mut packets);
    }

    /// Publishes to the client's mailbox, if the client has subscribed to it.
    pub(super) fn publish(&self, topic: &str, text: &str) -> Result<Queued, SendQueueFull> {
        let mut queued = self.send_queue.meter().queue(0, 0)?;
        if self.is_subscribed() {
            let mut packets = self.packets();
            packets.publish(topic, text);
            for packet in packets.take_answers() {
                queued = self.send_queue.put(Message::Binary(packet))?;
            }
        }
        Ok(queued)
    }

    pub(super) fn is_subscribed(&self) -> bool {
        self.is_subscribed.load(Ordering::Relaxed)
    }

    pub(super) fn subscribe(&self, is_subscribed: bool) {
        self.is_subscribed.store(is_subscribed, Ordering::Relaxed);
    }

    fn send(&self, packets: &mut Packets) {
        for answer in packets.take_answers() {
            if self.send_queue.put(Message::Binary(answer)).is_err() {
                // The client sends requests and does not read the responses.
                let reason = self.send_queue.meter().end(Reason::SendQueueFull);
                self.send_queue.meter().abort(reason);
            }
        }
    }

    fn packets(&self) -> MutexGuard<'_, Packets> {
        self.packets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
