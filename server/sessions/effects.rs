//! What is done once the sessions' lock is free: connections are ended, and the log is written.
use std::sync::Arc;

use super::{Connection, RelayLink, cluster::LeftMember};
use crate::{
    accounting::Reason,
    protocols::CloseReason,
    rooms::{PeerId, Rejection},
};

/// What becomes of the connection of a session that ends.
#[derive(Clone, Copy)]
pub(super) enum HowToEnd {
    /// It has ended itself.
    Ended,
    /// Without a word.
    Abort,
    /// After what waits for it.
    Close(CloseReason),
}

/// What is to be done once the lock is free.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) ended: Vec<Ended>,
    pub(super) passwords: Vec<(PeerId, u32)>,
    /// Where the log wants to know it.
    pub(super) rejected: Vec<(PeerId, Rejection)>,
    /// Who has entered or left a room, and who is to be told.
    pub(super) moved: Vec<PeerId>,
    pub(super) relay: Option<Arc<dyn RelayLink>>,
    /// Who has left rooms whose relay is here, and may have credentials for it.
    pub(super) left: Vec<LeftMember>,
    /// Sessions that have a connection again.
    pub(super) resumed: Vec<PeerId>,
}

/// A connection that has ended, or a session, or both.
pub(super) struct Ended {
    pub(super) peer: PeerId,
    pub(super) reason: Reason,
    /// The session goes on.
    pub(super) is_away: bool,
    pub(super) connection: Option<Arc<dyn Connection>>,
    pub(super) how: HowToEnd,
}

impl Ended {
    /// The connection of a session that goes on.
    pub(super) fn away(peer: &PeerId, reason: Reason, connection: Arc<dyn Connection>, how: HowToEnd) -> Self {
        Ended { peer: peer.clone(), reason, is_away: true, connection: Some(connection), how }
    }

    /// A session that goes on at another node. What it has at this node's relay as a member of rooms goes on with it.
    pub(super) fn moved(peer: &PeerId, connection: Option<Arc<dyn Connection>>) -> Self {
        Ended { peer: peer.clone(), reason: Reason::Resumed, is_away: false, connection, how: HowToEnd::Abort }
    }

    pub(super) fn end_connection(&self) {
        match (&self.connection, self.how) {
            (None, _) | (_, HowToEnd::Ended) => (),
            (Some(connection), HowToEnd::Abort) => connection.abort(self.reason),
            (Some(connection), HowToEnd::Close(why)) => connection.close(why),
        }
    }
}
