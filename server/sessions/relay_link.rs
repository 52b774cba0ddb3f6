//! What sessions and the TURN relay say to each other.
use std::sync::Arc;

use super::{Sessions, state::State};
use crate::{
    accounting::Account,
    ice::{IceServer, ReachedAs},
    rooms::PeerId,
};

/// The relay, as sessions know it. No call may ask the sessions anything but [`RelayLink::servers_for`], which may not ask
/// at all: it is called under their lock.
pub trait RelayLink: Send + Sync {
    /// The relay's urls and credentials for this peer.
    fn servers_for(&self, peer: &PeerId, reached: Option<&ReachedAs>, now_s: u64) -> Vec<IceServer>;

    /// The peer has entered or left a room.
    fn on_moved(&self, peer: &PeerId);

    /// The session is over, and what it has at the relay with it.
    fn on_ended(&self, peer: &PeerId);
}

impl Sessions {
    /// From now on clients are told of this relay.
    pub fn attach_relay(&self, relay: Arc<dyn RelayLink>) {
        self.state().relay = Some(relay);
    }

    /// The account of a peer that is in a room.
    pub fn account_in_room(&self, peer: &str) -> Option<Arc<Account>> {
        let (state, peer) = (self.state(), PeerId::from(peer));
        let session = state.sessions.get(&peer)?;
        state.realms[session.realm.at].rooms.is_in_a_room(&peer).then(|| session.account.clone())
    }

    /// Are these two in a common room?
    pub fn share_a_room(&self, one: &str, other: &str) -> bool {
        let (state, one, other) = (self.state(), PeerId::from(one), PeerId::from(other));
        let session = state.sessions.get(&one);
        session.is_some_and(|it| state.realms[it.realm.at].rooms.share_a_room(&one, &other))
    }
}

impl State {
    /// The STUN and TURN servers for a peer: the nearest, which is this one's own, first.
    pub(super) fn ice_servers(&self, peer: &PeerId, now_s: u64) -> Vec<IceServer> {
        let session = self.sessions.get(peer);
        let reached = session.and_then(|it| it.connection.as_ref()?.reached_as());
        let own = self.relay.as_ref().map(|it| it.servers_for(peer, reached, now_s)).unwrap_or_default();
        own.into_iter().chain(self.ice.servers_for(peer.as_str(), now_s)).collect()
    }
}
