//! How guests are let in, numbered and introduced, and what they are told of the room. Who somebody is they say
//! themselves, by the id of their stay; that they are not somebody else who is here is seen to here.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use super::links::Phase;
use super::person::{self, Person};
use super::write::{self, HOST, ROOM};
use super::{Effect, Frame, LinkId, MEMBERS_MAX, Member, MemberId, NUMBERS_MAX, Room};

impl Room {
    /// Lets a guest in and gives them a number, the same one if only the link was new. `false`: they are not let in.
    pub(super) fn knocked(&mut self, id: LinkId, password: &str, member: Option<&str>, now: Instant) -> bool {
        let Some(link) = self.link(id).filter(|link| link.phase == Phase::Greeting) else { return false };
        if password != self.card.password {
            self.reject(id);
            return false;
        }
        let before = link.member.clone();
        let said = member.filter(|it| self.may_be(id, it)).map(MemberId::from);
        let fresh: MemberId = self.next_number.to_string().into();
        let who = said.or(before).unwrap_or(fresh);
        self.take_over(id, &who, now);
        let number = self.number_for(&who);
        if let Some(link) = self.link_mut(id) {
            link.phase = Phase::Admitted;
            link.member = Some(who);
        }
        let admitted = json!({ "id": number.to_string(), "host": *self.own });
        self.send(id, write::message(HOST, &json!(0), &admitted));
        true
    }

    /// A wrong password. Nobody calls them again.
    fn reject(&mut self, id: LinkId) {
        self.links.retain(|(it, _)| *it != id);
        self.effects.push_back(Effect::HangUp(id));
    }

    /// A member's id is somebody else's while the link to them carries messages: whoever comes back has lost that link, or
    /// will have in a moment.
    fn may_be(&self, id: LinkId, said: &str) -> bool {
        let taken = self.links.iter().any(|(other, link)| {
            *other != id && link.is_ready() && link.steady && link.member.as_deref() == Some(said)
        });
        *self.own != *said && !taken
    }

    /// The link is this member's from now on. One that led to them before is over, and what waited for them goes on here.
    /// Whoever this link led to before is gone: a page that was loaded anew and remembers nothing.
    fn take_over(&mut self, id: LinkId, member: &MemberId, now: Instant) {
        let others = self.links.iter().filter(|(it, link)| *it != id && link.member.as_ref() == Some(member));
        let others: Vec<_> = others.map(|(it, _)| *it).collect();
        for other in others {
            let Some(link) = self.link_mut(other) else { continue };
            let outbox = std::mem::take(&mut link.outbox);
            // A page that is in the room still is called anew, in case that it is not the same one.
            if link.is_here() {
                self.disown(other, now);
            } else {
                self.links.retain(|(it, _)| *it != other);
                self.call_link_ended(other);
                self.effects.push_back(Effect::HangUp(other));
            }
            self.inherit(id, outbox);
        }
        self.come_back(id, member);
        let before = self.link(id).and_then(|link| link.member.clone()).filter(|before| before != member);
        if let Some(before) = before {
            if let Some(link) = self.link_mut(id) {
                link.member = None;
                link.meter = super::meter::Meter::new();
                link.outbox = super::outbox::Outbox::default();
                (link.history_told, link.offers_told) = (false, false);
            }
            self.remove_member(&before);
        }
    }

    fn number_for(&mut self, member: &MemberId) -> u32 {
        if let Some((number, _)) = self.numbers.iter().find(|(_, it)| it == member) {
            return *number;
        }
        let number = self.next_number;
        self.next_number += 1;
        if self.numbers.len() >= NUMBERS_MAX {
            // Whoever is here keeps their number.
            let here = |member: &MemberId| {
                self.links.iter().any(|(_, link)| link.member.as_ref() == Some(member))
                    || self.members.iter().any(|it| it.id == *member)
            };
            let gone = self.numbers.iter().position(|(_, it)| !here(it)).unwrap_or(0);
            self.numbers.remove(gone);
        }
        self.numbers.push_back((number, Arc::clone(member)));
        number
    }

