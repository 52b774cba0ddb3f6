//! The room as its host keeps it: who is in it, what is said, and what is passed on to whom. It is what our client's host
//! does (`client-js/src/room`), without being a person.
//!
//! **Invariants:** no connection, media or clock in here. Events go in, [`Effect`]s come out. Everything is bounded for each
//! guest, and what one guest does takes nothing from another.

mod call;
mod chat;
mod extension;
mod files;
mod frame;
mod introductions;
mod links;
mod listed;
mod meter;
mod outbox;
mod person;
#[cfg(test)]
mod scenarios;
mod text;
mod write;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use call::Calls;
use chat::Conversation;
pub(crate) use chat::Epoch;
use files::Offers;
pub(crate) use frame::FRAME_BYTES_MAX;
use frame::Said;
pub(crate) use frame::Size;
use links::Link;
pub(crate) use meter::{Bucket, Pace};
use outbox::Away;
pub(crate) use person::Caps;
use person::Person;
pub(crate) use write::Frame;

use crate::settings::Card;

/// A guest's link. It goes by the same id for as long as the guest is waited for, however often it is opened anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LinkId(pub(crate) u32);

/// How the people in the room know each other: the id of a stay, or an original page's number.
pub(crate) type MemberId = Arc<str>;

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Open a connection, in the place of one that there may be.
    Dial(LinkId),
    HangUp(LinkId),
    /// See whether the page is at the other end still, and look for another way to it.
    Seek(LinkId),
    /// `droppable`: rather left out than waiting behind much else. `by`: whose message it is, where it is a guest's.
    Send {
        to: LinkId,
        frame: Frame,
        droppable: bool,
        by: Option<LinkId>,
    },
    /// A signal that came over the connection's own channel.
    Signal {
        from: LinkId,
        signal: String,
    },
    /// A guest's downlink took so much before the connection was made anew, as their page says.
    Downlink {
        from: LinkId,
        bits_per_second: u32,
    },
    /// Somebody has introduced themselves, or is known to be able to do other things now.
    Known(LinkId),
    /// Who is to get which streams may be other than it was.
    CallChanged,
}

/// Somebody who has introduced themselves.
#[derive(Debug)]
struct Member {
    id: MemberId,
    number: u32,
    person: Person,
}

/// As many as a room may hold, and some that come and go.
const MEMBERS_MAX: usize = 40;
const LINKS_MAX: usize = 60;
/// Numbers of members, kept for those who come back.
const NUMBERS_MAX: usize = 200;

/// See the module.
#[derive(Debug)]
pub(crate) struct Room {
    card: Card,
    /// The id of the host's stay.
    own: MemberId,
    name: String,
    links: Vec<(LinkId, Link)>,
    next_link: u32,
    members: Vec<Member>,
    numbers: VecDeque<(u32, MemberId)>,
    next_number: u32,
    calls: Calls,
    conversation: Conversation,
    offers: Offers,
    away: Away,
    effects: VecDeque<Effect>,
}

impl Room {
    pub(crate) fn new(card: Card, own: &str, name: String, history: Option<Epoch>, salt: u32) -> Self {
        Self {
            card,
            own: own.into(),
            name,
            links: Vec::new(),
            next_link: 0,
            members: Vec::new(),
            numbers: VecDeque::new(),
            next_number: 1,
            calls: Calls::default(),
            conversation: Conversation::new(history, salt),
            offers: Offers::default(),
            away: Away::default(),
            effects: VecDeque::new(),
        }
    }

    /// What is to be done next.
    pub(crate) fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The room's name, password or size is another: everybody who is in is told.
    pub(crate) fn set_card(&mut self, card: Card) {
        if self.card == card {
            return;
        }
        self.card = card;
        let frame = self.card_frame();
        self.broadcast(&frame, None);
    }

    /// What the page at the other end can do.
    pub(crate) fn caps(&self, id: LinkId) -> Caps {
        let member = self.link(id).and_then(|link| link.member.as_deref());
        member.and_then(|member| self.member(member)).map_or_else(Caps::default, |it| it.person.caps)
    }

