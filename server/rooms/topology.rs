//! How the peers of a room connect to each other, and what follows from it for who hears of whom.

/// The shape of a room. The original calls them mesh (type 0) and SFU (type 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// Everyone connects to everyone; the room outlives its creator.
    Mesh,
    /// Everyone connects to the host, its creator, alone; the room lives as long as its host.
    Star,
    /// A star whose host is a service of the server, which is no member: the room lives as long as its members.
    HostedStar,
}
