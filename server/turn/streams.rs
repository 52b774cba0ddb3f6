//! Clients over TCP and TLS: messages cut out of a stream, and what waits for those who read slowly.
//!
//! **Invariants:** what waits has a bound for each stream and for all of them, and is held in the ledger; what is more is
//! dropped. So are a stream's own buffers held. A stream without an allocation does not stay.
use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::mpsc::{self, Receiver, Sender},
    time::{Instant, sleep_until},
};

use super::TurnServer;
use crate::{
    accounting::{Holding, Ledger, Reason},
    relay::{FiveTuple, Frame, frame},
};

/// Of one stream: a fifth of a second of video at 10 Mbit/s.
const QUEUE_BYTES_MAX: usize = 256 * 1024;
const QUEUE_MESSAGES_MAX: usize = 512;

/// Of all streams: this part of the memory that the process may have. It is nobody's in particular, so that the ledger would
/// end sessions for it that have no part in it.
const QUEUES_PART: u64 = 8;

/// Written at a time.
const WRITE_BYTES: usize = 64 * 1024;
/// Read at a time, while no longer message is on its way.
const READ_BYTES: usize = 4 * 1024;

/// Of a message of a client that has no allocation.
const STRANGERS_BYTES_MAX: usize = 2 * 1024;

/// For a client to make an allocation, and to go once it has none any more.
const WITHOUT_ALLOCATION: Duration = Duration::from_secs(30);

/// The streams that are open, by their numbers.
#[derive(Default)]
pub(super) struct Streams {
    n_opened: AtomicU32,
    /// Waiting in all queues.
    n_bytes: Arc<AtomicU64>,
    queues: [Mutex<HashMap<NonZeroU32, Queue>>; 16],
}

#[derive(Clone)]
struct Queue {
    sender: Sender<Queued>,
    n_bytes: Arc<AtomicUsize>,
}

struct Queued {
    bytes: Vec<u8>,
    all: Arc<AtomicU64>,
    _holding: Holding,
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes.len() as u64, Ordering::Relaxed);
    }
}

/// As much waits for this client as may wait, or it has gone.
pub(super) struct QueueFull;

impl Streams {
    fn open(&self) -> (NonZeroU32, Receiver<Queued>, Arc<AtomicUsize>) {
        let (sender, receiver) = mpsc::channel(QUEUE_MESSAGES_MAX);
        let n_bytes = Arc::new(AtomicUsize::new(0));
        let queue = Queue { sender, n_bytes: n_bytes.clone() };
        loop {
            // Numbers come again after 2^32 streams, and one of them may still be open.
            let number = NonZeroU32::new(self.n_opened.fetch_add(1, Ordering::Relaxed).wrapping_add(1));
            let Some(number) = number else { continue };
            let mut queues = self.of(number);
            if let std::collections::hash_map::Entry::Vacant(entry) = queues.entry(number) {
                entry.insert(queue);
                return (number, receiver, n_bytes);
            }
        }
    }

    fn close(&self, number: NonZeroU32) {
        self.of(number).remove(&number);
    }

    pub(super) fn queue(&self, number: NonZeroU32, bytes: &[u8], ledger: &Ledger) -> Result<(), QueueFull> {
        let Queue { sender, n_bytes } = self.of(number).get(&number).cloned().ok_or(QueueFull)?;
        let waiting = n_bytes.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len();
        let queued = if waiting > QUEUE_BYTES_MAX { None } else { self.hold(bytes, ledger) };
        if queued.is_none_or(|it| sender.try_send(it).is_err()) {
            n_bytes.fetch_sub(bytes.len(), Ordering::Relaxed);
            return Err(QueueFull);
        }
        Ok(())
    }

    /// `None`: as much waits in all queues as may, or memory is full.
    fn hold(&self, bytes: &[u8], ledger: &Ledger) -> Option<Queued> {
        let n_bytes = bytes.len() as u64;
        let waiting = self.n_bytes.fetch_add(n_bytes, Ordering::Relaxed) + n_bytes;
        let holding =
            if waiting > ledger.limits().memory_bytes_max / QUEUES_PART { None } else { ledger.hold(n_bytes).ok() };
        if holding.is_none() {
            self.n_bytes.fetch_sub(n_bytes, Ordering::Relaxed);
        }
        Some(Queued { bytes: bytes.to_owned(), all: self.n_bytes.clone(), _holding: holding? })
    }

    fn of(&self, number: NonZeroU32) -> MutexGuard<'_, HashMap<NonZeroU32, Queue>> {
        let at = number.get() as usize % self.queues.len();
        self.queues[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open stream. What it has at the relay ends with it.
struct OpenStream<'a> {
    server: &'a TurnServer,
    client: FiveTuple,
    number: NonZeroU32,
}

impl Drop for OpenStream<'_> {
    fn drop(&mut self) {
        self.server.streams.close(self.number);
        self.server.relay.close(&self.client);
    }
}

