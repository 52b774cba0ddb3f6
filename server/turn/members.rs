//! Members of rooms that several nodes share: what they may send here, wherever their sessions are.
//!
//! **Invariant:** a member has one rate for all that it has here, and keeps it when its allocations end and others begin.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::accounting::Bucket;

/// So many are kept in any case, be they of members that have nothing here.
const KEPT_MIN: usize = 64;

#[derive(Default)]
pub(super) struct Members {
    buckets: Mutex<HashMap<Box<str>, Arc<Bucket>>>,
}

impl Members {
    /// By which the bytes of this member go.
    pub(super) fn bucket(&self, peer: &str) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get(peer) {
            return bucket.clone();
        }
        if buckets.len() >= KEPT_MIN && buckets.len() == buckets.capacity() {
            buckets.retain(|_, it| Arc::strong_count(it) > 1);
        }
        buckets.entry(peer.into()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_keeps_its_rate_and_those_who_are_gone_make_way() {
        let members = Members::default();
        let ann = members.bucket("ann");
        drop(members.bucket("bob"));
        assert!(Arc::ptr_eq(&ann, &members.bucket("ann")) && !Arc::ptr_eq(&ann, &members.bucket("bob")));
        for n in 0..100_000 {
            drop(members.bucket(&n.to_string()));
        }
        assert!(Arc::ptr_eq(&ann, &members.bucket("ann")));
        assert!(members.buckets.lock().unwrap().len() < 1_000);
    }
}
