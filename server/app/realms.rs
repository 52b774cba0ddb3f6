//! Which rules go with which protocol. A protocol is messages; what its rooms are like is decided here.
use std::sync::Arc;

use super::signatures::OwnerSignatures;
use crate::{
    compat::{DuplicateJoins, GlareResolution, PendingOffers},
    protocols::{Protocol, mqtt::Mqtt, p2pchat::P2pChat, poc::Poc, textchat::TextChat, videocall::VideoCall},
    rooms::{Compat, Limits, NoCompat, RoomPolicy, Rules},
    sessions::{IdKind, NoInvitations, RealmSettings},
};

/// The page of simple-web-rtc has one connection: a third peer in the room would tear down that of the two.
const POC_PEERS_MAX: usize = 2;

/// The realm of a protocol, its rooms within these limits.
pub fn realm_settings(protocol: &'static dyn Protocol, limits: Limits) -> RealmSettings {
    let name = protocol.name();
    let mut settings = RealmSettings {
        protocol,
        rules: Rules { policy: RoomPolicy::default(), limits },
        compat: compat(name),
        peer_ids: IdKind::Hex,
        room_ids: IdKind::Long,
        signatures: &OwnerSignatures,
        access: Arc::new(NoInvitations),
    };
    let policy = &mut settings.rules.policy;
    // Those of P2PChat and of WebRTC-Chat join and leave; the other pages are in one room at a time.
    policy.single_room = name != P2pChat.name() && name != Mqtt.name();
    if name == TextChat.name() {
        (settings.peer_ids, settings.room_ids) = (IdKind::Short, IdKind::Short);
    } else if name == VideoCall.name() {
        // Of two pages the one with the lower id calls, and only when it hears of the other.
        policy.announce_both_ways = true;
        settings.peer_ids = IdKind::Ascending;
    } else if name == Poc.name() {
        // A page that is opened again comes to a room in which the seat of the one before may not be free yet.
        policy.verify_holders_alive = true;
        settings.rules.limits.peers_max = limits.peers_max.min(POC_PEERS_MAX);
    } else if name == Mqtt.name() {
        // A page comes back under its name when its connection broke, before the server has noticed that.
        policy.verify_holders_alive = true;
    }
    settings
}

fn compat(protocol: &str) -> Box<dyn Compat> {
    if protocol == VideoCall.name() {
        Box::new(DuplicateJoins::default())
    } else if protocol == Poc.name() {
        Box::new(GlareResolution::default())
    } else if protocol == Mqtt.name() {
        Box::new(PendingOffers::default())
    } else {
        Box::new(NoCompat)
    }
}
