//! Scenarios of what foreign pages do, played against the rooms with the rules that these pages need.
mod negotiations;
mod pending_offers;
mod room_offer;

use p2pchat_rooms::{
    Address, Compat, Event, Name, NoCompat, Notification, Payload, Rejection, Reply, Request, RoomPolicy, Rooms,
    SignalKind,
    testing::{ask, heard, payload, peer, room, rooms},
};

use super::{DuplicateJoins, GlareResolution, PendingOffers};
