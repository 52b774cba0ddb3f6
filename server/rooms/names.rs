//! Names: who is called what, and who holds what another asks for.
//!
//! **Invariant:** a name is one peer's, and a peer has at most one; it is free again when that peer is forgotten.
use super::{Name, Outcome, PeerId, Refusal, Reply, Request, Rooms};

impl Rooms {
    pub(super) fn claim(&mut self, peer: &PeerId, name: Name) -> Result<Outcome<'static>, Refusal> {
        let known = self.peers.get_mut(peer).ok_or(Refusal::NoId)?;
        if self.names.get(&name).is_some_and(|it| it != peer) {
            return Err(Refusal::NameTaken);
        }
        if let Some(former) = known.name.replace(name.clone()).filter(|it| *it != name) {
            self.names.remove(&former);
            self.letters.forget(&former);
        }
        self.names.insert(name.clone(), peer.clone());
        let (notices, alarms) = self.hand_over(&name);
        Ok(Outcome { alarms, ..Outcome::new(Reply::Named { name }, notices) })
    }

    /// Whom to ask for a sign of life before this is refused: who has the name that it claims, or sits in the full room that
    /// it wants to enter. Nobody where that is not custom.
    pub fn holders(&self, from: &PeerId, request: &Request<'_>) -> Vec<PeerId> {
        match request {
            _ if !self.customs.asks_holders => Vec::new(),
            Request::Claim { name } => self.names.get(name).filter(|it| *it != from).cloned().into_iter().collect(),
            Request::Enter { room: Some(room), .. } => {
                let full = self.rooms.get(room).filter(|it| it.is_full() && !it.has(from));
                full.into_iter().flat_map(|it| it.peers().cloned()).collect()
            }
            _ => Vec::new(),
        }
    }
}
