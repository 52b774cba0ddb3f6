//! Which nodes have a relay for everybody, as the sessions are told.
use super::Shared;

impl Shared {
    /// After anything that may have changed the nodes that are there, or what they say of themselves.
    pub(super) fn tell_relays(&self) {
        let (secret, nodes) = {
            let table = self.table();
            let Some(secret) = table.secret.clone() else { return };
            let nodes = table.nodes.iter().filter(|it| !it.1.relay.is_empty());
            (secret, nodes.map(|(id, it)| (id.clone(), it.relay.clone())).collect())
        };
        self.sessions.set_relays(&secret, nodes);
    }
}
