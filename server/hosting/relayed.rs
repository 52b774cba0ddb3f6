//! What comes through the relay: it waits in a queue for whoever is at work on stars, so that those who serve the relay's clients
//! never wait for a star. On a busy machine each such wait is as long as it takes until the other one has its turn.
use std::{net::SocketAddr, sync::Arc};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{
    media_rate::{MediaRate, is_media},
    ports::BUFFER_BYTES,
};
use crate::turn::LocalReceiver;

/// Datagrams that may wait. What comes then is dropped, as by any router.
const WAITING_MAX: usize = 1_024;
/// Sound and pictures have no more of these: connectivity checks, handshakes and messages find room in any case.
const MEDIA_MAX: usize = 768;

/// A datagram that has come through the relay.
pub(super) struct Datagram {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// The end that the relay knows.
#[derive(Clone)]
pub(super) struct Relayed {
    queue: Sender<Datagram>,
    media: Arc<MediaRate>,
}

impl Relayed {
    /// `media`: where drops are counted.
    pub(super) fn new(media: Arc<MediaRate>) -> (Self, Receiver<Datagram>) {
        let (queue, waiting) = channel(WAITING_MAX);
        (Relayed { queue, media }, waiting)
    }
}

impl LocalReceiver for Relayed {
    fn receive(&self, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        if data.len() > BUFFER_BYTES {
            return;
        }
        let has_room = !is_media(data) || self.queue.capacity() > WAITING_MAX - MEDIA_MAX;
        let datagram = || Datagram { from, to, bytes: data.to_owned() };
        if !has_room || self.queue.try_send(datagram()).is_err() {
            self.media.drops();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounting::Rate;

    #[test]
    fn what_waits_is_bounded_and_in_order_and_media_leaves_room_for_the_rest() {
        let media = Arc::new(MediaRate::new(Rate { per_second: 0, burst: 0 }));
        let (relayed, mut waiting) = Relayed::new(media.clone());
        let at = SocketAddr::from(([192, 0, 2, 1], 1));
        relayed.receive(at, at, &[0; BUFFER_BYTES + 1]);
        let (sound, check) = (
            |i: usize| [&[128][..], &i.to_be_bytes()[..]].concat(),
            |i: usize| [&[0][..], &i.to_be_bytes()[..]].concat(),
        );
        (0..WAITING_MAX).for_each(|i| relayed.receive(at, at, &sound(i)));
        (0..WAITING_MAX).for_each(|i| relayed.receive(at, at, &check(i)));
        let all: Vec<_> = std::iter::from_fn(|| waiting.try_recv().ok()).map(|it| it.bytes).collect();
        let checks = (0..WAITING_MAX - MEDIA_MAX).map(check);
        assert_eq!(all, (0..MEDIA_MAX).map(sound).chain(checks).collect::<Vec<_>>());
        assert_eq!(media.n_dropped(), 2 * WAITING_MAX as u64 - WAITING_MAX as u64);
    }
}
