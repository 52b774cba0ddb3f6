//! A star's host as a state machine: signals and datagrams in, signals and datagrams out.
//!
//! Guests connect to it as to a person's page that is the host. It passes on what they say, and what they send of sound and
//! pictures without decoding it.
//!
//! **Invariants:** no sockets and no clock: the time is handed in. Whatever guests send, they get silence or are hung up on,
//! and take nothing from each other; everything kept for them is bounded.
//!
//! To read it, begin with [`StarHost`]. `room` is what is said, `sdp` what is offered, `forwarding` what is sent on; the
//! three do not know each other. `connection` has str0m, and `crypto` what it needs of cryptography.

mod connection;
mod crypto;
mod forwarding;
#[cfg(any(test, feature = "guests"))]
#[doc(hidden)]
pub mod guests;
mod room;
#[cfg(test)]
mod scenarios;
mod sdp;
mod settings;
mod star;

pub use crypto::provider;
pub use settings::{Card, Limits, Settings, Stats};
pub use star::{Output, StarHost, ufrag_of};
