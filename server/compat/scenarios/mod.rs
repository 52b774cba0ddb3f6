//! Scenarios of what foreign pages do, played against the rooms with the rules that these pages need.
mod negotiations;
mod pending_offers;
mod room_offer;

use super::{DuplicateJoins, GlareResolution, PendingOffers};
use crate::rooms::{
    Address, Compat, Event, Name, NoCompat, Notification, Payload, Rejection, Reply, Request, RoomPolicy, Rooms,
    SignalKind,
    scenarios::{ask, heard, payload, peer, room, rooms},
};
