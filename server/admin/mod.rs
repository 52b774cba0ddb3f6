//! The admin socket: what the operator sees and ends while the server runs, by `p2pchat-server rooms`, `peers`, `close`,
//! `stats` and `nodes`.
//!
//! **Invariants:** only the server's own user, and root, can open it. Answers are ids and numbers: no name of a person or room,
//! no password, credential or address, and nothing that anybody says. Whoever asks and does not read holds up nobody: a
//! connection has little that waits, and a deadline for each piece.
mod client;
mod messages;
mod socket;
mod tables;

pub use client::{AdminFault, ask};
pub use messages::{Answer, Ask, Figures, NodeLine};
pub use socket::{AdminSocket, Served};
pub use tables::{say_as_json, say_as_table};
