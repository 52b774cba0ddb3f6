//! Parties inside the server, which clients reach through the relay: what comes for them is handed over, and what they say is
//! sent.
use std::{net::SocketAddr, sync::Arc};

use super::TurnServer;
use crate::{accounting::Holding, relay::LOCAL_BYTES};

/// Takes what clients send to an address of [`TurnServer::open_local`].
pub trait LocalReceiver: Send + Sync {
    /// A datagram of a client whose relayed address is `from`, for the open address `to`. Called where clients are served, with
    /// no lock held: it must not wait, and drops what it has no room for. It may call [`TurnServer::send_local`].
    fn receive(&self, from: SocketAddr, to: SocketAddr, data: &[u8]);
}

/// What stands before and behind the data of a Data indication: header, address, attribute header, padding.
const HEADERS_BYTES: usize = 20 + 24 + 4 + 3;

/// What is kept for an open address.
pub(super) struct Party {
    receiver: Arc<dyn LocalReceiver>,
    _holding: Holding,
}

impl TurnServer {
    /// Opens a virtual address for this peer, a party inside the server. Whoever is in a common room with it reaches it there
    /// over UDP, TCP and TLS. It is open until [`TurnServer::close_local`], or until the peer's session ends here; one that is
    /// opened after that has to be closed. `None`: there are as many as may be, or memory is full.
    pub fn open_local(&self, peer: &str, is_ipv6: bool, receiver: Arc<dyn LocalReceiver>) -> Option<SocketAddr> {
        let holding = self.ledger.hold(LOCAL_BYTES as u64).ok()?;
        let opened = self.relay.open_local(peer, is_ipv6, Arc::new(Party { receiver, _holding: holding }));
        opened.inspect_err(|refusal| self.count(Some(*refusal))).ok()
    }

    /// From now on nothing comes for it any more, but for what is being handed over at this moment.
    pub fn close_local(&self, address: SocketAddr) {
        self.relay.close_local(address);
    }

    /// Sends a datagram from an open address to a client's relayed one. What the client has not permitted, or may not have, is
    /// dropped and counted. May ask the sessions, so that it must not be called under their lock.
    pub fn send_local(&self, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        let mut out = Vec::with_capacity(data.len() + HEADERS_BYTES);
        let outcome = self.relay.send_local(self.now(), from, to, data, &mut out);
        self.count(outcome.refusal);
        if let Some(target) = outcome.target {
            self.send(target, &out);
        }
    }

    pub(super) fn hand_over(&self, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        if let Some(party) = self.relay.local(&to) {
            party.receiver.receive(from, to, data);
        }
    }
}
