//! Files: who offers which, for those who come later, and what guests say to each other about them, which is passed on as it
//! came.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::frame::Chat;
use super::{Effect, LinkId, MemberId, Room, write};

/// So many are told to whoever comes later. Beyond that, whoever offers the most loses the oldest.
const OFFERS_MAX: usize = 60;
const OFFER_BYTES_MAX: usize = 2_000;

/// A file as its owner's message listed it.
#[derive(Debug)]
struct Offer {
    owner: MemberId,
    file: String,
    card: Value,
}

#[derive(Debug, Default)]
pub(super) struct Offers {
    active: VecDeque<Offer>,
    /// Offers that stand no longer, the last ones, as they were taken back.
    ended: VecDeque<(MemberId, String, Arc<str>)>,
}

impl Offers {
    /// The files that a message lists.
    pub(super) fn add(&mut self, owner: &str, chat: &Chat<'_>) {
        for (file, card) in &chat.files {
            let known = self.active.iter().any(|it| *it.owner == *owner && it.file == *file);
            if known || card.get().len() > OFFER_BYTES_MAX {
                continue;
            }
            let Ok(card) = serde_json::from_str::<Value>(card.get()) else { continue };
            self.ended.retain(|(it, id, _)| **it != *owner || id != file);
            self.active.push_back(Offer { owner: owner.into(), file: file.clone(), card });
            bound(&mut self.active, |it| &it.owner);
        }
    }

    /// Whoever has left offers nothing.
    pub(super) fn forget(&mut self, owner: &str) {
        self.active.retain(|it| *it.owner != *owner);
        self.ended.retain(|(it, ..)| **it != *owner);
    }

    fn end(&mut self, owner: &MemberId, file: &str, idata: &RawValue) {
        self.active.retain(|it| it.owner != *owner || it.file != file);
        self.ended.retain(|(it, id, _)| it != owner || id != file);
        if idata.get().len() <= OFFER_BYTES_MAX {
            self.ended.push_back((Arc::clone(owner), file.to_owned(), idata.get().into()));
        }
        bound(&mut self.ended, |(owner, ..)| owner);
    }
}

fn bound<T>(offers: &mut VecDeque<T>, owner: impl Fn(&T) -> &MemberId) {
    if offers.len() <= OFFERS_MAX {
        return;
    }
    let count = |of: &MemberId| offers.iter().filter(|it| owner(it) == of).count();
    let most = offers.iter().map(|it| count(owner(it))).max();
    if let Some(at) = offers.iter().position(|it| Some(count(owner(it))) == most) {
        offers.remove(at);
    }
}

impl Room {
    pub(super) fn file_withdrawn(&mut self, from: LinkId, owner: &MemberId, number: u32, file: &str, idata: &RawValue) {
        self.offers.end(owner, file, idata);
        self.broadcast(&write::passed_on(number, idata), Some(from));
    }

    /// For another guest. It is left out where much waits already: what is missing of a file is asked for again.
    pub(super) fn pass_to(&mut self, from: LinkId, number: u32, target: u32, idata: &RawValue) {
        let to = self.members.iter().find(|it| it.number == target).map(|it| Arc::clone(&it.id));
        let Some(to) = to.and_then(|member| self.link_to(&member)).filter(|to| *to != from) else { return };
        let frame = write::passed_on(number, idata);
        self.effects.push_back(Effect::Send { to, frame, droppable: true, by: Some(from) });
    }

    /// What others offer, each by itself first, since original pages fetch nothing else, and then in messages that show
    /// it. A page of ours hears what has ended too: it may know of it from before.
    pub(super) fn tell_offers(&mut self, to: LinkId) {
        let member = self.link(to).and_then(|link| link.member.clone());
        let again = self.caps(to).files;
        let first = self.link(to).is_some_and(|link| !link.offers_told);
        if let Some(link) = self.link_mut(to) {
            link.offers_told = true;
        }
        if !again && !first {
            return;
        }
        let mut frames = Vec::new();
        for (owner, _, idata) in self.offers.ended.iter().filter(|(owner, ..)| again && Some(owner) != member.as_ref())
        {
            let Some(owner) = self.member(owner) else { continue };
            let Ok(idata) = RawValue::from_string(idata.as_ref().to_owned()) else { continue };
            frames.push(write::passed_on(owner.number, &idata));
        }
        for owner in self.members.iter().filter(|it| Some(&it.id) != member.as_ref()) {
            let number = owner.number.to_string();
            let cards: Vec<_> =
                self.offers.active.iter().filter(|it| it.owner == owner.id).map(|it| &it.card).collect();
            for card in &cards {
                let special = json!({ "file": tagged(card) });
                frames.push(write::message(&number, &json!(8), &json!({ "type": 0, "special": special })));
            }
            for cards in cards.chunks(super::frame::FILES_MAX) {
                frames.push(write::message(&number, &json!(2), &json!({ "msg": "", "files": cards })));
            }
        }
        frames.into_iter().for_each(|frame| self.send(to, frame));
    }
}

/// As the original has it, without what our pages add.
fn tagged(card: &Value) -> Value {
    if card["dataType"] == "FileData" {
        return card.clone();
    }
    let value = json!({ "FileID": card["FileID"], "FileName": card["FileName"], "FileSize": card["FileSize"] });
    json!({ "dataType": "FileData", "value": value })
}
