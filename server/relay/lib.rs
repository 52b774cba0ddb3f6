//! STUN and TURN (RFC 8489, RFC 8656) as a state machine: datagrams in, datagrams out.
//!
//! **Invariants:** no sockets, clock or randomness; all three are handed in. Nothing is kept for a client that has not shown
//! credentials of ours. What leaves an allocation reaches another one, or a party inside the server, of somebody in a common
//! room, and nobody else, unless real relay ports are configured; then it reaches what the networks of [`Networks`] allow, too.
//!
//! To read it, begin with [`Relay::receive`].
mod addresses;
mod allocation;
mod credentials;
mod encode;
mod framing;
mod host;
mod local;
mod members;
mod message;
mod networks;
mod quotas;
mod relay;
mod requests;
#[cfg(test)]
mod scenarios;
mod shard;

pub use credentials::{Credentials, FixedLogin, IntegrityKey};
pub use encode::Encoder;
pub use framing::{Frame, frame};
pub use host::{FiveTuple, Host, Now, Opened, Refusal, Target};
pub use local::LOCAL_BYTES;
pub use message::{Attribute, Class, Malformed, Message, Method, attribute};
pub use networks::{NetworkError, Networks};
pub use quotas::Limits;
pub use relay::{Outcome, Relay, Settings, Stats};
