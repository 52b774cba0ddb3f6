//! In what the rooms of one vocabulary differ from those of another: a small value, which the rules look at.
use super::IdKind;

/// What a vocabulary's rooms are like.
#[derive(Clone, Copy, Debug)]
pub struct Customs {
    /// A peer is in one room at a time: who comes into another leaves the one before.
    pub one_room: bool,
    /// A newcomer hears of each earlier member as each of them hears of it, and all hear who is there.
    pub introduces_both: bool,
    /// Of two offers that cross, the first stands: who has been made one and has not answered it is heard with an answer
    /// and nothing else.
    pub first_offer_stands: bool,
    /// A page may have come in twice and answer by its second line what its first was asked: it speaks as the first.
    pub joins_twins: bool,
    /// A seat or a name is taken only by the living: who holds it is asked for a sign of life before it is refused.
    pub asks_holders: bool,
    /// What is said to a name too early is kept: offers until somebody has it, candidates until they can be used.
    pub keeps_letters: bool,
    /// How peers are called.
    pub peer_ids: IdKind,
    /// How rooms are called whose name nobody chose.
    pub room_ids: IdKind,
}

impl Default for Customs {
    /// Those of the original P2PChat.
    fn default() -> Self {
        Customs {
            one_room: false,
            introduces_both: false,
            first_offer_stands: false,
            joins_twins: false,
            asks_holders: false,
            keeps_letters: false,
            peer_ids: IdKind::Hex,
            room_ids: IdKind::Long,
        }
    }
}