    /// Somebody says what they are called: for the first time, or anew.
    pub(super) fn introduced(&mut self, id: LinkId, person: Person) {
        let Some(link) = self.link(id) else { return };
        let first = match link.phase {
            Phase::Admitted => true,
            Phase::Ready => false,
            Phase::Connecting | Phase::Greeting | Phase::Lost => return,
        };
        let Some(member) = link.member.clone() else { return };
        let number = self.number_for(&member);
        let known = self.members.iter().position(|it| it.id == member);
        let changed = match known {
            Some(at) => {
                let known = &mut self.members[at];
                let changed = known.person != person || known.number != number;
                (known.person, known.number) = (person, number);
                changed
            }
            None if self.members.len() >= MEMBERS_MAX => return self.reject(id),
            None => {
                self.members.push(Member { id: Arc::clone(&member), number, person });
                true
            }
        };
        if first {
            if let Some(link) = self.link_mut(id) {
                (link.phase, link.deadline, link.attempt) = (Phase::Ready, None, 1);
            }
            self.tell_roster(id);
            self.tell_card(id);
            self.tell_calls(id);
        }
        if first || changed {
            self.effects.push_back(Effect::Known(id));
            if let Some(frame) = self.introduction(&member) {
                self.broadcast(&frame, Some(id));
            }
        }
        if first {
            self.say_again(id);
            self.tell_offers(id);
            self.call_link_ready(id, &member);
        }
    }

    fn introduction(&self, member: &str) -> Option<Frame> {
        let Member { id, number, person } = self.member(member)?;
        let user = person.written(*number, id, self.peer_of(id));
        Some(write::message(&number.to_string(), &json!(1), &json!({ "user": user })))
    }

    /// What the server calls somebody now: the room's owner removes people by that.
    fn peer_of(&self, member: &str) -> Option<&str> {
        let found = self.links.iter().find(|(_, link)| link.member.as_deref() == Some(member));
        found.map(|(_, link)| link.address.as_str())
    }

    /// Tells the others of somebody who is known to them.
    pub(super) fn introduce_again(&mut self, id: LinkId) {
        let member = self.link(id).and_then(|link| link.member.clone());
        if let Some(frame) = member.and_then(|it| self.introduction(&it)) {
            self.broadcast(&frame, Some(id));
        }
    }

    /// Everybody but the guest, and the host last.
    pub(super) fn tell_roster(&mut self, id: LinkId) {
        let asker = self.link(id).and_then(|link| link.member.clone());
        let others = self.members.iter().filter(|it| Some(&it.id) != asker.as_ref());
        let mut all: Vec<Value> = others.map(|it| it.person.written(it.number, &it.id, self.peer_of(&it.id))).collect();
        all.push(person::host(&self.name, &self.own));
        self.send(id, write::message(ROOM, &json!(3), &Value::Array(all)));
    }

    pub(super) fn tell_card(&mut self, id: LinkId) {
        let frame = self.card_frame();
        self.send(id, frame);
    }

    /// The host does not count.
    pub(super) fn card_frame(&self) -> Frame {
        let super::Card { name, password, peers_max } = &self.card;
        let card = json!({ "name": name, "pwd": password, "curUsers": self.members.len(), "maxUsers": peers_max });
        write::message(ROOM, &json!(5), &card)
    }

    /// Somebody is gone. Original pages want to be told of the call before they are told of the room.
    pub(super) fn remove_member(&mut self, member: &str) {
        let Some(at) = self.members.iter().position(|it| *it.id == *member) else { return };
        let Member { number, .. } = self.members.remove(at);
        self.offers.forget(member);
        if self.calls.forget(member) {
            self.broadcast(&write::call(&number.to_string(), 1, &json!({})), None);
        }
        self.broadcast(&write::message(ROOM, &json!(6), &json!(number.to_string())), None);
        self.effects.push_back(Effect::CallChanged);
    }
}
