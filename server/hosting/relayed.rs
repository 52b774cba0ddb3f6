//! What comes through the relay: it waits in a queue for whoever is at work on stars, so that those who serve the relay's clients
//! never wait for a star. On a busy machine each such wait is as long as it takes until the other one has its turn.
use std::net::SocketAddr;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::ports::BUFFER_BYTES;
use crate::turn::LocalReceiver;

/// Datagrams that may wait. What comes then is dropped, as by any router.
const WAITING_MAX: usize = 1_024;

/// A datagram that has come through the relay.
pub(super) struct Datagram {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// The end that the relay knows.
#[derive(Clone)]
pub(super) struct Relayed(Sender<Datagram>);

impl Relayed {
    pub(super) fn new() -> (Self, Receiver<Datagram>) {
        let (sender, receiver) = channel(WAITING_MAX);
        (Relayed(sender), receiver)
    }
}

impl LocalReceiver for Relayed {
    fn receive(&self, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        if data.len() <= BUFFER_BYTES {
            let _ = self.0.try_send(Datagram { from, to, bytes: data.to_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_bounded_and_stays_in_order() {
        let (relayed, mut waiting) = Relayed::new();
        let at = SocketAddr::from(([192, 0, 2, 1], 1));
        relayed.receive(at, at, &[0; BUFFER_BYTES + 1]);
        for i in 0..=WAITING_MAX {
            relayed.receive(at, at, &i.to_be_bytes());
        }
        let all: Vec<_> = std::iter::from_fn(|| waiting.try_recv().ok()).map(|it| it.bytes).collect();
        let expected: Vec<_> = (0..WAITING_MAX).map(|i| i.to_be_bytes().to_vec()).collect();
        assert_eq!(all, expected);
    }
}
