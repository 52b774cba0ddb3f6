//! What sessions and the TURN relay say to each other.
use std::sync::Arc;

use secrecy::SecretString;

use super::{Realm, Sessions, cluster::LeftMember, state::State};
use crate::{
    accounting::Account,
    ice::{IceServer, ReachedAs},
    rooms::{Admission, PeerId},
};

/// The relay, as sessions know it. No call may ask the sessions anything but [`RelayLink::servers_for`], which may not ask
/// at all: it is called under their lock.
pub trait RelayLink: Send + Sync {
    /// The relay's urls and credentials for this peer.
    fn servers_for(&self, peer: &PeerId, reached: Option<&ReachedAs>, now_s: u64) -> Vec<IceServer>;

    /// The peer has entered or left a room.
    fn on_moved(&self, peer: &PeerId);

    /// The session is over here, and with it what it has at the relay by its own credentials.
    fn on_ended(&self, peer: &PeerId);

    /// Where everybody reaches it, whichever way they came to this server. Empty: that is not known.
    fn public_urls(&self) -> Vec<String>;

    /// From now on it takes credentials of members of rooms, which all nodes make with this secret.
    fn take_members(&self, secret: SecretString);

    /// Somebody who may have such credentials has left a room.
    fn on_member_left(&self, left: &LeftMember);
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
    ///
    /// The own relay carries nothing for a peer that is in no room. Others do for whoever has their credentials, so that where
    /// people have to be invited, those of nobody's room are not given them. Rooms that nodes share have a relay of one node,
    /// which takes the place of the own one.
    pub(super) fn ice_servers(&mut self, peer: &PeerId, now_s: u64) -> Vec<IceServer> {
        let Some(session) = self.sessions.get(peer) else { return Vec::new() };
        let realm = session.realm;
        let reached = session.connection.as_ref().and_then(|it| it.reached_as());
        let mut own = self.relay.as_ref().map(|it| it.servers_for(peer, reached, now_s)).unwrap_or_default();
        if self.is_shared(realm) && self.has_shared_relays() {
            let of_rooms = self.relays_of_rooms(peer, &own, now_s);
            own = if of_rooms.is_empty() { own } else { of_rooms };
        }
        let may_log_in = !self.is_by_invitation(realm) || self.is_in_a_room(realm, peer);
        let others = self.ice.servers_for(peer.as_str(), now_s).into_iter();
        own.into_iter().chain(others.filter(|it| may_log_in || it.login.is_none())).collect()
    }

    /// The servers for a peer that has come into a room. Empty: it was given all of them when it said hello.
    pub(super) fn ice_servers_of_members(&mut self, realm: Realm, peer: &PeerId, now_s: u64) -> Vec<IceServer> {
        let were_withheld = self.is_by_invitation(realm) && self.ice.has_logins();
        if were_withheld || self.is_shared(realm) && self.has_shared_relays() {
            self.ice_servers(peer, now_s)
        } else {
            Vec::new()
        }
    }

    fn is_by_invitation(&self, realm: Realm) -> bool {
        let policy = &self.realms[realm.at].settings.rules.policy;
        [policy.create, policy.join].contains(&Admission::Invited)
    }

    fn is_in_a_room(&self, realm: Realm, peer: &PeerId) -> bool {
        self.realms[realm.at].rooms.is_in_a_room(peer)
    }
}
