//! The conversation: what is passed on, what is acknowledged, and what those who come later are told of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::frame::Chat;
use super::write::{self, HOST};
use super::{LinkId, Room};

/// Names of messages that have been said: one that comes again over a mended link is passed on once.
const IDS_MAX: usize = 1_000;
const HISTORY_MAX: usize = 100;
/// Leaves room in a frame for what goes around it.
const HISTORY_BYTES_MAX: usize = 60_000;

/// A moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epoch {
    pub(crate) instant: Instant,
    pub(crate) wall: SystemTime,
}

impl Epoch {
    /// Milliseconds since 1970.
    fn millis_at(self, now: Instant) -> u64 {
        let wall = self.wall + now.saturating_duration_since(self.instant);
        let since = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

#[derive(Debug)]
pub(super) struct Conversation {
    ids: VecDeque<Arc<str>>,
    /// Whether what was said is handed over to those who come later, and what it is counted from.
    handed_over: Option<Epoch>,
    /// What was said, as it is handed over, with its size.
    said: VecDeque<(Value, usize)>,
    bytes: usize,
    /// Counts the names that we have made up. Behind a number of this host's alone: an earlier one's names are known.
    named: u64,
    salt: u32,
}

impl Conversation {
    pub(super) fn new(handed_over: Option<Epoch>, salt: u32) -> Self {
        Self { ids: VecDeque::new(), handed_over, said: VecDeque::new(), bytes: 0, named: 0, salt }
    }

    fn remember(&mut self, id: &Arc<str>) {
        if self.ids.len() >= IDS_MAX {
            self.ids.pop_front();
        }
        self.ids.push_back(Arc::clone(id));
    }

    fn knows(&self, id: &str) -> bool {
        self.ids.iter().any(|it| **it == *id)
    }

    /// A name for an original page's message, which has none.
    fn new_name(&mut self) -> Arc<str> {
        self.named += 1;
        format!("host:{:08x}:{}", self.salt, self.named).into()
    }

    fn keep(&mut self, id: &str, name: &str, chat: &Chat<'_>, now: Instant) {
        let Some(epoch) = self.handed_over else { return };
        if chat.text.trim().is_empty() {
            return;
        }
        let mut entry = json!({ "id": id, "name": name, "msg": chat.text, "at": epoch.millis_at(now) });
        if let (Some(reply_to), Some(fields)) = (chat.reply_to, entry.as_object_mut()) {
            fields.insert("re".to_owned(), json!(reply_to));
        }
        let bytes = entry.to_string().len() + 1;
        self.bytes += bytes;
        self.said.push_back((entry, bytes));
        while self.said.len() > HISTORY_MAX || self.bytes > HISTORY_BYTES_MAX {
            let Some((_, bytes)) = self.said.pop_front() else { break };
            self.bytes -= bytes;
        }
    }
}

impl Room {
    pub(super) fn chat(&mut self, from: LinkId, member: &str, number: u32, chat: &Chat<'_>, now: Instant) {
        if chat.id.is_some_and(|id| !self.is_new(from, id)) {
            return;
        }
        let id = chat.id.map_or_else(|| self.conversation.new_name(), Arc::from);
        let frame = match chat.id {
            Some(_) => Some(write::passed_on(number, chat.idata)),
            None => write::named_chat(number, chat.data, &id),
        };
        let Some(frame) = frame else { return };
        self.conversation.remember(&id);
        let name = self.member(member).map(|it| it.person.name.clone()).unwrap_or_default();
        self.conversation.keep(&id, &name, chat, now);
        self.offers.add(member, chat);
        self.enqueue(member, &id, &frame, from);
        self.broadcast(&frame, Some(from));
    }

    /// What only the others' pages can open. It is kept for nobody who comes later.
    pub(super) fn sealed(&mut self, from: LinkId, number: u32, id: Option<&str>, idata: &RawValue) {
        if id.is_some_and(|id| !self.is_new(from, id)) {
            return;
        }
        let frame = write::passed_on(number, idata);
        if let Some(id) = id.map(Arc::from) {
            self.conversation.remember(&id);
            self.enqueue_on_links(&id, &frame, from, |caps| caps.sealed);
        }
        self.broadcast_where(&frame, from, |caps| caps.sealed);
    }

    /// Says that a message has been heard. One that is not new comes once more over a link that broke.
    fn is_new(&mut self, from: LinkId, id: &str) -> bool {
        if self.caps(from).chat {
            self.send(from, write::message(HOST, &json!("heard"), &json!({ "id": id })));
        }
        !self.conversation.knows(id)
    }

    /// Everybody is answered, so that they need not wait, and once.
    pub(super) fn tell_history(&mut self, to: LinkId) {
        let Some(link) = self.link_mut(to).filter(|link| !link.history_told) else { return };
        link.history_told = true;
        let messages: Vec<_> = self.conversation.said.iter().map(|(entry, _)| entry.clone()).collect();
        self.send(to, write::message(HOST, &json!("history"), &json!({ "messages": messages })));
    }
}
