//! What sessions tell the relay: who has moved or gone, and who wants to know where it is.
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use secrecy::SecretString;

use super::TurnServer;
use crate::{
    ice::{IceServer, OwnRelay, ReachedAs},
    rooms::PeerId,
    sessions::{RelayLink, cluster::LeftMember},
};

/// The relay holds the sessions, so that they must not hold it.
pub(super) struct Link {
    pub(super) server: Weak<TurnServer>,
    pub(super) own: Arc<ArcSwap<OwnRelay>>,
}

impl RelayLink for Link {
    fn servers_for(&self, peer: &PeerId, reached: Option<&ReachedAs>, now_s: u64) -> Vec<IceServer> {
        self.own.load().servers_for(peer.as_str(), reached, now_s)
    }

    fn on_moved(&self, peer: &PeerId) {
        if let Some(server) = self.server.upgrade() {
            server.relay.on_rooms_changed(peer.as_str());
        }
    }

    fn on_ended(&self, peer: &PeerId) {
        if let Some(server) = self.server.upgrade() {
            server.relay.end_peer(peer.as_str());
        }
    }

    fn public_urls(&self) -> Vec<String> {
        let https_port = self.server.upgrade().and_then(|it| it.https_port.get().copied());
        self.own.load().public_urls(https_port)
    }

    fn take_members(&self, secret: SecretString) {
        if let Some(server) = self.server.upgrade() {
            server.relay.take_members(secret);
        }
    }

    fn on_member_left(&self, LeftMember { peer, room, number }: &LeftMember) {
        if let Some(server) = self.server.upgrade() {
            server.relay.on_member_left(server.now(), peer.as_str(), *room, *number);
        }
    }
}
