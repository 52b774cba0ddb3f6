//! What can be changed while people are there: each change goes for whatever happens after it.
use super::{Lifetimes, Realm, Sessions};
use crate::{ice::Ice, rooms::Rules};

impl Sessions {
    /// The rules for the rooms of a realm.
    pub fn rules(&self, realm: Realm) -> Rules {
        self.state().realms[realm.at].settings.rules
    }

    /// Other rules for the rooms of a realm. Rooms that are there keep the settings that they were made with.
    pub fn set_rules(&self, realm: Realm, rules: Rules) {
        let mut state = self.state();
        let there = &mut state.realms[realm.at];
        there.settings.rules = rules;
        there.rooms.set_rules(rules);
    }

    /// Other times for sessions whose connection ends from now on, and other bounds of what is kept for them.
    pub fn set_lifetimes(&self, lifetimes: Lifetimes) {
        self.state().lifetimes = lifetimes;
    }

    /// Other STUN and TURN servers, for clients that ask from now on.
    pub fn set_ice(&self, ice: Ice) {
        self.state().ice = ice;
    }
}
