//! Members of rooms that several servers share: their credentials name the room, and those who share one may reach each other.
//! Their sessions are at any of these servers, from which it is heard what becomes of them.
//!
//! **Invariant:** nothing of a member lasts longer here than its credentials, nor than its membership as far as that is heard of.
use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::{Mutex, PoisonError, RwLock},
};

use p2pchat_ice::{MEMBER_LOGIN_S_MAX, MemberName, RoomMark, shared_secret_password};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    credentials::IntegrityKey,
    host::{Host, Now},
    quotas::Name,
    relay::Relay,
};

/// Of those who have left, so many are remembered at most: whoever left before them may come in until its credentials expire.
const LEFT_MAX: usize = 16_384;

#[derive(Default)]
pub(crate) struct Members {
    /// `None`: there are no other servers.
    secret: RwLock<Option<SecretString>>,
    left: Mutex<Left>,
}

/// A peer and a room that it has left.
type Key = (Box<str>, RoomMark);

/// Who has left a room, for as long as credentials for it may be valid.
#[derive(Default)]
struct Left {
    gone: HashMap<Key, Gone>,
    /// One for each of them, and when it comes up: no later than they are to be forgotten.
    order: VecDeque<(u64, Key)>,
}

struct Gone {
    /// Credentials up to this number are no good any more.
    number: u64,
    /// In seconds since 1970.
    until_s: u64,
}

impl Members {
    /// The member of this name, and with which key it signs.
    pub(crate) fn look_up<'a>(&self, username: &'a str, realm: &str) -> Option<(MemberName<'a>, IntegrityKey)> {
        let name = MemberName::read(username)?;
        let secret = self.secret.read().unwrap_or_else(PoisonError::into_inner);
        let password = shared_secret_password(secret.as_ref()?.expose_secret(), username);
        Some((name, IntegrityKey::long_term(username, realm, password.expose_secret())))
    }

    /// Has it left the room since it was given these credentials?
    pub(crate) fn has_left(&self, name: &MemberName<'_>) -> bool {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.gone.get(&(name.peer.into(), name.room)).is_some_and(|it| it.number >= name.number)
    }

    fn leave(&self, peer: &str, room: RoomMark, number: u64, now_s: u64) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let Left { gone, order } = &mut *left;
        let (key, until_s): (Key, _) = ((peer.into(), room), now_s.saturating_add(MEMBER_LOGIN_S_MAX));
        match gone.entry(key) {
            Entry::Occupied(last) => {
                let last = last.into_mut();
                *last = Gone { number: number.max(last.number), until_s };
            }
            Entry::Vacant(free) => {
                order.push_back((until_s, free.key().clone()));
                free.insert(Gone { number, until_s });
            }
        }
        while order.len() > LEFT_MAX || order.front().is_some_and(|it| it.0 < now_s) {
            let Some((due_s, key)) = order.pop_front() else { break };
            match gone.get(&key).map(|it| it.until_s) {
                // It has left again since.
                Some(until_s) if until_s > due_s => order.push_back((until_s, key)),
                _ => drop(gone.remove(&key)),
            }
        }
    }
}

impl<H: Host> Relay<H> {
    /// From now on it takes credentials of members that servers make with this secret, and none that were made with another.
    pub fn take_members(&self, secret: SecretString) {
        *self.members.secret.write().unwrap_or_else(PoisonError::into_inner) = Some(secret);
    }

    /// The server of a member's session says that it has left a room. `number`: of the last credentials that it was given for it.
    pub fn on_member_left(&self, now: Now, peer: &str, room: RoomMark, number: u64) {
        // First of all, so that an allocation that is being made ends as well.
        self.members.leave(peer, room, number, now.unix_s);
        let five_tuples = self.quotas().forget_member(peer, room, number);
        five_tuples.iter().for_each(|it| self.close(it));
    }

    /// Are the two in a common room? `None`: one of them is nobody in particular.
    pub(crate) fn may_reach(&self, from: &Name, to: &Name) -> Option<bool> {
        let (one, other) = (from.peer.as_deref()?, to.peer.as_deref()?);
        Some(match (from.room, to.room) {
            (None, None) => self.host.may_reach(one, other),
            (Some(room), None) => self.host.is_in(other, room),
            (None, Some(room)) => self.host.is_in(one, room),
            (Some(one), Some(other)) => one == other,
        })
    }
}