    /// How many people have introduced themselves, and how many of them are in the call.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.members.len(), self.calls.len())
    }

    /// A frame that has come.
    pub(crate) fn heard(&mut self, id: LinkId, bytes: &[u8], now: Instant) {
        let Some(link) = self.link_mut(id) else { return };
        if bytes.len() > FRAME_BYTES_MAX || !link.meter.reads(now, bytes.len()) {
            return;
        }
        let Some(said) = std::str::from_utf8(bytes).ok().and_then(frame::parse) else { return };
        if !link.meter.pays(now, said.purse()) {
            return;
        }
        match said {
            Said::Knock { password, member, downlink } => {
                if self.knocked(id, &password, member, now) {
                    let told = downlink.map(|bits_per_second| Effect::Downlink { from: id, bits_per_second });
                    self.effects.extend(told);
                }
            }
            Said::Introduce(person) => self.introduced(id, *person),
            said => self.heard_from_member(id, said, now),
        }
    }

    /// What only somebody who has been let in and has a name may say.
    fn heard_from_member(&mut self, id: LinkId, said: Said<'_>, now: Instant) {
        let Some((number, member)) = self.speaker(id) else { return };
        match said {
            Said::Knock { .. } | Said::Introduce(_) => {}
            Said::Chat(chat) => self.chat(id, &member, number, &chat, now),
            Said::AskRoster => self.tell_roster(id),
            Said::AskCalls => self.tell_calls(id),
            Said::AskCard => self.tell_card(id),
            Said::JoinCall => self.call_joined(id, &member, number),
            Said::LeaveCall => self.call_left(id, &member, number),
            Said::Streams(announced) => self.announced(id, &member, number, announced),
            Said::WantStream(stream) => self.wanted(id, stream),
            Said::Media(media) => self.media_said(id, &member, number, media),
            Said::Sizes(sizes) => self.sizes_said(id, sizes),
            Said::FileAnnounced(idata) => self.broadcast(&write::passed_on(number, idata), Some(id)),
            Said::FileWithdrawn { file, idata } => self.file_withdrawn(id, &member, number, &file, idata),
            Said::ForGuest { target, idata, .. } => self.pass_to(id, number, target, idata),
            Said::Moved(to) => self.moved(id, &to, now),
            Said::MovedNoted => {}
            Said::Signal(signal) => {
                self.effects.push_back(Effect::Signal { from: id, signal: signal.get().to_owned() })
            }
            Said::ForCapable { idata, .. } => self.broadcast_capable(&write::passed_on(number, idata), id),
            Said::Sealed { id: name, idata } => self.sealed(id, number, name, idata),
            Said::Heard(message) => self.acknowledged(id, message),
            Said::AskHistory => self.tell_history(id),
        }
    }

    /// When [`Room::due`] is to be called, at the latest.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let links = self.links.iter().filter_map(|(_, link)| link.next_timeout()).min();
        [links, self.away.next_timeout()].into_iter().flatten().min()
    }

    /// What has to happen by now.
    pub(crate) fn due(&mut self, now: Instant) {
        self.away.forget(now);
        let due: Vec<_> = self.links.iter().filter(|(_, link)| link.is_due(now)).map(|(id, _)| *id).collect();
        for id in due {
            self.link_due(id, now);
        }
    }

    /// The number and the member that a link leads to, once it carries messages.
    fn speaker(&self, id: LinkId) -> Option<(u32, MemberId)> {
        let link = self.link(id).filter(|link| link.is_ready())?;
        let member = link.member.clone()?;
        let number = self.member(&member)?.number;
        Some((number, member))
    }

    fn member(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| *member.id == *id)
    }

    fn link(&self, id: LinkId) -> Option<&Link> {
        self.links.iter().find(|(it, _)| *it == id).map(|(_, link)| link)
    }

    fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.links.iter_mut().find(|(it, _)| *it == id).map(|(_, link)| link)
    }

    /// The link that leads to a member, while it carries messages.
    fn link_to(&self, member: &str) -> Option<LinkId> {
        let found = self.links.iter().find(|(_, link)| link.is_ready() && link.member.as_deref() == Some(member));
        found.map(|(id, _)| *id)
    }

    fn send(&mut self, to: LinkId, frame: Frame) {
        self.send_from(None, to, frame);
    }

    fn send_from(&mut self, by: Option<LinkId>, to: LinkId, frame: Frame) {
        self.effects.push_back(Effect::Send { to, frame, droppable: false, by });
    }

    /// To everybody who is in, but for whoever has said it.
    fn broadcast(&mut self, frame: &Frame, except: Option<LinkId>) {
        let ready = self.links.iter().filter(|(id, link)| link.is_ready() && Some(*id) != except);
        let to: Vec<_> = ready.map(|(id, _)| *id).collect();
        to.into_iter().for_each(|id| self.send_from(except, id, Arc::clone(frame)));
    }

    /// To those who know the messages of our pages.
    fn broadcast_capable(&mut self, frame: &Frame, except: LinkId) {
        self.broadcast_where(frame, except, |caps| caps.chat);
    }

    fn broadcast_where(&mut self, frame: &Frame, except: LinkId, can: fn(Caps) -> bool) {
        let ready = self.links.iter().filter(|(id, link)| link.is_ready() && *id != except);
        let to: Vec<_> = ready.map(|(id, _)| *id).filter(|id| can(self.caps(*id))).collect();
        to.into_iter().for_each(|id| self.send_from(Some(except), id, Arc::clone(frame)));
    }
}
