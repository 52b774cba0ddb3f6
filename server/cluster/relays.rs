//! Which nodes have a relay for everybody, as the sessions are told: those with a lease that have not said goodbye. That nobody
//! hears a node for a moment takes no relay from its rooms.
use std::{collections::BTreeMap, mem};

use tokio::time::Instant;

use super::{NodeRecord, Shared, Table};
use crate::sessions::cluster::NodeId;

impl Table {
    /// These nodes have a lease. Those that were there before.
    pub(super) fn take_leases(&mut self, nodes: BTreeMap<NodeId, NodeRecord>) -> BTreeMap<NodeId, NodeRecord> {
        self.leased_at = Instant::now();
        self.relays = nodes.iter().map(|(id, it)| (id.clone(), it.relay.clone())).collect();
        mem::replace(&mut self.nodes, nodes)
    }
}

impl Shared {
    /// After anything that may have changed them, or what they say of themselves.
    pub(super) fn tell_relays(&self) {
        let (secret, relays) = {
            let table = self.table();
            let Some(secret) = table.secret.clone() else { return };
            (secret, table.relays.clone())
        };
        self.sessions.set_relays(&secret, relays);
    }

    /// A node says that it ends.
    pub(super) fn on_goodbye(&self, node: &NodeId) {
        self.table().relays.remove(node);
        self.tell_relays();
        self.on_gone(node);
    }
}
