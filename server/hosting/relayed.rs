//! What comes through the relay waits in a queue for the task that works on stars, so that the tasks that serve the relay's clients
//! never wait for a star's lock. On a busy machine each such wait lasts until the other task gets a core.
use std::{net::SocketAddr, sync::Arc};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{
    media_rate::{MediaRate, is_media},
    ports::BUFFER_BYTES,
};
use crate::{
    accounting::{Holding, Ledger},
    turn::LocalReceiver,
};

/// Datagrams that may wait. What comes then is dropped, as by any router.
const WAITING_MAX: usize = 1_024;
/// Sound and pictures have no more of these: connectivity checks, handshakes and messages find room in any case.
const MEDIA_MAX: usize = 768;

/// A datagram that has come through the relay.
pub(super) struct Datagram {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
    _held: Holding,
}

/// The end that the relay knows.
#[derive(Clone)]
pub(super) struct Relayed {
    queue: Sender<Datagram>,
    ledger: Ledger,
    media: Arc<MediaRate>,
}

impl Relayed {
    /// `ledger`: what pays for the memory. `media`: where drops are counted.
    pub(super) fn new(ledger: Ledger, media: Arc<MediaRate>) -> (Self, Receiver<Datagram>) {
        let (queue, waiting) = channel(WAITING_MAX);
        (Relayed { queue, ledger, media }, waiting)
    }
}

impl LocalReceiver for Relayed {
    fn receive(&self, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        if data.len() > BUFFER_BYTES {
            return;
        }
        let has_room = !is_media(data) || self.queue.capacity() > WAITING_MAX - MEDIA_MAX;
        let held = has_room.then(|| self.ledger.hold(data.len() as u64).ok()).flatten();
        let datagram = held.map(|held| Datagram { from, to, bytes: data.to_owned(), _held: held });
        if datagram.is_none_or(|it| self.queue.try_send(it).is_err()) {
            self.media.drops();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounting::{Limits, Rate};

    #[test]
    fn what_waits_is_paid_for_bounded_and_in_order_and_media_leaves_room_for_the_rest() {
        let media = Arc::new(MediaRate::new(Rate { per_second: 0, burst: 0 }));
        let ledger = Ledger::new(Limits::default());
        let (relayed, mut waiting) = Relayed::new(ledger.clone(), media.clone());
        let at = SocketAddr::from(([192, 0, 2, 1], 1));
        relayed.receive(at, at, &[0; BUFFER_BYTES + 1]);
        let (sound, check) = (
            |i: usize| [&[128][..], &i.to_be_bytes()[..]].concat(),
            |i: usize| [&[0][..], &i.to_be_bytes()[..]].concat(),
        );
        (0..WAITING_MAX).for_each(|i| relayed.receive(at, at, &sound(i)));
        (0..WAITING_MAX).for_each(|i| relayed.receive(at, at, &check(i)));
        assert_eq!(ledger.balance().memory.held, 9 * WAITING_MAX as u64);
        let all: Vec<_> = std::iter::from_fn(|| waiting.try_recv().ok()).map(|it| it.bytes).collect();
        let checks = (0..WAITING_MAX - MEDIA_MAX).map(check);
        assert_eq!(all, (0..MEDIA_MAX).map(sound).chain(checks).collect::<Vec<_>>());
        assert_eq!((media.n_dropped(), ledger.balance().memory.held), (WAITING_MAX as u64, 0));
    }
}
