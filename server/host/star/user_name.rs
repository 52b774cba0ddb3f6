//! Whose a request of ICE is.

use std::mem;

use super::StarHost;
use crate::room::LinkId;

/// What of a user name says whom a request of ICE is for (RFC 8445, section 7.2.2): what stands before the colon.
pub fn ufrag_of(datagram: &[u8]) -> Option<&str> {
    const REQUEST: [u8; 2] = [0, 1];
    const USERNAME: u16 = 6;
    const HEAD_BYTES: usize = 20;
    let mut rest = datagram.strip_prefix(&REQUEST).and_then(|_| datagram.get(HEAD_BYTES..))?;
    while let [kind_a, kind_b, length_a, length_b, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*length_a, *length_b]));
        let value = tail.get(..length)?;
        if u16::from_be_bytes([*kind_a, *kind_b]) == USERNAME {
            return std::str::from_utf8(value).ok()?.split(':').next();
        }
        rest = tail.get(length.next_multiple_of(4)..)?;
    }
    None
}

impl StarHost {
    /// By what requests of ICE are known to be for this host, where that has changed since this was asked last.
    pub fn changed_ufrags(&mut self) -> Option<Vec<String>> {
        mem::take(&mut self.ufrags_changed).then(|| self.ufrags.keys().cloned().collect())
    }

    pub(super) fn know_ufrags(&mut self, id: LinkId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let current: Vec<_> = connection.ufrags().collect();
        let known = self.ufrags.len();
        self.ufrags.retain(|ufrag, it| *it != id || current.contains(ufrag));
        self.ufrags_changed |= self.ufrags.len() < known;
        for ufrag in current {
            self.ufrags_changed |= self.ufrags.insert(ufrag, id).is_none();
        }
    }

    pub(super) fn forget_ufrags(&mut self, id: LinkId) {
        self.ufrags.retain(|_, it| *it != id);
        self.ufrags_changed = true;
    }
}
