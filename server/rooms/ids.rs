//! Names of things. Newtypes, so that a peer can never be passed where a room is meant.
use std::{
    borrow::Borrow,
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
};

use foldhash::fast::RandomState;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as it stands on the wire; compared exactly.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.into())
            }
        }

        // So that one can be looked up by a text that is only borrowed.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A participant. Ours and public: other peers know it, so knowing it must give no way to act as its owner.
    PeerId
}
/// Something for each peer. Peer ids are made here and at random, so that nobody chooses ones that collide: a quick
/// hasher does, where the standard library's withstands whoever chooses.
pub type PeerMap<V> = HashMap<PeerId, V, RandomState>;

/// Some of the peers; see [`PeerMap`].
pub type PeerSet = HashSet<PeerId, RandomState>;

name! {
    /// A room.
    RoomId
}
name! {
    /// What a peer calls itself, and by which others may reach it. One living peer has it at a time.
    Name
}
