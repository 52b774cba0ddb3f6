//! In what the rooms of one protocol differ from those of another: a small value, which the rules look at.
use super::IdKind;

/// What a protocol's rooms are like.
#[derive(Clone, Copy, Debug)]
pub struct RoomPolicy {
    /// A peer is in one room at a time: who comes into another leaves the one before.
    pub single_room: bool,
    /// A newcomer hears of each earlier member as each of them hears of it, and all hear who is there.
    pub announce_both_ways: bool,
    /// Of two offers that cross, the first stands: who has been made one and has not answered it is heard with an answer
    /// and nothing else.
    pub resolve_glare: bool,
    /// A page may have come in twice and answer by its second line what its first was asked: it speaks as the first.
    pub merge_duplicate_joins: bool,
    /// A membership or a name is taken only by the living: who holds it is asked for a sign of life before it is refused.
    pub verify_holders_alive: bool,
    /// What is said to a name too early is kept: offers until somebody has it, candidates until they can be used.
    pub store_and_forward: bool,
    /// How peers are called.
    pub peer_ids: IdKind,
    /// How rooms are called whose name nobody chose.
    pub room_ids: IdKind,
}

impl Default for RoomPolicy {
    /// Those of the original P2PChat.
    fn default() -> Self {
        RoomPolicy {
            single_room: false,
            announce_both_ways: false,
            resolve_glare: false,
            merge_duplicate_joins: false,
            verify_holders_alive: false,
            store_and_forward: false,
            peer_ids: IdKind::Hex,
            room_ids: IdKind::Long,
        }
    }
}
