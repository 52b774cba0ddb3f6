//! Names: who is called what, and who holds what another asks for.
//!
//! **Invariant:** a name is one peer's, and a peer has at most one; it is free again when that peer is forgotten.
use super::{Name, Outcome, PeerId, Rejection, Reply, Request, Rooms};

impl Rooms {
    pub(super) fn claim(&mut self, peer: &PeerId, name: Name) -> Result<Outcome<'static>, Rejection> {
        let known = self.peers.get_mut(peer).ok_or(Rejection::NoId)?;
        if self.names.get(&name).is_some_and(|it| it != peer) {
            return Err(Rejection::NameTaken);
        }
        if let Some(former) = known.name.replace(name.clone()).filter(|it| *it != name) {
            self.names.remove(&former);
            self.pending_offers.forget(&former);
        }
        self.names.insert(name.clone(), peer.clone());
        let (notifications, timers) = self.deliver_pending_offers(&name);
        Ok(Outcome { timers, ..Outcome::new(Reply::Named { name }, notifications) })
    }

    /// Whom to ask for a sign of life before this is refused: who has the name that it claims, or sits in the full room that
    /// it wants to enter. Nobody where that is not custom.
    pub fn current_holders(&self, from: &PeerId, request: &Request<'_>) -> Vec<PeerId> {
        match request {
            _ if !self.policy.verify_holders_alive => Vec::new(),
            Request::Claim { name } => self.names.get(name).filter(|it| *it != from).cloned().into_iter().collect(),
            Request::Enter { room: Some(room), .. } => {
                let full = self.rooms.get(room).filter(|it| it.is_full() && !it.has(from));
                full.into_iter().flat_map(|it| it.peers().cloned()).collect()
            }
            _ => Vec::new(),
        }
    }
}