impl TurnServer {
    /// Serves one client until its stream ends, or it has had no allocation for too long.
    pub async fn carry<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S, client: SocketAddr) -> Reason {
        let (number, mut waiting, n_waiting) = self.streams.open();
        let client = SocketAddr::new(client.ip().to_canonical(), client.port());
        let client = FiveTuple { stream: Some(number), server: None, client };
        let _open = OpenStream { server: self, client, number };
        let (mut read, mut written, mut out) = (BytesMut::new(), Vec::new(), Vec::new());
        let mut deadline = Instant::now() + WITHOUT_ALLOCATION;
        let mut held = self.ledger.hold_nothing();
        loop {
            // What a long message took is given back once it has gone.
            shrink(&mut written);
            shrink(&mut out);
            if read.is_empty() && read.capacity() > READ_BYTES {
                read = BytesMut::new();
            }
            held.resize((read.capacity() + written.capacity() + out.capacity()) as u64);
            tokio::select! {
                n = stream.read_buf(&mut read) => match n {
                    Ok(0) => return Reason::ClientClosed,
                    Err(error) => return of_error(&error),
                    Ok(_) => if self.take_messages(&client, &mut read, &mut out).is_err() {
                        self.ledger.count(Reason::RelayMalformed);
                        return Reason::ProtocolError;
                    }
                },
                Some(queued) = waiting.recv() => {
                    written.clear();
                    let mut next = Some(queued);
                    while let Some(queued) = next {
                        written.extend_from_slice(&queued.bytes);
                        n_waiting.fetch_sub(queued.bytes.len(), Ordering::Relaxed);
                        next = if written.len() < WRITE_BYTES { waiting.try_recv().ok() } else { None };
                    }
                    // It may be long until the client takes it.
                    held.resize((read.capacity() + written.capacity() + out.capacity()) as u64);
                    let all = async {
                        stream.write_all(&written).await?;
                        stream.flush().await
                    };
                    if let Err(error) = all.await {
                        return of_error(&error);
                    }
                }
                () = sleep_until(deadline) => {
                    if !self.relay.has_allocation(self.now(), &client) {
                        return Reason::IdleTimeout;
                    }
                    deadline = Instant::now() + WITHOUT_ALLOCATION;
                }
            }
        }
    }

    /// Hands whole messages to the relay.
    fn take_messages(&self, client: &FiveTuple, read: &mut BytesMut, out: &mut Vec<u8>) -> Result<(), ()> {
        let now = self.now();
        loop {
            match frame(read) {
                Err(_) => return Err(()),
                Ok(Frame::Needs(length)) => {
                    // Strangers have requests to make, which are short; what begins otherwise is another protocol.
                    let is_a_strangers = length <= STRANGERS_BYTES_MAX && read.first().is_none_or(|it| it >> 6 == 0);
                    if !is_a_strangers && !self.relay.has_allocation(now, client) {
                        return Err(());
                    }
                    read.reserve(length.max(READ_BYTES).saturating_sub(read.len()));
                    return Ok(());
                }
                Ok(Frame::Whole { length, next }) => {
                    let message = read.split_to(next);
                    let outcome = self.relay.receive(now, *client, message.get(..length).unwrap_or_default(), out);
                    self.count(outcome.refusal);
                    if let Some(target) = outcome.target {
                        self.send(target, out);
                    }
                }
            }
        }
    }
}

fn shrink(buffer: &mut Vec<u8>) {
    if buffer.capacity() > READ_BYTES {
        buffer.clear();
        buffer.shrink_to(READ_BYTES);
    }
}

fn of_error(error: &io::Error) -> Reason {
    if error.kind() == io::ErrorKind::TimedOut { Reason::WriteTimeout } else { Reason::TransportError }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounting::Limits;

    #[test]
    fn all_streams_together_may_keep_waiting_a_part_of_the_memory() {
        let ledger = Ledger::new(Limits { memory_bytes_max: 64 << 20, ..Limits::default() });
        let streams = Streams::default();
        let opened: Vec<_> = (0..100).map(|_| streams.open()).collect();
        let message = [0; 1_000];
        for _ in 0..200 {
            for (number, ..) in &opened {
                let _ = streams.queue(*number, &message, &ledger);
            }
        }
        let held = ledger.balance().memory.held;
        assert!((8_000_000..=8 << 20).contains(&held), "{held}");
        for (number, receiver, _) in opened {
            streams.close(number);
            drop(receiver);
        }
        assert_eq!((ledger.balance().memory.held, streams.n_bytes.load(Ordering::Relaxed)), (0, 0));
    }
}
