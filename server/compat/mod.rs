//! The rules that only foreign pages need, one file for each habit. The rooms call them through [`Compat`](p2pchat_rooms::Compat);
//! P2PChat's own rooms have none of them.
//!
//! **Invariants:** as pure as the rooms: no clock, no sockets, no JSON. What is kept here concerns connections that are being
//! made, has a bound, and is gone with the peers that it is about.
mod duplicate_joins;
mod glare;
mod offers;
mod pending_offers;
#[cfg(test)]
mod random_scripts;
mod room_offer;
#[cfg(test)]
mod scenarios;

pub use duplicate_joins::DuplicateJoins;
pub use glare::GlareResolution;
pub use pending_offers::PendingOffers;
